//! Markdown specifications of the checker: `tests/typeck/**.md`.
//!
//! A fenced `py` block is a static module (the marker is added). `# error: [CODE] text` at the end of a line says that the
//! line is rejected with this code and a message that contains the text; `# revealed: T` says what `reveal_type` shows.
//! A block without either must be accepted, and what is accepted must compile to bytecode that verifies. All that is accepted is run, too,
//! by the interpreter and by compiled code: both must print the same, and what a fenced `output` block behind it says.

use std::path::Path;
use std::process::Command;

use crate::command::spc;
use crate::harness::{check, compile, files, root};

/// One block with the heading above it.
struct Case {
    name: String,
    block: String,
    /// What running it prints; where it does not say, anything.
    output: Option<String>,
}

/// What a block expects, by line.
pub(crate) fn expectations(block: &str) -> Vec<(u32, String)> {
    let mut expected = Vec::new();
    for (at, line) in block.lines().enumerate() {
        for part in line.split("# ").skip(1) {
            let wanted = part.strip_prefix("error: ").map(str::to_owned).or_else(|| {
                part.strip_prefix("revealed: ").map(|ty| format!("[SP0100] reveal_type: '{}'", ty.trim()))
            });
            expected.extend(wanted.map(|wanted| (at as u32 + 1, wanted.trim().to_owned())));
        }
    }
    expected
}

/// The cases of a document.
fn cases(file: &str, document: &str) -> Vec<Case> {
    let (mut heading, mut found, mut open) = (String::new(), Vec::<Case>::new(), None::<(bool, String)>);
    for line in document.lines() {
        match (&mut open, line) {
            (None, "```py") => open = Some((false, String::new())),
            (None, "```output") => open = Some((true, String::new())),
            (Some(_), "```") => {
                let (is_output, text) = open.take().expect("a block is open");
                match found.last_mut() {
                    Some(case) if is_output => case.output = Some(text),
                    _ => found.push(Case { name: format!("{file}, {heading}"), block: text, output: None }),
                }
            }
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) if line.starts_with('#') => heading = line.trim_start_matches('#').trim().to_owned(),
            (None, _) => {}
        }
    }
    found
}

/// A block as a module.
fn module(block: &str) -> String {
    format!("{MARKER}{block}")
}

/// Checks one block; returns what is wrong.
fn verify(block: &str) -> Result<(), String> {
    let source = module(block);
    let expected = expectations(block);
    let found: Vec<_> = check(&source).into_iter().map(|(line, text)| (line - MARKER_LINES, text)).collect();
    for (line, wanted) in &expected {
        let (code, text) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let is_met = found
            .iter()
            .any(|(at, message)| at == line && message.starts_with(code) && message.contains(text));
        if !is_met {
            return Err(format!("line {line}: expected {wanted}, found {found:?}"));
        }
    }
    if found.len() > expected.len() {
        return Err(format!("expected {expected:?}, found {found:?}"));
    }
    if expected.is_empty() {
        let code = compile(&source)?;
        let broken = bytecode::verify::verify(&code);
        if !broken.is_empty() {
            return Err(format!("{broken:?}"));
        }
    }
    Ok(())
}

/// What opens every example.
const MARKER: &str = "import __static__\n\
from typing import Annotated, Any, ClassVar, Final, Literal, Optional, Union, final, override\n\
from __static__ import Array, CheckedDict, CheckedList, Vector, box, cast, cbool, char, clen, crange, double, int8, int16, int32, int64, uint8, uint16, uint32, uint64, unbox\n";
const MARKER_LINES: u32 = 3;

/// Imports every case, and tells what that prints or raises.
const DRIVER: &str = "\
import importlib, sys
for number in range(int(sys.argv[1])):
    print('=== case', number)
    try:
        importlib.import_module(f'case_{number}')
    except BaseException as error:
        print(f'{type(error).__name__}: {error}')
";

/// What the statistics say of functions that have not been compiled.
pub(crate) fn refusals(statistics: &str) -> String {
    let is_refusal = |line: &&str| line.starts_with("  ") && !line.starts_with("  guards of ");
    statistics.lines().filter(is_refusal).map(|line| format!("{line}\n")).collect()
}

/// What running the cases prints, one by one.
fn outputs(spc: &Path, folder: &Path, count: usize, mode: &str) -> Vec<String> {
    let mut command = Command::new(spc);
    command.args(["run", mode, "--jit-stats", "driver.py", &count.to_string()]).current_dir(folder);
    let output = command.output().expect("spc starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{mode}: {stderr}");
    if mode == "--jit=always" {
        assert!(
            stderr.contains("refused functions: 0\n"),
            "every function is compiled\n{}",
            refusals(&stderr)
        );
    }
    let parts = stdout.split("=== case ").skip(1);
    parts.map(|part| part.split_once('\n').map_or("", |(_, text)| text).to_owned()).collect()
}

/// Runs what has been accepted; says what differs.
fn run(cases: &[&Case]) -> Vec<String> {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-specifications-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let write = |name: String, text: String| {
        std::fs::write(folder.join(name), text).expect("a temporary file can be written");
    };
    write("driver.py".to_owned(), DRIVER.to_owned());
    for (number, case) in cases.iter().enumerate() {
        write(format!("case_{number}.py"), module(&case.block));
    }
    let interpreted = outputs(&spc, &folder, cases.len(), "--jit=off");
    let compiled = outputs(&spc, &folder, cases.len(), "--jit=always");
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
    assert_eq!((interpreted.len(), compiled.len()), (cases.len(), cases.len()), "every case is run");
    let mut failures = Vec::new();
    for ((case, interpreted), compiled) in cases.iter().zip(interpreted).zip(compiled) {
        let Case { name, output, .. } = case;
        if interpreted != compiled {
            failures.push(format!("{name}: interpreted\n{interpreted}compiled\n{compiled}"));
        } else if output.as_ref().is_some_and(|wanted| *wanted != interpreted) {
            failures.push(format!("{name}: prints\n{interpreted}"));
        }
    }
    failures
}

#[test]
fn specifications_hold() {
    let mut all = Vec::new();
    for path in files(&root().join("tests/typeck"), "md") {
        let document = std::fs::read_to_string(&path).expect("specifications are text");
        let name = path.file_name().expect("files have names").to_string_lossy().into_owned();
        // Those of strict modules have a runner of their own.
        if name.starts_with("strict_") {
            continue;
        }
        all.extend(cases(&name, &document));
    }
    let mut failures = Vec::new();
    for case in &all {
        if let Err(problem) = verify(&case.block) {
            failures.push(format!("{}: {problem}\n{}", case.name, case.block));
        }
    }
    let accepted: Vec<_> = all.iter().filter(|case| expectations(&case.block).is_empty()).collect();
    failures.extend(run(&accepted));
    assert!(all.len() >= 300, "there are {} specifications", all.len());
    assert!(failures.is_empty(), "{} of {} fail\n{}", failures.len(), all.len(), failures.join("\n"));
}

/// Prints where a stub's class with `__slots__` differs from what `dir` says of the class, bases included.
const ATTRIBUTES: &str = "\
import ast, importlib, os, sys
for name, file in (('builtins', 'builtins.pyi'), ('__static__', 'static.pyi')):
    module = importlib.import_module(name)
    with open(os.path.join(sys.argv[1], file)) as stub:
        classes = {node.name: node for node in ast.parse(stub.read()).body if isinstance(node, ast.ClassDef)}
    def own(node):
        targets = [target.id for part in node.body for target in getattr(part, 'targets', ())]
        return {part.name for part in node.body if hasattr(part, 'name')} | set(targets)
    def inherited(node):
        return own(node).union(*(inherited(classes[base.id]) for base in node.bases if base.id in classes))
    complete = [node for node in classes.values() if '__slots__' in own(node)]
    for node in complete:
        kind = getattr(module, node.name)
        if node.type_params and name == '__static__':
            kind = kind[(str, int) if len(node.type_params) == 2 else module.int64]
        public = lambda names: {name for name in names if not name.startswith('__')}
        found, wanted = public(inherited(node)), public(dir(kind))
        if found != wanted:
            print(node.name, 'lacks', sorted(wanted - found), 'and has', sorted(found - wanted))
    print(name, len(complete))
";

/// What a script prints of stubs, errors included.
fn told(script: &str, stubs: &Path) -> String {
    let output = Command::new(spc()).args(["-c", script]).arg(stubs).output().expect("spc starts");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A name that a stub leaves out would be reported as an error where there is none.
#[test]
fn stubs_declare_all_attributes_of_builtin_types() {
    let stubs = root().join("typeck/src/stubs");
    assert_eq!(told(ATTRIBUTES, &stubs), "builtins 13\n__static__ 4\n");
}

/// Compares the stubs of the library with what there is.
const LIBRARY: &str = include_str!("../typeck/library_stubs.py");

/// What a stub names is there; classes have the attributes that it says, and functions take the arguments.
#[test]
fn library_stubs_say_what_there_is() {
    let stubs = root().join("typeck/src/stubs/library");
    let mut wanted: String = files(&stubs, "pyi")
        .iter()
        .map(|path| format!("{} True\n", path.file_name().expect("files have names").to_string_lossy()))
        .collect();
    wanted.push_str("signatures True\n");
    assert_eq!(told(LIBRARY, &stubs), wanted);
}

/// Compares the methods of the builtins with their stub.
const SIGNATURES: &str = include_str!("../typeck/builtin_signatures.py");

/// An argument that a stub leaves out would be reported as an error where there is none.
#[test]
fn stubs_of_builtin_methods_take_what_they_do() {
    let stub = root().join("typeck/src/stubs/builtins.pyi");
    assert_eq!(told(SIGNATURES, &stub), "methods True\n");
}

/// Writes down the names of modules of the library.
const EXPORTS: &str = include_str!("../typeck/library_exports.py");

/// A name that the table leaves out would be reported as an error where there is none.
#[test]
fn names_of_the_library_are_those_of_its_modules() {
    let stubs = root().join("typeck/src/strict/stubs");
    let table = root().join("typeck/src/stubs/exports.txt");
    let kept = std::fs::read_to_string(&table).expect("the table is text");
    let how = "`spc tests/typeck/library_exports.py typeck/src/strict/stubs` prints the table";
    assert!(told(EXPORTS, &stubs) == kept, "{how}, which has changed");
}
