//! Lost power: the node stands on a disk that forgets what was not synced, or tears it, whenever it
//! is killed. And with one class of syncs left out, the same checks must fail.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use cairn_power::{Dice, Disk, Fault, Loss, Mounted, Rule, can_mount};
use tempfile::TempDir;

use crate::known::Known;
use crate::load::{Log, load};
use crate::program::{Program, check_offline};
use crate::setting;

mod classes;

use classes::{CLASSES, Class, Expect};

/// A disk, a log on it, and what its node acknowledged.
pub(crate) struct Site {
    pub(crate) mounted: Mounted,
    pub(crate) log: Log,
    pub(crate) known: Known,
    _place: TempDir,
}

impl Site {
    /// A new log on a disk that goes wrong in this way, after its first loss of power.
    pub(crate) fn new(rules: Vec<Rule>, loss: Option<Loss>) -> Result<Self, String> {
        let place = tempfile::tempdir().unwrap();
        let mut disk = Disk::default();
        disk.set_rules(rules);
        let mounted = Mounted::new(place.path(), disk).map_err(|error| error.to_string())?;
        let log = Log::init(&mounted.path().join("data"))?;
        let mut site = Self { mounted, log, known: Known::default(), _place: place };
        site.lose(loss)?;
        Ok(site)
    }

    pub(crate) fn lose(&mut self, loss: Option<Loss>) -> Result<(), String> {
        let Some(loss) = loss else { return Ok(()) };
        self.mounted.lose_power(loss).map_err(|error| format!("the test's own disk: {error}"))
    }

    /// The node starts, shows what it has, works for a moment, and is killed with the power.
    pub(crate) fn round(&mut self, name: &str, loss: Option<Loss>) -> Result<String, String> {
        let node = Program::start(&self.log.dir)?;
        self.known.check(&self.log, &node)?;
        let said = load(&self.log, node, &mut self.known, name)?;
        self.lose(loss)?;
        Ok(format!("{said}, then {loss:?}"))
    }

    /// Everything that was ever acknowledged is there, and nothing is wrong with the files.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        let node = Program::start(&self.log.dir)?;
        self.known.check_all(&self.log, &node)?;
        self.known.grant(&self.log, &node)?;
        drop(node);
        check_offline(&self.log.dir).map(drop)
    }
}

/// Whether the tests of this file can run; says so if not.
pub(crate) fn can_run() -> bool {
    let Err(missing) = can_mount() else { return true };
    let is_required = std::env::var("CAIRN_REQUIRE").is_ok_and(|value| value == "all");
    assert!(!is_required, "{missing}");
    eprintln!("NOT RUN: {missing}");
    false
}

/// Rounds on one disk before a new log is made, so that making one is tested too.
const ROUNDS_A_DISK: u64 = 6;

fn seed() -> u64 {
    let mut random = [0; 4];
    getrandom::fill(&mut random).unwrap();
    setting("CAIRN_POWER_SEED", u32::from_be_bytes(random).into())
}

/// What is lost: all that was not synced, some of it, or nothing but the process.
fn any_loss(dice: &mut Dice) -> Option<Loss> {
    match dice.below(4) {
        0 => None,
        1 => Some(Loss::All),
        _ => Some(Loss::Torn(dice.below(u64::MAX))),
    }
}

#[test]
fn nothing_acknowledged_is_lost_with_the_power() {
    if !can_run() {
        return;
    }
    let seed = seed();
    eprintln!("seed {seed}: CAIRN_POWER_SEED={seed} loses the same again");
    let mut dice = Dice::new(seed);
    let (mut events, mut erased) = (0, 0);
    let mut left = setting("CAIRN_POWER_ROUNDS", 6);
    while left > 0 {
        let rounds = left.min(ROUNDS_A_DISK);
        let ran = one_disk(&mut dice, rounds);
        let known = ran.unwrap_or_else(|why| panic!("seed {seed}, {left} rounds left: {why}"));
        (events, erased) = (events + known.len(), erased + known.erased());
        left = left.saturating_sub(rounds);
    }
    eprintln!("{events} acknowledged, {erased} erased, none lost");
    assert!(events > 20, "too few events to mean anything: {events}");
}

fn one_disk(dice: &mut Dice, rounds: u64) -> Result<Known, String> {
    let mut site = Site::new(Vec::new(), any_loss(dice))?;
    for round in 0..rounds {
        let said = site.round(&round.to_string(), any_loss(dice))?;
        eprintln!("round {round}: {said}");
    }
    site.end()?;
    all_are_classed(site.mounted.disk().synced())?;
    Ok(site.known)
}

/// No sync is in no class: each is one that is left out below.
fn all_are_classed(synced: &BTreeSet<String>) -> Result<(), String> {
    let rules: Vec<_> =
        CLASSES.iter().map(|class| Rule::new(Fault::LostSync, class.files)).collect();
    match synced.iter().find(|path| !rules.iter().any(|rule| rule.is_of(path))) {
        Some(path) => Err(format!("{path} is synced, and is in no class of classes.rs")),
        None => Ok(()),
    }
}

/// The last syncs of a node that is killed may be missing. The next one finds what was written, and
/// shows it; from then on it must not go with the power.
#[test]
fn what_a_killed_node_left_is_durable_once_the_next_shows_it() {
    if !can_run() {
        return;
    }
    let folders = &["data/*/", "data/"][..];
    for (files, submits) in
        [(&["data/log/entries/*"][..], true), (&["data/log/blocks/*"], true), (folders, false)]
    {
        let told = || -> Result<(), String> {
            let mut site = Site::new(Vec::new(), Some(Loss::All))?;
            site.mounted.disk().set_rules(vec![Rule::new(Fault::LostSync, files)]);
            let node = Program::start(&site.log.dir)?;
            if submits {
                site.known.submit(&node, "killed")?;
            }
            site.known.check(&site.log, &node)?;
            drop(node);
            site.mounted.disk().set_rules(Vec::new());
            let node = Program::start(&site.log.dir)?;
            if !submits {
                site.known.submit(&node, "next")?;
            }
            site.known.check(&site.log, &node)?;
            drop(node);
            site.lose(Some(Loss::All))?;
            site.end()
        };
        told().unwrap_or_else(|why| panic!("{files:?}: {why}"));
    }
}

/// How often a class is tried before nobody noticed that its syncs were left out.
const TRIES: u64 = 4;

#[test]
fn syncs_that_are_left_out_are_noticed() {
    if !can_run() {
        return;
    }
    let wanted = std::env::var("CAIRN_POWER_BROKEN").unwrap_or_default();
    let is_wanted = |class: &&Class| match wanted.as_str() {
        "all" => true,
        "" => class.is_quick,
        name => class.name == name,
    };
    let classes: Vec<_> = CLASSES.iter().filter(is_wanted).collect();
    assert!(!classes.is_empty(), "no class of syncs is called {wanted:?}");
    let failures: Vec<_> = classes.into_iter().filter_map(|class| leave_out(class).err()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Leaves the syncs of a class out, and sees that what must follow does.
fn leave_out(class: &Class) -> Result<(), String> {
    let name = class.name;
    let mut hits = 0_u64;
    for _ in 0..TRIES {
        let (ran, count) = without(class);
        hits = hits.saturating_add(count);
        match (&class.expect, ran) {
            (Expect::Noticed(said), Err(why)) if said.iter().any(|said| why.contains(said)) => {
                eprintln!("{name}: {count} syncs left out, noticed: {}", first_line(&why));
                return Ok(());
            }
            (_, Err(why)) => return Err(format!("{name}: not what was expected: {why}")),
            (Expect::Harmless(_), Ok(())) if hits > 0 => break,
            (_, Ok(())) => {}
        }
    }
    match class.expect {
        Expect::Noticed(_) => Err(format!("{name}: {hits} syncs were left out, nobody noticed")),
        Expect::Harmless(_) if hits == 0 => Err(format!("{name}: there was no such sync")),
        Expect::Harmless(why) => {
            eprintln!("{name}: {hits} syncs left out, harmless: {why}");
            Ok(())
        }
    }
}

/// Some rounds without these syncs, and how many there would have been.
fn without(class: &Class) -> (Result<(), String>, u64) {
    let mut rules = vec![Rule::new(Fault::LostSync, class.files)];
    rules.extend(class.halt.map(|files| Rule::new(Fault::Halt, &[files])));
    // The log is made with whole syncs unless it is them that are left out.
    let made = if class.is_of_init {
        Site::new(rules, Some(Loss::All))
    } else {
        Site::new(Vec::new(), Some(Loss::All)).inspect(|site| site.mounted.disk().set_rules(rules))
    };
    let mut site = match made {
        Ok(site) => site,
        Err(why) => return (Err(why), 1),
    };
    let ran = match class.halt {
        Some(_) => halted(&mut site),
        None => whole(&mut site, class.is_long),
    };
    let hits = site.mounted.disk().rules().iter().map(|rule| rule.hits).sum();
    (ran.and_then(|()| site.end()), hits)
}

fn whole(site: &mut Site, is_long: bool) -> Result<(), String> {
    if is_long {
        let node = Program::start(&site.log.dir)?;
        (0..16).try_for_each(|number| site.known.submit(&node, &format!("long.{number}")))?;
        // Tiles are stored by the thread that makes blocks, after them.
        thread::sleep(Duration::from_millis(500));
    }
    (0..3).try_for_each(|round| site.round(&round.to_string(), Some(Loss::All)).map(drop))
}

/// The node runs into the moment when nothing reaches the disk any more.
fn halted(site: &mut Site) -> Result<(), String> {
    if let Ok(node) = Program::start(&site.log.dir) {
        while site.known.submit(&node, &format!("halted.{}", site.known.len())).is_ok() {}
    }
    // What is left of the rules tells how often there was such a sync.
    let mut rules = site.mounted.disk().rules().to_vec();
    rules.retain(|rule| rule.fault == Fault::LostSync);
    rules.iter_mut().for_each(|rule| rule.files.clear());
    site.mounted.disk().set_rules(rules);
    site.lose(Some(Loss::All))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
