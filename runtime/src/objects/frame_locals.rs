//! `FrameLocalsProxy`: the variables of a frame that lives, as a mapping (PEP 667).
//!
//! Reading gathers the names that have a value; setting an item sets the variable, and what is no variable is kept in the frame's object,
//! beside them. So a debugger's assignments are seen by the program. Variables of static code have types that were
//! proved, and cannot be set; those of a frame that waits in compiled code are set when it goes on. Names of variables cannot be removed.
//!
//! Cost: every operation but a store builds a dict.

use crate::args::Args;
use crate::convert::Rest;
use crate::header::Header;
use crate::hooks;
use crate::object::{self, Object, Visitor};
use crate::objects::dict::{DictObject, key_hash};
use crate::objects::frame::FrameObject;
use crate::objects::str::StrObject;
use crate::operator::BinaryOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// A proxy.
#[repr(C)]
pub struct LocalsProxy {
    header: Header,
    frame: Ref,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for LocalsProxy {
    fn type_object() -> &'static TypeObject {
        &LOCALS_PROXY
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.frame.value());
    }
}

impl LocalsProxy {
    /// A proxy for a frame that lives.
    pub(crate) fn make(frame: Ref) -> Ref {
        object::new_object(LocalsProxy { header: Header::new(&LOCALS_PROXY), frame }).into()
    }

    fn frame(&self) -> &FrameObject {
        self.frame.get::<FrameObject>().expect("proxies are made of frames")
    }

    /// What there is now.
    fn gathered(&self) -> PyResult<Py<DictObject>> {
        let frame = self.frame();
        let all = DictObject::new();
        if let Some(live) = frame.live() {
            for (name, value) in (hooks::hooks().frames.variables)(live) {
                all.set_str(name.value(), value);
            }
        }
        let waiting = [frame.waiting_variables(), frame.changes(false)];
        for found in waiting.iter().flatten().filter_map(|found| found.get::<DictObject>()) {
            all.merge(found, true)?;
        }
        if let Some(extra) = frame.extra_locals(false).as_ref().and_then(|extra| extra.get::<DictObject>()) {
            all.merge(extra, true)?;
        }
        Ok(all)
    }

    fn store(&self, key: Value, value: Value) -> PyResult<()> {
        let variable = self.variable(key)?;
        if let (Some(live), Some(name)) = (self.frame().live(), &variable)
            && (hooks::hooks().frames.set_variable)(live, name, value)?
        {
            return Ok(());
        }
        if self.frame().is_waiting() && variable.is_some() {
            let changes = self.frame().changes(true).expect("it has been made");
            return protocol::set_item(changes.value(), key, value);
        }
        if self.frame().is_picture() && variable.is_some() {
            return Err(crate::error::not_supported(
                "setting variables of a frame that runs in machine code",
            ));
        }
        let extra = self.frame().extra_locals(true).expect("it has been made");
        protocol::set_item(extra.value(), key, value)
    }

    /// The name of the variable that equals a key, which may be anything that has a hash.
    fn variable(&self, key: Value) -> PyResult<Option<&str>> {
        let hash = key_hash(key)?;
        let code = self.frame().code();
        for (local, name) in code.code().locals.iter().zip(code.local_names()) {
            let is_candidate = !local.name.starts_with('.') && key_hash(name.value())? == hash;
            if is_candidate && protocol::is_same_or_equal(name.value(), key)? {
                return Ok(Some(&local.name));
            }
        }
        Ok(None)
    }

    /// Removes a name that is no variable.
    fn remove(&self, key: Value) -> PyResult<()> {
        if self.variable(key)?.is_some() {
            return Err(crate::raise!(ValueError, "cannot remove local variables from FrameLocalsProxy"));
        }
        let extra = self.frame().extra_locals(false);
        let extra = extra.as_ref().and_then(|extra| extra.get::<DictObject>());
        match extra.map(|extra| extra.remove(key)).transpose()?.flatten() {
            Some(_) => Ok(()),
            None => Err(crate::error::key_error(key)),
        }
    }

    fn update(&self, other: Value) -> PyResult<()> {
        let pairs = DictObject::new();
        protocol::call_method_text(Value::from_object(&*pairs), "update", &[other])?;
        for (key, value) in pairs.to_pairs() {
            self.store(key.value(), value.value())?;
        }
        Ok(())
    }
}

fn this<'a>(value: Value) -> &'a LocalsProxy {
    value.get::<LocalsProxy>().expect("slots are called for instances")
}

/// The dict that a proxy shows; anything else is itself.
fn inner(value: Value) -> PyResult {
    match value.get::<LocalsProxy>() {
        Some(proxy) => Ok(proxy.gathered()?.into_ref()),
        None => Ok(value.to_ref()),
    }
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    match args.single().map(|frame| (frame, frame.get::<FrameObject>())) {
        Some((frame, Some(_))) => Ok(LocalsProxy::make(frame.to_ref())),
        Some((other, None)) => {
            let got = other.ty().name();
            Err(crate::raise!(TypeError, "expect frame, not {got}"))
        }
        None => {
            let given = args.positional.len();
            Err(crate::raise!(TypeError, "FrameLocalsProxy expected 1 argument, got {given}"))
        }
    }
}

/// All proxies of a frame are one mapping, which may be among its own values.
fn repr(value: Value) -> PyResult {
    let Some(_guard) = protocol::ReprGuard::enter(this(value).frame.value())? else {
        return Ok(StrObject::new("{...}").into());
    };
    protocol::repr(inner(value)?.value())
}

fn is_mapping(value: Value) -> bool {
    value.is_instance::<LocalsProxy>() || value.is_instance::<DictObject>()
}

fn union(a: Value, b: Value) -> PyResult {
    if !is_mapping(a) || !is_mapping(b) {
        return Ok(crate::objects::not_implemented().to_ref());
    }
    protocol::binary_op(BinaryOp::Or, inner(a)?.value(), inner(b)?.value())
}

py_methods! { static METHODS for "FrameLocalsProxy", &LocalsProxy;
    /// Return the value for key if key is in the mapping, else default.
    "get(self, /, *args)"
    fn get(this, args: Rest<'_>) -> PyResult {
        protocol::call_method_text(Value::from_object(&*this.gathered()?), "get", args.0)
    }
    /// The names.
    "keys(self, /)"
    fn keys(this) -> PyResult {
        protocol::call_method_text(Value::from_object(&*this.gathered()?), "__iter__", &[]).and_then(list)
    }
    /// The values.
    "values(self, /)"
    fn values(this) -> PyResult {
        protocol::call_method_text(Value::from_object(&*this.gathered()?), "values", &[]).and_then(list)
    }
    /// The names with their values.
    "items(self, /)"
    fn items(this) -> PyResult {
        protocol::call_method_text(Value::from_object(&*this.gathered()?), "items", &[]).and_then(list)
    }
    /// A dict of what there is now.
    "copy(self, /)"
    fn copy(this) -> PyResult {
        Ok(this.gathered()?.into_ref())
    }
    /// Sets variables.
    "update(self, other, /)"
    fn update(this, other: Value) -> PyResult<()> {
        this.update(inner(other)?.value())
    }
    /// The value of a name, which is set if it has none.
    "setdefault(self, key, default=None, /)"
    fn setdefault(this, key: Value, default: Option<Value>) -> PyResult {
        let all = this.gathered()?;
        if protocol::contains(Value::from_object(&*all), key)? {
            return protocol::get_item(Value::from_object(&*all), key);
        }
        let default = default.unwrap_or(crate::objects::none());
        this.store(key, default)?;
        Ok(default.to_ref())
    }
    /// Removes a name that is no variable.
    "pop(self, key, default=None, /)"
    fn pop(this, key: Value, default: Option<Value>) -> PyResult {
        let all = this.gathered()?;
        match (protocol::contains(Value::from_object(&*all), key)?, default) {
            (false, Some(default)) => Ok(default.to_ref()),
            _ => {
                let value = protocol::get_item(Value::from_object(&*all), key)?;
                this.remove(key)?;
                Ok(value)
            }
        }
    }
    /// Sets variables.
    "__ior__(self, other, /)"
    fn ior(this, other: Value) -> PyResult {
        if !is_mapping(other) {
            return Ok(crate::objects::not_implemented().to_ref());
        }
        this.update(inner(other)?.value())?;
        Ok(Value::from_object(this).to_ref())
    }
    /// The names, last first.
    "__reversed__(self, /)"
    fn reversed(this) -> PyResult {
        protocol::call_method_text(Value::from_object(&*this.gathered()?), "__reversed__", &[]).and_then(list)
    }
}

fn list(items: Ref) -> PyResult {
    protocol::call(crate::objects::list::LIST.value(), &[items.value()], None)
}

/// `FrameLocalsProxy`.
pub static LOCALS_PROXY: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::MAPPING,
    slots: Slots {
        new: Some(new),
        init: Some(|_, _| Ok(())),
        repr: Some(repr),
        richcompare: Some(|a, b, op| match is_mapping(b) {
            true => protocol::compare(op, inner(a)?.value(), inner(b)?.value()),
            false => Ok(crate::objects::not_implemented().to_ref()),
        }),
        len: Some(|value| protocol::len(inner(value)?.value())),
        subscript: Some(|value, key| protocol::get_item(inner(value)?.value(), key)),
        ass_subscript: Some(|value, key, new| match new {
            Some(new) => this(value).store(key, new),
            None => this(value).remove(key),
        }),
        contains: Some(|value, key| protocol::contains(inner(value)?.value(), key)),
        iter: Some(|value| protocol::get_iter(inner(value)?.value())),
        or: Some(union),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    ..TypeSpec::of::<LocalsProxy>("FrameLocalsProxy")
};
