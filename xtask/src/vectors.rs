//! `cargo xtask vectors`: other people's test vectors, run through the verifier.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{Proof, Rfc6962Sha256, TreeSize, verify_consistency, verify_inclusion};
use serde_json::Value;

use crate::say;

const EXAMPLE: &str = "\
A case is a JSON file: `desc`, `wantErr`, `proof` (a list of hashes, or null) and
  leafIdx, treeSize, root, leafHash        for an inclusion proof
  size1, size2, root1, root2               for a consistency proof
Hashes are base64. Folders below are read too. The exit code is 0 if all passed.

Example, with the cases of github.com/transparency-dev/merkle:
  cargo xtask vectors --rfc6962 merkle/testdata";

#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Vectors {
    /// A folder of cases about the tree of RFC 6962 and RFC 9162
    #[arg(long, value_name = "DIR")]
    rfc6962: PathBuf,
}

/// How a case went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// It is about proofs that Cairn does not have.
    NotRun,
}

/// Runs all cases; says whether all passed.
pub(crate) fn vectors(args: &Vectors) -> Result<bool> {
    let outcomes = run(&args.rfc6962)?;
    let count = |of| outcomes.iter().filter(|outcome| **outcome == of).count();
    let not_run = count(Outcome::NotRun);
    if not_run > 0 {
        say::not_run(&format!("{not_run} cases about subtrees, whose proofs Cairn does not have"));
    }
    let (passed, failed) = (count(Outcome::Passed), count(Outcome::Failed));
    if passed == 0 && failed == 0 {
        bail!("no case was run");
    }
    say::line(&format!("{passed} passed, {failed} failed"));
    Ok(failed == 0)
}

fn run(dir: &Path) -> Result<Vec<Outcome>> {
    let files = files(dir)?;
    if files.is_empty() {
        bail!("no .json files in {}", dir.display());
    }
    files.iter().map(|file| run_file(file)).collect()
}

fn run_file(file: &Path) -> Result<Outcome> {
    let unreadable = || format!("{} is not a case", file.display());
    let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let case: Value = serde_json::from_slice(&text).with_context(unreadable)?;
    let Some(accepted) = accepts(&case).with_context(unreadable)? else {
        return Ok(Outcome::NotRun);
    };
    let refuse = case.get("wantErr").and_then(Value::as_bool);
    let refuse = refuse.context("`wantErr` is not true or false").with_context(unreadable)?;
    if accepted != refuse {
        return Ok(Outcome::Passed);
    }
    let (must, was) = if refuse { ("refused", "accepted") } else { ("accepted", "refused") };
    let desc = case.get("desc").and_then(Value::as_str).unwrap_or_default();
    say::failed(&format!("{}: {desc}: must be {must}, was {was}", file.display()));
    Ok(Outcome::Failed)
}

/// All JSON files below a folder, in the order of their paths.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_owned()];
    while let Some(dir) = left.pop() {
        let cannot = || format!("cannot read the folder {}", dir.display());
        for entry in fs::read_dir(&dir).with_context(cannot)? {
            let path = entry.with_context(cannot)?.path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether the verifier accepts a case; `None` if it is about a subtree.
fn accepts(case: &Value) -> Result<Option<bool>> {
    let has = |names: &[&str]| names.iter().all(|name| case.get(name).is_some());
    if has(&["leafIdx", "treeSize"]) {
        inclusion(case).map(Some)
    } else if has(&["size1", "size2"]) {
        consistency(case).map(Some)
    } else if has(&["start", "end"]) {
        Ok(None)
    } else {
        Err(anyhow!("neither `leafIdx` and `treeSize` nor `size1` and `size2` are there"))
    }
}

fn inclusion(case: &Value) -> Result<bool> {
    let (index, size) = (number(case, "leafIdx")?, number(case, "treeSize")?);
    let (leaf, root) = (bytes(case, "leafHash")?, bytes(case, "root")?);
    let (leaf, root, proof) = (hash(&leaf), hash(&root), proof(case)?);
    let (Some(leaf), Some(root), Some(proof)) = (leaf, root, proof) else { return Ok(false) };
    let Some(size) = TreeSize::new(size) else { return Ok(false) };
    let proof = Proof::new(&proof);
    Ok(verify_inclusion(&Rfc6962Sha256, (index, size), leaf, proof, &root).is_ok())
}

fn consistency(case: &Value) -> Result<bool> {
    let (old, new) = (number(case, "size1")?, number(case, "size2")?);
    let (old_root, new_root, proof) = (bytes(case, "root1")?, bytes(case, "root2")?, proof(case)?);
    let Some(proof) = proof else { return Ok(false) };
    // RFC 9162 section 2.1.4.2 begins above equal sizes: two heads of one tree are compared and
    // nothing is hashed. The cases of transparency-dev have such heads of other than 32 bytes.
    if old == new && old != 0 {
        return Ok(proof.is_empty() && old_root == new_root);
    }
    // It begins above an empty old tree too. The verifier takes that for a prefix of all if its
    // root is that of no leaves; their verifier refuses it. No case of theirs tells these apart.
    let (old_root, new_root) = (hash(&old_root), hash(&new_root));
    let (Some(old_root), Some(new_root)) = (old_root, new_root) else { return Ok(false) };
    let (Some(old), Some(new)) = (TreeSize::new(old), TreeSize::new(new)) else { return Ok(false) };
    let (old, new) = ((old, &old_root), (new, &new_root));
    Ok(verify_consistency(&Rfc6962Sha256, old, new, Proof::new(&proof)).is_ok())
}

fn number(case: &Value, name: &str) -> Result<u64> {
    let number = case.get(name).and_then(Value::as_u64);
    number.with_context(|| format!("`{name}` is not a number below 2^64"))
}

fn bytes(case: &Value, name: &str) -> Result<Vec<u8>> {
    let text = case.get(name).and_then(Value::as_str);
    let text = text.with_context(|| format!("`{name}` is not a text"))?;
    BASE64.decode(text).with_context(|| format!("`{name}` is not base64"))
}

/// A hash has 32 bytes; whoever gives another number of them is refused, not misread.
fn hash(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok().map(Hash::from_bytes)
}

/// The hashes of a proof, where null has none; `None` if one of them is no hash.
fn proof(case: &Value) -> Result<Option<Vec<[u8; 32]>>> {
    let hashes = match case.get("proof") {
        Some(Value::Null) => return Ok(Some(Vec::new())),
        Some(Value::Array(hashes)) => hashes,
        _ => bail!("`proof` is not a list"),
    };
    let decode = |hash: &Value| {
        let text = hash.as_str().context("a hash of `proof` is not a text")?;
        BASE64.decode(text).context("a hash of `proof` is not base64")
    };
    let hashes = hashes.iter().map(decode).collect::<Result<Vec<_>>>()?;
    Ok(hashes.into_iter().map(|hash| hash.try_into().ok()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn our_own_cases_pass() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/rfc6962");
        let outcomes = run(&dir).unwrap();
        assert!(outcomes.len() > 60, "{} cases", outcomes.len());
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Passed));
    }

    fn heads(sizes: (u64, u64), roots: (&str, &str)) -> Value {
        json!({
            "size1": sizes.0, "size2": sizes.1, "root1": roots.0, "root2": roots.1, "proof": null,
        })
    }

    #[test]
    fn equal_heads_are_compared_whatever_they_are() {
        assert!(accepts(&heads((1, 1), ("AAAA", "AAAA"))).unwrap().unwrap());
        assert!(!accepts(&heads((1, 1), ("AAAA", "AAAB"))).unwrap().unwrap());
        assert!(!accepts(&heads((0, 0), ("AAAA", "AAAA"))).unwrap().unwrap());
        assert!(!accepts(&heads((1, 2), ("AAAA", "AAAA"))).unwrap().unwrap());
    }

    #[test]
    fn what_is_no_case_is_an_error() {
        assert_eq!(accepts(&json!({ "start": 0, "end": 1 })).unwrap(), None);
        for broken in [json!({}), json!([]), heads((1, 1), ("AAAA", "!"))] {
            assert!(accepts(&broken).is_err(), "{broken}");
        }
        let mut broken = heads((1, 2), ("AAAA", "AAAA"));
        broken["proof"] = json!("AAAA");
        assert!(accepts(&broken).is_err());
        broken["size1"] = json!(-1);
        assert!(accepts(&broken).is_err());
    }
}
