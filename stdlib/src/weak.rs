//! `_weakref`: references that do not keep alive, and proxies through them.
//!
//! A proxy is a weak reference that passes every operation on to what it refers to, for as long as that is alive.

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{float, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::weakref::{self, WEAK_REF, WeakRef};
use runtime::{BinaryOp, PyResult, Ref, TypeObject, Value, error, protocol, py_functions, py_methods, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&PROXY, &CALLABLE_PROXY] {
        ready::ready(ty);
    }
    let types = [
        ("ref", &WEAK_REF),
        ("ReferenceType", &WEAK_REF),
        ("ProxyType", &PROXY),
        ("CallableProxyType", &CALLABLE_PROXY),
    ];
    for (name, ty) in types {
        module.dict().set_text(name, ty.value().to_ref());
    }
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// What a value stands for: itself, unless it is a proxy.
fn through(value: Value) -> PyResult {
    if !is_proxy(value) {
        return Ok(value.to_ref());
    }
    behind(value).ok_or_else(|| {
        error::raise(&error::types::ReferenceError, "weakly-referenced object no longer exists")
    })
}

fn is_proxy(value: Value) -> bool {
    [&PROXY, &CALLABLE_PROXY].iter().any(|ty| value.is_exact(ty))
}

fn behind(proxy: Value) -> Option<Ref> {
    assert!(is_proxy(proxy), "slots of proxies are called for proxies");
    // SAFETY: both types are declared with the layout of weak references.
    unsafe { weakref::behind_proxy(proxy) }
}

macro_rules! binary {
    ($($slot:ident $op:ident)*) => {
        Slots {
            $($slot: Some(|a, b| protocol::binary_op(BinaryOp::$op, through(a)?.value(), through(b)?.value())),)*
            ..Slots::EMPTY
        }
    };
}

const OPERATORS: Slots = binary! {
    add Add subtract Subtract multiply Multiply true_divide Divide floor_divide FloorDivide remainder Modulo
    power Power matrix_multiply MatrixMultiply lshift LeftShift rshift RightShift and And or Or xor Xor
};

macro_rules! inplace {
    ($base:expr; $($slot:ident $op:ident)*) => {
        Slots {
            $($slot: Some(|a, b| protocol::inplace_op(BinaryOp::$op, through(a)?.value(), through(b)?.value())),)*
            ..$base
        }
    };
}

const WITH_INPLACE: Slots = inplace! {
    OPERATORS;
    inplace_add Add inplace_subtract Subtract inplace_multiply Multiply inplace_true_divide Divide
    inplace_floor_divide FloorDivide inplace_remainder Modulo inplace_power Power inplace_matrix_multiply MatrixMultiply
    inplace_lshift LeftShift inplace_rshift RightShift inplace_and And inplace_or Or inplace_xor Xor
};

fn repr(value: Value) -> PyResult {
    let at = value.bits();
    let text = match behind(value) {
        Some(referent) => {
            format!("<weakproxy at {at:#x}; to '{}' at {:#x}>", referent.ty().name(), referent.bits())
        }
        None => format!("<weakproxy at {at:#x}; dead>"),
    };
    Ok(StrObject::new(&text).into())
}

fn set_item(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let target = through(value)?;
    match item {
        Some(item) => protocol::set_item(target.value(), key, item),
        None => protocol::del_item(target.value(), key),
    }
}

fn set_attribute(value: Value, name: Value, attribute: Option<Value>) -> PyResult<()> {
    let target = through(value)?;
    match attribute {
        Some(attribute) => protocol::set_attr(target.value(), name, attribute),
        None => protocol::del_attr(target.value(), name),
    }
}

const PROXY_SLOTS: Slots = Slots {
    repr: Some(repr),
    str: Some(|value| protocol::str(through(value)?.value())),
    hash: Some(protocol::unhashable),
    richcompare: Some(|a, b, op| protocol::compare(op, through(a)?.value(), through(b)?.value())),
    getattro: Some(|value, name| protocol::get_attr(through(value)?.value(), name)),
    setattro: Some(set_attribute),
    iter: Some(|value| protocol::get_iter(through(value)?.value())),
    iternext: Some(next),
    len: Some(|value| protocol::len(through(value)?.value())),
    subscript: Some(|value, key| protocol::get_item(through(value)?.value(), key)),
    ass_subscript: Some(set_item),
    contains: Some(|value, item| protocol::contains(through(value)?.value(), item)),
    bool: Some(|value| protocol::is_true(through(value)?.value())),
    negative: Some(|value| protocol::negative(through(value)?.value())),
    positive: Some(|value| protocol::positive(through(value)?.value())),
    absolute: Some(|value| protocol::absolute(through(value)?.value())),
    invert: Some(|value| protocol::invert(through(value)?.value())),
    index: Some(|value| int::index(through(value)?.value())),
    int: Some(|value| protocol::call(int::INT.value(), &[through(value)?.value()], None)),
    float: Some(|value| protocol::call(float::FLOAT.value(), &[through(value)?.value()], None)),
    divmod: Some(|a, b| protocol::divmod(through(a)?.value(), through(b)?.value())),
    power_mod: Some(|a, b, c| {
        protocol::power_mod(through(a)?.value(), through(b)?.value(), through(c)?.value())
    }),
    ..WITH_INPLACE
};

fn next(value: Value) -> PyResult<Option<Ref>> {
    let target = through(value)?;
    if target.ty().slots().iternext.is_none() {
        let name = target.ty().name();
        return Err(raise!(TypeError, "Weakref proxy referenced a non-iterator '{name}' object"));
    }
    protocol::iter_next(target.value())
}

macro_rules! proxy_methods {
    ($table:ident, $bytes:ident, $reversed:ident, $owner:literal) => {
        py_methods! { static $table for $owner, Value;
            /// bytes(self)
            "__bytes__(self, /)"
            fn $bytes(this) -> PyResult {
                protocol::call_method_text(through(this)?.value(), "__bytes__", &[])
            }
            /// reversed(self)
            "__reversed__(self, /)"
            fn $reversed(this) -> PyResult {
                protocol::call_method_text(through(this)?.value(), "__reversed__", &[])
            }
        }
    };
}
proxy_methods!(METHODS, to_bytes, reversed, "ProxyType");
proxy_methods!(CALLABLE_METHODS, callable_to_bytes, callable_reversed, "CallableProxyType");

/// `weakref.ProxyType`.
pub static PROXY: TypeObject = TypeObject::from_spec(&PROXY_SPEC);
static PROXY_SPEC: TypeSpec = TypeSpec {
    module: "weakref",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: PROXY_SLOTS,
    methods: &[METHODS],
    ..TypeSpec::of::<WeakRef>("ProxyType")
};

/// `weakref.CallableProxyType`.
pub static CALLABLE_PROXY: TypeObject = TypeObject::from_spec(&CALLABLE_SPEC);
static CALLABLE_SPEC: TypeSpec = TypeSpec {
    module: "weakref",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { call: Some(call), ..PROXY_SLOTS },
    methods: &[CALLABLE_METHODS],
    ..TypeSpec::of::<WeakRef>("CallableProxyType")
};

fn call(value: Value, args: Args<'_>) -> PyResult {
    protocol::call_args(through(value)?.value(), args)
}

py_functions! { static FUNCTIONS;
    /// Create a proxy object that weakly references 'object'.
    "proxy(object, callback=None, /)"
    fn proxy(object: Value, callback: OrNone<Ref>) -> PyResult {
        let ty = if protocol::is_callable(object) { &CALLABLE_PROXY } else { &PROXY };
        weakref::new_ref(ty, object, callback.0)
    }
    /// Return the number of weak references to 'object'.
    "getweakrefcount(object, /)"
    fn getweakrefcount(object: Value) -> usize {
        weakref::count(object)
    }
    /// Return a list of all weak reference objects pointing to 'object'.
    "getweakrefs(object, /)"
    fn getweakrefs(object: Value) -> PyResult {
        Ok(ListObject::new(weakref::references(object)).into())
    }
    /// Atomically remove key from dict if it points to a dead weakref.
    "_remove_dead_weakref(dct, key, /)"
    fn remove_dead_weakref(dct: &DictObject, key: Value) -> PyResult<()> {
        let Some(found) = dct.get(key)? else { return Ok(()) };
        if found.ty().is_subtype_of(&WEAK_REF) && weakref::referent(found.value()).is_none() {
            drop(dct.remove(key)?);
        }
        Ok(())
    }
}
