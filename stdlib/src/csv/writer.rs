//! `_csv.writer`: rows to lines.

use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::{self, complex, float, int};
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, TypeObject, Value, error, protocol, py_methods, raise};

use super::csv_error;
use super::dialect::{DialectObject, Quoting};

/// A writer.
#[repr(C)]
pub struct WriterObject {
    header: Header,
    /// The file's method.
    write: Ref,
    dialect: Py<DialectObject>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for WriterObject {
    fn type_object() -> &'static TypeObject {
        &WRITER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.write.value());
        visit(self.dialect.value());
    }
}

impl WriterObject {
    pub(super) fn make(file: Value, dialect: Py<DialectObject>) -> PyResult<Py<WriterObject>> {
        let write = protocol::get_optional_attr(file, StrObject::intern("write").value())?;
        match write.filter(|write| protocol::is_callable(write.value())) {
            Some(write) => {
                Ok(object::new_object(WriterObject { header: Header::new(&WRITER), write, dialect }))
            }
            None => Err(raise!(TypeError, "argument 1 must have a \"write\" method")),
        }
    }
}

/// A line that is being made.
struct Line<'a> {
    dialect: &'a DialectObject,
    text: StrBuilder,
    fields: usize,
}

impl Line<'_> {
    /// Appends a field, a text or nothing, in quotes if it is to be or must.
    fn push(&mut self, field: Option<&StrObject>, is_quoted: bool) -> PyResult<()> {
        let dialect = self.dialect;
        if self.fields > 0 {
            self.text.push(dialect.delimiter);
        }
        self.fields += 1;
        let mut is_quoted = is_quoted;
        if field.is_none_or(StrObject::is_empty)
            && dialect.delimiter == ' ' as u32
            && dialect.skipinitialspace
        {
            let is_null = field.is_none() && matches!(dialect.quoting, Quoting::Strings | Quoting::NotNull);
            if dialect.quoting == Quoting::None || is_null {
                return Err(csv_error(
                    "empty field must be quoted if delimiter is a space and skipinitialspace is true",
                ));
            }
            is_quoted = true;
        }
        let mut body = StrBuilder::new();
        for point in field.into_iter().flat_map(StrObject::code_points) {
            is_quoted |= self.escape(&mut body, point)?;
            body.push(point);
        }
        let body = body.try_finish()?;
        let quote = dialect.quotechar.filter(|_| is_quoted);
        quote.into_iter().for_each(|quote| self.text.push(quote));
        self.text.push_object(&body);
        quote.into_iter().for_each(|quote| self.text.push(quote));
        self.text.check()
    }

    /// Appends what must stand in front of a character; whether the field needs quotes for it.
    fn escape(&self, body: &mut StrBuilder, point: u32) -> PyResult<bool> {
        let dialect = self.dialect;
        let terminator = dialect.line_terminator.get::<StrObject>().expect("dialects check it");
        let (is_quote, is_escape) = (Some(point) == dialect.quotechar, Some(point) == dialect.escapechar);
        let is_special = point == dialect.delimiter
            || is_quote
            || is_escape
            || matches!(point, 0x0a | 0x0d)
            || terminator.code_points().any(|other| other == point);
        if !is_special {
            return Ok(false);
        }
        if is_quote && dialect.quoting != Quoting::None && dialect.doublequote {
            body.push(point);
            return Ok(true);
        }
        if dialect.quoting != Quoting::None && !is_quote && !is_escape {
            return Ok(true);
        }
        match dialect.escapechar {
            Some(escape) => body.push(escape),
            None => return Err(csv_error("need to escape, but no escapechar set")),
        }
        Ok(false)
    }
}

fn is_number(value: Value) -> bool {
    let slots = value.ty().slots();
    let converts = slots.index.is_some() || slots.int.is_some() || slots.float.is_some();
    converts
        || int::IntRef::of(value).is_some()
        || float::of(value).is_some()
        || value.is_exact(&complex::COMPLEX)
}

fn wants_quotes(quoting: Quoting, field: Value) -> bool {
    match quoting {
        Quoting::NonNumeric => !is_number(field),
        Quoting::All => true,
        Quoting::Strings => field.get::<StrObject>().is_some(),
        Quoting::NotNull => !objects::is_none(field),
        Quoting::Minimal | Quoting::None => false,
    }
}

fn write_row(this: &WriterObject, row: Value) -> PyResult {
    let dialect = &*this.dialect;
    let fields = protocol::get_iter(row).or_else(|raised| {
        error::catch(raised, &error::types::TypeError)?;
        Err(csv_error(&format!("iterable expected, not {}", row.ty().name())))
    })?;
    let mut line = Line { dialect, text: StrBuilder::new(), fields: 0 };
    let mut is_null = false;
    while let Some(field) = protocol::iter_next(fields.value())? {
        let is_quoted = wants_quotes(dialect.quoting, field.value());
        is_null = objects::is_none(field.value());
        if is_null {
            line.push(None, is_quoted)?;
        } else {
            let text = protocol::str(field.value())?;
            line.push(text.get::<StrObject>(), is_quoted)?;
        }
    }
    if line.fields > 0 && line.text.is_empty() {
        let nulls_are_bare = matches!(dialect.quoting, Quoting::Strings | Quoting::NotNull);
        if dialect.quoting == Quoting::None || (is_null && nulls_are_bare) {
            return Err(csv_error("single empty field record must be quoted"));
        }
        line.fields -= 1;
        line.push(None, true)?;
    }
    if let Some(terminator) = dialect.line_terminator.get::<StrObject>() {
        line.text.push_object(terminator);
    }
    let text = line.text.try_finish()?;
    protocol::call_one(this.write.value(), text.value())
}

py_methods! { static METHODS for "Writer", &WriterObject;
    /// writerow(iterable)
    ///
    /// Construct and write a CSV record from an iterable of fields. Non-string elements will be converted to string.
    "writerow(self, row, /)"
    fn writerow(this, row: Value) -> PyResult {
        write_row(this, row)
    }
    /// writerows(iterable of iterables)
    ///
    /// Construct and write a series of iterables to a csv file. Non-string elements will be converted to string.
    "writerows(self, rows, /)"
    fn writerows(this, rows: Value) -> PyResult<()> {
        protocol::for_each(rows, |row| write_row(this, row.value()).map(drop))
    }
}

static GETSET: &[GetSetDef] = &[GetSetDef {
    name: "dialect",
    doc: "",
    get: |value| {
        let this = value.get::<WriterObject>().expect("attributes are asked of instances");
        Ok(this.dialect.clone().into())
    },
    set: None,
}];

/// `_csv.Writer`.
pub static WRITER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_csv",
    doc: "CSV writer\n\nWriter objects are responsible for generating tabular data\nin CSV format from sequence input.",
    flags: type_flags::GC | type_flags::NO_NEW,
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<WriterObject>("writer")
};
