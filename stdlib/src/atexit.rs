//! `atexit`: functions to call when the program has ended, last one first.

use std::cell::RefCell;

use runtime::convert::{Keywords, Rest};
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::world::World;
use runtime::{PyResult, Raised, Ref, Value, error, protocol, py_functions, raise, thread};

/// A function with its positional and keyword values, and the names of the latter.
struct Callback {
    function: Ref,
    values: Vec<Ref>,
    names: Ref,
}

/// In order of registration.
static CALLBACKS: World<RefCell<Vec<Callback>>> = World::new(RefCell::new(Vec::new()));

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    Ok(())
}

impl Callback {
    fn call(&self) -> PyResult {
        let values: Vec<Value> = self.values.iter().map(Ref::value).collect();
        let has_names = self.names.get::<TupleObject>().is_some_and(|names| !names.items().is_empty());
        protocol::call(self.function.value(), &values, has_names.then_some(self.names.value()))
    }
}

/// Calls what has been registered, and forgets it. What is registered meanwhile is not called. Exceptions are printed.
pub fn run() {
    let callbacks = CALLBACKS.take();
    for callback in callbacks.into_iter().rev() {
        if let Err(raised) = callback.call() {
            report(raised, callback.function.value());
        }
    }
    drop(CALLBACKS.take());
}

fn report(raised: Raised, function: Value) {
    let exception = thread().take_raised(raised);
    let shown = protocol::repr_string(function).unwrap_or_default();
    drop(thread().fetch_raised());
    let text = error::print::format_exception(exception.value());
    runtime::hooks::write_stderr(&format!("Exception ignored in atexit callback {shown}:\n{text}"));
}

py_functions! { static FUNCTIONS;
    /// Register a function to be executed upon normal program termination.
    "register(func, /, *args, **kwargs)"
    fn register(func: Value, args: Rest<'_>, kwargs: Keywords) -> PyResult {
        if !protocol::is_callable(func) {
            return Err(raise!(TypeError, "the first argument must be callable"));
        }
        let named = kwargs.0.iter().map(|(_, value)| value);
        CALLBACKS.borrow_mut().push(Callback {
            function: func.to_ref(),
            values: args.0.iter().chain(named).map(|value| value.to_ref()).collect(),
            names: TupleObject::new(kwargs.0.iter().map(|(name, _)| name.to_ref()).collect()).into(),
        });
        Ok(func.to_ref())
    }
    /// Unregister an exit function which was previously registered using atexit.register.
    "unregister(func, /)"
    fn unregister(func: Value) -> PyResult<()> {
        let known: Vec<Ref> = CALLBACKS.borrow().iter().map(|callback| callback.function.clone()).collect();
        let mut gone = Vec::new();
        for function in known {
            if protocol::is_same_or_equal(function.value(), func)? {
                gone.push(function);
            }
        }
        let (removed, kept) = CALLBACKS.take().into_iter().partition(|callback: &Callback| {
            gone.iter().any(|function| function.value() == callback.function.value())
        });
        CALLBACKS.replace(kept);
        drop::<Vec<_>>(removed);
        Ok(())
    }
    /// Run all registered exit functions.
    "_run_exitfuncs()"
    fn run_exitfuncs() {
        run();
    }
    /// Clear the list of previously registered exit functions.
    "_clear()"
    fn clear() {
        drop(CALLBACKS.take());
    }
    /// Return the number of registered exit functions.
    "_ncallbacks()"
    fn ncallbacks() -> usize {
        CALLBACKS.borrow().len()
    }
}
