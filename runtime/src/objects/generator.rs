//! Generators and coroutines: an interpreter frame that is opaque here, and the protocol around resuming it.

use std::cell::Cell;

use crate::error;
use crate::field::Field;
use crate::header::Header;
use crate::hooks::{self, Resume};
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::code::CodeObject;
use crate::objects::str::StrObject;
use crate::objects::typing::generic_alias::SUBSCRIPTABLE;
use crate::objects::{self, thrown, unawaited};
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::thread::ExcInfo;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// What a call of a suspendable function makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum GeneratorKind {
    /// `def` with `yield`.
    Generator,
    /// `async def`.
    Coroutine,
    /// `async def` with `yield`.
    AsyncGenerator,
}

/// How a resumed frame stopped.
pub enum Resumed {
    /// It yielded.
    Yielded(Ref),
    /// It returned.
    Returned(Ref),
}

/// A generator or coroutine.
#[repr(C)]
pub struct GeneratorObject {
    header: Header,
    /// The interpreter's suspended frame; null when finished.
    pub frame: Cell<*mut u8>,
    /// What it is handling while it runs.
    pub exc_info: ExcInfo,
    name: Field,
    qualname: Field,
    code: Field,
    returned: Field,
    /// Coroutines: the frames that made it, if that is wanted. Async generators: the hook that was set for unfinished ones at the first use.
    pub(super) origin_or_hook: Field,
    kind: GeneratorKind,
    running: Cell<bool>,
    started: Cell<bool>,
    /// Async generators: whether an `asend()`, `athrow()` or `aclose()` of it is being awaited.
    pub(super) awaited: Cell<bool>,
    /// Async generators: whether nothing more will come.
    pub(super) closed: Cell<bool>,
    /// Async generators: whether the program's hooks know it.
    pub(super) is_announced: Cell<bool>,
}

// SAFETY: `repr(C)`, header first. All kinds share the layout.
unsafe impl Object for GeneratorObject {
    fn type_object() -> &'static TypeObject {
        &GENERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.name, &self.qualname, &self.code, &self.returned, &self.origin_or_hook]
            .into_iter()
            .for_each(|field| field.visit(visit));
        if let Some(exception) = self.exc_info.exception.get().non_null() {
            visit(exception);
        }
        // What a running frame owns is in motion. It counts as referred to from outside, as what all running frames own.
        if !self.frame.get().is_null() && !self.running.get() {
            (hooks::hooks().traverse_frame)(self.frame.get(), visit);
        }
    }
    fn clear(&self) {
        if !self.frame.get().is_null() {
            (hooks::hooks().clear_frame)(self.frame.get());
        }
    }
}

impl Drop for GeneratorObject {
    fn drop(&mut self) {
        self.drop_frame();
        if let Some(exception) = self.exc_info.exception.get().non_null() {
            // SAFETY: the level owned one count.
            drop(unsafe { Ref::from_owned(exception) });
        }
    }
}

impl GeneratorObject {
    /// Wraps a suspended frame, which it owns from now on.
    pub fn new(
        kind: GeneratorKind,
        frame: *mut u8,
        name: Ref,
        qualname: Ref,
        code: Ref,
    ) -> Py<GeneratorObject> {
        let ty = match kind {
            GeneratorKind::Generator => &GENERATOR,
            GeneratorKind::Coroutine => &COROUTINE,
            GeneratorKind::AsyncGenerator => &ASYNC_GENERATOR,
        };
        let contents = GeneratorObject {
            header: Header::new(ty),
            frame: Cell::new(frame),
            exc_info: ExcInfo::new(),
            name: Field::new(name),
            qualname: Field::new(qualname),
            code: Field::new(code),
            returned: Field::empty(),
            origin_or_hook: Field::from_option(match kind {
                GeneratorKind::Coroutine => unawaited::origin(),
                _ => None,
            }),
            kind,
            running: Cell::new(false),
            started: Cell::new(false),
            awaited: Cell::new(false),
            closed: Cell::new(false),
            is_announced: Cell::new(false),
        };
        object::new_object_sharing_layout(ty, contents)
    }

    /// What the frame returned; None if nothing is left.
    pub fn take_return_value(&self) -> Ref {
        self.returned.take().unwrap_or_else(|| objects::none().to_ref())
    }

    /// The value that it has returned and that nobody has taken, unless it is None.
    pub fn returned_value(&self) -> Option<Ref> {
        self.returned.get_ref().filter(|value| !objects::is_none(value.value()))
    }

    /// Its frame has run already, before there was an object.
    pub fn mark_started(&self) {
        self.started.set(true);
    }

    /// Which kind it is.
    pub fn kind(&self) -> GeneratorKind {
        self.kind
    }

    /// Whether it has run to its end.
    pub fn is_finished(&self) -> bool {
        self.frame.get().is_null()
    }

    /// Whether it may be awaited although it is a generator (`types.coroutine`).
    pub fn is_iterable_coroutine(&self) -> bool {
        let code = self.code.get().and_then(|code| code.get::<CodeObject>());
        code.is_some_and(|code| code.code().flags.contains(bytecode::CodeFlags::ITERABLE_COROUTINE))
    }

    /// Whether it is suspended in an `await` or `yield from`.
    pub fn is_delegating(&self) -> bool {
        let frame = self.frame.get();
        !frame.is_null() && !self.running.get() && (hooks::hooks().frame_awaits)(frame).is_some()
    }

    /// `__qualname__`, for messages.
    pub(super) fn qualname_text(&self) -> String {
        let qualname = self.qualname.get().and_then(|name| name.get::<StrObject>());
        qualname.map(StrObject::to_string_lossy).unwrap_or_default()
    }

    fn drop_frame(&self) {
        let frame = self.frame.replace(std::ptr::null_mut());
        if !frame.is_null() {
            (hooks::hooks().drop_frame)(frame);
        }
    }

    fn noun(&self) -> &'static str {
        ["generator", "coroutine", "async generator"][self.kind as usize]
    }

    /// Resumes; `None` when it returned, with the result in [`GeneratorObject::take_return_value`].
    pub fn resume(&self, resume: Resume) -> PyResult<Option<Ref>> {
        if self.running.get() {
            return Err(crate::raise!(ValueError, "{} already executing", self.noun()));
        }
        if self.is_finished() {
            return self.resume_finished(resume);
        }
        if let (Resume::Send(value), false) = (resume, self.started.get())
            && !objects::is_none(value)
        {
            return Err(crate::raise!(
                TypeError,
                "can't send non-None value to a just-started {}",
                self.noun()
            ));
        }
        self.started.set(true);
        self.running.set(true);
        let keep_alive = Py::from_object(self);
        let result = (hooks::hooks().resume)(self, resume);
        self.running.set(false);
        let outcome = match result {
            Ok(Resumed::Yielded(value)) => return Ok(Some(value)),
            Ok(Resumed::Returned(value)) => {
                self.returned.set(value);
                Ok(None)
            }
            Err(raised) => Err(raised),
        };
        self.drop_frame();
        drop(keep_alive);
        outcome
    }

    fn resume_finished(&self, resume: Resume) -> PyResult<Option<Ref>> {
        if self.kind == GeneratorKind::Coroutine {
            return Err(crate::raise!(RuntimeError, "cannot reuse already awaited coroutine"));
        }
        match resume {
            Resume::Send(_) => Ok(None),
            Resume::Throw(exception) => Err(error::exception::restore(exception.to_ref())),
        }
    }
}

/// A result as a method gives it: the end becomes `StopIteration`.
fn or_stop(generator: &GeneratorObject, result: PyResult<Option<Ref>>) -> PyResult {
    match result? {
        Some(value) => Ok(value),
        None => Err(error::stop_iteration(generator.take_return_value().value())),
    }
}

pub(super) fn this<'a>(value: Value) -> &'a GeneratorObject {
    // SAFETY: slots and attributes of the generator types are used for their instances only.
    unsafe { value.cast() }
}

fn throw_into(
    generator: &GeneratorObject,
    kind: Value,
    value: Option<Value>,
    traceback: Option<Value>,
) -> PyResult {
    thrown::check_signature("throw", value, traceback)?;
    let exception = thrown::exception_of(kind, value, traceback)?;
    or_stop(generator, generator.resume(Resume::Throw(exception.value())))
}

/// `frame.clear()` of a generator's frame: one that has not started is finished.
pub(super) fn clear_frame(value: Value) -> PyResult<()> {
    let generator = this(value);
    if generator.running.get() {
        return Err(crate::raise!(RuntimeError, "cannot clear an executing frame"));
    }
    if is_suspended(value) {
        return Err(crate::raise!(RuntimeError, "cannot clear a suspended frame"));
    }
    if !generator.is_finished() {
        finalize(value)?;
        generator.drop_frame();
    }
    Ok(())
}

/// `close()`
fn close(generator: &GeneratorObject) -> PyResult {
    if generator.is_finished() {
        return Ok(objects::none().to_ref());
    }
    if !generator.started.get() {
        generator.drop_frame();
        return Ok(objects::none().to_ref());
    }
    // Nobody would notice: the frame need not run, and reports no events.
    if !generator.running.get() && !(hooks::hooks().frame_is_guarded)(generator.frame.get()) {
        generator.drop_frame();
        return Ok(objects::none().to_ref());
    }
    let exit = error::new_exception(&error::types::GeneratorExit, &[]);
    match generator.resume(Resume::Throw(exit.value())) {
        Ok(Some(_)) => Err(crate::raise!(RuntimeError, "{} ignored GeneratorExit", generator.noun())),
        Ok(None) => Ok(generator.take_return_value()),
        Err(raised) => {
            let raised = match error::catch(raised, &error::types::GeneratorExit) {
                Ok(_) => return Ok(objects::none().to_ref()),
                Err(raised) => raised,
            };
            error::catch(raised, &error::types::StopIteration).map(|_| objects::none().to_ref())
        }
    }
}

/// The methods of generators and coroutines, which differ in their documentation.
macro_rules! methods {
    ($table:ident, $owner:literal, $send:ident, $throw:ident, $close:ident) => {
        py_methods! { static $table for $owner, Value;
            #[doc = concat!("send(value) -> send 'value' into ", $owner, ",\nreturn next yielded value or raise StopIteration.")]
            "send(self, value, /)"
            fn $send(this_value, value: Value) -> PyResult {
                or_stop(this(this_value), this(this_value).resume(Resume::Send(value)))
            }
            #[doc = concat!("throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in ", $owner, ", return next yielded value or raise\nStopIteration. More than one argument is deprecated.")]
            "throw(self, typ, val=<unrepresentable>, tb=<unrepresentable>, /)"
            fn $throw(this_value, typ: Value, val: Option<Value>, tb: Option<Value>) -> PyResult {
                throw_into(this(this_value), typ, val, tb)
            }
            #[doc = concat!("close() -> raise GeneratorExit inside ", $owner, ".")]
            "close(self, /)"
            fn $close(this_value) -> PyResult {
                close(this(this_value))
            }
        }
    };
}
methods!(METHODS, "generator", send, throw, close_method);
methods!(COROUTINE_METHODS, "coroutine", coroutine_send, coroutine_throw, coroutine_close);

fn repr(value: Value) -> PyResult {
    let qualname =
        this(value).qualname.get().and_then(|name| name.get::<StrObject>()).map(StrObject::to_string_lossy);
    let text =
        format!("<{} object {} at {:#x}>", value.ty().name(), qualname.unwrap_or_default(), value.bits());
    Ok(StrObject::new(&text).into())
}

fn finalize(value: Value) -> PyResult<()> {
    if this(value).kind == GeneratorKind::AsyncGenerator {
        return match is_suspended(value) {
            true => super::async_generator::give_up(value),
            false => Ok(()),
        };
    }
    let generator = this(value);
    if generator.kind == GeneratorKind::Coroutine && !generator.started.get() && !generator.is_finished() {
        unawaited::warn_about_coroutine(value, &generator.qualname_text());
        return Ok(());
    }
    close(generator).map(drop)
}

/// A setter that takes a str.
fn set_text(field: &Field, what: &str, new: Option<Value>) -> PyResult<()> {
    match new.filter(|new| new.is_instance::<StrObject>()) {
        Some(new) => {
            field.set(new.to_ref());
            Ok(())
        }
        None => Err(crate::raise!(TypeError, "{what} must be set to a string object")),
    }
}

/// The frame: None at the end.
fn frame_of(value: Value) -> PyResult {
    let generator = this(value);
    match generator.frame.get() {
        frame if frame.is_null() => Ok(objects::none().to_ref()),
        frame => objects::frame::of_generator(value, frame),
    }
}

const NAME: GetSetDef = GetSetDef {
    name: "__name__",
    doc: "",
    get: |value| Ok(this(value).name.get_or_none()),
    set: Some(|value, new| set_text(&this(value).name, "__name__", new)),
};
const QUALNAME: GetSetDef = GetSetDef {
    name: "__qualname__",
    doc: "",
    get: |value| Ok(this(value).qualname.get_or_none()),
    set: Some(|value, new| set_text(&this(value).qualname, "__qualname__", new)),
};

fn is_suspended(value: Value) -> bool {
    let generator = this(value);
    generator.started.get() && !generator.running.get() && !generator.is_finished()
}

/// What it waits for: the iterator of the `yield from` or `await` that it stands at.
fn awaits(value: Value) -> PyResult {
    let frame = this(value).frame.get();
    let found = if is_suspended(value) { (hooks::hooks().frame_awaits)(frame) } else { None };
    Ok(found.unwrap_or_else(|| objects::none().to_ref()))
}

/// The attributes that each kind has under names of its own.
macro_rules! kind_attributes {
    ($table:ident, $noun:literal, $code:literal, $frame:literal, $running:literal, $suspended:literal, $awaits:literal, $doc:literal) => {
        static $table: &[GetSetDef] = &[
            GetSetDef { doc: concat!("name of the ", $noun), ..NAME },
            GetSetDef { doc: concat!("qualified name of the ", $noun), ..QUALNAME },
            GetSetDef { name: $code, doc: "", get: |value| Ok(this(value).code.get_or_none()), set: None },
            GetSetDef { name: $frame, doc: "", get: frame_of, set: None },
            GetSetDef {
                name: $running,
                doc: "",
                get: |value| {
                    Ok(objects::bool(this(value).running.get() || this(value).awaited.get()).to_ref())
                },
                set: None,
            },
            GetSetDef {
                name: $suspended,
                doc: "",
                get: |value| Ok(objects::bool(is_suspended(value)).to_ref()),
                set: None,
            },
            GetSetDef { name: $awaits, doc: $doc, get: awaits, set: None },
        ];
    };
}

kind_attributes!(
    GENERATOR_ATTRIBUTES,
    "generator",
    "gi_code",
    "gi_frame",
    "gi_running",
    "gi_suspended",
    "gi_yieldfrom",
    "object being iterated by yield from, or None"
);
kind_attributes!(
    COROUTINE_ATTRIBUTES,
    "coroutine",
    "cr_code",
    "cr_frame",
    "cr_running",
    "cr_suspended",
    "cr_await",
    "object being awaited on, or None"
);
kind_attributes!(
    ASYNC_ATTRIBUTES,
    "async generator",
    "ag_code",
    "ag_frame",
    "ag_running",
    "ag_suspended",
    "ag_await",
    "object being awaited on, or None"
);

const COMMON: Slots = Slots { repr: Some(repr), finalize: Some(finalize), ..Slots::EMPTY };

/// `generator`.
pub static GENERATOR: TypeObject = TypeObject::from_spec(&GENERATOR_SPEC);
static GENERATOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::WEAK | type_flags::GC | type_flags::NO_NEW,
    slots: Slots {
        iter: Some(protocol::identity),
        iternext: Some(|value| {
            let result = this(value).resume(Resume::Send(objects::none()))?;
            Ok(result)
        }),
        ..COMMON
    },
    methods: &[METHODS, SUBSCRIPTABLE],
    getset: GENERATOR_ATTRIBUTES,
    ..TypeSpec::of::<GeneratorObject>("generator")
};

/// `coroutine`.
pub static COROUTINE: TypeObject = TypeObject::from_spec(&COROUTINE_SPEC);
static COROUTINE_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::WEAK | type_flags::GC | type_flags::NO_NEW,
    slots: Slots { await_: Some(|value| Ok(CoroutineWrapper::over(value))), ..COMMON },
    methods: &[COROUTINE_METHODS, SUBSCRIPTABLE],
    members: &[GetSetDef {
        name: "cr_origin",
        doc: "",
        get: |value| Ok(this(value).origin_or_hook.get_or_none()),
        set: None,
    }],
    getset: COROUTINE_ATTRIBUTES,
    ..TypeSpec::of::<GeneratorObject>("coroutine")
};

/// `async_generator`; its own protocol is in [`super::async_generator`].
pub static ASYNC_GENERATOR: TypeObject = TypeObject::from_spec(&ASYNC_GENERATOR_SPEC);
static ASYNC_GENERATOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::WEAK | type_flags::GC | type_flags::NO_NEW,
    slots: Slots { aiter: Some(protocol::identity), anext: Some(super::async_generator::anext), ..COMMON },
    methods: &[super::async_generator::METHODS, SUBSCRIPTABLE],
    getset: ASYNC_ATTRIBUTES,
    ..TypeSpec::of::<GeneratorObject>("async_generator")
};

/// What `coroutine.__await__()` gives: an iterator over the coroutine.
#[repr(C)]
pub struct CoroutineWrapper {
    header: Header,
    coroutine: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for CoroutineWrapper {
    fn type_object() -> &'static TypeObject {
        &COROUTINE_WRAPPER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.coroutine.visit(visit);
    }
}

impl CoroutineWrapper {
    fn over(coroutine: Value) -> Ref {
        let contents = CoroutineWrapper {
            header: Header::new(&COROUTINE_WRAPPER),
            coroutine: Field::new(coroutine.to_ref()),
        };
        object::new_object(contents).into()
    }
}

fn driven<'a>(wrapper: &CoroutineWrapper) -> &'a GeneratorObject {
    this(wrapper.coroutine.raw())
}

py_methods! { static WRAPPER_METHODS for "coroutine_wrapper", &CoroutineWrapper;
    /// send(arg) -> send 'arg' into coroutine, return next yielded value or raise StopIteration.
    "send(self, value, /)"
    fn wrapper_send(wrapper, value: Value) -> PyResult {
        or_stop(driven(wrapper), driven(wrapper).resume(Resume::Send(value)))
    }
    /// Raise exception in coroutine, return next yielded value or raise StopIteration.
    "throw(self, typ, val=<unrepresentable>, tb=<unrepresentable>, /)"
    fn wrapper_throw(wrapper, typ: Value, val: Option<Value>, tb: Option<Value>) -> PyResult {
        throw_into(driven(wrapper), typ, val, tb)
    }
    /// close() -> raise GeneratorExit inside coroutine.
    "close(self, /)"
    fn wrapper_close(wrapper) -> PyResult {
        close(driven(wrapper))
    }
}

/// `coroutine_wrapper`.
pub static COROUTINE_WRAPPER: TypeObject = TypeObject::from_spec(&WRAPPER_SPEC);
static WRAPPER_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots {
        iter: Some(protocol::identity),
        iternext: Some(|value| {
            let wrapper = value.get::<CoroutineWrapper>().expect("slots are called for instances");
            let coroutine = this(wrapper.coroutine.raw());
            match coroutine.resume(Resume::Send(objects::none()))? {
                Some(item) => Ok(Some(item)),
                None => Err(error::stop_iteration(coroutine.take_return_value().value())),
            }
        }),
        ..Slots::EMPTY
    },
    methods: &[WRAPPER_METHODS],
    ..TypeSpec::of::<CoroutineWrapper>("coroutine_wrapper")
};
