//! The little of JSON (RFC 8259) that is read here: the `code` of a node's problem, ids and places of
//! a page. All of it claims; nothing verified depends on it.

/// The value of a member of an object, if it is a string.
#[must_use]
pub fn member(json: &str, name: &str) -> Option<String> {
    text(value(json, name)?)
}

/// The value of a member of an object, as it stands there.
#[must_use]
pub fn value<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = object.trim().strip_prefix('{')?;
    loop {
        let (key, after) = take_value(rest)?;
        let (found, after) = take_value(after.trim_start().strip_prefix(':')?)?;
        if text(key).as_deref() == Some(name) {
            return Some(found);
        }
        rest = after.trim_start().strip_prefix(',')?;
    }
}

/// The elements of an array, as they stand there; none if it is no array.
#[must_use]
pub fn elements(array: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = array.trim().strip_prefix('[');
    while let Some((element, after)) = rest.and_then(take_value) {
        found.push(element);
        rest = after.trim_start().strip_prefix(',');
    }
    found
}

/// A string's text.
#[must_use]
pub fn text(value: &str) -> Option<String> {
    let mut chars = value.trim().strip_prefix('"')?.chars();
    string(&mut chars)
}

/// The value that `json` begins with, and what follows.
fn take_value(json: &str) -> Option<(&str, &str)> {
    let json = json.trim_start();
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut end = json.len();
    for (at, c) in json.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            '{' | '[' => depth = depth.checked_add(1)?,
            '}' | ']' | ',' | ':' if depth == 0 => {
                end = at;
                break;
            }
            '}' | ']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    let (value, rest) = json.split_at_checked(end)?;
    if value.is_empty() || in_text || depth != 0 { None } else { Some((value.trim_end(), rest)) }
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
    use super::{elements, member, value};

    #[test]
    fn reads_outer_text_members_only() {
        let json = r#"{"type":"/errors/x","in":{"code":"inner"},"list":["code",":"],
            "status":404,"detail":"a \"b\"\n\u00e4","code":"not-in-base"}"#;
        assert_eq!(member(json, "code").as_deref(), Some("not-in-base"));
        assert_eq!(member(json, "detail").as_deref(), Some("a \"b\"\n\u{e4}"));
        assert_eq!(member(json, "status"), None);
        assert_eq!(value(json, "status"), Some("404"));
        assert_eq!(value(json, "in"), Some(r#"{"code":"inner"}"#));
        assert_eq!(member(json, "inner"), None);
        assert_eq!(member(r#"{"code":"#, "code"), None);
        assert_eq!(member(r#"}{"code":"x"}"#, "code"), None);
        assert_eq!(member("<html>", "code"), None);
        assert_eq!(member(r#"{"a":"code","b":"x"}"#, "code"), None);
        assert_eq!(member(r#"{"code":"\uZZZZ"}"#, "code"), None);
    }

    #[test]
    fn reads_elements() {
        assert_eq!(
            elements(r#" [ {"a":[1,2]}, "x,]" , 3 ] "#),
            [r#"{"a":[1,2]}"#, r#""x,]""#, "3"]
        );
        for nothing in ["[]", "", "{}", "null", "[", "[,1]"] {
            assert!(elements(nothing).is_empty(), "{nothing}");
        }
        assert!(elements(&"[".repeat(100_000)).is_empty());
    }
}
