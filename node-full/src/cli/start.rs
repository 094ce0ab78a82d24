//! `cairn start`

use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_store::log::SEGMENT_LEN;
use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use super::{Failure, out};
use crate::api::{Server, Site};
use crate::check::Checker;
use crate::node::{Node, Options};
use crate::settings::{Flags, Settings};
use crate::telemetry::Telemetry;

const EXAMPLES: &str = "Examples:
  cairn start --dir data
  cairn start --dir data --listen 0.0.0.0:8420 --ui web-ui/dist --pkg pkg
  cairn start --dir data --metrics 127.0.0.1:9420 --check-rate 20
  cairn start --dir data --listen 127.0.0.1:0 --ready-file ready.json

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
    /// From how many bytes on a segment of the log is closed
    #[arg(long, value_name = "BYTES", hide = true)]
    segment_bytes: Option<u64>,
    /// Written once the node answers: JSON with `url`, `anchor` and `metrics`
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Args {
    fn flags(&self) -> Flags {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        vec![
            ("listen", self.listen.clone()),
            ("metrics", self.metrics.clone()),
            ("ui", path(&self.ui)),
            ("pkg", path(&self.pkg)),
            ("block-time", number(self.block_time)),
            ("check-rate", number(self.check_rate)),
            ("otlp", self.otlp.clone()),
        ]
    }
}

/// A variable of the environment; one that is no text is none.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let settings = Settings::read(&args.dir, args.config.as_deref(), variable, args.flags());
    let settings = settings.map_err(Failure::failed)?;
    let _until_the_end =
        Telemetry::start(&settings.log, settings.otlp.as_deref()).map_err(Failure::failed)?;
    let options = Options {
        block_time: Duration::from_millis(settings.block_time),
        segment_bytes: args.segment_bytes.unwrap_or(SEGMENT_LEN),
    };
    let site = site(settings.ui.as_deref(), settings.pkg.as_deref())?;
    let node = Node::open(&args.dir, options).map_err(Failure::failed)?;
    let anchor = node.status().anchor;
    let server = Server::start(node.clone(), &settings.listen, &site).map_err(Failure::failed)?;
    let url = server.url();
    let mut ready = Object::new().text("url", &url).text("anchor", anchor);
    if let Some(address) = &settings.metrics {
        let bound = server.serve_metrics(address).map_err(Failure::failed)?;
        let metrics = format!("http://{bound}/metrics");
        out::line(format_args!("metrics {metrics}"));
        ready = ready.text("metrics", metrics);
    }
    // After metrics are counted, so that the first look is.
    let checker = Checker::start(&node, &settings).map_err(Failure::failed)?;
    if let Some(file) = &args.ready_file {
        out::write_file(file, ready.finish().as_bytes())
            .map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
    }
    out::line(format_args!("serving {url}"));
    out::line(format_args!("anchor  {anchor}"));
    let stopped = server.run_until_signal();
    checker.stop();
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
