use super::*;

/// The kinds of a text's mutants and the texts they make.
fn made(text: &str) -> Vec<(String, String)> {
    let mutants = of_file("a.rs", text, &syn::parse_file(text).unwrap());
    mutants.iter().map(|mutant| (mutant.kind.clone(), mutant.apply(text).unwrap())).collect()
}

fn check(text: &str, want: &[(&str, &str)]) {
    let found = made(text);
    let found: Vec<_> = found.iter().map(|(kind, text)| (kind.as_str(), text.as_str())).collect();
    assert_eq!(found, want);
}

#[test]
fn conditions_are_negated_over_lines() {
    check("fn f() { if g(\n1) { } }", &[("negate", "fn f() { if !(g(\n1)) { } }")]);
    check("fn f() { if let Some(_) = g() { } }", &[]);
    check(
        "fn f() { match g() { x if h(x) => {} _ => {} } }",
        &[("negate", "fn f() { match g() { x if !(h(x)) => {} _ => {} } }")],
    );
}

#[test]
fn operators_are_swapped_once() {
    check("fn f() { if a == b { } }", &[("== to !=", "fn f() { if a != b { } }")]);
    check(
        "fn f() { if a < 2 { } }",
        &[("negate", "fn f() { if !(a < 2) { } }"), ("< to <=", "fn f() { if a <= 2 { } }")],
    );
    check("fn f(x: Vec<u8>) { g(a && b) }", &[("&& to ||", "fn f(x: Vec<u8>) { g(a || b) }")]);
    check("fn f() { g(0..n) }", &[(".. to ..=", "fn f() { g(0..=n) }")]);
    check("fn f() { g(2..) }", &[]);
}

#[test]
fn numbers_move_by_one_both_ways() {
    check(
        "fn f() { a.saturating_add(1) }",
        &[
            ("1 to 0", "fn f() { a.saturating_add(0) }"),
            ("1 to 2", "fn f() { a.saturating_add(2) }"),
        ],
    );
    check(
        "fn f() { a - 3_u64 }",
        &[("3 to 2", "fn f() { a - 2u64 }"), ("3 to 4", "fn f() { a - 4u64 }")],
    );
    check("fn f() { a.min(1) }", &[]);
}

#[test]
fn checks_are_dropped_and_bodies_replaced() {
    check(
        "fn f() -> Result<(), E> { check(1)?; g() }",
        &[
            ("body to Ok(())", "fn f() -> Result<(), E> { Ok(()) }"),
            ("drop", "fn f() -> Result<(), E> {  g() }"),
            ("ignore", "fn f() -> Result<(), E> { let _ = check(1); g() }"),
        ],
    );
    check("fn f() -> Result<u8, E> { let x = check()?; g(x) }", &[]);
    check(
        "fn f() -> Result<u8, E> { reader.version(1)?; g() }",
        &[("drop", "fn f() -> Result<u8, E> {  g() }")],
    );
    check("fn f() -> bool { true }", &[("body to false", "fn f() -> bool { false }")]);
}

#[test]
fn tests_and_absent_code_are_left_alone() {
    check("#[cfg(test)]\nmod tests { fn f() -> bool { a < b } }", &[]);
    check("#[cfg(not(feature = \"alloc\"))]\nfn f() -> bool { a < b }", &[]);
    let tree = syn::parse_file("mod a;\n#[cfg(test)]\nmod tests;\nmod b { }").unwrap();
    assert_eq!(modules(&tree), ["a"]);
}

#[test]
fn a_mutant_says_where_it_is() {
    let text = "\n\nfn f() {\n    g(a < b)\n}\n";
    let mutants = of_file("tree/mod.rs", text, &syn::parse_file(text).unwrap());
    let [mutant] = mutants.as_slice() else { panic!("one mutant") };
    assert_eq!((mutant.line, mutant.column, mutant.source.as_str()), (4, 9, "g(a < b)"));
    assert_eq!(mutant.module(), "tree");
}
