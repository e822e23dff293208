//! The options of the `python` command that may stand before a program: letters, alone or together, as `-I`, `-X dev`, `-Wd`, `-Bc CODE`.
//!
//! What they mean for a program is in `sys.flags`, `sys.warnoptions` and `sys._xoptions`; the runtime and the library look there. Letters
//! that would change the language (`-O`) or that are not known are not taken, so that the command line is refused.

use host::Options;

/// Letters without a value: what they set in `sys.flags`.
const FLAGS: &[(char, &[&str])] = &[
    ('B', &["dont_write_bytecode"]),
    ('E', &["ignore_environment"]),
    ('I', &["isolated", "ignore_environment", "no_user_site", "safe_path"]),
    ('P', &["safe_path"]),
    ('S', &["no_site"]),
    ('q', &["quiet"]),
    ('s', &["no_user_site"]),
    ('u', &[]),
];

/// Takes the options at the front of `words`; gives what is left, where `-c` or `-m` stand alone even if they followed other letters.
/// `Err` says what is wrong.
pub(crate) fn take(words: &[String], options: &mut Options) -> Result<Vec<String>, String> {
    let mut rest = words.to_vec();
    while let Some(word) = rest.first().filter(|word| is_taken(word)).cloned() {
        rest.remove(0);
        let mut letters = word[1..].chars();
        while let Some(letter) = letters.next() {
            let attached = letters.as_str();
            if letter == 'c' || letter == 'm' {
                rest.insert(0, format!("-{letter}{attached}"));
                return Ok(rest);
            }
            if letter == 'X' || letter == 'W' {
                let value = match (attached.is_empty(), rest.is_empty()) {
                    (false, _) => attached.to_owned(),
                    (true, false) => rest.remove(0),
                    (true, true) => return Err(format!("Argument expected for the -{letter} option")),
                };
                with_value(letter, value, options)?;
                break;
            }
            set(letter, options);
        }
    }
    Ok(rest)
}

/// Whether a word consists of options of Python only. `-c` and `-m` alone are the program already.
fn is_taken(word: &str) -> bool {
    let Some(letters) = word.strip_prefix('-') else { return false };
    let own = letters.trim_start_matches(|letter| FLAGS.iter().any(|flag| flag.0 == letter));
    let is_program = own.starts_with(['c', 'm']) && own.len() < letters.len();
    !letters.is_empty() && (own.is_empty() || own.starts_with(['X', 'W']) || is_program)
}

fn set(letter: char, options: &mut Options) {
    let flags = FLAGS.iter().find(|flag| flag.0 == letter).map_or(&[][..], |flag| flag.1);
    options.flags.extend(flags.iter().map(|&flag| (flag.to_owned(), 1)));
    options.is_unbuffered |= letter == 'u';
}

fn with_value(letter: char, value: String, options: &mut Options) -> Result<(), String> {
    if letter == 'W' {
        options.warnings.push(value);
        return Ok(());
    }
    let (name, given) = match value.split_once('=') {
        Some((name, given)) => (name.to_owned(), Some(given.to_owned())),
        None => (value, None),
    };
    let number =
        |what: &str| given.as_deref().and_then(|text| text.parse().ok()).ok_or_else(|| what.to_owned());
    match name.as_str() {
        "dev" => options.flags.push(("dev_mode".to_owned(), 1)),
        "warn_default_encoding" => options.flags.push((name.clone(), 1)),
        "utf8" if given.is_none() => options.flags.push(("utf8_mode".to_owned(), 1)),
        "utf8" => options.flags.push(("utf8_mode".to_owned(), number("invalid -X utf8 option value")?)),
        "int_max_str_digits" => {
            let invalid = "-X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.";
            let digits = number(invalid)?;
            if digits != 0 && digits < 640 {
                return Err(invalid.to_owned());
            }
            options.flags.push((name.clone(), digits));
        }
        _ => {}
    }
    options.extended.push((name, given));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Options, Vec<String>) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let mut options = Options::default();
        let rest = take(&words, &mut options).expect("the line is right");
        (options, rest)
    }

    #[test]
    fn letters_may_stand_together() {
        let (options, rest) = read("-BIc pass x");
        assert_eq!(rest, ["-c", "pass", "x"]);
        assert!(options.flags.iter().any(|flag| flag.0 == "isolated"));
        let (options, rest) = read("-X dev -Wignore -W error -uXutf8=0 -m this -B");
        assert_eq!(rest, ["-m", "this", "-B"]);
        assert_eq!(options.warnings, ["ignore", "error"]);
        assert_eq!(options.extended, [("dev".to_owned(), None), ("utf8".to_owned(), Some("0".to_owned()))]);
        assert!(options.is_unbuffered);
    }

    #[test]
    fn others_are_left() {
        for line in ["-", "--help", "-h", "-O file.py", "-cpass", "file.py -B"] {
            assert_eq!(read(line).1, line.split(' ').collect::<Vec<_>>(), "{line}");
        }
        let words = ["-X".to_owned()];
        assert_eq!(
            take(&words, &mut Options::default()),
            Err("Argument expected for the -X option".to_owned())
        );
    }
}
