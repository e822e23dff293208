//! `unicodedata`: the Unicode Character Database, as it is now and as it was in version 3.2, which domain names are defined by.
//!
//! The tables are those of `runtime::unicode`; names come from `base::character_name`, normal forms from `unicode-normalization`. The functions of
//! the module and the methods of `ucd_3_2_0` are the same code with another edition.

use base::character_name;
use runtime::error;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::float;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::types::ready;
use runtime::unicode::{self, Record};
use runtime::{Py, PyResult, Ref, Value, py_functions, py_methods, raise};
use unicode_normalization::UnicodeNormalization;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&UCD);
    let dict = module.dict();
    dict.set_text("UCD", UCD.value().to_ref());
    dict.set_text("unidata_version", StrObject::new(unicode::VERSION));
    dict.set_text("ucd_3_2_0", object::new_object(Database { header: Header::new(&UCD) }));
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// Which edition of the database is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edition {
    Current,
    Old,
}

impl Edition {
    fn record(self, point: u32) -> &'static Record {
        match self {
            Edition::Current => unicode::record(point),
            Edition::Old => unicode::record_3_2(point),
        }
    }

    /// Whether the edition knows the character.
    fn has(self, point: u32) -> bool {
        self == Edition::Current || self.record(point).0 != "Cn"
    }
}

/// The character that an argument is.
fn character(value: Value, function: &str, place: &str) -> PyResult<u32> {
    match value.get::<StrObject>() {
        Some(text) if text.len() == 1 => Ok(text.code_point(0)),
        Some(text) => {
            let len = text.len();
            Err(raise!(
                TypeError,
                "{function}(): {place} must be a unicode character, not a string of length {len}"
            ))
        }
        None => {
            let got = value.ty().name();
            Err(raise!(TypeError, "{function}() {place} must be a unicode character, not {got}"))
        }
    }
}

fn one(value: Value, function: &str) -> PyResult<u32> {
    character(value, function, "argument")
}

/// The default, or an error without one.
fn or_default(default: Option<Value>, message: &str) -> PyResult {
    default.map(Value::to_ref).ok_or_else(|| raise!(ValueError, "{message}"))
}

fn decimal(edition: Edition, chr: Value, default: Option<Value>) -> PyResult {
    let point = character(chr, "decimal", "argument 1")?;
    match unicode::decimal(point).filter(|_| edition.has(point)) {
        Some(value) => Ok(Ref::small(value.into())),
        None => or_default(default, "not a decimal"),
    }
}

/// Digits are those of the present in either edition, as in CPython.
fn digit(chr: Value, default: Option<Value>) -> PyResult {
    let point = character(chr, "digit", "argument 1")?;
    match unicode::digit(point) {
        Some(value) => Ok(Ref::small(value.into())),
        None => or_default(default, "not a digit"),
    }
}

fn numeric(edition: Edition, chr: Value, default: Option<Value>) -> PyResult {
    let point = character(chr, "numeric", "argument 1")?;
    match unicode::numeric(point).filter(|_| edition.has(point)) {
        Some((top, bottom)) => Ok(float::new(top as f64 / bottom as f64)),
        None => or_default(default, "not a numeric character"),
    }
}

fn name(edition: Edition, chr: Value, default: Option<Value>) -> PyResult {
    let point = character(chr, "name", "argument 1")?;
    let name = char::from_u32(point).filter(|_| edition.has(point)).and_then(unicode_names2::name);
    match name {
        Some(name) => Ok(StrObject::new(&name.to_string()).into()),
        None => or_default(default, "no such name"),
    }
}

/// The edition of version 3.2 has no aliases and no sequences.
fn lookup(edition: Edition, name: &StrObject) -> PyResult {
    let text = name.to_string_lossy();
    if text.len() > character_name::LONGEST {
        return Err(error::key_error(StrObject::new("name too long").value()));
    }
    let found = match edition {
        Edition::Current => character_name::character(&text),
        Edition::Old => character_name::character_formally(&text).filter(|&c| edition.has(c.into())),
    };
    if let Some(c) = found {
        return Ok(StrObject::from_code_point(c.into()).into());
    }
    if let Some(sequence) = character_name::sequence(&text).filter(|_| edition == Edition::Current) {
        return Ok(StrObject::new(sequence).into());
    }
    let message = StrObject::new(&format!("undefined character name '{text}'"));
    Err(error::key_error(message.value()))
}

fn decomposition(edition: Edition, chr: Value) -> PyResult<&'static str> {
    let point = one(chr, "decomposition")?;
    Ok(unicode::decomposition(point).filter(|_| edition.has(point)).unwrap_or_default())
}

/// A normal form.
#[derive(Clone, Copy)]
enum Form {
    C,
    D,
    Kc,
    Kd,
}

fn form(name: &str) -> PyResult<Form> {
    match name {
        "NFC" => Ok(Form::C),
        "NFD" => Ok(Form::D),
        "NFKC" => Ok(Form::Kc),
        "NFKD" => Ok(Form::Kd),
        _ => Err(raise!(ValueError, "invalid normalization form")),
    }
}

/// The normal form of a text. Surrogates, and characters that the edition lacks, stand for themselves and part the text.
fn normalized(edition: Edition, form: Form, text: &StrObject) -> PyResult<Py<StrObject>> {
    if text.is_ascii() {
        return Ok(Py::from_object(text));
    }
    let mut out = StrBuilder::with_capacity(text.len());
    let mut part = String::new();
    let flush = |part: &mut String, out: &mut StrBuilder| {
        let push = |c: char| out.push(c.into());
        match form {
            Form::C => part.nfc().for_each(push),
            Form::D => part.nfd().for_each(push),
            Form::Kc => part.nfkc().for_each(push),
            Form::Kd => part.nfkd().for_each(push),
        }
        part.clear();
    };
    for point in text.code_points() {
        match char::from_u32(point).filter(|_| edition.has(point)) {
            Some(c) => part.push(c),
            None => {
                flush(&mut part, &mut out);
                out.push(point);
            }
        }
    }
    flush(&mut part, &mut out);
    out.try_finish()
}

fn is_normalized(edition: Edition, form: Form, text: &StrObject) -> PyResult<bool> {
    Ok(*normalized(edition, form, text)? == *text)
}

fn combining(edition: Edition, chr: Value) -> PyResult<u8> {
    Ok(edition.record(one(chr, "combining")?).2)
}

type Text<'a> = &'a StrObject;

py_functions! { static FUNCTIONS;
    /// Returns the general category assigned to the character chr as string.
    "category(chr, /)"
    fn category_now(chr: Value) -> PyResult<&'static str> {
        Ok(Edition::Current.record(one(chr, "category")?).0)
    }
    /// Returns the bidirectional class assigned to the character chr as string.
    "bidirectional(chr, /)"
    fn bidirectional_now(chr: Value) -> PyResult<&'static str> {
        Ok(Edition::Current.record(one(chr, "bidirectional")?).1)
    }
    /// Returns the canonical combining class assigned to the character chr as integer.
    "combining(chr, /)"
    fn combining_now(chr: Value) -> PyResult<u8> {
        combining(Edition::Current, chr)
    }
    /// Returns the east asian width assigned to the character chr as string.
    "east_asian_width(chr, /)"
    fn east_asian_width_now(chr: Value) -> PyResult<&'static str> {
        Ok(Edition::Current.record(one(chr, "east_asian_width")?).3)
    }
    /// Returns the mirrored property assigned to the character chr as integer.
    "mirrored(chr, /)"
    fn mirrored_now(chr: Value) -> PyResult<u8> {
        Ok(Edition::Current.record(one(chr, "mirrored")?).4.into())
    }
    /// Returns the character decomposition mapping assigned to the character chr as string.
    "decomposition(chr, /)"
    fn decomposition_now(chr: Value) -> PyResult<&'static str> {
        decomposition(Edition::Current, chr)
    }
    /// Converts a Unicode character into its equivalent decimal value.
    "decimal(chr, default=<unrepresentable>, /)"
    fn decimal_now(chr: Value, default: Option<Value>) -> PyResult {
        decimal(Edition::Current, chr, default)
    }
    /// Converts a Unicode character into its equivalent digit value.
    "digit(chr, default=<unrepresentable>, /)"
    fn digit_now(chr: Value, default: Option<Value>) -> PyResult {
        digit(chr, default)
    }
    /// Converts a Unicode character into its equivalent numeric value.
    "numeric(chr, default=<unrepresentable>, /)"
    fn numeric_now(chr: Value, default: Option<Value>) -> PyResult {
        numeric(Edition::Current, chr, default)
    }
    /// Returns the name assigned to the character chr as a string.
    "name(chr, default=<unrepresentable>, /)"
    fn name_now(chr: Value, default: Option<Value>) -> PyResult {
        name(Edition::Current, chr, default)
    }
    /// Look up character by name.
    "lookup(name, /)"
    fn lookup_now(name: Text<'_>) -> PyResult {
        lookup(Edition::Current, name)
    }
    /// Return the normal form 'form' for the Unicode string unistr.
    "normalize(form, unistr, /)"
    fn normalize_now(kind: String, unistr: Text<'_>) -> PyResult<Py<StrObject>> {
        normalized(Edition::Current, form(&kind)?, unistr)
    }
    /// Return whether the Unicode string unistr is in the normal form 'form'.
    "is_normalized(form, unistr, /)"
    fn is_normalized_now(kind: String, unistr: Text<'_>) -> PyResult<bool> {
        is_normalized(Edition::Current, form(&kind)?, unistr)
    }
}

/// The type of `ucd_3_2_0`.
#[repr(C)]
pub struct Database {
    header: Header,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Database {
    fn type_object() -> &'static TypeObject {
        &UCD
    }
}

py_methods! { static METHODS for "UCD", &Database;
    /// Returns the general category assigned to the character chr as string.
    "category(self, chr, /)"
    fn category_then(this, chr: Value) -> PyResult<&'static str> {
        let _ = this;
        Ok(Edition::Old.record(one(chr, "category")?).0)
    }
    /// Returns the bidirectional class assigned to the character chr as string.
    "bidirectional(self, chr, /)"
    fn bidirectional_then(this, chr: Value) -> PyResult<&'static str> {
        let _ = this;
        Ok(Edition::Old.record(one(chr, "bidirectional")?).1)
    }
    /// Returns the canonical combining class assigned to the character chr as integer.
    "combining(self, chr, /)"
    fn combining_then(this, chr: Value) -> PyResult<u8> {
        let _ = this;
        combining(Edition::Old, chr)
    }
    /// Returns the east asian width assigned to the character chr as string.
    "east_asian_width(self, chr, /)"
    fn east_asian_width_then(this, chr: Value) -> PyResult<&'static str> {
        let _ = this;
        Ok(Edition::Old.record(one(chr, "east_asian_width")?).3)
    }
    /// Returns the mirrored property assigned to the character chr as integer.
    "mirrored(self, chr, /)"
    fn mirrored_then(this, chr: Value) -> PyResult<u8> {
        let _ = this;
        Ok(Edition::Old.record(one(chr, "mirrored")?).4.into())
    }
    /// Returns the character decomposition mapping assigned to the character chr as string.
    "decomposition(self, chr, /)"
    fn decomposition_then(this, chr: Value) -> PyResult<&'static str> {
        let _ = this;
        decomposition(Edition::Old, chr)
    }
    /// Converts a Unicode character into its equivalent decimal value.
    "decimal(self, chr, default=<unrepresentable>, /)"
    fn decimal_then(this, chr: Value, default: Option<Value>) -> PyResult {
        let _ = this;
        decimal(Edition::Old, chr, default)
    }
    /// Converts a Unicode character into its equivalent digit value.
    "digit(self, chr, default=<unrepresentable>, /)"
    fn digit_then(this, chr: Value, default: Option<Value>) -> PyResult {
        let _ = this;
        digit(chr, default)
    }
    /// Converts a Unicode character into its equivalent numeric value.
    "numeric(self, chr, default=<unrepresentable>, /)"
    fn numeric_then(this, chr: Value, default: Option<Value>) -> PyResult {
        let _ = this;
        numeric(Edition::Old, chr, default)
    }
    /// Returns the name assigned to the character chr as a string.
    "name(self, chr, default=<unrepresentable>, /)"
    fn name_then(this, chr: Value, default: Option<Value>) -> PyResult {
        let _ = this;
        name(Edition::Old, chr, default)
    }
    /// Look up character by name.
    "lookup(self, name, /)"
    fn lookup_then(this, name: Text<'_>) -> PyResult {
        let _ = this;
        lookup(Edition::Old, name)
    }
    /// Return the normal form 'form' for the Unicode string unistr.
    "normalize(self, form, unistr, /)"
    fn normalize_then(this, kind: String, unistr: Text<'_>) -> PyResult<Py<StrObject>> {
        let _ = this;
        normalized(Edition::Old, form(&kind)?, unistr)
    }
    /// Return whether the Unicode string unistr is in the normal form 'form'.
    "is_normalized(self, form, unistr, /)"
    fn is_normalized_then(this, kind: String, unistr: Text<'_>) -> PyResult<bool> {
        let _ = this;
        is_normalized(Edition::Old, form(&kind)?, unistr)
    }
}

/// `unicodedata.UCD`.
static UCD: TypeObject = TypeObject::from_spec(&UCD_SPEC);
static UCD_SPEC: TypeSpec = TypeSpec {
    module: "unicodedata",
    flags: type_flags::NO_NEW,
    methods: &[METHODS],
    getset: &[GetSetDef {
        name: "unidata_version",
        doc: "",
        get: |_| Ok(StrObject::new("3.2.0").into()),
        set: None,
    }],
    ..TypeSpec::of::<Database>("UCD")
};
