//! Instructions that are not worth a place in the dispatch loop: their work dwarfs a call.
//!
//! Keeping them out keeps the loop's registers free. The loop saves its place and stack, calls [`execute`], and takes the
//! stack as it finds it afterwards, whether the instruction has succeeded or not.

use bytecode::{Intrinsic, Opcode, Word};
use runtime::objects;
use runtime::objects::cell::CellObject;
use runtime::objects::code::CodeObject;
use runtime::protocol::{self, awaiting};
use runtime::thread::thread;
use runtime::value::{PyResult, Ref, Value};

use crate::entry::fill_closure;
use crate::frame::{self, Frame};
use crate::ops;

/// Whether the exception that is set passes this instruction with its traceback entry for this frame: it is raised again. A bare `raise` with
/// nothing to raise makes an exception of its own, which is not the one that is handled.
pub fn reraises(word: Word) -> bool {
    match word.opcode() {
        Opcode::END_ASYNC_FOR | Opcode::CLEANUP_THROW | Opcode::RERAISE => true,
        Opcode::RAISE_VARARGS if word.index() == 0 => {
            let raised = thread().peek_raised();
            raised.is_some() && raised == thread().handled_exception()
        }
        _ => false,
    }
}

/// Whether a signal may raise behind an instruction. Where the handling of an exception or a `with` statement has just begun it may not: the
/// handler that ends them covers what follows.
pub(crate) fn is_interruptible(word: Word) -> bool {
    !matches!(word.opcode(), Opcode::PUSH_EXC_INFO | Opcode::BEFORE_WITH | Opcode::BEFORE_ASYNC_WITH)
}

/// The operand stack of the running frame.
struct Stack {
    frame: *mut Frame,
    top: *mut Value,
}

// SAFETY (for all methods): the frame is live, the verifier has proved that the stack stays within it and that the entries which
// these instructions touch are owned objects, unless an instruction says otherwise.
impl Stack {
    fn push_raw(&mut self, value: Value) {
        // SAFETY: see above.
        unsafe {
            *self.top = value;
            self.top = self.top.add(1);
        }
    }

    fn push(&mut self, value: Ref) {
        self.push_raw(value.into_value());
    }

    fn push_bool(&mut self, truth: bool) {
        self.push(objects::bool(truth).to_ref());
    }

    fn pop_raw(&mut self) -> Value {
        // SAFETY: see above.
        unsafe {
            self.top = self.top.sub(1);
            *self.top
        }
    }

    fn pop_nullable(&mut self) -> Option<Ref> {
        let value = self.pop_raw().non_null()?;
        // SAFETY: see above.
        Some(unsafe { Ref::from_owned(value) })
    }

    fn pop(&mut self) -> Ref {
        let value = self.pop_raw();
        // SAFETY: see above.
        unsafe { Ref::from_owned(value) }
    }

    fn peek(&self, depth: usize) -> Value {
        // SAFETY: see above.
        unsafe { *self.top.sub(depth) }
    }

    fn args<'a>(&self, count: usize) -> &'a [Value] {
        // SAFETY: see above; callers drop the entries after the last use.
        unsafe { std::slice::from_raw_parts(self.top.sub(count), count) }
    }

    fn drop_n(&mut self, count: usize) {
        for _ in 0..count {
            frame::release(self.pop_raw());
        }
    }

    /// Calls the entry at a depth with the topmost ones, and takes everything up to it off.
    fn call(&mut self, depth: usize, count: usize, names: Option<&Ref>) -> PyResult<()> {
        let names = names.map(Ref::value);
        // SAFETY: the frame is the running one, and saved.
        let called = unsafe { ops::call::call(self.frame, self.peek(depth), self.args(count), names) }?;
        self.drop_n(depth);
        if let Some(result) = called {
            self.push(result);
        }
        Ok(())
    }

    fn code<'a>(&self) -> &'a CodeObject {
        // SAFETY: the frame keeps its code alive.
        unsafe { &*(*self.frame).code }
    }

    fn name(&self, at: usize) -> Value {
        self.code().names()[at].value()
    }

    fn local(&self, at: usize) -> Value {
        // SAFETY: see above.
        unsafe { *Frame::locals(self.frame).add(at) }
    }

    /// Replaces a local and hands the old word over.
    fn set_local(&self, at: usize, value: Value) -> Value {
        // SAFETY: see above.
        unsafe { std::ptr::replace(Frame::locals(self.frame).add(at), value) }
    }
}

/// The pattern of the instructions that [`execute`] runs. The loop names all of its own, so that the compiler can tell that none is missing.
macro_rules! rare_opcode {
    () => {
        Opcode::DELETE_FAST
            | Opcode::CLEAR_FAST
            | Opcode::MAKE_CELL
            | Opcode::COPY_FREE_VARS
            | Opcode::DELETE_DEREF
            | Opcode::DELETE_GLOBAL
            | Opcode::LOAD_NAME
            | Opcode::STORE_NAME
            | Opcode::DELETE_NAME
            | Opcode::LOAD_LOCALS
            | Opcode::LOAD_FROM_DICT_OR_DEREF
            | Opcode::LOAD_FROM_DICT_OR_GLOBALS
            | Opcode::LOAD_BUILD_CLASS
            | Opcode::LOAD_ASSERTION_ERROR
            | Opcode::SETUP_ANNOTATIONS
            | Opcode::DELETE_ATTR
            | Opcode::LOAD_SUPER_ATTR
            | Opcode::LOAD_SUPER_METHOD
            | Opcode::DELETE_SUBSCR
            | Opcode::BINARY_SLICE
            | Opcode::STORE_SLICE
            | Opcode::UNARY_POSITIVE
            | Opcode::UNARY_INVERT
            | Opcode::GET_LEN
            | Opcode::CALL_KW
            | Opcode::CALL_METHOD_KW
            | Opcode::CALL_FUNCTION_EX
            | Opcode::CALL_INTRINSIC
            | Opcode::MAKE_FUNCTION
            | Opcode::SET_FUNCTION_ATTRIBUTE
            | Opcode::BUILD_SET
            | Opcode::BUILD_MAP
            | Opcode::BUILD_SLICE
            | Opcode::BUILD_STRING
            | Opcode::SET_ADD
            | Opcode::MAP_ADD
            | Opcode::LIST_EXTEND
            | Opcode::SET_UPDATE
            | Opcode::DICT_UPDATE
            | Opcode::DICT_MERGE
            | Opcode::UNPACK_EX
            | Opcode::FORMAT_SIMPLE
            | Opcode::FORMAT_WITH_SPEC
            | Opcode::CONVERT_VALUE
            | Opcode::BUILD_INTERPOLATION
            | Opcode::BUILD_TEMPLATE
            | Opcode::MATCH_MAPPING
            | Opcode::MATCH_SEQUENCE
            | Opcode::MATCH_KEYS
            | Opcode::MATCH_CLASS
            | Opcode::PUSH_EXC_INFO
            | Opcode::POP_EXCEPT
            | Opcode::CHECK_EXC_MATCH
            | Opcode::CHECK_EG_MATCH
            | Opcode::BEFORE_WITH
            | Opcode::WITH_EXCEPT_START
            | Opcode::IMPORT_NAME
            | Opcode::IMPORT_FROM
            | Opcode::GET_YIELD_FROM_ITER
            | Opcode::END_SEND
            | Opcode::CLEANUP_THROW
            | Opcode::GET_AWAITABLE
            | Opcode::GET_AITER
            | Opcode::GET_ANEXT
            | Opcode::END_ASYNC_FOR
            | Opcode::BEFORE_ASYNC_WITH
            | Opcode::CHECK_ARGS
            | Opcode::BUILD_STATIC_CLASS
            | Opcode::LOAD_CLASS
            | Opcode::LIST_DEL
            | Opcode::BUILD_CHECKED_LIST
            | Opcode::BUILD_CHECKED_MAP
            | Opcode::BUILD_ARRAY
            | Opcode::VECTOR_APPEND
            | Opcode::VECTOR_POP
            | Opcode::INVOKE_NATIVE
            | Opcode::HAS_OWN_DEFAULTS
            | Opcode::LOAD_DEFAULT
    };
}
pub(crate) use rare_opcode;

/// Runs one instruction of the running frame; calls may leave the callee's frame on top of it.
///
/// # Safety
/// `frame` is the running frame; its place and its operands are saved.
#[inline(never)]
pub(crate) unsafe fn execute(frame: *mut Frame, word: Word) -> PyResult<()> {
    // SAFETY: the contract.
    let top = unsafe { Frame::operands(frame).add((*frame).operands as usize) };
    let mut stack = Stack { frame, top };
    let done = step(&mut stack, word);
    // SAFETY: the contract; the stack is within the frame.
    unsafe { (*frame).operands = stack.top.offset_from(Frame::operands(frame)) as u32 };
    done
}

#[allow(clippy::too_many_lines, clippy::cognitive_complexity, reason = "one arm per instruction")]
fn step(stack: &mut Stack, word: Word) -> PyResult<()> {
    let (at, frame) = (word.index(), stack.frame);
    match word.opcode() {
        Opcode::DELETE_FAST => {
            let old = stack.set_local(at, Value::NULL);
            if old.is_null() {
                return Err(runtime::error::unbound_local(&stack.code().code().locals[at].name));
            }
            frame::release(old);
        }
        Opcode::CLEAR_FAST => {
            let old = stack.set_local(at, Value::NULL);
            if !old.is_null() {
                frame::release(old);
            }
        }
        Opcode::MAKE_CELL => {
            let old = stack.set_local(at, Value::NULL);
            // SAFETY: the slot owned its value.
            let contents = old.non_null().map(|value| unsafe { Ref::from_owned(value) });
            stack.set_local(at, CellObject::new(contents).into_ref().into_value());
        }
        Opcode::COPY_FREE_VARS => {
            if let Some(function) = frame::function_of(frame) {
                let (code, closure) = (stack.code(), function.closure.raw());
                // SAFETY: the slots of free variables are null at function entry.
                unsafe { fill_closure(frame, code, closure) };
            }
        }
        Opcode::DELETE_DEREF => ops::name::delete_deref(stack.code(), at, stack.local(at))?,

        Opcode::DELETE_GLOBAL => ops::name::delete_global(frame, stack.name(at))?,
        Opcode::LOAD_NAME => {
            let value = ops::name::load_name(frame, stack.name(at))?;
            stack.push(value);
        }
        Opcode::STORE_NAME => {
            let value = stack.pop();
            ops::name::store_name(frame, stack.name(at), value)?;
        }
        Opcode::DELETE_NAME => ops::name::delete_name(frame, stack.name(at))?,
        Opcode::LOAD_LOCALS => stack.push(ops::name::locals_of(frame)?),
        Opcode::LOAD_FROM_DICT_OR_DEREF => {
            let mapping = stack.pop();
            let value = ops::name::from_dict_or_deref(mapping.value(), stack.code(), at, stack.local(at))?;
            stack.push(value);
        }
        Opcode::LOAD_FROM_DICT_OR_GLOBALS => {
            let mapping = stack.pop();
            let (globals, builtins) = ops::name::scopes(frame);
            let value = ops::name::from_dict_or_globals(mapping.value(), globals, builtins, stack.name(at))?;
            stack.push(value);
        }
        Opcode::LOAD_BUILD_CLASS => stack.push(ops::name::build_class(ops::name::scopes(frame).1)?),
        Opcode::LOAD_ASSERTION_ERROR => {
            stack.push(runtime::error::types::AssertionError.value().to_ref());
        }
        Opcode::SETUP_ANNOTATIONS => ops::name::setup_annotations(frame)?,

        Opcode::DELETE_ATTR => {
            let owner = stack.pop();
            protocol::del_attr(owner.value(), stack.name(at))?;
        }
        Opcode::LOAD_SUPER_ATTR | Opcode::LOAD_SUPER_METHOD => {
            let receiver = stack.pop();
            let class = stack.pop();
            let function = stack.pop();
            let value =
                ops::name::load_super(function.value(), class.value(), receiver.value(), stack.name(at))?;
            stack.push(value);
            if word.opcode() == Opcode::LOAD_SUPER_METHOD {
                stack.push_raw(Value::NULL);
            }
        }
        Opcode::DELETE_SUBSCR => {
            let key = stack.pop();
            let container = stack.pop();
            protocol::del_item(container.value(), key.value())?;
        }
        Opcode::BINARY_SLICE => {
            let stop = stack.pop();
            let start = stack.pop();
            let container = stack.pop();
            let value = protocol::get_slice(container.value(), start.value(), stop.value())?;
            stack.push(value);
        }
        Opcode::STORE_SLICE => {
            let stop = stack.pop();
            let start = stack.pop();
            let container = stack.pop();
            let value = stack.pop();
            ops::item::store_slice(&container, start, stop, &value)?;
        }

        Opcode::UNARY_POSITIVE => {
            let value = stack.pop();
            stack.push(protocol::positive(value.value())?);
        }
        Opcode::UNARY_INVERT => {
            let value = stack.pop();
            stack.push(protocol::invert(value.value())?);
        }
        Opcode::GET_LEN => {
            let len = protocol::len(stack.peek(1))?;
            stack.push(objects::int::from_i64(len as i64));
        }

        Opcode::CALL => stack.call(at + 1, at, None)?,
        Opcode::CALL_METHOD => {
            let count = at + !stack.peek(at + 1).is_null() as usize;
            stack.call(at + 2, count, None)?;
        }
        Opcode::CALL_KW => {
            let kwnames = stack.pop();
            stack.call(at + 1, at, Some(&kwnames))?;
        }
        Opcode::CALL_METHOD_KW => {
            let kwnames = stack.pop();
            let count = at + !stack.peek(at + 1).is_null() as usize;
            stack.call(at + 2, count, Some(&kwnames))?;
        }
        Opcode::CALL_FUNCTION_EX => {
            let keywords = stack.pop_raw();
            let positional = stack.pop();
            let callable = stack.pop();
            // SAFETY: the word was owned.
            let keywords = keywords.non_null().map(|value| unsafe { Ref::from_owned(value) });
            let keywords = keywords.as_ref().map(Ref::value);
            let call = |args: &[Value], names, _held| {
                // SAFETY: the frame is the running one, and saved.
                unsafe { ops::call::call(frame, callable.value(), args, names) }
            };
            if let Some(result) =
                ops::call::with_spread(callable.value(), positional.value(), keywords, call)?
            {
                stack.push(result);
            }
        }
        Opcode::CALL_INTRINSIC => {
            let intrinsic = Intrinsic::from_operand(word.operand()).expect("verified");
            let count = intrinsic.arity() as usize;
            let result = ops::intrinsic::call(intrinsic, stack.args(count), frame)?;
            stack.drop_n(count);
            stack.push(result);
        }
        Opcode::MAKE_FUNCTION => {
            let code = stack.pop();
            stack.push(ops::call::make_function(&code, frame));
        }
        Opcode::SET_FUNCTION_ATTRIBUTE => {
            let function = stack.pop();
            let attribute = stack.pop();
            ops::call::set_attribute(&function, at, attribute);
            stack.push(function);
        }

        Opcode::BUILD_SET => {
            let set = ops::collection::build_set(stack.args(at))?;
            stack.drop_n(at);
            stack.push(set);
        }
        Opcode::BUILD_MAP => {
            let dict = ops::collection::build_map(stack.args(2 * at))?;
            stack.drop_n(2 * at);
            stack.push(dict);
        }
        Opcode::BUILD_SLICE => {
            let slice = ops::item::build_slice(stack.args(at));
            stack.drop_n(at);
            stack.push(slice);
        }
        Opcode::BUILD_STRING => {
            let text = ops::string::concat(stack.args(at))?;
            stack.drop_n(at);
            stack.push(text);
        }
        Opcode::SET_ADD => {
            let item = stack.pop();
            ops::collection::set_add(stack.peek(at), &item)?;
        }
        Opcode::MAP_ADD => {
            let value = stack.pop();
            let key = stack.pop();
            ops::collection::map_add(stack.peek(at), &key, value)?;
        }
        Opcode::LIST_EXTEND => {
            let items = stack.pop();
            ops::collection::list_extend(stack.peek(at), &items)?;
        }
        Opcode::SET_UPDATE => {
            let items = stack.pop();
            ops::collection::set_update(stack.peek(at), &items)?;
        }
        Opcode::DICT_UPDATE => {
            let mapping = stack.pop();
            ops::collection::dict_update(stack.peek(at), &mapping)?;
        }
        Opcode::DICT_MERGE => {
            let mapping = stack.pop();
            ops::collection::dict_merge(stack.peek(at), &mapping, stack.peek(at + 2))?;
        }
        Opcode::UNPACK_EX => {
            let (before, after) = word.halves();
            let sequence = stack.pop();
            let items = protocol::unpack(sequence.value(), before, Some(after))?;
            for item in items.into_iter().rev() {
                stack.push(item);
            }
        }

        // --- Strings ---
        Opcode::FORMAT_SIMPLE => {
            let value = stack.pop();
            stack.push(ops::string::format(&value, None)?);
        }
        Opcode::FORMAT_WITH_SPEC => {
            let spec = stack.pop();
            let value = stack.pop();
            stack.push(ops::string::format(&value, Some(&spec))?);
        }
        Opcode::CONVERT_VALUE => {
            let value = stack.pop();
            stack.push(ops::string::convert(&value, at)?);
        }

        Opcode::BUILD_INTERPOLATION => {
            let spec = (at & 1 != 0).then(|| stack.pop());
            let expression = stack.pop();
            let value = stack.pop();
            stack.push(ops::string::interpolation(value, expression, spec, at));
        }
        Opcode::BUILD_TEMPLATE => {
            let interpolations = stack.pop();
            let strings = stack.pop();
            stack.push(ops::string::template(strings, interpolations));
        }

        // --- Patterns ---
        Opcode::MATCH_MAPPING => {
            let is_mapping = ops::pattern::is_mapping(stack.peek(1))?;
            stack.push_bool(is_mapping);
        }
        Opcode::MATCH_SEQUENCE => {
            let is_sequence = ops::pattern::is_sequence(stack.peek(1))?;
            stack.push_bool(is_sequence);
        }
        Opcode::MATCH_KEYS => {
            let values = ops::pattern::match_keys(stack.peek(2), stack.peek(1))?;
            stack.push(values);
        }
        Opcode::MATCH_CLASS => {
            let names = stack.pop();
            let class = stack.pop();
            let subject = stack.pop();
            stack.push(ops::pattern::match_class(&subject, &class, at, &names)?);
        }

        Opcode::PUSH_EXC_INFO => {
            let exception = stack.pop_raw();
            stack.push_raw(ops::exception::exchange_handled(exception.to_ref().into_value()));
            stack.push_raw(exception);
        }
        Opcode::POP_EXCEPT => {
            let previous = stack.pop_raw();
            frame::release(ops::exception::exchange_handled(previous));
        }
        Opcode::CHECK_EXC_MATCH => {
            let class = stack.pop();
            let is_match = runtime::error::matches(stack.peek(1), class.value())?;
            stack.push_bool(is_match);
        }
        Opcode::CHECK_EG_MATCH => {
            let class = stack.pop();
            let exception = stack.pop();
            let (rest, matched) = ops::exception::match_group(&exception, &class)?;
            stack.push(rest);
            stack.push(matched);
        }
        Opcode::BEFORE_WITH => {
            let manager = stack.pop();
            let (exit, entered) = ops::exception::enter(&manager)?;
            stack.push(exit);
            stack.push(entered);
        }
        Opcode::WITH_EXCEPT_START => {
            let result = ops::exception::call_exit(stack.peek(3), stack.peek(1))?;
            stack.push(result);
        }

        // --- Imports ---
        Opcode::IMPORT_NAME => {
            let wanted = stack.pop();
            let level = stack.pop();
            // SAFETY: the running frame keeps its globals and its namespace alive.
            let (globals, locals) = unsafe { (&*(*frame).globals, (*frame).namespace) };
            let name = stack.name(at);
            stack.push(ops::name::import(globals, locals, name, wanted.value(), level.value())?);
        }
        Opcode::IMPORT_FROM => {
            let value = protocol::import::import_from(stack.peek(1), stack.name(at))?;
            stack.push(value);
        }

        Opcode::GET_YIELD_FROM_ITER => {
            let iterable = stack.pop();
            stack.push(crate::resume::yield_from_iterator(iterable, stack.code())?);
        }
        Opcode::END_SEND => {
            let value = stack.pop_raw();
            frame::release(stack.pop_raw());
            stack.push_raw(value);
        }
        Opcode::CLEANUP_THROW => {
            let exception = stack.pop();
            let last_sent = stack.pop();
            drop(last_sent);
            let value = crate::resume::cleanup_throw(exception)?;
            stack.push(value);
        }
        Opcode::GET_AWAITABLE => {
            let value = stack.pop();
            stack.push(awaiting::get_awaitable(value.value(), at)?);
        }
        Opcode::GET_AITER => {
            let iterable = stack.pop();
            stack.push(awaiting::get_async_iterator(iterable.value())?);
        }
        Opcode::GET_ANEXT => stack.push(awaiting::get_async_next(stack.peek(1))?),
        Opcode::END_ASYNC_FOR => {
            let exception = stack.pop();
            drop(stack.pop());
            crate::resume::end_async_for(exception)?;
        }
        Opcode::BEFORE_ASYNC_WITH => {
            let manager = stack.pop();
            let (exit, entered) = awaiting::enter_async(manager.value())?;
            stack.push(exit);
            stack.push(entered);
        }

        // --- Static Python ---
        Opcode::CHECK_ARGS => {
            // SAFETY: the parameters are bound and boxed.
            unsafe { ops::statics::check_args(frame) }?;
        }
        Opcode::BUILD_STATIC_CLASS => {
            let metaclass = stack.pop_nullable();
            let bases = stack.pop();
            let body = stack.pop();
            let decl = &stack.code().code().classes[at];
            stack.push(ops::statics::build_class(decl, &body, &bases, metaclass.as_ref())?);
        }
        Opcode::LOAD_CLASS => stack.push(runtime::static_class::load_class(&stack.code().code().types[at])?),
        Opcode::LIST_DEL => {
            let index = stack.pop_raw();
            let list = stack.pop();
            ops::statics::list_del(&list, index)?;
        }
        Opcode::BUILD_CHECKED_LIST | Opcode::BUILD_CHECKED_MAP => {
            let items = stack.pop();
            stack.push(ops::statics::build_checked(&stack.code().code().types[at], &items)?);
        }
        Opcode::BUILD_ARRAY => {
            let len = stack.pop_raw();
            stack.push(ops::statics::build_array(&stack.code().code().types[at], len)?);
        }
        Opcode::VECTOR_APPEND => {
            let value = stack.pop_raw();
            let vector = stack.pop();
            ops::statics::vector_append(&vector, value)?;
        }
        Opcode::VECTOR_POP => {
            let vector = stack.pop();
            stack.push_raw(ops::statics::vector_pop(&vector)?);
        }
        Opcode::INVOKE_NATIVE => {
            let descr = &stack.code().code().functions[at];
            let params = &descr.signature.params;
            let mut words: Vec<u64> = params.iter().map(|_| stack.pop_raw().bits()).collect();
            words.reverse();
            let doubles = params.iter().map(|ty| ty.type_code() == bytecode::TypeCode::Double);
            let args: Vec<_> = words.into_iter().zip(doubles).collect();
            let gives_double = descr.signature.ret.type_code() == bytecode::TypeCode::Double;
            let symbol = runtime::native_library::symbol(&descr.module, &descr.name)?;
            // SAFETY: the module says that the library has a function of this signature.
            let result = unsafe { runtime::native_library::call(symbol, &args, gives_double) };
            stack.push_raw(ops::primitive::raw(result as i64));
        }
        Opcode::HAS_OWN_DEFAULTS => {
            let value = stack.pop();
            let has = value.ty().has(runtime::type_object::type_flags::OWN_DEFAULTS);
            stack.push_raw(ops::primitive::raw(has.into()));
        }
        Opcode::LOAD_DEFAULT => {
            let position = stack.pop_raw().bits() as usize;
            let receiver = stack.pop();
            let descr = &stack.code().code().functions[at];
            stack.push(ops::statics::load_default(descr, receiver.value(), position)?);
        }
        other => {
            return Err(runtime::error::not_supported(&format!("the instruction {}", other.name())));
        }
    }
    Ok(())
}
