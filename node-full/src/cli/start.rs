//! `cairn start`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cairn_store::log::SEGMENT_LEN;
use cairn_verifier::TrustAnchor;
use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use super::{Failure, keyring, out};
use crate::api::{Server, Serving, Site};
use crate::keyring::Passphrase;
use crate::links;
use crate::node::{Node, OpenError, Options};
use crate::publish::PublishOptions;
use crate::reload::{Loaded, Reloader, Source};
use crate::replica::ReplicaOptions;
use crate::settings::{Flags, Settings};
use crate::telemetry::Telemetry;
use crate::tls::LiveTls;

const EXAMPLES: &str = "Examples:
  cairn start --dir data
  cairn start --dir data --listen 0.0.0.0:8420 --ui web-ui/dist --pkg pkg
  cairn start --dir data --metrics 127.0.0.1:9420 --check-rate 20
  cairn start --dir data --listen 0.0.0.0:8420 --tls-cert chain.pem --tls-key key.pem
  cairn start --dir data --key-passphrase-file /mnt/safe/cairn.passphrase
  cairn start --dir data --allow-origin https://app.example
  cairn start --dir data --listen 127.0.0.1:0 --ready-file ready.json
  cairn start --dir data --publish s3://bucket/log
  cairn start --dir cache --read-only --from s3://bucket/log --anchor genesis:...
  cairn start --dir cache --read-only --from file:///mnt/log --anchor checkpoint:... --write-to https://log.example
  cairn start --dir copy --read-only

An S3 store is named by the usual variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and
for one that is not Amazon's AWS_ENDPOINT=https://... (AWS_ALLOW_HTTP=true if it has no TLS).

Whoever reaches the node may read. Until cairn.toml holds an API key (cairn api-key new) or a [jwt],
this machine may log and no other. SIGHUP reads keys, rates, origins, certificate and log filter again.

Flags stand over the environment (CAIRN_LISTEN, CAIRN_LOG and so on), and that over cairn.toml in the
data directory: see cairn config --help.";

/// Arguments of `start`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The directory that `cairn init` made
    #[arg(long)]
    dir: PathBuf,
    /// The settings, if not cairn.toml in that directory
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen; port 0 takes any free one [default: 127.0.0.1:8420]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The page, served at /
    #[arg(long, value_name = "DIR")]
    ui: Option<PathBuf>,
    /// The npm package, served at /pkg/
    #[arg(long, value_name = "DIR")]
    pkg: Option<PathBuf>,
    /// How long events wait for a block at most [default: 250]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    block_time: Option<u64>,
    /// Where to serve metrics for Prometheus, at /metrics; nowhere if not said
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    /// Send traces to the OpenTelemetry collector at this URL (OTLP over HTTP)
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
    /// Look at everything again while running, at so many megabytes a second, once a day
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    check_rate: Option<u64>,
    /// Forget payloads after so many days; events and proofs stay [default: keep them]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=36_500))]
    keep_payloads: Option<u64>,
    /// Forget whole events after so many days; proofs stay [default: keep them]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=36_500))]
    keep_events: Option<u64>,
    /// Where final blocks are published: s3://bucket/prefix or file:///directory
    #[arg(long, value_name = "URL")]
    publish: Option<String>,
    /// How often new blocks are looked for, to publish or to follow them [default: 5000]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(50..=3_600_000))]
    publish_every: Option<u64>,
    /// postgres://user@host/database that keeps the head, for a bucket that overwrites
    #[arg(long, value_name = "URL", requires = "publish")]
    publish_head: Option<String>,
    /// Serve a copy of a log, and follow it if --from says where it is published; takes no events
    #[arg(long, conflicts_with = "publish")]
    read_only: bool,
    /// The published log that a replica follows: s3://bucket/prefix or file:///directory
    #[arg(long, value_name = "URL", requires = "read_only", requires = "anchor")]
    from: Option<String>,
    /// What a replica trusts: genesis:... or checkpoint:...
    #[arg(long, requires = "from")]
    anchor: Option<TrustAnchor>,
    /// Where events can be logged, told to those who try it at a replica
    #[arg(long, value_name = "URL", requires = "from")]
    write_to: Option<String>,
    /// A page of this origin may log events, with a key; may stand more than once
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// The certificate chain, in PEM: the node speaks TLS itself
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A file whose first line opens the node's encrypted keys: see cairn keys --help
    #[arg(long, value_name = "FILE")]
    key_passphrase_file: Option<PathBuf>,
    /// After a restore, or when the record of signatures was lost: this validator's key signed
    /// nothing from this height on
    #[arg(long, value_name = "HEIGHT")]
    sign_from: Option<u64>,
    /// From how many bytes on a segment of the log is closed
    #[arg(long, value_name = "BYTES", hide = true)]
    segment_bytes: Option<u64>,
    /// Memory for what the index has not sorted into a file yet
    #[arg(long, value_name = "BYTES", hide = true)]
    index_memory: Option<u64>,
    /// Written once the node answers: JSON with `url`, `anchor` and `metrics`
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Args {
    fn source(&self) -> Source {
        Source {
            dir: self.dir.clone(),
            file: self.config.clone(),
            environment: variable,
            flags: self.flags(),
        }
    }

    fn flags(&self) -> Flags {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let origins = (!self.allow_origin.is_empty()).then(|| self.allow_origin.join(","));
        vec![
            ("allow-origin", origins),
            ("tls-cert", path(&self.tls_cert)),
            ("tls-key", path(&self.tls_key)),
            ("key-passphrase-file", path(&self.key_passphrase_file)),
            ("listen", self.listen.clone()),
            ("metrics", self.metrics.clone()),
            ("ui", path(&self.ui)),
            ("pkg", path(&self.pkg)),
            ("block-time", number(self.block_time)),
            ("check-rate", number(self.check_rate)),
            ("otlp", self.otlp.clone()),
            ("keep-events", number(self.keep_events)),
            ("keep-payloads", number(self.keep_payloads)),
            ("publish", self.publish.clone()),
            ("publish-every", number(self.publish_every)),
            ("publish-head", self.publish_head.clone()),
            ("validator.sign-from", number(self.sign_from)),
        ]
    }
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days.saturating_mul(24 * 60 * 60))
}

/// A variable of the environment; one that is no text is none.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let source = args.source();
    let Loaded { settings, access, certificate, filter } =
        source.load().map_err(Failure::failed)?;
    let (telemetry, set_filter) =
        Telemetry::start(filter, settings.otlp.as_deref()).map_err(Failure::failed)?;
    let options = Options {
        block_time: Duration::from_millis(settings.block_time),
        segment_bytes: args.segment_bytes.unwrap_or(SEGMENT_LEN),
        keep_payloads: settings.keep_payloads.map(days),
        keep_events: settings.keep_events.map(days),
        writers: settings.writers,
        index_memory: args.index_memory.unwrap_or(cairn_store::index::MEMORY),
    };
    let site = site(settings.ui.as_deref(), settings.pkg.as_deref())?;
    let node = open(args, &settings, options)?;
    let anchor = node.status().anchor;
    let mut serving = Serving::new(&settings, site);
    serving.access.store(Arc::new(access));
    serving.tls = certificate.map(LiveTls::new).map(Arc::new);
    let live = (node.clone(), Arc::clone(&serving.access));
    let reloader =
        Arc::new(Reloader::new(source, settings.clone(), live, serving.tls.clone(), set_filter));
    serving.reloader = Some(Arc::clone(&reloader));
    serving.recent = telemetry.recent();
    let server = Server::serve(node, serving).map_err(Failure::failed)?;
    let url = server.url();
    let mut ready = Object::new().text("url", &url).text("anchor", anchor);
    if let Some(address) = &settings.metrics {
        let bound = server.serve_metrics(address).map_err(Failure::failed)?;
        let metrics = format!("http://{bound}/metrics");
        out::line(format_args!("metrics {metrics}"));
        ready = ready.text("metrics", metrics);
    }
    // After metrics are counted, so that the first look is.
    reloader.start_checker().map_err(Failure::failed)?;
    if let Some(file) = &args.ready_file {
        out::write_file(file, ready.finish().as_bytes())
            .map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
    }
    out::line(format_args!("serving {url}"));
    out::line(format_args!("anchor  {anchor}"));
    let stopped = server.run_until_signal();
    reloader.stop_checker();
    stopped.map_err(Failure::failed)?;
    out::note("stopped");
    Ok(())
}

/// The node that publishes, follows or stands alone.
fn open(args: &Args, settings: &Settings, options: Options) -> Result<Node, Failure> {
    let passphrase = if args.read_only {
        None
    } else {
        keyring::find(&args.dir, settings.key_passphrase_file.as_deref())?
    };
    open_as(args, settings, (options, passphrase.as_ref())).map_err(Failure::failed)
}

fn open_as(
    args: &Args,
    settings: &Settings,
    (options, passphrase): (Options, Option<&Passphrase>),
) -> Result<Node, OpenError> {
    let every = Duration::from_millis(settings.publish_every);
    if let (Some(from), Some(anchor)) = (&args.from, args.anchor) {
        let (from, write_to) = (from.clone(), args.write_to.clone());
        return Node::follow(&args.dir, options, ReplicaOptions { from, anchor, write_to, every });
    }
    if args.read_only {
        return Node::open_copy(&args.dir, options);
    }
    let publish = settings.publish.as_ref().map(|to| {
        let head = settings.publish_head.clone();
        PublishOptions { to: to.clone(), every, head }
    });
    let dir = &args.dir;
    match (&settings.validator, &publish) {
        (None, None) => Node::open_with(dir, options, passphrase),
        (None, Some(publish)) => Node::open_publishing(dir, options, passphrase, publish),
        (Some(validator), None) => {
            Node::open_validating(dir, options, passphrase, links::validating(validator))
        }
        (Some(validator), Some(publish)) => {
            let both = (links::validating(validator), publish);
            Node::open_validating_publishing(dir, options, passphrase, both)
        }
    }
}

/// The folders to serve, which must be there: a page that is missing is noticed too late.
pub(crate) fn site(ui: Option<&Path>, pkg: Option<&Path>) -> Result<Site, Failure> {
    for folder in [ui, pkg].into_iter().flatten() {
        if !folder.is_dir() {
            return Err(Failure::Failed(format!("{} is not a folder", folder.display())));
        }
    }
    Ok(Site { ui: ui.map(Path::to_owned), pkg: pkg.map(Path::to_owned) })
}
