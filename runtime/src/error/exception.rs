//! The exception object and what Python sees of `BaseException`.

use std::cell::Cell;

use super::traceback::TracebackObject;
use super::{init, raise_object};
use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::dict::DictObject;
use crate::objects::list::ListObject;
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::TypeObject;
use crate::value::{Py, PyResult, Ref, Value};

/// How many attributes beyond `args` a builtin exception can have.
pub const EXTRA_FIELDS: usize = 8;

/// An exception.
#[repr(C)]
pub struct ExceptionObject {
    header: Header,
    /// The constructor's positional arguments.
    pub args: Field,
    dict: Field,
    /// `__traceback__`
    pub traceback: Field,
    /// `__context__`
    pub context: Field,
    /// `__cause__`
    pub cause: Field,
    /// `__suppress_context__`
    pub suppress_context: Cell<bool>,
    /// Attributes that the class declares.
    pub extra: [Field; EXTRA_FIELDS],
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ExceptionObject {
    fn type_object() -> &'static TypeObject {
        &super::types::BaseException
    }

    fn traverse(&self, visit: Visitor<'_>) {
        for field in [&self.args, &self.dict, &self.traceback, &self.context, &self.cause] {
            field.visit(visit);
        }
        self.extra.iter().for_each(|field| field.visit(visit));
    }

    fn clear(&self) {
        for field in [&self.dict, &self.traceback, &self.context, &self.cause] {
            drop(field.take());
        }
        self.extra.iter().for_each(|field| drop(field.take()));
    }
}

impl ExceptionObject {
    /// An exception of `ty` with these arguments.
    pub fn new_of(ty: &TypeObject, args: Py<TupleObject>) -> Py<ExceptionObject> {
        let contents = ExceptionObject {
            header: Header::new(ty),
            args: Field::new(args),
            dict: Field::empty(),
            traceback: Field::empty(),
            context: Field::empty(),
            cause: Field::empty(),
            suppress_context: Cell::new(false),
            extra: [const { Field::empty() }; EXTRA_FIELDS],
        };
        object::new_object_of(ty, contents)
    }

    /// Offset of the instance dict.
    pub(crate) const DICT_OFFSET: usize = std::mem::offset_of!(ExceptionObject, dict);

    /// The arguments.
    pub fn arguments(&self) -> Vec<Ref> {
        let args = self.args.get().and_then(Value::get::<TupleObject>);
        args.map(|args| args.items().iter().map(|item| item.to_ref()).collect()).unwrap_or_default()
    }

    /// The instance dict, if there is one.
    pub fn dict(&self) -> Option<&DictObject> {
        self.dict.get().and_then(Value::get)
    }

    /// Puts a traceback entry in front.
    pub fn add_traceback(&self, entry: Py<TracebackObject>) {
        self.traceback.set(entry);
    }
}

fn this<'a>(value: Value) -> &'a ExceptionObject {
    // SAFETY: slots of BaseException are called for its instances.
    unsafe { value.cast() }
}

pub(super) fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    if init::is_os_error_of_init(ty) {
        return Ok(ExceptionObject::new_of(ty, TupleObject::empty()).into());
    }
    let exception = ExceptionObject::new_of(ty, TupleObject::from_values(args.positional));
    init::fill_fields(&exception, ty, args.positional);
    init::after_new(&exception, ty, args)?;
    Ok(exception.into())
}

pub(super) fn init_slot(value: Value, args: Args<'_>) -> PyResult<()> {
    let exception = this(value);
    if value.ty().is_subtype_of(&super::types::OSError) && !init::is_os_error_of_init(value.ty()) {
        return Ok(());
    }
    exception.args.set(TupleObject::from_values(args.positional));
    init::fill_fields(exception, value.ty(), args.positional);
    init::check_keywords(exception, value.ty(), args)?;
    init::after_init(exception, value.ty(), args.positional)
}

fn repr(value: Value) -> PyResult {
    let exception = this(value);
    let args = exception.arguments();
    let mut text = StrBuilder::new();
    text.push_str(value.ty().name());
    text.push_str("(");
    for (at, arg) in args.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        protocol::push_repr(&mut text, arg.value())?;
    }
    text.push_str(")");
    Ok(text.finish().into())
}

fn str_slot(value: Value) -> PyResult {
    if let Some(text) = init::special_str(this(value), value.ty())? {
        return Ok(text);
    }
    let args = this(value).arguments();
    match args.as_slice() {
        [] => Ok(StrObject::empty().into()),
        [only] => protocol::str(only.value()),
        _ => protocol::repr(this(value).args.get().expect("an exception keeps its arguments")),
    }
}

py_methods! { pub(super) static METHODS for "BaseException", &ExceptionObject;
    /// Set self.__traceback__ to tb and return self.
    "with_traceback(self, tb, /)"
    fn with_traceback(this, tb: Value) -> PyResult {
        set_traceback(Value::from_object(this), Some(tb))?;
        Ok(Value::from_object(this).to_ref())
    }
    /// Add a note to the exception
    "add_note(self, note, /)"
    fn add_note(this, note: Value) -> PyResult<()> {
        if !note.is_instance::<StrObject>() {
            return Err(crate::raise!(TypeError, "note must be a str, not '{}'", note.ty().name()));
        }
        let object = Value::from_object(this);
        let notes = match protocol::get_optional_attr(object, names().__notes__)? {
            Some(notes) => notes,
            None => {
                let notes: Ref = ListObject::empty().into();
                protocol::set_attr(object, names().__notes__, notes.value())?;
                notes
            }
        };
        match notes.get::<ListObject>() {
            Some(list) => list.push(note.to_ref()),
            None => return Err(crate::raise!(TypeError, "Cannot add note: __notes__ is not a list")),
        }
        Ok(())
    }
    /// Restores attributes from a pickle.
    "__setstate__(self, state, /)"
    fn setstate(this, state: Value) -> PyResult<()> {
        if objects::is_none(state) {
            return Ok(());
        }
        let Some(state) = state.get::<DictObject>() else {
            return Err(crate::raise!(TypeError, "state is not a dictionary"));
        };
        for (name, value) in state.to_pairs() {
            protocol::attribute::check_name(name.value())?;
            protocol::set_attr(Value::from_object(this), name.value(), value.value())?;
        }
        Ok(())
    }
    /// For pickling.
    "__reduce__(self, /)"
    fn reduce(this) -> Py<TupleObject> {
        super::pickling::reduce(this)
    }
}

fn set_args(value: Value, new: Option<Value>) -> PyResult<()> {
    let Some(new) = new else { return Err(crate::raise!(TypeError, "args may not be deleted")) };
    let items = protocol::collect(new)?;
    this(value).args.set(TupleObject::new(items));
    Ok(())
}

fn set_traceback(value: Value, new: Option<Value>) -> PyResult<()> {
    match new {
        None => Err(crate::raise!(TypeError, "__traceback__ may not be deleted")),
        Some(new) if objects::is_none(new) => {
            drop(this(value).traceback.take());
            Ok(())
        }
        Some(new) if new.is_instance::<TracebackObject>() => {
            this(value).traceback.set(new.to_ref());
            Ok(())
        }
        Some(_) => Err(crate::raise!(TypeError, "__traceback__ must be a traceback or None")),
    }
}

fn set_linked(
    value: Value,
    new: Option<Value>,
    name: &str,
    field: fn(&ExceptionObject) -> &Field,
) -> PyResult<()> {
    match new {
        None => Err(crate::raise!(TypeError, "{name} may not be deleted")),
        Some(new) if objects::is_none(new) => {
            drop(field(this(value)).take());
            Ok(())
        }
        Some(new) if new.is_instance::<ExceptionObject>() => {
            field(this(value)).set(new.to_ref());
            Ok(())
        }
        Some(_) => {
            let what = if name == "__cause__" { "cause" } else { "context" };
            Err(crate::raise!(TypeError, "exception {what} must be None or derive from BaseException"))
        }
    }
}

fn set_suppress(value: Value, new: Option<Value>) -> PyResult<()> {
    let Some(new) = new else { return Err(crate::raise!(TypeError, "can't delete numeric/char attribute")) };
    this(value).suppress_context.set(protocol::is_true(new)?);
    Ok(())
}

pub(super) static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "args", doc: "", get: |value| Ok(this(value).args.get_or_none()), set: Some(set_args) },
    GetSetDef {
        name: "__traceback__",
        doc: "",
        get: |value| Ok(this(value).traceback.get_or_none()),
        set: Some(set_traceback),
    },
    GetSetDef {
        name: "__context__",
        doc: "exception context",
        get: |value| Ok(this(value).context.get_or_none()),
        set: Some(|value, new| set_linked(value, new, "__context__", |this| &this.context)),
    },
    GetSetDef {
        name: "__cause__",
        doc: "exception cause",
        get: |value| Ok(this(value).cause.get_or_none()),
        set: Some(|value, new| {
            set_linked(value, new, "__cause__", |this| &this.cause)?;
            this(value).suppress_context.set(true);
            Ok(())
        }),
    },
    GetSetDef {
        name: "__suppress_context__",
        doc: "",
        get: |value| Ok(objects::bool(this(value).suppress_context.get()).to_ref()),
        set: Some(set_suppress),
    },
];

pub(super) const EXCEPTION_SLOTS: Slots =
    Slots { new: Some(new), init: Some(init_slot), repr: Some(repr), str: Some(str_slot), ..Slots::EMPTY };

/// Raises again an exception that was taken from the thread state, without chaining it anew.
pub fn restore(exception: Ref) -> crate::value::Raised {
    if exception.is_instance::<ExceptionObject>() {
        return crate::thread::thread().set_raised(exception);
    }
    raise_object(exception)
}
