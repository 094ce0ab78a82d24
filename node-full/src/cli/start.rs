//! `cairn start`

use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use super::{Failure, out};
use crate::api::{Server, Site};
use crate::node::{Node, Options};

const EXAMPLES: &str = "Examples:
  cairn start --dir data
  cairn start --dir data --listen 0.0.0.0:8420 --ui web-ui/dist --pkg pkg
  cairn start --dir data --metrics 127.0.0.1:9420
  cairn start --dir data --listen 127.0.0.1:0 --ready-file ready.json

What it logs: CAIRN_LOG=debug cairn start ...";

/// Arguments of `start`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The directory that `cairn init` made
    #[arg(long)]
    dir: PathBuf,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8420")]
    listen: String,
    /// The page, served at /
    #[arg(long, value_name = "DIR")]
    ui: Option<PathBuf>,
    /// The npm package, served at /pkg/
    #[arg(long, value_name = "DIR")]
    pkg: Option<PathBuf>,
    /// How long events wait for a block at most
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    block_time: Option<u64>,
    /// Where to serve metrics for Prometheus, at /metrics; nowhere if not said
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    /// From how many bytes on a segment of the log is closed
    #[arg(long, value_name = "BYTES", hide = true)]
    segment_bytes: Option<u64>,
    /// Written once the node answers: JSON with `url`, `anchor` and `metrics`
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    log_to_stderr();
    let mut options = Options::default();
    if let Some(millis) = args.block_time {
        options.block_time = Duration::from_millis(millis);
    }
    if let Some(bytes) = args.segment_bytes {
        options.segment_bytes = bytes;
    }
    let site = site(args.ui.as_deref(), args.pkg.as_deref())?;
    let node = Node::open(&args.dir, options).map_err(Failure::failed)?;
    let anchor = node.status().anchor;
    let server = Server::start(node, &args.listen, &site).map_err(Failure::failed)?;
    let url = server.url();
    let mut ready = Object::new().text("url", &url).text("anchor", anchor);
    if let Some(address) = &args.metrics {
        let bound = server.serve_metrics(address).map_err(Failure::failed)?;
        let metrics = format!("http://{bound}/metrics");
        out::line(format_args!("metrics {metrics}"));
        ready = ready.text("metrics", metrics);
    }
    if let Some(file) = &args.ready_file {
        out::write_file(file, ready.finish().as_bytes())
            .map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
    }
    out::line(format_args!("serving {url}"));
    out::line(format_args!("anchor  {anchor}"));
    server.run_until_signal().map_err(Failure::failed)?;
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

/// What the node logs goes to standard error; `CAIRN_LOG` says how much.
pub(crate) fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("CAIRN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let made =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    if let Err(error) = made {
        out::note(format_args!("no log of the node's own: {error}"));
    }
}
