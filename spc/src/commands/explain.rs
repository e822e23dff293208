//! `spc explain`: the page of a code, or the table of all codes.
//!
//! The pages are those of `docs/diagnostics/`, packed into the program by the build script.

use base::{rule, suggest};

use super::print;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Prints the page of a code.
pub(crate) fn page(wanted: &str) -> u8 {
    let code = wanted.to_ascii_uppercase();
    let found = rule::RULES.iter().find(|rule| rule.code == code || rule.name == wanted);
    let page = found.and_then(|rule| PAGES.iter().find(|(code, _)| *code == rule.code));
    match page {
        Some((_, text)) => print(text),
        None => unknown(wanted, &code),
    }
}

fn unknown(wanted: &str, code: &str) -> u8 {
    let codes = suggest::likeliest(code, rule::RULES.iter().map(|rule| rule.code));
    let names = || suggest::likeliest(wanted, rule::RULES.iter().map(|rule| rule.name));
    let number = code.strip_prefix("SP").or_else(|| code.strip_prefix("PF"));
    let is_code = number.is_some_and(|number| number.bytes().all(|c| c.is_ascii_digit()));
    let meant = if is_code { codes } else { names() };
    let question = meant.map_or_else(String::new, |meant| format!(" Did you mean '{meant}'?"));
    eprintln!("spc: there is no code '{wanted}'.{question}\nTry `spc explain --list'.");
    2
}

/// Prints all codes.
pub(crate) fn list() -> u8 {
    let line = |rule: &rule::Rule| {
        format!("{}  {:<8} {}\n", rule.code, crate::render::severity_name(rule.severity), rule.name)
    };
    print(&rule::RULES.iter().map(line).collect::<String>())
}
