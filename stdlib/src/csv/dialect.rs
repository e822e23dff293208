//! `_csv.Dialect`: how a file separates, quotes and escapes.

use runtime::args::Args;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, Raised, Ref, TypeObject, Value, error, protocol, raise};

/// When fields are in quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quoting {
    Minimal,
    All,
    NonNumeric,
    None,
    Strings,
    NotNull,
}

impl Quoting {
    /// By number.
    pub(super) const ALL: [Quoting; 6] = [
        Quoting::Minimal,
        Quoting::All,
        Quoting::NonNumeric,
        Quoting::None,
        Quoting::Strings,
        Quoting::NotNull,
    ];

    /// The name of its number.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Quoting::Minimal => "QUOTE_MINIMAL",
            Quoting::All => "QUOTE_ALL",
            Quoting::NonNumeric => "QUOTE_NONNUMERIC",
            Quoting::None => "QUOTE_NONE",
            Quoting::Strings => "QUOTE_STRINGS",
            Quoting::NotNull => "QUOTE_NOTNULL",
        }
    }
}

/// A dialect; it never changes.
#[repr(C)]
pub struct DialectObject {
    header: Header,
    pub(super) delimiter: u32,
    pub(super) quotechar: Option<u32>,
    pub(super) escapechar: Option<u32>,
    pub(super) line_terminator: Ref,
    pub(super) quoting: Quoting,
    pub(super) doublequote: bool,
    pub(super) skipinitialspace: bool,
    pub(super) strict: bool,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for DialectObject {
    fn type_object() -> &'static TypeObject {
        &DIALECT
    }
}

/// The parameters, in the order in which they can be passed behind the dialect they start from.
const PARAMETERS: [&str; 8] = [
    "delimiter",
    "doublequote",
    "escapechar",
    "lineterminator",
    "quotechar",
    "quoting",
    "skipinitialspace",
    "strict",
];

impl DialectObject {
    /// The dialect that an argument names or is, with the changes that keywords ask for.
    pub(super) fn of(dialect: Option<Value>, keywords: &[(Value, Value)]) -> PyResult<Py<DialectObject>> {
        let (mut dialect, mut given) = (dialect, [None; PARAMETERS.len()]);
        read_keywords(&mut dialect, &mut given, keywords.iter().copied())?;
        make(&DIALECT, dialect, given)
    }
}

fn read_keywords(
    dialect: &mut Option<Value>,
    given: &mut [Option<Value>; PARAMETERS.len()],
    keywords: impl Iterator<Item = (Value, Value)>,
) -> PyResult<()> {
    for (name, value) in keywords {
        let name = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        let slot = match PARAMETERS.iter().position(|&known| known == name) {
            Some(at) => &mut given[at],
            None if name == "dialect" => &mut *dialect,
            None => {
                return Err(raise!(TypeError, "this function got an unexpected keyword argument '{name}'"));
            }
        };
        *slot = Some(value);
    }
    Ok(())
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let (mut dialect, mut given) = (args.positional.first().copied(), [None; PARAMETERS.len()]);
    if args.positional.len() > PARAMETERS.len() + 1 {
        let count = args.positional.len();
        return Err(raise!(TypeError, "Dialect() takes at most 9 arguments ({count} given)"));
    }
    for (slot, &value) in given.iter_mut().zip(args.positional.iter().skip(1)) {
        *slot = Some(value);
    }
    read_keywords(&mut dialect, &mut given, args.keywords())?;
    make(ty, dialect, given).map(Py::into_ref)
}

/// Makes a dialect from another object's attributes and from parameters, which come first.
fn make(ty: &TypeObject, dialect: Option<Value>, given: [Option<Value>; 8]) -> PyResult<Py<DialectObject>> {
    let mut base = dialect.filter(|&dialect| !objects::is_none(dialect)).map(Value::to_ref);
    if let Some(name) = base.take_if(|base| base.get::<StrObject>().is_some()) {
        base = Some(super::registered(name.value())?);
    }
    if let Some(same) = base.as_ref().and_then(|base| base.get::<DialectObject>())
        && given.iter().all(Option::is_none)
    {
        return Ok(Py::from_object(same));
    }
    let mut values: [Option<Ref>; 8] = [const { None }; 8];
    for ((slot, given), name) in values.iter_mut().zip(given).zip(PARAMETERS) {
        *slot = match (given, &base) {
            (Some(given), _) => Some(given.to_ref()),
            (None, None) => None,
            (None, Some(base)) => {
                let name = StrObject::intern(name);
                error::ignore(protocol::get_attr(base.value(), name.value()), &error::types::AttributeError)?
            }
        };
    }
    let contents = read(ty, values.each_ref().map(|value| value.as_ref().map(Ref::value)))?;
    check(&contents)?;
    Ok(object::new_object_of(ty, contents))
}

fn read(ty: &TypeObject, values: [Option<Value>; 8]) -> PyResult<DialectObject> {
    let [delimiter, doublequote, escapechar, line_terminator, quotechar, quoting, skipinitialspace, strict] =
        values;
    let flag = |value: Option<Value>, default: bool| value.map_or(Ok(default), protocol::is_true);
    let delimiter = match delimiter {
        None => ',' as u32,
        Some(text) => character("delimiter", text, "a unicode character")?,
    };
    let escape = optional_character("escapechar", escapechar, None)?;
    let quote = optional_character("quotechar", quotechar, Some('"' as u32))?;
    let mut how = read_quoting(quoting)?;
    if quotechar.is_some_and(objects::is_none) && quoting.is_none() {
        how = Quoting::None;
    }
    let line_terminator = match line_terminator {
        None => StrObject::intern("\r\n").into(),
        Some(text) if objects::is_none(text) => return Err(raise!(TypeError, "lineterminator must be set")),
        Some(text) if text.get::<StrObject>().is_none() => {
            let name = text.ty().name();
            return Err(raise!(TypeError, "\"lineterminator\" must be a string, not {name}"));
        }
        Some(text) => text.to_ref(),
    };
    Ok(DialectObject {
        header: Header::new(ty),
        delimiter,
        quotechar: quote,
        escapechar: escape,
        line_terminator,
        quoting: how,
        doublequote: flag(doublequote, true)?,
        skipinitialspace: flag(skipinitialspace, false)?,
        strict: flag(strict, false)?,
    })
}

fn read_quoting(quoting: Option<Value>) -> PyResult<Quoting> {
    let Some(number) = quoting else { return Ok(Quoting::Minimal) };
    if number.as_small().is_none() || !number.is_exact(&int::INT) {
        let name = number.ty().name();
        return Err(raise!(TypeError, "\"quoting\" must be an integer, not {name}"));
    }
    let known = usize::try_from(int::to_i64(number)?).ok().and_then(|at| Quoting::ALL.get(at).copied());
    known.ok_or_else(|| raise!(TypeError, "bad \"quoting\" value"))
}

fn character(name: &str, text: Value, what: &str) -> PyResult<u32> {
    let Some(text) = text.get::<StrObject>() else {
        return Err(raise!(TypeError, "\"{name}\" must be {what}, not {}", text.ty().name()));
    };
    match text.len() {
        1 => Ok(text.code_point(0)),
        len => Err(raise!(TypeError, "\"{name}\" must be {what}, not a string of length {len}")),
    }
}

fn optional_character(name: &str, text: Option<Value>, default: Option<u32>) -> PyResult<Option<u32>> {
    match text {
        None => Ok(default),
        Some(text) if objects::is_none(text) => Ok(None),
        Some(text) => character(name, text, "a unicode character or None").map(Some),
    }
}

/// Whether the special characters can be told from each other, and from what ends lines.
fn check(dialect: &DialectObject) -> PyResult<()> {
    if dialect.quoting != Quoting::None && dialect.quotechar.is_none() {
        return Err(raise!(TypeError, "quotechar must be set if quoting enabled"));
    }
    let characters = [
        ("delimiter", Some(dialect.delimiter), true),
        ("escapechar", dialect.escapechar, !dialect.skipinitialspace),
        ("quotechar", dialect.quotechar, !dialect.skipinitialspace),
    ];
    let terminator = dialect.line_terminator.get::<StrObject>().expect("read as a str");
    for (name, point, allows_space) in characters {
        let Some(point) = point else { continue };
        if matches!(point, 0x0a | 0x0d) || (point == ' ' as u32 && !allows_space) {
            return Err(raise!(ValueError, "bad {name} value"));
        }
        if terminator.code_points().any(|other| other == point) {
            return Err(raise!(ValueError, "bad {name} or lineterminator value"));
        }
    }
    for (at, &(name, point, _)) in characters.iter().enumerate() {
        for &(other_name, other, _) in &characters[at + 1..] {
            if point.is_some() && point == other {
                return Err(raise!(ValueError, "bad {name} or {other_name} value"));
            }
        }
    }
    Ok(())
}

fn this<'a>(value: Value) -> &'a DialectObject {
    value.get::<DialectObject>().expect("attributes are asked of instances")
}

fn shown(point: Option<u32>) -> PyResult {
    Ok(point.map_or_else(|| objects::none().to_ref(), |point| StrObject::from_code_point(point).into()))
}

/// Dialects cannot be copied or pickled.
fn refuse(value: Value) -> Raised {
    raise!(TypeError, "cannot pickle {} instances", value.ty().name())
}

runtime::py_methods! { static METHODS for "Dialect", Value;
    /// raises an exception to avoid pickling
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        Err(refuse(this))
    }
    /// raises an exception to avoid pickling
    "__reduce_ex__(self, protocol, /)"
    fn reduce_ex(this, protocol: Value) -> PyResult {
        let _ = protocol;
        Err(refuse(this))
    }
}

macro_rules! attributes {
    ($($name:literal |$this:ident| $read:expr;)*) => {
        &[$(GetSetDef { name: $name, doc: "", get: |value| { let $this = this(value); $read }, set: None }),*]
    };
}

static GETSET: &[GetSetDef] = attributes! {
    "delimiter" |this| shown(Some(this.delimiter));
    "quotechar" |this| shown(this.quotechar);
    "escapechar" |this| shown(this.escapechar);
    "lineterminator" |this| Ok(this.line_terminator.clone());
    "quoting" |this| Ok(int::from_i64(this.quoting as i64));
    "doublequote" |this| Ok(objects::bool(this.doublequote).to_ref());
    "skipinitialspace" |this| Ok(objects::bool(this.skipinitialspace).to_ref());
    "strict" |this| Ok(objects::bool(this.strict).to_ref());
};

/// `_csv.Dialect`.
pub static DIALECT: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_csv",
    doc: "CSV dialect\n\nThe Dialect type records CSV dialect options.",
    flags: type_flags::BASE,
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<DialectObject>("Dialect")
};
