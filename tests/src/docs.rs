//! What the documents say is true: examples run, listings parse, quotations exist, paths resolve.
//!
//! Fenced blocks of README.md and `docs/**/*.md`, by kind:
//!
//! - `py`: a program, run by `spc`; an `output` block behind it is what it prints. Without one it must run silently.
//! - `console`: `$ ` in front of commands, what they print below. `...` stands for any text. `spc` runs from the top of the
//!   workspace, and `[exit code N]` ends what it prints if that is not 0; of `cargo` commands only the names of crates are checked.
//! - `bytecode`, `hir`, `lir`: a text form; it must parse, and print as it stands. `hir` with the name of a pass is what that pass
//!   makes of the `hir` block before it.
//! - `rust`: a quotation from the file that was named last; every line must be in it, in this order, but for `...` lines.
//! - `python`, `diagnostic`: examples of the pages about diagnostics, which have a test of their own (`diagnostics`).
//! - `text`: nothing is promised.
//!
//! Blocks that are indented instead of fenced are pictures. Of what stands in backquotes, words that look like paths must name
//! something in the tree: from its top, from the page's folder, or the end of a path.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::spc;
use crate::harness::{files, root};

/// One fenced block.
struct Block {
    kind: String,
    /// What stands behind the kind.
    argument: String,
    text: String,
    /// Of the opening fence.
    line: usize,
    /// The `.rs` file that was named last before it.
    file: Option<String>,
}

/// README and the pages, by path from the top.
fn pages() -> Vec<(String, String)> {
    let mut paths = vec![root().join("README.md")];
    paths.extend(files(&root().join("docs"), "md"));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("documents are text");
        (path.strip_prefix(root()).expect("documents are in the tree").display().to_string(), text)
    };
    paths.into_iter().map(read).collect()
}

/// Fenced blocks in order.
fn blocks(page: &str) -> Vec<Block> {
    let (mut found, mut open, mut file) = (Vec::new(), None::<Block>, None);
    let mut indent = 0;
    for (at, line) in page.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some("")) => found.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line.get(indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, Some(kind)) => {
                let (kind, argument) = kind.split_once(' ').unwrap_or((kind, ""));
                indent = line.len() - line.trim_start().len();
                open = Some(Block {
                    kind: kind.to_owned(),
                    argument: argument.to_owned(),
                    text: String::new(),
                    line: at + 1,
                    file: file.clone(),
                });
            }
            (None, None) => file = quoted(line).filter(|word| word.ends_with(".rs")).last().or(file),
        }
    }
    assert!(open.is_none(), "a fence is left open");
    found
}

/// What stands in single backquotes.
fn quoted(line: &str) -> impl Iterator<Item = String> {
    line.split('`').skip(1).step_by(2).map(str::to_owned)
}

/// Runs `check` on every block of the kinds; `Err` is what is wrong with it.
fn check_blocks(kinds: &[&str], check: impl Fn(&[Block], usize) -> Result<(), String>) {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, page) in pages() {
        let blocks = blocks(&page);
        for at in 0..blocks.len() {
            if kinds.contains(&blocks[at].kind.as_str()) {
                count += 1;
                wrong
                    .extend(check(&blocks, at).err().map(|why| format!("{name}:{}: {why}", blocks[at].line)));
            }
        }
    }
    assert!(count > 0, "there are examples of {kinds:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn blocks_are_of_known_kinds() {
    const KINDS: &[&str] =
        &["py", "output", "console", "bytecode", "hir", "lir", "rust", "python", "diagnostic", "text"];
    for (name, page) in pages() {
        let blocks = blocks(&page);
        for (at, block) in blocks.iter().enumerate() {
            assert!(KINDS.contains(&block.kind.as_str()), "{name}:{}: kind '{}'", block.line, block.kind);
            let has_program = at > 0 && ["py", "python"].contains(&blocks[at - 1].kind.as_str());
            assert!(block.kind != "output" || has_program, "{name}:{}: output of nothing", block.line);
        }
    }
}

#[test]
fn programs_print_what_the_pages_say() {
    let spc = spc();
    check_blocks(&["py"], |blocks, at| {
        let wanted = blocks.get(at + 1).filter(|next| next.kind == "output");
        let wanted = wanted.map(|block| block.text.as_str()).unwrap_or_default();
        let output = Command::new(&spc).args(["-c", &blocks[at].text]).output().expect("spc starts");
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_right = printed == wanted && errors.is_empty() && output.status.success();
        is_right.then_some(()).ok_or_else(|| format!("prints\n{printed}{errors}"))
    });
}

#[test]
fn commands_print_what_the_pages_say() {
    let spc = spc();
    check_blocks(&["console"], |blocks, at| {
        for session in blocks[at].text.split("$ ").skip(1) {
            let (command, wanted) = session.split_once('\n').unwrap_or((session, ""));
            let command = command.split(" #").next().unwrap_or_default().trim();
            match command.split_whitespace().find(|word| !word.contains('=')) {
                Some("spc") => check_session(&spc, command, wanted)?,
                Some("cargo") => check_crates(command)?,
                _ => return Err(format!("neither spc nor cargo: {command}")),
            }
        }
        Ok(())
    });
}

/// Runs a command of the shell; what it writes must be what is wanted.
fn check_session(spc: &Path, command: &str, wanted: &str) -> Result<(), String> {
    let script = format!("{{ {command}\n}} 2>&1; code=$?; [ $code = 0 ] || echo \"[exit code $code]\"");
    let folder = spc.parent().expect("spc lies in a folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    let output = shell.arg("-c").arg(&script).current_dir(root()).env("PATH", path).output();
    let printed = String::from_utf8_lossy(&output.expect("a shell starts").stdout).into_owned();
    matches(wanted, &printed).then_some(()).ok_or_else(|| format!("{command}\nprints\n{printed}"))
}

/// Whether a text is as wanted, with `...` for anything.
fn matches(wanted: &str, text: &str) -> bool {
    let mut parts = wanted.split("...");
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let found = if parts.peek().is_none() { rest.rfind(part) } else { rest.find(part) };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

/// Every crate that a `cargo` command names is there.
fn check_crates(command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut names = words.windows(2).filter(|pair| pair[0] == "-p").map(|pair| pair[1]);
    match names.find(|name| !root().join(name).join("Cargo.toml").is_file()) {
        Some(name) => Err(format!("there is no crate {name}")),
        None => Ok(()),
    }
}

#[test]
fn listings_parse_and_print_as_they_stand() {
    check_blocks(&["bytecode", "hir", "lir"], |blocks, at| {
        let text = &blocks[at].text;
        let printed = match blocks[at].kind.as_str() {
            "bytecode" => bytecode::text::parse(text).map(|code| bytecode::text::print(&code)),
            "hir" => hir::text::parse(text).map(|func| hir::text::print(&func)),
            _ => lir::text::parse(text).map(|func| lir::text::print(&func)),
        };
        let printed = printed.map_err(|error| error.to_string())?;
        let is_input = blocks[at].argument.is_empty();
        let printed =
            if is_input { printed } else { after_pass(&blocks[at - 1].text, &blocks[at].argument)? };
        (printed.trim_end() == text.trim_end()).then_some(()).ok_or_else(|| format!("prints as\n{printed}"))
    });
}

/// What a pass makes of a function.
fn after_pass(text: &str, name: &str) -> Result<String, String> {
    let pass = hir::pipeline::PASSES.iter().find(|pass| pass.name == name);
    let pass = pass.ok_or_else(|| format!("there is no pass {name}"))?;
    let mut func = hir::text::parse(text).map_err(|error| error.to_string())?;
    (pass.run)(&mut func);
    func.resolve_aliases();
    Ok(hir::text::print(&func))
}

#[test]
fn quotations_are_in_their_files() {
    check_blocks(&["rust"], |blocks, at| {
        let file = blocks[at].file.as_deref().ok_or("no file is named before the quotation")?;
        let path = resolve(file, Path::new("")).ok_or_else(|| format!("there is no {file}"))?;
        let source = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let mut source = source.lines().map(str::trim);
        let quotation = blocks[at].text.lines().map(str::trim);
        for line in quotation.filter(|line| !line.is_empty() && *line != "...") {
            let is_found = source.any(|other| other == line);
            is_found.then_some(()).ok_or_else(|| format!("{file} has no line (here) that reads\n{line}"))?;
        }
        Ok(())
    });
}

/// Whether a word in backquotes is meant as a path of the tree.
fn is_path(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./*".contains(c);
    let has_extension = [".rs", ".md", ".toml", ".py", ".pyi", ".h", ".c", ".txt", ".lalrpop"]
        .iter()
        .any(|extension| word.strip_suffix(extension).is_some_and(|stem| !stem.is_empty()));
    let has_folder = word.contains('/') && !word.starts_with('/') && !word.starts_with("...");
    word.chars().all(is_plain) && (has_extension || has_folder) && word.chars().any(char::is_alphabetic)
}

/// What a path of a page leads to: from the top, from the page's folder, or the end of a path in the tree.
fn resolve(word: &str, folder: &Path) -> Option<PathBuf> {
    let word = word.split('*').next().unwrap_or_default().trim_end_matches('/');
    let here = [root().join(word), root().join(folder).join(word)];
    here.into_iter().find(|path| path.exists()).or_else(|| find(&root(), Path::new(word)))
}

/// The first file or folder below `folder` whose path ends so.
fn find(folder: &Path, end: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let is_ours = |path: &PathBuf| !path.ends_with("target") && !path.ends_with(".git");
    let mut entries: Vec<PathBuf> = entries.filter(is_ours).collect();
    entries.sort();
    let here = entries.iter().find(|path| path.ends_with(end)).cloned();
    here.or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|path| find(path, end)))
}

#[test]
fn paths_in_the_pages_exist() {
    let (mut missing, mut count) = (Vec::new(), 0);
    for (name, page) in pages() {
        let folder = Path::new(&name).parent().unwrap_or(Path::new("")).to_path_buf();
        let mut is_fenced = false;
        for (at, line) in page.lines().enumerate() {
            is_fenced ^= line.trim_start().starts_with("```");
            if is_fenced {
                continue;
            }
            for word in quoted(line).filter(|word| is_path(word)) {
                count += 1;
                if resolve(&word, &folder).is_none() {
                    missing.push(format!("{name}:{}: {word}", at + 1));
                }
            }
        }
    }
    assert!(count >= 50, "the pages name {count} paths");
    assert!(missing.is_empty(), "paths that lead nowhere:\n{}", missing.join("\n"));
}

#[test]
fn wanted_text_may_leave_things_out() {
    assert!(matches("a\nb\n", "a\nb\n") && !matches("a\n", "a\nb\n"));
    assert!(matches("a...c\n", "a, b, c\n") && matches("...\n", "anything\n") && matches("a...", "ab"));
    assert!(!matches("a...d\n", "a, b, c\n") && !matches("...b\n", "abc\n"));
}
