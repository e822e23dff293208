//! Specifications with mistakes in them: whatever a program looks like, the tools that read it without running it end with a finding.
//!
//! The programs are those of `tests/typeck`, in which a seed leaves words out, doubles them, exchanges them, and puts in words and
//! stretches of others. So most of a program is as the checker likes it, and what is wrong is wrong deep inside. They are checked as
//! trees, because starting a process costs more than checking most of them. (Mutation of valid inputs as in Holler, Herzig and Zeller, "Fuzzing with
//! code fragments", USENIX Security 2012)
//!
//! `SPC_MUTATED=N` checks N trees instead of a few.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::spc;
use crate::fuzz::choice::Choice;
use crate::harness::{files, root};

/// Programs in a tree.
const PROGRAMS: usize = 30;
/// Trees that every run of the tests checks.
const TREES: u64 = 2;
/// How long one command may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Words that change what is around them.
const WORDS: &[&str] = &[
    "None",
    "self",
    "cls",
    "super()",
    "0",
    "-1",
    "1 << 70",
    "''",
    "int64",
    "double",
    "cbool",
    "Final",
    "Array",
    "Literal",
    "Optional",
    "CheckedDict",
    "Self",
    "lambda: 0",
    "await x",
    "yield",
    "*a",
    "**k",
    "match",
    "type",
    "...",
    "Any",
    "()",
    "[]",
    "{}",
    "del",
    "global x",
    "nonlocal x",
    "async",
    "x := 1",
    "exec",
    "__class__",
    "Protocol",
    "NamedTuple",
    "Enum",
    "property",
    "staticmethod",
    "classmethod",
    "dataclass",
    "with",
    "except*",
    "raise",
    "return",
    "import",
    "\n",
    "    ",
];

/// The programs of the specifications, with the marker that their files mean.
fn programs() -> Vec<String> {
    let mut found = Vec::new();
    for path in files(&root().join("tests/typeck"), "md") {
        let is_strict = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("strict_"));
        let marker = if is_strict { "import __strict__\n" } else { "import __static__\n" };
        let text = std::fs::read_to_string(&path).expect("specifications are text");
        for block in text.split("\n```py").skip(1) {
            let block = block.split_once('\n').map_or("", |(_, rest)| rest);
            let block = block.split("\n```").next().unwrap_or_default();
            let has_marker = block.starts_with("import __st");
            found.push(format!("{}{block}\n", if has_marker { "" } else { marker }));
        }
    }
    found
}

/// Words, stretches of white space, and single signs.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |letter: char| match letter {
        _ if letter.is_alphanumeric() || letter == '_' => 0,
        _ if letter.is_whitespace() => 1,
        _ => 2,
    };
    let (mut found, mut start) = (Vec::new(), 0);
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    for pair in letters.windows(2) {
        let ((_, last), (at, next)) = (pair[0], pair[1]);
        if kind(last) != kind(next) || kind(next) == 2 {
            found.push(&text[start..at]);
            start = at;
        }
    }
    found.push(&text[start..]);
    found
}

/// A program with mistakes.
fn mutated(programs: &[String], choice: &mut Choice) -> String {
    let mut words = tokens(&programs[choice.below(programs.len())]);
    for _ in 0..choice.between(1, 4) {
        let (one, two) = (choice.below(words.len()), choice.below(words.len()));
        match choice.below(6) {
            0 if words.len() > 1 => drop(words.remove(one)),
            1 => words.insert(two, words[one]),
            2 => words.swap(one, two),
            3 => words[one] = words[two],
            4 => words[one] = choice.of(WORDS),
            _ => {
                let others = tokens(&programs[choice.below(programs.len())]);
                let from = choice.below(others.len());
                let to = (from + choice.between(1, 12)).min(others.len());
                words.splice(one..one, others[from..to].iter().copied());
            }
        }
    }
    words.concat()
}

/// Runs a command in a folder; says what is wrong with its end.
fn ends(spc: &Path, folder: &Path, args: &[&str]) -> Result<(), String> {
    let (stdout, errors) = (folder.join("stdout.txt"), folder.join("stderr.txt"));
    let stream = |path: &Path| std::fs::File::create(path).expect("a temporary file can be made");
    let mut command = Command::new(spc);
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command.stdout(stream(&stdout)).stderr(stream(&errors));
    let mut child = command.spawn().expect("spc starts");
    let end = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break Some(status);
        }
        if Instant::now() > end {
            let _ended = child.kill().and_then(|()| child.wait());
            break None;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let said = std::fs::read_to_string(&errors).unwrap_or_default();
    let code = status.and_then(|status| status.code());
    match code {
        Some(0..=2) if !said.contains("panicked") => Ok(()),
        _ => Err(format!("{args:?} ends with {status:?}: {said}")),
    }
}

#[test]
fn programs_with_mistakes_are_findings() {
    let (spc, programs) = (spc(), programs());
    assert!(programs.len() > 1_000, "there are {} programs", programs.len());
    let trees = std::env::var("SPC_MUTATED").ok().and_then(|trees| trees.parse().ok()).unwrap_or(TREES);
    let mut failures = Vec::new();
    for seed in 0..trees {
        let mut choice = Choice::new(seed);
        let folder = std::env::temp_dir().join(format!("spc-mutated-{}-{seed}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        for at in 0..PROGRAMS {
            let path = folder.join(format!("case_{at}.py"));
            std::fs::write(path, mutated(&programs, &mut choice)).expect("a temporary file can be written");
        }
        let mut commands =
            vec![vec!["check", "--strict", "--no-cache", "."], vec!["lint", "--perf", "--no-cache", "."]];
        for stage in ["--stage=tokens", "--stage=ast", "--stage=types", "--stage=bytecode"] {
            let file = choice.of(&["case_0.py", "case_1.py", "case_2.py", "case_3.py"]);
            commands.push(vec!["dump", stage, file]);
        }
        let failed = commands.iter().filter_map(|args| ends(&spc, &folder, args).err());
        let failed: Vec<String> =
            failed.map(|failure| format!("tree {seed} in {}: {failure}", folder.display())).collect();
        if failed.is_empty() {
            std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
        }
        failures.extend(failed);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
