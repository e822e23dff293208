//! The command line.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use host::{Options as PythonOptions, Program};

use crate::python_options;

const USAGE: &str = "\
As python: spc [--jit=...] FILE [ARGS]    run a file
           spc -c CODE [ARGS]             run a text
           spc -m MODULE [ARGS]           run a module
           spc - [ARGS]                   run what standard input gives
           before any of these: -B -E -I -P -S -s -q -u -W ARG -X OPTION";

/// Static Python: run, check and compile typed Python programs.
#[derive(Parser, Debug)]
#[command(name = "spc", version, after_help = USAGE)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run a program.
    Run {
        #[command(flatten)]
        jit: JitArgs,
        /// The file.
        file: PathBuf,
        /// What the program sees in `sys.argv` behind its own name.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check a program without running it.
    Check {
        /// Only the syntax.
        #[arg(long)]
        syntax_only: bool,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print what one stage of the compiler makes of a file.
    Dump {
        /// Which stage.
        #[arg(long)]
        stage: Stage,
        /// With `hir`: as this pass leaves it.
        #[arg(long, value_name = "PASS")]
        after: Option<String>,
        /// With `hir`, `lir` and `asm`: the code that continues an interpreter's frame at this instruction.
        #[arg(long, value_name = "INSTRUCTION")]
        from: Option<u32>,
        /// The file. For `hir`, `lir` and `asm` it is imported, so that its classes exist.
        file: PathBuf,
        /// Only the function with this qualified name; for `hir`, `lir` and `asm`.
        function: Option<String>,
    },
    /// Print the bytecode of a file, or of one function in it.
    Dis {
        /// The file.
        file: PathBuf,
        /// Qualified name of a function.
        function: Option<String>,
    },
}

/// A stage with a text form.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Stage {
    /// What the lexer makes.
    Tokens,
    /// What the parser makes, as `ast.dump` prints it.
    Ast,
    /// Types of the expressions of a static module.
    Types,
    /// What the emitter makes.
    Bytecode,
    /// High-level intermediate representation, behind its last pass.
    Hir,
    /// Low-level intermediate representation, with registers allocated.
    Lir,
    /// Machine code.
    Asm,
}

/// What becomes machine code, and when.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct JitArgs {
    /// Compile functions to machine code: never, when they are called often, or at their first call.
    #[arg(long = "jit", value_enum, default_value = "on", value_name = "WHEN")]
    mode: JitMode,
    /// Compile only the functions that this file names, one `module:qualname` a line, at their first call.
    #[arg(long = "jit-list", value_name = "FILE")]
    list: Option<PathBuf>,
    /// Calls before a dynamic function is compiled.
    #[arg(long = "jit-calls", value_name = "N")]
    dynamic_calls: Option<u32>,
    /// Calls before a static function is compiled.
    #[arg(long = "jit-static-calls", value_name = "N")]
    static_calls: Option<u32>,
    /// Print statistics on standard error when the program has ended.
    #[arg(long = "jit-stats")]
    pub(crate) stats: bool,
    /// Write /tmp/perf-PID.map, by which `perf` names compiled functions.
    #[arg(long = "perf-map")]
    perf_map: bool,
}

/// `--jit=...`
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug, Default)]
enum JitMode {
    Off,
    #[default]
    On,
    Always,
}

impl JitArgs {
    /// The settings; `Err` if the list cannot be read.
    pub(crate) fn settings(&self) -> Result<jit::Settings, String> {
        let list = self.list.as_ref().map(|path| {
            let text = std::fs::read_to_string(path);
            text.map_err(|error| format!("can't read JIT list '{}': {error}", path.display()))
        });
        Ok(jit::Settings {
            mode: match self.mode {
                JitMode::Off => jit::Mode::Off,
                JitMode::On => jit::Mode::On,
                JitMode::Always => jit::Mode::Always,
            },
            list: list.transpose()?.map(|text| jit::Settings::parse_list(&text)),
            dynamic_calls: self.dynamic_calls,
            static_calls: self.static_calls,
            perf_map: self.perf_map,
        })
    }
}

/// The options that may stand before a program.
#[derive(Parser, Debug)]
#[command(name = "spc")]
struct Options {
    #[command(flatten)]
    jit: JitArgs,
}

/// What the command line asks for.
pub(crate) enum CommandLine {
    /// As `python` is used: a program and its arguments.
    Run(JitArgs, PythonOptions, Program, Vec<String>),
    /// A command by its name.
    Command(Args),
    /// Neither; the message says why.
    Wrong(String),
}

/// Reads the command line; one that is wrong in `clap`'s eyes ends the process with 2.
pub(crate) fn parse() -> CommandLine {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let is_option = |word: &&String| word.starts_with("--jit") || *word == "--perf-map";
    let options = words.iter().skip(1).take_while(is_option).count();
    let (before, rest) = words.split_at((options + 1).min(words.len()));
    let jit = || Options::parse_from(before).jit;
    let mut python = PythonOptions::default();
    let rest = match python_options::take(rest, &mut python) {
        Ok(rest) => rest,
        Err(message) => return CommandLine::Wrong(message),
    };
    let Some(first) = rest.first() else {
        return if std::io::stdin().is_terminal() {
            CommandLine::Command(Args::parse())
        } else {
            CommandLine::Run(jit(), python, Program::Input, Vec::new())
        };
    };
    match program_of(first, &rest[1..]) {
        Some(Ok((program, args))) => CommandLine::Run(jit(), python, program, args),
        Some(Err(message)) => CommandLine::Wrong(message),
        None => CommandLine::Command(Args::parse()),
    }
}

/// The program that Python's conventions see in the words, if they do: everything behind it belongs to it.
fn program_of(first: &str, rest: &[String]) -> Option<Result<(Program, Vec<String>), String>> {
    let option = first.get(..2).filter(|option| ["-c", "-m"].contains(option));
    if let Some(option) = option {
        let attached = first[2..].to_owned();
        let (value, rest) = match (attached.is_empty(), rest) {
            (false, rest) => (attached, rest),
            (true, [value, rest @ ..]) => (value.clone(), rest),
            (true, []) => return Some(Err(format!("Argument expected for the {option} option"))),
        };
        let program = if option == "-c" { Program::Command(value + "\n") } else { Program::Module(value) };
        return Some(Ok((program, rest.to_vec())));
    }
    if first == "-" {
        return Some(Ok((Program::Input, rest.to_vec())));
    }
    let path = PathBuf::from(first);
    let is_command = Args::command().get_subcommands().any(|command| command.get_name() == first);
    let names_a_file = first.contains(['/', '.']) || path.exists();
    (!first.starts_with('-') && !is_command && first != "help" && names_a_file)
        .then(|| Ok((Program::File(path), rest.to_vec())))
}
