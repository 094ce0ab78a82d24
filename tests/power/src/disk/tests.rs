use super::*;

fn name(text: &str) -> &OsStr {
    OsStr::new(text)
}

fn file(disk: &mut Disk, dir: NodeNo, text: &str, bytes: &[u8]) -> NodeNo {
    let number = disk.make((dir, name(text)), false, 0o644).unwrap().number;
    disk.write(number, 0, bytes).unwrap();
    number
}

fn dir(disk: &mut Disk, parent: NodeNo, text: &str) -> NodeNo {
    disk.make((parent, name(text)), true, 0o755).unwrap().number
}

fn names(disk: &mut Disk, dir: NodeNo) -> Vec<String> {
    let names = disk.list(dir).unwrap();
    names.into_iter().map(|(name, _)| name.into_string().unwrap()).collect()
}

#[test]
fn bytes_and_names_are_durable_each_by_its_own_sync() {
    let mut disk = Disk::default();
    let both = file(&mut disk, ROOT, "both", b"whole");
    disk.sync(both).unwrap();
    let _named_only = file(&mut disk, ROOT, "name", b"gone");
    disk.sync(ROOT).unwrap();
    let bytes_only = file(&mut disk, ROOT, "bytes", b"nameless");
    disk.sync(bytes_only).unwrap();
    disk.write(both, 2, b"OLE").unwrap();
    disk.lose_power(Loss::All);
    assert_eq!(names(&mut disk, ROOT), ["both", "name"]);
    assert_eq!(disk.read(both, 0, 99).unwrap(), b"whole");
    let named = disk.lookup(ROOT, name("name")).unwrap();
    assert_eq!(named.len, 0);
    assert_eq!(disk.about(bytes_only).unwrap_err(), DiskError::NotFound);
}

#[test]
fn a_directory_needs_the_sync_of_the_one_above() {
    let mut disk = Disk::default();
    let lost = dir(&mut disk, ROOT, "lost");
    let inner = file(&mut disk, lost, "inner", b"");
    disk.sync(inner).unwrap();
    disk.sync(lost).unwrap();
    disk.lose_power(Loss::All);
    assert_eq!(names(&mut disk, ROOT), [""; 0]);
}

#[test]
fn a_rename_is_the_old_file_or_the_new_one() {
    let (mut old, mut new) = (0, 0);
    for seed in 0..64 {
        let mut disk = Disk::default();
        let first = file(&mut disk, ROOT, "file", b"old");
        disk.sync(first).unwrap();
        disk.sync(ROOT).unwrap();
        let second = file(&mut disk, ROOT, "temporary", b"new");
        disk.sync(second).unwrap();
        disk.rename((ROOT, name("temporary")), (ROOT, name("file"))).unwrap();
        disk.lose_power(Loss::Torn(seed));
        let found = disk.lookup(ROOT, name("file")).unwrap().number;
        match disk.read(found, 0, 9).unwrap().as_slice() {
            b"old" => old += 1,
            b"new" => new += 1,
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    assert!(old > 8 && new > 8, "{old} {new}");
}

#[test]
fn what_was_removed_comes_back_unless_that_was_synced() {
    let mut disk = Disk::default();
    let number = file(&mut disk, ROOT, "file", b"bytes");
    disk.sync(number).unwrap();
    disk.sync(ROOT).unwrap();
    disk.remove(ROOT, name("file"), false).unwrap();
    assert_eq!(disk.lookup(ROOT, name("file")).unwrap_err(), DiskError::NotFound);
    disk.lose_power(Loss::All);
    assert_eq!(disk.read(number, 0, 9).unwrap(), b"bytes");
    disk.remove(ROOT, name("file"), false).unwrap();
    disk.sync(ROOT).unwrap();
    disk.lose_power(Loss::All);
    assert_eq!(disk.lookup(ROOT, name("file")).unwrap_err(), DiskError::NotFound);
}

#[test]
fn writes_tear_at_sectors_and_the_same_seed_tears_alike() {
    let torn = |seed| {
        let mut disk = Disk::default();
        let number = file(&mut disk, ROOT, "file", &[1; 2_000]);
        disk.sync(ROOT).unwrap();
        disk.lose_power(Loss::Torn(seed));
        disk.read(number, 0, 4_000).unwrap()
    };
    let found: BTreeSet<_> = (0..200).map(torn).collect();
    assert!(found.len() > 6, "{}", found.len());
    assert!(found.contains(&Vec::new()) && found.contains(&vec![1; 2_000]));
    let in_sectors = |bytes: &Vec<u8>| bytes.chunks(512).all(|s| s.iter().all(|b| *b == s[0]));
    assert!(found.iter().all(in_sectors));
    assert_eq!(torn(17), torn(17));
}

#[test]
fn rules_refuse_lie_and_count() {
    let mut disk = Disk::default();
    let inner = dir(&mut disk, ROOT, "log");
    disk.sync(ROOT).unwrap();
    disk.set_rules(vec![
        Rule::new(Fault::LostSync, &["log/a"]),
        Rule::new(Fault::Read, &["log/b"]),
        Rule::new(Fault::ReadOnly, &["log/c*"]),
        Rule::new(Fault::Sync, &["log/"]),
    ]);
    let lied = file(&mut disk, inner, "a", b"bytes");
    disk.sync(lied).unwrap();
    let unread = file(&mut disk, inner, "b", b"bytes");
    assert_eq!(disk.read(unread, 0, 1).unwrap_err(), DiskError::Failed);
    let refused = disk.make((inner, name("c1")), false, 0);
    assert_eq!(refused.unwrap_err(), DiskError::ReadOnly);
    assert_eq!(disk.sync(inner).unwrap_err(), DiskError::Failed);
    assert_eq!(disk.rules().iter().map(|rule| rule.hits).collect::<Vec<_>>(), [1; 4]);
    disk.set_rules(Vec::new());
    disk.sync(inner).unwrap();
    disk.lose_power(Loss::All);
    assert_eq!(disk.about(lied).unwrap().len, 0, "its name is durable, its bytes are not");
    assert_eq!(names(&mut disk, inner), ["a", "b"]);
}

#[test]
fn after_a_halt_nothing_more_reaches_the_disk() {
    let mut disk = Disk::default();
    let number = file(&mut disk, ROOT, "file", b"ab");
    disk.set_rules(vec![Rule::new(Fault::Halt, &["/"])]);
    disk.sync(number).unwrap();
    disk.sync(ROOT).unwrap();
    assert_eq!(disk.write(number, 0, b"c").unwrap_err(), DiskError::Failed);
    assert_eq!(disk.sync(number).unwrap_err(), DiskError::Failed);
    assert_eq!(disk.read(number, 0, 9).unwrap(), b"ab");
    disk.set_rules(Vec::new());
    disk.lose_power(Loss::All);
    assert_eq!(disk.read(number, 0, 9).unwrap(), b"ab");
    assert_eq!(disk.synced().iter().collect::<Vec<_>>(), ["/", "file"]);
}

#[test]
fn a_flipped_bit_stays() {
    let mut disk = Disk::default();
    let number = file(&mut disk, ROOT, "file", b"ab");
    disk.sync(number).unwrap();
    disk.sync(ROOT).unwrap();
    disk.flip(number, 8).unwrap();
    disk.lose_power(Loss::All);
    assert_eq!(disk.read(number, 0, 9).unwrap(), b"ac");
    assert_eq!(disk.files(), [("file".to_owned(), number, 2)]);
}
