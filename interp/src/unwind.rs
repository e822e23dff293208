//! From an exception to its handler.
//!
//! The operand stack is cut to the depth that the handler wants. Which of the cut entries are counted objects and which are
//! primitives is recomputed from the verifier's stack maps, but only in static code, where primitives occur.
//!
//! An instruction that fails may already have consumed its operands, so that the actual stack can be shorter than the map says;
//! entries are never consumed out of order.

use bytecode::{CodeFlags, Repr, verify};
use runtime::error::traceback;
use runtime::thread::thread;
use runtime::value::Value;

use crate::frame::{self, Frame};

/// Where the exception goes.
pub(crate) enum Unwound {
    /// The frame is ready to run its handler.
    Handler,
    /// The frame has no handler; its operands are released.
    Leaves,
}

/// Finds the handler in one frame. The saved instruction is the one behind the failing one.
///
/// # Safety
/// The frame is the running one, its place and operands are saved, and an exception is set.
pub(crate) unsafe fn unwind(frame: *mut Frame, is_reraising: bool) -> Unwound {
    // SAFETY: the contract; the frame keeps its code alive.
    let code = unsafe { &*(*frame).code };
    // SAFETY: the contract.
    let failing = unsafe { (*frame).instruction }.saturating_sub(1);
    // SAFETY: the contract.
    unsafe { (*frame).instruction = failing };
    if !is_reraising {
        // SAFETY: the contract; the frame keeps its globals alive.
        let (globals, locals) = unsafe { (&*(*frame).globals, (*frame).namespace.non_null()) };
        // SAFETY: the contract.
        let object = unsafe { crate::live::object(frame) };
        traceback::add_entry(traceback::Place { code, instruction: failing, globals, locals, frame: object });
    }
    let is_traced = runtime::tracing::is_on();
    if is_traced {
        // SAFETY: the contract; the frame is shown at the failing instruction.
        unsafe {
            (*frame).instruction = failing + 1;
            crate::tracing::raised(frame, is_reraising);
            (*frame).instruction = failing;
        }
    }
    let handler = code.code().handler_at(failing as usize);
    let depth = handler.map_or(0, |handler| handler.depth);
    // SAFETY: the contract.
    unsafe { cut(frame, failing, depth) };
    let Some(handler) = handler else {
        // SAFETY: the contract.
        unsafe {
            if is_traced {
                (*frame).instruction = failing + 1;
                crate::tracing::unwinding(frame);
                (*frame).instruction = failing;
            }
            keep_locals(frame);
        }
        return Unwound::Leaves;
    };
    if is_traced {
        // SAFETY: the contract.
        unsafe { crate::tracing::handled(frame) };
    }
    let exception = thread().fetch_raised().expect("an exception is set");
    // SAFETY: the verifier has counted the handler's exception.
    unsafe {
        *Frame::operands(frame).add(depth as usize) = exception.into_value();
        (*frame).operands = depth + 1;
        (*frame).instruction = handler.target;
    }
    Unwound::Handler
}

/// Leaves the variables of a frame that ends with its traceback entry, where `tb_frame.f_locals` finds them.
///
/// # Safety
/// As for [`unwind`].
unsafe fn keep_locals(frame: *mut Frame) {
    // SAFETY: the contract.
    let (code, has_namespace) = unsafe { (&*(*frame).code, !(*frame).namespace.is_null()) };
    if has_namespace {
        return;
    }
    if let Some(entry) = traceback::entry_of_raised(code) {
        // SAFETY: the frame's variables are still there.
        entry.keep_locals(unsafe { frame::locals_of(frame) });
    }
}

/// Releases the operands above `depth`.
///
/// # Safety
/// As for [`unwind`].
unsafe fn cut(frame: *mut Frame, failing: u32, depth: u32) {
    // SAFETY: the contract; entries above the depth are owned objects unless the map says that they are primitives.
    unsafe {
        let code = (*(*frame).code).code();
        let map = code
            .flags
            .contains(CodeFlags::STATIC)
            .then(|| verify::stack_maps(code)[failing as usize].clone())
            .flatten();
        let operands = Frame::operands(frame);
        for at in (depth..(*frame).operands).rev() {
            let slot = operands.add(at as usize);
            let is_object = map.as_ref().is_none_or(|map| map.get(at as usize) == Some(&Repr::Object));
            (*frame).operands = at;
            if is_object {
                release_operand(slot);
            }
        }
    }
}

/// Releases one operand while an exception is set, which finalisers must not disturb.
///
/// # Safety
/// The slot owns its word.
pub(crate) unsafe fn release_operand(slot: *mut Value) {
    // SAFETY: the contract.
    let value = unsafe { *slot };
    if value.is_object() {
        let pending = thread().fetch_raised();
        frame::release(value);
        if let Some(pending) = pending {
            let _raised = thread().set_raised(pending);
        }
    }
}
