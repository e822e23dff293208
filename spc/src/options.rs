//! The command line as `python` reads it: options, then a program, then what belongs to the program.
//!
//! One letter may follow another in a word (`-bBI`), and what an option takes may stand in the same word (`-Wignore`) or in the next one.
//! A word that is no option begins the program: a file. Our own options of a run, `--jit` and the like, may stand among them.

use std::path::PathBuf;

use host::{HashChecks, Options, Program};

/// What a command line in Python's manner says.
pub(crate) struct Python {
    /// Options before the program.
    pub(crate) options: Options,
    /// Our own options among them, as they stand.
    pub(crate) own: Vec<String>,
    /// The program; `None` if the line names none.
    pub(crate) program: Option<Program>,
    /// What the program sees in `sys.argv` behind its own name.
    pub(crate) args: Vec<String>,
    /// `-V`, `--version`
    pub(crate) shows_version: bool,
    /// `-h`, `-?`, `--help`
    pub(crate) shows_help: bool,
}

/// Reads the words behind the name of the command; `Err` is a message for the user.
pub(crate) fn parse(words: &[String]) -> Result<Python, String> {
    let mut line = Python {
        options: Options::default(),
        own: Vec::new(),
        program: None,
        args: Vec::new(),
        shows_version: false,
        shows_help: false,
    };
    let mut rest = words.iter();
    while let Some(word) = rest.as_slice().first() {
        if word == "-" {
            rest.next();
            line.program = Some(Program::Input);
            break;
        }
        if !word.starts_with('-') {
            rest.next();
            line.program = Some(Program::File(PathBuf::from(word)));
            break;
        }
        rest.next();
        let ends = match word.strip_prefix("--") {
            Some(name) => line.long(name, word, &mut rest)?,
            None => line.short(word, &mut rest)?,
        };
        if ends {
            break;
        }
    }
    line.args = rest.cloned().collect();
    Ok(line)
}

type Rest<'a> = std::slice::Iter<'a, String>;

impl Python {
    /// A word with two dashes; true if the program is complete with it.
    fn long(&mut self, name: &str, word: &str, rest: &mut Rest<'_>) -> Result<bool, String> {
        const TAKE_A_WORD: [&str; 4] = ["jit", "jit-list", "jit-calls", "jit-static-calls"];
        match name {
            "" => return Ok(true),
            "version" => self.shows_version = true,
            "help" | "help-all" | "help-env" | "help-xoptions" => self.shows_help = true,
            "check-hash-based-pycs" => {
                let when = rest.next().ok_or("Argument expected for the --check-hash-based-pycs option")?;
                self.options.hash_checks = HashChecks::of_name(when)
                    .ok_or("--check-hash-based-pycs must be one of 'default', 'always', or 'never'")?;
            }
            _ if name.starts_with("jit") || matches!(name, "perf-map" | "patching" | "trap-overflow") => {
                self.own.push(word.to_owned());
                if TAKE_A_WORD.contains(&name) {
                    self.own.extend(rest.next().cloned());
                }
            }
            _ => return Err(unknown(word)),
        }
        Ok(false)
    }

    /// A word with one dash; true if the program is complete with it.
    fn short(&mut self, word: &str, rest: &mut Rest<'_>) -> Result<bool, String> {
        for (at, letter) in word.char_indices().skip(1) {
            let options = &mut self.options;
            let level = match letter {
                'b' => &mut options.bytes_warning,
                'B' => &mut options.dont_write_bytecode,
                'd' => &mut options.debug,
                'E' => &mut options.ignore_environment,
                'i' => &mut options.inspect,
                'I' => &mut options.isolated,
                'O' => &mut options.optimize,
                'P' => &mut options.safe_path,
                'q' => &mut options.quiet,
                's' => &mut options.no_user_site,
                'S' => &mut options.no_site,
                'u' => &mut options.unbuffered,
                'v' => &mut options.verbose,
                'x' => &mut options.skip_first_line,
                'R' => &mut options.random_hashes,
                'V' => {
                    self.shows_version = true;
                    continue;
                }
                'h' | '?' => {
                    self.shows_help = true;
                    continue;
                }
                'c' | 'm' | 'W' | 'X' => {
                    let attached = &word[at + 1..];
                    let taken =
                        if attached.is_empty() { rest.next().cloned() } else { Some(attached.to_owned()) };
                    let taken = taken.ok_or_else(|| format!("Argument expected for the -{letter} option"))?;
                    return Ok(self.take(letter, taken));
                }
                _ => return Err(unknown(&format!("-{letter}"))),
            };
            *level += 1;
        }
        Ok(false)
    }

    /// What an option takes; true if it is the program.
    fn take(&mut self, letter: char, taken: String) -> bool {
        match letter {
            'c' => self.program = Some(Program::Command(taken + "\n")),
            'm' => self.program = Some(Program::Module(taken)),
            'W' => self.options.warnings.push(taken),
            _ => self.options.extended.push(taken),
        }
        self.program.is_some()
    }
}

fn unknown(option: &str) -> String {
    format!("Unknown option: {option}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str) -> Python {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        parse(&words).unwrap_or_else(|message| panic!("{words:?}: {message}"))
    }

    #[test]
    fn letters_may_share_a_word() {
        let read = line("-bbIc pass a -b");
        assert_eq!((read.options.bytes_warning, read.options.isolated), (2, 1));
        assert_eq!(read.program, Some(Program::Command("pass\n".to_owned())));
        assert_eq!(read.args, ["a", "-b"]);
    }

    #[test]
    fn values_may_stand_in_the_word_or_behind_it() {
        let read = line("-Wignore -W error -Xdev -X utf8=1 --jit off -m mod x");
        assert_eq!(read.options.warnings, ["ignore", "error"]);
        assert_eq!(read.options.extended, ["dev", "utf8=1"]);
        assert_eq!(read.own, ["--jit", "off"]);
        assert_eq!(read.program, Some(Program::Module("mod".to_owned())));
    }

    #[test]
    fn what_is_no_option_is_an_error() {
        for (words, message) in [
            ("-Z", "Unknown option: -Z"),
            ("--nothing", "Unknown option: --nothing"),
            ("-c", "Argument expected for the -c option"),
            ("--check-hash-based-pycs", "Argument expected for the --check-hash-based-pycs option"),
        ] {
            let words = [words.to_owned()];
            assert_eq!(parse(&words).err().as_deref(), Some(message));
        }
    }
}
