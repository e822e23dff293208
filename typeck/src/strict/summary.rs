//! Summaries: what a call of a helper gives for arguments that are known, so that the same call is run once.
//!
//! Method: while a call runs whose arguments are plain values (numbers, texts, names of the library), every variable that it reads outside of
//! itself is noted with its value. If all of these are plain, too, or functions, if it has written to nothing but its own variables,
//! and if nothing has been found, then the same function called with the same arguments, while the variables that it has read
//! have the same values, gives the same. What it gives must be plain, since an object would have to be a new one each time.
//!
//! Cost: a look at the variables that the call has read. What a summary stands for is paid for once.

use rustc_hash::FxHashMap;

use super::Analyser;
use super::value::{Args, EnvId, Function, Kind, UnitId, Value};
use crate::scope::ScopeId;
use base::entity::EntityId;

/// Summaries that are kept; a program that makes more gains nothing by them.
const KEPT: usize = 20_000;

/// The calls that have been summed up, by function.
#[derive(Default)]
pub(super) struct Summaries<'a> {
    known: FxHashMap<(UnitId, ScopeId, EnvId), Vec<Summary<'a>>>,
    count: usize,
    /// The calls that are running and may be summed up, outermost first.
    running: Vec<Recording<'a>>,
}

/// One call.
struct Summary<'a> {
    args: Vec<Value<'a>>,
    reads: Vec<Read<'a>>,
    result: Value<'a>,
}

/// A variable with the value that it had.
#[derive(Clone, Copy, PartialEq)]
struct Read<'a> {
    env: EnvId,
    name: &'a str,
    value: Value<'a>,
}

/// A call that is running.
struct Recording<'a> {
    key: (UnitId, ScopeId, EnvId),
    args: Vec<Value<'a>>,
    reads: Vec<Read<'a>>,
    /// How many blocks had variables before it.
    envs: usize,
    found: usize,
    possible: usize,
    is_spoiled: bool,
}

/// Whether a value is the same whenever it looks the same.
fn is_plain(value: Value<'_>) -> bool {
    !matches!(value, Value::Object(_) | Value::Opaque(_))
}

/// Whether two calls have the same arguments; zeros differ by their signs.
fn are_same(one: &[Value<'_>], two: &[Value<'_>]) -> bool {
    let is_same = |(one, two): (&Value<'_>, &Value<'_>)| match (one, two) {
        (Value::Float(one), Value::Float(two)) => one.to_bits() == two.to_bits(),
        _ => one == two,
    };
    one.len() == two.len() && one.iter().zip(two).all(is_same)
}

impl<'a> Analyser<'a, '_> {
    /// What a call gives, if that has been summed up.
    pub(super) fn summed_up(&mut self, function: &Function<'a>, args: &Args<'a>) -> Option<Value<'a>> {
        let calls = self.summaries.known.get(&(function.unit, function.scope, function.env))?;
        let holds = |read: &Read<'a>| self.state.envs[read.env].names.get(read.name) == Some(read.value);
        let found = calls
            .iter()
            .find(|call| are_same(&call.args, &args.positional) && call.reads.iter().all(holds))?;
        let (result, reads) = (found.result, found.reads.clone());
        for read in reads {
            self.note_read(read.env, read.name, read.value);
        }
        Some(result)
    }

    /// Begins to record a call; whether it may be summed up.
    pub(super) fn begin_summary(&mut self, function: &Function<'a>, args: &Args<'a>) -> bool {
        let is_plain_call = args.keywords.is_empty()
            && !args.is_open
            && args.positional.iter().chain(&function.defaults).all(|value| is_plain(*value))
            && function.kw_defaults.iter().flatten().all(|value| is_plain(*value))
            && self.summaries.count < KEPT;
        if is_plain_call {
            self.summaries.running.push(Recording {
                key: (function.unit, function.scope, function.env),
                args: args.positional.clone(),
                reads: Vec::new(),
                envs: self.state.envs.len(),
                found: self.reported.len(),
                possible: self.possible.len(),
                is_spoiled: false,
            });
        }
        is_plain_call
    }

    /// Ends recording the last call that has begun; `result` is nothing if it has raised.
    pub(super) fn end_summary(&mut self, result: Option<Value<'a>>) {
        let Some(ended) = self.summaries.running.pop() else { return };
        let is_clean =
            !ended.is_spoiled && ended.found == self.reported.len() && ended.possible == self.possible.len();
        if let Some(outer) = self.summaries.running.last_mut() {
            outer.is_spoiled |= ended.is_spoiled;
            let is_outside = |read: &&Read<'a>| read.env.index() < outer.envs;
            let passed: Vec<_> = ended.reads.iter().filter(is_outside).copied().collect();
            for read in passed {
                if !outer.reads.contains(&read) {
                    outer.reads.push(read);
                }
            }
        }
        if let Some(result) = result.filter(|result| is_clean && is_plain(*result)) {
            let summary = Summary { args: ended.args, reads: ended.reads, result };
            self.summaries.known.entry(ended.key).or_default().push(summary);
            self.summaries.count += 1;
        }
    }

    /// A variable is read: of the calls that are running, the innermost asks whether it is one of its own.
    pub(super) fn note_read(&mut self, env: EnvId, name: &'a str, value: Value<'a>) {
        let is_function = matches!(self.kind(value), Some(Kind::Function(_)));
        let Some(running) = self.summaries.running.last_mut() else { return };
        if env.index() >= running.envs {
            return;
        }
        let read = Read { env, name, value };
        if !is_plain(value) && !is_function {
            running.is_spoiled = true;
        } else if !running.is_spoiled && !running.reads.contains(&read) {
            running.reads.push(read);
        }
    }

    /// Something happens that a summary does not tell of.
    pub(super) fn spoil_summary(&mut self) {
        if let Some(running) = self.summaries.running.last_mut() {
            running.is_spoiled = true;
        }
    }

    /// A variable is bound: of a block around the call that is nothing that a summary tells of.
    pub(super) fn note_binding(&mut self, env: EnvId) {
        if self.summaries.running.last().is_some_and(|running| env.index() < running.envs) {
            self.spoil_summary();
        }
    }
}
