//! One file per command.

mod check;
mod dis;
mod dump;
mod explain;
mod machine;
mod run;
mod stubs;

use host::Program;

use self::check::Subject;
use crate::args::{Args, CheckArgs, Command, CommandLine, Run, Stage, StubsCommand};

/// Carries the command line out; returns the exit code.
pub(crate) fn dispatch(line: CommandLine) -> u8 {
    match line {
        CommandLine::Run(line) => run::run(*line),
        CommandLine::Version => print(&format!(
            "Python {} (Static Python in Rust {})\n",
            host::PYTHON_VERSION,
            env!("CARGO_PKG_VERSION")
        )),
        CommandLine::Wrong(message) => {
            eprintln!(
                "{message}\nusage: spc [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `spc -h' for more information."
            );
            2
        }
        CommandLine::Command(args) => command(args),
    }
}

fn command(args: Args) -> u8 {
    match args.command {
        Command::Run { own, file, args } => {
            let mut options = host::Options::default();
            options.complete();
            run::run(Run { own, options, program: Program::File(file), args })
        }
        Command::Check { syntax_only, strict: is_strict, all_platforms, files, watch } => {
            let program = Subject::Program { is_strict, all_platforms };
            let subject = if syntax_only { Subject::Syntax } else { program };
            let request = files.about(subject);
            if watch { check::watch(&request) } else { check::run(&request) }
        }
        Command::Lint { files, .. } => check::run(&files.about(Subject::Speed)),
        Command::Stubs { what: StubsCommand::Verify { output_format, paths } } => {
            stubs::verify(&paths, output_format)
        }
        Command::Explain { code, .. } => code.map_or_else(explain::list, |code| explain::page(&code)),
        Command::Dump {
            stage: stage @ (Stage::Hir | Stage::Lir | Stage::Asm),
            after,
            from,
            file,
            function,
        } => {
            let (after, function) = (after.as_deref(), function.as_deref());
            machine::run(&machine::Request { stage, after, function, from }, &file)
        }
        Command::Dump { stage, file, .. } => dump::run(stage, &file),
        Command::Dis { file, function } => dis::run(&file, function.as_deref()),
    }
}

impl CheckArgs {
    fn about(self, subject: Subject) -> check::Request {
        let Self { output_format: format, statistics: shows_statistics, no_cache, paths } = self;
        check::Request { paths, subject, format, is_cached: !no_cache, shows_statistics }
    }
}

/// Writes to standard output; a reader that has gone away ends the command quietly, as it ends Unix filters.
pub(crate) fn print(text: &str) -> u8 {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => 0,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 1,
        Err(error) => {
            eprintln!("spc: cannot write: {error}");
            1
        }
    }
}
