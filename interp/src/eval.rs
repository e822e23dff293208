//! The dispatch loop.
//!
//! `loop { match }` with the program counter, the stack pointer and the frame's tables in locals, so that they live in
//! registers. Calls between Python functions push a frame and go on in the same loop; only native code in between recurses. An
//! arm either finishes its instruction and continues, or leaves the match, which means that an exception is set.
//! Every operand on the stack is owned, but for primitives, which are raw words (`bytecode::verify` proves which is which).

use std::cell::Cell;

use bytecode::{BinaryOp, CompareOp, Opcode, TypeCode, Word};
use runtime::hooks::{self, Continued};
use runtime::objects::iterators::SequenceIterator;
use runtime::objects::range::RangeIterator;
use runtime::objects::{self, list::ListObject, tuple::TupleObject};
use runtime::value::{PyResult, Raised, Ref, Value};
use runtime::{protocol, tracing};

use crate::eager;
use crate::entry::Exit;
use crate::frame::{self, Frame, HAS_BEGUN, IS_EAGER, IS_ENTRY, IS_INIT, IS_STARTED, WANTS_RAW};
use crate::registers::define_register_macros;
use crate::{ops, quicken, rare, tracing as trace, unwind};

/// [`run`](crate::entry::run), which with `TRACED` reports events; stops at the next instruction when it has to be the other one of the two loops.
///
/// # Safety
/// As there.
#[allow(clippy::too_many_lines, clippy::cognitive_complexity, reason = "one arm per instruction")]
pub(crate) unsafe fn run_loop<const TRACED: bool>(
    entry: *mut Frame,
    injected: Option<Raised>,
) -> PyResult<Exit> {
    let mut frame = entry;
    let mut is_raising = injected.is_some();
    let mut is_reraising = false;
    // The frame has been left by an exception already; it has just entered a handler that runs often.
    let (mut is_left, mut at_handler) = (false, false);

    // Registers of the running frame.
    let mut words: *const Cell<Word>;
    let mut pc: *const Cell<Word>;
    let mut sp: *mut Value;
    let mut consts: *const Ref;

    // SAFETY (for the whole loop): `frame` is live and owns its code, so that its tables are; the verifier has proved that
    // operands index into them, that the stack stays within the frame, and which of its words are owned objects.
    define_register_macros!($ frame words pc sp consts);

    enter_frame!();
    loop {
        'raised: {
            if std::mem::take(&mut is_raising) {
                break 'raised;
            }
            macro_rules! attempt {
                ($result:expr) => {
                    match $result {
                        Ok(value) => value,
                        Err(_) => break 'raised,
                    }
                };
            }
            // Leaves the frame, which is the topmost one and has no operands left that matter, with an owned or raw word.
            macro_rules! leave_frame {
                ($result:expr) => {{
                    let result: Value = $result;
                    // SAFETY: see `enter_frame`; a frame that is no entry has a caller in this loop.
                    let flags = unsafe {
                        let flags = (*frame).flags;
                        if flags & (IS_ENTRY | IS_EAGER) != 0 {
                            if flags & IS_ENTRY != 0 {
                                crate::resume::leave_entry(frame);
                                return Ok(Exit::Returned(result));
                            }
                            eager::returns(frame);
                        }
                        let caller = (*frame).previous;
                        frame::pop(frame);
                        frame = caller;
                        if TRACED {
                            (*frame).flags |= HAS_BEGUN;
                        }
                        flags
                    };
                    enter_frame!();
                    if flags & IS_INIT != 0 {
                        // SAFETY: the callee has given the result up.
                        attempt!(ops::call::finish_init(unsafe { Ref::from_owned(result) }));
                    } else {
                        push_raw!(result);
                    }
                }};
            }
            // Leaves the frame, saved behind the instruction that yields a value.
            macro_rules! suspend_frame {
                ($value:expr) => {{
                    let value: Ref = $value;
                    // SAFETY: see `enter_frame`; a generator's frame is an entry.
                    unsafe {
                        if (*frame).flags & (IS_ENTRY | IS_EAGER) != IS_EAGER {
                            return Ok(Exit::Yielded(value));
                        }
                        frame = eager::suspend(frame, value);
                    }
                    enter_frame!();
                }};
            }
            // Goes on in compiled code where the frame stands, if there is some.
            macro_rules! continue_compiled {
                () => {{
                    save_frame!();
                    match if TRACED { Continued::Not } else { hooks::continue_frame(frame.cast()) } {
                        Continued::Not => {}
                        Continued::Interpret => enter_frame!(),
                        Continued::Returned(value) => leave_frame!(value),
                        // SAFETY: the value is owned.
                        Continued::Yielded(value) => suspend_frame!(unsafe { Ref::from_owned(value) }),
                        Continued::Raised => {
                            // SAFETY: see `enter_frame`.
                            unsafe {
                                pc = words.add((*frame).instruction as usize);
                                sp = Frame::operands(frame).add((*frame).operands as usize);
                            }
                            is_reraising = rare::reraises(code!().code().words[index!()]);
                            break 'raised;
                        }
                        Continued::Left => {
                            is_left = true;
                            break 'raised;
                        }
                    }
                }};
            }
            if std::mem::take(&mut at_handler) {
                continue_compiled!();
            }
            // Saves the place for whoever walks the frames, then runs something that may raise or run Python code.
            macro_rules! outcall {
                ($result:expr) => {{
                    save_place!();
                    attempt!($result)
                }};
            }
            // A call is over: a signal that has arrived, or a trace function that it has set, is noticed here.
            macro_rules! look_up {
                () => {
                    if ops::control::has_pending() {
                        outcall!(ops::control::serve_pending());
                        if !TRACED && tracing::is_on() {
                            save_frame!();
                            return Ok(Exit::Switched(frame));
                        }
                    }
                };
            }
            // Goes on with a static callee, or with its result. The arguments have been consumed; callables below them are released.
            macro_rules! enter_invoked {
                ($invoked:expr, $count:expr, $callables:expr) => {
                    match attempt!($invoked) {
                        ops::statics::Invoked::Frame(next) => {
                            // SAFETY: see `enter_frame`.
                            unsafe {
                                (0..$callables).for_each(|at| frame::release(*sp.sub($count + 1 + at)));
                                (*frame).operands -= ($count + $callables) as u32;
                            }
                            frame = next;
                            enter_frame!();
                        }
                        ops::statics::Invoked::Result(result) => {
                            // SAFETY: as above.
                            sp = unsafe { sp.sub($count) };
                            (0..$callables).for_each(|_| frame::release(pop_raw!()));
                            push_raw!(result);
                        }
                    }
                };
            }
            // What a trace function is told, which it may turn into an exception.
            macro_rules! tell {
                ($function:ident($first:expr, $second:expr)) => {
                    if TRACED {
                        save_frame!();
                        let (first, second) = ($first, $second);
                        // SAFETY: the frame is the running one, and saved.
                        attempt!(unsafe { trace::$function(frame, first, second) });
                    }
                };
            }
            macro_rules! rarely {
                ($word:expr) => {{
                    if execute_rarely!($word).is_err() {
                        is_reraising = rare::reraises($word);
                        break 'raised;
                    }
                    enter_pushed!();
                    if rare::is_interruptible($word) {
                        look_up!();
                    }
                }};
            }
            // A call that does not just move its arguments; it takes so many entries off the stack.
            macro_rules! call {
                ($word:expr, $callable:expr, $count:expr, $depth:expr) => {{
                    if ops::call::binds($callable) {
                        rarely!($word);
                    } else {
                        let args: &[Value] = args!($count);
                        let result = outcall!(match TRACED {
                            // SAFETY: as above.
                            true => unsafe { trace::call(frame, $callable, args, None) },
                            false => protocol::call($callable, args, None),
                        });
                        drop_n!($depth);
                        push!(result);
                        look_up!();
                    }
                }};
            }
            loop {
                if TRACED {
                    save_frame!();
                    // SAFETY: as above.
                    match unsafe { trace::before(frame) } {
                        trace::Step::Go => {}
                        trace::Step::Reload => enter_frame!(),
                        trace::Step::Switch => return Ok(Exit::Switched(frame)),
                        trace::Step::Raise => {
                            skip!();
                            break 'raised;
                        }
                    }
                }
                // SAFETY: see `enter_frame`.
                let word = unsafe { (*pc).get() };
                // SAFETY: see `enter_frame`; control never runs off the end.
                pc = unsafe { pc.add(1) };
                let at = word.index();
                // SAFETY: code that runs has been verified, so that the byte is an opcode's number.
                match unsafe { std::mem::transmute::<u8, Opcode>(word.bits() as u8) } {
                    // --- Stack, locals, constants ---
                    Opcode::NOP => {}
                    Opcode::POP_TOP => frame::release(pop_raw!()),
                    Opcode::COPY => match peek!(at).non_null() {
                        Some(value) => push!(value.to_ref()),
                        None => push_raw!(Value::NULL),
                    },
                    Opcode::COPY_PRIMITIVE => push_raw!(peek!(at)),
                    // SAFETY: see `enter_frame`.
                    Opcode::SWAP => unsafe { std::ptr::swap(sp.sub(1), sp.sub(at)) },
                    Opcode::PUSH_NULL => push_raw!(Value::NULL),
                    // SAFETY: see `enter_frame`.
                    Opcode::LOAD_CONST => push_raw!(frame::copy(unsafe { (*consts.add(at)).value() })),
                    Opcode::LOAD_FAST => push_raw!(frame::copy(*local!(at))),
                    Opcode::LOAD_FAST_LOAD_FAST => {
                        let (first, second) = word.halves();
                        push_raw!(frame::copy(*local!(first)));
                        push_raw!(frame::copy(*local!(second)));
                    }
                    Opcode::LOAD_FAST_LOAD_ATTR => {
                        let (owner, next) = (*local!(at), next!());
                        let cache = made_cache!(index!() + 1);
                        match ops::attribute::cached_attribute(owner, name!(next.index()), cache) {
                            Some(value) => {
                                push_raw!(frame::copy(value));
                                skip!();
                            }
                            None => push_raw!(frame::copy(owner)),
                        }
                    }
                    Opcode::LOAD_FAST_CHECK => match local!(at).non_null() {
                        Some(value) => push!(value.to_ref()),
                        None => {
                            let _raised = runtime::error::unbound_local(&code!().code().locals[at].name);
                            break 'raised;
                        }
                    },
                    Opcode::STORE_FAST => {
                        let value = pop_raw!();
                        frame::release(std::mem::replace(local!(at), value));
                    }
                    Opcode::LOAD_CLOSURE => push!(local!(at).to_ref()),
                    Opcode::LOAD_DEREF => {
                        let value = attempt!(ops::name::load_deref(code!(), at, *local!(at)));
                        push!(value);
                    }
                    Opcode::STORE_DEREF => {
                        let value = pop!();
                        ops::name::cell(*local!(at)).contents.set(value);
                    }
                    // --- Names ---
                    Opcode::LOAD_GLOBAL => {
                        let cache = cache!();
                        let value = outcall!(ops::name::load_global(frame, name!(at), cache));
                        specialise!(ops::name::global_form(word, cache));
                        push!(value);
                    }
                    Opcode::LOAD_GLOBAL_MODULE => {
                        match ops::name::cached_global(frame, name!(at), made_cache!(index!())) {
                            Some(value) => push_raw!(frame::copy(value)),
                            None => generalise!(),
                        }
                    }
                    Opcode::LOAD_GLOBAL_BUILTIN => {
                        match ops::name::cached_builtin(frame, name!(at), made_cache!(index!())) {
                            Some(value) => push_raw!(frame::copy(value)),
                            None => generalise!(),
                        }
                    }
                    Opcode::STORE_GLOBAL => {
                        let (value, key) = (pop!(), name!(at));
                        // SAFETY: see `enter_frame`.
                        unsafe { (*(*frame).globals).set_str(key, value) };
                    }
                    // --- Attributes and items ---
                    Opcode::LOAD_ATTR => {
                        let _ = cache!();
                        specialise!(Some(word.with_opcode(Opcode::LOAD_ATTR_CACHED)));
                        rerun!();
                    }
                    Opcode::LOAD_ATTR_CACHED => {
                        let (owner, cache) = (peek!(1), made_cache!(index!()));
                        let value = match ops::attribute::cached_attribute(owner, name!(at), cache) {
                            Some(value) => frame::copy(value),
                            None => {
                                let value = outcall!(ops::attribute::load(owner, name!(at), cache));
                                ops::attribute::join_load(code!(), index!(), cache);
                                value.into_value()
                            }
                        };
                        frame::release(pop_raw!());
                        push_raw!(value);
                    }
                    Opcode::STORE_ATTR => {
                        let _ = cache!();
                        specialise!(Some(word.with_opcode(Opcode::STORE_ATTR_CACHED)));
                        rerun!();
                    }
                    Opcode::STORE_ATTR_CACHED => {
                        let (owner, value, cache) = (peek!(1), peek!(2), made_cache!(index!()));
                        save_place!();
                        if ops::attribute::store_cached(owner, name!(at), value, cache) {
                            frame::release(owner);
                            forget_n!(2);
                        } else {
                            let owner = pop!();
                            let value = pop!();
                            attempt!(ops::attribute::store(owner.value(), name!(at), &value, cache));
                        }
                    }
                    Opcode::LOAD_METHOD => {
                        let _ = cache!();
                        specialise!(Some(word.with_opcode(Opcode::LOAD_METHOD_CACHED)));
                        rerun!();
                    }
                    Opcode::LOAD_METHOD_CACHED => {
                        let (owner, cache) = (peek!(1), made_cache!(index!()));
                        if let Some(function) = ops::attribute::cached_method(owner, name!(at), cache) {
                            forget_n!(1);
                            push_raw!(frame::copy(function));
                            push_raw!(owner);
                        } else {
                            let method = outcall!(ops::attribute::load_method(owner, name!(at), cache));
                            let owner = pop!();
                            match method {
                                protocol::Method::Unbound(function) => {
                                    push!(function);
                                    push!(owner);
                                }
                                protocol::Method::Bound(callable) => {
                                    push!(callable);
                                    push_raw!(Value::NULL);
                                }
                            }
                        }
                    }
                    Opcode::BINARY_SUBSCR => {
                        let key = pop!();
                        let container = pop!();
                        if ops::item::list_item(container.value(), key.value()).is_some() {
                            specialise!(Some(word.with_opcode(Opcode::BINARY_SUBSCR_LIST)));
                        }
                        push!(outcall!(protocol::get_item(container.value(), key.value())));
                    }
                    Opcode::BINARY_SUBSCR_LIST => match ops::item::list_item(peek!(2), peek!(1)) {
                        Some(item) => {
                            forget_n!(1); // A small int.
                            let item = frame::copy(item);
                            frame::release(pop_raw!());
                            push_raw!(item);
                        }
                        None => generalise!(),
                    },
                    Opcode::STORE_SUBSCR => {
                        let key = pop!();
                        let container = pop!();
                        let value = pop!();
                        if ops::item::list_item(container.value(), key.value()).is_some() {
                            specialise!(Some(word.with_opcode(Opcode::STORE_SUBSCR_LIST)));
                        }
                        outcall!(protocol::set_item(container.value(), key.value(), value.value()));
                    }
                    Opcode::STORE_SUBSCR_LIST => {
                        match ops::item::store_list_item(peek!(2), peek!(1), peek!(3)) {
                            Some(old) => {
                                let list = peek!(2);
                                forget_n!(3);
                                save_place!();
                                frame::release(old);
                                frame::release(list);
                            }
                            None => generalise!(),
                        }
                    }

                    // --- Operators ---
                    Opcode::BINARY_OP | Opcode::BINARY_OP_INPLACE => {
                        let (a, b) = (peek!(2), peek!(1));
                        specialise!(quicken::binary(word, a, b));
                        let op = BinaryOp::from_operand(word.operand()).expect("verified");
                        if let Some(value) = ops::arithmetic::small(op, a, b) {
                            forget_n!(2); // Small ints.
                            push_raw!(value);
                        } else if ops::arithmetic::append(op, a, b, target!()) {
                            forget_n!(2); // The local has taken the text over.
                            skip!();
                        } else {
                            let (b, a) = (pop!(), pop!());
                            push!(outcall!(ops::arithmetic::general(word, op, &a, &b)));
                        }
                    }
                    Opcode::BINARY_OP_ADD_INT => match ops::arithmetic::add_small(peek!(2), peek!(1)) {
                        Some(value) => {
                            forget_n!(2);
                            push_or_store!(value);
                        }
                        None => generalise!(),
                    },
                    Opcode::BINARY_OP_SUBTRACT_INT => {
                        match ops::arithmetic::subtract_small(peek!(2), peek!(1)) {
                            Some(value) => {
                                forget_n!(2);
                                push_or_store!(value);
                            }
                            None => generalise!(),
                        }
                    }
                    Opcode::BINARY_OP_MULTIPLY_INT => {
                        match ops::arithmetic::multiply_small(peek!(2), peek!(1)) {
                            Some(value) => {
                                forget_n!(2);
                                push_raw!(value);
                            }
                            None => generalise!(),
                        }
                    }
                    Opcode::BINARY_OP_ADD_FLOAT => {
                        let (a, b, x, y) = floats!();
                        push_float!(a, b, x + y);
                    }
                    Opcode::BINARY_OP_SUBTRACT_FLOAT => {
                        let (a, b, x, y) = floats!();
                        push_float!(a, b, x - y);
                    }
                    Opcode::BINARY_OP_MULTIPLY_FLOAT => {
                        let (a, b, x, y) = floats!();
                        push_float!(a, b, x * y);
                    }
                    Opcode::BINARY_OP_DIVIDE_FLOAT => {
                        let (a, b, x, y) = floats!();
                        if y == 0.0 {
                            generalise!();
                        }
                        push_float!(a, b, x / y);
                    }
                    Opcode::COMPARE_OP => {
                        let (a, b) = (peek!(2), peek!(1));
                        specialise!(quicken::compare(word, next!(), a, b));
                        let op = CompareOp::from_operand(word.operand()).expect("verified");
                        let b = pop!();
                        let a = pop!();
                        push!(outcall!(protocol::compare(op, a.value(), b.value())));
                    }
                    Opcode::COMPARE_OP_INT => match (peek!(2).as_small(), peek!(1).as_small()) {
                        (Some(a), Some(b)) => {
                            forget_n!(2);
                            push_raw!(frame::copy(objects::bool(quicken::order(a, b) & at as u32 != 0)));
                        }
                        _ => generalise!(),
                    },
                    Opcode::JUMP_IF_LESS_INT => jump_if!(<),
                    Opcode::JUMP_IF_LESS_EQUAL_INT => jump_if!(<=),
                    Opcode::JUMP_IF_EQUAL_INT => jump_if!(==),
                    Opcode::JUMP_IF_NOT_EQUAL_INT => jump_if!(!=),
                    Opcode::JUMP_IF_GREATER_INT => jump_if!(>),
                    Opcode::JUMP_IF_GREATER_EQUAL_INT => jump_if!(>=),
                    Opcode::COMPARE_OP_FLOAT_JUMP => {
                        let (a, b, x, y) = floats!();
                        forget_n!(2);
                        frame::release(a);
                        frame::release(b);
                        branch!(quicken::order_of_doubles(x, y) & at as u32 != 0);
                    }
                    Opcode::IS_OP => {
                        let b = pop!();
                        let a = pop!();
                        let is_same = protocol::compare::is_same(a.value(), b.value());
                        push!(objects::bool(is_same != (at == 1)).to_ref());
                    }
                    Opcode::CONTAINS_OP => {
                        let container = pop!();
                        let item = pop!();
                        let found = outcall!(protocol::contains(container.value(), item.value()));
                        push!(objects::bool(found != (at == 1)).to_ref());
                    }
                    Opcode::UNARY_NEGATIVE => {
                        let value = pop!();
                        push!(outcall!(protocol::negative(value.value())));
                    }
                    Opcode::UNARY_NOT => {
                        let value = pop!();
                        let truth = outcall!(protocol::is_true(value.value()));
                        push!(objects::bool(!truth).to_ref());
                    }

                    // --- Control ---
                    Opcode::JUMP => jump!(at),
                    Opcode::JUMP_BACKWARD | Opcode::BEGIN_FRAME => {
                        let is_pending = ops::control::has_pending();
                        if is_pending {
                            outcall!(ops::control::serve_pending());
                        }
                        if word.opcode() == Opcode::JUMP_BACKWARD {
                            jump!(at);
                        }
                        if !TRACED && is_pending && tracing::is_on() {
                            save_frame!();
                            return Ok(Exit::Switched(frame));
                        }
                        if code!().count_loop() {
                            continue_compiled!();
                        }
                    }
                    Opcode::POP_JUMP_IF_TRUE | Opcode::POP_JUMP_IF_FALSE => {
                        let value = pop!();
                        let truth = match ops::control::plain_truth(value.value()) {
                            Some(truth) => truth,
                            None => outcall!(protocol::is_true(value.value())),
                        };
                        if truth == (word.opcode() == Opcode::POP_JUMP_IF_TRUE) {
                            jump!(at);
                        }
                    }
                    Opcode::POP_JUMP_IF_NONE | Opcode::POP_JUMP_IF_NOT_NONE => {
                        if objects::is_none(pop!().value()) == (word.opcode() == Opcode::POP_JUMP_IF_NONE) {
                            jump!(at);
                        }
                    }
                    Opcode::RETURN_VALUE | Opcode::RETURN_PRIMITIVE => {
                        tell!(leaving(peek!(1), word));
                        save_place!();
                        let raw = pop_raw!();
                        let is_primitive = word.opcode() == Opcode::RETURN_PRIMITIVE;
                        // SAFETY: see `enter_frame`; the frame has no operands left that matter.
                        let flags = unsafe { (*frame).flags };
                        let result = if is_primitive && flags & WANTS_RAW == 0 {
                            let code = TypeCode::from_operand(word.operand()).expect("verified");
                            ops::primitive::boxed(code, raw).into_value()
                        } else {
                            raw
                        };
                        leave_frame!(result);
                    }
                    Opcode::GET_ITER => {
                        let iterable = pop!();
                        push!(outcall!(protocol::get_iter(iterable.value())));
                    }
                    Opcode::FOR_ITER => {
                        let iterator = peek!(1);
                        specialise!(quicken::for_iter(word, iterator));
                        match outcall!(protocol::iter_next(iterator)) {
                            Some(item) => push!(item),
                            None => {
                                tell!(exhausted((peek!(1), None), word));
                                frame::release(pop_raw!());
                                jump!(at);
                            }
                        }
                    }
                    Opcode::FOR_ITER_RANGE => match present!(1, RangeIterator) {
                        Some(range) => match range.step() {
                            Some(number) => push_or_store!(objects::int::from_i64(number).into_value()),
                            None => {
                                frame::release(pop_raw!());
                                jump!(at);
                            }
                        },
                        None => generalise!(),
                    },
                    Opcode::FOR_ITER_LIST => match present!(1, SequenceIterator) {
                        // SAFETY: the type has just been tested; it is that of list iterators.
                        Some(list) => match unsafe { list.step_list() } {
                            Some(item) => push_or_store!(item.into_value()),
                            None => {
                                frame::release(pop_raw!());
                                jump!(at);
                            }
                        },
                        None => generalise!(),
                    },

                    // --- Calls ---
                    Opcode::CALL => {
                        let callable = peek!(at + 1);
                        if let Some(function) = ops::call::simple_function(callable, at) {
                            tell!(calling(callable, args!(at)));
                            save_place!();
                            let args = args!(at);
                            // SAFETY: the function takes just these arguments; they and the callable move into the frame.
                            let next = unsafe { frame::push_function(function, Value::NULL, args, 0) };
                            enter_callee!(attempt!(next), at + 1);
                        } else if let Some((class, init)) = ops::call::plain_class(callable, at, cache!()) {
                            save_place!();
                            let args = args!(at);
                            // SAFETY: as above; the instance takes the place of the class on the stack.
                            let next = unsafe {
                                let (next, instance) = attempt!(ops::call::push_init(class, init, args));
                                *sp.sub(at + 1) = instance;
                                frame::release(callable);
                                next
                            };
                            enter_callee!(next, at);
                        } else {
                            call!(word, callable, at, at + 1);
                        }
                    }
                    Opcode::CALL_METHOD => {
                        let receiver = peek!(at + 1);
                        let callable = peek!(at + 2);
                        let count = at + !receiver.is_null() as usize;
                        if let Some(function) = ops::call::simple_function(callable, count) {
                            tell!(calling(callable, args!(count)));
                            save_place!();
                            let args = args!(at);
                            // SAFETY: as in `CALL`.
                            let next = unsafe { frame::push_function(function, receiver, args, 0) };
                            enter_callee!(attempt!(next), at + 2);
                        } else {
                            call!(word, callable, count, at + 2);
                        }
                    }

                    // --- Displays ---
                    Opcode::BUILD_TUPLE => {
                        let items = ops::collection::take(args!(at));
                        // SAFETY: the items have moved out.
                        sp = unsafe { sp.sub(at) };
                        push!(TupleObject::new(items).into_ref());
                    }
                    Opcode::BUILD_LIST => {
                        let items = ops::collection::take(args!(at));
                        // SAFETY: the items have moved out.
                        sp = unsafe { sp.sub(at) };
                        push!(ListObject::new(items).into_ref());
                    }
                    Opcode::LIST_APPEND => {
                        let item = pop!();
                        outcall!(ops::collection::list(peek!(at)).try_push(item));
                    }
                    Opcode::UNPACK_SEQUENCE => {
                        let sequence = pop!();
                        // SAFETY: see `enter_frame`.
                        sp = outcall!(unsafe { ops::collection::unpack(sequence.value(), at, sp) });
                    }
                    // --- Exceptions ---
                    Opcode::RAISE_VARARGS => {
                        save_frame!();
                        let cause = (at == 2).then(|| pop!());
                        let value = (at >= 1).then(|| pop!());
                        let _raised = match value {
                            Some(value) => {
                                runtime::error::raise_statement(value.value(), cause.as_ref().map(Ref::value))
                            }
                            None => runtime::error::reraise(),
                        };
                        is_reraising = rare::reraises(word);
                        break 'raised;
                    }
                    Opcode::RERAISE => {
                        let exception = pop!();
                        let _raised = runtime::error::exception::restore(exception);
                        is_reraising = true;
                        break 'raised;
                    }
                    // --- Generators ---
                    Opcode::RETURN_GENERATOR => {
                        save_frame!();
                        // SAFETY: see `enter_frame`.
                        if unsafe { eager::begin(frame) } {
                            if code!().count_loop() || hooks::is_hot(code!()) {
                                continue_compiled!();
                            }
                            continue;
                        }
                        // SAFETY: the frame is the topmost one and its operand stack is empty.
                        let (flags, caller, generator) = unsafe {
                            ((*frame).flags, (*frame).previous, crate::resume::make_generator(frame))
                        };
                        if flags & IS_ENTRY != 0 {
                            return Ok(Exit::Returned(generator.into_value()));
                        }
                        frame = caller;
                        enter_frame!();
                        if flags & IS_INIT == 0 {
                            push!(generator);
                        } else {
                            attempt!(ops::call::finish_init(generator));
                        }
                    }
                    Opcode::YIELD_VALUE => {
                        tell!(leaving(peek!(1), word));
                        let value = pop!();
                        save_frame!();
                        // SAFETY: see `enter_frame`.
                        unsafe { (*frame).flags |= IS_STARTED };
                        suspend_frame!(value);
                    }
                    Opcode::SEND => {
                        let value = pop!();
                        match outcall!(crate::resume::send(peek!(1), &value)) {
                            Ok(yielded) => push!(yielded),
                            Err(returned) => {
                                tell!(exhausted((peek!(1), Some(returned.value())), word));
                                push!(returned);
                                jump!(at);
                            }
                        }
                    }
                    // --- Static Python ---
                    Opcode::INVOKE_FUNCTION => {
                        let descr = &code!().code().functions[at];
                        let count = descr.signature.params.len();
                        let (target, is_known) = outcall!(ops::callee::callee(descr, cache!()));
                        save_frame!();
                        let next = ops::statics::invoke(target, descr, args!(count), is_known);
                        enter_invoked!(next, count, 0);
                    }
                    Opcode::INVOKE_CLOSURE => {
                        let descr = &code!().code().functions[at];
                        let (count, callee) = (descr.signature.params.len(), &code!().callees()[at]);
                        save_frame!();
                        let next = ops::statics::invoke_nested(peek!(count + 1), descr, callee, args!(count));
                        enter_invoked!(next, count, 1);
                    }
                    Opcode::LOAD_METHOD_STATIC => {
                        let (descr, callee) = (&code!().code().functions[at], &code!().callees()[at]);
                        let cache = cache!();
                        let target = outcall!(ops::callee::resolve_method(descr, callee, peek!(1), cache));
                        let receiver = pop_raw!();
                        push!(target);
                        push_raw!(receiver);
                    }
                    Opcode::INVOKE_METHOD => {
                        let descr = &code!().code().functions[at];
                        let (count, callee) = (descr.signature.params.len(), &code!().callees()[at]);
                        let extra = 1 + callee.unpassed();
                        save_frame!();
                        let (found, receiver) = (peek!(count + extra), peek!(count + extra - 1));
                        let target = attempt!(ops::callee::method(found, descr, callee, receiver));
                        let (args, cache) = (args!(count), cache!());
                        let next = ops::statics::invoke_method(target, descr, args, receiver, cache);
                        enter_invoked!(next, count, extra);
                    }
                    Opcode::TP_ALLOC => {
                        let ty = &code!().code().types[at];
                        push!(outcall!(ops::statics::allocate(ty, cache!())));
                    }
                    Opcode::LOAD_FIELD => {
                        let descr = &code!().code().fields[at];
                        let owner = pop!();
                        let cache = cache!();
                        push_raw!(outcall!(ops::statics::load_field(descr, &owner, cache)));
                        specialise!(ops::statics::load_form(word, cache));
                        ops::statics::join_load(code!(), index!());
                    }
                    Opcode::LOAD_FIELD_OBJECT | Opcode::LOAD_FIELD_FLOAT | Opcode::LOAD_FIELD_WORD => {
                        let (owner, cache) = (peek!(1), made_cache!(index!()));
                        // SAFETY: the checker has proved the owner's class, which has this field there.
                        match unsafe { ops::statics::field(word, owner, cache) } {
                            Some(value) => {
                                frame::release(owner);
                                forget_n!(1);
                                push_raw!(value);
                            }
                            None => generalise!(),
                        }
                    }
                    Opcode::LOAD_FAST_LOAD_FIELD => {
                        let (owner, next, cache) = (*local!(at), next!(), made_cache!(index!() + 1));
                        // SAFETY: as above, for the next instruction.
                        match unsafe { ops::statics::field(next, owner, cache) } {
                            Some(value) => {
                                push_raw!(value);
                                skip!();
                            }
                            None => push_raw!(frame::copy(owner)),
                        }
                    }
                    Opcode::STORE_FIELD => {
                        let descr = &code!().code().fields[at];
                        let owner = pop!();
                        let value = pop_raw!();
                        let cache = cache!();
                        outcall!(ops::statics::store_field(descr, &owner, value, cache));
                        specialise!(ops::statics::store_form(word, cache));
                    }
                    Opcode::STORE_FIELD_OBJECT | Opcode::STORE_FIELD_FLOAT | Opcode::STORE_FIELD_WORD => {
                        let (owner, value, cache) = (peek!(1), peek!(2), made_cache!(index!()));
                        save_place!();
                        // SAFETY: as in `LOAD_FIELD`; the value is of the field's type, and the stack owned it.
                        if unsafe { ops::statics::set_field(word, owner, value, cache) } {
                            frame::release(owner);
                            forget_n!(2);
                        } else {
                            generalise!();
                        }
                    }
                    Opcode::CAST => {
                        let cache = cache!();
                        outcall!(ops::statics::cast(&code!().code().types[at], peek!(1), cache));
                    }
                    Opcode::REFINE_TYPE => {}
                    Opcode::LOAD_TYPE => {
                        let value = pop!();
                        push!(value.ty().value().to_ref());
                    }
                    Opcode::LOAD_LOCAL => push_raw!(*local!(at)),
                    Opcode::STORE_LOCAL => {
                        let raw = pop_raw!();
                        let ty = code!().code().locals[at].ty;
                        specialise!((ty.size() == 8).then(|| word.with_opcode(Opcode::STORE_LOCAL_WORD)));
                        *local!(at) = ops::primitive::wrapped(ty, raw);
                    }
                    Opcode::STORE_LOCAL_WORD => *local!(at) = pop_raw!(),
                    Opcode::PRIMITIVE_LOAD_CONST => {
                        let value = ops::primitive::constant(&code!().code().consts[at]);
                        cache!().data.set(value.bits());
                        specialise!(Some(word.with_opcode(Opcode::PRIMITIVE_LOAD_CONST_WORD)));
                        push_raw!(value);
                    }
                    Opcode::PRIMITIVE_LOAD_CONST_WORD => {
                        push_raw!(ops::primitive::raw(made_cache!(index!()).data.get() as i64));
                    }
                    Opcode::PRIMITIVE_BOX => {
                        let raw = pop_raw!();
                        push!(ops::primitive::boxed(
                            TypeCode::from_operand(word.operand()).expect("verified"),
                            raw
                        ));
                    }
                    Opcode::PRIMITIVE_UNBOX => {
                        let value = pop!();
                        let code = TypeCode::from_operand(word.operand()).expect("verified");
                        push_raw!(outcall!(ops::primitive::unboxed(code, value.value())));
                    }
                    Opcode::CONVERT_PRIMITIVE => {
                        let (from, to) = word.halves();
                        let raw = pop_raw!();
                        push_raw!(ops::primitive::convert(from, to, raw));
                    }
                    Opcode::PRIMITIVE_BINARY_OP => {
                        specialise!(quicken::primitive_binary(word));
                        let b = pop_raw!();
                        let a = pop_raw!();
                        push_raw!(outcall!(ops::primitive::binary(word, a, b)));
                    }
                    Opcode::PRIMITIVE_ADD_WORD => primitive!(|a, b| a.wrapping_add(b)),
                    Opcode::PRIMITIVE_SUBTRACT_WORD => primitive!(|a, b| a.wrapping_sub(b)),
                    Opcode::PRIMITIVE_MULTIPLY_WORD => primitive!(|a, b| a.wrapping_mul(b)),
                    Opcode::PRIMITIVE_ADD_DOUBLE => double!(|a, b| a + b),
                    Opcode::PRIMITIVE_SUBTRACT_DOUBLE => double!(|a, b| a - b),
                    Opcode::PRIMITIVE_MULTIPLY_DOUBLE => double!(|a, b| a * b),
                    Opcode::PRIMITIVE_UNARY_OP => {
                        let a = pop_raw!();
                        push_raw!(ops::primitive::unary(word, a));
                    }
                    Opcode::PRIMITIVE_COMPARE_INT_JUMP => {
                        let (a, b) = (peek!(2).bits() as i64, peek!(1).bits() as i64);
                        forget_n!(2);
                        branch!(quicken::order(a, b) & at as u32 != 0);
                    }
                    Opcode::PRIMITIVE_COMPARE_DOUBLE_JUMP => {
                        let (a, b) = (f64::from_bits(peek!(2).bits()), f64::from_bits(peek!(1).bits()));
                        forget_n!(2);
                        branch!(quicken::order_of_doubles(a, b) & at as u32 != 0);
                    }
                    Opcode::PRIMITIVE_COMPARE_OP => {
                        specialise!(quicken::primitive_compare(word, next!()));
                        let b = pop_raw!();
                        let a = pop_raw!();
                        push_raw!(ops::primitive::compare(word, a, b));
                    }
                    Opcode::POP_JUMP_IF_ZERO => {
                        if pop_raw!().bits() == 0 {
                            jump!(at);
                        }
                    }
                    Opcode::POP_JUMP_IF_NONZERO => {
                        if pop_raw!().bits() != 0 {
                            jump!(at);
                        }
                    }
                    Opcode::POP_PRIMITIVE => {
                        let _ = pop_raw!();
                    }
                    Opcode::FAST_LEN => {
                        let container = pop!();
                        let len = outcall!(protocol::len(container.value()));
                        push_raw!(ops::primitive::raw(len as i64));
                    }
                    Opcode::SEQUENCE_GET => {
                        let index = pop_raw!();
                        let sequence = pop!();
                        specialise!(ops::statics::sequence_form(word, &sequence, cache!()));
                        push_raw!(outcall!(ops::statics::sequence_get(word, &sequence, index)));
                    }
                    Opcode::SEQUENCE_SET => {
                        let index = pop_raw!();
                        let sequence = pop!();
                        let value = pop_raw!();
                        specialise!(ops::statics::sequence_form(word, &sequence, cache!()));
                        outcall!(ops::statics::sequence_set(word, &sequence, index, value));
                    }
                    Opcode::SEQUENCE_GET_WORD => {
                        let sequence = peek!(2);
                        match ops::statics::word_place(sequence, peek!(1), made_cache!(index!())) {
                            Some(place) => {
                                let value = ops::primitive::raw(place.get() as i64);
                                frame::release(sequence);
                                forget_n!(2);
                                push_raw!(value);
                            }
                            None => generalise!(),
                        }
                    }
                    Opcode::SEQUENCE_SET_WORD => {
                        let sequence = peek!(2);
                        match ops::statics::word_place(sequence, peek!(1), made_cache!(index!())) {
                            Some(place) => {
                                place.set(peek!(3).bits());
                                frame::release(sequence);
                                forget_n!(3);
                            }
                            None => generalise!(),
                        }
                    }
                    rare::rare_opcode!() => rarely!(word),
                }
            }
        }
        // An exception is set: find its handler, here or in a caller that this loop runs.
        save_frame!();
        loop {
            // SAFETY: the frame is live; its operands are as the verifier says before the failing instruction, less what the
            // instruction has consumed.
            let unwound = if std::mem::take(&mut is_left) {
                unwind::Unwound::Leaves
            } else {
                // SAFETY: as above.
                unsafe { unwind::unwind(frame, std::mem::take(&mut is_reraising)) }
            };
            match unwound {
                unwind::Unwound::Handler => {
                    enter_frame!();
                    at_handler = hooks::is_hot(code!());
                    break;
                }
                unwind::Unwound::Leaves => {
                    // SAFETY: the frame has no operands left.
                    unsafe {
                        if (*frame).flags & IS_ENTRY != 0 {
                            crate::resume::leave_entry(frame);
                            return Err(Raised::assert_set());
                        }
                        if (*frame).flags & IS_EAGER != 0 {
                            eager::raises(frame);
                        }
                        let caller = (*frame).previous;
                        frame::pop(frame);
                        frame = caller;
                        if TRACED {
                            (*frame).flags |= HAS_BEGUN;
                        }
                    }
                }
            }
        }
    }
}
