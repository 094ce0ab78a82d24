//! The little of JSON (RFC 8259) that is read here: one text member of an object, such as the
//! `code` of a node's problem. Nothing verified depends on it.

/// The value of a member of the outermost object, if it is a string.
#[must_use]
pub fn member(json: &str, name: &str) -> Option<String> {
    let mut depth = 0_usize;
    let mut key: Option<String> = None;
    let mut is_value = false;
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let text = string(&mut chars)?;
                match (depth, is_value) {
                    (1, false) => key = Some(text),
                    (1, true) if key.as_deref() == Some(name) => return Some(text),
                    _ => {}
                }
            }
            '{' | '[' => depth = depth.checked_add(1)?,
            '}' | ']' => depth = depth.checked_sub(1)?,
            ':' if depth == 1 => is_value = true,
            ',' if depth == 1 => is_value = false,
            _ => {}
        }
    }
    None
}

/// The rest of a string whose opening quote was read.
fn string(chars: &mut std::str::Chars<'_>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => unit(chars)?,
                plain => plain,
            }),
            c => text.push(c),
        }
    }
}

/// A `\u` escape; half of a surrogate pair becomes the replacement character.
fn unit(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let mut code = 0_u32;
    for _ in 0..4 {
        code = code.checked_mul(16)?.checked_add(chars.next()?.to_digit(16)?)?;
    }
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::member;

    #[test]
    fn reads_outer_text_members_only() {
        let json = r#"{"type":"/errors/x","in":{"code":"inner"},"list":["code",":"],
            "status":404,"detail":"a \"b\"\n\u00e4","code":"not-in-base"}"#;
        assert_eq!(member(json, "code").as_deref(), Some("not-in-base"));
        assert_eq!(member(json, "detail").as_deref(), Some("a \"b\"\n\u{e4}"));
        assert_eq!(member(json, "status"), None);
        assert_eq!(member(json, "inner"), None);
        assert_eq!(member(r#"{"code":"#, "code"), None);
        assert_eq!(member(r#"}{"code":"x"}"#, "code"), None);
        assert_eq!(member("<html>", "code"), None);
        assert_eq!(member(r#"{"a":"code","b":"x"}"#, "code"), None);
        assert_eq!(member(r#"{"code":"\uZZZZ"}"#, "code"), None);
    }
}
