//! The options that Python takes before its program: single letters, in clusters, some with a value.
//!
//! What an option changes is `sys.flags`, `sys.warnoptions`, `sys._xoptions` and the search path; the table below says which flag a letter
//! counts. Options that speak of what this program does not have (bytecode files, a site module, its own buffering) only show in the flags.

use host::Interpretation;

/// Letters without a value and the flag that each sets.
const FLAGS: [(char, &str); 11] = [
    ('b', "bytes_warning"),
    ('B', "dont_write_bytecode"),
    ('d', "debug"),
    ('E', "ignore_environment"),
    ('i', "inspect"),
    ('I', "isolated"),
    ('O', "optimize"),
    ('P', "safe_path"),
    ('q', "quiet"),
    ('s', "no_user_site"),
    ('v', "verbose"),
];

/// What the options say, and the words behind them; `Err` is what is wrong with them.
pub(crate) fn parse(words: &[String]) -> Result<(Interpretation, Vec<String>), String> {
    let mut options = Interpretation::default();
    let mut at = 0;
    let mut program = Vec::new();
    while let Some(word) = words.get(at).filter(|word| program.is_empty() && is_cluster(word)) {
        at += 1;
        let mut letters = word.char_indices().skip(1);
        while let Some((place, letter)) = letters.next() {
            if let Some((_, flag)) = FLAGS.iter().find(|(known, _)| *known == letter) {
                options.count(flag);
            } else if matches!(letter, 'W' | 'X') {
                let attached = &word[place + 1..];
                let value =
                    if attached.is_empty() { words.get(at).cloned() } else { Some(attached.to_owned()) };
                at += usize::from(attached.is_empty());
                let Some(value) = value else {
                    return Err(format!("Argument expected for the -{letter} option"));
                };
                if letter == 'W' {
                    options.warnings.push(value)
                } else {
                    options.x_options.push(value)
                }
                break;
            } else if matches!(letter, 'c' | 'm') {
                program.push(format!("-{}", &word[place..]));
                break;
            } else if letter == 'S' {
                options.count("no_site");
            } else if letter != 'u' {
                return Err(format!("Unknown option: -{letter}"));
            }
        }
    }
    options.settle();
    program.extend_from_slice(&words[at..]);
    Ok((options, program))
}

/// Whether a word is a cluster of option letters: `-c` and `-m` alone are the program.
fn is_cluster(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next() == Some('-')
        && letters.next().is_some_and(|letter| !matches!(letter, '-' | 'c' | 'm' | 'h' | 'V' | '?'))
}
