//! The vocabulary of the dispatch loop: what instructions do to the registers of the running frame.
//!
//! The registers are locals of the loop, and a macro cannot see locals that it is not given. So this one macro is given them, and
//! defines the others in terms of them; its first argument is a dollar sign, which it needs to write their parameters.
//!
//! SAFETY (for all of them): the frame is live and owns its code, so that its tables are; the verifier has proved that operands
//! index into them, that the stack stays within the frame, and which of its words are owned objects.

/// Defines the macros of the dispatch loop for its registers.
macro_rules! define_register_macros {
    ($d:tt $frame:ident $words:ident $pc:ident $sp:ident $consts:ident) => {
        macro_rules! enter_frame {
            () => {
                // SAFETY: see above.
                unsafe {
                    let code = &*(*$frame).code;
                    $words = code.words().as_ptr();
                    $pc = $words.add((*$frame).instruction as usize);
                    $sp = Frame::operands($frame).add((*$frame).operands as usize);
                    $consts = code.consts().as_ptr();
                }
            };
        }
        // Enters the frame that has just been pushed; the caller's stack has lost `$count` entries to it.
        macro_rules! enter_callee {
            ($d next:expr, $d count:expr) => {{
                let (next, count): (*mut Frame, usize) = ($d next, $d count);
                // SAFETY: see above.
                unsafe {
                    (*$frame).operands = $sp.sub(count).offset_from(Frame::operands($frame)) as u32;
                    $frame = next;
                    let code = &*(*next).code;
                    $words = code.words().as_ptr();
                    $pc = $words;
                    $sp = Frame::operands(next);
                    $consts = code.consts().as_ptr();
                }
            }};
        }
        // Goes on in the frame that a call has pushed, if there is one.
        macro_rules! enter_pushed {
            () => {
                if frame::current() != $frame {
                    $frame = frame::current();
                    enter_frame!();
                }
            };
        }
        // The place alone, for whoever walks the frames; the operands are nobody else's business until it is left.
        macro_rules! save_place {
            () => {
                // SAFETY: see `enter_frame`.
                unsafe { (*$frame).instruction = $pc.offset_from($words) as u32 }
            };
        }
        macro_rules! save_frame {
            () => {
                // SAFETY: see `enter_frame`.
                unsafe {
                    (*$frame).instruction = $pc.offset_from($words) as u32;
                    (*$frame).operands = $sp.offset_from(Frame::operands($frame)) as u32;
                }
            };
        }
        // Runs an instruction outside of the loop.
        macro_rules! execute_rarely {
                    ($d word:expr) => {{
                        save_frame!();
                        // SAFETY: the frame is the running one, and saved.
                        let done = unsafe { rare::execute($frame, $d word) };
                        // SAFETY: see `enter_frame`.
                        $sp = unsafe { Frame::operands($frame).add((*$frame).operands as usize) };
                        done
                    }};
                }
        macro_rules! push_raw {
                    ($d value:expr) => {{
                        let value: Value = $d value;
                        // SAFETY: see `enter_frame`.
                        unsafe {
                            *$sp = value;
                            $sp = $sp.add(1);
                        }
                    }};
                }
        macro_rules! push {
                    ($d value:expr) => {
                        push_raw!(Ref::into_value($d value))
                    };
                }
        macro_rules! pop_raw {
            () => {
                // SAFETY: see `enter_frame`.
                unsafe {
                    $sp = $sp.sub(1);
                    *$sp
                }
            };
        }
        macro_rules! pop {
            // SAFETY: see `enter_frame`.
            () => {{
                let value = pop_raw!();
                // SAFETY: see `enter_frame`.
                unsafe { Ref::from_owned(value) }
            }};
        }
        macro_rules! peek {
                    ($d depth:expr) => {
                        // SAFETY: see `enter_frame`.
                        unsafe { *$sp.sub($d depth) }
                    };
                }
        macro_rules! args {
                    ($d count:expr) => {
                        // SAFETY: see `enter_frame`.
                        unsafe { std::slice::from_raw_parts($sp.sub($d count), $d count) }
                    };
                }
        macro_rules! drop_n {
                    ($d count:expr) => {
                        for _ in 0..$d count {
                            frame::release(pop_raw!());
                        }
                    };
                }
        // Takes entries that need no release, or have been moved, off the stack.
        macro_rules! forget_n {
                    ($d count:expr) => {
                        // SAFETY: see `enter_frame`.
                        $sp = unsafe { $sp.sub($d count) }
                    };
                }
        macro_rules! local {
                    ($d slot:expr) => {
                        // SAFETY: see `enter_frame`.
                        unsafe { &mut *Frame::locals($frame).add($d slot) }
                    };
                }
        macro_rules! name {
                    ($d at:expr) => {{
                        let names = code!().names().as_ptr();
                        // SAFETY: see `enter_frame`.
                        unsafe { (*names.add($d at)).value() }
                    }};
                }
        macro_rules! code {
            () => {
                // SAFETY: see `enter_frame`.
                unsafe { &*(*$frame).code }
            };
        }
        // The index of the running instruction.
        macro_rules! index {
            () => {
                // SAFETY: see `enter_frame`.
                unsafe { $pc.offset_from($words) as usize - 1 }
            };
        }
        macro_rules! cache {
            () => {
                &code!().caches()[index!()]
            };
        }
        // The cache of an instruction that has been specialised.
        macro_rules! made_cache {
                    ($d at:expr) => {{
                        let (code, at) = (code!(), $d at);
                        // SAFETY: see `enter_frame`; specialising has made the caches.
                        unsafe { code.made_cache(at) }
                    }};
                }
        // The next instruction.
        macro_rules! next {
            () => {
                // SAFETY: see `enter_frame`; code does not end in an instruction that others follow.
                unsafe { (*$pc).get() }
            };
        }
        macro_rules! skip {
            () => {
                // SAFETY: as for `next`.
                $pc = unsafe { $pc.add(1) }
            };
        }
        // Gives the running instruction the specialised form, if there is one.
        macro_rules! specialise {
                    ($d form:expr) => {
                        if let Some(form) = $d form {
                            // SAFETY: see `enter_frame`.
                            unsafe { (*$pc.sub(1)).set(form) };
                        }
                    };
                }
        // Runs the same instruction again, in its new form.
        macro_rules! rerun {
            () => {{
                // SAFETY: see `enter_frame`.
                $pc = unsafe { $pc.sub(1) };
                continue;
            }};
        }
        // Gives a specialised instruction up and runs the original in its place.
        macro_rules! generalise {
            () => {{
                let word = code!().code().words[index!()];
                // SAFETY: see `enter_frame`.
                unsafe {
                    $pc = $pc.sub(1);
                    (*$pc).set(word);
                }
                continue;
            }};
        }
        // Stores into a local what the running instruction would push, if a `STORE_FAST` follows.
        macro_rules! push_or_store {
                    ($d value:expr) => {{
                        let value: Value = $d value;
                        let word = next!();
                        if word.opcode_is(Opcode::STORE_FAST) {
                            skip!();
                            frame::release(std::mem::replace(local!(word.index()), value));
                        } else {
                            push_raw!(value);
                        }
                    }};
                }
        // The local that the next instruction stores to; none where somebody may look in between.
        macro_rules! target {
            () => {{
                let word = next!();
                (!TRACED && word.opcode_is(Opcode::STORE_FAST)).then(|| local!(word.index()))
            }};
        }
        // The entry at a depth, if its type is exactly this one.
        macro_rules! present {
            ($d depth:expr, $d ty:ty) => {{
                let value = peek!($d depth);
                // SAFETY: the stack holds an object there.
                unsafe { value.get_exact_present::<$d ty>() }
            }};
        }
        macro_rules! floats {
            () => {{
                let (a, b) = (peek!(2), peek!(1));
                // SAFETY: operands of operators are objects.
                match unsafe { (objects::float::of_exact(a), objects::float::of_exact(b)) } {
                    (Some(x), Some(y)) => (a, b, x, y),
                    _ => generalise!(),
                }
            }};
        }
        // An operator on two raw integers, and on two doubles.
        macro_rules! primitive {
                    (|$d a:ident, $d b:ident| $d result:expr) => {{
                        let ($d a, $d b) = (peek!(2).bits() as i64, peek!(1).bits() as i64);
                        forget_n!(2);
                        push_raw!(ops::primitive::raw($d result));
                    }};
                }
        macro_rules! double {
                    (|$d a:ident, $d b:ident| $d result:expr) => {{
                        let ($d a, $d b) = (f64::from_bits(peek!(2).bits()), f64::from_bits(peek!(1).bits()));
                        let result: f64 = $d result;
                        forget_n!(2);
                        push_raw!(ops::primitive::raw(result.to_bits() as i64));
                    }};
                }
        // The result of an operator on two exact floats.
        macro_rules! push_float {
                    ($d a:expr, $d b:expr, $d result:expr) => {{
                        forget_n!(2);
                        // SAFETY: both are exact floats that the stack owned.
                        push_raw!(unsafe { objects::float::replace_operands($d a, $d b, $d result) });
                    }};
                }
        macro_rules! jump {
                    ($d to:expr) => {
                        // SAFETY: see `enter_frame`.
                        $pc = unsafe { $words.add($d to) }
                    };
                }
        // Follows the jump behind a specialised comparison, or passes it.
        macro_rules! branch {
            ($d jumps:expr) => {{
                let word = next!();
                if $d jumps {
                    jump!(word.index());
                } else {
                    skip!();
                }
            }};
        }
        // Compares the words of two small ints, which are in the order of the ints, and follows the jump behind.
        macro_rules! jump_if {
            ($d op:tt) => {{
                let (a, b) = (peek!(2).bits(), peek!(1).bits());
                if a & b & 1 == 0 {
                    generalise!();
                }
                forget_n!(2);
                branch!((a as i64) $d op (b as i64));
            }};
        }
    };
}
pub(crate) use define_register_macros;
