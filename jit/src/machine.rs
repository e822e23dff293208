//! Installed machine code, and how it is found from an address inside it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use bytecode::TypeCode;
use codegen::{CallSite, ExitSite, FrameInfo, NullTrap};
use hir::Point;
use hir::env::FuncId;
use runtime::objects::function::FunctionObject;
use runtime::value::Value;

use crate::entry::NativeEntry;
use crate::functions::BodyId;

/// The machine code of one function. Never freed: it may be on the stack when it is retired.
pub(crate) struct Machine {
    /// Qualified name.
    pub(crate) name: String,
    /// Whose code it is.
    pub(crate) body: BodyId,
    /// The bodies whose frames its tables name.
    pub(crate) bodies: Vec<(FuncId, BodyId)>,
    /// First byte, which is the typed entry.
    pub(crate) start: usize,
    /// Bytes.
    pub(crate) len: usize,
    /// Calls, by ascending return address.
    pub(crate) call_sites: Vec<CallSite>,
    /// Exits, by number.
    pub(crate) exits: Vec<ExitSite>,
    /// Tests for null that are left to faults, by ascending offset.
    null_traps: Vec<NullTrap>,
    /// Numbers of the exits by return address.
    exit_numbers: Vec<(u32, u32)>,
    /// The machine frame.
    pub(crate) frame: FrameInfo,
    /// Where an exit goes on with a result.
    pub(crate) return_address: usize,
    /// Where an exit goes on without one.
    pub(crate) fail_address: usize,
    /// The globals, and the closure that is built in, null without one; alive as the body is.
    pub(crate) surroundings: (Value, Value),
    /// How Rust calls it.
    pub(crate) enter: NativeEntry,
    /// Representations of the parameters.
    pub(crate) params: Vec<TypeCode>,
    /// Representation of the result.
    pub(crate) ret: TypeCode,
    /// Whether untyped callers' arguments must be checked.
    pub(crate) is_checked: bool,
    /// Whether the parameters are plain positional ones, so that as many positional arguments need no binding.
    pub(crate) is_plain: bool,
    /// Whether the closure is its last argument.
    pub(crate) takes_closure: bool,
    /// It rests on something that is no longer so: nobody enters it any more.
    pub(crate) is_retired: Cell<bool>,
    /// How often a guard has failed.
    pub(crate) deopts: Cell<u32>,
    /// The places of an interpreter's frame where it goes on; none if it is called.
    pub(crate) points: Vec<Point>,
    /// Whether frames of static functions show their variables.
    pub(crate) shows_static: bool,
    /// Where the frame that it continues has gone on behind its last exception, and in what code.
    pub(crate) landing: Cell<Option<(u32, &'static Machine)>>,
}

impl Machine {
    /// The code itself.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the code lies here as long as the process lives, and is readable.
        unsafe { std::slice::from_raw_parts(self.start as *const u8, self.len) }
    }

    /// The numbers of exits, sorted for [`Machine::exit_at`].
    pub(crate) fn number_exits(exits: &[ExitSite]) -> Vec<(u32, u32)> {
        let mut numbers: Vec<(u32, u32)> =
            exits.iter().enumerate().map(|(at, exit)| (exit.return_offset, at as u32)).collect();
        numbers.sort_unstable();
        numbers
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one record")]
    pub(crate) fn new(
        code: codegen::CompiledCode,
        body: BodyId,
        bodies: Vec<(FuncId, BodyId)>,
        start: usize,
        surroundings: (Value, Value),
        enter: NativeEntry,
        params: Vec<TypeCode>,
        ret: TypeCode,
        is_checked: bool,
        is_plain: bool,
        takes_closure: bool,
    ) -> Self {
        Self {
            exit_numbers: Self::number_exits(&code.exits),
            name: code.name,
            body,
            bodies,
            start,
            len: code.bytes.len(),
            call_sites: code.call_sites,
            exits: code.exits,
            null_traps: code.null_traps,
            frame: code.frame,
            return_address: start + code.return_offset as usize,
            fail_address: start + code.fail_offset as usize,
            surroundings,
            enter,
            params,
            ret,
            is_checked,
            is_plain,
            takes_closure,
            is_retired: Cell::new(false),
            deopts: Cell::new(0),
            points: Vec::new(),
            shows_static: false,
            landing: Cell::new(None),
        }
    }

    /// Whether a function that has the machine's code has its globals too, and the closure that it needs.
    #[inline]
    pub(crate) fn suits(&self, function: &FunctionObject) -> bool {
        let closure = function.closure.get().unwrap_or(Value::NULL);
        let (globals, own) = self.surroundings;
        let fits = if self.takes_closure { !closure.is_null() } else { closure == own };
        fits && self.points.is_empty() && Value::from_object(function.globals()) == globals
    }

    /// Whether an address is in it, or just behind a call that ends it.
    pub(crate) fn contains(&self, address: usize) -> bool {
        (self.start..=self.start + self.len).contains(&address)
    }

    /// The body that a frame in the tables belongs to.
    pub(crate) fn body_of(&self, func: FuncId) -> BodyId {
        let known = self.bodies.iter().find(|(known, _)| *known == func);
        known.map_or(self.body, |&(_, body)| body)
    }

    /// The exit whose call returns to this address.
    pub(crate) fn exit_at(&self, return_address: usize) -> Option<&ExitSite> {
        let offset = (return_address - self.start) as u32;
        let found = self.exit_numbers.binary_search_by_key(&offset, |&(offset, _)| offset).ok()?;
        self.exits.get(self.exit_numbers[found].1 as usize)
    }

    /// Where the instruction at an address goes on if what it reads through is null, unless it was never to be.
    pub(crate) fn null_target(&self, address: usize) -> Option<usize> {
        let offset = (address - self.start) as u32;
        let behind = self.null_traps.partition_point(|trap| trap.start <= offset);
        let trap = self.null_traps[..behind].last().filter(|trap| offset < trap.end)?;
        Some(self.start + trap.target as usize)
    }

    /// What is known about the place behind a call: the exit of a call, or an exit itself.
    pub(crate) fn place_at(&self, return_address: usize) -> Option<&ExitSite> {
        let offset = (return_address - self.start) as u32;
        let site = self.call_sites.binary_search_by_key(&offset, |site| site.return_offset).ok();
        let exit = site.and_then(|at| self.call_sites[at].exit);
        exit.and_then(|exit| self.exits.get(exit as usize)).or_else(|| self.exit_at(return_address))
    }
}

/// All installed code by address.
#[derive(Default)]
pub(crate) struct CodeMap {
    machines: RefCell<BTreeMap<usize, &'static Machine>>,
    /// Answers, by some bits of the address: the same exits are taken again and again, and code stays where it is.
    found: [Cell<Option<(usize, &'static Machine)>>; FOUND],
}

/// How many answers are remembered.
const FOUND: usize = 32;

impl CodeMap {
    pub(crate) fn insert(&self, machine: &'static Machine) {
        self.machines.borrow_mut().insert(machine.start, machine);
    }

    /// The code that contains an address.
    pub(crate) fn at(&self, address: usize) -> Option<&'static Machine> {
        let found = &self.found[(address ^ address >> 5) % FOUND];
        match found.get() {
            Some((known, machine)) if known == address => Some(machine),
            _ => {
                let machine = self.search(address)?;
                found.set(Some((address, machine)));
                Some(machine)
            }
        }
    }

    /// [`CodeMap::at`] for handlers of signals: nothing is remembered, and nothing found while the map is being changed.
    pub(crate) fn try_at(&self, address: usize) -> Option<&'static Machine> {
        let machines = self.machines.try_borrow().ok()?;
        let (_, &machine) = machines.range(..=address).next_back()?;
        machine.contains(address).then_some(machine)
    }

    fn search(&self, address: usize) -> Option<&'static Machine> {
        let machines = self.machines.borrow();
        let (_, &machine) = machines.range(..=address).next_back()?;
        machine.contains(address).then_some(machine)
    }

    /// Every machine, by address.
    pub(crate) fn all(&self) -> Vec<&'static Machine> {
        self.machines.borrow().values().copied().collect()
    }
}
