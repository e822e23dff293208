//! Frames of compiled code that somebody has got hold of: they go on in the interpreter when control returns to them.
//!
//! A frame object of compiled code cannot look into a frame of the interpreter, for there is none. While a call is in progress nothing
//! changes in the frame that waits for it, so the tables of the call tell its variables. When the call returns, the frame is made, if
//! the object is still wanted, and runs in the interpreter from there on: what the object shows is live, what is stored through
//! `f_locals` is seen, and tracing reports what happens. (Lazy deoptimisation, as in Hölzle, Chambers and Ungar 1992.)
//!
//! Method: the return address of the call is replaced by that of a thunk. Whoever reads return addresses asks
//! [`Adoptions::return_address`]. Calls that are but a part of their bytecode instruction (`hir::ir::Done`) cannot be left in the middle: objects of such
//! frames stay pictures.
//!
//! Cost: nothing until somebody asks for the object of a frame; then a few hundred instructions a frame, and an exit if it is kept.

use std::cell::RefCell;

use hir::ir::{Done, Leaves};
use lir::ir::ExitData;
use runtime::activation::{Activation, Handover};
use runtime::hooks::Continued;
use runtime::objects::{self, frame as frame_object};
use runtime::thread::thread;
use runtime::value::{PyResult, Ref, Value};
use rustc_hash::FxHashMap;

use crate::context::{installed, jit};
use crate::exit::deliver;
use crate::machine::Machine;
use crate::place::{Behind, Place};
use crate::thunk::{SavedRegisters, fallback_thunk};
use crate::values::Values;

/// A frame that has an object.
struct Adopted {
    /// Where the call would have returned to.
    return_address: usize,
    /// The frame pointer of the compiled frame.
    frame_pointer: usize,
    machine: &'static Machine,
    object: Ref,
}

/// The frames that have objects, by the address of the return address of the call that they wait for.
#[derive(Default)]
pub(crate) struct Adoptions(RefCell<FxHashMap<usize, Adopted>>);

impl Adoptions {
    /// The return address in a word of the stack, as the call has left it there.
    ///
    /// # Safety
    /// The word is that of a return address.
    #[inline]
    pub(crate) unsafe fn return_address(&self, slot: usize) -> usize {
        // SAFETY: the contract.
        let found = unsafe { *(slot as *const usize) };
        if found != thunk_address() {
            return found;
        }
        let adopted = self.0.try_borrow().ok();
        let adopted = adopted.as_ref().and_then(|adopted| adopted.get(&slot));
        adopted.map_or(found, |adopted| adopted.return_address)
    }

    /// The object of the frame that waits for a call.
    ///
    /// # Safety
    /// The word is that of a return address.
    pub(crate) unsafe fn object(&self, slot: usize) -> Option<Ref> {
        // SAFETY: the contract.
        let is_adopted = unsafe { *(slot as *const usize) } == thunk_address();
        is_adopted.then(|| self.0.borrow().get(&slot).map(|adopted| adopted.object.clone())).flatten()
    }

    /// Takes the object of a frame whose call is over.
    #[inline]
    pub(crate) fn take(&self, slot: usize, machine: &Machine) -> Option<Ref> {
        if self.0.borrow().is_empty() {
            return None;
        }
        let adopted = self.0.borrow_mut().remove(&slot)?;
        std::ptr::eq(adopted.machine, machine).then_some(adopted.object)
    }
}

fn thunk_address() -> usize {
    fallback_thunk as *const () as usize
}

/// The hook: the frame that waits for the call at `place` has this object from now on.
pub(crate) fn adopt(place: (usize, usize), object: &Ref) {
    let (slot, frame_pointer) = place;
    let jit = jit();
    // SAFETY: the walk over the frames has found the word as that of a return address into compiled code.
    unsafe {
        let return_address = jit.adoptions.return_address(slot);
        let machine = jit.code.at(return_address).expect("the frame is one of compiled code");
        let adopted = Adopted { return_address, frame_pointer, machine, object: object.clone() };
        let replaced = jit.adoptions.0.borrow_mut().insert(slot, adopted);
        *(slot as *mut usize) = thunk_address();
        drop(replaced);
    }
}

/// The hook: the variables of such a frame, in a dict.
pub(crate) fn variables(slot: usize) -> Option<Ref> {
    let jit = installed()?;
    let (return_address, frame_pointer, machine) = {
        let adoptions = jit.adoptions.0.borrow();
        let adopted = adoptions.get(&slot)?;
        (adopted.return_address, adopted.frame_pointer, adopted.machine)
    };
    let site = machine.place_at(return_address)?;
    let values = Values { jit, machine, registers: None, stack: slot + 8, frame_pointer };
    let frame = site.data.frames.last()?;
    let code = jit.functions.borrow().bodies[machine.body_of(frame.code)].code.clone();
    // SAFETY: bodies are made of code objects.
    let code = unsafe { code.value().cast() };
    Some(values.variables(code, frame).into_ref())
}

/// What the fallback thunk calls: a call is over for which a frame has waited that has an object. `stack` is the stack pointer of the
/// function's body; the word below it still is that of the return address. Gives the address to go on at, with these registers.
pub(crate) extern "C" fn fall_back(registers: &mut SavedRegisters, stack: usize) -> usize {
    let jit = jit();
    let slot = stack - 8;
    let (return_address, machine) = {
        let adoptions = jit.adoptions.0.borrow();
        let adopted =
            adoptions.get(&slot).expect("the thunk stands in for the return address of an adopted frame");
        (adopted.return_address, adopted.machine)
    };
    // SAFETY: the thunk has left the word alone.
    unsafe { *(slot as *mut usize) = return_address };
    let data = &machine.place_at(return_address).expect("adopted frames wait for calls with an exit").data;
    let done = data.done.expect("adopted frames wait for calls that can be left");
    let result = registers.gprs[0];
    if has_failed(done.leaves, result) {
        // The exit asks for the object.
        return return_address;
    }
    // Finalisers see the frame where it is.
    thread().native_sp.set(slot);
    thread().native_fp.set(registers.gprs[5] as usize);
    let object = jit.adoptions.take(slot, machine).expect("it has just been found");
    if !frame_object::is_wanted(object.value()) {
        frame_object::abandon(object);
        return return_address;
    }
    let place = Place::new(jit, machine, registers, stack, Some(object));
    // SAFETY: the call has just written what it gives into the words at the stack pointer, which are its frame's from now on.
    let behind = unsafe { behind(&place, data, done, result, stack as *const Value) };
    if machine.points.is_empty() {
        let outcome = place.in_stretch(|| in_new_frame(&place, data, &behind));
        deliver(machine, outcome, registers)
    } else {
        in_continued_frame(&place, data, &behind)
    }
}

/// Whether a call has failed, by its result.
fn has_failed(leaves: Leaves, result: u64) -> bool {
    match leaves {
        Leaves::Result => result == 0,
        Leaves::Item => result == 0 && thread().peek_raised().is_some(),
        _ => (result as i64) < 0,
    }
}

/// How the frame goes on behind a call that has not failed.
///
/// # Safety
/// The result and the words that the call has written are owned.
unsafe fn behind(
    place: &Place<'_>,
    data: &ExitData,
    done: Done,
    result: u64,
    written: *const Value,
) -> Behind {
    let own = &data.frames[0];
    let next = own.offset + 1;
    let target = |at: u32| place.code(own).code_object().code().words[at as usize].operand();
    let depth = done.depth as usize;
    let truth = |holds: bool| vec![objects::bool(holds).to_ref().into_value()];
    // SAFETY: the contract.
    let words = |count: u32| unsafe { std::slice::from_raw_parts(written, count as usize) }.to_vec();
    let (instruction, depth, left) = match done.leaves {
        Leaves::Nothing => (next, depth, Vec::new()),
        Leaves::Item if result == 0 => (target(own.offset), depth - 1, Vec::new()),
        // SAFETY: the contract.
        Leaves::Result | Leaves::Item => (next, depth, vec![unsafe { Value::from_bits(result) }]),
        Leaves::Truth => (own.offset, depth, truth(result != 0)),
        Leaves::Answer => (next, depth, truth(result != 0)),
        Leaves::Denial => (next, depth, truth(result == 0)),
        Leaves::Items(count) => (next, depth, words(count).into_iter().rev().collect()),
        Leaves::Words(count) => (next, depth, words(count)),
        Leaves::Sent(send) => {
            let instruction = if result == 0 { send + 1 } else { target(send) };
            (instruction, depth, words(if send == own.offset { 1 } else { 2 }))
        }
    };
    Behind { instruction, depth, left }
}

/// Makes the frame behind the call, and runs it.
fn in_new_frame(place: &Place<'_>, data: &ExitData, behind: &Behind) -> PyResult<Value> {
    // SAFETY: the frame has just been made for this code.
    let fill = |frame| unsafe { place.restore_behind(frame, data, behind) };
    place.in_new_frame(&data.frames[0], (&data.owned, &behind.left), fill, |_| Continued::Interpret)
}

/// Restores the frame that the code continues, behind the call, and hands it back to the interpreter's loop.
fn in_continued_frame(place: &Place<'_>, data: &ExitData, behind: &Behind) -> usize {
    let activation = Activation::of(thread().anchor.get()).expect("compiled code runs in an activation");
    // SAFETY: the frame is the one that the code continues, whose words it has taken.
    unsafe { place.restore_behind(activation.frame().cast(), data, behind) };
    activation.hand_over(Handover::Interpret);
    place.machine.fail_address
}
