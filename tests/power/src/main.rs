//! `cairn-power`: the disk by hand. Mounts it on a directory and takes orders from standard input.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::process::ExitCode;

const HELP: &str = "\
Mounts a disk in memory that forgets what was not synced, and takes orders, one a line:
  off            lose all that was not synced
  off SEED       lose some of it, and parts of some
  lost-sync P    syncs of the files that fit P do nothing    (P: `data/log/*.seg`)
  read P         reading them fails
  write P        changing them fails
  sync P         syncing them fails
  read-only P    changing them is refused
  halt P         after the next sync of one of them nothing reaches the disk
  well           nothing goes wrong any more
  rules          what goes wrong, and how often it did
  end            unmount; so does the end of the input

Example:
  mkdir disk && cairn-power disk";

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [dir] = arguments.as_slice() else {
        eprintln!("usage: cairn-power DIRECTORY\n\n{HELP}");
        return ExitCode::from(2);
    };
    if dir == "--help" {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match by_hand::run(dir.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", dir.display());
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("this needs Linux\n\n{HELP}");
    ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
mod by_hand {
    use std::io::{self, BufRead as _};
    use std::path::Path;

    use cairn_power::{Disk, Fault, Loss, Mounted, Rule};

    pub(super) fn run(dir: &Path) -> io::Result<()> {
        let mut mounted = Mounted::new(dir, Disk::default())?;
        println!("mounted on {}", dir.display());
        for line in io::stdin().lock().lines() {
            let line = line?;
            if line.trim() == "end" {
                break;
            }
            match order(&mut mounted, line.trim()) {
                Ok(said) => println!("{said}"),
                Err(error) => eprintln!("{line}: {error}"),
            }
        }
        mounted.unmount()
    }

    fn order(mounted: &mut Mounted, line: &str) -> Result<String, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let fault = match word {
            "off" => return off(mounted, rest),
            "well" => {
                mounted.disk().set_rules(Vec::new());
                return Ok("nothing goes wrong".to_owned());
            }
            "rules" => return Ok(format!("{:#?}", mounted.disk().rules())),
            "lost-sync" => Fault::LostSync,
            "read" => Fault::Read,
            "write" => Fault::Write,
            "sync" => Fault::Sync,
            "read-only" => Fault::ReadOnly,
            "halt" => Fault::Halt,
            _ => return Err("no such order; see --help".to_owned()),
        };
        if rest.is_empty() {
            return Err("which files?".to_owned());
        }
        let mut disk = mounted.disk();
        let mut rules = disk.rules().to_vec();
        rules.push(Rule::new(fault, &[rest]));
        disk.set_rules(rules);
        Ok(format!("{fault:?} of {rest}"))
    }

    fn off(mounted: &mut Mounted, seed: &str) -> Result<String, String> {
        let loss = match seed {
            "" => Loss::All,
            seed => Loss::Torn(seed.parse().map_err(|_| "the seed is no number".to_owned())?),
        };
        mounted.lose_power(loss).map_err(|error| {
            format!("{error}: does a program have a file open, or stand in the directory?")
        })?;
        Ok(format!("power lost: {loss:?}"))
    }
}
