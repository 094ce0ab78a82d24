//! Where the verifier can be broken, found in its syntax trees.
#![expect(clippy::wildcard_enum_match_arm, reason = "syntax has many forms, and few can be broken")]

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Attribute, BinOp, Block, Expr, Item, Lit, RangeLimits, ReturnType, Signature, Stmt, Type,
};

/// One break: some bytes of one file, replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    /// Path below the source folder.
    pub(crate) file: String,
    /// 1-based.
    pub(crate) line: usize,
    /// 1-based, in characters.
    pub(crate) column: usize,
    /// That line, trimmed.
    pub(crate) source: String,
    /// What is done, as `mutants.txt` names it.
    pub(crate) kind: String,
    /// The byte of the file that stands for the place.
    pub(crate) anchor: usize,
    range: Range<usize>,
    replacement: String,
}

impl Mutant {
    /// The module of the crate that it is in.
    pub(crate) fn module(&self) -> &str {
        let first = self.file.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The file's text with the break.
    pub(crate) fn apply(&self, text: &str) -> Option<String> {
        let (before, after) = (text.get(..self.range.start)?, text.get(self.range.end..)?);
        Some([before, &self.replacement, after].concat())
    }
}

/// Every mutant of a crate, in the order of its modules; tests, and code that is not built with
/// all features, are left out.
pub(crate) fn find(src: &Path) -> Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    let mut files = vec![PathBuf::from("lib.rs")];
    while let Some(file) = files.pop() {
        let path = src.join(&file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let tree = syn::parse_file(&text).with_context(|| format!("in {}", path.display()))?;
        for name in modules(&tree).into_iter().rev() {
            files.push(child(src, &file, &name)?);
        }
        mutants.extend(of_file(&file.to_string_lossy(), &text, &tree));
    }
    Ok(mutants)
}

/// The modules that a file declares and that are in files of their own.
fn modules(tree: &syn::File) -> Vec<String> {
    let declared = tree.items.iter().filter_map(|item| match item {
        Item::Mod(item) if item.content.is_none() && !is_left_out(&item.attrs) => Some(item),
        _ => None,
    });
    declared.map(|item| item.ident.to_string()).collect()
}

fn child(src: &Path, parent: &Path, name: &str) -> Result<PathBuf> {
    let dir = match parent.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "mod") => parent.parent().unwrap_or_else(|| Path::new("")).to_path_buf(),
        _ => parent.with_extension(""),
    };
    let places = [dir.join(format!("{name}.rs")), dir.join(name).join("mod.rs")];
    let found = places.into_iter().find(|place| src.join(place).is_file());
    match found {
        Some(file) => Ok(file),
        None => bail!("no file of module `{name}`, which {} declares", parent.display()),
    }
}

fn of_file(file: &str, text: &str, tree: &syn::File) -> Vec<Mutant> {
    let mut finder = Finder { text, sites: Vec::new() };
    finder.visit_file(tree);
    let whole = |site: Site| {
        let before = text.get(..site.anchor).unwrap_or_default();
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        Mutant {
            file: file.to_owned(),
            line: line.saturating_add(1),
            column: column.saturating_add(1),
            source: text.lines().nth(line).unwrap_or_default().trim().to_owned(),
            kind: site.kind,
            anchor: site.anchor,
            range: site.range,
            replacement: site.replacement,
        }
    };
    let mut mutants: Vec<Mutant> = finder.sites.into_iter().map(whole).collect();
    mutants.retain(|mutant| text.get(mutant.range.clone()) != Some(&*mutant.replacement));
    mutants.sort_by_key(|mutant| mutant.anchor);
    mutants
}

struct Site {
    range: Range<usize>,
    anchor: usize,
    kind: String,
    replacement: String,
}

/// Whether an item is of tests, or absent when every feature is on.
fn is_left_out(attrs: &[Attribute]) -> bool {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).any(|attr| {
        let syn::Meta::List(list) = &attr.meta else { return false };
        let condition = list.tokens.to_string();
        condition == "test" || condition.starts_with("not")
    })
}

struct Finder<'t> {
    text: &'t str,
    sites: Vec<Site>,
}

impl Finder<'_> {
    fn replace(&mut self, range: Range<usize>, kind: &str, text: &str) {
        let (anchor, replacement) = (range.start, text.to_owned());
        self.sites.push(Site { range, anchor, kind: kind.to_owned(), replacement });
    }

    fn source(&self, expr: &Expr) -> &str {
        self.text.get(expr.span().byte_range()).unwrap_or_default()
    }

    fn negate(&mut self, condition: &Expr) {
        // `==` and `!=` are negated by their own operator's mutant; `let` cannot be.
        let is_equality = matches!(condition, Expr::Binary(binary)
            if matches!(binary.op, BinOp::Eq(_) | BinOp::Ne(_)));
        if !is_equality && !has_let(condition) {
            let negated = format!("!({})", self.source(condition));
            self.replace(condition.span().byte_range(), "negate", &negated);
        }
    }

    /// One more and one less than a number that something is moved by.
    fn offset(&mut self, by: &Expr) {
        let Expr::Lit(literal) = by else { return };
        let Lit::Int(number) = &literal.lit else { return };
        let Ok(value) = number.base10_parse::<u64>() else { return };
        for other in [value.checked_sub(1), value.checked_add(1)].into_iter().flatten() {
            let text = format!("{other}{}", number.suffix());
            self.replace(number.span().byte_range(), &format!("{value} to {other}"), &text);
        }
    }

    fn body(&mut self, signature: &Signature, body: &Block) {
        let texts: &[&str] = match &signature.output {
            ReturnType::Type(_, output) if is_result_of_nothing(output) => &["Ok(())"],
            ReturnType::Type(_, output) if is_bool(output) => &["true", "false"],
            _ => &[],
        };
        for text in texts {
            self.sites.push(Site {
                range: body.span().byte_range(),
                anchor: signature.ident.span().byte_range().start,
                kind: format!("body to {text}"),
                replacement: format!("{{ {text} }}"),
            });
        }
    }
}

fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        Expr::Paren(paren) => has_let(&paren.expr),
        _ => false,
    }
}

fn is_bool(output: &Type) -> bool {
    matches!(output, Type::Path(path) if path.path.is_ident("bool"))
}

fn is_result_of_nothing(output: &Type) -> bool {
    let Type::Path(path) = output else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let syn::PathArguments::AngleBracketed(generics) = &last.arguments else { return false };
    let first = generics.args.first();
    let is_unit = matches!(first, Some(syn::GenericArgument::Type(Type::Tuple(tuple)))
        if tuple.elems.is_empty());
    last.ident == "Result" && is_unit
}

const fn swapped(op: &BinOp) -> Option<(&'static str, &'static str)> {
    Some(match op {
        BinOp::Lt(_) => ("< to <=", "<="),
        BinOp::Le(_) => ("<= to <", "<"),
        BinOp::Gt(_) => ("> to >=", ">="),
        BinOp::Ge(_) => (">= to >", ">"),
        BinOp::Eq(_) => ("== to !=", "!="),
        BinOp::Ne(_) => ("!= to ==", "=="),
        BinOp::And(_) => ("&& to ||", "||"),
        BinOp::Or(_) => ("|| to &&", "&&"),
        _ => return None,
    })
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_left_out(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_left_out(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_left_out(&item.attrs) {
            self.body(&item.sig, &item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_left_out(&item.attrs) {
            self.body(&item.sig, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        // Once as if the check were not there, once as if nobody looked at its result.
        if let Stmt::Expr(Expr::Try(checked), Some(_)) = statement {
            let range = statement.span().byte_range();
            let ignored = format!("let _ = {};", self.source(&checked.expr));
            self.replace(range.clone(), "drop", "");
            // A reader keeps what it refused, whoever looks: nothing is decoded from it then.
            if !is_readers(&checked.expr) {
                self.replace(range, "ignore", &ignored);
            }
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr_if(&mut self, expr: &'ast syn::ExprIf) {
        self.negate(&expr.cond);
        visit::visit_expr_if(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some((_, guard)) = &arm.guard {
            self.negate(guard);
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        if let Some((kind, text)) = swapped(&expr.op)
            && !has_let(&expr.left)
            && !has_let(&expr.right)
        {
            self.replace(expr.op.span().byte_range(), kind, text);
        }
        if let BinOp::Add(_) | BinOp::Sub(_) | BinOp::AddAssign(_) | BinOp::SubAssign(_) = expr.op {
            self.offset(&expr.right);
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        if let Some(by) = call.args.first()
            && (name.ends_with("_add") || name.ends_with("_sub"))
        {
            self.offset(by);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_range(&mut self, range: &'ast syn::ExprRange) {
        if range.end.is_some() {
            let (kind, text) = match range.limits {
                RangeLimits::HalfOpen(_) => (".. to ..=", "..="),
                RangeLimits::Closed(_) => ("..= to ..", ".."),
            };
            self.replace(range.limits.span().byte_range(), kind, text);
        }
        visit::visit_expr_range(self, range);
    }
}

/// Whether a call is one of the verifier's `Reader`, which goes by that name there, or gets it.
fn is_readers(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(call) => is_readers(&call.receiver) || call.args.iter().any(is_readers),
        Expr::Call(call) => call.args.iter().any(is_readers),
        Expr::Path(path) => path.path.is_ident("reader"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
