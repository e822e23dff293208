//! Markdown specifications of strict modules: `tests/typeck/strict_*.md`.
//!
//! A fenced `py` block is a strict module (the marker is added), which imports the modules of the `py NAME` blocks before it in its
//! section; `py NAME.pyi` is a stub. `# error: [CODE] text` at the end of a line is a finding, as elsewhere. A block without one must be accepted; it is then
//! imported by the interpreter and by compiled code, where its assertions check what the analysis has computed, and print nothing but
//! what an `output` block says. A `script` block is a module without a marker that is only run, `script patching` one for which
//! patching is enabled.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use typeck::ModuleLoader;
use typeck::strict::{Options, Subject};

use crate::checker::expectations;
use crate::command::spc;
use crate::harness::{files, root};

/// What a block is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Script,
    Patching,
}

struct Case {
    name: String,
    kind: Kind,
    modules: BTreeMap<String, String>,
    block: String,
    output: String,
}

impl Case {
    fn source(&self) -> String {
        if self.kind == Kind::Module {
            format!("import __strict__\n{}", self.block)
        } else {
            self.block.clone()
        }
    }

    fn is_accepted(&self) -> bool {
        self.kind != Kind::Module || expectations(&self.block).is_empty()
    }
}

struct Loader<'c>(&'c BTreeMap<String, String>);

impl ModuleLoader for Loader<'_> {
    fn load(&self, name: &str) -> Option<(String, String)> {
        let paths = [format!("{}/__init__", name.replace('.', "/")), name.replace('.', "/")];
        paths.into_iter().find_map(|path| Some((format!("{path}.py"), self.0.get(&path)?.clone())))
    }

    fn stub(&self, folder: Option<&str>, name: &str) -> Option<(String, String)> {
        let path = format!("{name}.pyi");
        let text = self.0.get(&path).filter(|_| folder.is_none())?;
        Some((path, text.clone()))
    }
}

fn cases(file: &str, document: &str) -> Vec<Case> {
    let (mut heading, mut found, mut modules) = (String::new(), Vec::<Case>::new(), BTreeMap::new());
    let mut open: Option<(String, String)> = None;
    for line in document.lines() {
        match (&mut open, line) {
            (None, _) if line.starts_with("```") => open = Some((line[3..].to_owned(), String::new())),
            (Some(_), "```") => {
                let (kind, text) = open.take().expect("a block is open");
                let kind = match kind.as_str() {
                    "py" => Kind::Module,
                    "script" => Kind::Script,
                    "script patching" => Kind::Patching,
                    "output" => {
                        found.last_mut().expect("output stands behind a block").output = text;
                        continue;
                    }
                    other => {
                        let name = other.strip_prefix("py ").expect("a kind of block that is known");
                        modules.insert(name.to_owned(), text);
                        continue;
                    }
                };
                let name = format!("{file}, {heading}");
                found.push(Case { name, kind, modules: modules.clone(), block: text, output: String::new() });
            }
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) if line.starts_with('#') => {
                heading = line.trim_start_matches('#').trim().to_owned();
                modules.clear();
            }
            (None, _) => {}
        }
    }
    found
}

/// What is wrong with the findings about a module.
fn verify(case: &Case) -> Result<(), String> {
    let source = case.source();
    let text = parser::SourceText::new(&*source);
    let mut modules = case.modules.clone();
    modules.insert("case".to_owned(), source.clone());
    let subject = Subject { name: "case", path: "case.py", source: &source };
    let found: Vec<_> = typeck::strict::findings(&Loader(&modules), &Options::default(), subject)
        .iter()
        .map(|found| {
            let help = found.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
            let line = text.lines().line(found.primary.span.start) - 1;
            (line, format!("[{}] {}{help}", found.code, found.message))
        })
        .collect();
    let expected = expectations(&case.block);
    for (line, wanted) in &expected {
        let (code, text) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let is_met =
            |(at, message): &(u32, String)| at == line && message.starts_with(code) && message.contains(text);
        if !found.iter().any(is_met) {
            return Err(format!("line {line}: expected {wanted}, found {found:?}"));
        }
    }
    if found.len() == expected.len() {
        Ok(())
    } else {
        Err(format!("expected {expected:?}, found {found:?}"))
    }
}

/// Imports every case with its modules, and tells what that prints or raises.
const DRIVER: &str = "\
import importlib, sys
for number in map(int, sys.argv[1:]):
    print('=== case', number)
    sys.path.insert(0, f'case_{number}')
    before = set(sys.modules)
    try:
        importlib.import_module('case')
    except BaseException as error:
        print(f'{type(error).__name__}: {error}')
    del sys.path[0]
    for name in set(sys.modules) - before:
        if f'case_{number}/' in str(getattr(sys.modules[name], '__file__', '')):
            del sys.modules[name]
";

/// What running some of the cases prints.
fn outputs(spc: &Path, folder: &Path, numbers: &[usize], options: &[&str]) -> Vec<String> {
    let mut command = Command::new(spc);
    command.arg("run").args(options).arg("driver.py").args(numbers.iter().map(usize::to_string));
    let output = command.current_dir(folder).output().expect("spc starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{options:?}: {stdout}{stderr}");
    let parts = stdout.split("=== case ").skip(1);
    parts.map(|part| part.split_once('\n').map_or("", |(_, text)| text).to_owned()).collect()
}

/// Runs what has been accepted; says what prints something else than it should.
fn run(cases: &[Case]) -> Vec<String> {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-strict-{}", std::process::id()));
    let write = |path: std::path::PathBuf, text: &str| {
        std::fs::create_dir_all(path.parent().expect("files lie in folders")).expect("folders can be made");
        std::fs::write(path, text).expect("a temporary file can be written");
    };
    write(folder.join("driver.py"), DRIVER);
    for (number, case) in cases.iter().enumerate() {
        let place = folder.join(format!("case_{number}"));
        write(place.join("case.py"), &case.source());
        for (name, text) in &case.modules {
            let name = if name.ends_with(".pyi") { name.clone() } else { format!("{name}.py") };
            write(place.join(name), text);
        }
    }
    let mut failures = Vec::new();
    for is_patching in [false, true] {
        let is_wanted = |case: &Case| case.is_accepted() && (case.kind == Kind::Patching) == is_patching;
        let numbers: Vec<usize> = (0..cases.len()).filter(|&number| is_wanted(&cases[number])).collect();
        for mode in ["--jit=off", "--jit=always"] {
            let options: &[&str] = if is_patching { &[mode, "--patching"] } else { &[mode] };
            for (number, printed) in numbers.iter().zip(outputs(&spc, &folder, &numbers, options)) {
                if printed != cases[*number].output {
                    failures.push(format!("{}, {options:?}: prints\n{printed}", cases[*number].name));
                }
            }
        }
    }
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
    failures
}

#[test]
fn strict_specifications_hold() {
    let mut all = Vec::new();
    for path in files(&root().join("tests/typeck"), "md") {
        let name = path.file_name().expect("files have names").to_string_lossy().into_owned();
        if name.starts_with("strict_") {
            all.extend(cases(&name, &std::fs::read_to_string(&path).expect("specifications are text")));
        }
    }
    let mut failures = Vec::new();
    for case in all.iter().filter(|case| case.kind == Kind::Module) {
        failures
            .extend(verify(case).err().map(|problem| format!("{}: {problem}\n{}", case.name, case.block)));
    }
    failures.extend(run(&all));
    assert!(all.len() >= 60, "there are {} specifications of strict modules", all.len());
    assert!(failures.is_empty(), "{} of {} fail\n{}", failures.len(), all.len(), failures.join("\n"));
}

/// Prints the names that a library module exports and its stub leaves out.
const NAMES: &str = "\
import ast, importlib, os, sys
own = ('builtins', '__static__', '__strict__', 'cinderx')
for file in sorted(os.listdir(sys.argv[1])):
    name = file.removesuffix('.pyi')
    if name in own:
        continue
    found = set()
    with open(os.path.join(sys.argv[1], file)) as stub:
        tree = ast.parse(stub.read())
    for node in tree.body:
        found.add(getattr(node, 'name', None) or getattr(getattr(node, 'target', None), 'id', None))
        found.update(target.id for target in getattr(node, 'targets', ()))
        found.update(alias.name for alias in getattr(node, 'names', ()))
    exported = getattr(importlib.import_module(name), '__all__', ())
    absent = [export for export in exported if export not in found]
    if absent:
        print(name, *absent)
";

#[test]
fn stubs_declare_what_their_modules_export() {
    let stubs = root().join("typeck/src/strict/stubs");
    let output = Command::new(spc()).args(["-c", NAMES]).arg(&stubs).output().expect("spc starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && printed.is_empty(), "{printed}{errors}");
}
