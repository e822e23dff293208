//! What a running program may ask of the compiler, and what it is told: behind the module `cinderx.jit`.
//!
//! A program can stop and resume compilation, compile or uncompile one function, keep one from being compiled, and narrow compilation
//! to a list of functions. Code that exists is left by retiring it, as when something that it rests on changes.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};

use hir::Start;
use runtime::hooks::{self, CompilerAnswer, CompilerRequest};
use runtime::objects::code::CodeObject;
use runtime::objects::function::FunctionObject;
use runtime::value::{Ref, Value};

use crate::context::{Jit, jit};
use crate::entry;
use crate::env::Env;
use crate::functions::{BodyId, State};
use crate::machine::Machine;
use crate::report;
use crate::settings::Settings;

/// What a program has asked for.
#[derive(Default)]
pub(crate) struct Control {
    is_paused: Cell<bool>,
    /// No function becomes part of another's code.
    leaves_calls: Cell<bool>,
    /// What the interpreter has seen of operands is not used.
    ignores_seen: Cell<bool>,
    /// Code objects that are not to be compiled; kept, so that no other object gets the address.
    suppressed: RefCell<Vec<Ref>>,
    /// Functions beside those of the command line's list.
    listed: RefCell<Option<HashSet<String>>>,
}

impl Control {
    /// Whether a function may be compiled.
    pub(crate) fn admits(&self, module: &str, code: &CodeObject) -> bool {
        let name = || format!("{module}:{}", code.code().qualname);
        !self.is_paused.get()
            && !self.is_suppressed(Value::from_object(code))
            && self.listed.borrow().as_ref().is_none_or(|list| list.contains(&name()))
    }

    pub(crate) fn leaves_calls(&self) -> bool {
        self.leaves_calls.get()
    }

    pub(crate) fn ignores_seen(&self) -> bool {
        self.ignores_seen.get()
    }

    fn is_suppressed(&self, code: Value) -> bool {
        self.suppressed.borrow().iter().any(|known| known.value() == code)
    }

    /// Lets go of the objects, at the end.
    pub(crate) fn release(&self) {
        drop(self.suppressed.take());
    }
}

/// Answers a request.
pub(crate) fn answer(request: CompilerRequest<'_>) -> CompilerAnswer {
    let (jit, control) = (jit(), &jit().control);
    match request {
        CompilerRequest::Enable(is_enabled) => CompilerAnswer::Truth(!control.is_paused.replace(!is_enabled)),
        CompilerRequest::Inline(wanted) => CompilerAnswer::Truth(turn(&control.leaves_calls, wanted)),
        CompilerRequest::UseSeen(wanted) => CompilerAnswer::Truth(turn(&control.ignores_seen, wanted)),
        CompilerRequest::IsEnabled => CompilerAnswer::Truth(!control.is_paused.get()),
        CompilerRequest::Compile(function) => CompilerAnswer::Truth(compile(jit, function)),
        CompilerRequest::IsCompiled(function) => CompilerAnswer::Truth(machine_of(jit, function).is_some()),
        CompilerRequest::Uncompile(function) => CompilerAnswer::Truth(uncompile(jit, function)),
        CompilerRequest::UncompileAll => {
            let bodies = jit.functions.borrow().bodies.len();
            (0..bodies).for_each(|body| retire(jit, body));
            CompilerAnswer::Truth(true)
        }
        CompilerRequest::Suppress(function, is_suppressed) => {
            let code = Value::from_object(function.code());
            let was = control.is_suppressed(code);
            if is_suppressed && !was {
                control.suppressed.borrow_mut().push(code.to_ref());
                uncompile(jit, function);
            } else if !is_suppressed {
                let kept = control.suppressed.take().into_iter().filter(|known| known.value() != code);
                control.suppressed.replace(kept.collect());
            }
            CompilerAnswer::Truth(was)
        }
        CompilerRequest::CodeSize(function) => {
            CompilerAnswer::Number(machine_of(jit, function).map_or(-1, |machine| machine.len as i64))
        }
        CompilerRequest::StackSize(function) => {
            let size = |machine: &Machine| {
                i64::from(machine.frame.locals_bytes) + 8 * machine.frame.saved.len() as i64
            };
            CompilerAnswer::Number(machine_of(jit, function).map_or(-1, size))
        }
        CompilerRequest::List => {
            let listed = control.listed.borrow();
            let names = jit.settings.list.iter().chain(listed.as_ref()).flatten();
            let mut names: Vec<String> = names.cloned().collect();
            names.sort_unstable();
            CompilerAnswer::Texts(names)
        }
        CompilerRequest::AddToList(text) => {
            let mut listed = control.listed.borrow_mut();
            let list = listed.get_or_insert_with(|| jit.settings.list.clone().unwrap_or_default());
            list.extend(Settings::parse_list(text));
            CompilerAnswer::Truth(true)
        }
        CompilerRequest::CompileTime(function) => {
            let time = |body: BodyId| jit.functions.borrow().bodies[body].time.as_micros() as i64;
            let compiled = machine_of(jit, function).and_then(|_| jit.body_of(function));
            CompilerAnswer::Number(compiled.map_or(-1, time))
        }
        CompilerRequest::Inlined(function) => {
            let inlined = |machine: &Machine| machine.bodies.len() as i64 - 1;
            CompilerAnswer::Number(machine_of(jit, function).map_or(-1, inlined))
        }
        CompilerRequest::NotInlined(function) => CompilerAnswer::Lists(not_inlined(jit, function)),
        CompilerRequest::Stage(function, stage) => {
            CompilerAnswer::Texts(last_text(jit, function, stage).into_iter().collect())
        }
        CompilerRequest::Operations(function) => CompilerAnswer::Counts(operations(jit, function)),
        CompilerRequest::Deopts => {
            let machines = jit.code.all();
            let failed = machines.iter().filter(|machine| machine.deopts.get() > 0);
            let count = |machine: &&Machine| (machine.name.to_string(), i64::from(machine.deopts.get()));
            CompilerAnswer::Counts(failed.copied().map(|machine| count(&machine)).collect())
        }
        CompilerRequest::MachineCode => {
            let in_use = jit.code.all().into_iter().filter(|machine| !machine.is_retired.get());
            let code = |machine: &Machine| (machine.name.clone(), machine.start, machine.bytes().to_vec());
            CompilerAnswer::Code(in_use.map(code).collect())
        }
        CompilerRequest::MaxCodeSize(bytes) => CompilerAnswer::Number(jit.memory.set_limit(bytes) as i64),
        CompilerRequest::Statistics => CompilerAnswer::Numbers(vec![
            ("compile_time", jit.stats.time.get().as_secs_f64() * 1e3),
            ("code_bytes", jit.memory.used() as f64),
            ("max_bytes", jit.memory.limit() as f64),
            ("compiled", jit.code.all().len() as f64),
            ("refused", jit.stats.refused.borrow().len() as f64),
            ("deopts", jit.stats.deopts.get() as f64),
            ("retired", jit.stats.retired.get() as f64),
        ]),
    }
}

/// Turns something on or off that a cell says is off; whether it was on.
fn turn(is_off: &Cell<bool>, wanted: Option<bool>) -> bool {
    let was_off = is_off.get();
    is_off.set(wanted.map_or(was_off, |wanted| !wanted));
    !was_off
}

fn machine_of(jit: &Jit, function: &FunctionObject) -> Option<&'static Machine> {
    let body = jit.body_of(function)?;
    match jit.functions.borrow().bodies[body].state {
        State::Compiled(machine) => Some(machine),
        _ => None,
    }
}

/// What the last pass of a stage gives for a function that has code.
fn last_text(jit: &Jit, function: &FunctionObject, stage: &str) -> Option<String> {
    machine_of(jit, function)?;
    let mut last = None;
    let mut observer = |of: &str, _: &str, text: &str| {
        if of == stage {
            last = Some(text.to_owned());
        }
    };
    // What cannot be compiled again has no text.
    report::observe(function, None, &mut observer).ok()?;
    last
}

/// The functions that the code of a function would call if it were made now, by the reason why they are no part of it.
fn not_inlined(jit: &Jit, function: &FunctionObject) -> Vec<(&'static str, Vec<String>)> {
    let Some(body) = jit.body_of(function).filter(|_| machine_of(jit, function).is_some()) else {
        return Vec::new();
    };
    let (env, func) = (Env::new(jit), jit.functions.borrow().bodies[body].func);
    let Ok(mut ir) = hir::build(function.code().code(), func, &env, Start::Call) else { return Vec::new() };
    hir::passes::inline::run(&mut ir, &env);
    let functions = jit.functions.borrow();
    let name_of = |target: usize| match functions.funcs[target].link.descr() {
        Some(descr) => Some(format!("{}.{}", descr.module, descr.name)),
        None => functions.funcs[target]
            .body
            .map(|body| functions.bodies[body].code_object().code().qualname.to_string()),
    };
    let mut lists: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (why, target) in env.refused.take() {
        lists.entry(why.name()).or_default().extend(name_of(target));
    }
    lists.into_iter().collect()
}

/// The operations of the intermediate representation by name.
fn operations(jit: &Jit, function: &FunctionObject) -> Vec<(String, i64)> {
    let text = last_text(jit, function, "hir").unwrap_or_default();
    let Ok(func) = hir::text::parse(&text) else { return Vec::new() };
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for &block in &func.layout {
        for &inst in &func.blocks[block].insts {
            *counts.entry(func.insts[inst].op.info().name).or_default() += 1;
        }
    }
    counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

/// Compiles a function now; whether it has code.
fn compile(jit: &Jit, function: &FunctionObject) -> bool {
    let is_new = machine_of(jit, function).is_none();
    if is_new && jit.compile_function(function).is_none() {
        return false;
    }
    entry::use_code(function);
    true
}

fn uncompile(jit: &Jit, function: &FunctionObject) -> bool {
    let has_code = machine_of(jit, function).is_some();
    if let Some(body) = jit.body_of(function) {
        retire(jit, body);
    }
    function.entry.set(hooks::function_entry());
    has_code
}

/// Leaves the code of a body, which is no sign that it was not worth it.
fn retire(jit: &Jit, body: BodyId) {
    let before = jit.functions.borrow().bodies[body].retired;
    jit.retire(body);
    jit.functions.borrow_mut().bodies[body].retired = before;
}
