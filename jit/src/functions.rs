//! Functions as the compiler knows them: bodies, which can have code, and call targets, which lead to them.
//!
//! A *body* is a code object with its globals. A *target* is what calls in compiled code name: a place in a module or class, by
//! descriptor, whose current occupant the call reaches. Every target has a call slot in the code region; machine code calls the
//! slot, which jumps to the occupant's code or, as long as there is none, to a stub that asks [`crate::bridge`]. When a
//! module or class changes, the slots of its targets fall back to their stubs and bind anew at the next call.
//!
//! ```text
//! slot + 0    jmp rel32            the code, the stub or the dispatcher
//! slot + 8    mov r11d, number     the stub
//!             jmp bridge
//! slot + 20   mov rax, [rdi + 8]   the dispatcher of a method that was taken as not overridden and is
//!             jmp [rax + vtable]
//! ```

use std::rc::Rc;

use base::entity::EntityId;
use bytecode::{FunctionDescr, MethodKind, TypeCode};
use hir::Unsupported;
use hir::env::FuncId;
use runtime::objects::code::{CodeObject, InlineCache};
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::type_object::TypeObject;
use runtime::value::{Ref, Value};
use rustc_hash::FxHashMap;

use crate::code_memory::{CodeMemory, displacement};
use crate::continuation::Progress;
use crate::links::is_overridden;
use crate::machine::Machine;

/// A body's number.
pub(crate) type BodyId = usize;

/// Bytes of a call slot.
const SLOT: usize = 32;
/// Where its stub is.
const STUB: usize = 8;
/// Where its dispatcher is.
const DISPATCHER: usize = 20;

/// How far compilation of a body has come.
#[derive(Clone, Copy)]
pub(crate) enum State {
    /// Not tried.
    New,
    /// On the way.
    Compiling,
    /// It has code.
    Compiled(&'static Machine),
    /// It has none, and why.
    Refused(Unsupported),
}

/// Where compiled code finds the cells of free variables.
pub(crate) enum Closure {
    /// There are none.
    None,
    /// In this tuple, of the first function that had the code; other functions with the code have no machine code.
    Always(Ref),
    /// They come with each call, behind the arguments.
    PerCall,
    /// Nobody has asked for a function yet, only for a frame, which has them in its slots.
    Unknown,
}

/// A code object with its globals.
pub(crate) struct Body {
    pub(crate) code: Ref,
    pub(crate) globals: Ref,
    pub(crate) builtins: Ref,
    /// Where the cells of its free variables are.
    pub(crate) closure: Closure,
    pub(crate) state: State,
    /// How often code of it has been retired.
    pub(crate) retired: u32,
    /// Time spent on code for it.
    pub(crate) time: std::time::Duration,
    /// The id under which its own frames appear.
    pub(crate) func: FuncId,
    /// Targets that it occupies.
    pub(crate) occupies: Vec<FuncId>,
    /// Code that goes on in the interpreter's frames, by instruction.
    pub(crate) continuations: std::collections::BTreeMap<u32, Progress>,
}

impl Body {
    pub(crate) fn code_object<'a>(&self) -> &'a CodeObject {
        // SAFETY: bodies are made of code objects and live for ever.
        unsafe { self.code.value().cast() }
    }

    pub(crate) fn globals_dict<'a>(&self) -> &'a DictObject {
        // SAFETY: globals are a dict; bodies live for ever.
        unsafe { self.globals.value().cast() }
    }

    /// The globals and the constant closure, null without one.
    pub(crate) fn surroundings(&self) -> (Value, Value) {
        let closure = match &self.closure {
            Closure::Always(closure) => closure.value(),
            Closure::None | Closure::PerCall | Closure::Unknown => Value::NULL,
        };
        (self.globals.value(), closure)
    }

    /// Whether the closure comes with each call.
    pub(crate) fn takes_closure(&self) -> bool {
        matches!(self.closure, Closure::PerCall)
    }
}

/// What a target stands for.
#[derive(Clone)]
pub(crate) enum Link {
    /// A body itself.
    Body,
    /// What a descriptor names now.
    Direct(FunctionDescr),
    /// What a class has under the descriptor's name; the entry of a vtable.
    Entry(FunctionDescr, Ref),
    /// What the descriptor names, called without dispatch because no subclass of the class overrides it, unless one does by then; the
    /// number is the vtable index.
    Unique(FunctionDescr, Ref, usize),
    /// A function of untyped code, which is called with so many objects.
    Function(Ref, usize),
    /// A function of a C library.
    Native(FunctionDescr),
}

impl Link {
    /// The descriptor, whose signature the typed callers follow.
    pub(crate) fn descr(&self) -> Option<&FunctionDescr> {
        match self {
            Self::Body | Self::Function(..) | Self::Native(_) => None,
            Self::Direct(descr) | Self::Entry(descr, _) | Self::Unique(descr, ..) => Some(descr),
        }
    }

    /// What each argument word of a call is.
    pub(crate) fn params(&self) -> Vec<TypeCode> {
        let mut params: Vec<TypeCode> = match self {
            Self::Function(_, args) => vec![TypeCode::Object; *args],
            _ => self
                .descr()
                .map_or(Vec::new(), |descr| descr.signature.params.iter().map(|ty| ty.type_code()).collect()),
        };
        params.extend(self.has_receiver_last().then_some(TypeCode::Object));
        params
    }

    /// Static methods that may be overridden have the receiver behind their arguments.
    pub(crate) fn has_receiver_last(&self) -> bool {
        matches!(self, Self::Unique(descr, ..) if descr.kind == MethodKind::Static)
    }

    /// Whether the method that was the only one is no longer: only the receiver can tell which is meant.
    pub(crate) fn is_overridden(&self) -> bool {
        let Self::Unique(descr, class, _) = self else { return false };
        class.get::<TypeObject>().is_some_and(|class| is_overridden(class, descr.split_name().1, descr.kind))
    }

    /// The class whose changes matter.
    pub(crate) fn class(&self) -> Option<&TypeObject> {
        match self {
            Self::Body | Self::Direct(_) | Self::Function(..) | Self::Native(_) => None,
            Self::Entry(_, class) | Self::Unique(_, class, _) => class.get::<TypeObject>(),
        }
    }

    fn key(&self) -> Option<(u8, u64, String)> {
        // With the signature: a module may be imported again with other functions of the same names.
        let name = FunctionDescr::to_string;
        match self {
            Self::Body => None,
            Self::Direct(descr) => Some((0, 0, name(descr))),
            Self::Entry(descr, class) => Some((1, class.bits(), name(descr))),
            Self::Unique(descr, class, _) => Some((2, class.bits(), name(descr))),
            Self::Native(descr) => Some((3, 0, name(descr))),
            Self::Function(function, args) => Some((4, function.bits(), args.to_string())),
        }
    }
}

/// A call target.
pub(crate) struct Func {
    pub(crate) link: Link,
    /// Its occupant, if that has been found and can be called with typed arguments.
    pub(crate) body: Option<BodyId>,
    /// Address of the call slot.
    pub(crate) slot: usize,
    /// Its occupant, if that is the entry of a vtable and cannot be entered with typed arguments.
    pub(crate) stranger: Option<Rc<Stranger>>,
}

/// What a class has under the name of a method without being one that typed callers may enter.
pub(crate) struct Stranger {
    /// Borrowed from the class, for as long as that has it.
    pub(crate) target: Value,
    pub(crate) class: Ref,
    /// The state of the world in which the class has it.
    pub(crate) stamp: u64,
    pub(crate) descr: FunctionDescr,
    /// What each argument word is.
    pub(crate) params: Vec<TypeCode>,
    /// The class of results that has passed.
    pub(crate) passed: InlineCache,
}

/// All bodies and targets.
#[derive(Default)]
pub(crate) struct Functions {
    pub(crate) bodies: Vec<Body>,
    pub(crate) funcs: Vec<Func>,
    by_code: FxHashMap<(u64, u64), BodyId>,
    by_link: FxHashMap<(u8, u64, String), FuncId>,
}

impl Functions {
    /// The body of a function, with a target of its own. `None` when the code region is full, and for a function that shares its code
    /// with another one but not the closure that its code was compiled with.
    pub(crate) fn body(
        &mut self,
        function: &FunctionObject,
        memory: &CodeMemory,
        bridge: usize,
    ) -> Option<BodyId> {
        let code = Value::from_object(function.code());
        let globals = Value::from_object(function.globals());
        let key = (code.bits(), globals.bits());
        if let Some(&known) = self.by_code.get(&key) {
            let known_closure = &mut self.bodies[known].closure;
            if matches!(known_closure, Closure::Unknown) {
                *known_closure = closure_of(function);
            }
            let fits = match known_closure {
                Closure::Always(closure) => function.closure.get() == Some(closure.value()),
                Closure::None | Closure::PerCall | Closure::Unknown => true,
            };
            return fits.then_some(known);
        }
        let builtins = function.builtins.get_or_none();
        self.add_body(key, [code, globals, builtins.value()], closure_of(function), memory, bridge)
    }

    /// The body of code that runs in a frame.
    pub(crate) fn body_of_code(
        &mut self,
        code: &CodeObject,
        globals: &DictObject,
        builtins: Value,
        memory: &CodeMemory,
        bridge: usize,
    ) -> Option<BodyId> {
        let (code, globals) = (Value::from_object(code), Value::from_object(globals));
        let key = (code.bits(), globals.bits());
        match self.by_code.get(&key) {
            Some(&known) => Some(known),
            None => self.add_body(key, [code, globals, builtins], Closure::Unknown, memory, bridge),
        }
    }

    fn add_body(
        &mut self,
        key: (u64, u64),
        [code, globals, builtins]: [Value; 3],
        closure: Closure,
        memory: &CodeMemory,
        bridge: usize,
    ) -> Option<BodyId> {
        let body = self.bodies.len();
        let func = self.push(Link::Body, Some(body), memory, bridge)?;
        self.bodies.push(Body {
            code: code.to_ref(),
            globals: globals.to_ref(),
            builtins: builtins.to_ref(),
            closure,
            state: State::New,
            retired: 0,
            time: std::time::Duration::ZERO,
            func,
            occupies: vec![func],
            continuations: std::collections::BTreeMap::new(),
        });
        self.by_code.insert(key, body);
        Some(body)
    }

    /// The target of a link, new or known. `None` when the code region is full.
    pub(crate) fn func(&mut self, link: Link, memory: &CodeMemory, bridge: usize) -> Option<FuncId> {
        let key = link.key()?;
        if let Some(&known) = self.by_link.get(&key) {
            return Some(known);
        }
        let id = self.push(link, None, memory, bridge)?;
        self.by_link.insert(key, id);
        Some(id)
    }

    fn push(
        &mut self,
        link: Link,
        body: Option<BodyId>,
        memory: &CodeMemory,
        bridge: usize,
    ) -> Option<FuncId> {
        let id = FuncId::from_index(self.funcs.len());
        let slot = memory.reserve(SLOT)?;
        let mut bytes = [0xcc; SLOT];
        bytes[STUB..STUB + 2].copy_from_slice(&[0x41, 0xbb]);
        bytes[STUB + 2..STUB + 6].copy_from_slice(&(id.index() as u32).to_le_bytes());
        bytes[STUB + 6] = 0xe9;
        bytes[STUB + 7..STUB + 11].copy_from_slice(&displacement(bridge, slot + STUB + 11));
        if let Link::Unique(descr, ..) = &link {
            // mov rax, [rdi + type]; jmp [rax + entry]. A class method has the class itself there: mov rax, rdi; nop. Which entry is said
            // before calls come here.
            let load = if descr.kind == MethodKind::Class {
                [0x48, 0x89, 0xf8, 0x90]
            } else {
                [0x48, 0x8b, 0x47, 0x08]
            };
            bytes[DISPATCHER..DISPATCHER + 4].copy_from_slice(&load);
            bytes[DISPATCHER + 4..DISPATCHER + 6].copy_from_slice(&[0xff, 0xa0]);
        }
        memory.write(slot, &bytes);
        memory.patch(slot, jump(slot, slot + STUB));
        self.funcs.push(Func { link, body, slot, stranger: None });
        Some(id)
    }

    /// Makes calls of a target reach `address`.
    pub(crate) fn point(&self, func: FuncId, address: usize, memory: &CodeMemory) {
        let slot = self.funcs[func.index()].slot;
        memory.patch(slot, jump(slot, address));
    }

    /// Makes calls of a target ask the bridge.
    pub(crate) fn unbind(&mut self, func: FuncId, memory: &CodeMemory) {
        let entry = &mut self.funcs[func.index()];
        if let Some(body) = entry.body.take_if(|_| !matches!(entry.link, Link::Body)) {
            self.bodies[body].occupies.retain(|&other| other != func);
        }
        self.point(func, self.funcs[func.index()].slot + STUB, memory);
    }

    /// Makes calls of a target, whose receiver is the first argument, go through an entry of the receiver's vtable.
    pub(crate) fn dispatch(&mut self, func: FuncId, at: usize, memory: &CodeMemory) {
        self.unbind(func, memory);
        let dispatcher = self.funcs[func.index()].slot + DISPATCHER;
        let offset = (abi::layout::type_object::VTABLE + at * 8) as u32;
        memory.write(dispatcher + 6, &offset.to_le_bytes());
        self.point(func, dispatcher, memory);
    }

    /// Lets a body occupy a target.
    pub(crate) fn occupy(&mut self, func: FuncId, body: BodyId) {
        self.funcs[func.index()].body = Some(body);
        let occupies = &mut self.bodies[body].occupies;
        if !occupies.contains(&func) {
            occupies.push(func);
        }
    }

    /// The targets with a link.
    pub(crate) fn linked(&self) -> impl Iterator<Item = (FuncId, &Func)> {
        let with_id = |(at, func)| (FuncId::from_index(at), func);
        self.funcs.iter().enumerate().map(with_id).filter(|(_, func)| !matches!(func.link, Link::Body))
    }
}

/// Where a function's cells are. Methods of static classes, which are called with typed arguments and nothing else, can use `super`:
/// their cell holds a class that lives as long as its module. Whatever else is captured comes with each call, because machine code
/// would keep it alive, and because many functions share one code object.
fn closure_of(function: &FunctionObject) -> Closure {
    let Some(closure) = function.closure.get_ref() else { return Closure::None };
    let code = function.code().code();
    let is_class_only =
        code.free_count() == 1 && code.locals.last().is_some_and(|local| local.name == "__class__");
    let is_local = code.qualname.contains("<locals>");
    if is_class_only && code.signature.is_some() && !is_local {
        Closure::Always(closure)
    } else {
        Closure::PerCall
    }
}

/// `jmp target` at `slot`, padded to eight bytes.
fn jump(slot: usize, target: usize) -> [u8; 8] {
    let mut bytes = [0xcc; 8];
    bytes[0] = 0xe9;
    bytes[1..5].copy_from_slice(&displacement(target, slot + 5));
    bytes
}
