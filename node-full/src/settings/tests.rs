//! Which setting holds, and what is said of those that do not.

use std::collections::BTreeSet;

use super::*;

fn read(file: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Settings, SettingsError> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(SETTINGS_FILE), file).unwrap();
    let lookup = |name: &str| {
        let found = environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::read(dir.path(), None, lookup, flags)
}

#[test]
fn flags_stand_over_the_environment_and_that_over_the_file() {
    assert_eq!(read("", &[], vec![]).unwrap(), Settings::default());
    let file = "listen = \"a:1\"\nblock-time = 10\ncheck-rate = 5\nlog = \"info\"";
    let environment = [("CAIRN_LISTEN", "b:2"), ("CAIRN_BLOCK_TIME", "20")];
    let flags = vec![("listen", Some("c:3".to_owned())), ("metrics", None)];
    let settings = read(file, &environment, flags).unwrap();
    let expected = Settings {
        listen: "c:3".to_owned(),
        block_time: 20,
        check_rate: Some(5),
        log: "info".to_owned(),
        ..Settings::default()
    };
    assert_eq!(settings, expected);
}

#[test]
fn what_is_no_setting_is_said_by_name() {
    let refused = |file: &str| read(file, &[], vec![]).unwrap_err().to_string();
    assert!(refused("lisen = \"a:1\"").contains("lisen"));
    assert!(refused("block-time = \"soon\"").contains("block-time"));
    assert!(refused("block-time = 0").contains("1 to 60000"));
    assert!(refused("check-rate = 0").contains("check-rate"));
    assert!(refused("listen = ").contains(SETTINGS_FILE));
    let missing = Settings::read(Path::new("."), Some(Path::new("no.toml")), |_| None, vec![]);
    assert!(matches!(missing, Err(SettingsError::Missing(_))));
}

#[test]
fn every_setting_but_a_table_has_a_variable() {
    let view = serde_json::to_value(Settings::default()).unwrap();
    let all: BTreeSet<_> = view.as_object().unwrap().keys().map(String::as_str).collect();
    let tables = ["api-key", "jwt", "validator"];
    assert_eq!(all, NAMES.into_iter().chain(LISTS).chain(tables).collect());
}

#[test]
fn peers_are_a_key_and_a_place() {
    let key = "0a".repeat(32);
    let file = format!("[validator]\nlisten = \"0.0.0.0:8430\"\npeers = [\"{key}@b:8430\"]");
    let validator = read(&file, &[], vec![]).unwrap().validator.unwrap();
    assert_eq!(validator.listen.as_deref(), Some("0.0.0.0:8430"));
    assert_eq!(validator.addresses().unwrap()[0].at, "b:8430");
    let refused = read("[validator]\npeers = [\"b:8430\"]", &[], vec![]).unwrap_err();
    assert!(refused.to_string().contains("write KEYID@host:port"), "{refused}");
}

#[test]
fn a_password_is_not_shown() {
    let shown = |url: &str| {
        let settings = read(&format!("publish-head = \"{url}\""), &[], vec![]).unwrap();
        serde_json::to_value(settings).unwrap()["publish-head"].as_str().unwrap().to_owned()
    };
    assert_eq!(shown("postgres://cairn:s3cret@db/heads"), "postgres://cairn@db/heads");
    assert_eq!(shown("postgres://cairn@db/heads"), "postgres://cairn@db/heads");
    assert_eq!(shown("postgres://u:p@ss@db/heads"), "postgres://u@db/heads");
}
