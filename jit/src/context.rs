//! The compiler's state: one per process, made when it is installed.

use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use hir::Unsupported;
use hir::env::{ClassId, ConstId, FuncId};
use runtime::objects::function::FunctionObject;
use runtime::value::Value;
use runtime::world::World;
use rustc_hash::FxHashMap;

use crate::cells::Cells;
use crate::code_memory::CodeMemory;
use crate::control::Control;
use crate::entry::Entries;
use crate::fallback::Adoptions;
use crate::functions::{BodyId, Functions};
use crate::interfaces::Interface;
use crate::intern::{Interner, classes, constants};
use crate::machine::CodeMap;
use crate::settings::Settings;
use crate::thunk::Islands;

/// Everything the compiler knows and has made.
pub(crate) struct Jit {
    pub(crate) settings: Settings,
    pub(crate) memory: CodeMemory,
    pub(crate) islands: Islands,
    pub(crate) classes: RefCell<Interner<ClassId>>,
    pub(crate) consts: RefCell<Interner<ConstId>>,
    pub(crate) cells: RefCell<Cells>,
    pub(crate) functions: RefCell<Functions>,
    pub(crate) interfaces: RefCell<Vec<Interface>>,
    pub(crate) entries: Entries,
    pub(crate) code: CodeMap,
    /// Bodies into whose code the occupant of a target has been built.
    pub(crate) inlined_in: RefCell<FxHashMap<FuncId, Vec<BodyId>>>,
    /// Bodies whose code accesses the fields of a class, as long as no subclass has a `__setattr__` or `__getattribute__` of its own.
    pub(crate) accessing: RefCell<FxHashMap<ClassId, Vec<BodyId>>>,
    /// C wrappers by body.
    pub(crate) natives: RefCell<FxHashMap<BodyId, usize>>,
    /// Typed entries of C functions.
    pub(crate) native_entries: RefCell<FxHashMap<FuncId, usize>>,
    /// Compiled frames that somebody has got hold of.
    pub(crate) adoptions: Adoptions,
    pub(crate) stats: Statistics,
    pub(crate) control: Control,
    /// Everything has been let go: nothing is compiled or entered any more.
    pub(crate) is_released: Cell<bool>,
    /// The instruction of a code object that has failed on behalf of the one whose exit is about to be taken: a method's lookup, which
    /// its call does.
    pub(crate) failed_at: Cell<Option<(Value, u32)>>,
}

/// What has happened so far.
#[derive(Default)]
pub(crate) struct Statistics {
    /// Time spent compiling.
    pub(crate) time: Cell<Duration>,
    /// Bytecode instructions compiled.
    pub(crate) words: Cell<usize>,
    /// Functions that have no code, with the reason.
    pub(crate) refused: RefCell<Vec<(String, Unsupported)>>,
    /// Guards that failed.
    pub(crate) deopts: Cell<u64>,
    /// Code that was given up.
    pub(crate) retired: Cell<u64>,
}

static JIT: World<OnceCell<Jit>> = World::new(OnceCell::new());

/// The compiler. Hooks that need it are installed with it.
pub(crate) fn jit() -> &'static Jit {
    JIT.get().expect("the hooks are installed together with the compiler")
}

/// The compiler, if it has been installed.
pub(crate) fn installed() -> Option<&'static Jit> {
    JIT.get()
}

/// Makes the compiler; false where the system grants no memory for code, or if there is one already.
pub(crate) fn create(mut settings: Settings) -> bool {
    let Ok(memory) = CodeMemory::new() else { return false };
    let Some(islands) = Islands::new(&memory) else { return false };
    settings.traps_null &= runtime::fault::catch(null_target);
    let made = Jit {
        settings,
        memory,
        islands,
        classes: RefCell::new(classes()),
        consts: RefCell::new(constants()),
        cells: RefCell::default(),
        functions: RefCell::default(),
        interfaces: RefCell::default(),
        entries: Entries::default(),
        code: CodeMap::default(),
        inlined_in: RefCell::default(),
        accessing: RefCell::default(),
        native_entries: RefCell::default(),
        natives: RefCell::default(),
        adoptions: Adoptions::default(),
        stats: Statistics::default(),
        control: Control::default(),
        is_released: Cell::new(false),
        failed_at: Cell::new(None),
    };
    let is_first = JIT.set(made).is_ok();
    if is_first {
        CodeMemory::follow_forks(before_fork, in_parent, in_child);
    }
    is_first
}

/// Where a fault in compiled code goes on.
fn null_target(address: usize) -> Option<usize> {
    let jit = installed().filter(|jit| jit.memory.contains(address))?;
    jit.code.at(address)?.null_target(address)
}

extern "C" fn before_fork() {
    jit().memory.before_fork();
}

extern "C" fn in_parent() {
    jit().memory.in_parent();
}

extern "C" fn in_child() {
    jit().memory.in_child();
}

impl Jit {
    /// The body of a function.
    pub(crate) fn body_of(&self, function: &FunctionObject) -> Option<BodyId> {
        if self.is_released.get() {
            return None;
        }
        self.functions.borrow_mut().body(function, &self.memory, self.islands.bridge)
    }
}
