//! `_sre`: the engine of regular expressions, under the library's `re`.
//!
//! The library's Python code parses patterns and compiles them to words; this module checks the words, and matches.
//!
//! - [`opcode`](self): the instruction set; [`character`](self), [`charset`](self): what characters are
//! - `translate` checks code and makes a `program`; `machine` runs it with the `stack`; `search` finds where
//! - `subject`, over stored `unit`s: the text that is searched
//! - [`pattern`], [`matched`], [`scanner`], [`replace`]: the objects
//!
//! Method: backtracking over the compiler's words, as CPython does it, with a stack of choices and undos of our own.

mod character;
mod charset;
mod machine;
pub mod matched;
mod opcode;
pub mod pattern;
mod program;
pub mod replace;
pub mod scanner;
mod search;
mod stack;
mod subject;
mod translate;
mod unit;

use runtime::header::Header;
use runtime::object;
use runtime::objects::dict::DictObject;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::types::ready;
use runtime::{Py, PyResult, Ref, Value, py_functions, raise};

use opcode::{MAGIC, MAXGROUPS, MAXREPEAT};
use pattern::PatternObject;
use replace::TemplateObject;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    let types =
        [&pattern::PATTERN, &matched::MATCH, &scanner::SCANNER, &scanner::MATCH_ITERATOR, &replace::TEMPLATE];
    for ty in types {
        ready::ready(ty);
    }
    let numbers = [("MAGIC", MAGIC), ("CODESIZE", 4), ("MAXREPEAT", MAXREPEAT), ("MAXGROUPS", MAXGROUPS)];
    for (name, number) in numbers {
        module.dict().set_text(name, int::from_i64(i64::from(number)));
    }
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// The words of a pattern.
fn words_of(code: &ListObject) -> PyResult<Vec<u32>> {
    let word = |item: Ref| match item.as_small() {
        Some(number) => Ok(number),
        None => int::to_i64(item.value()),
    };
    let too_large = || raise!(OverflowError, "regular expression code size limit exceeded");
    code.to_vec().into_iter().map(|item| u32::try_from(word(item)?).map_err(|_| too_large())).collect()
}

/// A character that is passed by its number.
fn point(character: i32) -> u32 {
    character as u32
}

py_functions! { static FUNCTIONS;
    "compile(pattern, flags, code, groups, groupindex, indexgroup)"
    fn compile(
        pattern: Value,
        flags: i32,
        code: &ListObject,
        groups: usize,
        groupindex: &DictObject,
        indexgroup: &TupleObject,
    ) -> PyResult<Py<PatternObject>> {
        let words = words_of(code)?;
        let is_bytes = pattern::kind_of(pattern)?;
        let invalid = || raise!(RuntimeError, "invalid SRE code");
        if groups > MAXGROUPS as usize {
            return Err(invalid());
        }
        let program = translate::translate(&words, groups).map_err(|_| invalid())?;
        Ok(object::new_object(PatternObject {
            header: Header::new(&pattern::PATTERN),
            pattern: pattern.to_ref(),
            flags: flags as u32,
            is_bytes,
            group_index: Value::from_object(groupindex).to_ref(),
            index_group: Value::from_object(indexgroup).to_ref(),
            words: words.into(),
            program,
        }))
    }
    "template(pattern, parts, /)"
    fn template(pattern: &PatternObject, parts: &ListObject) -> PyResult<Py<TemplateObject>> {
        let _ = pattern;
        TemplateObject::make(parts)
    }
    "getcodesize()"
    fn getcodesize() -> usize {
        4
    }
    "ascii_iscased(character, /)"
    fn ascii_iscased(character: i32) -> bool {
        character::ascii_is_cased(point(character))
    }
    "unicode_iscased(character, /)"
    fn unicode_iscased(character: i32) -> bool {
        character::unicode_is_cased(point(character))
    }
    "ascii_tolower(character, /)"
    fn ascii_tolower(character: i32) -> u32 {
        character::ascii_lower(point(character))
    }
    "unicode_tolower(character, /)"
    fn unicode_tolower(character: i32) -> u32 {
        character::unicode_lower(point(character))
    }
}
