//! Where interpreted and compiled code meet, as far as the interpreter is concerned.
//!
//! Compiled code keeps no frames. A stretch of it on the native stack is marked by an [`Activation`](runtime::activation::Activation) on the frame chain, whose
//! tagged address stands between frames; whoever installed the machine code can tell the positions in it. Compiled code hands
//! over to the interpreter by describing frames ([`resume`]), and calls interpreted functions with raw arguments ([`call_code`]).

use bytecode::{Opcode, Repr, TypeCode};
use runtime::activation::Activation;
use runtime::hooks::Continued;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::thread::thread;
use runtime::value::{PyResult, Raised, Ref, Value};

use crate::entry::run;
use crate::entry::{Exit, fill_closure};
use crate::frame::{self, Frame, HAS_BEGUN, IS_ENTRY, WANTS_RAW};

/// An interpreter frame to be made.
pub struct FrameImage {
    /// The code; owned.
    pub code: Ref,
    /// The globals dict; alive as long as the code runs.
    pub globals: Ref,
    /// Where names are looked up last.
    pub builtins: Ref,
    /// The instruction to go on with, or the one behind the one that raised.
    pub instruction: u32,
    /// One owned word, or a raw one, per local slot.
    pub locals: Vec<Value>,
    /// Owned or raw words, bottom first.
    pub stack: Vec<Value>,
}

/// Makes frames, outermost first, and runs them until the outermost one returns. With `raised`, an exception is pending at the
/// innermost one. The result is an owned word, or raw if the outermost function returns a primitive.
pub fn resume(images: Vec<FrameImage>, raised: Option<Raised>) -> PyResult<Value> {
    let thread = thread();
    let _nesting = Activation::nest();
    let limit = admit(images.len() as u32);
    let mut kept = Vec::with_capacity(images.len());
    let mut innermost = std::ptr::null_mut();
    let mut flags = IS_ENTRY | WANTS_RAW | HAS_BEGUN;
    let mut images = images.into_iter();
    while let Some(image) = images.next() {
        // SAFETY: images hold code and dicts.
        let (code, globals) = unsafe { (image.code.value().cast(), image.globals.value().cast()) };
        let pushed = frame::push_again(image.code.clone(), code, globals, image.builtins.clone(), flags);
        match pushed {
            Ok(frame) => {
                innermost = frame;
                flags = WANTS_RAW | HAS_BEGUN;
                // SAFETY: the frame has been made for this code, whose slots and stack the image describes.
                unsafe {
                    refill(
                        frame,
                        image.instruction,
                        image.locals.iter().copied(),
                        image.stack.iter().copied(),
                    )
                };
            }
            Err(raised) => {
                thread.depth_limit.set(limit);
                // SAFETY: the frames above were pushed here, in this order.
                unsafe { abandon(innermost, kept.len()) };
                std::iter::once(image).chain(images).for_each(|image| release_image(&image));
                return Err(raised);
            }
        }
        kept.push((image.code, image.globals));
    }
    thread.depth_limit.set(limit);
    // SAFETY: the innermost frame is the topmost one; the outermost has the entry flag.
    finish(unsafe { run(innermost, raised) }, kept)
}

/// Lets frames be made that exist already in the program's eyes: making them visible does not deepen the recursion. Gives the limit that
/// holds otherwise.
fn admit(frames: u32) -> u32 {
    let thread = thread();
    let depth = thread.recursion.get() + frames;
    if depth > thread.depth_limit.get() {
        Activation::count_nested();
    }
    let limit = thread.depth_limit.get();
    thread.depth_limit.set(limit.max(depth));
    limit
}

/// [`resume`] for one frame: `fill` puts the words into it with [`refill`]; `go_on` may continue it in compiled code, and says what has come of it.
pub fn resume_one(
    code: &CodeObject,
    globals: &DictObject,
    builtins: Value,
    fill: impl FnOnce(*mut Frame),
    go_on: impl FnOnce(*mut Frame) -> Continued,
) -> PyResult<Value> {
    let _nesting = Activation::nest();
    let limit = admit(1);
    let owner = Value::from_object(code).to_ref();
    let flags = IS_ENTRY | WANTS_RAW | HAS_BEGUN;
    let pushed = frame::push_again(owner, code, globals, builtins.to_ref(), flags);
    thread().depth_limit.set(limit);
    let frame = pushed?;
    fill(frame);
    let continued = go_on(frame);
    // SAFETY: the frame was pushed above; it has the entry flag.
    finish(unsafe { crate::resume::conclude(frame, continued) }, Vec::new())
}

fn finish(outcome: PyResult<Exit>, _kept: Vec<(Ref, Ref)>) -> PyResult<Value> {
    outcome.map(|exit| match exit {
        Exit::Returned(value) => value,
        Exit::Yielded(value) => value.into_value(),
        Exit::Switched(_) => unreachable!("`run` goes on with frames that are switched"),
    })
}

/// Moves words into a frame, or back into the one that compiled code has continued: owned or raw ones for the local slots, null for those that
/// are not named, and for the operands.
///
/// # Safety
/// The words are what the frame's code wants at `instruction`, and nothing that it held is in it any more.
pub unsafe fn refill(
    frame: *mut Frame,
    instruction: u32,
    locals: impl Iterator<Item = Value>,
    stack: impl Iterator<Item = Value>,
) {
    // SAFETY: the contract; the frame keeps its code alive.
    unsafe {
        let count = (*(*frame).code).shape.locals as usize;
        let locals = locals.chain(std::iter::repeat(Value::NULL)).take(count);
        locals.enumerate().for_each(|(at, word)| *Frame::locals(frame).add(at) = word);
        let operands = Frame::operands(frame);
        let count = stack.zip(0..).map(|(word, at)| *operands.add(at) = word).count();
        (*frame).operands = count as u32;
        (*frame).instruction = instruction;
        (*frame).flags &= !frame::IS_AWAY;
    }
}

/// Takes the exception that the frame's last instruction has raised to its handler, where the frame goes on; false if it has none.
///
/// # Safety
/// The frame is on top of the chain, as the interpreter leaves it behind an instruction, and an exception is set.
pub unsafe fn land(frame: *mut Frame) -> bool {
    // SAFETY: the contract; the frame keeps its code alive.
    unsafe {
        let code = (*(*frame).code).code();
        let failing = ((*frame).instruction as usize).saturating_sub(1);
        let is_handled = code.handler_at(failing).is_some();
        if is_handled {
            crate::unwind::unwind(frame, crate::reraises(code.words[failing]));
        }
        is_handled
    }
}

/// The operands of a frame that is not running.
///
/// # Safety
/// The frame is saved; the words stay where they are as long as the result is used.
pub unsafe fn operands<'f>(frame: *mut Frame) -> &'f [Value] {
    // SAFETY: the contract.
    unsafe { std::slice::from_raw_parts(Frame::operands(frame), (*frame).operands as usize) }
}

/// Forgets what a frame held, because compiled code has moved it out.
///
/// # Safety
/// The frame is not running.
pub unsafe fn forget_words(frame: *mut Frame) {
    // SAFETY: the contract; the frame keeps its code alive.
    unsafe {
        let count = (*(*frame).code).shape.locals as usize;
        std::ptr::write_bytes(Frame::locals(frame), 0, count);
        (*frame).operands = 0;
    }
}

/// Pushes a word onto the operands of a frame that is not running.
///
/// # Safety
/// The code at its place expects the word there.
pub unsafe fn push_operand(frame: *mut Frame, word: Value) {
    // SAFETY: the contract.
    unsafe {
        *Frame::operands(frame).add((*frame).operands as usize) = word;
        (*frame).operands += 1;
    }
}

/// Drops what a frame would own that is not made.
fn release_image(image: &FrameImage) {
    // SAFETY: images hold code.
    let code: &CodeObject = unsafe { image.code.value().cast() };
    let locals = code.code().locals.iter().zip(&image.locals);
    locals.filter(|(local, _)| local.ty.repr() == Repr::Object).for_each(|(_, &word)| frame::release(word));
    let map = stack_map(code, image.instruction);
    for (at, &word) in image.stack.iter().enumerate() {
        if is_object(map.as_deref(), at) {
            frame::release(word);
        }
    }
}

/// What is on the operand stack in front of an instruction.
fn stack_map(code: &CodeObject, instruction: u32) -> Option<Vec<Repr>> {
    bytecode::verify::stack_maps(code.code()).get(instruction as usize).cloned().flatten()
}

fn is_object(map: Option<&[Repr]>, at: usize) -> bool {
    map.is_none_or(|map| map.get(at) == Some(&Repr::Object))
}

/// Takes `count` frames off the stack again, innermost first.
///
/// # Safety
/// They are the topmost ones.
unsafe fn abandon(mut frame: *mut Frame, count: usize) {
    for _ in 0..count {
        // SAFETY: the contract; what is on the operand stack is as the stack map says.
        unsafe {
            let previous = (*frame).previous;
            release_operands(frame);
            frame::pop(frame);
            frame = previous;
        }
    }
}

/// Releases the objects on a frame's operand stack.
///
/// # Safety
/// The frame is not running.
unsafe fn release_operands(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        let map = stack_map(&*(*frame).code, (*frame).instruction);
        for at in 0..(*frame).operands as usize {
            if is_object(map.as_deref(), at) {
                frame::release(*Frame::operands(frame).add(at));
            }
        }
        (*frame).operands = 0;
    }
}

/// Calls interpreted code with one borrowed or raw word per parameter, behind its argument check, and with a closure, or null if it
/// captures nothing. The result is an owned word, or raw if the code returns a primitive.
pub fn call_code(
    code: &CodeObject,
    globals: &DictObject,
    builtins: Value,
    closure: Value,
    args: &[Value],
) -> PyResult<Value> {
    thread().check_stack("")?;
    let _nesting = Activation::nest();
    let owner = Value::from_object(code).to_ref();
    let frame = frame::push(owner, code, globals, builtins.to_ref(), IS_ENTRY | WANTS_RAW)?;
    // SAFETY: the frame was pushed above; parameters take the first slots, free variables the last ones.
    unsafe {
        fill_closure(frame, code, closure);
        for (at, (&word, local)) in args.iter().zip(&code.code().locals).enumerate() {
            let owned = if local.ty == TypeCode::Object { word.to_ref().into_value() } else { word };
            *Frame::locals(frame).add(at) = owned;
        }
        let first = code.code().words.first();
        (*frame).instruction = first.is_some_and(|word| word.opcode() == Opcode::CHECK_ARGS) as u32;
        finish(run(frame, None), Vec::new())
    }
}
