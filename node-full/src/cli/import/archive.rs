//! `cairn import archive`

use std::path::PathBuf;

use cairn_verifier::TrustAnchor;
use cairn_verifier::error::Meaning;
use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use crate::archive::{ImportError, ImportOptions, Imported, import};
use crate::cli::{Failure, out};
use crate::node::Options;

/// Arguments of `import archive`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The archives: the first begins where the directory ends, each next one where it ended
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The data directory; it is made if there is none
    #[arg(long, alias = "data")]
    dir: PathBuf,
    /// What you trust: genesis:... or checkpoint:...; a directory with blocks can do without
    #[arg(long, value_name = "ANCHOR")]
    anchor: Option<TrustAnchor>,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let bar = out::bar("events");
    let (files, dir) = (args.files.clone(), args.dir.clone());
    let choice = ImportOptions { files, dir, anchor: args.anchor, options: Options::default() };
    let imported = import(&choice, &mut |events| bar.set_position(events));
    bar.finish_and_clear();
    let imported = imported.map_err(|error| failure(&error))?;
    if json {
        out::line(view(&imported));
    } else {
        show(args, &imported);
    }
    Ok(())
}

fn failure(error: &ImportError) -> Failure {
    let text = format!("{error} ({})", error.code());
    match error.meaning() {
        Meaning::Failed => Failure::Failed(text),
        Meaning::CouldNotCheck | Meaning::Stale => Failure::CouldNotCheck(text),
    }
}

fn view(imported: &Imported) -> String {
    Object::new()
        .text("log", imported.log)
        .plain("blocks", imported.blocks)
        .plain("events", imported.events)
        .plain("payloads", imported.payloads)
        .plain("knownBlocks", imported.known)
        .plain("height", imported.height)
        .plain("size", imported.size)
        .finish()
}

fn show(args: &Args, imported: &Imported) {
    let Imported { blocks, events, payloads, known, height, size, .. } = imported;
    out::line(format_args!(
        "imported {events} events in {blocks} blocks, {payloads} payloads; {known} blocks were there"
    ));
    out::line(format_args!("{} holds {size} events, up to block {height}", args.dir.display()));
}
