//! Template strings (PEP 750): `string.templatelib.Template` and `Interpolation`, what `t"..."` makes.
//!
//! Strings and interpolations alternate, with a string at both ends; neighbouring strings are joined.

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self};
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};
use crate::{protocol, py_methods, py_new, raise};

const MODULE: &str = "string.templatelib";

/// An interpolation: the value with what stood between its braces.
#[repr(C)]
pub struct InterpolationObject {
    header: Header,
    value: Field,
    expression: Field,
    /// `'s'`, `'r'`, `'a'` or None.
    conversion: Field,
    format_spec: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for InterpolationObject {
    fn type_object() -> &'static TypeObject {
        &INTERPOLATION
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.fields().into_iter().for_each(|field| field.visit(visit));
    }
}

impl InterpolationObject {
    fn fields(&self) -> [&Field; 4] {
        [&self.value, &self.expression, &self.conversion, &self.format_spec]
    }

    fn parts(&self) -> [Ref; 4] {
        self.fields().map(Field::get_or_none)
    }
}

/// A template.
#[repr(C)]
pub struct TemplateObject {
    header: Header,
    /// One str more than there are interpolations.
    strings: Field,
    interpolations: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TemplateObject {
    fn type_object() -> &'static TypeObject {
        &TEMPLATE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.strings.visit(visit);
        self.interpolations.visit(visit);
    }
}

impl TemplateObject {
    fn strings(&self) -> &[Value] {
        tuple_of(&self.strings)
    }

    fn interpolations(&self) -> &[Value] {
        tuple_of(&self.interpolations)
    }

    /// Strings and interpolations in order, empty strings left out.
    fn pieces(&self) -> Vec<Ref> {
        let mut pieces = Vec::new();
        for (at, text) in self.strings().iter().enumerate() {
            if text.get::<StrObject>().is_some_and(|text| !text.units().is_empty()) {
                pieces.push(text.to_ref());
            }
            pieces.extend(self.interpolations().get(at).map(|&interpolation| interpolation.to_ref()));
        }
        pieces
    }
}

fn tuple_of(field: &Field) -> &[Value] {
    field.get().and_then(Value::get::<TupleObject>).expect("a template keeps tuples").items()
}

/// The interpolation of a template string: the operand of its instruction says the conversion.
pub fn interpolation(value: Ref, expression: Ref, conversion: usize, spec: Option<Ref>) -> Ref {
    let conversion = ["", "s", "r", "a"].get(conversion).copied().unwrap_or_default();
    let conversion =
        if conversion.is_empty() { objects::none().to_ref() } else { StrObject::intern(conversion).into() };
    new_interpolation(value, expression, conversion, spec.unwrap_or_else(|| StrObject::empty().into()))
}

fn new_interpolation(value: Ref, expression: Ref, conversion: Ref, format_spec: Ref) -> Ref {
    let [value, expression, conversion, format_spec] =
        [value, expression, conversion, format_spec].map(Field::new);
    let header = Header::new(&INTERPOLATION);
    object::new_object(InterpolationObject { header, value, expression, conversion, format_spec }).into()
}

/// A template of alternating strings and interpolations, both tuples.
pub fn template(strings: Ref, interpolations: Ref) -> Ref {
    let [strings, interpolations] = [strings, interpolations].map(Field::new);
    object::new_object(TemplateObject { header: Header::new(&TEMPLATE), strings, interpolations }).into()
}

/// A template of pieces in any order.
fn from_pieces(pieces: &[Value]) -> PyResult {
    let mut strings = vec![StrObject::empty()];
    let mut interpolations = Vec::new();
    for &piece in pieces {
        if let Some(text) = piece.get::<StrObject>() {
            let last = strings.last_mut().expect("there is always a last string");
            *last = last.concat(text)?;
        } else if piece.is_instance::<InterpolationObject>() {
            interpolations.push(piece.to_ref());
            strings.push(StrObject::empty());
        } else {
            let ty = piece.ty().name();
            return Err(raise!(
                TypeError,
                "Template.__new__ *args need to be of type 'str' or 'Interpolation', got {ty}"
            ));
        }
    }
    let strings = strings.into_iter().map(Into::into).collect();
    Ok(template(TupleObject::new(strings).into(), TupleObject::new(interpolations).into()))
}

fn new_template(_: &TypeObject, args: Args<'_>) -> PyResult {
    if args.has_keywords() {
        return Err(raise!(TypeError, "Template.__new__ only accepts *args arguments"));
    }
    from_pieces(args.positional)
}

fn concat(a: Value, b: Value) -> PyResult {
    match (a.get::<TemplateObject>(), b.get::<TemplateObject>()) {
        (Some(x), Some(y)) => {
            let pieces: Vec<Ref> = x.pieces().into_iter().chain(y.pieces()).collect();
            from_pieces(&pieces.iter().map(Ref::value).collect::<Vec<_>>())
        }
        _ => Err(raise!(
            TypeError,
            "can only concatenate {0} (not \"{1}\") to {0}",
            TEMPLATE.full_name(),
            if a.is_instance::<TemplateObject>() { b } else { a }.ty().full_name()
        )),
    }
}

fn template_repr(value: Value) -> PyResult {
    let this = value.get::<TemplateObject>().expect("slots check their owner");
    let strings = protocol::repr_string(this.strings.raw())?;
    let interpolations = protocol::repr_string(this.interpolations.raw())?;
    Ok(StrObject::new(&format!("Template(strings={strings}, interpolations={interpolations})")).into())
}

fn template_iter(value: Value) -> PyResult {
    let this = value.get::<TemplateObject>().expect("slots check their owner");
    protocol::get_iter(TupleObject::new(this.pieces()).value())
}

py_methods! { static TEMPLATE_METHODS for "string.templatelib.Template", &TemplateObject;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn template_reduce(this) -> PyResult<Ref> {
        let library = protocol::import::import_absolute(MODULE)?;
        let unpickle = protocol::get_attr_text(library.value(), "_template_unpickle")?;
        let state = TupleObject::of([this.strings.get_or_none(), this.interpolations.get_or_none()]);
        Ok(TupleObject::of([unpickle, state.into()]).into())
    }
}

py_new! {
    fn new(_class, value: Value, expression: Option<&StrObject>, conversion: Value, format_spec: Option<&StrObject>)
    "Interpolation(value, /, expression='', conversion=None, format_spec='')" {
        let text = |given: Option<&StrObject>| Ref::from(given.map_or_else(StrObject::empty, Py::from_object));
        let conversion = conversion.non_null().unwrap_or_else(objects::none);
        if !objects::is_none(conversion) {
            let Some(letter) = conversion.get::<StrObject>() else {
                let ty = conversion.ty().name();
                return Err(raise!(TypeError, "Interpolation() argument 'conversion' must be str, not {ty}"));
            };
            if !["s", "r", "a"].iter().any(|known| letter.eq_str(known)) {
                return Err(raise!(ValueError, "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'"));
            }
        }
        Ok(new_interpolation(value.to_ref(), text(expression), conversion.to_ref(), text(format_spec)))
    }
}

fn interpolation_repr(value: Value) -> PyResult {
    let this = value.get::<InterpolationObject>().expect("slots check their owner");
    let parts = TupleObject::of(this.parts());
    let text = format!("Interpolation{}", protocol::repr_string(parts.value())?);
    Ok(StrObject::new(&text).into())
}

py_methods! { static INTERPOLATION_METHODS for "string.templatelib.Interpolation", &InterpolationObject;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn interpolation_reduce(this) -> PyResult<Ref> {
        Ok(TupleObject::of([INTERPOLATION.value().to_ref(), TupleObject::of(this.parts()).into()]).into())
    }
}

/// Gives the types what no table says: the names for class patterns.
pub(crate) fn initialize() {
    let names =
        ["value", "expression", "conversion", "format_spec"].map(|name| StrObject::intern(name).into());
    INTERPOLATION.dict().set_text("__match_args__", TupleObject::of(names));
}

macro_rules! field {
    ($name:literal, $layout:ty, $field:ident) => {
        GetSetDef {
            name: $name,
            doc: "",
            get: |value| {
                let this = value.get::<$layout>().expect("descriptors check their owner");
                Ok(this.$field.get_or_none())
            },
            set: None,
        }
    };
}

static TEMPLATE_GETSET: &[GetSetDef] = &[
    field!("strings", TemplateObject, strings),
    field!("interpolations", TemplateObject, interpolations),
    GetSetDef {
        name: "values",
        doc: "Values of interpolations",
        get: |value| {
            let this = value.get::<TemplateObject>().expect("descriptors check their owner");
            let value_of =
                |item: &Value| item.get::<InterpolationObject>().map(|item| item.value.get_or_none());
            Ok(TupleObject::new(this.interpolations().iter().filter_map(value_of).collect()).into())
        },
        set: None,
    },
];

static INTERPOLATION_GETSET: &[GetSetDef] = &[
    field!("value", InterpolationObject, value),
    field!("expression", InterpolationObject, expression),
    field!("conversion", InterpolationObject, conversion),
    field!("format_spec", InterpolationObject, format_spec),
];

/// `string.templatelib.Template`.
pub static TEMPLATE: TypeObject = TypeObject::from_spec(&TEMPLATE_SPEC);
static TEMPLATE_SPEC: TypeSpec = TypeSpec {
    module: MODULE,
    doc: "Template object",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(new_template),
        init: Some(|_, _| Ok(())),
        repr: Some(template_repr),
        iter: Some(template_iter),
        add: Some(concat),
        ..Slots::EMPTY
    },
    methods: &[TEMPLATE_METHODS, crate::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: TEMPLATE_GETSET,
    ..TypeSpec::of::<TemplateObject>("Template")
};

/// `string.templatelib.Interpolation`.
pub static INTERPOLATION: TypeObject = TypeObject::from_spec(&INTERPOLATION_SPEC);
static INTERPOLATION_SPEC: TypeSpec = TypeSpec {
    module: MODULE,
    doc: "Interpolation object",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(new),
        init: Some(|_, _| Ok(())),
        repr: Some(interpolation_repr),
        ..Slots::EMPTY
    },
    methods: &[INTERPOLATION_METHODS, crate::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: INTERPOLATION_GETSET,
    ..TypeSpec::of::<InterpolationObject>("Interpolation")
};
