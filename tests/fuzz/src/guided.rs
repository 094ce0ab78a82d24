//! Targets guided by coverage. `cargo xtask fuzz` builds this, with the flags of `guided.toml`.
//!
//! `CAIRN_FUZZ_TARGET` names the target. `CAIRN_FUZZ_CORPUS` is a folder for its seeds, which are
//! written before libFuzzer reads them.
#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use cairn_fuzz::Target;

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let target = TARGET.get_or_init(chosen);
        if let Some(folder) = std::env::var_os("CAIRN_FUZZ_CORPUS") {
            write_seeds(target, Path::new(&folder));
        }
    },
    |data: &[u8]| {
        (TARGET.get_or_init(chosen).run)(data);
    }
);

fn chosen() -> Target {
    let name = std::env::var("CAIRN_FUZZ_TARGET").expect("CAIRN_FUZZ_TARGET names a target");
    Target::find(&name).unwrap_or_else(|| panic!("no target is named {name}"))
}

fn write_seeds(target: &Target, folder: &Path) {
    let regressions = target.regressions().into_iter().map(|(_, bytes)| bytes);
    for (number, seed) in (target.seeds)().into_iter().chain(regressions).enumerate() {
        let file = folder.join(format!("seed-{number:04}"));
        std::fs::write(&file, seed).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}
