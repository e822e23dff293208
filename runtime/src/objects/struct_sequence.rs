//! Named tuples made by native code (`sys.version_info`), and the field getters that named tuples use.

use std::cell::Cell;

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::dict::DictObject;
use crate::objects::int;
use crate::objects::str::StrObject;
use crate::objects::tuple::{TUPLE, TupleObject};
use crate::objects::type_type::TYPE;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types::build::{self, Shape};
use crate::types::ready;
use crate::value::{Py, PyResult, Ref, Value};
use crate::world::World;

/// Reads one item of a tuple.
#[repr(C)]
pub struct TupleGetter {
    header: Header,
    index: usize,
    doc: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TupleGetter {
    fn type_object() -> &'static TypeObject {
        &TUPLE_GETTER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.doc.visit(visit);
    }
}

impl TupleGetter {
    /// A getter of the item at `index`.
    pub fn new(index: usize, doc: Option<Ref>) -> Py<TupleGetter> {
        object::new_object(TupleGetter {
            header: Header::new(&TUPLE_GETTER),
            index,
            doc: Field::from_option(doc),
        })
    }
}

fn descr_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let Some(object) = object else { return Ok(value.to_ref()) };
    let getter = value.get::<TupleGetter>().expect("slots are called for instances");
    let Some(tuple) = object.get::<TupleObject>() else {
        let (index, got) = (getter.index, object.ty().name());
        return Err(crate::raise!(
            TypeError,
            "descriptor for index '{index}' for tuple subclasses doesn't apply to '{got}' object"
        ));
    };
    match tuple.items().get(getter.index) {
        Some(item) => Ok(item.to_ref()),
        None => Err(crate::raise!(IndexError, "tuple index out of range")),
    }
}

fn descr_set(_: Value, _: Value, _: Option<Value>) -> PyResult<()> {
    Err(crate::raise!(AttributeError, "can't set attribute"))
}

const DOC: GetSetDef = GetSetDef {
    name: "__doc__",
    doc: "",
    get: |value| Ok(value.get::<TupleGetter>().expect("descriptors check their owner").doc.get_or_none()),
    set: Some(|value, new| {
        let getter = value.get::<TupleGetter>().expect("descriptors check their owner");
        drop(getter.doc.replace(new.map(Value::to_ref)));
        Ok(())
    }),
};

/// `_tuplegetter`.
pub static TUPLE_GETTER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_collections",
    flags: type_flags::NO_NEW | type_flags::GC,
    slots: Slots { descr_get: Some(descr_get), descr_set: Some(descr_set), ..Slots::EMPTY },
    getset: &[DOC],
    ..TypeSpec::of::<TupleGetter>("_tuplegetter")
};

/// A tuple with named fields, of a class of its own that has this docstring and prints as `module.name(field=value, ...)`.
pub fn new(module: &str, name: &str, doc: &str, fields: &[(&str, Ref)]) -> PyResult {
    let namespace = DictObject::new();
    namespace.set_text("__doc__", StrObject::new(doc));
    namespace.set_text("__module__", StrObject::intern(module));
    namespace.set_text("__slots__", TupleObject::empty());
    let names = fields.iter().map(|(field, _)| StrObject::intern(field).into_ref()).collect();
    namespace.set_text("__match_args__", TupleObject::new(names));
    namespace.set_text("n_fields", crate::objects::int::from_i64(fields.len() as i64));
    for (at, (field, _)) in fields.iter().enumerate() {
        namespace.set_text(field, TupleGetter::new(at, None));
    }
    let bases = TupleObject::of([TUPLE.value().to_ref()]);
    let class = build::build(&TYPE, &StrObject::intern(name), &bases, &namespace, Shape::default())?;
    let mut slots = *class.slots();
    slots.repr = Some(repr);
    class.set_slots(slots);
    let items = fields.iter().map(|(_, value)| value.clone()).collect();
    Ok(TupleObject::instance_of(&class, items).into())
}

/// A tuple as of [`new`] of which there is one: its class makes no others.
pub fn unique(module: &str, name: &str, doc: &str, fields: &[(&str, Ref)]) -> PyResult {
    let made = new(module, name, doc, fields)?;
    let mut slots = *made.ty().slots();
    slots.new =
        Some(|class, _| Err(crate::raise!(TypeError, "cannot create '{}' instances", class.full_name())));
    made.ty().set_slots(slots);
    made.ty().set_flags(type_flags::NO_NEW);
    Ok(made)
}

/// A class of tuples with named items, and perhaps attributes beyond the items: `os.stat_result`, `time.struct_time`.
///
/// It is made on first use. Attributes beyond the items live in the dict of the instance.
pub struct StructType {
    module: &'static str,
    name: &'static str,
    /// Names of the items.
    items: &'static [&'static str],
    /// How many of the items, from the end, are not attributes: an attribute of the name is one of `hidden`.
    unnamed: usize,
    /// Attributes beyond the items.
    hidden: &'static [&'static str],
    /// What the class is, and each of its items.
    docs: (&'static str, &'static [&'static str]),
    /// What makes an instance from the items as arguments of their own, instead of one sequence.
    constructor: Option<Constructor>,
    class: World<Cell<Value>>,
}

/// What a class does when it is called.
type Constructor = fn(&TypeObject, Args<'_>) -> PyResult;

impl StructType {
    /// Declares a class.
    pub const fn new(module: &'static str, name: &'static str, items: &'static [&'static str]) -> Self {
        StructType {
            module,
            name,
            items,
            unnamed: 0,
            hidden: &[],
            docs: ("", &[]),
            constructor: None,
            class: World::new(Cell::new(Value::NULL)),
        }
    }

    /// Adds attributes beyond the items; the last `unnamed` items are no attributes.
    pub const fn with_hidden(mut self, unnamed: usize, hidden: &'static [&'static str]) -> Self {
        (self.unnamed, self.hidden) = (unnamed, hidden);
        self
    }

    /// Says what the class is, and each of its items.
    pub const fn with_docs(mut self, doc: &'static str, items: &'static [&'static str]) -> Self {
        self.docs = (doc, items);
        self
    }

    /// Lets the class take its items as arguments.
    pub const fn with_constructor(mut self, constructor: Constructor) -> Self {
        self.constructor = Some(constructor);
        self
    }

    /// The class.
    pub fn class(&self) -> PyResult<&'static TypeObject> {
        if self.class.get().is_null() {
            self.class.set(self.build()?.into_value());
        }
        // SAFETY: the cell holds a class, which it owns for ever.
        Ok(unsafe { self.class.get().cast() })
    }

    fn build(&self) -> PyResult {
        ready::ready(&STRUCT_SEQUENCE);
        let namespace = DictObject::new();
        namespace.set_text("__module__", StrObject::intern(self.module));
        let named = self.items.len() - self.unnamed;
        let strings = |names: &[&str]| {
            TupleObject::new(names.iter().map(|name| StrObject::intern(name).into()).collect())
        };
        namespace.set_text("__match_args__", strings(&self.items[..named]));
        namespace.set_text("_item_names", strings(self.items));
        namespace.set_text("_hidden_names", strings(self.hidden));
        namespace.set_text("n_sequence_fields", int::from_i64(self.items.len() as i64));
        namespace.set_text("n_fields", int::from_i64((self.items.len() + self.hidden.len()) as i64));
        namespace.set_text("n_unnamed_fields", int::from_i64(self.unnamed as i64));
        let (doc, docs) = self.docs;
        if !doc.is_empty() {
            namespace.set_text("__doc__", StrObject::new(doc));
        }
        for (at, name) in self.items[..named].iter().enumerate() {
            let doc = docs.get(at).map(|doc| StrObject::new(doc).into());
            namespace.set_text(name, TupleGetter::new(at, doc));
        }
        let bases = TupleObject::of([STRUCT_SEQUENCE.value().to_ref()]);
        let class = build::build(&TYPE, &StrObject::intern(self.name), &bases, &namespace, Shape::default())?;
        if let Some(constructor) = self.constructor {
            let mut slots = *class.slots();
            slots.new = Some(constructor);
            class.set_slots(slots);
            class.dict().set_text(TAKES_ITEMS, crate::objects::bool(true).to_ref());
        }
        crate::audit::exempt_graph(class.value());
        Ok(class.into())
    }

    /// An instance: the items, then the attributes beyond them, as many as are known.
    pub fn make(&self, mut values: Vec<Ref>) -> PyResult {
        let class = self.class()?;
        let hidden = values.split_off(self.items.len().min(values.len()));
        let made: Ref = TupleObject::instance_of(class, values).into();
        fill_hidden(made.value(), self.hidden.iter().copied().zip(hidden));
        Ok(made)
    }
}

/// Under this name a class says that it takes its items as arguments.
const TAKES_ITEMS: &str = "_takes_items";

fn fill_hidden<'a>(instance: Value, attributes: impl Iterator<Item = (&'a str, Ref)>) {
    let mut attributes = attributes.peekable();
    if attributes.peek().is_none() {
        return;
    }
    let dict = DictObject::new();
    for (name, value) in attributes {
        dict.set_text(name, value);
    }
    let slot = protocol::instance_dict_slot(instance).expect("classes of struct sequences have dicts");
    slot.set(dict.into_ref().into_value());
}

/// The names that a class keeps under `key`.
fn names_of(ty: &TypeObject, key: &str) -> Vec<String> {
    let names = ty.lookup(StrObject::intern(key).value()).and_then(|names| names.get::<TupleObject>());
    let names = names.map_or(&[][..], TupleObject::items);
    names.iter().filter_map(|name| name.get::<StrObject>()).map(StrObject::to_string_lossy).collect()
}

/// The two arguments, by position or by name.
fn sequence_args(args: Args<'_>) -> PyResult<[Option<Value>; 2]> {
    let mut given = [0, 1].map(|at| args.positional.get(at).copied());
    if args.positional.len() > 2 {
        let count = args.positional.len();
        return Err(crate::raise!(TypeError, "structseq() takes at most 2 arguments ({count} given)"));
    }
    for (keyword, value) in args.keywords() {
        let keyword = protocol::str_string(keyword)?;
        match ["sequence", "dict"].iter().position(|name| *name == keyword) {
            Some(at) if given[at].is_none() => given[at] = Some(value),
            Some(at) => {
                let place = at + 1;
                return Err(crate::raise!(
                    TypeError,
                    "argument for structseq() given by name ('{keyword}') and position ({place})"
                ));
            }
            None => {
                return Err(crate::raise!(
                    TypeError,
                    "structseq() got an unexpected keyword argument '{keyword}'"
                ));
            }
        }
    }
    Ok(given)
}

/// `Class(sequence, dict={})`
fn sequence_new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let (name, [sequence, more]) = (ty.full_name(), sequence_args(args)?);
    let (names, hidden) = (names_of(ty, "_item_names"), names_of(ty, "_hidden_names"));
    let Some(sequence) = sequence else {
        return Err(crate::raise!(TypeError, "structseq() missing required argument 'sequence' (pos 1)"));
    };
    if !protocol::is_iterable(sequence) {
        return Err(crate::raise!(TypeError, "constructor requires a sequence"));
    }
    let mut values = protocol::collect(sequence)?;
    let (least, most, got) = (names.len(), names.len() + hidden.len(), values.len());
    let wanted = match (got < least, got > most) {
        (true, _) if least != most => format!("an at least {least}"),
        (_, true) if least != most => format!("an at most {most}"),
        (false, false) => String::new(),
        _ => format!("a {least}"),
    };
    if !wanted.is_empty() {
        return Err(crate::raise!(TypeError, "{name}() takes {wanted}-sequence ({got}-sequence given)"));
    }
    let more = match more {
        Some(more) => Some(
            more.get::<DictObject>()
                .ok_or_else(|| crate::raise!(TypeError, "{name}() takes a dict as second arg, if any"))?,
        ),
        None => None,
    };
    // What the sequence has not given may stand in the dict, and nothing else.
    let open = &hidden[got.saturating_sub(least).min(hidden.len())..];
    let is_known =
        |key: &Ref| key.get::<StrObject>().is_some_and(|key| open.iter().any(|name| key.eq_str(name)));
    if more.is_some_and(|more| !more.keys().iter().all(is_known)) {
        return Err(crate::raise!(TypeError, "{name}() got duplicate or unexpected field name(s)"));
    }
    let mut beyond = values.split_off(least).into_iter();
    let attributes: Vec<(&str, Ref)> = hidden
        .iter()
        .map(|name| {
            let same = || names.iter().position(|item| item == name).map(|at| values[at].clone());
            let given = beyond.next().or_else(|| more?.get_text(name)).or_else(same);
            (name.as_str(), given.unwrap_or_else(|| crate::objects::none().to_ref()))
        })
        .collect();
    let made: Ref = TupleObject::instance_of(ty, values.clone()).into();
    fill_hidden(made.value(), attributes.into_iter());
    Ok(made)
}

fn sequence_setattr(value: Value, name: Value, new: Option<Value>) -> PyResult<()> {
    let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    if ["_item_names", "_hidden_names"].iter().any(|key| names_of(value.ty(), key).contains(&text)) {
        return Err(crate::raise!(AttributeError, "readonly attribute"));
    }
    if value.ty().dict().get_text("n_fields").is_some() {
        let class = value.ty().full_name();
        return Err(crate::raise!(
            AttributeError,
            "'{class}' object has no attribute '{text}' and no __dict__ for setting new attributes"
        ));
    }
    protocol::generic_set_attr(value, name, new)
}

crate::py_methods! { static METHODS for "structseq", &TupleObject;
    /// The class, the items, and the attributes beyond them.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        let value = Value::from_object(this);
        let items = TupleObject::from_values(this.items());
        if value.ty().lookup(StrObject::intern(TAKES_ITEMS).value()).is_some() {
            return Ok(TupleObject::of([value.ty().value().to_ref(), items.into()]).into());
        }
        let dict = protocol::instance_dict(value).map_or_else(DictObject::new, DictObject::copy);
        let arguments = TupleObject::of([items.into(), dict.into()]);
        Ok(TupleObject::of([value.ty().value().to_ref(), arguments.into()]).into())
    }
    /// Return a copy of the structure with new values for the specified fields.
    "__replace__(self, /, **changes)"
    fn replace(this, changes: crate::convert::Keywords) -> PyResult {
        let value = Value::from_object(this);
        let names = names_of(value.ty(), "_item_names");
        let unnamed = value.ty().lookup(StrObject::intern("n_unnamed_fields").value());
        if unnamed.is_some_and(|count| count.as_small() != Some(0)) {
            let class = value.ty().full_name();
            return Err(crate::raise!(
                TypeError,
                "__replace__() is not supported for {class} because it has unnamed field(s)"
            ));
        }
        let mut items: Vec<Ref> = this.items().iter().map(|item| item.to_ref()).collect();
        let dict = protocol::instance_dict(value).map_or_else(DictObject::new, DictObject::copy);
        for (key, new) in changes.0 {
            let key = protocol::str_string(key)?;
            match names.iter().position(|name| *name == key) {
                Some(at) => items[at] = new.to_ref(),
                None if dict.get_text(&key).is_some() => dict.set_text(&key, new.to_ref()),
                None => return Err(crate::raise!(TypeError, "Got unexpected field name(s): ['{key}']")),
            }
        }
        if value.ty().lookup(StrObject::intern(TAKES_ITEMS).value()).is_some() {
            return Ok(TupleObject::instance_of(value.ty(), items).into());
        }
        let items = TupleObject::new(items);
        protocol::call(value.ty().value(), &[items.value(), dict.value()], None)
    }
}

/// What the classes of [`StructType`] derive from.
static STRUCT_SEQUENCE: TypeObject = TypeObject::from_spec(&SEQUENCE_SPEC);
static SEQUENCE_SPEC: TypeSpec = TypeSpec {
    base: Some(&TUPLE),
    flags: type_flags::BASE | type_flags::GC | type_flags::SEQUENCE,
    var_end: Some(crate::objects::tuple::var_end),
    slots: Slots {
        new: Some(sequence_new),
        repr: Some(repr),
        setattro: Some(sequence_setattr),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    ..TypeSpec::of::<TupleObject>("structseq")
};

fn repr(value: Value) -> PyResult {
    let tuple = value.get::<TupleObject>().expect("named tuples are tuples");
    let names = ["_item_names", "__match_args__"]
        .iter()
        .find_map(|key| value.ty().lookup(StrObject::intern(key).value()));
    let names = names.and_then(|names| names.get::<TupleObject>()).map_or(&[][..], TupleObject::items);
    let mut parts = Vec::new();
    for (name, &item) in names.iter().zip(tuple.items()) {
        let name = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        parts.push(format!("{name}={}", crate::protocol::repr_string(item)?));
    }
    Ok(StrObject::new(&format!("{}({})", value.ty().full_name(), parts.join(", "))).into())
}
