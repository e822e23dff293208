//! Calls by compiled code of what has no code: compile it, interpret it, or call whatever stands in its place.

use std::rc::Rc;

use base::entity::EntityId;
use bytecode::{FunctionDescr, TypeCode};
use hir::env::FuncId;
use lir::ir::{ArgPlace, MachineEnv, RegClass};
use runtime::objects::code::InlineCache;
use runtime::objects::str::StrObject;
use runtime::type_object::TypeObject;
use runtime::value::{PyResult, Ref, Value};

use crate::context::{Jit, jit};
use crate::entry::{call_machine, class_of};
use crate::functions::{BodyId, Link, State, Stranger};
use crate::thunk::SavedRegisters;

/// What the bridge thunk calls: the target's number and the argument registers. The result goes to the places of `rax` and `xmm0`; 1
/// if an exception is pending.
pub(crate) extern "C" fn call(number: u32, registers: &mut SavedRegisters) -> u64 {
    let jit = jit();
    let func = FuncId::from_index(number as usize);
    match call_target(jit, func, registers) {
        Ok(bits) => {
            registers.gprs[0] = bits;
            registers.xmms[0] = bits;
            0
        }
        Err(_) => {
            registers.gprs[0] = 0;
            1
        }
    }
}

fn call_target(jit: &Jit, func: FuncId, registers: &SavedRegisters) -> PyResult<u64> {
    runtime::thread::thread().check_stack("")?;
    let stranger = jit.functions.borrow().funcs[func.index()].stranger.clone();
    if let Some(stranger) = stranger.filter(|stranger| stranger.is_there()) {
        return stranger.call(&arguments(&stranger.params, registers));
    }
    if !jit.bind(func) {
        return call_occupant(jit, func, registers);
    }
    let (body, code, takes_closure) = {
        let functions = jit.functions.borrow();
        let body = functions.funcs[func.index()].body.expect("the target has just been bound");
        let entry = &functions.bodies[body];
        (body, entry.code_object(), entry.takes_closure())
    };
    let params = code.code().locals[..code.code().param_count()].iter().map(|local| local.ty);
    let params: Vec<TypeCode> = params.chain(takes_closure.then_some(TypeCode::Object)).collect();
    let mut words = arguments(&params, registers);
    let closure = if takes_closure { words.pop() } else { None };
    enter(jit, Some(func), body, &words, closure.unwrap_or(Value::NULL))
}

/// Enters a body with typed arguments, and with its closure if that comes with each call, by its machine code if it can be compiled. From then on
/// the target, if there is one that it occupies, leads there.
fn enter(jit: &Jit, func: Option<FuncId>, body: BodyId, words: &[Value], closure: Value) -> PyResult<u64> {
    let is_traced = runtime::tracing::is_on();
    if !is_traced {
        jit.compile(body);
    }
    let state = jit.functions.borrow().bodies[body].state;
    if let State::Compiled(machine) = state
        && !is_traced
    {
        if let Some(func) = func {
            jit.functions.borrow().point(func, machine.start, &jit.memory);
        }
        return call_machine(machine, words.as_ptr().cast(), closure);
    }
    let (code, globals, builtins, own) = {
        let functions = jit.functions.borrow();
        let body = &functions.bodies[body];
        (body.code_object(), body.globals_dict(), body.builtins.clone(), body.surroundings().1)
    };
    let closure = closure.non_null().unwrap_or(own);
    interp::native::call_code(code, globals, builtins.value(), closure, words).map(Value::bits)
}

/// Calls what stands where the checker saw a function, with boxed arguments.
fn call_occupant(jit: &Jit, func: FuncId, registers: &SavedRegisters) -> PyResult<u64> {
    let link = jit.functions.borrow().funcs[func.index()].link.clone();
    let mut words = arguments(&link.params(), registers);
    if let Link::Function(function, _) = &link {
        return runtime::protocol::call(function.value(), &words, None)
            .map(|result| result.into_value().bits());
    }
    let descr = link.descr().expect("bodies are always bound");
    let receiver = if link.has_receiver_last() { words.pop() } else { words.first().copied() };
    let target = match &link {
        Link::Entry(..) => {
            jit.occupant(func).ok_or_else(|| missing_method(words[0], descr.split_name().1))?
        }
        Link::Unique(..) if link.is_overridden() => {
            let receiver = receiver.expect("a virtual call has a receiver");
            let found = interp::find_method(descr, receiver);
            found.ok_or_else(|| missing_method(receiver, descr.split_name().1))?
        }
        _ => interp::resolve_function(descr)?,
    };
    let class = match &link {
        Link::Direct(_) => None,
        _ => receiver.as_ref().map(|receiver| interp::dispatcher(descr.kind, receiver)),
    };
    if let Some(body) = typed_body(jit, target.value(), descr, class) {
        return enter(jit, None, body, &words, Value::NULL);
    }
    if let Link::Entry(_, class) = &link {
        let stranger = Rc::new(Stranger::new(target.value(), class, &link, descr));
        jit.functions.borrow_mut().funcs[func.index()].stranger = Some(Rc::clone(&stranger));
        return stranger.call(&words);
    }
    interp::invoke_values(&target, descr, &words).map(Value::bits)
}

impl Stranger {
    fn new(target: Value, class: &Ref, link: &Link, descr: &FunctionDescr) -> Self {
        let stamp = class.get::<TypeObject>().map_or(0, interp::class_stamp);
        let (class, descr) = (class.clone(), descr.clone());
        Self { target, class, stamp, descr, params: link.params(), passed: InlineCache::default() }
    }

    /// Whether the class has it still.
    fn is_there(&self) -> bool {
        self.class.get::<TypeObject>().is_some_and(|class| interp::class_stamp(class) == self.stamp)
    }

    /// Calls it with borrowed or raw words; gives an owned or raw one.
    fn call(&self, words: &[Value]) -> PyResult<u64> {
        let class = self.class.get::<TypeObject>().expect("vtables belong to classes");
        interp::invoke_stranger(&self.target.to_ref(), &self.descr, words, class, &self.passed)
            .map(Value::bits)
    }
}

/// The body of a function that takes just the arguments of a descriptor.
fn typed_body(jit: &Jit, target: Value, descr: &FunctionDescr, class: Option<&TypeObject>) -> Option<BodyId> {
    let body = jit.body_of(interp::static_target(target, descr, class)?)?;
    (!jit.functions.borrow().bodies[body].takes_closure()).then_some(body)
}

fn missing_method(receiver: Value, name: &str) -> runtime::value::Raised {
    let name: Ref = StrObject::intern(name).into_ref();
    interp::deleted_method(receiver, name.value())
}

/// The argument words in order.
fn arguments(params: &[TypeCode], registers: &SavedRegisters) -> Vec<Value> {
    let env = MachineEnv::x86_64();
    let places = env.arguments(params.iter().map(|&code| class_of(code)));
    let word = |place| match place {
        ArgPlace::Reg(reg) if reg.class() == RegClass::Gpr => registers.gprs[usize::from(reg.number())],
        ArgPlace::Reg(reg) => registers.xmms[usize::from(reg.number())],
        // SAFETY: the bridge thunk saves the registers below the return address, above which the caller has put the arguments.
        ArgPlace::Stack(at) => unsafe { *registers.caller_stack().add(at as usize) },
    };
    // SAFETY: the caller has put borrowed or raw words there.
    places.into_iter().map(|place| unsafe { Value::from_bits(word(place)) }).collect()
}
