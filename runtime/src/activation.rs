//! Stretches of compiled code on the chain of frames.
//!
//! Compiled code keeps no frames of its own; an [`Activation`] marks where Rust or C entered it. Its tagged address stands on the
//! chain between interpreter frames, and whoever installed the machine code can tell the positions in the stretch.

use crate::thread::{ThreadState, thread};

/// A stretch of compiled frames. It lives in the native frame that entered compiled code.
#[repr(C, align(8))]
pub struct Activation {
    /// What was on top of the chain before.
    previous: *mut u8,
    /// Where the compiled code below called out: see [`ThreadState::native_sp`].
    outer_sp: usize,
    /// Its frame pointer.
    outer_fp: usize,
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
    pub fn enclose<T>(body: impl FnOnce(&ThreadState) -> T) -> T {
        let thread = thread();
        let activation = Activation {
            previous: thread.anchor.get(),
            outer_sp: thread.native_sp.get(),
            outer_fp: thread.native_fp.get(),
        };
        thread.anchor.set((&raw const activation).cast_mut().cast::<u8>().wrapping_add(Self::TAG));
        let result = body(thread);
        thread.anchor.set(activation.previous);
        thread.native_sp.set(activation.outer_sp);
        thread.native_fp.set(activation.outer_fp);
        result
    }

    /// The activation that a word of the chain is.
    pub fn of<'a>(word: *mut u8) -> Option<&'a Self> {
        // SAFETY: tagged words are the addresses of activations that have not been left.
        (word as usize & Self::TAG != 0).then(|| unsafe { &*word.wrapping_sub(Self::TAG).cast::<Self>() })
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
