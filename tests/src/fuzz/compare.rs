//! A program in every mode of the compiler, under stress, and in CPython: all must print the same.
//!
//! Programs run in batches, each as a module of its own: starting a process costs more than most programs. A batch that is not as
//! it should be is run again, program by program, and what still goes wrong alone is a finding. A debug build ends with a
//! code of its own if objects are left over, so every run is a leak test, too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Program, Style};

/// How a program is run.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Its name in reports.
    pub name: String,
    command: PathBuf,
    arguments: Vec<String>,
    stress: &'static str,
}

/// What a run left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What each program printed.
    pub printed: Vec<String>,
    /// The exit code, if it was no signal.
    pub code: Option<i32>,
    /// Standard error.
    pub errors: String,
}

/// A difference.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The program.
    pub program: Program,
    /// Who differs from the interpreter; the interpreter itself if it fails.
    pub engine: Engine,
    /// What is wrong, in a few lines.
    pub report: String,
}

/// Runs the programs; prints what happens after each name.
const DRIVER: &str = "\
import sys
for name in sys.argv[1:]:
    print(\"===\", name, flush=True)
    try:
        __import__(name)
    except Exception as error:
        print(\"ends with\", type(error).__name__)
";

/// What marks a program that the type checker refuses.
const REFUSED: &str = "ends with SyntaxError\n";

/// No batch runs for longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The modes of an `spc`, the interpreter first; a debug build knows stress. Nothing is compiled before its third call in mode `on`,
/// so that what the interpreter has learned by then is used.
pub fn engines(spc: &Path, stress: &[&'static str]) -> Vec<Engine> {
    let engine = |arguments: &[&str], stress: &'static str| Engine {
        name: format!("{} {stress}", arguments[0]).trim().to_owned(),
        command: spc.to_path_buf(),
        arguments: ["run"]
            .iter()
            .chain(arguments)
            .chain(&["driver.py"])
            .map(|&word| word.to_owned())
            .collect(),
        stress,
    };
    let mut found = vec![
        engine(&["--jit=off"], ""),
        engine(&["--jit=on", "--jit-calls=3", "--jit-static-calls=2"], ""),
        engine(&["--jit=always"], ""),
    ];
    found.extend(stress.iter().map(|&knobs| engine(&["--jit=always"], knobs)));
    found
}

/// CPython, where there is a new one.
pub fn cpython(folder: &Path) -> Option<Engine> {
    let works = |name: &&str| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let name = ["python3.14", "python3.13"].into_iter().find(works)?;
    let script = folder.join("stand_in.py").display().to_string();
    let arguments = ["-W", "ignore", &script, "."].map(str::to_owned).to_vec();
    Some(Engine { name: name.to_owned(), command: name.into(), arguments, stress: "" })
}

impl Engine {
    /// Runs programs whose files lie in a folder.
    pub fn run(&self, folder: &Path, programs: &[Program]) -> Outcome {
        let names = programs.iter().map(|program| program.name.as_str());
        let tag = self.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let file = |kind: &str| folder.join(format!("{tag}.{kind}"));
        let create = |kind: &str| File::create(file(kind)).expect("a temporary file can be made");
        let mut command = Command::new(&self.command);
        command.args(&self.arguments).args(names).current_dir(folder).stdin(Stdio::null());
        if !self.stress.is_empty() {
            command.env("SPC_STRESS", self.stress);
        }
        command.env("PYTHONHASHSEED", "0").env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child =
            command.stdout(create("out")).stderr(create("err")).spawn().expect("the program starts");
        let (start, mut pause) = (Instant::now(), Duration::from_millis(1));
        let code = loop {
            match child.try_wait().expect("the program can be waited for") {
                Some(status) => break status.code(),
                None if start.elapsed() > PATIENCE => {
                    child.kill().and_then(|()| child.wait()).expect("the program can be ended");
                    break Some(124);
                }
                None => std::thread::sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        let read = |kind: &str| {
            let bytes = std::fs::read(file(kind)).expect("the output can be read");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (output, mut errors) = (read("out"), read("err"));
        let printed = output.split("=== ").skip(1).map(str::to_owned).collect();
        errors.truncate(errors.char_indices().nth(2000).map_or(errors.len(), |(at, _)| at));
        Outcome { printed, code, errors }
    }
}

/// Writes what all runs need.
pub fn prepare(folder: &Path, programs: &[Program]) {
    std::fs::create_dir_all(folder).expect("a temporary folder can be made");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a temporary file can be written");
    };
    write("driver.py", DRIVER);
    write("stand_in.py", include_str!("stand_in.py"));
    for program in programs {
        write(&format!("{}.py", program.name), &program.source);
    }
}

/// What is wrong with an outcome, compared with that of the interpreter.
fn complaint(engine: &Engine, outcome: &Outcome, base: &Outcome) -> Option<String> {
    if outcome.code != Some(0) {
        let last: Vec<&str> = outcome.errors.lines().take(12).collect();
        return Some(format!("{}: exit {:?}\n{}", engine.name, outcome.code, last.join("\n")));
    }
    let is_foreign = !engine.arguments.contains(&"driver.py".to_owned());
    let pairs = outcome.printed.iter().zip(&base.printed);
    let mut pairs = pairs.filter(|(_, base)| !is_foreign || !base.contains(REFUSED));
    let (printed, wanted) = pairs.find(|(printed, base)| printed != base)?;
    let place = printed.lines().zip(wanted.lines()).find(|(printed, wanted)| printed != wanted);
    let (printed, wanted) = place.unwrap_or(("more or fewer lines", ""));
    let cut = |text: &str| text.chars().take(160).collect::<String>();
    Some(format!("{}: prints {}\n  interpreted: {}", engine.name, cut(printed), cut(wanted)))
}

/// What is wrong with one program under one engine; the engine may be the interpreter, which must end well.
pub fn judge(folder: &Path, program: &Program, engine: &Engine, base: &Engine) -> Option<String> {
    let alone = std::slice::from_ref(program);
    prepare(folder, alone);
    let wanted = base.run(folder, alone);
    let is_valid = wanted.printed.len() == 1 && !wanted.printed[0].contains(REFUSED);
    if engine.name == base.name {
        return if is_valid { complaint(base, &wanted, &wanted) } else { None };
    }
    // A program that fails without the compiler shows nothing about it.
    (is_valid && wanted.code == Some(0))
        .then(|| complaint(engine, &engine.run(folder, alone), &wanted))
        .flatten()
}

/// Runs a batch with all engines, the first of which is the interpreter. Gives the findings, and how many programs were refused.
pub fn compare(folder: &Path, programs: &[Program], engines: &[Engine]) -> (Vec<Finding>, usize) {
    prepare(folder, programs);
    let base = &engines[0];
    let wanted = base.run(folder, programs);
    let refused = wanted.printed.iter().filter(|printed| printed.contains(REFUSED)).count();
    let mut findings = Vec::new();
    for engine in engines {
        let outcome = if engine.name == base.name { wanted.clone() } else { engine.run(folder, programs) };
        let Some(report) = complaint(engine, &outcome, &wanted) else { continue };
        let alone = programs.iter().filter_map(|program| {
            let report = judge(folder, program, engine, base)?;
            Some(Finding { program: program.clone(), engine: engine.clone(), report })
        });
        let count = findings.len();
        findings.extend(alone);
        let is_known = findings.iter().any(|finding: &Finding| finding.engine.name == base.name);
        if findings.len() == count && !is_known {
            // Only the programs together go wrong.
            let source = programs.iter().map(|program| program.name.as_str()).collect::<Vec<_>>().join(" ");
            let program = Program { name: "a_batch".to_owned(), source, style: Style::Plain };
            findings.push(Finding { program, engine: engine.clone(), report });
        }
    }
    (findings, refused)
}
