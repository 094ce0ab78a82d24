//! Who is let in, by settings as an operator writes them.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::settings::{SETTINGS_FILE, Settings};

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
const READ: Needs = Needs::Scope(Scope::Read);
const WRITE: Needs = Needs::Scope(Scope::Write);
const ADMIN: Needs = Needs::Scope(Scope::Admin);
const KEY: &str = "cairn_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const OTHER: &str = "cairn_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB";

fn try_access(file: &str) -> Result<Access, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(SETTINGS_FILE), file).unwrap();
    std::fs::write(dir.path().join("key"), format!("{KEY}\n")).unwrap();
    let here = dir.path().join("key").display().to_string();
    std::fs::write(dir.path().join(SETTINGS_FILE), file.replace("@KEY", &here)).unwrap();
    let environment = |name: &str| (name == "A_KEY").then(|| KEY.to_owned());
    let settings = Settings::read(dir.path(), None, |_| None, vec![]);
    let settings = settings.map_err(|error| error.to_string())?;
    Access::new(&settings, environment).map_err(|error| error.to_string())
}

fn access(file: &str) -> Access {
    try_access(file).unwrap()
}

fn with_key(scopes: &str, more: &str) -> Access {
    let hash = digest_of(KEY);
    access(&format!("{more}\n[[api-key]]\nname = \"k\"\nhash = \"{hash}\"\nscopes = [{scopes}]\n"))
}

#[test]
fn a_node_that_nobody_set_up_is_read_by_all_and_written_from_its_machine() {
    for access in [Access::default(), access("")] {
        assert_eq!(access.admit(READ, Shown::Nothing, AWAY), Ok(Caller::Anyone));
        assert_eq!(access.admit(WRITE, Shown::Nothing, HOME), Ok(Caller::Anyone));
        // A key that the node knows nothing of is as good as none.
        assert_eq!(access.admit(WRITE, Shown::Bearer(KEY), HOME), Ok(Caller::Anyone));
        let missing = |needs| Err(Denied::Missing { needs });
        assert_eq!(access.admit(WRITE, Shown::Nothing, AWAY), missing(Scope::Write));
        assert_eq!(access.admit(ADMIN, Shown::Nothing, HOME), missing(Scope::Admin));
        assert_eq!(access.admit(READ, Shown::Malformed, HOME), Err(Denied::Malformed));
        assert_eq!(access.admit(Needs::Nothing, Shown::Malformed, AWAY), Ok(Caller::Anyone));
        assert_eq!(access.admit(Needs::Signature, Shown::Bearer("x"), AWAY), Ok(Caller::Anyone));
    }
    assert!(access("write = \"any\"").admit(WRITE, Shown::Nothing, AWAY).is_ok());
}

#[test]
fn a_key_is_for_its_scopes_and_no_other() {
    let caller = Caller::Key("k".to_owned());
    let access = with_key("\"write\"", "");
    assert_eq!(access.admit(WRITE, Shown::Bearer(KEY), AWAY), Ok(caller.clone()));
    assert_eq!(
        access.admit(WRITE, Shown::Nothing, HOME),
        Err(Denied::Missing { needs: Scope::Write }),
        "with keys this machine needs one too"
    );
    assert_eq!(access.admit(READ, Shown::Nothing, AWAY), Ok(Caller::Anyone));
    for (needs, scope) in [(READ, Scope::Read), (ADMIN, Scope::Admin)] {
        let denied = Err(Denied::OutOfScope { caller: caller.clone(), needs: scope });
        assert_eq!(access.admit(needs, Shown::Bearer(KEY), HOME), denied);
    }
    for wrong in [OTHER, "cairn_", "", "x", &KEY[..48], &format!("{KEY}A")] {
        assert_eq!(access.admit(READ, Shown::Bearer(wrong), HOME), Err(Denied::UnknownKey));
    }
    let private = with_key("\"read\"", "read = \"keys\"");
    assert!(private.admit(READ, Shown::Bearer(KEY), AWAY).is_ok());
    assert_eq!(
        private.admit(READ, Shown::Nothing, HOME),
        Err(Denied::Missing { needs: Scope::Read })
    );
    assert!(private.admit(Needs::Nothing, Shown::Nothing, AWAY).is_ok());
    assert!(private.admit(Needs::Signature, Shown::Nothing, AWAY).is_ok());
}

#[test]
fn a_key_stands_in_the_settings_in_a_file_or_in_the_environment() {
    for place in ["file = \"@KEY\"".to_owned(), "env = \"A_KEY\"".to_owned()] {
        let file = format!("[[api-key]]\nname = \"k\"\n{place}\nscopes = [\"write\"]");
        assert!(access(&file).admit(WRITE, Shown::Bearer(KEY), AWAY).is_ok(), "{place}");
        assert!(access(&file).admit(WRITE, Shown::Bearer(OTHER), AWAY).is_err(), "{place}");
    }
}

#[test]
fn new_keys_differ_and_are_what_their_digest_says() {
    let (a, b) = (new_key().unwrap(), new_key().unwrap());
    assert_ne!(a, b);
    assert_eq!(a.len(), KEY.len());
    assert_ne!(digest_of(&a), digest_of(&b));
}

#[test]
fn settings_that_do_not_hold_are_refused_by_name() {
    let key = |lines: &str| format!("[[api-key]]\nname = \"k\"\nscopes = [\"write\"]\n{lines}\n");
    let hash = format!("hash = \"{}\"", digest_of(KEY));
    for (file, says) in [
        ("write = \"keys\"".to_owned(), "needs an [[api-key]]"),
        ("read = \"keys\"".to_owned(), "needs an [[api-key]]"),
        ("read = \"local\"".to_owned(), "read"),
        ("rate = 0".to_owned(), "at least 1"),
        ("rate = -1".to_owned(), "rate"),
        ("allow-origin = [\"app.example\"]".to_owned(), "https://"),
        ("allow-origin = [\"https://App.example\"]".to_owned(), "small letters"),
        ("allow-origin = [\"https://app.example/\"]".to_owned(), "without a path"),
        ("allow-origin = [\"*\"]".to_owned(), "allow-origin"),
        ("trusted-proxy = [\"proxy\"]".to_owned(), "trusted-proxy"),
        (key(""), "exactly one"),
        (key(&format!("{hash}\nenv = \"A_KEY\"")), "exactly one"),
        (key("hash = \"12\""), "64 lower-case hex"),
        (key("file = \"/nowhere/key\""), "/nowhere/key"),
        (key("env = \"NO_KEY\""), "NO_KEY is not set"),
        (key(&hash).replace("\"k\"", "\"k k\""), "a name is"),
        (key(&hash).replace("\"write\"", ""), "scopes must name"),
        (key(&hash).replace("\"write\"", "\"all\""), "all"),
        (key(&format!("{hash}\nrate = 0")), "at least 1"),
        (key(&format!("{hash}\nratte = 1")), "ratte"),
        (key(&hash) + &key("env = \"A_KEY\"").replace("\"k\"", "\"l\""), "another one's"),
        (key(&hash) + &key(&format!("hash = \"{}\"", digest_of(OTHER))), "another one's"),
        ("[jwt]\nalgorithm = \"none\"\nissuer = \"a\"\naudience = \"b\"".to_owned(), "none"),
        (
            "[jwt]\nalgorithm = \"ES256\"\nissuer = \"a\"\naudience = \"b\"".to_owned(),
            "exactly one",
        ),
        (
            "[jwt]\nalgorithm = \"ES256\"\nissuer = \"a\"\naudience = \"b\"\nkey = \"@KEY\""
                .to_owned(),
            "no public key",
        ),
        (
            "[jwt]\nalgorithm = \"ES256\"\nissuer = \"a\"\naudience = \"b\"\njwks = \"@KEY\""
                .to_owned(),
            "jwks",
        ),
    ] {
        let why = try_access(&file).map(|_| ()).unwrap_err();
        assert!(why.contains(says), "{file}: {why}");
    }
}

#[test]
fn each_caller_has_a_rate_of_its_own() {
    let held = with_key("\"read\"", "rate = 2");
    let ask = |shown, from| held.admit(READ, shown, from);
    for from in [AWAY, HOME] {
        assert!(ask(Shown::Nothing, from).is_ok());
        assert!(ask(Shown::Nothing, from).is_ok());
        let Err(Denied::TooFast { limit: 2, again, .. }) = ask(Shown::Nothing, from) else {
            panic!("not held to its rate");
        };
        assert_eq!(again, Duration::from_secs(1));
        // Guessing keys is no way around it.
        assert!(matches!(ask(Shown::Bearer(OTHER), from), Err(Denied::TooFast { .. })));
    }
    for _ in 0..10 {
        assert!(ask(Shown::Bearer(KEY), AWAY).is_ok(), "the key has none");
    }
    let key = with_key("\"write\"", "").admit(WRITE, Shown::Bearer(KEY), AWAY);
    assert!(key.is_ok());
    let file = format!(
        "[[api-key]]\nname = \"k\"\nhash = \"{}\"\nscopes = [\"write\"]\nrate = 1",
        digest_of(KEY)
    );
    let slow = access(&file);
    assert!(slow.admit(WRITE, Shown::Bearer(KEY), AWAY).is_ok());
    assert!(matches!(
        slow.admit(WRITE, Shown::Bearer(KEY), HOME),
        Err(Denied::TooFast { caller: Caller::Key(_), limit: 1, .. })
    ));
    assert!(slow.admit(READ, Shown::Nothing, AWAY).is_ok(), "others are not held to it");
}

#[test]
fn a_network_of_version_6_is_one_caller() {
    let access = access("rate = 1");
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    assert!(access.admit(READ, Shown::Nothing, address("2001:db8:1:2::1")).is_ok());
    assert!(access.admit(READ, Shown::Nothing, address("2001:db8:1:2:ffff::9")).is_err());
    assert!(access.admit(READ, Shown::Nothing, address("2001:db8:1:3::1")).is_ok());
}

#[test]
fn only_a_proxy_of_ours_says_where_a_request_comes_from() {
    let open = access("");
    assert_eq!(open.address(AWAY, Some("127.0.0.1")), AWAY);
    let behind = access("trusted-proxy = [\"127.0.0.1\"]");
    assert_eq!(behind.address(HOME, Some("10.0.0.1, 192.0.2.7")), AWAY);
    assert_eq!(behind.address("::ffff:127.0.0.1".parse().unwrap(), Some("192.0.2.7")), AWAY);
    assert_eq!(behind.address(AWAY, Some("127.0.0.1")), AWAY);
    assert_eq!(behind.address(HOME, None), HOME);
    assert_eq!(behind.address(HOME, Some("nonsense")), HOME);
}
