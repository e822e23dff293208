//! The dispatch loop.
//!
//! `loop { match }` with the program counter, the stack pointer and the frame's tables in locals, so that they live in
//! registers. Calls between Python functions push a frame and go on in the same loop; only native code in between recurses. An
//! arm either finishes its instruction and continues, or leaves the match, which means that an exception is set.
//!
//! Every operand on the stack is owned, but for primitives, which are raw words (`bytecode::verify` proves which is which).

use std::cell::Cell;

use bytecode::{BinaryOp, CompareOp, Opcode, TypeCode, Word};
use runtime::objects::cell::CellObject;
use runtime::objects::{self, list::ListObject, tuple::TupleObject};
use runtime::protocol;
use runtime::value::{PyResult, Raised, Ref, Value};

use crate::entry::{Exit, fill_closure};
use crate::frame::{self, Frame, IS_ENTRY, IS_STARTED, WANTS_RAW};
use crate::{ops, unwind};

/// Runs `entry` and everything it calls until it returns, yields or raises. With `injected`, an exception is already set and
/// is raised at the current instruction.
///
/// # Safety
/// `entry` is the topmost frame, or a generator's frame that has been made the running one, with `IS_ENTRY` set.
#[allow(clippy::too_many_lines, clippy::cognitive_complexity, reason = "one arm per instruction")]
pub unsafe fn run(entry: *mut Frame, injected: Option<Raised>) -> PyResult<Exit> {
    let mut frame = entry;
    let mut is_raising = injected.is_some();
    let mut is_reraising = false;

    // Registers of the running frame.
    let mut words: *const Cell<Word>;
    let mut pc: *const Cell<Word>;
    let mut sp: *mut Value;
    let mut locals: *mut Value;
    let mut consts: *const Ref;
    let mut names: *const Ref;

    // SAFETY (for the whole loop): `frame` is live and owns its code, so that its tables are; the verifier has proved that
    // operands index into them, that the stack stays within the frame, and which of its words are owned objects.
    macro_rules! enter_frame {
        () => {
            // SAFETY: see above.
            unsafe {
                let code = &*(*frame).code;
                words = code.words().as_ptr();
                pc = words.add((*frame).instruction as usize);
                locals = Frame::locals(frame);
                sp = Frame::operands(frame).add((*frame).operands as usize);
                consts = code.consts().as_ptr();
                names = code.names().as_ptr();
            }
        };
    }
    macro_rules! save_frame {
        () => {
            // SAFETY: see `enter_frame`.
            unsafe {
                (*frame).instruction = pc.offset_from(words) as u32;
                (*frame).operands = sp.offset_from(Frame::operands(frame)) as u32;
            }
        };
    }
    macro_rules! push_raw {
        ($value:expr) => {{
            let value: Value = $value;
            // SAFETY: see `enter_frame`.
            unsafe {
                *sp = value;
                sp = sp.add(1);
            }
        }};
    }
    macro_rules! push {
        ($value:expr) => {
            push_raw!(Ref::into_value($value))
        };
    }
    macro_rules! pop_raw {
        () => {
            // SAFETY: see `enter_frame`.
            unsafe {
                sp = sp.sub(1);
                *sp
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
        ($depth:expr) => {
            // SAFETY: see `enter_frame`.
            unsafe { *sp.sub($depth) }
        };
    }
    macro_rules! args {
        ($count:expr) => {
            // SAFETY: see `enter_frame`.
            unsafe { std::slice::from_raw_parts(sp.sub($count), $count) }
        };
    }
    macro_rules! drop_n {
        ($count:expr) => {
            for _ in 0..$count {
                frame::release(pop_raw!());
            }
        };
    }
    macro_rules! local {
        ($slot:expr) => {
            // SAFETY: see `enter_frame`.
            unsafe { &mut *locals.add($slot) }
        };
    }
    macro_rules! name {
        ($at:expr) => {
            // SAFETY: see `enter_frame`.
            unsafe { (*names.add($at)).value() }
        };
    }
    macro_rules! code {
        () => {
            // SAFETY: see `enter_frame`.
            unsafe { &*(*frame).code }
        };
    }
    macro_rules! cache {
        () => {{
            // SAFETY: see `enter_frame`.
            let at = unsafe { pc.offset_from(words) } as usize - 1;
            &code!().caches()[at]
        }};
    }
    macro_rules! jump {
        ($to:expr) => {
            // SAFETY: see `enter_frame`.
            pc = unsafe { words.add($to) }
        };
    }

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
            // Saves the place for whoever walks the frames, then runs something that may raise or run Python code.
            macro_rules! outcall {
                ($result:expr) => {{
                    save_frame!();
                    attempt!($result)
                }};
            }
            loop {
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
                    Opcode::LOAD_CONST => push!(unsafe { (*consts.add(at)).clone() }),
                    Opcode::LOAD_FAST => push!(local!(at).to_ref()),
                    Opcode::LOAD_FAST_LOAD_FAST => {
                        let (first, second) = word.halves();
                        push!(local!(first).to_ref());
                        push!(local!(second).to_ref());
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
                    Opcode::DELETE_FAST => {
                        let old = std::mem::replace(local!(at), Value::NULL);
                        if old.is_null() {
                            let _raised = runtime::error::unbound_local(&code!().code().locals[at].name);
                            break 'raised;
                        }
                        frame::release(old);
                    }
                    Opcode::MAKE_CELL => {
                        let old = std::mem::replace(local!(at), Value::NULL);
                        // SAFETY: the slot owned its value.
                        let contents = old.non_null().map(|value| unsafe { Ref::from_owned(value) });
                        *local!(at) = CellObject::new(contents).into_ref().into_value();
                    }
                    Opcode::COPY_FREE_VARS => {
                        if let Some(function) = frame::function_of(frame) {
                            let (code, closure) = (code!(), function.closure.raw());
                            // SAFETY: the slots of free variables are null at function entry.
                            unsafe { fill_closure(frame, code, closure) };
                        }
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
                    Opcode::DELETE_DEREF => attempt!(ops::name::delete_deref(code!(), at, *local!(at))),

                    // --- Names ---
                    Opcode::LOAD_GLOBAL => {
                        let cache = cache!();
                        let value = match ops::name::cached_global(frame, name!(at), cache) {
                            Some(value) => value.to_ref(),
                            None => outcall!(ops::name::load_global(frame, name!(at), cache)),
                        };
                        push!(value);
                    }
                    Opcode::STORE_GLOBAL => {
                        let (value, key) = (pop!(), name!(at));
                        // SAFETY: see `enter_frame`.
                        unsafe { (*(*frame).globals).set_str(key, value) };
                    }
                    Opcode::DELETE_GLOBAL => attempt!(ops::name::delete_global(frame, name!(at))),
                    Opcode::LOAD_NAME => {
                        let value = outcall!(ops::name::load_name(frame, name!(at)));
                        push!(value);
                    }
                    Opcode::STORE_NAME => {
                        let value = pop!();
                        outcall!(ops::name::store_name(frame, name!(at), value));
                    }
                    Opcode::DELETE_NAME => outcall!(ops::name::delete_name(frame, name!(at))),
                    Opcode::LOAD_LOCALS => push!(outcall!(frame::current_locals())),
                    Opcode::LOAD_FROM_DICT_OR_DEREF => {
                        let mapping = pop!();
                        let value =
                            outcall!(ops::name::from_dict_or_deref(&mapping, code!(), at, *local!(at)));
                        push!(value);
                    }
                    Opcode::LOAD_FROM_DICT_OR_GLOBALS => {
                        let mapping = pop!();
                        let value = outcall!(ops::name::from_dict_or_globals(&mapping, frame, name!(at)));
                        push!(value);
                    }
                    Opcode::LOAD_BUILD_CLASS => push!(outcall!(ops::name::build_class(frame))),
                    Opcode::LOAD_ASSERTION_ERROR => {
                        push!(runtime::error::types::AssertionError.value().to_ref());
                    }
                    Opcode::SETUP_ANNOTATIONS => outcall!(ops::name::setup_annotations(frame)),

                    // --- Attributes and items ---
                    Opcode::LOAD_ATTR => {
                        let owner = pop!();
                        let value = outcall!(protocol::get_attr(owner.value(), name!(at)));
                        push!(value);
                    }
                    Opcode::STORE_ATTR => {
                        let owner = pop!();
                        let value = pop!();
                        outcall!(protocol::set_attr(owner.value(), name!(at), value.value()));
                    }
                    Opcode::DELETE_ATTR => {
                        let owner = pop!();
                        outcall!(protocol::del_attr(owner.value(), name!(at)));
                    }
                    Opcode::LOAD_METHOD => {
                        let owner = pop!();
                        match outcall!(protocol::get_method(owner.value(), name!(at))) {
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
                    Opcode::LOAD_SUPER_ATTR | Opcode::LOAD_SUPER_METHOD => {
                        let receiver = pop!();
                        let class = pop!();
                        let function = pop!();
                        let value = outcall!(ops::name::load_super(
                            function.value(),
                            class.value(),
                            receiver.value(),
                            name!(at)
                        ));
                        push!(value);
                        if word.opcode() == Opcode::LOAD_SUPER_METHOD {
                            push_raw!(Value::NULL);
                        }
                    }
                    Opcode::BINARY_SUBSCR => {
                        let key = pop!();
                        let container = pop!();
                        let value = match ops::item::list_item(container.value(), key.value()) {
                            Some(value) => value,
                            None => outcall!(protocol::get_item(container.value(), key.value())),
                        };
                        push!(value);
                    }
                    Opcode::STORE_SUBSCR => {
                        let key = pop!();
                        let container = pop!();
                        let value = pop!();
                        outcall!(protocol::set_item(container.value(), key.value(), value.value()));
                    }
                    Opcode::DELETE_SUBSCR => {
                        let key = pop!();
                        let container = pop!();
                        outcall!(protocol::del_item(container.value(), key.value()));
                    }
                    Opcode::BINARY_SLICE => {
                        let stop = pop!();
                        let start = pop!();
                        let container = pop!();
                        let value =
                            outcall!(protocol::get_slice(container.value(), start.value(), stop.value()));
                        push!(value);
                    }
                    Opcode::STORE_SLICE => {
                        let stop = pop!();
                        let start = pop!();
                        let container = pop!();
                        let value = pop!();
                        outcall!(ops::item::store_slice(&container, start, stop, &value));
                    }

                    // --- Operators ---
                    Opcode::BINARY_OP | Opcode::BINARY_OP_INPLACE => {
                        let (a, b) = (peek!(2), peek!(1));
                        let op = BinaryOp::from_operand(word.operand()).expect("verified");
                        if let Some(value) = ops::arithmetic::small(op, a, b) {
                            // Small ints are not counted.
                            // SAFETY: see `enter_frame`.
                            sp = unsafe { sp.sub(2) };
                            push_raw!(value);
                        } else {
                            let b = pop!();
                            let a = pop!();
                            let is_inplace = word.opcode() == Opcode::BINARY_OP_INPLACE;
                            let value = outcall!(ops::arithmetic::general(op, &a, &b, is_inplace));
                            push!(value);
                        }
                    }
                    Opcode::COMPARE_OP => {
                        let (a, b) = (peek!(2), peek!(1));
                        let op = CompareOp::from_operand(word.operand()).expect("verified");
                        if let (Some(x), Some(y)) = (a.as_small(), b.as_small()) {
                            // SAFETY: see `enter_frame`.
                            sp = unsafe { sp.sub(2) };
                            push!(objects::bool(ops::arithmetic::compare_small(op, x, y)).to_ref());
                        } else {
                            let b = pop!();
                            let a = pop!();
                            let value = outcall!(protocol::compare(op, a.value(), b.value()));
                            push!(value);
                        }
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
                    Opcode::UNARY_POSITIVE => {
                        let value = pop!();
                        push!(outcall!(protocol::positive(value.value())));
                    }
                    Opcode::UNARY_INVERT => {
                        let value = pop!();
                        push!(outcall!(protocol::invert(value.value())));
                    }
                    Opcode::UNARY_NOT => {
                        let value = pop!();
                        let truth = outcall!(protocol::is_true(value.value()));
                        push!(objects::bool(!truth).to_ref());
                    }

                    // --- Control ---
                    Opcode::JUMP => jump!(at),
                    Opcode::JUMP_BACKWARD => {
                        jump!(at);
                        if ops::control::has_pending() {
                            outcall!(ops::control::serve_pending());
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
                    Opcode::POP_JUMP_IF_NONE => {
                        if objects::is_none(pop!().value()) {
                            jump!(at);
                        }
                    }
                    Opcode::POP_JUMP_IF_NOT_NONE => {
                        if !objects::is_none(pop!().value()) {
                            jump!(at);
                        }
                    }
                    Opcode::RETURN_VALUE | Opcode::RETURN_PRIMITIVE => {
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
                        if flags & IS_ENTRY != 0 {
                            // SAFETY: the frame is the topmost one.
                            unsafe {
                                crate::resume::leave_entry(frame);
                                return Ok(Exit::Returned(Ref::from_owned(result)));
                            }
                        }
                        // SAFETY: the frame is the topmost one and has a caller in this loop.
                        unsafe {
                            let caller = (*frame).previous;
                            frame::pop(frame);
                            frame = caller;
                        }
                        enter_frame!();
                        push_raw!(result);
                    }
                    Opcode::GET_ITER => {
                        let iterable = pop!();
                        push!(outcall!(protocol::get_iter(iterable.value())));
                    }
                    Opcode::FOR_ITER => {
                        let iterator = peek!(1);
                        match outcall!(protocol::iter_next(iterator)) {
                            Some(item) => push!(item),
                            None => {
                                frame::release(pop_raw!());
                                jump!(at);
                            }
                        }
                    }
                    Opcode::GET_LEN => {
                        let len = outcall!(protocol::len(peek!(1)));
                        push!(objects::int::from_i64(len as i64));
                    }

                    // --- Calls ---
                    Opcode::CALL => {
                        let callable = peek!(at + 1);
                        if let Some(function) = ops::call::simple_function(callable, at) {
                            save_frame!();
                            let next = attempt!(ops::call::push_frame(function, args!(at)));
                            // The arguments and the callable have moved into the new frame.
                            // SAFETY: see `enter_frame`.
                            unsafe { (*frame).operands -= at as u32 + 1 };
                            frame = next;
                            enter_frame!();
                        } else {
                            let result = outcall!(protocol::call(callable, args!(at), None));
                            drop_n!(at + 1);
                            push!(result);
                        }
                    }
                    Opcode::CALL_METHOD => {
                        let is_bound = peek!(at + 1).is_null();
                        let callable = peek!(at + 2);
                        let count = at + !is_bound as usize;
                        if let Some(function) = ops::call::simple_function(callable, count) {
                            save_frame!();
                            let next = attempt!(ops::call::push_frame(function, args!(count)));
                            // SAFETY: see `enter_frame`.
                            unsafe { (*frame).operands -= at as u32 + 2 };
                            frame = next;
                            enter_frame!();
                        } else {
                            let result = outcall!(protocol::call(callable, args!(count), None));
                            drop_n!(at + 2);
                            push!(result);
                        }
                    }
                    Opcode::CALL_KW => {
                        let kwnames = pop!();
                        let callable = peek!(at + 1);
                        let result = outcall!(protocol::call(callable, args!(at), Some(kwnames.value())));
                        drop_n!(at + 1);
                        push!(result);
                    }
                    Opcode::CALL_METHOD_KW => {
                        let kwnames = pop!();
                        let callable = peek!(at + 2);
                        let count = at + !peek!(at + 1).is_null() as usize;
                        let result = outcall!(protocol::call(callable, args!(count), Some(kwnames.value())));
                        drop_n!(at + 2);
                        push!(result);
                    }
                    Opcode::CALL_FUNCTION_EX => {
                        let keywords = pop_raw!();
                        let positional = pop!();
                        let callable = pop!();
                        // SAFETY: the word was owned.
                        let keywords = keywords.non_null().map(|value| unsafe { Ref::from_owned(value) });
                        push!(outcall!(ops::call::call_ex(
                            callable.value(),
                            positional.value(),
                            keywords.as_ref().map(Ref::value)
                        )));
                    }
                    Opcode::CALL_INTRINSIC => {
                        let intrinsic = bytecode::Intrinsic::from_operand(word.operand()).expect("verified");
                        let count = intrinsic.arity() as usize;
                        let result = outcall!(ops::intrinsic::call(intrinsic, args!(count), frame));
                        drop_n!(count);
                        push!(result);
                    }
                    Opcode::MAKE_FUNCTION => {
                        let code = pop!();
                        push!(ops::call::make_function(&code, frame));
                    }
                    Opcode::SET_FUNCTION_ATTRIBUTE => {
                        let function = pop!();
                        let attribute = pop!();
                        ops::call::set_attribute(&function, at, attribute);
                        push!(function);
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
                    Opcode::BUILD_SET => {
                        let set = outcall!(ops::collection::build_set(args!(at)));
                        drop_n!(at);
                        push!(set);
                    }
                    Opcode::BUILD_MAP => {
                        let dict = outcall!(ops::collection::build_map(args!(2 * at)));
                        drop_n!(2 * at);
                        push!(dict);
                    }
                    Opcode::BUILD_SLICE => {
                        let slice = ops::item::build_slice(args!(at));
                        drop_n!(at);
                        push!(slice);
                    }
                    Opcode::BUILD_STRING => {
                        let text = outcall!(ops::string::concat(args!(at)));
                        drop_n!(at);
                        push!(text);
                    }
                    Opcode::LIST_APPEND => {
                        let item = pop!();
                        ops::collection::list(peek!(at)).push(item);
                    }
                    Opcode::SET_ADD => {
                        let item = pop!();
                        outcall!(ops::collection::set_add(peek!(at), &item));
                    }
                    Opcode::MAP_ADD => {
                        let value = pop!();
                        let key = pop!();
                        outcall!(ops::collection::map_add(peek!(at), &key, value));
                    }
                    Opcode::LIST_EXTEND => {
                        let items = pop!();
                        outcall!(ops::collection::list_extend(peek!(at), &items));
                    }
                    Opcode::SET_UPDATE => {
                        let items = pop!();
                        outcall!(ops::collection::set_update(peek!(at), &items));
                    }
                    Opcode::DICT_UPDATE => {
                        let mapping = pop!();
                        outcall!(ops::collection::dict_update(peek!(at), &mapping));
                    }
                    Opcode::DICT_MERGE => {
                        let mapping = pop!();
                        outcall!(ops::collection::dict_merge(peek!(at), &mapping, peek!(at + 2)));
                    }
                    Opcode::UNPACK_SEQUENCE => {
                        let sequence = pop!();
                        let items = outcall!(protocol::unpack(sequence.value(), at, None));
                        for item in items.into_iter().rev() {
                            push!(item);
                        }
                    }
                    Opcode::UNPACK_EX => {
                        let (before, after) = word.halves();
                        let sequence = pop!();
                        let items = outcall!(protocol::unpack(sequence.value(), before, Some(after)));
                        for item in items.into_iter().rev() {
                            push!(item);
                        }
                    }

                    // --- Strings ---
                    Opcode::FORMAT_SIMPLE => {
                        let value = pop!();
                        push!(outcall!(ops::string::format(&value, None)));
                    }
                    Opcode::FORMAT_WITH_SPEC => {
                        let spec = pop!();
                        let value = pop!();
                        push!(outcall!(ops::string::format(&value, Some(&spec))));
                    }
                    Opcode::CONVERT_VALUE => {
                        let value = pop!();
                        push!(outcall!(ops::string::convert(&value, at)));
                    }

                    // --- Patterns ---
                    Opcode::MATCH_MAPPING => {
                        let is_mapping = outcall!(ops::pattern::is_mapping(peek!(1)));
                        push!(objects::bool(is_mapping).to_ref());
                    }
                    Opcode::MATCH_SEQUENCE => {
                        let is_sequence = outcall!(ops::pattern::is_sequence(peek!(1)));
                        push!(objects::bool(is_sequence).to_ref());
                    }
                    Opcode::MATCH_KEYS => {
                        let values = outcall!(ops::pattern::match_keys(peek!(2), peek!(1)));
                        push!(values);
                    }
                    Opcode::MATCH_CLASS => {
                        let names = pop!();
                        let class = pop!();
                        let subject = pop!();
                        push!(outcall!(ops::pattern::match_class(&subject, &class, at, &names)));
                    }

                    // --- Exceptions and context managers ---
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
                        break 'raised;
                    }
                    Opcode::RERAISE => {
                        let exception = pop!();
                        let _raised = runtime::error::exception::restore(exception);
                        is_reraising = true;
                        break 'raised;
                    }
                    Opcode::PUSH_EXC_INFO => {
                        let exception = pop_raw!();
                        push_raw!(ops::exception::exchange_handled(exception.to_ref().into_value()));
                        push_raw!(exception);
                    }
                    Opcode::POP_EXCEPT => {
                        let previous = pop_raw!();
                        frame::release(ops::exception::exchange_handled(previous));
                    }
                    Opcode::CHECK_EXC_MATCH => {
                        let class = pop!();
                        let is_match = outcall!(runtime::error::matches(peek!(1), class.value()));
                        push!(objects::bool(is_match).to_ref());
                    }
                    Opcode::CHECK_EG_MATCH => {
                        let class = pop!();
                        let exception = pop!();
                        let (rest, matched) = outcall!(ops::exception::match_group(&exception, &class));
                        push!(rest);
                        push!(matched);
                    }
                    Opcode::BEFORE_WITH => {
                        let manager = pop!();
                        let (exit, entered) = outcall!(ops::exception::enter(&manager));
                        push!(exit);
                        push!(entered);
                    }
                    Opcode::WITH_EXCEPT_START => {
                        let result = outcall!(ops::exception::call_exit(peek!(3), peek!(1)));
                        push!(result);
                    }

                    // --- Imports ---
                    Opcode::IMPORT_NAME => {
                        let wanted = pop!();
                        let level = pop!();
                        push!(outcall!(ops::name::import(
                            // SAFETY: see `enter_frame`.
                            unsafe { &*(*frame).globals },
                            name!(at),
                            wanted.value(),
                            level.value()
                        )));
                    }
                    Opcode::IMPORT_FROM => {
                        let value = outcall!(protocol::import::import_from(peek!(1), name!(at)));
                        push!(value);
                    }

                    // --- Generators ---
                    Opcode::RETURN_GENERATOR => {
                        save_frame!();
                        // SAFETY: the frame is the topmost one and its operand stack is empty.
                        let generator = unsafe {
                            let caller = (*frame).previous;
                            let flags = (*frame).flags;
                            let generator = crate::resume::make_generator(frame);
                            if flags & IS_ENTRY != 0 {
                                return Ok(Exit::Returned(generator));
                            }
                            frame = caller;
                            generator
                        };
                        enter_frame!();
                        push!(generator);
                    }
                    Opcode::YIELD_VALUE => {
                        let value = pop!();
                        save_frame!();
                        // SAFETY: generator frames are entry frames and leave the loop when they yield.
                        unsafe {
                            (*frame).flags |= IS_STARTED;
                            debug_assert!((*frame).flags & IS_ENTRY != 0);
                        }
                        return Ok(Exit::Yielded(value));
                    }
                    Opcode::GET_YIELD_FROM_ITER => {
                        let iterable = pop!();
                        push!(outcall!(crate::resume::yield_from_iterator(iterable, code!())));
                    }
                    Opcode::SEND => {
                        let value = pop!();
                        match outcall!(crate::resume::send(peek!(1), &value)) {
                            Ok(yielded) => push!(yielded),
                            Err(returned) => {
                                push!(returned);
                                jump!(at);
                            }
                        }
                    }
                    Opcode::END_SEND => {
                        let value = pop_raw!();
                        frame::release(pop_raw!());
                        push_raw!(value);
                    }
                    Opcode::CLEANUP_THROW => {
                        let exception = pop!();
                        let last_sent = pop!();
                        drop(last_sent);
                        let value = outcall!(crate::resume::cleanup_throw(exception));
                        push!(value);
                    }

                    // --- Static Python ---
                    Opcode::CHECK_ARGS => {
                        // SAFETY: the parameters are bound and boxed.
                        outcall!(unsafe { ops::statics::check_args(frame) });
                    }
                    Opcode::INVOKE_FUNCTION => {
                        let descr = &code!().code().functions[at];
                        let count = descr.signature.params.len();
                        let cached = ops::statics::cached_callee(cache!());
                        let target = match cached {
                            Some(target) => target.to_ref(),
                            None => outcall!(ops::statics::resolve_callee(descr, cache!())),
                        };
                        save_frame!();
                        match attempt!(ops::statics::invoke(target, descr, args!(count), cached.is_some())) {
                            ops::statics::Invoked::Frame(next) => {
                                // SAFETY: see `enter_frame`.
                                unsafe { (*frame).operands -= count as u32 };
                                frame = next;
                                enter_frame!();
                            }
                            ops::statics::Invoked::Result(result) => {
                                // SAFETY: the arguments have been consumed.
                                sp = unsafe { sp.sub(count) };
                                push_raw!(result);
                            }
                        }
                    }
                    Opcode::LOAD_METHOD_STATIC => {
                        let descr = &code!().code().functions[at];
                        let target = outcall!(ops::statics::resolve_method(descr, peek!(1), cache!()));
                        let receiver = pop_raw!();
                        push!(target);
                        push_raw!(receiver);
                    }
                    Opcode::INVOKE_METHOD => {
                        let descr = &code!().code().functions[at];
                        let count = descr.signature.params.len();
                        save_frame!();
                        let target = peek!(count + 1).to_ref();
                        match attempt!(ops::statics::invoke(target, descr, args!(count), false)) {
                            ops::statics::Invoked::Frame(next) => {
                                // SAFETY: the callable below the arguments is released, then all are off the stack.
                                unsafe {
                                    frame::release(*sp.sub(count + 1));
                                    (*frame).operands -= count as u32 + 1;
                                }
                                frame = next;
                                enter_frame!();
                            }
                            ops::statics::Invoked::Result(result) => {
                                // SAFETY: the arguments have been consumed.
                                sp = unsafe { sp.sub(count) };
                                frame::release(pop_raw!());
                                push_raw!(result);
                            }
                        }
                    }
                    Opcode::BUILD_STATIC_CLASS => {
                        frame::release(pop_raw!());
                        let bases = pop!();
                        let body = pop!();
                        let decl = &code!().code().classes[at];
                        push!(outcall!(ops::statics::build_class(decl, &body, &bases)));
                    }
                    Opcode::TP_ALLOC => push!(outcall!(ops::statics::allocate(&code!().code().types[at]))),
                    Opcode::LOAD_FIELD => {
                        let descr = &code!().code().fields[at];
                        let owner = pop!();
                        let cache = cache!();
                        push_raw!(outcall!(ops::statics::load_field(descr, &owner, cache)));
                    }
                    Opcode::STORE_FIELD => {
                        let descr = &code!().code().fields[at];
                        let owner = pop!();
                        let value = pop_raw!();
                        let cache = cache!();
                        outcall!(ops::statics::store_field(descr, &owner, value, cache));
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
                    Opcode::LOAD_CLASS => {
                        push!(outcall!(ops::statics::load_class(&code!().code().types[at])))
                    }
                    Opcode::LOAD_LOCAL => push_raw!(*local!(at)),
                    Opcode::STORE_LOCAL => {
                        let raw = pop_raw!();
                        *local!(at) = ops::primitive::wrapped(code!().code().locals[at].ty, raw);
                    }
                    Opcode::PRIMITIVE_LOAD_CONST => {
                        push_raw!(ops::primitive::constant(&code!().code().consts[at]))
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
                        let b = pop_raw!();
                        let a = pop_raw!();
                        push_raw!(outcall!(ops::primitive::binary(word, a, b)));
                    }
                    Opcode::PRIMITIVE_UNARY_OP => {
                        let a = pop_raw!();
                        push_raw!(ops::primitive::unary(word, a));
                    }
                    Opcode::PRIMITIVE_COMPARE_OP => {
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
                        push_raw!(outcall!(ops::statics::sequence_get(word, &sequence, index)));
                    }
                    Opcode::SEQUENCE_SET => {
                        let index = pop_raw!();
                        let sequence = pop!();
                        let value = pop_raw!();
                        outcall!(ops::statics::sequence_set(word, &sequence, index, value));
                    }
                    Opcode::LIST_DEL => {
                        let index = pop_raw!();
                        let list = pop!();
                        outcall!(ops::statics::list_del(&list, index));
                    }
                    Opcode::BUILD_CHECKED_LIST | Opcode::BUILD_CHECKED_MAP => {
                        let items = pop!();
                        push!(outcall!(ops::statics::build_checked(&code!().code().types[at], &items)));
                    }
                    Opcode::BUILD_ARRAY => {
                        let len = pop_raw!();
                        push!(outcall!(ops::statics::build_array(&code!().code().types[at], len)));
                    }
                    other => {
                        let what = format!("the instruction {}", other.name());
                        let _raised = runtime::error::not_supported(&what);
                        break 'raised;
                    }
                }
            }
        }
        // An exception is set: find its handler, here or in a caller that this loop runs.
        save_frame!();
        loop {
            // SAFETY: the frame is live; its operands are as the verifier says before the failing instruction, less what the
            // instruction has consumed.
            match unsafe { unwind::unwind(frame, std::mem::take(&mut is_reraising)) } {
                unwind::Unwound::Handler => {
                    enter_frame!();
                    break;
                }
                unwind::Unwound::Leaves => {
                    // SAFETY: the frame has no operands left.
                    unsafe {
                        if (*frame).flags & IS_ENTRY != 0 {
                            crate::resume::leave_entry(frame);
                            return Err(Raised::assert_set());
                        }
                        let caller = (*frame).previous;
                        frame::pop(frame);
                        frame = caller;
                    }
                }
            }
        }
    }
}
