//! The parser of documents: recursive descent over the stored characters.
//!
//! A value that does not start where one must is reported by `StopIteration`, which the library's Python code turns into its error; all else
//! that is wrong is a `JSONDecodeError`. Equal names of members are one object: a table by their text in the document finds them again.
//! Native stack is used up by nesting, and asked for. Cost: linear.

use std::collections::HashMap;

use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::{Py, PyResult, Ref, protocol, thread};

use super::decode_error;
use super::scanner::{ScannerObject, no_value};
use super::string::{self, Unit};

/// A document that is being read.
pub(super) struct Reader<'a, U> {
    options: &'a ScannerObject,
    document: &'a StrObject,
    units: &'a [U],
    names: HashMap<&'a [U], Ref>,
}

/// What the members of an object are gathered in.
enum Members {
    Dict(Py<DictObject>),
    Pairs(Py<ListObject>),
}

impl<'a, U: Unit> Reader<'a, U> {
    pub(super) fn new(options: &'a ScannerObject, document: &'a StrObject, units: &'a [U]) -> Self {
        Reader { options, document, units, names: HashMap::new() }
    }

    fn at(&self, at: usize) -> Option<char> {
        self.units.get(at).and_then(|unit| char::from_u32(unit.point()))
    }

    /// Behind the whitespace from `at` on.
    fn skip_blanks(&self, mut at: usize) -> usize {
        while matches!(self.at(at), Some(' ' | '\t' | '\n' | '\r')) {
            at += 1;
        }
        at
    }

    fn starts_with(&self, at: usize, word: &str) -> bool {
        let units = self.units.get(at..at + word.len());
        units.is_some_and(|units| {
            units.iter().zip(word.bytes()).all(|(unit, byte)| unit.point() == u32::from(byte))
        })
    }

    /// The value that starts at `at`, and the position behind it.
    pub(super) fn value(&mut self, at: usize) -> PyResult<(Ref, usize)> {
        match self.at(at) {
            Some('"') => string::scan(self.document, self.units, at + 1, self.options.strict),
            Some('{') => {
                thread().check_stack(" while decoding a JSON object from a unicode string")?;
                self.object(at + 1)
            }
            Some('[') => {
                thread().check_stack(" while decoding a JSON array from a unicode string")?;
                self.array(at + 1)
            }
            Some('n') if self.starts_with(at, "null") => Ok((objects::none().to_ref(), at + 4)),
            Some('t') if self.starts_with(at, "true") => Ok((objects::bool(true).to_ref(), at + 4)),
            Some('f') if self.starts_with(at, "false") => Ok((objects::bool(false).to_ref(), at + 5)),
            Some('N') if self.starts_with(at, "NaN") => self.constant(at, "NaN"),
            Some('I') if self.starts_with(at, "Infinity") => self.constant(at, "Infinity"),
            Some('-') if self.starts_with(at, "-Infinity") => self.constant(at, "-Infinity"),
            Some('-' | '0'..='9') => self.number(at),
            _ => Err(no_value(at)),
        }
    }

    fn constant(&self, at: usize, name: &str) -> PyResult<(Ref, usize)> {
        let made = protocol::call_one(self.options.parse_constant.value(), StrObject::intern(name).value())?;
        Ok((made, at + name.len()))
    }

    fn digits_end(&self, mut at: usize) -> usize {
        while matches!(self.at(at), Some('0'..='9')) {
            at += 1;
        }
        at
    }

    fn number(&self, start: usize) -> PyResult<(Ref, usize)> {
        let first = start + usize::from(self.at(start) == Some('-'));
        let whole_end = match self.at(first) {
            Some('0') => first + 1,
            Some('1'..='9') => self.digits_end(first),
            _ => return Err(no_value(start)),
        };
        let mut end = whole_end;
        if self.at(end) == Some('.') && self.digits_end(end + 1) > end + 1 {
            end = self.digits_end(end + 1);
        }
        if matches!(self.at(end), Some('e' | 'E')) {
            let digits = end + 1 + usize::from(matches!(self.at(end + 1), Some('+' | '-')));
            if self.digits_end(digits) > digits {
                end = self.digits_end(digits);
            }
        }
        let text: String =
            self.units[start..end].iter().filter_map(|unit| char::from_u32(unit.point())).collect();
        let made = if end == whole_end { self.integer(&text)? } else { self.fraction(&text)? };
        Ok((made, end))
    }

    fn integer(&self, text: &str) -> PyResult {
        match self.options.int_parser() {
            Some(parser) => protocol::call_one(parser, StrObject::new(text).value()),
            None => match text.parse::<i64>() {
                Ok(number) => Ok(int::from_i64(number)),
                // `int` knows how many digits are allowed.
                Err(_) => protocol::call_one(int::INT.value(), StrObject::new(text).value()),
            },
        }
    }

    fn fraction(&self, text: &str) -> PyResult {
        match self.options.float_parser() {
            Some(parser) => protocol::call_one(parser, StrObject::new(text).value()),
            None => Ok(float::new(text.parse().expect("the grammar of numbers is that of floats"))),
        }
    }

    /// The name of a member whose quote is in front of `at`: the same object for the same text.
    fn name(&mut self, at: usize) -> PyResult<(Ref, usize)> {
        let end = string::plain_end(self.units, at);
        if self.at(end) != Some('"') {
            return string::scan(self.document, self.units, at, self.options.strict);
        }
        let units = &self.units[at..end];
        let name = self.names.entry(units).or_insert_with(|| U::to_str(units));
        Ok((name.clone(), end + 1))
    }

    /// The object whose brace is in front of `at`.
    fn object(&mut self, at: usize) -> PyResult<(Ref, usize)> {
        let members = match ScannerObject::hook(&self.options.object_pairs_hook) {
            Some(_) => Members::Pairs(ListObject::empty()),
            None => Members::Dict(DictObject::new()),
        };
        let mut at = self.skip_blanks(at);
        if self.at(at) == Some('}') {
            return Ok((self.finish_object(members)?, at + 1));
        }
        loop {
            if self.at(at) != Some('"') {
                return Err(self.error("Expecting property name enclosed in double quotes", at));
            }
            let (name, end) = self.name(at + 1)?;
            at = self.skip_blanks(end);
            if self.at(at) != Some(':') {
                return Err(self.error("Expecting ':' delimiter", at));
            }
            let (value, end) = self.value(self.skip_blanks(at + 1))?;
            match &members {
                Members::Dict(dict) => dict.set(name.value(), value)?,
                Members::Pairs(pairs) => pairs.try_push(TupleObject::of([name, value]).into())?,
            }
            at = self.skip_blanks(end);
            match self.at(at) {
                Some('}') => return Ok((self.finish_object(members)?, at + 1)),
                Some(',') => {}
                _ => return Err(self.error("Expecting ',' delimiter", at)),
            }
            let comma = at;
            at = self.skip_blanks(at + 1);
            if self.at(at) == Some('}') {
                return Err(self.error("Illegal trailing comma before end of object", comma));
            }
        }
    }

    fn finish_object(&self, members: Members) -> PyResult {
        let (hook, members) = match members {
            Members::Pairs(pairs) => (&self.options.object_pairs_hook, pairs.into_ref()),
            Members::Dict(dict) => (&self.options.object_hook, dict.into_ref()),
        };
        match ScannerObject::hook(hook) {
            Some(hook) => protocol::call_one(hook, members.value()),
            None => Ok(members),
        }
    }

    /// The array whose bracket is in front of `at`.
    fn array(&mut self, at: usize) -> PyResult<(Ref, usize)> {
        let items = ListObject::empty();
        let mut at = self.skip_blanks(at);
        if self.at(at) == Some(']') {
            return Ok((items.into(), at + 1));
        }
        loop {
            let (value, end) = self.value(at)?;
            items.try_push(value)?;
            at = self.skip_blanks(end);
            match self.at(at) {
                Some(']') => return Ok((items.into(), at + 1)),
                Some(',') => {}
                _ => return Err(self.error("Expecting ',' delimiter", at)),
            }
            let comma = at;
            at = self.skip_blanks(at + 1);
            if self.at(at) == Some(']') {
                return Err(self.error("Illegal trailing comma before end of array", comma));
            }
        }
    }

    fn error(&self, message: &str, at: usize) -> runtime::Raised {
        decode_error(message, self.document, at)
    }
}
