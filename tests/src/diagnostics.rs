//! The table of rules, the pages of `docs/diagnostics/`, and the sources agree; the examples of the pages hold; findings look as they should.
//!
//! A page opens with `# CODE: name`. Under `## Example` stands a `python` block that has exactly this finding, and a `diagnostic` block:
//! what `spc check` prints of it, or `spc lint --perf` of `PF` codes. Under `## Instead` stands one that `spc check` has nothing to say about; it is run, and must print
//! what the `output` block behind it says. `python NAME` blocks are other files in the same folder. A finding that no source can have is
//! shown by a `console` block instead. `SPC_BLESS=1` writes what is printed into the pages.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base::rule::{self, RULES};

use crate::command::spc;
use crate::harness::{files, root};

/// The file of an example.
const EXAMPLE: &str = "example.py";

fn pages() -> Vec<(String, PathBuf)> {
    let code = |path: &PathBuf| path.file_stem().expect("pages have names").to_string_lossy().into_owned();
    files(&root().join("docs/diagnostics"), "md").into_iter().map(|path| (code(&path), path)).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("pages and sources are text")
}

/// A folder for examples that vanishes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("spc-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Self(path)
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("files lie in folders")).expect("folders can be made");
        std::fs::write(path, contents).expect("a temporary file can be written");
    }

    /// Runs `spc` here, without a terminal.
    fn spc(&self, spc: &Path, args: &[&str]) -> Output {
        let mut command = Command::new(spc);
        command.args(args).current_dir(&self.0).env_remove("FORCE_COLOR").env_remove("PYTHONPATH");
        command.output().expect("spc starts")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the temporary folder can be removed");
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every `SPxxxx` and `PFxxxx` in quotes in the sources of the stages that report.
fn codes_in_sources() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in ["lexer", "parser", "typeck", "emit", "host", "spc"] {
        for path in files(&root().join(name), "rs") {
            let source = read(&path);
            let is_code = |word: &&str| word.len() == 6 && (word.starts_with("SP") || word.starts_with("PF"));
            let words = source.split('"').filter(is_code);
            found.extend(
                words.filter(|word| word[2..].bytes().all(|c| c.is_ascii_digit())).map(str::to_owned),
            );
        }
    }
    found
}

#[test]
fn codes_in_sources_are_those_of_the_table() {
    let table: BTreeSet<String> = RULES.iter().map(|rule| rule.code.to_owned()).collect();
    assert_eq!(codes_in_sources(), table);
}

#[test]
fn every_code_has_a_page() {
    let pages = pages();
    let names: Vec<&str> = pages.iter().map(|(code, _)| code.as_str()).collect();
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert_eq!(names, codes);
    for (code, path) in &pages {
        let rule = rule::find(code).expect("the lists are the same");
        let (page, title) = (read(path), format!("# {code}: {}\n", rule.name));
        assert!(page.starts_with(&title), "{code} opens with {title}");
        assert!(page.lines().count() <= 70, "{code} is short");
    }
}

/// One fenced block of a page.
struct Block<'p> {
    /// `python`, `diagnostic`, `output` or `console`, and what stands behind that.
    kind: &'p str,
    text: &'p str,
}

/// The blocks of a page below a heading.
fn blocks<'p>(page: &'p str, heading: &str) -> Vec<Block<'p>> {
    let section = page.split("\n## ").find_map(|section| section.strip_prefix(heading)).unwrap_or_default();
    let fences = section.split("\n```").skip(1).step_by(2);
    fences
        .map(|fence| {
            let (kind, text) = fence.split_once('\n').unwrap_or((fence, ""));
            Block { kind, text }
        })
        .collect()
}

/// A block's lines, each with its end.
fn lines(block: &Block<'_>) -> String {
    if block.text.is_empty() { String::new() } else { format!("{}\n", block.text) }
}

/// Writes the files of a section; whether there is an example.
fn write_files(folder: &Folder, blocks: &[Block<'_>]) -> bool {
    for block in blocks {
        if let Some(name) = block.kind.strip_prefix("python") {
            let name = if name.is_empty() { EXAMPLE } else { name.trim() };
            folder.write(name, lines(block));
        }
    }
    blocks.iter().any(|block| block.kind == "python")
}

fn text_of(blocks: &[Block<'_>], kind: &str) -> Option<String> {
    blocks.iter().find(|block| block.kind == kind).map(lines)
}

/// The command that finds a code.
fn command_for(code: &str) -> &'static [&'static str] {
    if code.starts_with("PF") { &["lint", "--perf"] } else { &["check"] }
}

/// What is wrong with the first example of a page.
fn check_example(spc: &Path, code: &str, path: &Path) -> Result<(), String> {
    let page = read(path);
    let found = blocks(&page, "Example");
    let folder = Folder::new(&format!("example-{code}"));
    if !write_files(&folder, &found) {
        let is_shown = text_of(&found, "console").is_some_and(|text| text.contains(&format!("[{code}]")));
        return is_shown.then_some(()).ok_or_else(|| "no example".to_owned());
    }
    let command = command_for(code);
    let concise = folder.spc(spc, &[command, &["--output-format=concise", EXAMPLE]].concat());
    let codes: BTreeSet<String> = printed(&concise)
        .lines()
        .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()))
        .collect();
    if codes != BTreeSet::from([code.to_owned()]) {
        return Err(format!("finds {codes:?}\n{}", printed(&concise)));
    }
    let full = printed(&folder.spc(spc, &[command, &[EXAMPLE]].concat()));
    let shown = full.rsplit_once("\n\nfound ").map_or(full.trim_end(), |(shown, _)| shown);
    let wanted = text_of(&found, "diagnostic").ok_or("no diagnostic")?;
    if format!("{shown}\n") == wanted {
        return Ok(());
    }
    if std::env::var_os("SPC_BLESS").is_some() {
        let (old, new) = (format!("```diagnostic\n{wanted}```"), format!("```diagnostic\n{shown}\n```"));
        std::fs::write(path, page.replace(&old, &new)).expect("pages can be written");
    }
    Err(format!("prints\n{shown}"))
}

/// What is wrong with the second example of a page.
fn check_correction(spc: &Path, code: &str, path: &Path) -> Result<(), String> {
    let page = read(path);
    let found = blocks(&page, "Instead");
    let folder = Folder::new(&format!("correction-{code}"));
    let others = blocks(&page, "Example").into_iter().filter(|block| block.kind.starts_with("python "));
    write_files(&folder, &others.collect::<Vec<_>>());
    if !write_files(&folder, &found) {
        return Err("no program".to_owned());
    }
    for command in [&["check"], command_for(code)] {
        let checked = folder.spc(spc, &[command, &[EXAMPLE]].concat());
        if checked.status.code() != Some(0) || !checked.stdout.is_empty() {
            return Err(printed(&checked));
        }
    }
    let run = folder.spc(spc, &["run", EXAMPLE]);
    let errors = String::from_utf8_lossy(&run.stderr);
    let wanted = text_of(&found, "output").unwrap_or_default();
    let is_right = run.status.success() && errors.is_empty() && printed(&run) == wanted;
    is_right.then_some(()).ok_or_else(|| format!("prints\n{}{errors}", printed(&run)))
}

#[test]
fn examples_of_the_pages_hold() {
    let (spc, mut wrong) = (spc(), Vec::new());
    for (code, path) in pages() {
        for outcome in [check_example(&spc, &code, &path), check_correction(&spc, &code, &path)] {
            wrong.extend(outcome.err().map(|why| format!("{code}: {why}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What `spc` prints in `tests/check`, and its exit code, beside the snapshot of this name.
fn compare(name: &str, args: &[&str], code: i32) {
    let folder = root().join("tests/check");
    let mut command = Command::new(spc());
    command.args(args).current_dir(&folder).env_remove("FORCE_COLOR").env_remove("PYTHONPATH");
    let output = command.output().expect("spc starts");
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    insta::with_settings!({
        snapshot_path => folder.join("snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, printed(&output));
    });
}

/// Every format, of a tree with all kinds of trouble in it.
#[test]
fn findings_look_as_they_should() {
    for format in ["full", "concise", "json", "github"] {
        compare(format, &["check", "--output-format", format, "tree", "no_such_folder"], 1);
    }
}

/// Nothing is wrong with these modules, and all that is slow in them is found.
#[test]
fn slow_paths_are_found() {
    compare("correct", &["check", "perf"], 0);
    compare("perf", &["lint", "--perf", "perf"], 0);
}

#[test]
fn findings_are_coloured_on_request_only() {
    let (spc, folder) = (spc(), Folder::new("colours"));
    folder.write(EXAMPLE, "x = 'a' is 1\n");
    for (variables, is_coloured) in [
        (&[][..], false),
        (&[("FORCE_COLOR", "1")], true),
        (&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
        (&[("FORCE_COLOR", "1"), ("NO_COLOR", "")], true),
    ] {
        let mut command = Command::new(&spc);
        command
            .args(["check", EXAMPLE])
            .current_dir(&folder.0)
            .env_remove("FORCE_COLOR")
            .env_remove("NO_COLOR");
        let output = command.envs(variables.iter().copied()).output().expect("spc starts");
        assert_eq!(printed(&output).contains("\x1b["), is_coloured, "{variables:?}");
        assert_eq!(output.status.code(), Some(0), "a warning is no error");
    }
}

#[test]
fn files_are_checked_as_parts_of_their_packages() {
    let (spc, folder) = (spc(), Folder::new("packages"));
    let shapes = "import __static__\nclass Circle:\n    pass\n";
    folder.write("src/shapes/__init__.py", "");
    folder.write("src/shapes/circle.py", shapes);
    folder.write("src/shapes/use.py", "import __static__\nfrom .circle import Circel\nimport shapes.use\n");
    folder.write("src/tools/use.py", "import __static__\nfrom shapes.circle import Circel\n");
    folder.write("src/clean.py", "import __static__\nfrom shapes.circle import Circle\n");
    folder.write("src/env/pyvenv.cfg", "");
    folder.write("src/env/installed.py", "def broken(:\n");
    let concise = |arguments: &[&str]| {
        printed(&folder.spc(&spc, &[&["check", "--output-format=concise"], arguments].concat()))
    };
    let missing = |path: &str, column: u32| {
        format!(
            "{path}:2:{column}: error[SP0151] cannot import name 'Circel' from 'shapes.circle' (did you mean `Circle`?)\n"
        )
    };
    let (inside, beside) = (missing("src/shapes/use.py", 21), missing("src/tools/use.py", 27));
    assert_eq!(concise(&["src"]), format!("{inside}{beside}"));
    assert_eq!(
        concise(&[]),
        format!("{inside}src/tools/use.py:2:1: warning[SP0152] no module named 'shapes'\n")
    );
    assert_eq!(concise(&["src/shapes/use.py"]), inside);
    assert_eq!(concise(&["src/clean.py"]), "");
}

#[test]
fn codes_are_explained() {
    let (spc, folder) = (spc(), Folder::new("explained"));
    for (code, path) in pages() {
        let page = read(&path);
        let name = rule::find(&code).expect("every page has a rule").name;
        assert_eq!(printed(&folder.spc(&spc, &["explain", &code.to_lowercase()])), page);
        assert_eq!(printed(&folder.spc(&spc, &["explain", name])), page);
    }
    let list = printed(&folder.spc(&spc, &["explain", "--list"]));
    assert_eq!(list.lines().count(), RULES.len());
    assert!(
        list.contains("SP0131  error    type-mismatch\n")
            && list.contains("SP0152  warning  unknown-module\n")
    );
}
