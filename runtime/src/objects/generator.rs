//! Generators and coroutines: an interpreter frame that is opaque here, and the protocol around resuming it.

use std::cell::Cell;

use crate::convert::OrNone;
use crate::error::{self, ExceptionObject};
use crate::field::Field;
use crate::header::Header;
use crate::hooks::{self, Resume};
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::code::CodeObject;
use crate::objects::str::StrObject;
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
        [&self.name, &self.qualname, &self.code, &self.returned]
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

/// The exception that `throw()`'s arguments stand for.
pub(super) fn exception_of(kind: Value, value: Option<Value>) -> PyResult {
    if kind.is_instance::<ExceptionObject>() {
        return Ok(kind.to_ref());
    }
    match kind.get::<TypeObject>().filter(|class| class.is_subclass_of(&error::types::BaseException)) {
        Some(class) => match value.filter(|value| !objects::is_none(*value)) {
            Some(value) if value.ty().is_subclass_of(class) => Ok(value.to_ref()),
            Some(value) => protocol::call_one(kind, value),
            None => protocol::call(kind, &[], None),
        },
        None => Err(crate::raise!(
            TypeError,
            "exceptions must be classes or instances deriving from BaseException, not {}",
            kind.ty().name()
        )),
    }
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

py_methods! { static METHODS for "generator", Value;
    /// send(value) -> send 'value' into generator, return next yielded value or raise StopIteration.
    "send(self, value, /)"
    fn send(this_value, value: Value) -> PyResult {
        or_stop(this(this_value), this(this_value).resume(Resume::Send(value)))
    }
    /// Raise exception in generator, return next yielded value or raise StopIteration.
    "throw(self, typ, val=None, tb=None, /)"
    fn throw(this_value, typ: Value, val: Option<Value>, tb: OrNone<Value>) -> PyResult {
        let _ = tb.0;
        let exception = exception_of(typ, val)?;
        or_stop(this(this_value), this(this_value).resume(Resume::Throw(exception.value())))
    }
    /// close() -> raise GeneratorExit inside generator.
    "close(self, /)"
    fn close_method(this_value) -> PyResult {
        close(this(this_value))
    }
}

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
    close(this(value)).map(drop)
}

const NAME: GetSetDef = GetSetDef {
    name: "__name__",
    doc: "name of the generator",
    get: |value| Ok(this(value).name.get_or_none()),
    set: None,
};
const QUALNAME: GetSetDef = GetSetDef {
    name: "__qualname__",
    doc: "qualified name of the generator",
    get: |value| Ok(this(value).qualname.get_or_none()),
    set: None,
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
    ($table:ident, $code:literal, $running:literal, $suspended:literal, $awaits:literal) => {
        static $table: &[GetSetDef] = &[
            NAME,
            QUALNAME,
            GetSetDef { name: $code, doc: "", get: |value| Ok(this(value).code.get_or_none()), set: None },
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
            GetSetDef { name: $awaits, doc: "", get: awaits, set: None },
        ];
    };
}

kind_attributes!(GENERATOR_ATTRIBUTES, "gi_code", "gi_running", "gi_suspended", "gi_yieldfrom");
kind_attributes!(COROUTINE_ATTRIBUTES, "cr_code", "cr_running", "cr_suspended", "cr_await");
kind_attributes!(ASYNC_ATTRIBUTES, "ag_code", "ag_running", "ag_suspended", "ag_await");

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
    methods: &[METHODS],
    getset: GENERATOR_ATTRIBUTES,
    ..TypeSpec::of::<GeneratorObject>("generator")
};

/// `coroutine`.
pub static COROUTINE: TypeObject = TypeObject::from_spec(&COROUTINE_SPEC);
static COROUTINE_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::WEAK | type_flags::GC | type_flags::NO_NEW,
    slots: Slots { await_: Some(|value| Ok(CoroutineWrapper::over(value))), ..COMMON },
    methods: &[METHODS],
    getset: COROUTINE_ATTRIBUTES,
    ..TypeSpec::of::<GeneratorObject>("coroutine")
};

/// `async_generator`; its own protocol is in [`super::async_generator`].
pub static ASYNC_GENERATOR: TypeObject = TypeObject::from_spec(&ASYNC_GENERATOR_SPEC);
static ASYNC_GENERATOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::WEAK | type_flags::GC | type_flags::NO_NEW,
    slots: Slots { aiter: Some(protocol::identity), anext: Some(super::async_generator::anext), ..COMMON },
    methods: &[super::async_generator::METHODS],
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
    "throw(self, typ, val=None, tb=None, /)"
    fn wrapper_throw(wrapper, typ: Value, val: Option<Value>, tb: OrNone<Value>) -> PyResult {
        let _ = tb.0;
        let exception = exception_of(typ, val)?;
        or_stop(driven(wrapper), driven(wrapper).resume(Resume::Throw(exception.value())))
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
