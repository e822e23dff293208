//! Stretches of compiled code on the chain of frames.
//!
//! Compiled code keeps no frames of its own; an [`Activation`] marks where Rust or C entered it. Its tagged address stands on the
//! chain between interpreter frames, and whoever installed the machine code can tell the positions in the stretch.

use std::cell::Cell;

use crate::hooks;
use crate::thread::{LEAST_CALL, ThreadState, thread};

/// How compiled code hands the interpreter's frame that it continues back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handover {
    /// It has not.
    None,
    /// The interpreter goes on at the frame's place.
    Interpret,
    /// The instruction before the frame's place has raised.
    Raised,
}

/// A stretch of compiled frames. It lives in the native frame that entered compiled code.
#[repr(C, align(8))]
pub struct Activation {
    /// What was on top of the chain before.
    previous: *mut u8,
    /// Where the compiled code below called out: see [`ThreadState::native_sp`].
    outer_sp: usize,
    /// Its frame pointer.
    outer_fp: usize,
    /// The interpreter's frame that the outermost compiled frame continues, or null.
    frame: *mut u8,
    /// What has become of it.
    handover: Cell<Handover>,
    /// Whether that frame is continued, and no function has been entered since, as far as is known.
    is_entering: Cell<bool>,
    /// How deep it is, while calls of other code are nested in it.
    nested: Cell<Option<Nested>>,
}

/// The calls of a stretch in which others are nested, by way of the runtime.
#[derive(Clone, Copy)]
struct Nested {
    /// Where it called out.
    place: (usize, usize),
    /// How many calls it has besides the one that is counted when it is entered; until somebody needs to know, as many as there can be.
    calls: u32,
    is_exact: bool,
    /// The next stretch further out that others are nested in.
    outer: *const Activation,
}

/// While it lives, all calls of the stretch on top of the chain count. See [`Activation::nest`].
#[must_use]
pub struct Nesting(*const Activation);

impl Drop for Nesting {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: null, or a stretch that is not left before what is nested in it.
        let Some(activation) = (unsafe { self.0.as_ref() }) else { return };
        let nested = activation.nested.take().expect("a stretch stays nested until then");
        let thread = thread();
        thread.nested.set(nested.outer);
        thread.hide_calls(thread.hidden_calls() - nested.calls);
    }
}

const _: () = {
    use abi::layout::activation as at;
    use std::mem::offset_of;
    assert!(offset_of!(Activation, previous) == at::PREVIOUS);
    assert!(offset_of!(Activation, outer_sp) == at::OUTER_SP);
    assert!(offset_of!(Activation, outer_fp) == at::OUTER_FP);
};

impl Activation {
    /// What marks an activation's address on the chain; frames are aligned to 16.
    const TAG: usize = abi::layout::activation::TAG;

    /// Runs `body`, which enters compiled code, with an activation on the chain.
    #[inline]
    pub fn enclose<T>(body: impl FnOnce(&ThreadState) -> T) -> T {
        Self::enclose_frame(std::ptr::null_mut(), body).0
    }

    /// Runs `body`, which enters compiled code that continues an interpreter's frame, with an activation on the chain.
    #[inline]
    pub fn enclose_frame<T>(frame: *mut u8, body: impl FnOnce(&ThreadState) -> T) -> (T, Handover) {
        let thread = thread();
        let activation = Activation {
            previous: thread.anchor.get(),
            outer_sp: thread.native_sp.get(),
            outer_fp: thread.native_fp.get(),
            frame,
            handover: Cell::new(Handover::None),
            is_entering: Cell::new(!frame.is_null()),
            nested: Cell::new(None),
        };
        // A frame that is continued has been counted.
        let depth = thread.recursion.get();
        thread.recursion.set(depth + u32::from(frame.is_null()));
        let limit = thread.enter_compiled();
        thread.anchor.set((&raw const activation).cast_mut().cast::<u8>().wrapping_add(Self::TAG));
        let result = body(thread);
        thread.leave_compiled(limit);
        thread.recursion.set(depth);
        thread.anchor.set(activation.previous);
        thread.native_sp.set(activation.outer_sp);
        thread.native_fp.set(activation.outer_fp);
        (result, activation.handover.get())
    }

    /// Counts the calls of the stretch on top of the chain, if there is one, as long as the result lives: whoever pushes frames or enters compiled
    /// code over it does so first. At first that is the number of calls that its part of the stack has room for; what they really are is found when that
    /// would be too many ([`Activation::count_nested`]).
    #[inline]
    pub fn nest() -> Nesting {
        let thread = thread();
        let Some(activation) = Self::of(thread.anchor.get()) else { return Nesting(std::ptr::null()) };
        if activation.nested.get().is_some() {
            return Nesting(std::ptr::null());
        }
        let place = (thread.native_sp.get(), thread.native_fp.get());
        let bytes = std::ptr::from_ref(activation).addr().saturating_sub(place.0);
        let calls = (bytes / LEAST_CALL) as u32;
        activation.nested.set(Some(Nested { place, calls, is_exact: false, outer: thread.nested.get() }));
        thread.nested.set(activation);
        thread.hide_calls(thread.hidden_calls() + calls);
        Nesting(activation)
    }

    /// Counts the calls of the stretches that others are nested in.
    pub fn count_nested() {
        let thread = thread();
        let mut next = thread.nested.get();
        // SAFETY: null, or a stretch that is not left before what is nested in it.
        while let Some(activation) = unsafe { next.as_ref() } {
            let mut nested = activation.nested.get().expect("the list has those that others are nested in");
            if nested.is_exact {
                // So are those further out.
                return;
            }
            next = nested.outer;
            let calls = (hooks::hooks().count_calls)(nested.place).saturating_sub(1);
            thread.hide_calls(thread.hidden_calls() - nested.calls + calls);
            (nested.calls, nested.is_exact) = (calls, true);
            activation.nested.set(Some(nested));
        }
    }

    /// The activation that a word of the chain is.
    pub fn of<'a>(word: *mut u8) -> Option<&'a Self> {
        // SAFETY: tagged words are the addresses of activations that have not been left.
        (word as usize & Self::TAG != 0).then(|| unsafe { &*word.wrapping_sub(Self::TAG).cast::<Self>() })
    }

    /// The interpreter's frame that its outermost frame continues, or null.
    pub fn frame(&self) -> *mut u8 {
        self.frame
    }

    /// Hands that frame back.
    pub fn hand_over(&self, how: Handover) {
        self.handover.set(how);
    }

    /// Whether this is the first time that it is asked for, of a stretch that continues a frame.
    pub fn take_entering(&self) -> bool {
        self.is_entering.replace(false)
    }

    /// What is below it on the chain.
    pub fn previous(&self) -> *mut u8 {
        self.previous
    }

    /// Where the stretch of compiled code below it, if there is one, called out.
    pub fn outer(&self) -> (usize, usize) {
        (self.outer_sp, self.outer_fp)
    }
}
