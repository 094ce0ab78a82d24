//! `cargo xtask sim`: the simulator of `node-full/sim`, which has the arguments and the help.

use std::ffi::OsString;

use anyhow::Result;

use crate::tools::{cargo, run};

/// Runs of `cargo xtask test`, and how many heights each has.
const SHORT: [&str; 4] = ["--seeds", "0..300", "--heights", "12"];
/// How long finality takes a hundred validators.
const FINALITY: [&str; 5] = ["--finality", "--validators", "100", "--heights", "2"];
/// Many validators with faults.
const MANY: [&str; 6] = ["--seeds", "0..1", "--validators", "40", "--heights", "4"];
/// Seeds in which a defence that is left out must be missed.
const BROKEN: [&str; 6] = ["--broken", "all", "--seeds", "0..400", "--heights", "20"];

pub(crate) fn sim(args: &[OsString]) -> Result<()> {
    run(cargo().args(["run", "-q", "-p", "cairn-sim", "--"]).args(args))
}

/// A step of `cargo xtask test`.
pub(crate) fn step() -> Result<()> {
    for args in [SHORT.as_slice(), &FINALITY, &MANY, &BROKEN] {
        sim(&args.iter().map(OsString::from).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// A part of `cargo xtask soak`, with the profile of the tests: its crates are optimised there, and a
/// release build saves an eighth of the time.
pub(crate) fn long(seeds: u64) -> Result<()> {
    let few = ["--seeds", &format!("0..{seeds}"), "--heights", "50"].map(OsString::from);
    let many = ["--seeds", "0..20", "--validators", "100", "--heights", "6"].map(OsString::from);
    sim(&few)?;
    sim(&many)
}
