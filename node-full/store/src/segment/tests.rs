use std::fs;

use super::*;

fn frames(path: &Path) -> Result<(Vec<Vec<u8>>, Opened), StoreError> {
    let mut seen = Vec::new();
    let (_, opened) = Segment::open(path, (0, 0), |index, payload| {
        assert_eq!(index, seen.len() as u64);
        seen.push(payload.to_vec());
        Ok::<_, StoreError>(())
    })?;
    Ok((seen, opened))
}

fn fresh(path: &Path) -> Segment {
    Segment::open(path, (0, 0), |_, _| Ok::<_, StoreError>(())).unwrap().0
}

/// Three writes: of one, three and two frames.
fn filled(path: &Path) -> Vec<Vec<u8>> {
    let segment = fresh(path);
    let payloads: Vec<Vec<u8>> = (1_u8..=6).map(|n| vec![n; usize::from(n) * 7]).collect();
    let parts: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
    assert_eq!(segment.append_batch(&parts[..1]).unwrap(), 0);
    assert_eq!(segment.append_batch(&parts[1..4]).unwrap(), 1);
    assert_eq!(segment.append_batch(&parts[4..]).unwrap(), 4);
    for (index, payload) in (0..).zip(&payloads) {
        assert_eq!(&segment.read(index).unwrap(), payload);
    }
    assert!(matches!(segment.read(6), Err(StoreError::NoFrame { index: 6, .. })));
    payloads
}

#[test]
fn reopened_segments_are_equal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/er/a.seg");
    let payloads = filled(&path);
    let before = fs::read(&path).unwrap();
    assert_eq!(frames(&path).unwrap(), (payloads, Opened { frames: 6, cut: 0 }));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_empty_append_is_no_frame() {
    let dir = tempfile::tempdir().unwrap();
    let segment = fresh(&dir.path().join("a.seg"));
    assert_eq!(segment.append_batch(&[]).unwrap(), 0);
    assert_eq!((segment.frames(), segment.bytes()), (0, 48));
}

#[test]
fn an_unfinished_write_is_cut_whole_at_every_byte() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    let payloads = filled(&path);
    let bytes = fs::read(&path).unwrap();
    let last_write = 2 * FRAME_HEADER_LEN + payloads[4].len() + payloads[5].len();
    let start = bytes.len() - last_write;
    for len in start..bytes.len() {
        fs::write(&path, &bytes[..len]).unwrap();
        let (found, opened) = frames(&path).unwrap();
        assert_eq!(found, payloads[..4], "cut to {len}");
        assert_eq!(opened, Opened { frames: 4, cut: (len - start) as u64 });
        assert_eq!(fs::read(&path).unwrap(), bytes[..start]);
        // And it goes on from there.
        let segment = fresh(&path);
        assert_eq!(segment.append_batch(&[b"next"]).unwrap(), 4);
        assert_eq!(frames(&path).unwrap().0.len(), 5);
    }
}

#[test]
fn a_tail_of_zeros_or_noise_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    let payloads = filled(&path);
    let bytes = fs::read(&path).unwrap();
    for tail in [vec![0; 5_000], vec![0xCA; 17], FRAME_MAGIC_TWICE.to_vec()] {
        fs::write(&path, [bytes.as_slice(), &tail].concat()).unwrap();
        let (found, opened) = frames(&path).unwrap();
        assert_eq!((found, opened.cut), (payloads.clone(), tail.len() as u64));
    }
}

const FRAME_MAGIC_TWICE: [u8; 8] = [0xCA, 0x1F, 0x4A, 0xED, 0xCA, 0x1F, 0x4A, 0xED];

#[test]
fn the_first_frame_of_an_unfinished_write_may_be_the_missing_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    let payloads = filled(&path);
    let mut bytes = fs::read(&path).unwrap();
    // Pages of one write reach the disk in any order: here the second frame did, the first not.
    let start = bytes.len() - 2 * FRAME_HEADER_LEN - payloads[4].len() - payloads[5].len();
    bytes[start..start + FRAME_HEADER_LEN].fill(0);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(frames(&path).unwrap().0, payloads[..4]);
}

#[test]
fn every_flipped_bit_before_the_last_write_is_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    let payloads = filled(&path);
    let bytes = fs::read(&path).unwrap();
    let starts: Vec<usize> = payloads[..4]
        .iter()
        .scan(48, |at, payload| Some(std::mem::replace(at, *at + 40 + payload.len())))
        .collect();
    let end = bytes.len() - 2 * FRAME_HEADER_LEN - payloads[4].len() - payloads[5].len();
    for at in 48..end {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, &changed).unwrap();
        let expected = starts.iter().rposition(|start| *start <= at).unwrap();
        match frames(&path) {
            Err(StoreError::Corrupt { offset, index, .. }) => {
                assert_eq!((offset, index), (starts[expected] as u64, expected as u64));
            }
            other => panic!("byte {at}: {other:?}"),
        }
        assert_eq!(fs::read(&path).unwrap(), changed, "nothing was changed");
    }
}

#[test]
fn a_damaged_file_header_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    filled(&path);
    let bytes = fs::read(&path).unwrap();
    for at in 0..48 {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        fs::write(&path, &changed).unwrap();
        assert!(matches!(frames(&path), Err(StoreError::Corrupt { offset: 0, .. })), "{at}");
        assert_eq!(fs::read(&path).unwrap(), changed);
    }
    fs::write(&path, b"cairn").unwrap();
    assert!(matches!(frames(&path), Err(StoreError::Corrupt { offset: 0, .. })));
}

#[test]
fn frames_known_to_be_durable_are_never_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    filled(&path);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let refused = Segment::open(&path, (0, 5), |_, _| Ok::<_, StoreError>(()));
    assert!(matches!(refused, Err(StoreError::Corrupt { index: 5, .. })), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap().len(), bytes.len() - 1);
}

#[test]
fn a_read_notices_what_the_disk_changed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    let segment = fresh(&path);
    segment.append_batch(&[b"one", b"two"]).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(segment.read(0).unwrap(), b"one");
    assert!(matches!(segment.read(1), Err(StoreError::Corrupt { index: 1, .. })));
}

#[test]
fn too_large_a_payload_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let segment = fresh(&dir.path().join("a.seg"));
    let large = vec![0; MAX_PAYLOAD_LEN as usize + 1];
    let refused = segment.append_batch(&[b"small", &large]);
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    assert_eq!((segment.frames(), segment.bytes()), (0, 48));
}
