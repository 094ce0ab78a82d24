//! `cargo xtask kill9`: the node is killed at random moments under load, and nothing that it
//! acknowledged may be missing afterwards, with or without the machine's power.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::apt::{self, is_root};
use crate::tools::{self, missing};

#[derive(Args)]
pub(crate) struct Kill9 {
    /// How often it is killed; each round takes one to four seconds
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    rounds: u32,
    /// Take the power too: the node stands on a disk that forgets or tears what was not synced.
    /// Needs /dev/fuse, and root or fusermount3
    #[arg(long)]
    power: bool,
    /// What is lost, as a failure printed it; random if not said
    #[arg(long, value_name = "N", requires = "power")]
    seed: Option<u64>,
    /// Leave the syncs of one class of files out and see that it is noticed: a name of
    /// node-full/tests/kill9/power/classes.rs, or `all`
    #[arg(long, value_name = "CLASS", requires = "power", conflicts_with = "seed")]
    broken: Option<String>,
    /// Kill one process after the other of a network of so many validators; what was said to be
    /// final must be in each of them
    #[arg(long, value_name = "N", conflicts_with_all = ["power", "seed", "broken"],
          value_parser = clap::value_parser!(u16).range(4..=16))]
    validators: Option<u16>,
}

impl Kill9 {
    pub(crate) const fn rounds(rounds: u32, power: bool) -> Self {
        Self { rounds, power, seed: None, broken: None, validators: None }
    }
}

pub(crate) fn kill9(args: &Kill9) -> Result<()> {
    if let Some(validators) = args.validators {
        return of_many(args.rounds, validators);
    }
    let name = match (args.power, &args.broken) {
        (false, _) => "nothing_acknowledged_is_lost",
        (true, None) => "power::nothing_acknowledged_is_lost_with_the_power",
        (true, Some(_)) => "power::syncs_that_are_left_out_are_noticed",
    };
    let mut test = tools::cargo();
    test.args([
        "test",
        "-p",
        "cairn-node",
        "--test",
        "kill9",
        "--",
        "--nocapture",
        "--exact",
        name,
    ]);
    let rounds = if args.power { "CAIRN_POWER_ROUNDS" } else { "CAIRN_KILL9_ROUNDS" };
    test.env(rounds, args.rounds.to_string());
    if let Some(seed) = args.seed {
        test.env("CAIRN_POWER_SEED", seed.to_string());
    }
    if let Some(class) = &args.broken {
        test.env("CAIRN_POWER_BROKEN", class);
    }
    // Whoever asks for it does not want to hear that nothing could be mounted, and that all is well.
    tools::run(test.env("CAIRN_REQUIRE", "all"))
}

fn of_many(rounds: u32, validators: u16) -> Result<()> {
    let name = "nothing_that_was_said_to_be_final_is_lost_by_kills";
    let mut test = tools::cargo();
    test.args(["test", "-p", "cairn-node", "--test", "net", "--", "--nocapture", "--exact", name]);
    test.env("CAIRN_NET_KILL9_ROUNDS", rounds.to_string());
    tools::run(test.env("CAIRN_KILL9_VALIDATORS", validators.to_string()))
}

const NO_DEVICE: &str = "no /dev/fuse, which tests of lost power need (`modprobe fuse`, or a \
                         container with that device); they say that they did not run";
const NO_MOUNT: &str = "tests of lost power mount a file system: install fusermount3 (Debian: \
                        `apt-get install -y fuse3`), or run them as root";

/// Installs what mounting a file system in user space needs: nothing if we are root.
pub(crate) fn ensure_mount() -> Result<()> {
    if !Path::new("/dev/fuse").exists() {
        return Err(missing(NO_DEVICE));
    }
    let can_mount = || is_root() || tools::find("FUSERMOUNT3", "fusermount3").is_some();
    if !can_mount() {
        apt::install(&["fuse3"], NO_MOUNT)?;
    }
    if can_mount() { Ok(()) } else { Err(missing(NO_MOUNT)) }
}
