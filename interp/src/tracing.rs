//! What trace and profile functions, and the tools of `sys.monitoring`, are told of the interpreter's frames.
//!
//! While the running thread reports events (`runtime::tracing`), frames run in a copy of the dispatch loop that asks here before every
//! instruction and around calls, returns and exceptions. Events are those of CPython 3.13: a frame *begins* behind its prologue, or where
//! its generator is resumed; a *line* begins where an instruction has another line than the one before it in the frame, or where
//! a jump goes back. Instructions without a line belong to none.
//!
//! Frames of compiled code that run when tracing is switched on report nothing themselves; what they call does.

use bytecode::{Opcode, TypeCode, Word};
use runtime::objects::builtin_function::{BuiltinFunction, MethodDescriptor};
use runtime::objects::frame::{FrameObject, NO_LINE};
use runtime::objects::generator::GeneratorObject;
use runtime::objects::method::MethodObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::thread::thread;
use runtime::tracing::{self, Which};
use runtime::type_object::type_flags;
use runtime::value::{PyResult, Raised, Ref, Value};
use runtime::{monitoring, protocol};

use crate::frame::{Frame, HAS_BEGUN, IS_STARTED, IS_WATCHED};
use crate::live;

/// How the loop goes on with an instruction.
pub(crate) enum Step {
    /// It runs.
    Go,
    /// The frame stands elsewhere now.
    Reload,
    /// Nothing wants events any more: the other loop goes on.
    Switch,
    /// An exception is set.
    Raise,
}

/// The line that an instruction may begin; 0 for the jump back to the head of a loop, which belongs to what came before it.
fn started_line(code: &bytecode::Code, at: usize) -> u32 {
    let (word, line) = (code.words[at], line_at(code, at));
    let is_to_head = word.opcode() == Opcode::JUMP_BACKWARD && line_at(code, word.index()) == line;
    if is_to_head { 0 } else { line }
}

/// What has to be done before an instruction of a frame runs.
///
/// # Safety
/// The frame is the running one and saved, with the instruction as its place.
pub(crate) unsafe fn before(frame: *mut Frame) -> Step {
    if !tracing::is_on() {
        return Step::Switch;
    }
    // SAFETY: the contract.
    unsafe {
        if (*frame).flags & (HAS_BEGUN | IS_WATCHED) == HAS_BEGUN && !tracing::has_tools() {
            return Step::Go;
        }
        let at = (*frame).instruction as usize;
        (*frame).instruction += 1;
        match step(frame, at) {
            Ok(false) => Step::Go,
            Ok(true) => Step::Reload,
            Err(_) => Step::Raise,
        }
    }
}

fn own(frame: &Ref) -> &FrameObject {
    frame.get::<FrameObject>().expect("frames have frame objects")
}

fn line_at(code: &bytecode::Code, at: usize) -> u32 {
    code.ranges.get(at).map_or(0, |range| range.line)
}

/// The instruction at a place is about to run. True if the frame stands elsewhere now.
///
/// # Safety
/// The frame is the running one and saved, as if the instruction were running.
unsafe fn step(frame: *mut Frame, at: usize) -> PyResult<bool> {
    // SAFETY: the contract; the frame keeps its code alive.
    let (flags, code) = unsafe { ((*frame).flags, &*(*frame).code) };
    if flags & HAS_BEGUN == 0 {
        if code.code().words[at].opcode().is_prologue() {
            return Ok(false);
        }
        // SAFETY: the contract.
        unsafe { begin(frame, at)? };
    }
    // SAFETY: the contract.
    unsafe {
        if tracing::has_tools() {
            let object = live::object_of(frame);
            monitor_line(&object, code, at)?;
        }
        if (*frame).flags & IS_WATCHED != 0 { watched_step(frame, at) } else { Ok(false) }
    }
}

/// Tells of a frame that begins, or whose generator is resumed.
///
/// # Safety
/// As for [`step`].
unsafe fn begin(frame: *mut Frame, at: usize) -> PyResult<()> {
    // SAFETY: the contract.
    unsafe {
        (*frame).flags |= HAS_BEGUN;
        let object = live::object_of(frame);
        let (own, code) = (own(&object), (*(*frame).code).code());
        let is_resumed = (*frame).flags & IS_STARTED != 0;
        let line = match is_resumed {
            true => line_at(code, at.saturating_sub(1)),
            false => code.beginning(),
        };
        own.shown_line.set(line);
        // It is shown at the `yield`, or in front of its first instruction.
        (*frame).instruction = if is_resumed { at as u32 } else { 0 };
        let done = told_of_call(&object, is_resumed);
        (*frame).instruction = at as u32 + 1;
        own.shown_line.set(NO_LINE);
        own.last_line.set(if is_resumed { line } else { NO_LINE });
        own.last_instruction.set(if is_resumed { at.saturating_sub(1) as u32 } else { 0 });
        done
    }
}

/// Tracing begins in the middle of a frame: whoever watches it hears of the next line, not of the rest of this one.
///
/// # Safety
/// The frame is the topmost one, and saved.
pub(crate) unsafe fn goes_on(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        if (*frame).flags & IS_WATCHED != 0 {
            let object = live::object_of(frame);
            let own = own(&object);
            own.last_line.set(own.line());
            own.last_instruction.set(own.place());
        }
    }
}

fn told_of_call(object: &Ref, is_resumed: bool) -> PyResult<()> {
    if tracing::has_tools() {
        let event = if is_resumed { monitoring::PY_RESUME } else { monitoring::PY_START };
        let own = own(object);
        monitoring::fire(event, own.code(), own.place(), &[])?;
    }
    tracing::profile(object, "call", objects::none())?;
    tracing::trace_call(object)
}

/// Tells the tools of a line and an instruction.
fn monitor_line(object: &Ref, code: &objects::code::CodeObject, at: usize) -> PyResult<()> {
    if !tracing::is_on() {
        return Ok(());
    }
    let (own, line) = (own(object), started_line(code.code(), at));
    monitor_jump(code, own.seen_instruction.get() as usize, at)?;
    let is_back = (at as u32) < own.seen_instruction.get();
    if line != 0 && (line != own.seen_line.get() || is_back) {
        monitoring::fire_line(code, at as u32, line)?;
    }
    if line != 0 {
        own.seen_line.set(line);
    }
    own.seen_instruction.set(at as u32);
    monitoring::fire(monitoring::INSTRUCTION, code, at as u32, &[])
}

/// Tells the tools of the jump or branch by which a frame has come from one instruction to another, if it was one. A branch goes to the
/// left when it falls through.
fn monitor_jump(code: &objects::code::CodeObject, from: usize, to: usize) -> PyResult<()> {
    let word = code.code().words[from];
    let is_target = to == word.index();
    // An iteration may have run the store behind it as well.
    let is_next = !is_target && (from + 1..=from + 2).contains(&to);
    if !word.opcode().jumps() || word.opcode() == Opcode::SEND || !(is_next || is_target) {
        return Ok(());
    }
    let event = match (word.opcode().info().flags.ends_block, is_next) {
        (true, _) => monitoring::JUMP,
        (false, true) => monitoring::BRANCH_LEFT,
        (false, false) => monitoring::BRANCH_RIGHT,
    };
    monitoring::fire(event, code, from as u32, &[int::from_i64(code.offset(to)).value()])
}

/// Tells a frame's trace function of a line or an instruction. True if it has made the frame stand elsewhere.
///
/// # Safety
/// As for [`step`].
unsafe fn watched_step(frame: *mut Frame, at: usize) -> PyResult<bool> {
    // SAFETY: the contract.
    unsafe {
        let object = live::object_of(frame);
        let (own, code) = (own(&object), (*(*frame).code).code());
        let line = started_line(code, at);
        // A delegation that goes on jumps back to its own instruction, and begins nothing.
        if (at as u32) < own.last_instruction.get() && code.words[at].opcode() != Opcode::SEND {
            own.last_line.set(NO_LINE);
        }
        own.last_instruction.set(at as u32);
        if line_at(code, at) != 0 {
            own.last_lined.set(at as u32);
        }
        let is_new = line != 0 && line != own.last_line.get();
        if line != 0 {
            own.last_line.set(line);
        }
        let before = (*frame).instruction;
        if is_new && own.wants().0 {
            own.may_jump.set(true);
            let done = tracing::trace_local(&object, "line", objects::none());
            own.may_jump.set(false);
            done?;
        }
        if (*frame).instruction != before {
            // The line that it has jumped to is the next to be told of.
            own.last_line.set(NO_LINE);
            return Ok(true);
        }
        if own.wants().1 {
            tracing::trace_local(&object, "opcode", objects::none())?;
        }
        Ok(false)
    }
}

/// A frame is about to return or to yield a value.
///
/// # Safety
/// The frame is the running one, and its place is saved.
pub(crate) unsafe fn leaving(frame: *mut Frame, value: Value, word: Word) -> PyResult<()> {
    if !tracing::is_on() {
        return Ok(());
    }
    let boxed;
    let value = match word.opcode() {
        Opcode::RETURN_PRIMITIVE => {
            let code = TypeCode::from_operand(word.operand()).expect("verified");
            boxed = crate::ops::primitive::boxed(code, value);
            boxed.value()
        }
        _ => value,
    };
    let is_yield = word.opcode() == Opcode::YIELD_VALUE;
    // SAFETY: the contract.
    unsafe {
        let object = live::object_of(frame);
        at_last_line(frame, &object, || told_of_leaving(&object, value, is_yield))
    }
}

/// Does something while a frame that stands at an instruction without a line is shown at the line that ran last.
///
/// # Safety
/// As for [`step`]; `object` is the frame's.
unsafe fn at_last_line<T>(frame: *mut Frame, object: &Ref, body: impl FnOnce() -> T) -> T {
    // SAFETY: the contract; the frame keeps its code alive.
    unsafe {
        let (place, code) = ((*frame).instruction, (*(*frame).code).code());
        let last = own(object).last_lined.get();
        let has_line = place.checked_sub(1).is_some_and(|at| line_at(code, at as usize) != 0);
        if !has_line && last != NO_LINE {
            (*frame).instruction = last + 1;
        }
        let done = body();
        (*frame).instruction = place;
        done
    }
}

fn told_of_leaving(object: &Ref, value: Value, is_yield: bool) -> PyResult<()> {
    if tracing::has_tools() {
        let event = if is_yield { monitoring::PY_YIELD } else { monitoring::PY_RETURN };
        monitoring::fire(event, own(object).code(), own(object).place(), &[value])?;
    }
    tracing::profile(object, "return", value)?;
    tracing::trace_local(object, "return", value)
}

/// Runs what tells of an exception that is set; what it raises takes the exception's place.
fn with_raised(body: impl FnOnce(&Ref) -> PyResult<()>) {
    let Some(exception) = thread().fetch_raised() else { return };
    if body(&exception).is_ok() {
        let _raised = thread().set_raised(exception);
    }
}

/// An exception has been raised in a frame, or has come up from what it called.
///
/// # Safety
/// The frame is the running one, and its place is saved; an exception is set.
#[cold]
pub(crate) unsafe fn raised(frame: *mut Frame, is_reraising: bool) {
    // SAFETY: the contract.
    let object = unsafe { live::object_of(frame) };
    with_raised(|exception| {
        if tracing::has_tools() {
            let event = if is_reraising { monitoring::RERAISE } else { monitoring::RAISE };
            monitoring::fire(event, own(&object).code(), own(&object).place(), &[exception.value()])?;
        }
        if is_reraising || own(&object).trace().is_none() {
            return Ok(());
        }
        let traceback = protocol::get_attr_text(exception.value(), "__traceback__")?;
        let class = exception.ty().value().to_ref();
        let arg = TupleObject::of([class, exception.clone(), traceback]);
        tracing::trace_local(&object, "exception", Value::from_object(&*arg))
    });
}

/// An exception leaves a frame.
///
/// # Safety
/// As for [`raised`].
#[cold]
pub(crate) unsafe fn unwinding(frame: *mut Frame) {
    // SAFETY: the contract.
    let object = unsafe { live::object_of(frame) };
    with_raised(|exception| {
        if tracing::has_tools() {
            let own = own(&object);
            monitoring::fire(monitoring::PY_UNWIND, own.code(), own.place(), &[exception.value()])?;
        }
        let told = || {
            tracing::profile(&object, "return", objects::none())?;
            tracing::trace_local(&object, "return", objects::none())
        };
        // SAFETY: the contract. What was raised again on the way out was raised on the line that ran last.
        unsafe { at_last_line(frame, &object, told) }
    });
}

/// An exception has found its handler.
///
/// # Safety
/// As for [`raised`].
#[cold]
pub(crate) unsafe fn handled(frame: *mut Frame) {
    if !tracing::has_tools() {
        return;
    }
    // SAFETY: the contract.
    let object = unsafe { live::object_of(frame) };
    with_raised(|exception| {
        let own = own(&object);
        monitoring::fire(monitoring::EXCEPTION_HANDLED, own.code(), own.place(), &[exception.value()])
    });
}

/// An exception is thrown into a generator's frame.
///
/// # Safety
/// The frame is the running one, and saved; an exception is set.
pub(crate) unsafe fn thrown(frame: *mut Frame) -> Option<Raised> {
    // SAFETY: the contract.
    unsafe {
        if (*frame).flags & HAS_BEGUN == 0 && !(*frame).generator.is_null() {
            let at = (*frame).instruction as usize;
            with_raised(|exception| {
                if tracing::has_tools() {
                    let object = live::object_of(frame);
                    let own = own(&object);
                    monitoring::fire(monitoring::PY_THROW, own.code(), own.place(), &[exception.value()])?;
                }
                begin(frame, at)
            });
        }
    }
    Some(Raised::assert_set())
}

/// An iteration or a delegation has ended, for which no exception was kept. CPython tells of one that its code would have made: at the end
/// of a delegation, of a generator that returned a value, and of an iterator written in Python. `sent` is what a delegation has returned.
///
/// # Safety
/// The frame is the running one, and its place is saved.
pub(crate) unsafe fn exhausted(
    frame: *mut Frame,
    (iterator, sent): (Value, Option<Value>),
    word: Word,
) -> PyResult<()> {
    if !tracing::is_on() || !iterator.is_object() {
        return Ok(());
    }
    let kinds = [&objects::generator::GENERATOR, &objects::generator::COROUTINE];
    let is_generator = kinds.iter().any(|kind| iterator.is_exact(kind));
    let generator = iterator.get_exact::<GeneratorObject>();
    let returned = match sent {
        Some(sent) => Some(sent.to_ref()).filter(|sent| !objects::is_none(sent.value())),
        None => generator.and_then(GeneratorObject::returned_value),
    };
    let has_raised = returned.is_some() || generator.is_none() && iterator.ty().has(type_flags::HEAP);
    let is_shown = match word.opcode() {
        // What an asynchronous generator is asked for ends with an exception each time.
        Opcode::SEND => {
            is_generator || iterator.ty().has(type_flags::HEAP) || awaits_async_generator(iterator)
        }
        _ => has_raised,
    };
    if !is_shown && !is_generator {
        return Ok(());
    }
    // SAFETY: the contract.
    let object = unsafe { live::object_of(frame) };
    let args: Vec<Value> = returned.iter().map(Ref::value).collect();
    let exception = runtime::error::new_exception(&runtime::error::types::StopIteration, &args).into_ref();
    if tracing::has_tools() {
        let event = if is_generator { monitoring::STOP_ITERATION } else { monitoring::RAISE };
        let own = own(&object);
        monitoring::fire(event, own.code(), own.place(), &[exception.value()])?;
    }
    if !is_shown || own(&object).trace().is_none() {
        return Ok(());
    }
    let class = exception.ty().value().to_ref();
    let arg = TupleObject::of([class, exception, objects::none().to_ref()]);
    tracing::trace_local(&object, "exception", Value::from_object(&*arg))
}

fn awaits_async_generator(iterator: Value) -> bool {
    use objects::async_generator::{ASEND, ATHROW};
    iterator.is_exact(&ASEND) || iterator.is_exact(&ATHROW)
}

/// A call by the running frame of something that is no function of the interpreter.
///
/// # Safety
/// The frame is the running one, and its place is saved.
pub(crate) unsafe fn call(
    frame: *mut Frame,
    callable: Value,
    args: &[Value],
    names: Option<Value>,
) -> PyResult {
    if !tracing::is_on() || (tracing::function(Which::Profile).is_none() && !tracing::has_tools()) {
        return protocol::call(callable, args, names);
    }
    // SAFETY: the contract.
    let object = unsafe { live::object_of(frame) };
    let first = args.first().copied().filter(|_| {
        names.is_none_or(|names| {
            names.get::<TupleObject>().is_none_or(|names| names.items().len() < args.len())
        })
    });
    let is_function = callable.is_object() && callable.is_exact(&objects::function::FUNCTION);
    monitor_call(monitoring::CALL, &object, callable, first)?;
    let Some(shown) = shown_native(callable, first) else {
        let result = protocol::call(callable, args, names);
        if !is_function {
            monitor_result(&object, callable, first, &result)?;
        }
        return result;
    };
    tracing::profile(&object, "c_call", shown.value())?;
    let result = protocol::call(callable, args, names);
    let monitored = monitor_result(&object, callable, first, &result);
    match result {
        Ok(value) => {
            monitored?;
            tracing::profile(&object, "c_return", shown.value())?;
            Ok(value)
        }
        Err(raised) => {
            with_raised(|_| tracing::profile(&object, "c_exception", shown.value()));
            Err(raised)
        }
    }
}

fn monitor_call(event: usize, object: &Ref, callable: Value, first: Option<Value>) -> PyResult<()> {
    if !tracing::has_tools() {
        return Ok(());
    }
    let (own, missing) = (own(object), monitoring::missing());
    let first = first.unwrap_or_else(|| missing.value());
    monitoring::fire(event, own.code(), own.place(), &[callable, first])
}

fn monitor_result(object: &Ref, callable: Value, first: Option<Value>, result: &PyResult) -> PyResult<()> {
    match result {
        Ok(_) => monitor_call(monitoring::C_RETURN, object, callable, first),
        Err(_) => {
            with_raised(|_| monitor_call(monitoring::C_RAISE, object, callable, first));
            Ok(())
        }
    }
}

/// Tells the tools of a call of a function of the interpreter.
///
/// # Safety
/// The frame is the running one, and its place is saved.
pub(crate) unsafe fn calling(frame: *mut Frame, callable: Value, args: &[Value]) -> PyResult<()> {
    if !tracing::has_tools() || !tracing::is_on() {
        return Ok(());
    }
    // SAFETY: the contract.
    let object = unsafe { live::object_of(frame) };
    monitor_call(monitoring::CALL, &object, callable, args.first().copied())
}

/// What a profile function is shown of a native function that is called; `None` for anything else.
fn shown_native(callable: Value, first: Option<Value>) -> Option<Ref> {
    if !callable.is_object() {
        return None;
    }
    if callable.get_exact::<BuiltinFunction>().is_some() {
        return Some(callable.to_ref());
    }
    if let Some(method) = callable.get_exact::<MethodObject>() {
        return shown_native(method.function.raw(), None);
    }
    callable.get_exact::<MethodDescriptor>()?;
    let receiver = first?;
    let class = receiver.ty().value().to_ref();
    let bound = protocol::call_method_text(callable, "__get__", &[receiver, class.value()]);
    bound.map_err(|raised| drop(thread().take_raised(raised))).ok()
}
