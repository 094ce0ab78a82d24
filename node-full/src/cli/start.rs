//! `cairn start`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cairn_store::log::SEGMENT_LEN;
use cairn_verifier::json::Object;
use clap::Args as ClapArgs;
use tracing_subscriber::EnvFilter;

use super::{Failure, keyring, out};
use crate::api::{Server, Serving, Site};
use crate::node::{Node, Options};
use crate::reload::{Loaded, Reloader, SetFilter, Source};
use crate::settings::Flags;
use crate::tls::LiveTls;

const EXAMPLES: &str = "Examples:
  cairn start --dir data
  cairn start --dir data --listen 0.0.0.0:8420 --ui web-ui/dist --pkg pkg
  cairn start --dir data --metrics 127.0.0.1:9420 --check-rate 20
  cairn start --dir data --listen 0.0.0.0:8420 --tls-cert chain.pem --tls-key key.pem
  cairn start --dir data --key-passphrase-file /mnt/safe/cairn.passphrase
  cairn start --dir data --allow-origin https://app.example
  cairn start --dir data --listen 127.0.0.1:0 --ready-file ready.json

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
    /// Look at everything again while running, at so many megabytes a second, once a day
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    check_rate: Option<u64>,
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
    /// From how many bytes on a segment of the log is closed
    #[arg(long, value_name = "BYTES", hide = true)]
    segment_bytes: Option<u64>,
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
        ]
    }
}

/// A variable of the environment; one that is no text is none.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let source = args.source();
    let Loaded { settings, access, certificate, filter } =
        source.load().map_err(Failure::failed)?;
    let set_filter = log_to_stderr(filter);
    let options = Options {
        block_time: Duration::from_millis(settings.block_time),
        segment_bytes: args.segment_bytes.unwrap_or(SEGMENT_LEN),
        writers: settings.writers,
    };
    let site = site(settings.ui.as_deref(), settings.pkg.as_deref())?;
    let passphrase = keyring::find(&args.dir, settings.key_passphrase_file.as_deref())?;
    let node = Node::open_with(&args.dir, options, passphrase.as_ref());
    let node = node.map_err(Failure::failed)?;
    drop(passphrase);
    let anchor = node.status().anchor;
    let mut serving = Serving::new(&settings, site);
    serving.access.store(Arc::new(access));
    serving.tls = certificate.map(LiveTls::new).map(Arc::new);
    let live = (node.clone(), Arc::clone(&serving.access));
    let reloader =
        Arc::new(Reloader::new(source, settings.clone(), live, serving.tls.clone(), set_filter));
    serving.reloader = Some(Arc::clone(&reloader));
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

/// The folders to serve, which must be there: a page that is missing is noticed too late.
pub(crate) fn site(ui: Option<&Path>, pkg: Option<&Path>) -> Result<Site, Failure> {
    for folder in [ui, pkg].into_iter().flatten() {
        if !folder.is_dir() {
            return Err(Failure::Failed(format!("{} is not a folder", folder.display())));
        }
    }
    Ok(Site { ui: ui.map(Path::to_owned), pkg: pkg.map(Path::to_owned) })
}

/// What the node logs goes to standard error.
pub(crate) fn log_to_stderr(filter: EnvFilter) -> SetFilter {
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_filter_reloading();
    let handle = log.reload_handle();
    if let Err(error) = log.try_init() {
        out::note(format_args!("no log of the node's own: {error}"));
    }
    Box::new(move |filter| handle.reload(filter).map_err(|error| error.to_string()))
}
