//! Test vectors made by others, from `tests/vectors/external`; its NOTES.md says by whom.

extern crate std;

use alloc::format;
use alloc::vec::Vec;

pub(crate) use serde_json::Value;

/// The JSON of a file under `tests/vectors`.
pub(crate) fn load(path: &str) -> Value {
    let path = format!("{}/../tests/vectors/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Gives each group and case of a Wycheproof file to `check`; returns how many cases there were,
/// which is what the file says of itself.
pub(crate) fn wycheproof(name: &str, check: impl FnMut(&Value, &Value)) -> usize {
    let file = load(&format!("external/wycheproof/{name}.json"));
    let count = each_case(&file, check);
    assert_eq!(Some(count as u64), file["numberOfTests"].as_u64(), "{name} was cut");
    count
}

/// Gives each group and case of a file in Wycheproof's or ACVP's form to `check`; returns how many
/// cases there were.
pub(crate) fn each_case(file: &Value, mut check: impl FnMut(&Value, &Value)) -> usize {
    let mut count = 0;
    for group in list(file, "testGroups") {
        for case in list(group, "tests") {
            check(group, case);
            count += 1;
        }
    }
    count
}

/// The array of this name.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("no list `{name}`"))
}

/// The bytes that a hex field holds.
pub(crate) fn bytes(value: &Value, name: &str) -> Vec<u8> {
    let hex = value[name].as_str().unwrap_or_else(|| panic!("no text `{name}`"));
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    assert!(rest.is_empty(), "half a byte in `{name}`");
    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.iter().map(|pair| byte(pair.as_slice())).collect()
}

/// As [`bytes`], of a length that is known.
pub(crate) fn array<const N: usize>(value: &Value, name: &str) -> [u8; N] {
    bytes(value, name).try_into().unwrap_or_else(|_| panic!("another length of `{name}`"))
}

/// Wycheproof's verdict. `acceptable` is none: a test whose file has it decides by flags.
pub(crate) fn is_valid(case: &Value) -> bool {
    match case["result"].as_str() {
        Some("valid") => true,
        Some("invalid") => false,
        other => panic!("{other:?} is no verdict"),
    }
}

/// Whether the case has this flag.
pub(crate) fn has_flag(case: &Value, flag: &str) -> bool {
    case["flags"].as_array().is_some_and(|flags| flags.iter().any(|found| found == flag))
}
