//! `_csv.reader`: lines to rows, by a state machine that sees one character after the other.
//!
//! A row may go over several lines, if a field in quotes does. Every line ends with a character that no text has, [`END`].

use std::cell::Cell;

use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::list::ListObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::{self, float, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, TypeObject, Value, protocol};

use super::dialect::{DialectObject, Quoting};
use super::{FIELD_LIMIT, csv_error};

/// The end of a line.
const END: u32 = u32::MAX;
const LINE_FEED: u32 = '\n' as u32;
const CARRIAGE_RETURN: u32 = '\r' as u32;

/// What has been read last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuotes,
    EscapedInQuotes,
    QuoteInQuotes,
    EatLineEnd,
    AfterEscapedLineEnd,
}

/// A row that is being read.
struct Row {
    state: State,
    field: StrBuilder,
    /// Whether the field has had no quotes so far.
    is_unquoted: bool,
    fields: Vec<Ref>,
}

impl Row {
    const fn new() -> Self {
        Row { state: State::StartRecord, field: StrBuilder::new(), is_unquoted: true, fields: Vec::new() }
    }

    fn add(&mut self, point: u32) -> PyResult<()> {
        let limit = FIELD_LIMIT.get();
        if self.field.len() >= limit {
            return Err(csv_error(&format!("field larger than field limit ({limit})")));
        }
        self.field.push(point);
        self.field.check()
    }

    /// The field is complete.
    fn save(&mut self, quoting: Quoting) -> PyResult<()> {
        let text = std::mem::take(&mut self.field).try_finish()?;
        let is_unquoted = std::mem::replace(&mut self.is_unquoted, true);
        let field = match quoting {
            Quoting::NotNull | Quoting::Strings if is_unquoted && text.is_empty() => objects::none().to_ref(),
            Quoting::NonNumeric | Quoting::Strings if is_unquoted && !text.is_empty() => {
                protocol::call_one(float::FLOAT.value(), text.value())?
            }
            _ => text.into(),
        };
        self.fields.push(field);
        Ok(())
    }

    /// The field and the line are complete.
    fn save_last(&mut self, quoting: Quoting, point: u32) -> PyResult<()> {
        self.save(quoting)?;
        self.state = if point == END { State::StartRecord } else { State::EatLineEnd };
        Ok(())
    }

    fn feed(&mut self, dialect: &DialectObject, point: u32) -> PyResult<()> {
        let is_line_end = matches!(point, LINE_FEED | CARRIAGE_RETURN);
        match self.state {
            State::StartRecord if point == END => {}
            State::StartRecord if is_line_end => self.state = State::EatLineEnd,
            State::StartRecord | State::StartField => return self.start_field(dialect, point),
            State::Escaped if is_line_end => {
                self.add(point)?;
                self.state = State::AfterEscapedLineEnd;
            }
            State::Escaped => {
                self.add(if point == END { LINE_FEED } else { point })?;
                self.state = State::InField;
            }
            State::AfterEscapedLineEnd if point == END => {}
            State::AfterEscapedLineEnd | State::InField => return self.go_on(dialect, point),
            State::InQuotes if point == END => {}
            State::InQuotes if Some(point) == dialect.escapechar => self.state = State::EscapedInQuotes,
            State::InQuotes if Some(point) == dialect.quotechar && dialect.quoting != Quoting::None => {
                self.state = if dialect.doublequote { State::QuoteInQuotes } else { State::InField };
            }
            State::InQuotes => return self.add(point),
            State::EscapedInQuotes => {
                self.add(if point == END { LINE_FEED } else { point })?;
                self.state = State::InQuotes;
            }
            State::QuoteInQuotes => return self.behind_quote(dialect, point),
            State::EatLineEnd if is_line_end => {}
            State::EatLineEnd if point == END => self.state = State::StartRecord,
            State::EatLineEnd => {
                return Err(csv_error(
                    "new-line character seen in unquoted field - do you need to open the file with newline=''?",
                ));
            }
        }
        Ok(())
    }

    fn start_field(&mut self, dialect: &DialectObject, point: u32) -> PyResult<()> {
        self.state = State::StartField;
        if matches!(point, LINE_FEED | CARRIAGE_RETURN | END) {
            return self.save_last(dialect.quoting, point);
        }
        if Some(point) == dialect.quotechar && dialect.quoting != Quoting::None {
            self.is_unquoted = false;
            self.state = State::InQuotes;
        } else if Some(point) == dialect.escapechar {
            self.state = State::Escaped;
        } else if point == ' ' as u32 && dialect.skipinitialspace {
            // Nothing has started yet.
        } else if point == dialect.delimiter {
            return self.save(dialect.quoting);
        } else {
            self.add(point)?;
            self.state = State::InField;
        }
        Ok(())
    }

    /// A character of a field that is not in quotes.
    fn go_on(&mut self, dialect: &DialectObject, point: u32) -> PyResult<()> {
        self.state = State::InField;
        if matches!(point, LINE_FEED | CARRIAGE_RETURN | END) {
            self.save_last(dialect.quoting, point)
        } else if Some(point) == dialect.escapechar {
            self.state = State::Escaped;
            Ok(())
        } else if point == dialect.delimiter {
            self.save(dialect.quoting)?;
            self.state = State::StartField;
            Ok(())
        } else {
            self.add(point)
        }
    }

    /// A character behind a quote in quotes, which may be half of a doubled one, or the end of the field.
    fn behind_quote(&mut self, dialect: &DialectObject, point: u32) -> PyResult<()> {
        if Some(point) == dialect.quotechar && dialect.quoting != Quoting::None {
            self.state = State::InQuotes;
            return self.add(point);
        }
        let ends_field = point == dialect.delimiter || matches!(point, LINE_FEED | CARRIAGE_RETURN | END);
        if dialect.strict && !ends_field {
            let shown = |point: u32| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
            let quote = shown(dialect.quotechar.unwrap_or_default());
            return Err(csv_error(&format!("'{}' expected after '{quote}'", shown(dialect.delimiter))));
        }
        if point == dialect.delimiter {
            self.save(dialect.quoting)?;
            self.state = State::StartField;
            return Ok(());
        }
        if ends_field {
            return self.save_last(dialect.quoting, point);
        }
        self.state = State::InField;
        self.add(point)
    }
}

/// A reader.
#[repr(C)]
pub struct ReaderObject {
    header: Header,
    lines: Ref,
    dialect: Py<DialectObject>,
    line_num: Cell<u64>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ReaderObject {
    fn type_object() -> &'static TypeObject {
        &READER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.lines.value());
        visit(self.dialect.value());
    }
}

impl ReaderObject {
    pub(super) fn make(lines: Ref, dialect: Py<DialectObject>) -> PyResult<Py<ReaderObject>> {
        let header = Header::new(&READER);
        let contents = ReaderObject { header, lines, dialect, line_num: Cell::new(0) };
        Ok(object::new_object(contents))
    }

    /// The next row.
    fn next(&self) -> PyResult<Option<Ref>> {
        let mut row = Row::new();
        loop {
            let Some(line) = protocol::iter_next(self.lines.value())? else {
                if row.field.is_empty() && row.state != State::InQuotes {
                    return Ok(None);
                }
                if self.dialect.strict {
                    return Err(csv_error("unexpected end of data"));
                }
                row.save(self.dialect.quoting)?;
                break;
            };
            let Some(text) = line.get::<StrObject>() else {
                let name = line.ty().name();
                return Err(csv_error(&format!(
                    "iterator should return strings, not {name} (the file should be opened in text mode)"
                )));
            };
            self.line_num.set(self.line_num.get() + 1);
            text.code_points().try_for_each(|point| row.feed(&self.dialect, point))?;
            row.feed(&self.dialect, END)?;
            if row.state == State::StartRecord {
                break;
            }
        }
        Ok(Some(ListObject::new(row.fields).into()))
    }
}

fn this<'a>(value: Value) -> &'a ReaderObject {
    value.get::<ReaderObject>().expect("slots and attributes are asked of instances")
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "dialect", doc: "", get: |value| Ok(this(value).dialect.clone().into()), set: None },
    GetSetDef {
        name: "line_num",
        doc: "",
        get: |value| Ok(int::from_u64(this(value).line_num.get())),
        set: None,
    },
];

/// `_csv.Reader`.
pub static READER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_csv",
    doc: "CSV reader\n\nReader objects are responsible for reading and parsing tabular data\nin CSV format.",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots {
        iter: Some(protocol::identity),
        iternext: Some(|value| this(value).next()),
        ..Slots::EMPTY
    },
    getset: GETSET,
    ..TypeSpec::of::<ReaderObject>("reader")
};
