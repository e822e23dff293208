//! Lists the tokens of the files named on the command line.
fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).expect("the file can be read");
        match lexer::decode(&bytes) {
            Ok(source) => {
                use std::io::Write;
                let listing = lexer::dump::dump(&source);
                std::io::stdout().write_all(listing.as_bytes()).expect("standard output is open");
            }
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
}
