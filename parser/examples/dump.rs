//! Prints the trees of files, or their errors, or only how fast they are parsed.
//!
//! ```text
//! dump [--time] [--indent N] [--plain] [--list] [--out DIR] FILE...
//! ```
//!
//! `--list` reads file names from standard input, one per line. `--out DIR` writes the dump of the n-th file to `DIR/n`, which is how
//! the comparison with CPython reads them. `--time` only parses and prints the throughput.

use bumpalo::Bump;
use parser::print::{Style, dump_module};
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

#[derive(Default)]
struct Options {
    style: Style,
    is_timing: bool,
    out: Option<String>,
    files: Vec<String>,
}

fn options() -> Options {
    let mut options = Options { style: Style::WITH_ATTRIBUTES, ..Options::default() };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--time" => options.is_timing = true,
            "--plain" => options.style.include_attributes = false,
            "--indent" => options.style.indent = args.next().and_then(|width| width.parse().ok()),
            "--out" => options.out = args.next(),
            "--list" => options.files.extend(std::io::stdin().lock().lines().map_while(Result::ok)),
            _ => options.files.push(arg),
        }
    }
    options
}

/// The dump of a file, or its error in one line.
fn dump(bytes: &[u8], style: Style) -> String {
    let source = match lexer::decode(bytes) {
        Ok(source) => source,
        Err(error) => return format!("{error}"),
    };
    let arena = Bump::new();
    match parser::parse_module(&source, &arena) {
        Ok(module) => dump_module(&module, source.lines(), style),
        Err(error) => {
            let at = error.location(&source);
            format!("{error} @ {} {} {} {}", at.line, at.offset, at.end_line, at.end_offset)
        }
    }
}

fn time(files: &[String]) {
    let sources: Vec<_> =
        files.iter().filter_map(|path| lexer::decode(&std::fs::read(path).ok()?).ok()).collect();
    let bytes: usize = sources.iter().map(|source| source.text().len()).sum();
    let (mut spent, mut lexing) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let start = Instant::now();
        for source in &sources {
            std::hint::black_box(lexer::tokenize(source, lexer::Trivia::Drop));
        }
        lexing = lexing.min(start.elapsed());
        let start = Instant::now();
        let mut arena = Bump::new();
        for source in &sources {
            arena.reset();
            std::hint::black_box(parser::parse_module(source, &arena).is_ok());
        }
        spent = spent.min(start.elapsed());
    }
    let rate = |spent: Duration| bytes as f64 / 1e6 / spent.as_secs_f64();
    println!(
        "{} files, {bytes} bytes: lex {:.1} MB/s, lex and parse {:.1} MB/s",
        sources.len(),
        rate(lexing),
        rate(spent)
    );
}

fn work() {
    let options = options();
    if options.is_timing {
        return time(&options.files);
    }
    for (at, path) in options.files.iter().enumerate() {
        let bytes = std::fs::read(path).expect("the file can be read");
        let text = dump(&bytes, options.style);
        match &options.out {
            Some(dir) => std::fs::write(format!("{dir}/{at}"), text).expect("the directory can be written"),
            None => writeln!(std::io::stdout(), "{text}").expect("standard output is open"),
        }
    }
}

fn main() {
    let worker =
        std::thread::Builder::new().stack_size(256 << 20).spawn(work).expect("a thread can be started");
    worker.join().expect("the worker does not panic");
}
