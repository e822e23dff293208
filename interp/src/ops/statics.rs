//! Static Python: checked arguments, fields, static calls, classes, sequences.
//!
//! Descriptors are resolved through the loaded modules each time; compiled code resolves them once.

use std::cell::Cell;

use bytecode::{
    ClassDecl, FieldDescr, FunctionDescr, Given, MethodKind, Opcode, Repr, Rest, SequenceKind, TypeCode,
    TypeDescr, Word,
};
use runtime::error::{self, Raised};
use runtime::field::Field;
use runtime::hooks;
use runtime::objects::code::{Callee, CodeObject, InlineCache};
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::list::ListObject;
use runtime::objects::static_array::StaticArray;
use runtime::objects::static_vector::StaticVector;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int, singleton};
use runtime::protocol;
use runtime::static_class::{self, FieldKind, StaticField};
use runtime::type_object::{TypeObject, type_flags};
use runtime::types;
use runtime::value::{PyResult, Ref, Value};
use runtime::{static_metaclass, static_method};

use super::call::call_owned;
use super::callee::{
    cached_callee, class_stamp, dispatcher, find_method, fits, is_described, remember_resolved,
    resolve_function, static_target,
};
use super::primitive;
use crate::frame::{self, Frame, WANTS_RAW};

/// Checks the arguments of an untyped caller against the signature, and unboxes primitives in place.
///
/// # Safety
/// The parameters of the frame are bound to objects.
pub(crate) unsafe fn check_args(frame: *mut Frame) -> PyResult<()> {
    // SAFETY: the frame keeps its code alive.
    let code: &CodeObject = unsafe { &*(*frame).code };
    let Some(signature) = &code.code().signature else { return Ok(()) };
    let mut carriers = Vec::new();
    for (at, ty) in signature.params.iter().enumerate() {
        // SAFETY: parameters take the first slots.
        let value = unsafe { *Frame::locals(frame).add(at) };
        let checked = match ty {
            TypeDescr::Primitive(primitive) => {
                primitive::unboxed(*primitive, value).map(|carrier| carriers.push((at, carrier)))
            }
            _ => check_argument(code, at, ty, value),
        };
        if let Err(raised) = checked {
            // The slots of primitive parameters hold boxed objects still; nobody else will release them.
            // SAFETY: parameters take the first slots.
            unsafe { release_boxed(frame, code) };
            return Err(raised);
        }
    }
    for (at, carrier) in carriers {
        // SAFETY: parameters take the first slots.
        unsafe { frame::release(std::ptr::replace(Frame::locals(frame).add(at), carrier)) };
    }
    Ok(())
}

/// Checks borrowed arguments of an untyped caller against the signature of `code`, and writes the words that its typed entry wants.
pub fn check_borrowed(code: &CodeObject, args: &[Value], words: &mut [u64]) -> PyResult<()> {
    let params = code.code().signature.as_ref().map_or(&[][..], |signature| &signature.params);
    for (at, (&value, word)) in args.iter().zip(words).enumerate() {
        *word = match params.get(at) {
            Some(TypeDescr::Primitive(primitive)) => primitive::unboxed(*primitive, value)?.bits(),
            Some(ty) => check_argument(code, at, ty, value).map(|()| value.bits())?,
            None => value.bits(),
        };
    }
    Ok(())
}

/// Releases the boxed arguments in the slots of primitive parameters.
///
/// # Safety
/// The parameters of the frame are bound to objects.
unsafe fn release_boxed(frame: *mut Frame, code: &CodeObject) {
    for (at, local) in code.code().locals.iter().enumerate().take(code.code().param_count()) {
        if local.ty != TypeCode::Object {
            // SAFETY: the contract.
            unsafe { frame::release(std::ptr::replace(Frame::locals(frame).add(at), Value::NULL)) };
        }
    }
}

#[inline]
fn check_argument(code: &CodeObject, at: usize, ty: &TypeDescr, value: Value) -> PyResult<()> {
    match static_class::admits_again(ty, value, code.argument_cache(at))? {
        true => Ok(()),
        false => Err(wrong_argument(code, at, ty, value)),
    }
}

#[cold]
fn wrong_argument(code: &CodeObject, at: usize, ty: &TypeDescr, value: Value) -> Raised {
    let (name, param) = (&code.code().qualname, &code.code().locals[at].name);
    let (expected, got) = (static_class::type_text(ty), value.ty().name());
    let message = format!("{name} expected '{expected}' for argument {param}, got '{got}'");
    error::raise(static_class::static_type_error(), &message)
}

/// What a static call did.
pub(crate) enum Invoked {
    /// It pushed a frame, which has taken the arguments.
    Frame(*mut Frame),
    /// It has a result, raw if the callee returns a primitive; the arguments have been released.
    Result(Value),
}

/// Pushes the frame of a static function and moves the arguments into it, behind its argument check.
#[inline]
pub(crate) fn enter(target: Ref, args: &[Value]) -> PyResult<Invoked> {
    // SAFETY: callers have checked that the target is a function.
    let function = unsafe { target.value().cast::<FunctionObject>() };
    if (!function.typed_entry.get().is_null() || hooks::count_call(function))
        && let Some(result) = (hooks::hooks().call_typed)(function, args)
    {
        let result = result?;
        release_arguments(&function.code().code().locals, args);
        return Ok(Invoked::Result(result));
    }
    // SAFETY: there is a slot for each argument, in the representation of its parameter, and the caller's stack gives the
    // words up; the frame takes over the count of the function. The callee starts behind its argument check.
    let frame = unsafe {
        let frame = frame::push_function(function, Value::NULL, args, WANTS_RAW)?;
        (*frame).instruction = function.code().shape.checks_args as u32;
        frame
    };
    std::mem::forget(target);
    Ok(Invoked::Frame(frame))
}

/// Releases the arguments of a call that borrowed them and has succeeded; a failing one leaves them to the unwinder.
fn release_arguments(params: &[bytecode::code::Local], args: &[Value]) {
    for (&word, param) in args.iter().zip(params) {
        if param.ty == TypeCode::Object {
            frame::release(word);
        }
    }
}

/// Calls a statically resolved callee with the arguments on top of the stack, which it consumes. `is_known` says that the
/// callee has been found fit to be entered directly before.
#[inline]
pub(crate) fn invoke(
    target: Ref,
    descr: &FunctionDescr,
    args: &[Value],
    is_known: bool,
) -> PyResult<Invoked> {
    if is_known || fits(target.value(), descr, None) {
        return enter(target, args);
    }
    let result = invoke_values(&target, descr, args)?;
    release_passed(descr, args);
    Ok(Invoked::Result(result))
}

/// [`invoke`] of what a variable holds that means a function which is made in a function.
#[inline]
pub(crate) fn invoke_nested(
    target: Value,
    descr: &FunctionDescr,
    callee: &Callee,
    args: &[Value],
) -> PyResult<Invoked> {
    invoke(target.to_ref(), descr, args, is_described(target, callee))
}

/// [`invoke`] of what `LOAD_METHOD_STATIC` has found for a receiver; `passed` is the cache of the call.
#[inline]
pub(crate) fn invoke_method(
    (target, may_enter): (Ref, bool),
    descr: &FunctionDescr,
    args: &[Value],
    receiver: Value,
    passed: &InlineCache,
) -> PyResult<Invoked> {
    if may_enter {
        return enter(target, args);
    }
    let result = invoke_stranger(&target, descr, args, dispatcher(descr.kind, &receiver), passed)?;
    release_passed(descr, args);
    Ok(Invoked::Result(result))
}

/// Releases the arguments of a call that has borrowed them and has not failed.
fn release_passed(descr: &FunctionDescr, args: &[Value]) {
    for (&word, ty) in args.iter().zip(&descr.signature.params) {
        if ty.type_code() == TypeCode::Object {
            frame::release(word);
        }
    }
}

/// Calls a callee that need not be what the checker saw, with borrowed or raw words as the descriptor says, and checks its
/// result, which is owned or raw.
pub fn invoke_values(target: &Ref, descr: &FunctionDescr, args: &[Value]) -> PyResult<Value> {
    let promise = Promise::new(descr, args.first().copied());
    let result = call_with_words(target, descr, args)?;
    match promise.ret {
        TypeDescr::Primitive(code) => primitive::unboxed(*code, result.value()),
        _ => promise.kept_by(result).map(Ref::into_value),
    }
}

/// [`invoke_values`] of what a class has under the name of a method without being one that can be entered. Remembers the class of results
/// that has passed for this class.
pub fn invoke_stranger(
    target: &Ref,
    descr: &FunctionDescr,
    args: &[Value],
    class: &TypeObject,
    passed: &InlineCache,
) -> PyResult<Value> {
    let stamp = class_stamp(class);
    let class = Promise::class_of(descr, args.first().copied());
    let result = call_with_words(target, descr, args)?;
    if let TypeDescr::Primitive(code) = descr.signature.ret {
        return primitive::unboxed(code, result.value());
    }
    let version = u64::from(result.ty().version());
    if version != 0 && (passed.key.get(), passed.data.get()) == (stamp, version) {
        return Ok(result.into_value());
    }
    let promise = Promise::of(descr, class);
    let result = promise.kept_by(result)?;
    if promise.ret.is_by_class() {
        passed.key.set(stamp);
        passed.data.set(version);
    }
    Ok(result.into_value())
}

/// Calls with borrowed or raw words, as objects.
fn call_with_words(target: &Ref, descr: &FunctionDescr, args: &[Value]) -> PyResult {
    let signature = &descr.signature;
    let boxed: Vec<Ref> = args
        .iter()
        .zip(&signature.params)
        .map(|(&word, ty)| match ty {
            TypeDescr::Primitive(code) => primitive::boxed(*code, word),
            _ => word.to_ref(),
        })
        .collect();
    call_spread(target, descr, boxed)
}

/// Calls a callee with boxed arguments, whose references it gets, and checks a result that is not to be unboxed. A nested function stands in
/// front of its arguments. A static method that is called virtually does not get the first, which is the receiver.
pub fn invoke_owned(descr: &FunctionDescr, is_method: bool, mut args: Vec<Ref>) -> PyResult {
    let callable = (descr.kind == MethodKind::Nested).then(|| args.remove(0));
    let receiver = args.first().map(Ref::value);
    let target = callable.map_or_else(|| reached(descr, receiver.filter(|_| is_method)), Ok)?;
    let promise = Promise::new(descr, receiver);
    if is_method && descr.kind == MethodKind::Static {
        args.remove(0);
    }
    let result = call_spread(&target, descr, args)?;
    match promise.ret {
        TypeDescr::Primitive(_) => Ok(result),
        _ => promise.kept_by(result),
    }
}

/// What a descriptor reaches: for a virtual call, through the receiver.
fn reached(descr: &FunctionDescr, receiver: Option<Value>) -> PyResult {
    let found = receiver.and_then(|receiver| find_method(descr, receiver));
    found.map_or_else(|| resolve_function(descr), Ok)
}

/// The default of parameter `at` of the function that a call with this descriptor reaches; for a virtual call, through the receiver, which is
/// the instance for class methods, too, or is the nested function itself. A callee that is none of ours is called without the argument.
pub fn load_default(descr: &FunctionDescr, receiver: Value, at: usize) -> PyResult {
    let name = StrObject::intern(descr.split_name().1);
    let is_nested = descr.kind == MethodKind::Nested;
    let class = (!singleton::is_none(receiver) && !is_nested).then(|| receiver.ty());
    let found = class.and_then(|class| static_method::find(class, name.value(), descr.kind));
    let target = match found {
        None if is_nested => receiver.to_ref(),
        Some(found) => found.to_ref(),
        None => resolve_function(descr)?,
    };
    let Some(function) = static_target(target.value(), descr, class.filter(|_| found.is_some())) else {
        return match target.get_exact::<FunctionObject>() {
            // A primitive cannot be left out.
            Some(function) if descr.signature.params[at].type_code() != TypeCode::Object => {
                runtime::bind::default_of(function, at)
            }
            // Left out where it is called.
            _ if !descr.given.is_empty() => Ok(primitive_zero(&descr.signature.params[at])),
            _ => Ok(singleton::omitted().to_ref()),
        };
    };
    let default = runtime::bind::default_of(function, at)?;
    check_argument(function.code(), at, &descr.signature.params[at], default.value())?;
    Ok(default)
}

/// Something in the place of a default that will not be passed.
fn primitive_zero(ty: &TypeDescr) -> Ref {
    match ty.type_code() {
        TypeCode::Object => singleton::omitted().to_ref(),
        TypeCode::Double | TypeCode::Single => float::new(0.0),
        TypeCode::CBool => singleton::bool(false).to_ref(),
        _ => int::from_i64(0),
    }
}

/// Calls with the arguments that the parameters of a signature have got: those that are collected are spread again, and those that were left
/// out stay out.
fn call_spread(target: &Ref, descr: &FunctionDescr, boxed: Vec<Ref>) -> PyResult {
    if !descr.given.is_empty() {
        return call_as_given(target, descr, boxed);
    }
    if descr.kind.is_accessor() {
        let values: Vec<Value> = boxed.iter().map(Ref::value).collect();
        return static_method::access(StrObject::intern(descr.split_name().1).value(), descr.kind, &values);
    }
    let signature = &descr.signature;
    let (params, rest) = boxed.split_at(boxed.len() - signature.rest.len());
    let (positional, named) = params.split_at(params.len() - signature.keyword_only.len());
    let omitted = singleton::omitted();
    // Behind a default that is left out the checker lets only defaults follow.
    let given = positional.iter().map(Ref::value).take_while(|&value| value != omitted);
    let mut values: Vec<Value> = given.collect();
    let (items, pairs) = collected(signature.rest, rest);
    values.extend_from_slice(items);
    let mut names = Vec::new();
    for (name, value) in
        signature.keyword_only.iter().zip(named).filter(|(_, value)| value.value() != omitted)
    {
        names.push(StrObject::intern(name).into_ref());
        values.push(value.value());
    }
    for (name, value) in &pairs {
        names.push(name.clone());
        values.push(value.value());
    }
    let names = (!names.is_empty()).then(|| TupleObject::new(names));
    call_owned(target.value(), &values, (boxed, pairs), names.as_ref().map(|names| names.value()))
}

/// What parameters that collect the others have got: a tuple's items, and a dict's pairs.
fn collected(kinds: Rest, rest: &[Ref]) -> (&[Value], Vec<(Ref, Ref)>) {
    let tuple = rest.first().filter(|_| kinds.positional).and_then(|tuple| tuple.get::<TupleObject>());
    let dict = rest.last().filter(|_| kinds.keywords).and_then(|dict| dict.get::<DictObject>());
    (tuple.map_or(&[][..], TupleObject::items), dict.map(DictObject::to_pairs).unwrap_or_default())
}

/// Calls with the arguments of a call whose shape is known, as the source gives them.
fn call_as_given(target: &Ref, descr: &FunctionDescr, boxed: Vec<Ref>) -> PyResult {
    let (params, rest) = boxed.split_at(boxed.len() - descr.signature.rest.len());
    let mut callee = target.clone();
    let (mut values, mut names, mut named) = (Vec::new(), Vec::new(), Vec::new());
    for (value, given) in params.iter().zip(&*descr.given) {
        match given {
            Given::Receiver => match bound(&callee, value.value())? {
                Some(bound) => callee = bound,
                None => values.push(value.value()),
            },
            Given::Position => values.push(value.value()),
            Given::Keyword(name) => {
                names.push(StrObject::intern(name).into_ref());
                named.push(value.value());
            }
            Given::Default => {}
        }
    }
    let (items, pairs) = collected(descr.signature.rest, rest);
    values.extend_from_slice(items);
    names.extend(pairs.iter().map(|(name, _)| name.clone()));
    values.extend(named.into_iter().chain(pairs.iter().map(|(_, value)| value.value())));
    let names = (!names.is_empty()).then(|| TupleObject::new(names));
    call_owned(callee.value(), &values, (boxed, pairs), names.as_ref().map(|names| names.value()))
}

/// What stands in a class instead of a method, as calls through the receiver find it: only functions are passed the receiver.
fn bound(found: &Ref, receiver: Value) -> PyResult<Option<Ref>> {
    if found.is_instance::<FunctionObject>() {
        return Ok(None);
    }
    match found.ty().slots().descr_get {
        Some(get) => get(found.value(), Some(receiver), receiver.ty().value()).map(Some),
        None => Ok(Some(found.clone())),
    }
}

/// What a callee must return.
struct Promise<'d> {
    descr: &'d FunctionDescr,
    /// The receiver's class, for a method.
    class: Option<Ref>,
    ret: &'d TypeDescr,
}

impl<'d> Promise<'d> {
    /// For a method, what the nearest static class of the receiver says.
    fn new(descr: &'d FunctionDescr, receiver: Option<Value>) -> Self {
        Self::of(descr, Self::class_of(descr, receiver))
    }

    /// The class that a method promises something for.
    fn class_of(descr: &FunctionDescr, receiver: Option<Value>) -> Option<Ref> {
        let class = match descr.kind {
            MethodKind::Instance | MethodKind::Getter | MethodKind::Setter => receiver.map(Value::ty),
            MethodKind::Class => receiver.and_then(Value::get::<TypeObject>),
            MethodKind::Function
            | MethodKind::Static
            | MethodKind::Native
            | MethodKind::Named
            | MethodKind::Nested => None,
        };
        class.map(|class| class.value().to_ref())
    }

    /// What a class says.
    fn of(descr: &'d FunctionDescr, class: Option<Ref>) -> Self {
        let layout = class.as_ref().and_then(|class| class.value().get::<TypeObject>()?.static_layout());
        let name = descr.split_name().1;
        let method = layout.and_then(|layout| Some(&layout.methods[layout.method(name, descr.kind)?]));
        let ret = method.map_or(&descr.signature.ret, |method| &method.signature.ret);
        Self { descr, class, ret }
    }

    /// The result, if it is as promised.
    fn kept_by(&self, result: Ref) -> PyResult {
        if static_class::admits(self.ret, result.value())? {
            return Ok(result);
        }
        let (name, expected, got) =
            (self.callee_name(), static_class::type_text(self.ret), result.ty().name());
        Err(runtime::raise!(TypeError, "unexpected return type from {name}, expected {expected}, got {got}"))
    }

    /// The name of a method is that of the static class that defines it for the receiver.
    fn callee_name(&self) -> String {
        let class = self.class.as_ref().and_then(|class| class.get::<TypeObject>());
        match (class, self.descr.split_name()) {
            (Some(class), (_, method)) => format!("{}.{method}", static_class::definer(class, method).name()),
            _ => self.descr.name.clone(),
        }
    }
}

/// Runs a class body and lays the class out.
pub fn build_class(decl: &ClassDecl, body: &Ref, bases: &Ref, metaclass: Option<&Ref>) -> PyResult {
    let function = body.get::<FunctionObject>().expect("the emitter passes the body as a function");
    let bases = bases.get::<TupleObject>().expect("the emitter passes a tuple");
    let resolved = types::build::resolve_bases(bases.items())?;
    let metatype = static_metaclass::choose(metaclass, &resolved)?;
    let namespace = DictObject::new();
    let cell = (runtime::hooks::hooks().run_code)(
        Value::from_object(function.code()),
        function.globals(),
        namespace.value(),
        function.closure.raw(),
    )?;
    types::build::note_original_bases(namespace.value(), bases.items(), &resolved)?;
    let class =
        static_class::build(metatype, decl, &TupleObject::new(resolved.clone()), &namespace)?.into_ref();
    static_metaclass::initialise(class.value())?;
    if let Some(cell) = cell.get::<runtime::objects::cell::CellObject>() {
        cell.contents.set(class.clone());
    }
    Ok(class)
}

/// A new instance with unset fields; the class is remembered for as long as nothing changes.
#[inline]
pub(crate) fn allocate(ty: &TypeDescr, cache: &InlineCache) -> PyResult {
    if let Some(class) = cached_callee(cache) {
        // SAFETY: only classes are remembered here.
        return Ok(runtime::objects::object::allocate(unsafe { class.cast::<TypeObject>() }));
    }
    allocate_slowly(ty, cache)
}

#[cold]
fn allocate_slowly(ty: &TypeDescr, cache: &InlineCache) -> PyResult {
    let class = static_class::load_class(ty)?;
    let made = static_class::new_instance(class.get::<TypeObject>().expect("static classes are classes"))?;
    if let TypeDescr::Class { module, .. } = ty {
        remember_resolved(module, class.value(), cache);
    }
    Ok(made)
}

fn static_field<'a>(descr: &FieldDescr, owner: &'a Ref) -> PyResult<&'a StaticField> {
    owner.ty().static_layout().and_then(|layout| layout.field(&descr.name)).ok_or_else(|| {
        let name = StrObject::intern(&descr.name);
        let message = format!("'{}' object has no attribute '{}'", owner.ty().name(), descr.name);
        error::attribute_error(owner.value(), name.value(), &message)
    })
}

fn address(owner: &Ref, field: &StaticField) -> *mut u8 {
    // SAFETY: the layout of the owner's class says that the field lies inside the instance.
    unsafe { owner.ptr().cast::<u8>().add(field.offset) }
}

/// Where an instruction found its field: the kind, coded above 0, and the offset. A field has the same place in every
/// subclass, and the checker has proved the class.
#[inline]
fn placed(cache: &InlineCache, descr: &FieldDescr, owner: &Ref) -> PyResult<(FieldKind, *mut u8)> {
    let (key, offset) = (cache.key.get(), cache.data.get());
    let kind = match key {
        0 => return place(cache, descr, owner),
        1 => FieldKind::Object,
        2 => FieldKind::Float,
        code => FieldKind::Primitive(TypeCode::from_operand(code as u32 - 3).expect("stored below")),
    };
    // SAFETY: the field lies inside every instance of its class.
    Ok((kind, unsafe { owner.ptr().cast::<u8>().add(offset as usize) }))
}

#[cold]
fn place(cache: &InlineCache, descr: &FieldDescr, owner: &Ref) -> PyResult<(FieldKind, *mut u8)> {
    let field = static_field(descr, owner)?;
    cache.key.set(match field.kind {
        FieldKind::Object => 1,
        FieldKind::Float => 2,
        FieldKind::Primitive(code) => code as u64 + 3,
    });
    cache.data.set(field.offset as u64);
    Ok((field.kind, address(owner, field)))
}

/// The form of a `LOAD_FIELD` whose field has been placed; it is right for good.
pub(crate) fn load_form(word: Word, cache: &InlineCache) -> Option<Word> {
    let forms = [Opcode::LOAD_FIELD_OBJECT, Opcode::LOAD_FIELD_FLOAT, Opcode::LOAD_FIELD_WORD];
    form_of(cache, forms).map(|form| word.with_opcode(form))
}

/// The form of a `STORE_FIELD`.
pub(crate) fn store_form(word: Word, cache: &InlineCache) -> Option<Word> {
    let forms = [Opcode::STORE_FIELD_OBJECT, Opcode::STORE_FIELD_FLOAT, Opcode::STORE_FIELD_WORD];
    form_of(cache, forms).map(|form| word.with_opcode(form))
}

fn form_of(cache: &InlineCache, [object, float, word]: [Opcode; 3]) -> Option<Opcode> {
    match cache.key.get() {
        0 => None,
        1 => Some(object),
        2 => Some(float),
        code => TypeCode::from_operand(code as u32 - 3).filter(|code| code.size() == 8).map(|_| word),
    }
}

/// Joins the instruction before a specialised `LOAD_FIELD` to it, if that loads the owner from a local.
pub(crate) fn join_load(code: &CodeObject, at: usize) {
    let is_special = !matches!(code.words()[at].get().opcode(), Opcode::LOAD_FIELD);
    let Some(before) = at.checked_sub(1).filter(|_| is_special) else { return };
    let word = code.words()[before].get();
    if word.opcode() == Opcode::LOAD_FAST {
        code.words()[before].set(word.with_opcode(Opcode::LOAD_FAST_LOAD_FIELD));
    }
}

/// What a specialised `LOAD_FIELD` gives: owned object or raw primitive; nothing if it takes the general way.
///
/// # Safety
/// The owner is an instance of the class whose field has been placed.
#[inline]
pub(crate) unsafe fn field(word: Word, owner: Value, cache: &InlineCache) -> Option<Value> {
    if owner.ty().has(type_flags::READS_ASK) {
        return None;
    }
    // SAFETY: the contract.
    let bits = unsafe { *owner.ptr().cast::<u8>().add(cache.data.get() as usize).cast::<u64>() };
    if word.opcode_is(Opcode::LOAD_FIELD_FLOAT) {
        return static_class::decode_double(bits).map(|double| float::new(double).into_value());
    }
    let value = primitive::raw(bits as i64);
    if word.opcode_is(Opcode::LOAD_FIELD_OBJECT) {
        return value.non_null().map(frame::copy);
    }
    let is_plain = word.opcode_is(Opcode::LOAD_FIELD_WORD) && !owner.ty().has(type_flags::STANDS_IN);
    is_plain.then_some(value)
}

/// Stores what a specialised `STORE_FIELD` has, taking it over; false if it takes the general way.
///
/// # Safety
/// The owner is an instance of the class whose field has been placed, and the value is of the field's type.
#[inline]
pub(crate) unsafe fn set_field(word: Word, owner: Value, value: Value, cache: &InlineCache) -> bool {
    if owner.ty().has_any(type_flags::STANDS_IN | type_flags::STORES_ASK) {
        return false;
    }
    // SAFETY: the contract.
    unsafe {
        let place = owner.ptr().cast::<u8>().add(cache.data.get() as usize);
        if word.opcode_is(Opcode::STORE_FIELD_FLOAT) {
            let Some(double) = float::of_exact(value) else { return false };
            let old = *place.cast::<u64>();
            if old != 0 && static_class::decode_double(old).is_none() {
                return false;
            }
            *place.cast::<u64>() = static_class::encode_double(double);
            frame::release(value);
        } else if word.opcode_is(Opcode::STORE_FIELD_OBJECT) {
            (*place.cast::<Field>()).set(Ref::from_owned(value));
        } else {
            *place.cast::<u64>() = value.bits();
        }
    }
    true
}

/// The value of a field: owned object or raw primitive.
#[inline]
pub(crate) fn load_field(descr: &FieldDescr, owner: &Ref, cache: &InlineCache) -> PyResult<Value> {
    let (kind, address) = placed(cache, descr, owner)?;
    if owner.ty().has(type_flags::READS_ASK)
        && static_class::asks_hook(owner.ty(), &descr.class, static_class::READS)?
    {
        return match kind {
            FieldKind::Primitive(code) => primitive::unboxed(code, attribute(descr, owner)?.value()),
            FieldKind::Object | FieldKind::Float => attribute(descr, owner).map(Ref::into_value),
        };
    }
    // SAFETY: the address is that of a field of this kind.
    unsafe {
        match kind {
            FieldKind::Object => match (*address.cast::<Field>()).get_ref() {
                Some(value) => Ok(value.into_value()),
                None => stand_in(descr, owner).map(Ref::into_value),
            },
            FieldKind::Primitive(code) if has_stand_in(descr, owner, kind, address) => {
                primitive::unboxed(code, stand_in(descr, owner)?.value())
            }
            FieldKind::Primitive(code) => Ok(primitive::load(address, code)),
            FieldKind::Float => match static_class::load(address, kind) {
                Some(value) => Ok(value.into_value()),
                None => stand_in(descr, owner).map(Ref::into_value),
            },
        }
    }
}

/// Whether a property of the owner's class stands in the place of a field. One that holds an object or a float is null then; of a primitive
/// the class says it.
///
/// # Safety
/// The address is that of the field, which is of this kind.
unsafe fn has_stand_in(descr: &FieldDescr, owner: &Ref, kind: FieldKind, address: *mut u8) -> bool {
    owner.ty().has(type_flags::STANDS_IN)
        && match kind {
            FieldKind::Primitive(_) => static_class::is_replaced(owner.ty(), &descr.name),
            // SAFETY: the contract; such a field is a word.
            FieldKind::Object | FieldKind::Float => unsafe { *address.cast::<u64>() == 0 },
        }
}

/// What a property gives that stands in the place of a field.
#[cold]
fn stand_in(descr: &FieldDescr, owner: &Ref) -> PyResult {
    if !owner.ty().has(type_flags::STANDS_IN) {
        return Err(unset_field(descr, owner));
    }
    attribute(descr, owner)
}

/// What the class of the owner gives under the name of a field.
#[cold]
fn attribute(descr: &FieldDescr, owner: &Ref) -> PyResult {
    let found = protocol::get_attr(owner.value(), StrObject::intern(&descr.name).value())?;
    let is_kept = match descr.ty {
        TypeDescr::Primitive(code) => is_boxed(code, &found),
        ref ty => static_class::admits(ty, found.value())?,
    };
    if is_kept {
        return Ok(found);
    }
    let (class, name) = (owner.ty().name(), &descr.name);
    let (expected, got) = (static_class::type_text(&descr.ty), found.ty().name());
    Err(runtime::raise!(
        TypeError,
        "unexpected return type from {class}.{name}, expected {expected}, got {got}"
    ))
}

/// Whether an object is of the class whose instances stand for a primitive.
fn is_boxed(code: TypeCode, found: &Ref) -> bool {
    match code.repr() {
        Repr::Double => float::of(found.value()).is_some(),
        _ if code == TypeCode::CBool => objects::bool::truth_of(found.value()).is_some(),
        _ => int::IntRef::of(found.value()).is_some(),
    }
}

/// What a field gives, or the property in its place: an object, also for a primitive.
pub fn load_field_object(descr: &FieldDescr, owner: Value) -> PyResult {
    let owner = owner.to_ref();
    let word = load_field(descr, &owner, &InlineCache::default())?;
    Ok(match descr.ty {
        TypeDescr::Primitive(code) => primitive::boxed(code, word),
        // SAFETY: what is no primitive is an owned object.
        _ => unsafe { Ref::from_owned(word) },
    })
}

/// Stores an object into a field, also for a primitive, or hands it to the property in its place.
pub fn store_field_object(descr: &FieldDescr, owner: Value, value: Value) -> PyResult<()> {
    let owner = owner.to_ref();
    let word = match descr.ty {
        TypeDescr::Primitive(code) => primitive::unboxed(code, value)?,
        _ => frame::copy(value),
    };
    store_field(descr, &owner, word, &InlineCache::default())
}

/// Hands what was to be stored into a field to the property in its place, or to the `__setattr__` of the class.
#[cold]
fn set_stand_in(descr: &FieldDescr, owner: &Ref, word: Value) -> PyResult<()> {
    let value = match descr.ty {
        TypeDescr::Primitive(code) => primitive::boxed(code, word),
        // SAFETY: as above.
        _ => unsafe { Ref::from_owned(word) },
    };
    protocol::set_attr(owner.value(), StrObject::intern(&descr.name).value(), value.value())
}

fn unset_field(descr: &FieldDescr, owner: &Ref) -> Raised {
    let name = StrObject::intern(&descr.name);
    let message = format!("'{}' object has no attribute '{}'", owner.ty().name(), descr.name);
    error::attribute_error(owner.value(), name.value(), &message)
}

/// Stores an owned object or a raw primitive; its type has been proved.
#[inline]
pub(crate) fn store_field(descr: &FieldDescr, owner: &Ref, word: Value, cache: &InlineCache) -> PyResult<()> {
    let (kind, address) = match placed(cache, descr, owner) {
        Ok(place) => place,
        Err(raised) => {
            if descr.ty.repr() == Repr::Object {
                frame::release(word);
            }
            return Err(raised);
        }
    };
    if owner.ty().has(type_flags::STORES_ASK)
        && static_class::asks_hook(owner.ty(), &descr.class, static_class::STORES)?
    {
        return set_stand_in(descr, owner, word);
    }
    // SAFETY: the address is that of a field of this kind; object words are owned.
    unsafe {
        if has_stand_in(descr, owner, kind, address) {
            return set_stand_in(descr, owner, word);
        }
        match kind {
            FieldKind::Object => (*address.cast::<Field>()).set(Ref::from_owned(word)),
            FieldKind::Float => static_class::store_float(address, Ref::from_owned(word).value()),
            FieldKind::Primitive(code) => primitive::store(address, code, word),
        }
    }
    Ok(())
}

/// Checks an object against a type, as [`static_class::admits_again`] does.
#[inline]
pub(crate) fn cast(ty: &TypeDescr, value: Value, cache: &InlineCache) -> PyResult<()> {
    if static_class::admits_again(ty, value, cache)? { Ok(()) } else { Err(wrong_cast(ty, value)) }
}

/// Raises unless a value is of a type.
pub fn check_cast(ty: &TypeDescr, value: Value) -> PyResult<()> {
    if static_class::admits(ty, value)? { Ok(()) } else { Err(wrong_cast(ty, value)) }
}

#[cold]
fn wrong_cast(ty: &TypeDescr, value: Value) -> Raised {
    let exactly = if matches!(ty, TypeDescr::Class { exact: true, .. }) { "exactly " } else { "" };
    let (expected, got) = (static_class::type_text(ty), value.ty().name());
    runtime::raise!(TypeError, "expected {exactly}'{expected}', got '{got}'")
}

/// The form of an access to an array of 64-bit elements; the cache keeps the array's type.
pub(crate) fn sequence_form(word: Word, sequence: &Ref, cache: &InlineCache) -> Option<Word> {
    sequence.get::<StaticArray>().filter(|array| array.code().size() == 8)?;
    cache.key.set(std::ptr::from_ref(sequence.ty()) as u64);
    Some(word.with_opcode(match word.opcode() {
        Opcode::SEQUENCE_GET => Opcode::SEQUENCE_GET_WORD,
        _ => Opcode::SEQUENCE_SET_WORD,
    }))
}

/// An element of an array of the remembered type.
#[inline]
pub(crate) fn word_place<'a>(sequence: Value, index: Value, cache: &InlineCache) -> Option<&'a Cell<u64>> {
    if std::ptr::from_ref(sequence.ty()) as u64 != cache.key.get() {
        return None;
    }
    // SAFETY: the remembered type is one of arrays with elements of 64 bits.
    unsafe {
        let array = sequence.cast::<StaticArray>();
        let element = array.element(wrapped_index(index, array.len()))?;
        Some(&*element.cast::<Cell<u64>>())
    }
}

/// A raw index with negative ones counted from the end; those out of range stay so.
#[inline]
fn wrapped_index(index: Value, len: usize) -> usize {
    let position = index.bits() as i64;
    (if position < 0 { position + len as i64 } else { position }) as usize
}

/// An item by a primitive index.
pub(crate) fn sequence_get(word: Word, sequence: &Ref, index: Value) -> PyResult<Value> {
    let kind = SequenceKind::from_operand(word.operand()).expect("verified");
    if let Some(list) = sequence.get_exact::<ListObject>() {
        return match list.get(wrapped_index(index, list.len())) {
            Some(item) => Ok(item.into_value()),
            None => Err(runtime::raise!(IndexError, "list index out of range")),
        };
    }
    if let Some(array) = sequence.get::<StaticArray>()
        && let Some(element) = array.element(wrapped_index(index, array.len()))
        && array.code() == kind.element()
    {
        // SAFETY: the element exists and has the array's type.
        return Ok(unsafe { primitive::load(element, array.code()) });
    }
    if let Some(element) = vector_element(sequence, index, kind) {
        // SAFETY: the element exists and has this type.
        return Ok(unsafe { primitive::load(element, kind.element()) });
    }
    let item = protocol::get_item(sequence.value(), int::from_i64(index.bits() as i64).value())?;
    match kind.element() {
        TypeCode::Object => Ok(item.into_value()),
        code => primitive::unboxed(code, item.value()),
    }
}

/// The address of an element of a vector of this kind, if it exists.
fn vector_element(sequence: &Ref, index: Value, kind: SequenceKind) -> Option<*mut u8> {
    let elements = sequence.get::<StaticVector>()?.elements();
    elements.address(wrapped_index(index, elements.len())).filter(|_| elements.code() == kind.element())
}

/// Appends a carrier to a vector.
pub(crate) fn vector_append(vector: &Ref, value: Value) -> PyResult<()> {
    let vector = vector.get::<StaticVector>().expect("the checker has proved it");
    let mut word = [0; 8];
    // SAFETY: the word has room for every primitive.
    unsafe { primitive::store(word.as_mut_ptr(), vector.code(), value) };
    vector.push(word)
}

/// Takes the last element off a vector.
pub(crate) fn vector_pop(vector: &Ref) -> PyResult<Value> {
    let vector = vector.get::<StaticVector>().expect("the checker has proved it");
    let last = vector.pop()?;
    // SAFETY: the element has the vector's type, and the memory stays.
    Ok(unsafe { primitive::load(last, vector.code()) })
}

/// Stores an item by a primitive index.
pub(crate) fn sequence_set(word: Word, sequence: &Ref, index: Value, value: Value) -> PyResult<()> {
    let kind = SequenceKind::from_operand(word.operand()).expect("verified");
    if let Some(array) = sequence.get::<StaticArray>()
        && let Some(element) = array.element(wrapped_index(index, array.len()))
        && array.code() == kind.element()
    {
        // SAFETY: the element exists and has the array's type.
        unsafe { primitive::store(element, array.code(), value) };
        return Ok(());
    }
    if let Some(element) = vector_element(sequence, index, kind) {
        // SAFETY: the element exists and has this type.
        unsafe { primitive::store(element, kind.element(), value) };
        return Ok(());
    }
    let item = match kind.element() {
        // SAFETY: the stack gives the word up.
        TypeCode::Object => unsafe { Ref::from_owned(value) },
        code => primitive::boxed(code, value),
    };
    protocol::set_item(sequence.value(), int::from_i64(index.bits() as i64).value(), item.value())
}

/// Deletes an item by a primitive index.
pub(crate) fn list_del(list: &Ref, index: Value) -> PyResult<()> {
    protocol::del_item(list.value(), int::from_i64(index.bits() as i64).value())
}

/// A checked container of a plain one whose items have been proved.
pub(crate) fn build_checked(ty: &TypeDescr, items: &Ref) -> PyResult {
    let class = static_class::generic_class(ty)?;
    protocol::call(class.value(), &[items.value()], None)
}

/// A zeroed array.
pub(crate) fn build_array(ty: &TypeDescr, len: Value) -> PyResult {
    let class = static_class::generic_class(ty)?;
    protocol::call(class.value(), &[int::from_i64(len.bits() as i64).value()], None)
}
