//! Places where compiled code is left, and how its frames become the interpreter's.
//!
//! The tables say where every value is (`values`). A frame is given new references to what it holds; then the references that the
//! compiled code owned are dropped. Exits are such places (`exit`), and calls for which a frame waits that somebody has got hold of
//! (`fallback`).

use std::cell::Cell;

use bytecode::CodeFlags;
use interp::frame::Frame;
use interp::native::FrameImage;
use lir::ir::{ExitData, ExitFrame, ExitSlot, Reg};
use runtime::activation::Activation;
use runtime::hooks::Continued;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::thread::thread;
use runtime::value::{PyResult, Raised, Ref, Value};

use crate::context::Jit;
use crate::machine::Machine;
use crate::thunk::SavedRegisters;
use crate::values::Values;

/// A place where compiled code is left.
pub(crate) struct Place<'p> {
    pub(crate) jit: &'p Jit,
    pub(crate) machine: &'static Machine,
    values: Values<'p>,
    /// The object of the outermost frame, if somebody has got hold of it.
    pub(crate) object: Cell<Option<Ref>>,
}

/// How a frame goes on behind a call that is over.
pub(crate) struct Behind {
    /// The next instruction.
    pub(crate) instruction: u32,
    /// How many operands stay, from the bottom.
    pub(crate) depth: usize,
    /// Owned words that come to them.
    pub(crate) left: Vec<Value>,
}

/// Where a frame goes on: at its offset, behind the instruction that is `failing` in it, or behind the call of the frame further in.
pub(crate) fn instruction_of(frame: &ExitFrame, is_innermost: bool, failing: Option<u32>) -> u32 {
    match failing {
        Some(failing) if is_innermost => failing + 1,
        None if is_innermost => frame.offset,
        _ => frame.offset + 1,
    }
}

/// A body, as far as frames need it: alive as long as its code runs.
pub(crate) struct BodyView {
    pub(crate) code: Value,
    pub(crate) globals: Value,
    builtins: Value,
}

impl BodyView {
    pub(crate) fn code_object(&self) -> &CodeObject {
        // SAFETY: bodies are made of code objects.
        unsafe { self.code.cast() }
    }
}

impl<'p> Place<'p> {
    /// The place in a function whose registers a thunk has saved; `stack` is the stack pointer of its body.
    pub(crate) fn new(
        jit: &'p Jit,
        machine: &'static Machine,
        registers: &'p SavedRegisters,
        stack: usize,
        object: Option<Ref>,
    ) -> Self {
        let frame_pointer = registers.gprs[5] as usize;
        // Whoever walks the stack from here on starts at the caller: this function's frames become the interpreter's.
        thread().native_sp.set(frame_pointer + 8);
        // SAFETY: functions that are left have a frame, whose pointer is in rbp.
        thread().native_fp.set(unsafe { *(frame_pointer as *const usize) });
        let values = Values { jit, machine, registers: Some(registers), stack, frame_pointer };
        Place { jit, machine, values, object: Cell::new(object) }
    }

    /// Runs what takes the place of a called function. The outermost call of the stretch has been counted; the frames that are made for it count
    /// anew.
    pub(crate) fn in_stretch<T>(&self, run: impl FnOnce() -> T) -> T {
        // SAFETY: above the frame pointer is the return address.
        let caller = unsafe { self.jit.adoptions.return_address(self.values.frame_pointer + 8) };
        let is_outermost = self.jit.code.at(caller).is_none();
        let depth = thread().recursion.get();
        thread().recursion.set(depth.saturating_sub(u32::from(is_outermost)));
        let result = run();
        thread().recursion.set(depth);
        result
    }

    /// Makes one frame, which `fill` puts the words into, and lets `go_on` continue it. If there is no memory for it, what the compiled code
    /// owned is dropped, and so is what a call has `left`.
    pub(crate) fn in_new_frame(
        &self,
        own: &ExitFrame,
        (owned, left): (&[Reg], &[Value]),
        fill: impl FnOnce(*mut Frame),
        go_on: impl FnOnce(*mut Frame) -> Continued,
    ) -> PyResult<Value> {
        let body = self.code(own);
        let globals = body.globals.get::<DictObject>().expect("globals are a dict");
        let mut is_filled = false;
        let fill = |frame| {
            is_filled = true;
            fill(frame);
        };
        match interp::native::resume_one(body.code_object(), globals, body.builtins, fill, go_on) {
            Err(raised) if !is_filled => {
                let pending = thread().take_raised(raised);
                self.drop_owned(owned);
                left.iter().copied().for_each(interp::frame::release);
                Err(runtime::error::exception::restore(pending))
            }
            outcome => outcome,
        }
    }

    /// What `tb_frame.f_locals` shows of a frame that is left: its variables, or the namespace of the frame that is continued.
    pub(crate) fn locals(&self, code: &CodeObject, frame: &ExitFrame, is_outermost: bool) -> Option<Ref> {
        if is_outermost && !self.machine.points.is_empty() {
            let activation = Activation::of(thread().anchor.get())?;
            if let Some(namespace) = interp::frame::namespace_of_continued(activation) {
                return Some(namespace);
            }
        }
        let is_static = code.code().flags.contains(CodeFlags::STATIC);
        (!is_static || self.machine.shows_static).then(|| self.values.variables(code, frame).into_ref())
    }

    pub(crate) fn code(&self, frame: &ExitFrame) -> BodyView {
        let functions = self.jit.functions.borrow();
        let body = &functions.bodies[self.machine.body_of(frame.code)];
        BodyView { code: body.code.value(), globals: body.globals.value(), builtins: body.builtins.value() }
    }

    /// Moves the words of a frame into it, which goes on at this instruction.
    ///
    /// # Safety
    /// The frame is that of the tables, and owns no words.
    pub(crate) unsafe fn restore(&self, frame: *mut Frame, own: &ExitFrame, instruction: u32) {
        // SAFETY: the contract; the tables describe every word that the frame has at its place.
        unsafe {
            interp::native::refill(frame, instruction, self.words(&own.locals), self.words(&own.stack));
            self.attach(frame);
        }
    }

    /// Moves the words into a frame that goes on behind its call, and drops what the compiled code owned.
    ///
    /// # Safety
    /// As for [`Place::restore`]; the call is one that can be left.
    pub(crate) unsafe fn restore_behind(&self, frame: *mut Frame, data: &ExitData, behind: &Behind) {
        let own = &data.frames[0];
        let stack = self.words(&own.stack[..behind.depth]).chain(behind.left.iter().copied());
        // SAFETY: the contract.
        unsafe {
            interp::native::refill(frame, behind.instruction, self.words(&own.locals), stack);
            self.drop_owned(&data.owned);
            self.attach(frame);
        }
    }

    /// Gives the frame its object, if it has one.
    ///
    /// # Safety
    /// The frame is live, and holds its variables.
    unsafe fn attach(&self, frame: *mut Frame) {
        if let Some(object) = self.object.take() {
            // SAFETY: the contract.
            unsafe { interp::live::attach(frame, object) };
        }
    }

    fn words(&self, slots: &[ExitSlot]) -> impl Iterator<Item = Value> {
        slots.iter().map(|slot| self.values.slot(slot))
    }

    /// Images of frames, outermost first. The innermost one stands at its offset, or behind the instruction that is `failing` in it;
    /// those around it stand behind their calls.
    pub(crate) fn images(&self, frames: &[ExitFrame], failing: Option<u32>) -> Vec<FrameImage> {
        let image = |(at, frame): (usize, &ExitFrame)| {
            let body = self.code(frame);
            let local_count = body.code_object().code().locals.len();
            let mut locals: Vec<Value> = self.words(&frame.locals).collect();
            locals.resize(local_count, Value::NULL);
            FrameImage {
                instruction: instruction_of(frame, at == 0, failing),
                locals,
                stack: self.words(&frame.stack).collect(),
                code: body.code.to_ref(),
                globals: body.globals.to_ref(),
                builtins: body.builtins.to_ref(),
            }
        };
        let mut images: Vec<FrameImage> = frames.iter().enumerate().map(image).collect();
        images.reverse();
        images
    }

    /// Drops the references that the compiled code owned, while an exception may be pending, which finalisers must not disturb.
    pub(crate) fn drop_owned_with(&self, owned: &[Reg], raised: Option<Raised>) {
        let pending = raised.map(|raised| thread().take_raised(raised));
        self.drop_owned(owned);
        if let Some(pending) = pending {
            let _raised = runtime::error::exception::restore(pending);
        }
    }

    /// Drops the references that the compiled code owned.
    pub(crate) fn drop_owned(&self, owned: &[Reg]) {
        for &reg in owned {
            // SAFETY: the table says that this is a reference, perhaps tagged or null.
            let value = unsafe { Value::from_bits(self.values.register(reg)) };
            interp::frame::release(value);
        }
    }
}
