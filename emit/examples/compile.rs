//! Compiles Python files and verifies the bytecode: `compile FILE...` prints what fails, and how long everything took.
//!
//! With one file and `-v` it prints the bytecode.

use std::time::Instant;

fn main() {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let is_verbose = files.first().is_some_and(|first| first == "-v");
    files.retain(|file| file != "-v");
    let (start, mut failures, mut words) = (Instant::now(), 0, 0);
    for file in &files {
        match compile(file) {
            Ok(code) => {
                words += code.walk().iter().map(|code| code.words.len()).sum::<usize>();
                let errors = bytecode::verify::verify(&code);
                failures += !errors.is_empty() as usize;
                errors.iter().for_each(|error| println!("{file}: {error}"));
                if is_verbose {
                    print!("{}", bytecode::text::print(&code));
                }
            }
            Err(message) => {
                failures += 1;
                println!("{file}: {message}");
            }
        }
    }
    println!("{} files, {failures} failures, {words} instructions, {:?}", files.len(), start.elapsed());
}

fn compile(file: &str) -> Result<bytecode::Code, String> {
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    let source = lexer::decode(&bytes).map_err(|error| error.to_string())?;
    let arena = bumpalo::Bump::new();
    let module = parser::parse_module(&source, &arena).map_err(|error| error.to_string())?;
    let options = emit::Options { filename: file.into(), ..emit::Options::default() };
    emit::emit_module(&module, source.text(), &options)
        .map_err(|error| format!("line {}: {}", source.lines().line(error.span.start), error.message))
}
