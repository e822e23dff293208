//! Special methods and slots, both ways: a builtin type's slots appear as `__add__` and the like in its dict, and a class's
//! special methods fill its slots.
//!
//! One table relates slots and names. For every slot of a class the names are looked up in its MRO: if all lead to wrappers of one
//! native function, that function goes into the slot directly; otherwise a dispatcher that looks the method up and calls
//! it. A class that adds no special method therefore runs as fast as its base.

use crate::args::Args;
use crate::buffer::{self, Buffer};
use crate::names::{Names, names};
use crate::objects::descriptor::WrapperDescriptor;
use crate::objects::memoryview::MemoryView;
use crate::objects::str::StrObject;
use crate::objects::{self, int, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::protocol::attribute;
use crate::slots::{Binary, Slots};
use crate::type_object::{TypeObject, type_flags};
use crate::value::{PyResult, Raised, Ref, Value};

/// One special method that wraps a slot.
pub struct SlotDef {
    /// `__add__`
    pub name: &'static str,
    /// Which group of [`GROUPS`] it belongs to.
    pub group: usize,
    /// Calls the slot with the method's arguments.
    pub call: fn(&Slots, Value, Args<'_>) -> PyResult,
}

/// A slot with the names that fill it.
pub struct SlotGroup {
    /// Its special methods.
    pub methods: &'static [SlotDef],
    pub(super) is_set: fn(&Slots) -> bool,
    pub(super) is_same: fn(&Slots, &Slots) -> bool,
    pub(super) copy: fn(&mut Slots, &Slots),
    pub(super) dispatch: Option<fn(&mut Slots)>,
}

/// Of the wrappers, these take keywords.
const WITH_KEYWORDS: [usize; 2] = [GroupIndex::init as usize, GroupIndex::call as usize];

impl SlotDef {
    /// Calls the slot of a type with the method's arguments.
    pub fn call_slot(&self, slots: &Slots, receiver: Value, args: Args<'_>) -> PyResult {
        if args.has_keywords() && !WITH_KEYWORDS.contains(&self.group) {
            return Err(crate::raise!(TypeError, "wrapper {}() takes no keyword arguments", self.name));
        }
        (self.call)(slots, receiver, args)
    }
}

/// The arguments of a wrapper that CPython unpacks under an empty name, exactly `N`.
fn unpacked<const N: usize>(args: Args<'_>) -> PyResult<[Value; N]> {
    <[Value; N]>::try_from(args.positional).map_err(|_| wrong_unpacked("", N, args))
}

/// The one or two arguments of a wrapper that can leave the second out.
fn one_or_two(args: Args<'_>) -> PyResult<(Value, Option<Value>)> {
    match args.positional {
        [first] => Ok((*first, None)),
        [first, second] => Ok((*first, Some(*second))),
        [] => Err(wrong_unpacked("at least ", 1, args)),
        _ => Err(wrong_unpacked("at most ", 2, args)),
    }
}

#[cold]
fn wrong_unpacked(bound: &str, number: usize, args: Args<'_>) -> Raised {
    let (ending, given) = (crate::signature::plural(number), args.positional.len());
    crate::raise!(TypeError, " expected {bound}{number} argument{ending}, got {given}")
}

/// How often a sequence is to be repeated.
fn count_of(args: Args<'_>) -> PyResult<isize> {
    let [count] = unpacked(args)?;
    let index = int::index(count)?;
    let index = int::IntRef::of(index.value()).and_then(int::IntRef::to_i64);
    let index = index.and_then(|index| isize::try_from(index).ok());
    index.ok_or_else(|| {
        crate::raise!(OverflowError, "cannot fit '{}' into an index-sized integer", count.ty().name())
    })
}

/// The arguments of a wrapper, exactly `N`.
fn exactly<const N: usize>(args: Args<'_>) -> PyResult<[Value; N]> {
    <[Value; N]>::try_from(args.positional).map_err(|_| {
        let (ending, given) = (crate::signature::plural(N), args.positional.len());
        crate::raise!(TypeError, "expected {N} argument{ending}, got {given}")
    })
}

fn none() -> Ref {
    objects::none().to_ref()
}

fn truth(answer: bool) -> Ref {
    objects::bool(answer).to_ref()
}

/// Calls the class's special method; the class has it, or it would not have the dispatcher.
fn send(object: Value, name: Value, args: &[Value]) -> PyResult {
    match object.ty().lookup(name) {
        Some(method) => protocol::call_bound(method, object, args),
        None => {
            let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
            Err(crate::error::attribute_error(object, name, &text))
        }
    }
}

/// [`send`] that declines when the class lacks the method.
fn send_or_decline(object: Value, name: Value, args: &[Value]) -> PyResult {
    match object.ty().lookup(name) {
        Some(method) => protocol::call_bound(method, object, args),
        None => singleton::decline(),
    }
}

/// Names of a binary operator and how to find its slot.
struct Operator {
    name: fn(&Names) -> Value,
    reflected: fn(&Names) -> Value,
    slot: fn(&Slots) -> Option<Binary>,
}

/// A binary operator of classes: the left method, then the reflected right one; a subclass on the right that overrides the
/// reflected method goes first.
fn binary(a: Value, b: Value, operator: &Operator, dispatcher: Binary) -> PyResult {
    let uses_dispatcher = |value: Value| {
        (operator.slot)(value.ty().slots()).is_some_and(|slot| std::ptr::fn_addr_eq(slot, dispatcher))
    };
    let (name, reflected) = ((operator.name)(names()), (operator.reflected)(names()));
    let mut ask_right = !std::ptr::eq(a.ty(), b.ty()) && uses_dispatcher(b);
    if uses_dispatcher(a) {
        if ask_right && b.ty().is_subclass_of(a.ty()) && b.ty().lookup(reflected) != a.ty().lookup(reflected)
        {
            let result = send_or_decline(b, reflected, &[a])?;
            if !objects::is_not_implemented(result.value()) {
                return Ok(result);
            }
            ask_right = false;
        }
        let result = send_or_decline(a, name, &[b])?;
        if !ask_right || !objects::is_not_implemented(result.value()) {
            return Ok(result);
        }
    }
    if ask_right { send_or_decline(b, reflected, &[a]) } else { singleton::decline() }
}

const COMPARISONS: [fn(&Names) -> Value; 6] = [
    |names| names.__lt__,
    |names| names.__le__,
    |names| names.__eq__,
    |names| names.__ne__,
    |names| names.__gt__,
    |names| names.__ge__,
];

fn dispatch_compare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let Some(method) = a.ty().lookup(COMPARISONS[op as usize](names())) else { return singleton::decline() };
    if method.ty().has(type_flags::METHOD_DESCRIPTOR) || method.ty().slots().descr_get.is_none() {
        return protocol::call_bound(method, a, &[b]);
    }
    // A descriptor that cannot be bound counts as absent.
    let method = method.to_ref();
    let get = method.ty().slots().descr_get.expect("just seen");
    match get(method.value(), Some(a), a.ty().value()) {
        Ok(bound) => protocol::call_one(bound.value(), b),
        Err(raised) => {
            drop(crate::thread::thread().take_raised(raised));
            singleton::decline()
        }
    }
}

pub(super) fn dispatch_new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let new = attribute_of_class(ty, names().__new__)?;
    protocol::call_with_receiver(new.value(), ty.value(), args)
}

fn attribute_of_class(ty: &TypeObject, name: Value) -> PyResult {
    protocol::get_attr(ty.value(), name)
}

fn dispatch_init(object: Value, args: Args<'_>) -> PyResult<()> {
    let Some(method) = object.ty().lookup(names().__init__) else { return Ok(()) };
    let result = call_method_args(method, object, args)?;
    if objects::is_none(result.value()) {
        return Ok(());
    }
    Err(crate::raise!(TypeError, "__init__() should return None, not '{}'", result.ty().name()))
}

/// Calls what the class holds with the receiver in front, keywords included.
fn call_method_args(method: Value, receiver: Value, args: Args<'_>) -> PyResult {
    let method = method.to_ref();
    if method.ty().has(type_flags::METHOD_DESCRIPTOR) {
        return protocol::call_with_receiver(method.value(), receiver, args);
    }
    match method.ty().slots().descr_get {
        Some(get) => {
            let bound = get(method.value(), Some(receiver), receiver.ty().value())?;
            protocol::call_args(bound.value(), args)
        }
        None => protocol::call_args(method.value(), args),
    }
}

fn dispatch_call(object: Value, args: Args<'_>) -> PyResult {
    match object.ty().lookup(names().__call__) {
        Some(method) => call_method_args(method, object, args),
        None => Err(crate::raise!(TypeError, "'{}' object is not callable", object.ty().name())),
    }
}

fn dispatch_hash(object: Value) -> PyResult<i64> {
    match object.ty().lookup(names().__hash__) {
        Some(method) if !objects::is_none(method) => {
            let result = protocol::call_bound(method, object, &[])?;
            match int::IntRef::of(result.value()) {
                Some(int::IntRef::Small(small)) => Ok(crate::hash::avoid_minus_one(small)),
                // What fits a machine word is the hash, as in CPython; more is reduced.
                Some(number @ int::IntRef::Big(big)) => {
                    Ok(number.to_i64().map_or_else(|| int::hash_big(big), crate::hash::avoid_minus_one))
                }
                None => Err(crate::raise!(TypeError, "__hash__ method should return an integer")),
            }
        }
        _ => protocol::unhashable(object),
    }
}

fn dispatch_getattr(object: Value, name: Value) -> PyResult {
    let ty = object.ty();
    let own = ty.lookup(names().__getattribute__);
    let result = match own {
        Some(method) if !is_object_getattribute(method) => protocol::call_bound(method, object, &[name]),
        _ => protocol::generic_get_attr(object, name),
    };
    let Err(raised) = result else { return result };
    match ty.lookup(names().__getattr__) {
        Some(fallback) => {
            drop(crate::error::catch(raised, &crate::error::types::AttributeError)?);
            let found = protocol::call_bound(fallback, object, &[name]);
            found.map_err(|raised| crate::error::with_attribute_context(raised, object, name))
        }
        None => Err(crate::error::with_attribute_context(raised, object, name)),
    }
}

fn is_object_getattribute(method: Value) -> bool {
    objects::object::OBJECT.lookup(names().__getattribute__) == Some(method)
}

fn dispatch_setattr(object: Value, name: Value, value: Option<Value>) -> PyResult<()> {
    match value {
        Some(value) => send(object, names().__setattr__, &[name, value]).map(drop),
        None => send(object, names().__delattr__, &[name]).map(drop),
    }
}

/// A slot that writes attributes.
type SetAttr = fn(Value, Value, Option<Value>) -> PyResult<()>;

/// Refuses to write by `object.__setattr__` where a builtin type in between has its own rules: a class's attributes, say.
fn check_jump(object: Value, slot: SetAttr, what: &str) -> PyResult<()> {
    let dispatcher: SetAttr = dispatch_setattr;
    let has = |ty: &TypeObject, slot: SetAttr| {
        ty.slots().setattro.is_some_and(|own| std::ptr::fn_addr_eq(own, slot))
    };
    let ty = object.ty();
    let defines = |class: &&TypeObject| {
        !has(class, dispatcher) && ty.slots().setattro.is_some_and(|own| has(class, own))
    };
    let order = ty.mro().iter().rev().filter_map(|class| class.get::<TypeObject>());
    let mut base = Some(order.clone().find(defines).unwrap_or(ty));
    while let Some(class) = base {
        if has(class, slot) {
            return Ok(());
        }
        if !has(class, dispatcher) {
            return Err(crate::raise!(TypeError, "can't apply this {what} to {} object", ty.name()));
        }
        base = class.base();
    }
    Ok(())
}

fn dispatch_descr_get(descriptor: Value, object: Option<Value>, owner: Value) -> PyResult {
    let object = object.unwrap_or_else(objects::none);
    match descriptor.ty().lookup(names().__get__) {
        Some(method) => protocol::call_bound(method, descriptor, &[object, owner]),
        None => Ok(descriptor.to_ref()),
    }
}

fn dispatch_descr_set(descriptor: Value, object: Value, value: Option<Value>) -> PyResult<()> {
    match value {
        Some(value) => send(descriptor, names().__set__, &[object, value]).map(drop),
        None => send(descriptor, names().__delete__, &[object]).map(drop),
    }
}

fn dispatch_iter(object: Value) -> PyResult {
    match object.ty().lookup(names().__iter__) {
        Some(method) if objects::is_none(method) => {
            Err(crate::raise!(TypeError, "'{}' object is not iterable", object.ty().name()))
        }
        _ => send(object, names().__iter__, &[]),
    }
}

fn dispatch_next(object: Value) -> PyResult<Option<Ref>> {
    crate::error::ignore(call_next(object), &crate::error::types::StopIteration)
}

/// What `__next__` of a class in Python gives or raises.
pub(crate) fn call_next(object: Value) -> PyResult {
    send(object, names().__next__, &[])
}

fn dispatch_len(object: Value) -> PyResult<usize> {
    let result = send(object, names().__len__, &[])?;
    let len = int::index(result.value())?;
    match int::IntRef::of(len.value()) {
        Some(number) if number.is_negative() => {
            Err(crate::raise!(ValueError, "__len__() should return >= 0"))
        }
        Some(number) => match number.to_i64() {
            Some(len) => Ok(len as usize),
            None => Err(crate::raise!(OverflowError, "cannot fit 'int' into an index-sized integer")),
        },
        None => Ok(0),
    }
}

fn dispatch_ass_subscript(object: Value, key: Value, value: Option<Value>) -> PyResult<()> {
    let (name, args): (Value, &[Value]) = match &value {
        Some(value) => (names().__setitem__, &[key, *value]),
        None => (names().__delitem__, &[key]),
    };
    if object.ty().lookup(name).is_none() {
        let ty = object.ty().name();
        return Err(match value {
            Some(_) => crate::raise!(TypeError, "'{ty}' object does not support item assignment"),
            None => protocol::item::no_deletion(object, key),
        });
    }
    send(object, name, args).map(drop)
}

fn dispatch_contains(object: Value, item: Value) -> PyResult<bool> {
    match object.ty().lookup(names().__contains__) {
        Some(method) if objects::is_none(method) => {
            Err(crate::raise!(TypeError, "'{}' object is not a container", object.ty().name()))
        }
        _ => protocol::is_true(send(object, names().__contains__, &[item])?.value()),
    }
}

fn dispatch_bool(object: Value) -> PyResult<bool> {
    let result = send(object, names().__bool__, &[])?;
    match objects::bool::truth_of(result.value()) {
        Some(answer) => Ok(answer),
        None => Err(crate::raise!(TypeError, "__bool__ should return bool, returned {}", result.ty().name())),
    }
}

/// `base ** exponent % modulus` by the type of the receiver alone, which may decline.
fn power_with(
    slot: Binary,
    [base, exponent]: [Value; 2],
    receiver: Value,
    modulus: Option<Value>,
) -> PyResult {
    // The receiver's class may be one in Python that has led here by `super()`.
    let native = objects::descriptor::nearest_native(receiver.ty());
    let power_mod = native.and_then(|ty| ty.slots().power_mod);
    match (modulus.filter(|modulus| !objects::is_none(*modulus)), power_mod) {
        (None, _) => slot(base, exponent),
        (Some(modulus), Some(power_mod)) => power_mod(base, exponent, modulus),
        (Some(_), None) => singleton::decline(),
    }
}

pub(super) fn dispatch_power_mod(a: Value, b: Value, c: Value) -> PyResult {
    send_or_decline(a, names().__pow__, &[b, c])
}

/// Declares a group: slot field, methods with what they do with the slot, dispatcher.
macro_rules! groups {
    ($($field:ident { $($name:literal => $call:expr;)* } $dispatch:expr;)*) => {
        #[allow(non_camel_case_types, reason = "one variant per slot, named as the slot")]
        #[derive(Clone, Copy)]
        pub(super) enum GroupIndex { $($field,)* }

        /// All slots that special methods can fill.
        pub static GROUPS: &[SlotGroup] = &[$(SlotGroup {
            methods: &[$(SlotDef { name: $name, group: GroupIndex::$field as usize, call: |slots, this, args| {
                let Some(slot) = slots.$field else { return singleton::decline() };
                let call: fn(_, Value, Args<'_>) -> PyResult = $call;
                call(slot, this, args)
            } },)*],
            is_set: |slots| slots.$field.is_some(),
            is_same: |a, b| match (a.$field, b.$field) {
                (Some(a), Some(b)) => std::ptr::fn_addr_eq(a, b),
                (None, None) => true,
                _ => false,
            },
            copy: |to, from| to.$field = from.$field,
            dispatch: {
                const DISPATCH: Option<fn(&mut Slots)> = $dispatch;
                DISPATCH
            },
        },)*];
    };
}

macro_rules! unary_call {
    () => {
        |slot: crate::slots::Unary, this, args| {
            let [] = exactly::<0>(args)?;
            slot(this)
        }
    };
}

macro_rules! binary_call {
    () => {
        |slot: Binary, this, args| {
            let [other] = exactly(args)?;
            slot(this, other)
        }
    };
}

macro_rules! reflected_call {
    () => {
        |slot: Binary, this, args| {
            let [other] = exactly(args)?;
            slot(other, this)
        }
    };
}

macro_rules! compare_call {
    ($op:ident) => {
        |slot: fn(Value, Value, CompareOp) -> PyResult, this, args| {
            let [other] = exactly(args)?;
            slot(this, other, CompareOp::$op)
        }
    };
}

macro_rules! unary_dispatch {
    ($field:ident, $name:ident) => {
        Some(|slots| slots.$field = Some(|object| send(object, names().$name, &[])))
    };
}

macro_rules! binary_dispatch {
    ($field:ident, $name:ident, $reflected:ident) => {
        Some(|slots| {
            fn dispatcher(a: Value, b: Value) -> PyResult {
                const OPERATOR: Operator = Operator {
                    name: |names| names.$name,
                    reflected: |names| names.$reflected,
                    slot: |slots| slots.$field,
                };
                binary(a, b, &OPERATOR, dispatcher)
            }
            slots.$field = Some(dispatcher);
        })
    };
}

macro_rules! inplace_dispatch {
    ($field:ident, $name:ident) => {
        Some(|slots| slots.$field = Some(|a, b| send_or_decline(a, names().$name, &[b])))
    };
}

groups! {
    init { "__init__" => |slot: fn(Value, Args<'_>) -> PyResult<()>, this, args| slot(this, args).map(|()| none()); }
        Some(|slots| slots.init = Some(dispatch_init));
    call { "__call__" => |slot: fn(Value, Args<'_>) -> PyResult, this, args| slot(this, args); }
        Some(|slots| slots.call = Some(dispatch_call));
    repr { "__repr__" => unary_call!(); } unary_dispatch!(repr, __repr__);
    str { "__str__" => unary_call!(); } unary_dispatch!(str, __str__);
    hash { "__hash__" => |slot: fn(Value) -> PyResult<i64>, this, args| {
        let [] = exactly::<0>(args)?;
        slot(this).map(int::from_i64)
    }; } Some(|slots| slots.hash = Some(dispatch_hash));
    richcompare {
        "__lt__" => compare_call!(Less);
        "__le__" => compare_call!(LessEqual);
        "__eq__" => compare_call!(Equal);
        "__ne__" => compare_call!(NotEqual);
        "__gt__" => compare_call!(Greater);
        "__ge__" => compare_call!(GreaterEqual);
    } Some(|slots| slots.richcompare = Some(dispatch_compare));
    getattro { "__getattribute__" => |slot: Binary, this, args| {
        let [name] = exactly(args)?;
        attribute::check_name(name)?;
        slot(this, name)
    }; } Some(|slots| slots.getattro = Some(dispatch_getattr));
    setattro {
        "__setattr__" => |slot: fn(Value, Value, Option<Value>) -> PyResult<()>, this, args| {
            let [name, value] = unpacked(args)?;
            attribute::check_name(name)?;
            check_jump(this, slot, "__setattr__")?;
            slot(this, name, Some(value)).map(|()| none())
        };
        "__delattr__" => |slot: fn(Value, Value, Option<Value>) -> PyResult<()>, this, args| {
            let [name] = exactly(args)?;
            attribute::check_name(name)?;
            check_jump(this, slot, "__delattr__")?;
            slot(this, name, None).map(|()| none())
        };
    } Some(|slots| slots.setattro = Some(dispatch_setattr));
    descr_get { "__get__" => |slot: fn(Value, Option<Value>, Value) -> PyResult, this, args| {
        let (object, owner) = one_or_two(args)?;
        let owner = owner.unwrap_or_else(objects::none);
        let object = Some(object).filter(|&object| !objects::is_none(object));
        if object.is_none() && objects::is_none(owner) {
            return Err(crate::raise!(TypeError, "__get__(None, None) is invalid"));
        }
        slot(this, object, owner)
    }; } Some(|slots| slots.descr_get = Some(dispatch_descr_get));
    descr_set {
        "__set__" => |slot: fn(Value, Value, Option<Value>) -> PyResult<()>, this, args| {
            let [object, value] = unpacked(args)?;
            slot(this, object, Some(value)).map(|()| none())
        };
        "__delete__" => |slot: fn(Value, Value, Option<Value>) -> PyResult<()>, this, args| {
            let [object] = exactly(args)?;
            slot(this, object, None).map(|()| none())
        };
    } Some(|slots| slots.descr_set = Some(dispatch_descr_set));
    iter { "__iter__" => unary_call!(); } Some(|slots| slots.iter = Some(dispatch_iter));
    iternext { "__next__" => |slot: fn(Value) -> PyResult<Option<Ref>>, this, args| {
        let [] = exactly::<0>(args)?;
        slot(this)?.ok_or_else(|| objects::iterators::exhausted(this))
    }; } Some(|slots| slots.iternext = Some(dispatch_next));
    finalize { "__del__" => |slot: fn(Value) -> PyResult<()>, this, args| {
        let [] = exactly::<0>(args)?;
        slot(this).map(|()| none())
    }; } Some(|slots| slots.finalize = Some(|object| send(object, names().__del__, &[]).map(drop)));
    await_ { "__await__" => unary_call!(); } unary_dispatch!(await_, __await__);
    aiter { "__aiter__" => unary_call!(); } unary_dispatch!(aiter, __aiter__);
    anext { "__anext__" => unary_call!(); } unary_dispatch!(anext, __anext__);
    len { "__len__" => |slot: fn(Value) -> PyResult<usize>, this, args| {
        let [] = exactly::<0>(args)?;
        slot(this).map(|len| int::from_i64(len as i64))
    }; } Some(|slots| slots.len = Some(dispatch_len));
    subscript { "__getitem__" => binary_call!(); }
        Some(|slots| slots.subscript = Some(|object, key| send(object, names().__getitem__, &[key])));
    ass_subscript {
        "__setitem__" => |slot: fn(Value, Value, Option<Value>) -> PyResult<()>, this, args| {
            let [key, value] = unpacked(args)?;
            slot(this, key, Some(value)).map(|()| none())
        };
        "__delitem__" => |slot: fn(Value, Value, Option<Value>) -> PyResult<()>, this, args| {
            let [key] = exactly(args)?;
            slot(this, key, None).map(|()| none())
        };
    } Some(|slots| slots.ass_subscript = Some(dispatch_ass_subscript));
    contains { "__contains__" => |slot: fn(Value, Value) -> PyResult<bool>, this, args| {
        let [item] = exactly(args)?;
        slot(this, item).map(truth)
    }; } Some(|slots| slots.contains = Some(dispatch_contains));
    buffer { "__buffer__" => |slot: fn(Value) -> PyResult<Buffer>, this, args| {
        let [flags] = unpacked(args)?;
        int::to_i64(flags)?;
        // The slot is that of a base, which the class of the object may do by itself.
        Ok(MemoryView::of_loan(slot(this)?))
    }; } Some(|slots| slots.buffer = Some(dispatch_buffer));
    release_buffer { "__release_buffer__" => |slot: fn(Value), this, args| {
        let _ = (slot, this);
        let [view] = unpacked(args)?;
        if !view.is_instance::<MemoryView>() {
            return Err(crate::raise!(TypeError, "expected a memoryview object"));
        }
        protocol::call_method_text(view, "release", &[])
    }; } Some(|slots| slots.release_buffer = Some(dispatch_release_buffer));
    concat { "__add__" => binary_call!(); } None;
    repeat {
        "__mul__" => |slot: fn(Value, isize) -> PyResult, this, args| {
            slot(this, count_of(args)?)
        };
        "__rmul__" => |slot: fn(Value, isize) -> PyResult, this, args| {
            slot(this, count_of(args)?)
        };
    } None;
    inplace_concat { "__iadd__" => binary_call!(); } None;
    inplace_repeat { "__imul__" => |slot: fn(Value, isize) -> PyResult, this, args| {
        slot(this, count_of(args)?)
    }; } None;
    bool { "__bool__" => |slot: fn(Value) -> PyResult<bool>, this, args| {
        let [] = exactly::<0>(args)?;
        slot(this).map(truth)
    }; } Some(|slots| slots.bool = Some(dispatch_bool));
    negative { "__neg__" => unary_call!(); } unary_dispatch!(negative, __neg__);
    positive { "__pos__" => unary_call!(); } unary_dispatch!(positive, __pos__);
    absolute { "__abs__" => unary_call!(); } unary_dispatch!(absolute, __abs__);
    invert { "__invert__" => unary_call!(); } unary_dispatch!(invert, __invert__);
    index { "__index__" => unary_call!(); } unary_dispatch!(index, __index__);
    int { "__int__" => unary_call!(); } unary_dispatch!(int, __int__);
    float { "__float__" => unary_call!(); } unary_dispatch!(float, __float__);
    add { "__add__" => binary_call!(); "__radd__" => reflected_call!(); } binary_dispatch!(add, __add__, __radd__);
    subtract { "__sub__" => binary_call!(); "__rsub__" => reflected_call!(); } binary_dispatch!(subtract, __sub__, __rsub__);
    multiply { "__mul__" => binary_call!(); "__rmul__" => reflected_call!(); } binary_dispatch!(multiply, __mul__, __rmul__);
    true_divide { "__truediv__" => binary_call!(); "__rtruediv__" => reflected_call!(); }
        binary_dispatch!(true_divide, __truediv__, __rtruediv__);
    floor_divide { "__floordiv__" => binary_call!(); "__rfloordiv__" => reflected_call!(); }
        binary_dispatch!(floor_divide, __floordiv__, __rfloordiv__);
    remainder { "__mod__" => binary_call!(); "__rmod__" => reflected_call!(); } binary_dispatch!(remainder, __mod__, __rmod__);
    divmod { "__divmod__" => binary_call!(); "__rdivmod__" => reflected_call!(); } binary_dispatch!(divmod, __divmod__, __rdivmod__);
    power {
        "__pow__" => |slot: Binary, this, args| {
            let (other, modulus) = one_or_two(args)?;
            power_with(slot, [this, other], this, modulus)
        };
        "__rpow__" => |slot: Binary, this, args| {
            let (other, modulus) = one_or_two(args)?;
            power_with(slot, [other, this], this, modulus)
        };
    } binary_dispatch!(power, __pow__, __rpow__);
    matrix_multiply { "__matmul__" => binary_call!(); "__rmatmul__" => reflected_call!(); }
        binary_dispatch!(matrix_multiply, __matmul__, __rmatmul__);
    lshift { "__lshift__" => binary_call!(); "__rlshift__" => reflected_call!(); } binary_dispatch!(lshift, __lshift__, __rlshift__);
    rshift { "__rshift__" => binary_call!(); "__rrshift__" => reflected_call!(); } binary_dispatch!(rshift, __rshift__, __rrshift__);
    and { "__and__" => binary_call!(); "__rand__" => reflected_call!(); } binary_dispatch!(and, __and__, __rand__);
    or { "__or__" => binary_call!(); "__ror__" => reflected_call!(); } binary_dispatch!(or, __or__, __ror__);
    xor { "__xor__" => binary_call!(); "__rxor__" => reflected_call!(); } binary_dispatch!(xor, __xor__, __rxor__);
    inplace_add { "__iadd__" => binary_call!(); } inplace_dispatch!(inplace_add, __iadd__);
    inplace_subtract { "__isub__" => binary_call!(); } inplace_dispatch!(inplace_subtract, __isub__);
    inplace_multiply { "__imul__" => binary_call!(); } inplace_dispatch!(inplace_multiply, __imul__);
    inplace_true_divide { "__itruediv__" => binary_call!(); } inplace_dispatch!(inplace_true_divide, __itruediv__);
    inplace_floor_divide { "__ifloordiv__" => binary_call!(); } inplace_dispatch!(inplace_floor_divide, __ifloordiv__);
    inplace_remainder { "__imod__" => binary_call!(); } inplace_dispatch!(inplace_remainder, __imod__);
    inplace_power { "__ipow__" => binary_call!(); } inplace_dispatch!(inplace_power, __ipow__);
    inplace_matrix_multiply { "__imatmul__" => binary_call!(); } inplace_dispatch!(inplace_matrix_multiply, __imatmul__);
    inplace_lshift { "__ilshift__" => binary_call!(); } inplace_dispatch!(inplace_lshift, __ilshift__);
    inplace_rshift { "__irshift__" => binary_call!(); } inplace_dispatch!(inplace_rshift, __irshift__);
    inplace_and { "__iand__" => binary_call!(); } inplace_dispatch!(inplace_and, __iand__);
    inplace_or { "__ior__" => binary_call!(); } inplace_dispatch!(inplace_or, __ior__);
    inplace_xor { "__ixor__" => binary_call!(); } inplace_dispatch!(inplace_xor, __ixor__);
}

/// `inspect.BufferFlags.FULL_RO`: a lender in Python is asked for everything that it can say.
const FULL_READ_ONLY: i64 = 284;

/// Borrows through the memoryview that a Python `__buffer__` gives.
fn dispatch_buffer(value: Value) -> PyResult<Buffer> {
    let view = send(value, names().__buffer__, &[Value::small(FULL_READ_ONLY)])?;
    if !view.is_instance::<MemoryView>() {
        return Err(crate::raise!(TypeError, "__buffer__ returned non-memoryview object"));
    }
    Ok(buffer::acquire(view.value())?.lent_by(value))
}

/// What a class in Python does when a loan of its builtin base ends.
fn dispatch_release_buffer(value: Value) {
    let mut ty = Some(value.ty());
    while let Some(class) = ty {
        if class.spec().is_some() {
            if let Some(release) = class.slots().release_buffer {
                release(value);
            }
            return;
        }
        ty = class.base();
    }
}

/// Puts wrappers for a builtin type's own slots into its dict.
pub fn add_wrappers(ty: &'static TypeObject) {
    let (slots, dict) = (ty.slots(), ty.dict());
    for group in GROUPS.iter().filter(|group| (group.is_set)(slots)) {
        for def in group.methods {
            let name = StrObject::intern(def.name);
            if dict.get_str(name.value()).is_none() {
                dict.set_str(name.value(), wrapper_for(def, ty, slots));
            }
        }
    }
    if slots.new.is_some() && !ty.has(type_flags::NO_NEW) {
        dict.set_text("__new__", objects::descriptor::NewFunction::new(ty).into_ref());
    }
}

fn wrapper_for(def: &'static SlotDef, ty: &'static TypeObject, slots: &Slots) -> Ref {
    let unhashable: fn(Value) -> PyResult<i64> = protocol::unhashable;
    let is_unhashable = slots.hash.is_some_and(|slot| std::ptr::fn_addr_eq(slot, unhashable));
    if def.name == "__hash__" && is_unhashable {
        return none();
    }
    WrapperDescriptor::new(def, ty).into_ref()
}
