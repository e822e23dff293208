//! The command line.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use host::Program;

use crate::options;
use crate::render::Format;

const USAGE: &str = "\
As python: spc [--jit=...] FILE [ARGS]    run a file
           spc -c CODE [ARGS]             run a text
           spc -m MODULE [ARGS]           run a module
           spc - [ARGS]                   run what standard input gives
           spc                            interactive
Options as python's: -b -B -d -E -i -I -O -OO -P -q -s -S -u -v -V -W ARG -x -X ARG
                     --check-hash-based-pycs always|default|never";

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
        own: RunArgs,
        /// The file.
        file: PathBuf,
        /// What the program sees in `sys.argv` behind its own name.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check programs without running them; exit code 1 if there are errors.
    Check {
        /// Only the syntax.
        #[arg(long)]
        syntax_only: bool,
        /// Also what importing static modules does, as if they were strict.
        #[arg(long, conflicts_with = "syntax_only")]
        strict: bool,
        /// What importing strict modules does on any machine: nothing is known of `sys.platform` and its like.
        #[arg(long, conflicts_with = "syntax_only")]
        all_platforms: bool,
        #[command(flatten)]
        files: CheckArgs,
        /// Check again when files change, until Ctrl-C.
        #[arg(long)]
        watch: bool,
    },
    /// Find what works but could be better.
    Lint {
        /// What keeps static modules from being as fast as they could be, and what would help.
        #[arg(long, required = true)]
        perf: bool,
        #[command(flatten)]
        files: CheckArgs,
    },
    /// Stubs of strict modules.
    Stubs {
        #[command(subcommand)]
        what: StubsCommand,
    },
    /// Explain a code that `spc check` shows.
    Explain {
        /// The code, such as SP0131, or the name of its rule.
        #[arg(required_unless_present = "list")]
        code: Option<String>,
        /// Print all codes.
        #[arg(long, conflicts_with = "code")]
        list: bool,
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

/// What to do with stubs.
#[derive(Subcommand, Debug)]
pub(crate) enum StubsCommand {
    /// Compare what stubs claim with the sources that they are about; exit code 1 if a claim is not true.
    Verify {
        /// How findings are written.
        #[arg(long, value_enum, default_value = "full", value_name = "FORMAT")]
        output_format: Format,
        /// Stubs, and folders whose trees are searched for stubs.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
}

/// What to check and how to say it.
#[derive(clap::Args, Debug)]
pub(crate) struct CheckArgs {
    /// How findings are written.
    #[arg(long, value_enum, default_value = "full", value_name = "FORMAT")]
    pub(crate) output_format: Format,
    /// Say how often each code was found, and how many files had to be checked.
    #[arg(long)]
    pub(crate) statistics: bool,
    /// Check everything, and keep nothing.
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Files, and folders whose trees are searched for files.
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
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
    /// Let frames of static functions that run compiled show their variables, which costs some speed.
    #[arg(long = "jit-frames")]
    frames: bool,
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
            shows_static: self.frames,
            traps_null: true,
        })
    }
}

/// What Python's options do not say of a run.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) jit: JitArgs,
    /// Let tests patch strict modules and their classes.
    #[arg(long)]
    pub(crate) patching: bool,
    /// Raise OverflowError where integer primitives would wrap.
    #[arg(long)]
    pub(crate) trap_overflow: bool,
}

/// Our own options among Python's.
#[derive(Parser, Debug)]
#[command(name = "spc", no_binary_name = true)]
struct Own {
    #[command(flatten)]
    own: RunArgs,
}

/// A program to run.
pub(crate) struct Run {
    pub(crate) own: RunArgs,
    pub(crate) options: host::Options,
    pub(crate) program: Program,
    pub(crate) args: Vec<String>,
}

/// What the command line asks for.
pub(crate) enum CommandLine {
    /// As `python` is used: a program and its arguments.
    Run(Box<Run>),
    /// A command by its name.
    Command(Args),
    /// The version, in Python's words.
    Version,
    /// Neither; the message says why.
    Wrong(String),
}

/// Reads the command line; one that is wrong in `clap`'s eyes ends the process with 2.
pub(crate) fn parse() -> CommandLine {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let words = words.get(1..).unwrap_or_default();
    if words.first().is_some_and(|first| is_command(first)) {
        return CommandLine::Command(Args::parse());
    }
    let line = match options::parse(words) {
        Ok(line) => line,
        Err(message) => return CommandLine::Wrong(message),
    };
    if line.shows_help {
        return CommandLine::Command(Args::parse_from(["spc", "--help"]));
    }
    if line.shows_version {
        return CommandLine::Version;
    }
    let mut options = line.options;
    options.complete();
    let program = line.program.unwrap_or_else(|| {
        if options.interactive > 0 || std::io::stdin().is_terminal() {
            Program::Interactive
        } else {
            Program::Input
        }
    });
    let Own { own } = Own::parse_from(line.own);
    CommandLine::Run(Box::new(Run { own, options, program, args: line.args }))
}

/// Whether a word is the name of a command and not of a file.
fn is_command(word: &str) -> bool {
    let is_name =
        word == "help" || Args::command().get_subcommands().any(|command| command.get_name() == word);
    is_name && !PathBuf::from(word).is_file()
}
