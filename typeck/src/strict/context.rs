//! Context managers of the library: functions that `contextmanager` decorates, `suppress`, `nullcontext`, `closing`.
//!
//! The generator behind a function that is a context manager runs around the body of its `with` statement: the statement runs where the generator
//! gives its value, in the frames around the generator, and what it raises is raised there. So effects come in their order without
//! generators that can be left and entered again.

use parser::ast::{Expr, Stmt, WithItem};

use super::Analyser;
use super::finding::Call;
use super::value::{Args, Eval, Flow, Kind, Stop, Value};

/// A `with` statement whose context manager is a generator that runs.
#[derive(Clone, Copy)]
pub(super) struct Managed<'a> {
    target: Option<&'a Expr<'a>>,
    rest: &'a [WithItem<'a>],
    body: &'a [Stmt<'a>],
    /// How many frames and calls are around the generator.
    frames: usize,
    calls: usize,
    /// How the statement has ended.
    outcome: Outcome<'a>,
}

/// How the body of a `with` statement has ended.
#[derive(Clone, Copy)]
enum Outcome<'a> {
    /// The generator has not given anything.
    None,
    Flow(Flow<'a>),
    Raised,
}

/// A class of stacks of things to do at the end: its methods, and what stands for each.
struct ExitStack {
    path: &'static str,
    methods: &'static [(&'static str, &'static str)],
}

/// The methods of both classes.
const SHARED: [(&str, &str); 3] = [
    ("enter_context", "contextlib.enter_context"),
    ("push", "contextlib.push"),
    ("callback", "contextlib.callback"),
];

const EXIT_STACK: ExitStack = ExitStack {
    path: "contextlib.ExitStack",
    methods: &[
        ("__enter__", "contextlib.given"),
        ("__exit__", "contextlib.unwinds"),
        ("pop_all", "contextlib.pop_all"),
        ("close", "contextlib.close"),
    ],
};

/// Coroutines do not run while a module is imported, so that nothing ever comes to its end.
const ASYNC_EXIT_STACK: ExitStack = ExitStack {
    path: "contextlib.AsyncExitStack",
    methods: &[
        ("pop_all", "contextlib.pop_all_async"),
        ("push_async_exit", "contextlib.push_async_exit"),
        ("push_async_callback", "contextlib.callback"),
    ],
};

impl<'a> Analyser<'a, '_> {
    /// The generator of a context manager that has not been entered.
    pub(super) fn managing_generator(&self, manager: Value<'a>) -> Option<Value<'a>> {
        let enter = self.attribute_of_instance(manager, "__enter__")?;
        let Some(Kind::Instance(Value::Native("contextlib.managed"))) = self.kind(manager) else {
            return None;
        };
        let Some(Kind::Partial { args, .. }) = self.kind(enter) else { return None };
        let generator = args.first().copied()?;
        matches!(self.kind(generator), Some(Kind::Generator { .. })).then_some(generator)
    }

    /// Runs a generator around the rest of a `with` statement.
    pub(super) fn with_generator(
        &mut self,
        item: &'a WithItem<'a>,
        generator: Value<'a>,
        rest: &'a [WithItem<'a>],
        body: &'a [Stmt<'a>],
    ) -> Eval<'a, Flow<'a>> {
        let Some(Kind::Generator { function, env }) = self.kind(generator).cloned() else {
            return Ok(Flow::Next);
        };
        self.spoil_summary();
        self.note_change(generator, "a generator");
        if let Value::Object(id) = generator {
            *self.kind_mut(id) = Kind::Iterator { items: Vec::new(), at: 0 };
        }
        let site = self.here.expect("code stands somewhere");
        let (frames, calls) = (self.frames.len(), self.calls.len());
        let (target, outcome) = (item.optional_vars, Outcome::None);
        self.calls.push(Call { site, callee: function.name });
        let (end, managed) = self.in_frame(function.unit, function.scope, env, None, |this| {
            this.frame().managed = Some(Managed { target, rest, body, frames, calls, outcome });
            let end = this.run_body(&function);
            Ok((end, this.frame().managed))
        })?;
        self.calls.pop();
        self.here = Some(site);
        match (end, managed.map(|managed| managed.outcome)) {
            (Err(stop), _) => Err(stop),
            (Ok(_), Some(Outcome::Flow(flow))) => Ok(flow),
            (Ok(_), Some(Outcome::Raised)) => Ok(Flow::Next),
            (Ok(_), Some(Outcome::None) | None) => Err(self.raise("RuntimeError", "generator didn't yield")),
        }
    }

    /// The generator of a `with` statement gives its value: the statement runs.
    pub(super) fn run_managed(&mut self, managed: Managed<'a>, value: Value<'a>) -> Eval<'a> {
        let (frames, calls) = (self.frames.split_off(managed.frames), self.calls.split_off(managed.calls));
        let here = self.here;
        let outcome = match managed.target {
            Some(target) => self.assign(target, value),
            None => Ok(()),
        };
        let outcome = outcome.and_then(|()| self.with(managed.rest, managed.body));
        self.frames.extend(frames);
        self.calls.extend(calls);
        self.here = here;
        let ended = outcome.map_or(Outcome::Raised, Outcome::Flow);
        self.frame().managed = Some(Managed { outcome: ended, ..managed });
        outcome.map(|_| Value::None)
    }

    /// A context manager whose methods are these functions with a first argument.
    fn manager_of(
        &mut self,
        path: &'a str,
        enter: (&'a str, Value<'a>),
        exit: (&'a str, Value<'a>),
    ) -> Value<'a> {
        let manager = self.object(Kind::Instance(Value::Native(path)));
        for (name, (function, argument)) in [("__enter__", enter), ("__exit__", exit)] {
            let (function, args) = (Value::Native(function), vec![argument]);
            let method = self.object(Kind::Partial { function, args, keywords: Vec::new() });
            if let Value::Object(id) = manager {
                self.state.objects[id].attributes.set(name, method);
            }
        }
        manager
    }

    /// What a function that `contextmanager` decorates gives.
    pub(super) fn context_manager(&mut self, generator: Value<'a>) -> Value<'a> {
        let enter = ("contextlib.managed.__enter__", generator);
        self.manager_of("contextlib.managed", enter, ("contextlib.managed.__exit__", generator))
    }

    /// Rules for `contextlib`, by the name of the function there.
    pub(super) fn context_function(&mut self, name: &str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        const GIVEN: &str = "contextlib.given";
        let first = args.positional.first().copied();
        Ok(Some(match (name, first) {
            ("given", Some(value)) => value,
            ("nullcontext", _) => {
                let value = args.get(0, "enter_result").unwrap_or(Value::None);
                self.manager_of("contextlib.nullcontext", (GIVEN, value), (GIVEN, Value::None))
            }
            ("closing", Some(thing)) => {
                self.manager_of("contextlib.closing", (GIVEN, thing), ("contextlib.closes", thing))
            }
            ("closes", Some(thing)) => {
                let close = self.attribute(thing, "close")?;
                self.call(close, Args::default())?;
                Value::None
            }
            ("suppress", _) if !args.is_open => {
                let classes = self.tuple(args.positional.clone());
                let exit = ("contextlib.suppresses", classes);
                self.manager_of("contextlib.suppress", (GIVEN, Value::None), exit)
            }
            ("suppresses", Some(classes)) => match args.positional.get(2) {
                Some(Value::None) | None => Value::Bool(false),
                Some(exception) => {
                    let answer = self.is_instance(*exception, classes)?;
                    self.answer(answer)
                }
            },
            ("ExitStack", _) => self.exit_stack(&EXIT_STACK, Vec::new()),
            ("AsyncExitStack", _) => self.exit_stack(&ASYNC_EXIT_STACK, Vec::new()),
            ("enter_context", Some(exits)) => {
                let manager = args.get(1, "cm").unwrap_or(Value::None);
                let exit = self.attribute(manager, "__exit__")?;
                let enter = self.attribute(manager, "__enter__")?;
                let value = self.call(enter, Args::default())?;
                self.push_exit(exits, exit);
                value
            }
            ("push_async_exit", Some(exits)) => {
                let pushed = args.get(1, "exit").unwrap_or(Value::None);
                self.push_exit(exits, pushed);
                pushed
            }
            ("push", Some(exits)) => {
                let pushed = args.get(1, "exit").unwrap_or(Value::None);
                let exit = match self.special_method(pushed, "__exit__") {
                    Some(exit) => exit,
                    None if self.attribute_of_instance(pushed, "__exit__").is_some() => {
                        self.attribute(pushed, "__exit__")?
                    }
                    None => pushed,
                };
                self.push_exit(exits, exit);
                pushed
            }
            ("callback", Some(exits)) => {
                let function = args.positional.get(1).copied().unwrap_or(Value::None);
                let (rest, keywords) =
                    (args.positional[2.min(args.positional.len())..].to_vec(), args.keywords.clone());
                let call = self.object(Kind::Partial { function, args: rest, keywords });
                let call = Kind::Partial {
                    function: Value::Native("contextlib.calls"),
                    args: vec![call],
                    keywords: Vec::new(),
                };
                let call = self.object(call);
                self.push_exit(exits, call);
                function
            }
            ("calls", Some(callback)) => {
                self.call(callback, Args::default())?;
                Value::Bool(false)
            }
            ("pop_all", Some(exits)) => {
                let moved = self.take_exits(exits);
                self.exit_stack(&EXIT_STACK, moved)
            }
            ("pop_all_async", Some(exits)) => {
                let moved = self.take_exits(exits);
                self.exit_stack(&ASYNC_EXIT_STACK, moved)
            }
            ("close", Some(exits)) => {
                self.unwind(exits, Value::None)?;
                Value::None
            }
            ("unwinds", Some(exits)) => {
                let exception = args.positional.get(2).copied().unwrap_or(Value::None);
                let answer = self.unwind(exits, exception)?;
                self.answer(answer)
            }
            _ => return Ok(None),
        }))
    }

    /// A stack of this class with these functions to call at its end.
    fn exit_stack(&mut self, class: &ExitStack, exits: Vec<Value<'a>>) -> Value<'a> {
        let exits = self.object(Kind::List(exits));
        let stack = self.object(Kind::Instance(Value::Native(class.path)));
        for &(name, function) in SHARED.iter().chain(class.methods) {
            let argument = if name == "__enter__" { stack } else { exits };
            let (function, args) = (Value::Native(function), vec![argument]);
            let method = self.object(Kind::Partial { function, args, keywords: Vec::new() });
            if let Value::Object(id) = stack {
                self.state.objects[id].attributes.set(name, method);
            }
        }
        stack
    }

    fn push_exit(&mut self, exits: Value<'a>, exit: Value<'a>) {
        self.note_change(exits, "an exit stack");
        if let Value::Object(id) = exits
            && let Kind::List(items) = self.kind_mut(id)
        {
            items.push(exit);
        }
    }

    /// What an exit stack has to call, which it will not call any more.
    fn take_exits(&mut self, exits: Value<'a>) -> Vec<Value<'a>> {
        self.note_change(exits, "an exit stack");
        match exits {
            Value::Object(id) => match self.kind_mut(id) {
                Kind::List(items) => std::mem::take(items),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Calls what has been pushed, the last first, with what is being raised; says whether that is swallowed, as far as that is known.
    fn unwind(&mut self, exits: Value<'a>, exception: Value<'a>) -> Eval<'a, Option<bool>> {
        let (mut pending, mut is_known) = (exception, true);
        for exit in self.take_exits(exits).into_iter().rev() {
            let class = if pending == Value::None { Value::None } else { self.class_of(pending) };
            match self.call(exit, Args::of(&[class, pending, Value::None])) {
                Ok(answer) if pending != Value::None => match self.truth(answer)? {
                    Some(true) => pending = Value::None,
                    Some(false) => {}
                    None => is_known = false,
                },
                Ok(_) => {}
                Err(Stop::Raise(raised)) => pending = raised,
                Err(stop) => return Err(stop),
            }
        }
        match pending {
            Value::None => Ok(Some(exception != Value::None)),
            _ if pending == exception => Ok(is_known.then_some(false)),
            _ => Err(Stop::Raise(pending)),
        }
    }
}
