//! The protocol of async generators: `asend`, `athrow`, `aclose`, and the awaitables that they give.
//!
//! An async generator's frame yields two kinds of things: what it awaits passes through as it is, what it yields itself comes
//! [wrapped](wrap). An awaitable resumes the frame and tells them apart: a wrapped value is the awaitable's own result, that is, it
//! ends with `StopIteration(value)`. Method and messages are those of `genobject.c`.

use std::cell::Cell;

use super::generator::{GeneratorObject, this};
use super::{thrown, unawaited};
use crate::error;
use crate::field::Field;
use crate::header::Header;
use crate::hooks::Resume;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::thread::thread;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Raised, Ref, Value};
use crate::world::World;

/// A value on its way from an async generator's `yield`.
#[repr(C)]
struct Wrapped {
    header: Header,
    value: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Wrapped {
    fn type_object() -> &'static TypeObject {
        &WRAPPED
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.value.visit(visit);
    }
}

/// Wraps what an async generator yields.
pub fn wrap(value: Ref) -> Ref {
    object::new_object(Wrapped { header: Header::new(&WRAPPED), value: Field::new(value) }).into()
}

/// What an awaitable does when it is first resumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    /// `asend(value)`, `__anext__()`.
    Send,
    /// `athrow(exception)`.
    Throw,
    /// `aclose()`.
    Close,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Fresh,
    Running,
    Used,
}

/// What `asend`, `athrow` and `aclose` give.
#[repr(C)]
pub struct Step {
    header: Header,
    generator: Field,
    /// What is sent or thrown.
    operand: Field,
    action: Action,
    state: Cell<State>,
}

// SAFETY: `repr(C)`, header first. Both awaitable types share the layout.
unsafe impl Object for Step {
    fn type_object() -> &'static TypeObject {
        &ASEND
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.generator.visit(visit);
        self.operand.visit(visit);
    }
}

/// What the program wants to be called with async generators: at their first use, and when an unfinished one is given up.
static HOOKS: World<[Field; 2]> = World::new([const { Field::empty() }; 2]);

/// The hooks that are set: for the first use, and for unfinished generators.
pub fn hooks() -> [Option<Ref>; 2] {
    [HOOKS[0].get_ref(), HOOKS[1].get_ref()]
}

/// Sets one of the hooks: 0 for the first use, 1 for unfinished generators.
pub fn set_hook(which: usize, hook: Option<Ref>) {
    drop(HOOKS[which].replace(hook));
}

/// Nobody refers to a suspended generator any more: the hook may close it, which keeps it alive. It is the hook of those who used it first,
/// such as an event loop that does not run at the moment.
pub(super) fn give_up(generator: Value) -> PyResult<()> {
    match this(generator).origin_or_hook.get_ref() {
        Some(hook) => protocol::call_one(hook.value(), generator).map(drop),
        None => Ok(()),
    }
}

/// Tells the hook of a generator's first use.
fn announce(generator: Value) -> PyResult<()> {
    if this(generator).is_announced.replace(true) {
        return Ok(());
    }
    drop(this(generator).origin_or_hook.replace(HOOKS[1].get_ref()));
    match HOOKS[0].get_ref() {
        Some(hook) => protocol::call_one(hook.value(), generator).map(drop),
        None => Ok(()),
    }
}

fn step(generator: &GeneratorObject, action: Action, operand: Ref) -> PyResult {
    announce(Value::from_object(generator))?;
    let ty = if action == Action::Send { &ASEND } else { &ATHROW };
    let contents = Step {
        header: Header::new(ty),
        generator: Field::new(Py::from_object(generator)),
        operand: Field::new(operand),
        action,
        state: Cell::new(State::Fresh),
    };
    Ok(object::new_object_sharing_layout(ty, contents).into())
}

/// `__anext__()`
pub(super) fn anext(generator: Value) -> PyResult {
    step(this(generator), Action::Send, objects::none().to_ref())
}

py_methods! { pub(super) static METHODS for "async_generator", Value;
    /// asend(v) -> send 'v' in generator.
    "asend(self, value, /)"
    fn asend(generator, value: Ref) -> PyResult {
        step(this(generator), Action::Send, value)
    }
    /// athrow(value) -> raise exception in generator.
    "athrow(self, typ, val=<unrepresentable>, tb=<unrepresentable>, /)"
    fn athrow(generator, typ: Value, val: Option<Value>, tb: Option<Value>) -> PyResult {
        thrown::check_signature("athrow", val, tb)?;
        let given = [Some(typ), val, tb].map(|part| part.unwrap_or_else(objects::none).to_ref());
        step(this(generator), Action::Throw, TupleObject::of(given).into())
    }
    /// aclose() -> raise GeneratorExit inside generator.
    "aclose(self, /)"
    fn aclose(generator) -> PyResult {
        step(this(generator), Action::Close, objects::none().to_ref())
    }
}

/// Whether the exception that is set ends an async generator.
fn ends(raised: Raised) -> (bool, Raised) {
    let is_end = thread().peek_raised().is_some_and(|exception| {
        let class = exception.ty();
        class.is_subclass_of(&error::types::StopAsyncIteration)
            || class.is_subclass_of(&error::types::GeneratorExit)
    });
    (is_end, raised)
}

/// What a resumption gives the awaiting coroutine; the generator's own value ends the awaitable.
fn unwrap(generator: &GeneratorObject, outcome: PyResult<Option<Ref>>) -> PyResult {
    let outcome = outcome.and_then(|yielded| yielded.ok_or_else(stop_async_iteration));
    match outcome {
        Err(raised) => {
            let (is_end, raised) = ends(raised);
            generator.closed.set(generator.closed.get() || is_end);
            generator.awaited.set(false);
            Err(raised)
        }
        Ok(yielded) => match yielded.get_exact::<Wrapped>() {
            Some(wrapped) => {
                generator.awaited.set(false);
                Err(error::stop_iteration(wrapped.value.get_or_none().value()))
            }
            None => Ok(yielded),
        },
    }
}

fn stop_async_iteration() -> Raised {
    error::raise_with_args(&error::types::StopAsyncIteration, &[])
}

impl Step {
    fn generator(&self) -> &GeneratorObject {
        this(self.generator.raw())
    }

    /// Ends the awaitable with an error.
    fn refuse(&self, message: &str) -> Raised {
        self.state.set(State::Used);
        error::raise(&error::types::RuntimeError, message)
    }

    fn check_unused(&self) -> PyResult<()> {
        let names = if self.action == Action::Send { "__anext__()/asend()" } else { "aclose()/athrow()" };
        if self.state.get() == State::Used {
            return Err(crate::raise!(RuntimeError, "cannot reuse already awaited {names}"));
        }
        Ok(())
    }

    /// The first resumption takes the generator.
    fn begin(&self) -> PyResult<()> {
        if self.generator().awaited.get() {
            let name = match self.action {
                Action::Send => "anext",
                Action::Throw => "athrow",
                Action::Close => "aclose",
            };
            return Err(self.refuse(&format!("{name}(): asynchronous generator is already running")));
        }
        self.state.set(State::Running);
        self.generator().awaited.set(true);
        Ok(())
    }

    /// Passes a result on; an error ends the awaitable.
    fn ending(&self, result: PyResult) -> PyResult {
        result.inspect_err(|_| self.state.set(State::Used))
    }

    /// `send(value)`
    fn send(&self, value: Value) -> PyResult {
        self.check_unused()?;
        match self.action {
            Action::Send => self.resume_send(value),
            Action::Throw | Action::Close => self.resume_throw(value),
        }
    }

    fn resume_send(&self, value: Value) -> PyResult {
        let mut value = value.to_ref();
        if self.state.get() == State::Fresh {
            self.begin()?;
            if objects::is_none(value.value()) {
                value = self.operand.get_or_none();
            }
        }
        let generator = self.generator();
        generator.awaited.set(true);
        self.ending(unwrap(generator, generator.resume(Resume::Send(value.value()))))
    }

    fn resume_throw(&self, value: Value) -> PyResult {
        let generator = self.generator();
        if generator.is_finished() {
            self.state.set(State::Used);
            return Err(error::stop_iteration(objects::none()));
        }
        let outcome = if self.state.get() == State::Fresh {
            if !generator.awaited.get() && generator.closed.get() {
                self.state.set(State::Used);
                return Err(stop_async_iteration());
            }
            if !objects::is_none(value) {
                let message = "can't send non-None value to a just-started coroutine";
                return Err(crate::raise!(RuntimeError, "{message}"));
            }
            self.begin()?;
            self.throw_first()
        } else {
            generator.resume(Resume::Send(value))
        };
        self.after_throw(outcome)
    }

    fn throw_first(&self) -> PyResult<Option<Ref>> {
        let generator = self.generator();
        if self.action == Action::Throw {
            let given = self.operand.get_ref().filter(|given| given.is_instance::<TupleObject>());
            let given = given.map(|given| protocol::collect(given.value())).transpose()?.unwrap_or_default();
            let part = |at: usize| given.get(at).map_or_else(objects::none, Ref::value);
            let exception = thrown::exception_of(part(0), Some(part(1)), Some(part(2)))?;
            return generator.resume(Resume::Throw(exception.value()));
        }
        generator.closed.set(true);
        let exit = error::new_exception(&error::types::GeneratorExit, &[]);
        generator.resume(Resume::Throw(exit.value()))
    }

    /// What `athrow` and `aclose` make of a resumption.
    fn after_throw(&self, outcome: PyResult<Option<Ref>>) -> PyResult {
        let generator = self.generator();
        if self.action == Action::Throw {
            return self.ending(unwrap(generator, outcome));
        }
        match outcome.and_then(|yielded| yielded.ok_or_else(stop_async_iteration)) {
            Ok(yielded) if yielded.get_exact::<Wrapped>().is_some() => {
                generator.awaited.set(false);
                Err(self.refuse("async generator ignored GeneratorExit"))
            }
            Ok(yielded) => Ok(yielded),
            Err(raised) => {
                generator.awaited.set(false);
                self.state.set(State::Used);
                let (is_end, raised) = ends(raised);
                if !is_end {
                    return Err(raised);
                }
                drop(thread().take_raised(raised));
                Err(error::stop_iteration(objects::none()))
            }
        }
    }

    /// `throw(exception)`
    fn throw(&self, exception: &Ref) -> PyResult {
        self.check_unused()?;
        if self.state.get() == State::Fresh {
            self.begin()?;
        }
        let outcome = self.generator().resume(Resume::Throw(exception.value()));
        match self.action {
            Action::Send => self.ending(unwrap(self.generator(), outcome)),
            Action::Throw | Action::Close => self.after_throw(outcome),
        }
    }
}

fn step_of<'a>(value: Value) -> &'a Step {
    // SAFETY: slots and methods of the awaitable types are used for their instances only.
    unsafe { value.cast() }
}

/// `close()` of an awaitable: throws `GeneratorExit`, which has to come back.
fn close_awaitable(value: Value) -> PyResult<()> {
    if step_of(value).state.get() == State::Used {
        return Ok(());
    }
    let exit = error::new_exception(&error::types::GeneratorExit, &[]).into_ref();
    match step_of(value).throw(&exit) {
        Ok(_) => Err(crate::raise!(RuntimeError, "coroutine ignored GeneratorExit")),
        Err(raised) => {
            let (is_end, raised) = ends(raised);
            if is_end {
                drop(thread().take_raised(raised));
                return Ok(());
            }
            error::catch(raised, &error::types::StopIteration).map(drop)
        }
    }
}

py_methods! { static STEP_METHODS for "async_generator_asend", Value;
    /// send(value) -> resume the generator.
    "send(self, value, /)"
    fn send(step, value: Value) -> PyResult {
        step_of(step).send(value)
    }
    /// throw(value) -> raise exception in the generator.
    "throw(self, typ, val=<unrepresentable>, tb=<unrepresentable>, /)"
    fn throw(step, typ: Value, val: Option<Value>, tb: Option<Value>) -> PyResult {
        thrown::check_signature("throw", val, tb)?;
        step_of(step).throw(&thrown::exception_of(typ, val, tb)?)
    }
    /// close() -> raise GeneratorExit inside the generator.
    "close(self, /)"
    fn close(step) -> PyResult<()> {
        close_awaitable(step)
    }
}

/// What was made and never awaited is most likely a mistake.
fn finalize(value: Value) -> PyResult<()> {
    let step = step_of(value);
    if step.state.get() == State::Fresh {
        let method = match step.action {
            Action::Send => "asend",
            Action::Throw => "athrow",
            Action::Close => "aclose",
        };
        unawaited::warn_about_step(method, &step.generator().qualname_text(), value);
    }
    Ok(())
}

const STEP_SLOTS: Slots = Slots {
    finalize: Some(finalize),
    await_: Some(protocol::identity),
    iter: Some(protocol::identity),
    iternext: Some(|value| step_of(value).send(objects::none()).map(Some)),
    ..Slots::EMPTY
};

/// `async_generator_asend`.
pub static ASEND: TypeObject = TypeObject::from_spec(&ASEND_SPEC);
static ASEND_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: STEP_SLOTS,
    methods: &[STEP_METHODS],
    ..TypeSpec::of::<Step>("async_generator_asend")
};

/// `async_generator_athrow`.
pub static ATHROW: TypeObject = TypeObject::from_spec(&ATHROW_SPEC);
static ATHROW_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: STEP_SLOTS,
    methods: &[STEP_METHODS],
    ..TypeSpec::of::<Step>("async_generator_athrow")
};

/// `async_generator_wrapped_value`.
pub static WRAPPED: TypeObject = TypeObject::from_spec(&WRAPPED_SPEC);
static WRAPPED_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    ..TypeSpec::of::<Wrapped>("async_generator_wrapped_value")
};
