//! `cargo xtask kill9`: the node is killed at random moments under load, and nothing that it
//! acknowledged may be missing afterwards.

use anyhow::Result;
use clap::Args;

use crate::tools;

#[derive(Args)]
pub(crate) struct Kill9 {
    /// How often it is killed; each round takes about a second
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    rounds: u32,
}

impl Kill9 {
    pub(crate) const fn rounds(rounds: u32) -> Self {
        Self { rounds }
    }
}

pub(crate) fn kill9(args: &Kill9) -> Result<()> {
    let mut test = tools::cargo();
    test.args(["test", "-p", "cairn-node", "--test", "kill9", "--", "--nocapture"]);
    tools::run(test.env("CAIRN_KILL9_ROUNDS", args.rounds.to_string()))
}
