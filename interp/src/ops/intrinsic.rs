//! Rare operations.

use bytecode::{CodeFlags, Intrinsic};
use runtime::TypeObject;
use runtime::error;
use runtime::objects;
use runtime::objects::async_generator;
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::typing::{type_alias, type_param};
use runtime::protocol;
use runtime::value::{PyResult, Value};

use crate::frame::Frame;

/// Runs an intrinsic of a function on borrowed operands; `import *` needs the frame of a module.
pub fn call_in_function(intrinsic: Intrinsic, args: &[Value]) -> PyResult {
    call(intrinsic, args, std::ptr::null_mut())
}

/// Runs an intrinsic that looks at a frame.
///
/// # Safety
/// The frame is live.
pub unsafe fn call_in_frame(intrinsic: Intrinsic, args: &[Value], frame: *mut Frame) -> PyResult {
    call(intrinsic, args, frame)
}

/// Runs an intrinsic on borrowed operands.
pub(crate) fn call(intrinsic: Intrinsic, args: &[Value], frame: *mut Frame) -> PyResult {
    match intrinsic {
        Intrinsic::Print => {
            let sys = protocol::import::import_absolute("sys")?;
            let name = StrObject::intern("displayhook");
            match protocol::get_optional_attr(sys.value(), name.value())? {
                Some(hook) => protocol::call(hook.value(), args, None),
                None => Err(runtime::raise!(RuntimeError, "lost sys.displayhook")),
            }
        }
        Intrinsic::ImportStar => {
            assert!(!frame.is_null(), "the emitter allows `import *` in modules only");
            // SAFETY: the running frame is live.
            let namespace = unsafe { (*frame).namespace };
            let dict = namespace.get::<DictObject>().expect("the emitter allows `import *` in modules only");
            protocol::import::import_star(args[0], dict)?;
            Ok(objects::none().to_ref())
        }
        Intrinsic::SealModule => {
            assert!(!frame.is_null(), "the emitter seals modules in their own code only");
            // SAFETY: the running frame is live.
            let globals = unsafe { &*(*frame).globals };
            runtime::objects::strict_module::seal(globals);
            Ok(objects::none().to_ref())
        }
        Intrinsic::FreezeClasses => {
            runtime::freeze::freeze_all(args[0].get::<ListObject>().expect("the emitter passes a list"));
            Ok(objects::none().to_ref())
        }
        Intrinsic::StandIn => {
            Ok(runtime::objects::strict_module::stand_in(args[0]).unwrap_or_else(|| args[0].to_ref()))
        }
        Intrinsic::StopIterationError => stop_iteration_error(args[0], frame),
        Intrinsic::ListToTuple => {
            let list = args[0].get::<ListObject>().expect("the emitter passes a list");
            Ok(TupleObject::new(list.to_vec()).into_ref())
        }
        Intrinsic::PrepareReraiseStar => {
            let list = args[1].get::<ListObject>().expect("the emitter passes a list");
            super::exception::prepare_reraise_star(args[0], &list.to_vec())
        }
        Intrinsic::TypeVar => Ok(type_param::type_var(args[0].to_ref())),
        Intrinsic::ParamSpec => Ok(type_param::param_spec(args[0].to_ref())),
        Intrinsic::TypeVarTuple => Ok(type_param::type_var_tuple(args[0].to_ref())),
        Intrinsic::TypeVarWithBound => {
            Ok(type_param::type_var_with_bound(args[0].to_ref(), args[1].to_ref()))
        }
        Intrinsic::TypeVarWithConstraints => {
            Ok(type_param::type_var_with_constraints(args[0].to_ref(), args[1].to_ref()))
        }
        Intrinsic::SetTypeParamDefault => {
            type_param::set_default(args[0], args[1].to_ref());
            Ok(args[0].to_ref())
        }
        Intrinsic::SetFunctionTypeParams => {
            let function = args[0].get::<FunctionObject>().expect("the emitter passes a function");
            function.type_params.set(args[1].to_ref());
            Ok(args[0].to_ref())
        }
        Intrinsic::TypeAlias => type_alias(args[0]),
        Intrinsic::SubscriptGeneric => {
            let params = type_param::unpacked(args[0])?;
            let typing = protocol::import::import_absolute("typing")?;
            let generic = protocol::get_attr(typing.value(), StrObject::intern("Generic").value())?;
            protocol::get_item(generic.value(), params.value())
        }
        Intrinsic::AsyncGenWrap => Ok(async_generator::wrap(args[0].to_ref())),
    }
}

/// `(name, params, evaluate)` as an alias.
fn type_alias(parts: Value) -> PyResult {
    let [name, params, evaluate] = parts.get::<TupleObject>().expect("the emitter passes a tuple").items()
    else {
        unreachable!("the emitter passes three parts");
    };
    let params = (!objects::is_none(*params)).then(|| params.to_ref());
    Ok(type_alias::type_alias(name.to_ref(), params, evaluate.to_ref()))
}

/// A StopIteration that would end a generator's caller becomes a RuntimeError (PEP 479).
fn stop_iteration_error(exception: Value, frame: *mut Frame) -> PyResult {
    // SAFETY: the running frame is live and keeps its code alive.
    let flags = unsafe { frame.as_ref().map_or(CodeFlags(0), |frame| (*frame.code).code().flags) };
    let is_async_generator = flags.contains(CodeFlags::ASYNC_GENERATOR);
    let raised = |class: &TypeObject| exception.ty().is_subclass_of(class);
    let ended = if raised(&error::types::StopIteration) {
        "StopIteration"
    } else if is_async_generator && raised(&error::types::StopAsyncIteration) {
        "StopAsyncIteration"
    } else {
        return Ok(exception.to_ref());
    };
    let kind = match (is_async_generator, flags.contains(CodeFlags::COROUTINE)) {
        (true, _) => "async generator",
        (false, true) => "coroutine",
        (false, false) => "generator",
    };
    let text = StrObject::new(&format!("{kind} raised {ended}"));
    let made = error::new_exception(&error::types::RuntimeError, &[text.value()]);
    made.cause.set(exception.to_ref());
    made.context.set(exception.to_ref());
    made.suppress_context.set(true);
    Ok(made.into_ref())
}
