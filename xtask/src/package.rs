//! `cargo xtask npm`: the npm package as it is published, tried in the runtimes that it is for, and
//! built twice to see that the same source gives the same bytes.

use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::ValueEnum;
use sha2::{Digest as _, Sha384};

use crate::build::{self, Part};
use crate::tools::{self, missing};
use crate::{browser, modules, notes, npm, say};

/// Programs of other runtimes and bundlers, and what tries the package in them.
const RUNTIMES: &str = "tests/runtimes";
const DIST: &str = "pkg/dist";

#[derive(clap::Args)]
pub(crate) struct Npm {
    /// Try the tarball in the runtimes and bundlers that it is for
    #[arg(long, value_enum, value_name = "HOW MANY", num_args = 0..=1, default_missing_value = "quick")]
    matrix: Option<Matrix>,
    /// Build two clean checkouts of the last commit in different places, and compare the bytes
    #[arg(long)]
    reproduce: bool,
    /// Pack what is built already
    #[arg(long)]
    no_build: bool,
    /// Build the page too, and print what the notes of a release say of all bytes
    #[arg(long, conflicts_with_all = ["reproduce", "no_build"])]
    notes: bool,
}

/// How much of the matrix.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Matrix {
    /// All but Next
    Quick,
    /// Next too, which takes minutes
    All,
}

/// Builds, packs, and does what was asked for.
pub(crate) fn npm(args: &Npm) -> Result<()> {
    if args.reproduce {
        return reproduce();
    }
    if !args.no_build {
        build::build(Part::Pkg)?;
    }
    if args.notes {
        build::build(Part::Ui)?;
    }
    let tarball = pack(&tools::target("npm"))?;
    args.matrix.map_or(Ok(()), matrix)?;
    if args.notes { notes::print(&tarball) } else { Ok(()) }
}

/// The step of `cargo xtask test`.
pub(crate) fn step() -> Result<()> {
    pack(&tools::target("npm"))?;
    matrix(Matrix::Quick)
}

/// Writes the tarball and says how long it is and what its digest is.
fn pack(out: &Path) -> Result<PathBuf> {
    build::remove_dir(out)?;
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    npm::node()?;
    let mut command = Command::new("npm");
    command.args(["pack", "--silent", "--pack-destination"]).arg(absolute(out)?);
    tools::output(command.current_dir(build::PKG))?;
    let made = build::files(out)?;
    let [tarball] = made.as_slice() else { bail!("npm packed {} files, not one", made.len()) };
    let bytes = fs::read(tarball).with_context(|| tarball.display().to_string())?;
    say::line(&format!("{:>12} bytes  {}", bytes.len(), tarball.display()));
    say::line(&format!("              {}", integrity(&bytes)));
    Ok(tarball.clone())
}

fn matrix(matrix: Matrix) -> Result<()> {
    npm::ensure_packages()?;
    npm::ensure_packages_of(Path::new(RUNTIMES))?;
    if matrix == Matrix::All {
        npm::ensure_packages_of(&Path::new(RUNTIMES).join("next"))?;
    }
    let packed = build::files(&tools::target("npm"))?;
    let tarball = packed.first().context("nothing is packed")?;
    let mut test = npm::test(RUNTIMES)?;
    test.env("CAIRN_TARBALL", absolute(tarball)?)
        .env("CAIRN_RUNTIMES", absolute(tools::target("runtimes"))?)
        .env("CHROMIUM", browser::chromium()?);
    if build::node_bin().is_file() {
        test.env("CAIRN_BIN", absolute(build::node_bin())?);
    }
    if matrix == Matrix::All {
        test.env("CAIRN_MATRIX", "all");
    }
    tools::run(&mut test)
}

/// `cargo xtask bench-web`: page and package in Chromium against a real node, beside other projects'
/// light clients, which are installed for it and removed again.
pub(crate) fn bench_web(args: &npm::Bench) -> Result<()> {
    if !build::node_bin().is_file() || !build::ui_dir().is_dir() {
        bail!("page or node is not built; run `cargo xtask build`");
    }
    npm::ensure_packages()?;
    npm::ensure_packages_of(Path::new(RUNTIMES))?;
    let tarball = pack(&tools::target("npm"))?;
    let cases = tools::target("bench-wasm");
    modules::bench(&cases)?;
    let mut command = npm::node()?;
    command
        .arg("tests/bench/web.mjs")
        .args(args.flags())
        .env("CAIRN_BENCH_CASES", absolute(cases)?)
        .env("CAIRN_TARBALL", absolute(tarball)?)
        .env("CHROMIUM", browser::chromium()?);
    tools::run(&mut command)
}

/// Copies what the package publishes.
pub(crate) fn copy_to(out: &Path) -> Result<()> {
    let manifest = Path::new(build::PKG).join("package.json");
    let text = fs::read(&manifest).with_context(|| manifest.display().to_string())?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).context("pkg/package.json")?;
    let files = manifest
        .get("files")
        .and_then(|files| files.as_array())
        .context("pkg/package.json has no `files`")?;
    for name in files.iter().filter_map(serde_json::Value::as_str).chain(["package.json"]) {
        let (from, to) = (Path::new(build::PKG).join(name), out.join(name));
        if let Some(dir) = to.parent() {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        let advice = "run `cargo xtask build pkg`";
        fs::copy(&from, &to).with_context(|| format!("no {}; {advice}", from.display()))?;
    }
    Ok(())
}

/// What `integrity` of a script, a fetch or a lock file holds.
pub(crate) fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", BASE64.encode(Sha384::digest(bytes)))
}

/// Writes, beside the modules, their digests and one of them as a script. Returns nothing new for a
/// build to print: both are small beside what they are of, or as long as it.
pub(crate) fn finish(dist: &Path) -> Result<()> {
    let mut script =
        String::from("// What the build gave. A fetch with `integrity` takes no other bytes.\n");
    let mut types =
        String::from("// The digests of this package's modules, as `integrity` takes them.\n");
    for file in
        build::files(dist)?.iter().filter(|file| file.extension().is_some_and(|end| end == "wasm"))
    {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        script += &format!("export const {name} = \"{}\";\n", integrity(&bytes));
        types += &format!("export declare const {name}: string;\n");
    }
    let module =
        fs::read(dist.join("light_client_bg.wasm")).context("no module of the light client")?;
    let inline = format!(
        "// `light_client_bg.wasm`, deflated.\nexport default \"{}\";\n",
        deflated(&module)?
    );
    for (name, text) in
        [("integrity.js", script), ("integrity.d.ts", types), ("light_client_inline.js", inline)]
    {
        let path = dist.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// A script without comments and indentation: what is generated, or published elsewhere.
pub(crate) fn squeezed(script: &str) -> String {
    let lines = script.lines().map(str::trim);
    let is_code = |line: &&str| {
        let comment = ["//", "/*", "* ", "*/"].iter().any(|begin| line.starts_with(begin));
        !(line.is_empty() || *line == "*" || comment)
    };
    lines.filter(is_code).collect::<Vec<_>>().join("\n")
}

/// Takes comments and indentation out of a script that was generated.
pub(crate) fn squeeze(script: &Path) -> Result<()> {
    let text = fs::read_to_string(script).with_context(|| script.display().to_string())?;
    fs::write(script, squeezed(&text)).with_context(|| script.display().to_string())
}

/// A raw deflate stream as text, as `unpack` in the package's scripts takes it.
pub(crate) fn deflated(bytes: &[u8]) -> Result<String> {
    let mut packed = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Deflate, bytes, &mut packed)
        .context("cannot deflate")?;
    Ok(digits(&packed))
}

/// Five digits of base 85 for four bytes, one more than there are bytes for the last ones: seven
/// percent shorter than base64. The digits are the letters from `(` to `~` without `<`, which could
/// end a script, and the backslash, which a string would swallow.
fn digits(bytes: &[u8]) -> String {
    let digits: Vec<char> = ('('..='~').filter(|digit| !matches!(digit, '<' | '\\')).collect();
    let digit =
        |value: u32| usize::try_from(value % 85).ok().and_then(|at| digits.get(at)).copied();
    let mut text = String::new();
    for group in bytes.chunks(4) {
        let mut four = [0; 4];
        four.iter_mut().zip(group).for_each(|(to, from)| *to = *from);
        let word = u32::from_be_bytes(four);
        let powers = (0..5).rev().filter_map(|power| word.checked_div(85_u32.pow(power)));
        text.extend(powers.filter_map(digit).take(group.len().saturating_add(1)));
    }
    text
}

/// Builds package and page of the last commit in two places with names of different lengths, from nothing.
fn reproduce() -> Result<()> {
    let root = tools::target("reproduce");
    build::remove_dir(&root)?;
    let places = [root.join("one"), root.join("another place, of a longer name/two")];
    let mut made = Vec::new();
    for place in &places {
        checkout(place)?;
        let xtask = std::env::current_exe().context("cannot find our own program")?;
        let mut command = Command::new(xtask);
        command.args(["npm", "--notes"]).current_dir(place).env_remove("CARGO_TARGET_DIR");
        tools::run(&mut command)?;
        made.push(outcome(place)?);
    }
    let [one, two] = made.as_slice() else { bail!("two places make two outcomes") };
    for ((name, digest), (other, twin)) in one.iter().zip(two) {
        let same = name == other && digest == twin;
        say::line(&format!("{}  {name}  {digest}", if same { "same " } else { "OTHER" }));
    }
    if one != two {
        bail!("the same source gave different bytes; both are kept below {}", root.display());
    }
    build::remove_dir(&root)
}

fn checkout(place: &Path) -> Result<()> {
    if let Some(above) = place.parent() {
        fs::create_dir_all(above).with_context(|| format!("cannot make {}", above.display()))?;
    }
    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet", "--no-hardlinks", "."]).arg(place);
    tools::run(&mut clone).map_err(|error| missing(format!("{error}; this needs a git checkout")))
}

/// The digests of what a checkout made, by name.
fn outcome(place: &Path) -> Result<Vec<(String, String)>> {
    let mut files = build::files(&place.join(DIST))?;
    files.extend(build::files(&place.join("target/npm"))?);
    files.extend(build::files(&place.join("target/ui"))?);
    let digest = |file: &PathBuf| {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, integrity(&bytes)))
    };
    files.iter().map(digest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_as_browsers_take_them() {
        // The example of the W3C's Subresource Integrity, section 3.1.
        let script = b"alert('Hello, world.');";
        let digest = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";
        assert_eq!(integrity(script), digest);
    }

    #[test]
    fn digits_are_safe_in_a_string_in_a_page() {
        let every: Vec<u8> = (0..=255).flat_map(|byte| [byte, 255 - byte, byte ^ 0x5a]).collect();
        let text = digits(&every);
        assert_eq!(text.len(), every.len().div_ceil(4) * 5);
        assert!(text.bytes().all(|digit| (b'('..=b'~').contains(&digit)));
        assert!(!text.contains(['<', '\\', '"']));
        assert_eq!(digits(&[0]), "((");
        assert_eq!(digits(&[255]), "{{");
    }
}
