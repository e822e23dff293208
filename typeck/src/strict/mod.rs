//! Strict modules: proves that importing a module does nothing but make its own names.
//!
//! What runs when a module is imported (its top level, class bodies, decorators, defaults and all that these call) is executed here over
//! abstract values ([`value`]). Each object has an *owner*, the module whose import has made it; changing an object that another
//! module owns is a finding, and so is everything whose outcome is not known: calling a function of a module that is not strict,
//! printing, reading the environment. Functions that are only defined are free.
//!
//! Method: the concrete path is followed, as Cinder's strict module analyser does, with two differences: values may be known by their class
//! alone (results of pure library functions), and a test on such a value runs both arms on copies of the state and joins them
//! ([`join`]). What library functions do is declared in stubs ([`stub`]), whose claims are trusted. Annotations are not run (PEP 649).
//! Generators run when they are first asked, to their end; `async` bodies never run.
//!
//! Findings ([`finding`]) name the top-level expression, the chain of calls below it and the place of the effect; one cause is
//! reported once, and what is computed from a value that has been reported is silent.
//!
//! Cost: that of the top level; limited by a number of steps, never by time, so that results are the same everywhere. The analysis runs on
//! a thread of its own, whose stack has room for the deepest calls that the limits admit.
//!
//! - [`module`]: modules, names, imports; [`statement`], [`pattern`], [`expression`], [`assign`], [`iterate`], [`operator`]: the language
//! - [`call`], [`class`], [`attribute`]: functions and classes; [`finalise`]: what runs when objects die; [`native`], [`sequence`], [`method`], [`shown`]: what builtins do; [`context`]: context managers

mod allow;
mod assign;
mod attribute;
mod call;
mod claims;
mod class;
mod combine;
pub(crate) use combine::OPERATORS;
mod context;
mod cycle;
mod drive;
mod enumeration;
mod expression;
mod finalise;
mod finding;
mod group;
mod iterate;
mod join;
mod library;
mod method;
mod module;
mod native;
mod number;
mod operator;
mod pattern;
mod record;
mod sequence;
mod shown;
mod statement;
mod stub;
mod summary;
mod text;
mod value;

use base::Diagnostic;
use base::entity::PrimaryMap;
use bumpalo::Bump;
use parser::ast::Stmt;
use rustc_hash::FxHashMap;

use crate::program::ModuleLoader;
pub use claims::{Verdict, verify};
use finalise::Mortal;
use finding::{Call, Reported};
use module::{Frame, Unit};
use stub::Stub;
use summary::Summaries;
use value::{Eval, Kind, Object, ObjectId, Opaque, OpaqueId, Place, State, Stop, UnitId, Value};

/// Statements and expressions that one module may run at its top.
const STEPS: u32 = 2_000_000;
/// Calls inside each other.
const CALLS: usize = 200;
/// Statements and expressions inside each other, over all calls.
const NESTING: u32 = 6_000;
/// Turns of one loop, and what one iterator gives.
const TURNS: usize = 100_000;
/// Elements of one container, and bytes of one text.
const SIZE: usize = 100_000;
/// Address space for the stack, of which only what is used is backed.
const STACK: usize = 1 << 28;

/// What a project wants of the analysis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Folders of stubs of its own, as the loader knows them.
    pub stubs: Vec<String>,
    /// Statements and expressions that one module may run at its top.
    pub steps: u32,
    /// Whether to say which imports may have effects.
    pub tells_imports: bool,
    /// What is known of the machine and the version is left open, so that what other ones do is found, too.
    pub all_platforms: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { stubs: Vec::new(), steps: STEPS, tells_imports: false, all_platforms: false }
    }
}

/// A module to analyse.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// Its dotted name.
    pub name: &'s str,
    /// Its file, as findings show it.
    pub path: &'s str,
    /// Its text.
    pub source: &'s str,
}

/// Everything that importing a module would do beyond making its names.
///
/// `loader` finds the modules that it imports. A source that does not parse has no findings: others report it. What a module finds when it
/// takes part in a cycle of imports depends on which of them is imported first: all are tried.
pub fn findings(loader: &dyn ModuleLoader, options: &Options, subject: Subject<'_>) -> Vec<Diagnostic> {
    // Without a thread nothing is known, and nothing is claimed.
    on_own_thread(|| cycle::findings(loader, options, subject)).unwrap_or_default()
}

/// Runs with a stack that has room for the deepest calls that the limits admit.
fn on_own_thread<T: Send>(run: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let analysis = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        match analysis.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => Some(result),
            Err(_) => None,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
        }
    })
}

/// One analysis.
struct Analyser<'a, 'l> {
    arena: &'a Bump,
    loader: &'l dyn ModuleLoader,
    options: &'l Options,
    units: PrimaryMap<UnitId, Unit<'a>>,
    by_name: FxHashMap<&'a str, Option<UnitId>>,
    stubs: FxHashMap<&'a str, Option<Stub<'a>>>,
    /// Stubs that are not shipped, by module.
    own_stubs: FxHashMap<&'a str, Option<&'a str>>,
    state: State<'a>,
    opaques: PrimaryMap<OpaqueId, Opaque>,
    /// The modules being imported; the last one's code runs.
    running: Vec<UnitId>,
    frames: Vec<Frame<'a>>,
    calls: Vec<Call<'a>>,
    /// The bodies of classes, whose annotations decorators read.
    bodies: FxHashMap<ObjectId, &'a [Stmt<'a>]>,
    /// Where execution is.
    here: Option<Place>,
    /// Causes that have been reported.
    reported: FxHashMap<(Place, &'static str), Reported>,
    /// Calls that need not be run again.
    summaries: Summaries<'a>,
    /// Exceptions that one arm of a branch raises.
    possible: Vec<Value<'a>>,
    /// Branches inside each other whose arms are both followed.
    branches: usize,
    /// Objects whose death is noticed, in the order in which they were made.
    mortals: Vec<Mortal<'a>>,
    /// Values that live on where they are not followed.
    kept: Vec<Value<'a>>,
    /// The generator expression that comes next is the argument of a function to which its order does not matter.
    forgets_order: bool,
    /// Containers whose texts are being made.
    shown: Vec<ObjectId>,
    steps: u32,
    nesting: u32,
}

impl<'a, 'l> Analyser<'a, 'l> {
    fn new(arena: &'a Bump, loader: &'l dyn ModuleLoader, options: &'l Options) -> Self {
        Self {
            arena,
            loader,
            options,
            units: PrimaryMap::new(),
            by_name: FxHashMap::default(),
            stubs: FxHashMap::default(),
            own_stubs: FxHashMap::default(),
            state: State { objects: PrimaryMap::new(), envs: PrimaryMap::new() },
            opaques: PrimaryMap::new(),
            running: Vec::new(),
            frames: Vec::new(),
            calls: Vec::new(),
            bodies: FxHashMap::default(),
            here: None,
            reported: FxHashMap::default(),
            summaries: Summaries::default(),
            possible: Vec::new(),
            branches: 0,
            mortals: Vec::new(),
            kept: Vec::new(),
            forgets_order: false,
            shown: Vec::new(),
            steps: options.steps,
            nesting: 0,
        }
    }

    // --- Objects ---

    /// The module whose top level is running.
    fn current(&self) -> UnitId {
        *self.running.last().expect("a module is running")
    }

    /// A new object of the running module.
    fn object(&mut self, kind: Kind<'a>) -> Value<'a> {
        let owner = self.current();
        Value::Object(self.state.objects.push(Object { owner, attributes: Default::default(), kind }))
    }

    /// What is known of an object.
    fn kind(&self, value: Value<'a>) -> Option<&Kind<'a>> {
        match value {
            Value::Object(id) => Some(&self.state.objects[id].kind),
            _ => None,
        }
    }

    fn kind_mut(&mut self, id: ObjectId) -> &mut Kind<'a> {
        &mut self.state.objects[id].kind
    }

    /// A value of which only the class is known.
    fn typed(&mut self, class: &'a str) -> Value<'a> {
        if class == "None" { Value::None } else { self.object(Kind::Typed(class)) }
    }

    fn list(&mut self, items: Vec<Value<'a>>) -> Value<'a> {
        if items.len() > SIZE { self.typed("list") } else { self.object(Kind::List(items)) }
    }

    /// A list, of which perhaps no more is known.
    fn list_of(&mut self, items: Option<Vec<Value<'a>>>) -> Value<'a> {
        match items {
            Some(items) => self.list(items),
            None => self.typed("list"),
        }
    }

    /// A tuple, of which perhaps no more is known.
    fn tuple_of(&mut self, items: Option<Vec<Value<'a>>>) -> Value<'a> {
        match items {
            Some(items) => self.tuple(items),
            None => self.typed("tuple"),
        }
    }

    fn tuple(&mut self, items: Vec<Value<'a>>) -> Value<'a> {
        if items.len() > SIZE { self.typed("tuple") } else { self.object(Kind::Tuple(items)) }
    }

    /// A text, known unless it is very long.
    fn text(&mut self, text: &str) -> Value<'a> {
        if text.len() > SIZE { self.typed("str") } else { Value::Str(self.arena.alloc_str(text)) }
    }

    /// A value that may be kept and passed on, no more.
    fn opaque(&mut self, reason: impl Into<String>) -> Value<'a> {
        Value::Opaque(self.opaques.push(Opaque { reason: reason.into(), ..Opaque::default() }))
    }

    /// A value of a stub that does not declare it.
    fn undeclared(&mut self, module: &str, name: &str, meant: Option<&str>) -> Value<'a> {
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        let reason = format!("the stub of `{module}` says nothing of `{name}`{meant}");
        Value::Opaque(self.opaques.push(Opaque { reason, is_undeclared: true, ..Opaque::default() }))
    }

    /// A value that may be another one the next time.
    fn varying(&mut self, reason: impl Into<String>) -> Value<'a> {
        let opaque = Opaque { reason: reason.into(), is_varying: true, ..Opaque::default() };
        Value::Opaque(self.opaques.push(opaque))
    }

    /// What stands for the outcome of something that has been reported.
    fn silent(&mut self) -> Value<'a> {
        let opaque = Opaque { is_silent: true, ..Opaque::default() };
        Value::Opaque(self.opaques.push(opaque))
    }

    // --- Limits ---

    /// Pays for some steps.
    fn pay(&mut self, steps: usize) -> Eval<'a, ()> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                self.steps = 0;
                Err(Stop::Exhausted)
            }
        }
    }

    /// One level deeper, if the limits admit it.
    fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Eval<'a, T>) -> Eval<'a, T> {
        self.pay(1)?;
        if self.nesting >= NESTING {
            return Err(Stop::Exhausted);
        }
        self.nesting += 1;
        let result = run(self);
        self.nesting -= 1;
        result
    }
}
