//! What the compiler has done: the text of `--jit-stats`, and the stages of `spc dump`.

use std::fmt::Write as _;

use bytecode::CodeFlags;
use hir::Start;
use runtime::objects::function::FunctionObject;

use crate::compile::Observer;
use crate::context::installed;
use crate::continuation;
use crate::functions::State;

/// The statistics, one fact a line; functions without code are named with the reason. Empty if there is no compiler.
pub fn statistics() -> String {
    let Some(jit) = installed() else { return String::new() };
    let (machines, stats) = (jit.code.all(), &jit.stats);
    let (time, words) = (stats.time.get(), stats.words.get());
    let per_word = time.as_secs_f64() * 1e6 / words.max(1) as f64;
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("writing to a string cannot fail");
    line(format!("compiled functions: {}", machines.len()));
    line(format!("refused functions: {}", stats.refused.borrow().len()));
    line(format!("bytecode instructions: {words}"));
    line(format!("compile time: {:.1} ms, {per_word:.1} us per instruction", time.as_secs_f64() * 1e3));
    line(format!("machine code: {} bytes", machines.iter().map(|machine| machine.len).sum::<usize>()));
    line(format!("code region: {} bytes used", jit.memory.used()));
    line(format!("failed guards: {}", stats.deopts.get()));
    line(format!("retired for failed guards: {}", stats.retired.get()));
    for machine in machines.iter().filter(|machine| machine.deopts.get() > 0) {
        line(format!("  guards of {} failed {} times", machine.name, machine.deopts.get()));
    }
    for (name, reason) in stats.refused.borrow().iter() {
        line(format!("  {name}: {reason}"));
    }
    out
}

/// Compiles a function without installing it, and shows every stage to the observer: stage (`hir`, `lir`, `asm`), pass, text. Without an
/// instruction to go on `from`, the code is that of its calls, for a generator that of its resumptions. `Err` says why it is not compiled.
pub fn observe(
    function: &FunctionObject,
    from: Option<u32>,
    observer: &mut Observer<'_>,
) -> Result<(), String> {
    let jit = installed().ok_or("the system grants no executable memory")?;
    let body = jit.body_of(function).ok_or("the code region is full")?;
    let points = match from {
        Some(offset) => continuation::single(function.code(), offset).ok_or("no such place")?,
        None if function.code().code().flags.intersects(CodeFlags::SUSPENDS) => {
            continuation::resumptions(function.code())
        }
        None => Vec::new(),
    };
    let start = if points.is_empty() { Start::Call } else { Start::Resume(&points) };
    let generated = jit.generate(body, start, Some(observer));
    generated.map(drop).map_err(|refusal| refusal.to_string())
}

/// Whether a function has machine code now.
pub fn is_compiled(function: &FunctionObject) -> bool {
    let Some(jit) = installed() else { return false };
    jit.body_of(function)
        .is_some_and(|body| matches!(jit.functions.borrow().bodies[body].state, State::Compiled(_)))
}
