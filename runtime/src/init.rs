//! Start-up: taking the global lock, completing builtin types, making what everything else needs.
//!
//! Order matters: types before instances that are looked up through them, interned names before class dicts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::types as exceptions;
use crate::objects::typing::{evaluator, generic_alias, type_alias, type_param, union};
use crate::objects::*;
use crate::type_object::TypeObject;
use crate::types::ready;
use crate::{builtins, hash, names, static_class, sys_state, thread, weakref};

static LOCK: Mutex<()> = Mutex::new(());
static STARTED: AtomicBool = AtomicBool::new(false);

/// The right to run Python code on this thread. The runtime starts when it is taken for the first time.
pub struct Attached(#[allow(dead_code, reason = "held for its drop")] MutexGuard<'static, ()>);

/// Takes the global lock and adapts the thread state to the calling thread. Do not call it twice on one thread.
pub fn attach() -> Attached {
    let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    thread::attach();
    crate::tracing::attach();
    if !STARTED.swap(true, Ordering::Relaxed) {
        start();
    }
    Attached(guard)
}

/// Types whose methods are looked up while start-up itself runs come first.
pub(crate) fn builtin_types() -> Vec<&'static TypeObject> {
    let mut all: Vec<&'static TypeObject> = vec![
        &object::OBJECT,
        &type_type::TYPE,
        &str::STR,
        &dict::DICT,
        &tuple::TUPLE,
        &list::LIST,
        &int::INT,
        &bool::BOOL,
        &float::FLOAT,
        &complex::COMPLEX,
        &bytes::BYTES,
        &set::SET,
        &set::FROZENSET,
        &set::SET_ITERATOR,
        &range::RANGE,
        &frame::FRAME,
        &frame_locals::LOCALS_PROXY,
        &range::LONG_RANGE_ITERATOR,
        &range::RANGE_ITERATOR,
        &slice::SLICE,
        &namespace::NAMESPACE,
        &singleton::NONE_TYPE,
        &singleton::NOT_IMPLEMENTED_TYPE,
        &singleton::ELLIPSIS_TYPE,
        &cell::CELL,
        &code::CODE,
        &function::FUNCTION,
        &method::METHOD,
        &method_wrapper::METHOD_WRAPPER,
        &builtin_function::BUILTIN_FUNCTION,
        &builtin_function::METHOD_DESCRIPTOR,
        &builtin_function::CLASS_METHOD_DESCRIPTOR,
        &descriptor::WRAPPER_DESCRIPTOR,
        &descriptor::NEW_FUNCTION,
        &descriptor::GETSET_DESCRIPTOR,
        &descriptor::MEMBER_DESCRIPTOR,
        &property::PROPERTY,
        &class_method::CLASS_METHOD,
        &class_method::STATIC_METHOD,
        &super_object::SUPER,
        &module::MODULE,
        &strict_module::STRICT_MODULE,
        &mapping_proxy::MAPPING_PROXY,
        &generic_alias::GENERIC_ALIAS,
        &union::UNION_TYPE,
        &type_alias::TYPE_ALIAS,
        &type_param::PARAM_SPEC_ARGS,
        &type_param::PARAM_SPEC_KWARGS,
        &evaluator::CONST_EVALUATOR,
        &singleton::NO_DEFAULT_TYPE,
        &template::TEMPLATE,
        &template::INTERPOLATION,
        &bytearray::BYTEARRAY,
        &memoryview::MEMORYVIEW,
        &generator::GENERATOR,
        &generator::COROUTINE,
        &generator::ASYNC_GENERATOR,
        &generator::COROUTINE_WRAPPER,
        &async_generator::ASEND,
        &async_generator::ATHROW,
        &async_generator::WRAPPED,
        &crate::protocol::awaiting::ANEXT_OR,
        &weakref::WEAK_REF,
        &struct_sequence::TUPLE_GETTER,
        &checked::CHECKED_LIST,
        &checked::CHECKED_DICT,
        &static_class::TYPED_DESCRIPTOR,
        &crate::kept_property::KEPT_PROPERTY,
        &crate::error::traceback::TRACEBACK,
        &exceptions::BaseException,
    ];
    all.extend(iterators::ALL);
    all.extend(dict::views::ALL);
    all.extend([&static_array::STATIC_ARRAY, &static_vector::STATIC_VECTOR]);
    all.extend(element_types::ALL.iter().flat_map(|types| [types.primitive, types.array, types.vector]));
    all.extend(type_param::ALL);
    all.extend(exceptions::ALL);
    all.push(&static_class::STATIC_TYPE_ERROR);
    all.push(&strict_module::STRICT_MODULE_ERROR);
    all
}

fn start() {
    hash::seed(hash::seed_of_environment());
    str::initialize();
    names::initialize();
    for ty in builtin_types() {
        ready::ready(ty);
    }
    exception_group::initialize()
        .unwrap_or_else(|_| unreachable!("the hierarchy of exception groups is consistent"));
    template::initialize();
    sys_state::initialize();
    builtins::initialize();
    crate::finalize::remember_builtins();
    exempt_everything();
}

/// What start-up made stays for ever.
fn exempt_everything() {
    crate::alloc::for_each_block(|block| {
        // SAFETY: an occupied block is a live object.
        unsafe { (*block).set(crate::header::flags::UNAUDITED) };
    });
}
