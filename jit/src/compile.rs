//! From a body to installed machine code.
//!
//! Method: build HIR, inline, run the pass pipeline, lower, allocate, encode (docs/back-end.md), then copy the code into the
//! region, fill in addresses, and point the call slots of everything that the body occupies at it.

use std::time::Duration;

use abi::layout::thread::DEOPT_COUNTDOWN;
use base::entity::EntityId;
use bytecode::{CodeFlags, TypeCode};
use codegen::{CompiledCode, RelocKind, Shape, Target};
use hir::env::{ClassId, FuncId};
use hir::ir::Type;
use hir::{Point, Reason, Start, Unsupported};
use lir::ir::{MachineEnv, RegClass, Sym};
use runtime::objects::code::CodeObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::str::StrObject;
use runtime::stress::{self, Knob};

use crate::code_memory::displacement;
use crate::context::Jit;
use crate::env::Env;
use crate::functions::{BodyId, State};
use crate::machine::Machine;

/// Code of one body is given up so often before it stays with the interpreter.
const RETIRED_LIMIT: u32 = 4;

/// What compiling gives besides the code.
pub(crate) struct Compiled {
    pub(crate) code: CompiledCode,
    shape: Shape,
    inlined: Vec<FuncId>,
    unhooked: Vec<ClassId>,
    shows_static: bool,
}

/// Shows the stages of one compilation: stage, name of the pass or empty, text.
pub type Observer<'o> = dyn FnMut(&str, &str, &str) + 'o;

impl Jit {
    /// Compiles a function for which that is due; the code, if it has or gets some.
    pub(crate) fn compile_function(&self, function: &FunctionObject) -> Option<&'static Machine> {
        // A generator's call only makes it; its code is that of its resumptions.
        if function.code().code().flags.intersects(CodeFlags::SUSPENDS) {
            return None;
        }
        let body = self.body_of(function)?;
        self.compile(body);
        match self.functions.borrow().bodies[body].state {
            State::Compiled(machine) => Some(machine),
            _ => None,
        }
    }

    /// Compiles a body unless that has been done or refused, or is under way.
    pub(crate) fn compile(&self, body: BodyId) {
        if !self.admits(body) {
            return;
        }
        let code = {
            let mut functions = self.functions.borrow_mut();
            let entry = &mut functions.bodies[body];
            if !matches!(entry.state, State::New) || hir::needs_frame(entry.code_object().code()) {
                return;
            }
            entry.state = State::Compiling;
            entry.code_object()
        };
        let start = thread_time();
        let generated = self.generate(body, Start::Call, None);
        let result = generated.and_then(|compiled| self.install(body, compiled, Vec::new()));
        self.account(body, code, thread_time() - start);
        let state = match result {
            Ok(machine) => {
                code.jit.set(std::ptr::from_ref(machine).cast_mut().cast());
                State::Compiled(machine)
            }
            Err(refusal) => {
                self.stats.refused.borrow_mut().push((code.code().qualname.clone(), refusal));
                State::Refused(refusal)
            }
        };
        let mut functions = self.functions.borrow_mut();
        functions.bodies[body].state = state;
        if let State::Compiled(machine) = state {
            for func in functions.bodies[body].occupies.clone() {
                functions.point(func, machine.start, &self.memory);
            }
        }
    }

    /// Makes code that goes on at these points of frames; a refusal is counted.
    pub(crate) fn make_continuation(&self, body: BodyId, points: Vec<Point>) -> Option<&'static Machine> {
        let code = self.functions.borrow().bodies[body].code_object();
        if !self.admits(body) {
            return None;
        }
        let start = thread_time();
        let generated = self.generate(body, Start::Resume(&points), None);
        let result = generated.and_then(|compiled| self.install(body, compiled, points));
        self.account(body, code, thread_time() - start);
        match result {
            Ok(machine) => Some(machine),
            Err(refusal) => {
                self.stats.refused.borrow_mut().push((code.code().qualname.clone(), refusal));
                None
            }
        }
    }

    /// Whether the settings allow code for a body.
    fn admits(&self, body: BodyId) -> bool {
        let functions = self.functions.borrow();
        let entry = &functions.bodies[body];
        let module = entry.globals_dict().get_text("__name__");
        let module = module.as_ref().and_then(|name| name.get::<StrObject>()).map(StrObject::to_string_lossy);
        let (module, code) = (module.unwrap_or_default(), entry.code_object());
        self.settings.admits(&module, &code.code().qualname) && self.control.admits(&module, code)
    }

    fn account(&self, body: BodyId, code: &CodeObject, time: Duration) {
        self.functions.borrow_mut().bodies[body].time += time;
        self.stats.time.set(self.stats.time.get() + time);
        self.stats.words.set(self.stats.words.get() + code.code().words.len());
    }

    /// Makes the machine code of a body, without addresses.
    pub(crate) fn generate(
        &self,
        body: BodyId,
        start: Start<'_>,
        mut observer: Option<&mut Observer<'_>>,
    ) -> Result<Compiled, Unsupported> {
        let (code, func, takes_closure) = {
            let entry = &self.functions.borrow().bodies[body];
            (entry.code_object(), entry.func, matches!(start, Start::Call) && entry.takes_closure())
        };
        let is_observed = observer.is_some();
        let env = Env::new(self);
        let mut ir = hir::build(code.code(), func, &env, start)?;
        let mut see = |stage: &str, pass: &str, text: &dyn Fn() -> String| {
            if let Some(observer) = observer.as_deref_mut() {
                observer(stage, pass, &text());
            }
        };
        see("hir", "build", &|| hir::text::print(&ir));
        hir::passes::inline::run(&mut ir, &env);
        see("hir", "inline", &|| hir::text::print(&ir));
        let mut dump = |pass: &str, when: &str, text: &str| {
            if when == "after" {
                see("hir", pass, &|| text.to_owned());
            }
        };
        let mut options = hir::pipeline::Options::default();
        if is_observed {
            options.dump = Some(&mut dump);
        }
        hir::pipeline::run(&mut ir, &mut options);
        let has_fused_multiply = std::arch::is_x86_feature_detected!("fma");
        let machine = MachineEnv { has_fused_multiply, ..MachineEnv::x86_64() };
        let machine = if ir.is_shown { machine.without_preserved() } else { machine };
        let layout = self.layout();
        let mut low = lir::lower(&ir, &layout, &machine)?;
        see("lir", "lower", &|| lir::text::print(&low));
        lir::regalloc::allocate(&mut low, &machine);
        see("lir", "allocate", &|| lir::text::print(&low));
        let code = codegen::emit(&low, &layout);
        see("asm", "emit", &|| codegen::disasm::disassemble(&code));
        let params = &ir.blocks[ir.entry()].params;
        let shape = Shape {
            params: params.iter().map(|&param| class_of(ir.ty(param))).collect(),
            ret: class_of(ir.ret),
            fails_by_carry: low.fails_by_carry,
            takes_closure,
        };
        let (inlined, unhooked) = (env.inlined.take(), env.unhooked.take());
        Ok(Compiled { code, shape, inlined, unhooked, shows_static: self.shows_static() })
    }

    /// Whether frames of static functions show their variables: on request, or because the program reads those of some frames.
    pub(crate) fn shows_static(&self) -> bool {
        self.settings.shows_static || runtime::objects::code::is_seeing_frames()
    }

    /// The layout, with what stress and the settings ask for.
    fn layout(&self) -> lir::Layout {
        let is_stressed = stress::every(Knob::Deopt) != 0;
        let deopt_countdown = is_stressed.then_some(DEOPT_COUNTDOWN as i32);
        let null_page = if self.settings.traps_null { runtime::fault::NULL_PAGE } else { 0 };
        let bool_truth = runtime::objects::bool::TRUTH as i32;
        lir::Layout { bool_truth, deopt_countdown, null_page, ..lir::Layout::default() }
    }

    /// Copies code into the region and makes it reachable.
    fn install(
        &self,
        body: BodyId,
        compiled: Compiled,
        points: Vec<Point>,
    ) -> Result<&'static Machine, Unsupported> {
        let full = Unsupported { reason: Reason::CodeMemory, offset: 0 };
        let Compiled { mut code, shape, inlined, unhooked, shows_static } = compiled;
        let takes_closure = shape.takes_closure;
        let start = self.memory.reserve_line(code.bytes.len()).ok_or(full)?;
        let enter = self.entries.get(&shape, &self.memory).ok_or(full)?;
        self.relocate(&mut code, start);
        self.memory.write(start, &code.bytes);
        let (object, own, surroundings) = {
            let functions = self.functions.borrow();
            let entry = &functions.bodies[body];
            (entry.code_object(), entry.func, entry.surroundings())
        };
        for class in unhooked {
            self.accessing.borrow_mut().entry(class).or_default().push(body);
        }
        let mut bodies = vec![(own, body)];
        for &func in &inlined {
            let occupant = self.functions.borrow().funcs[func.index()].body;
            bodies.extend(occupant.map(|occupant| (func, occupant)));
            self.inlined_in.borrow_mut().entry(func).or_default().push(body);
        }
        let code_ref = object.code();
        let params: Vec<TypeCode> =
            code_ref.locals[..code_ref.param_count()].iter().map(|local| local.ty).collect();
        let ret = code_ref.signature.as_ref().map_or(TypeCode::Object, |signature| signature.ret.type_code());
        let stars = CodeFlags(CodeFlags::VARARGS.0 | CodeFlags::VARKEYWORDS.0);
        let is_plain = code_ref.kwonly_count == 0 && !code_ref.flags.intersects(stars);
        let is_checked = code_ref.signature.is_some();
        let mut machine = Machine::new(
            code,
            body,
            bodies,
            start,
            surroundings,
            enter,
            params,
            ret,
            is_checked,
            is_plain,
            takes_closure,
        );
        (machine.points, machine.shows_static) = (points, shows_static);
        let machine: &'static Machine = Box::leak(Box::new(machine));
        self.code.insert(machine);
        if self.settings.perf_map {
            crate::perf::note(machine.start, machine.len, &machine.name);
        }
        Ok(machine)
    }

    /// Fills the fields of code that is to run at `start`.
    pub(crate) fn relocate(&self, code: &mut CompiledCode, start: usize) {
        for reloc in &code.relocs {
            let at = reloc.offset as usize;
            let address = self.address(reloc.target);
            match reloc.kind {
                RelocKind::Rel32 => {
                    let field = displacement(address, start + at + 4);
                    code.bytes[at..at + 4].copy_from_slice(&field);
                }
                RelocKind::Abs64 => {
                    code.bytes[at..at + 8].copy_from_slice(&(address as u64).to_le_bytes());
                }
            }
        }
    }

    /// The address or word that a symbol stands for.
    fn address(&self, target: Target) -> usize {
        match target {
            Target::Thunk(thunk) => self.islands.thunk(thunk),
            Target::Thread => std::ptr::from_ref(runtime::thread::thread()) as usize,
            Target::Sym(Sym::Helper(helper)) => self.islands.helper(helper),
            Target::Sym(Sym::Func(func)) => self.functions.borrow().funcs[func.index()].slot,
            Target::Sym(Sym::Class(class)) => self.classes.borrow().object(class).bits() as usize,
            Target::Sym(Sym::Const(id)) => self.consts.borrow().object(id).bits() as usize,
            Target::Sym(Sym::Cell(cell)) => self.cells.borrow().address(cell) as usize,
        }
    }

    /// Retires the code of a body whose guards fail too often; after a few times it stays with the interpreter.
    pub(crate) fn give_up(&self, body: BodyId) {
        self.retire(body);
        self.stats.retired.set(self.stats.retired.get() + 1);
        let mut functions = self.functions.borrow_mut();
        let entry = &mut functions.bodies[body];
        if entry.retired >= RETIRED_LIMIT {
            entry.state = State::Refused(Unsupported { reason: Reason::Unstable, offset: 0 });
        }
    }
}

/// The register file for values of a type.
fn class_of(ty: Type) -> RegClass {
    if ty.is_subtype(Type::F64) { RegClass::Xmm } else { RegClass::Gpr }
}

/// The processor time that this thread has used. What other processes do on the machine is not in it, unlike in the time of day.
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock of a running thread exists, and `time` is a place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("below a second"))
}
