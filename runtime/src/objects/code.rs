//! The code object: a [`bytecode::Code`] with its constants as objects, and the mutable state of its execution.
//!
//! The interpreter quickens its own copy of the instruction words, keeps inline caches beside them, and counts calls and loop
//! turns; the JIT hangs its data on one pointer. None of that is visible to Python.

mod attributes;
mod compare;
mod make;
mod replace;
mod shown;
mod signature;

use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The names and the numbers of the instructions that code objects show.
pub use bytecode::cpython::numbers as instruction_numbers;

use bytecode::cpython::View;
use bytecode::{Code, CodeFlags, Const, FrameShape, MethodKind, NestedCode, Word};

use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::tuple::TupleObject;
use crate::objects::{self, bytes::BytesObject, complex, float, int, set, slice::SliceObject};
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, Ref};
use crate::world::World;

/// One inline cache; what the words mean is up to the instruction.
#[repr(C)]
#[derive(Default)]
pub struct InlineCache {
    /// Usually a version or an address.
    pub key: Cell<u64>,
    /// Usually a value, an offset or a position.
    pub data: Cell<u64>,
}

static IS_COUNTING: World<Cell<bool>> = World::new(Cell::new(false));

/// Whether the program has a module that asks for reference counts: typed modules that are compiled from then on hold the references that
/// CPython's frames hold.
pub fn is_counting() -> bool {
    IS_COUNTING.get()
}

static IS_SEEING: World<Cell<bool>> = World::new(Cell::new(false));

/// Whether the program has a module that reads variables of frames: what is compiled from then on shows those of static functions.
pub fn is_seeing_frames() -> bool {
    IS_SEEING.get()
}

/// What instructions ask of a static callee, prepared.
pub struct Callee {
    /// Name of the function or method, interned.
    pub name: Ref,
    /// The representations of the caller's arguments and of the result that it expects.
    pub signature: u64,
    /// How it binds its first argument.
    pub kind: MethodKind,
    /// Which of all callees it is.
    pub number: u32,
    /// The number of its signature, for a nested function.
    pub signature_number: u32,
}

impl Callee {
    fn of(descr: &bytecode::FunctionDescr) -> Self {
        let name = StrObject::intern(descr.split_name().1).into_ref();
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let signature_number = match descr.kind {
            MethodKind::Nested => signature::number(&descr.signature),
            _ => 0,
        };
        let signature = descr.signature.representation();
        Callee { name, signature, kind: descr.kind, number, signature_number }
    }

    /// How many receivers stand below the arguments of a virtual call without being one of them.
    pub fn unpassed(&self) -> usize {
        usize::from(self.kind == MethodKind::Static)
    }
}

/// So many turns of a loop count as so many calls.
const TURNS: u32 = 32;
const CALLS_OF_TURNS: u32 = 4;

/// A code object.
#[repr(C)]
pub struct CodeObject {
    header: Header,
    /// What calls of it need.
    pub shape: FrameShape,
    /// Calls so far; the JIT compares it with its threshold.
    pub calls: Cell<u32>,
    /// Loop turns so far.
    pub loops: Cell<u32>,
    /// The JIT's own data.
    pub jit: Cell<*mut u8>,
    /// The name and the qualified name of functions made of it.
    names_of_functions: [Ref; 2],
    /// The code among whose constants it is, as long as that is there.
    around: Cell<*const CodeObject>,
    /// The number of its signature once somebody has asked: 0 before.
    signature_number: Cell<u32>,
    parts: OnceCell<Box<Parts>>,
    source: Arc<NestedCode>,
}

/// What running code takes, made when it is first looked into.
struct Parts {
    consts: Box<[Ref]>,
    names: Box<[Ref]>,
    words: Box<[Cell<Word>]>,
    caches: OnceCell<Box<[InlineCache]>>,
    local_names: Box<[Ref]>,
    callees: Box<[Callee]>,
    /// What arguments of untyped callers have passed their checks, by parameter.
    arguments: Box<[InlineCache]>,
    view: OnceCell<Box<View>>,
    code: Arc<Code>,
}

impl Parts {
    fn of(code: &Arc<Code>) -> Box<Self> {
        let intern = |name: &String| StrObject::intern(name).into_ref();
        Box::new(Parts {
            consts: code.consts.iter().map(constant).collect(),
            names: code.names.iter().map(intern).collect(),
            words: code.words.iter().map(|&word| Cell::new(word)).collect(),
            caches: OnceCell::new(),
            view: OnceCell::new(),
            callees: code.functions.iter().map(Callee::of).collect(),
            arguments: code
                .signature
                .iter()
                .flat_map(|own| &own.params)
                .map(|_| InlineCache::default())
                .collect(),
            local_names: code.locals.iter().map(|local| intern(&local.name)).collect(),
            code: Arc::clone(code),
        })
    }

    /// The code among the constants.
    fn nested(&self) -> impl Iterator<Item = &CodeObject> {
        self.consts.iter().filter_map(|item| item.get_exact::<CodeObject>())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.nested().for_each(|nested| nested.around.set(std::ptr::null()));
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for CodeObject {
    fn type_object() -> &'static TypeObject {
        &CODE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.parts
            .get()
            .into_iter()
            .for_each(|parts| parts.consts.iter().for_each(|item| visit(item.value())));
    }
}

impl CodeObject {
    /// A code object; what it mentions becomes objects when it is first looked into.
    pub fn new(source: Arc<NestedCode>) -> Py<CodeObject> {
        let intern = |name: &String| StrObject::intern(name).into_ref();
        let head = &source.head;
        object::new_object(CodeObject {
            header: Header::new(&CODE),
            shape: head.shape,
            calls: Cell::new(0),
            loops: Cell::new(0),
            jit: Cell::new(std::ptr::null_mut()),
            names_of_functions: [intern(&head.name), intern(&head.qualname)],
            around: Cell::new(std::ptr::null()),
            signature_number: Cell::new(0),
            parts: OnceCell::new(),
            source,
        })
    }

    /// The code object of what was just compiled or decoded.
    pub fn of(code: Code) -> Py<CodeObject> {
        if code.flags.contains(CodeFlags::COUNTS_REFERENCES) {
            IS_COUNTING.set(true);
        }
        if code.flags.contains(CodeFlags::SEES_FRAMES) && !IS_SEEING.replace(true) {
            (crate::hooks::hooks().compiler)(crate::hooks::CompilerRequest::UncompileAll);
        }
        Self::new(Arc::new(code.into()))
    }

    #[inline]
    fn parts(&self) -> &Parts {
        self.parts.get_or_init(|| self.parts_of(self.source.shared()))
    }

    #[cold]
    fn parts_of(&self, code: &Arc<Code>) -> Box<Parts> {
        let parts = Parts::of(code);
        parts.nested().for_each(|nested| nested.around.set(self));
        parts
    }

    /// The code that has this as a constant, if it is there still.
    pub fn around(&self) -> Option<&CodeObject> {
        // SAFETY: the code around clears the pointer when it goes, and nobody else's going is due while this one is looked at.
        unsafe { self.around.get().as_ref() }
    }

    /// The code among the constants with a qualified name, if no other has that.
    pub fn nested(&self, qualname: &str) -> Option<&CodeObject> {
        let mut found = self.parts().nested().filter(|nested| nested.source.head.qualname == qualname);
        found.next().filter(|_| found.next().is_none())
    }

    /// The number that all code with the same signature has; without a signature no callee's.
    #[inline]
    pub fn signature_number(&self) -> u32 {
        match self.signature_number.get() {
            0 => self.number_signature(),
            number => number,
        }
    }

    #[cold]
    fn number_signature(&self) -> u32 {
        let number = self.code().signature.as_ref().map_or(signature::NONE, signature::number);
        self.signature_number.set(number);
        number
    }

    /// Counts a turn of a loop; many of them weigh as much as a call. True now and then, if the code is hot.
    #[inline]
    pub fn count_loop(&self) -> bool {
        let turns = self.loops.get().wrapping_add(1);
        self.loops.set(turns);
        crate::hooks::is_checked_turn(turns) && self.count_turns(turns)
    }

    #[cold]
    fn count_turns(&self, turns: u32) -> bool {
        if turns.is_multiple_of(TURNS) {
            self.calls.set(self.calls.get().saturating_add(CALLS_OF_TURNS));
        }
        crate::hooks::is_hot(self)
    }

    /// What was compiled.
    #[inline]
    pub fn code(&self) -> &Code {
        &self.parts().code
    }

    /// The whole code as text that [`from_text`](Self::from_text) reads.
    pub fn to_text(&self) -> String {
        bytecode::text::print(self.code())
    }

    /// The code of a text, if it is one, and code that may run.
    pub fn from_text(text: &str) -> Option<Py<CodeObject>> {
        let parsed = bytecode::text::parse(text).ok();
        let sound = parsed.filter(|code| bytecode::verify::verify(code).is_empty());
        sound.map(CodeObject::of)
    }

    /// Says that code which nobody has looked into yet, and all code in it, comes from a file. What has been looked into stays as it is.
    pub fn name_file(&self, filename: &str) {
        let image = bytecode::image::encode(self.source.shared());
        let named = bytecode::image::decode(&image, &filename.into()).expect("the image was just made");
        let _ = self.parts.set(self.parts_of(&Arc::new(named)));
    }

    /// What it looks like to programs, made when one first looks.
    pub fn view(&self) -> &View {
        let parts = self.parts();
        parts.view.get_or_init(|| Box::new(View::of(&parts.code)))
    }

    /// The offset at which programs see an instruction.
    pub fn offset(&self, at: usize) -> i64 {
        self.view().offset(at).into()
    }

    /// Its instructions, for people.
    pub fn listing(&self) -> String {
        bytecode::text::listing(self.code())
    }

    /// What was compiled, shared.
    pub fn shared_code(&self) -> Arc<Code> {
        Arc::clone(&self.parts().code)
    }

    /// Constants, by index.
    #[inline]
    pub fn consts(&self) -> &[Ref] {
        &self.parts().consts
    }

    /// Names as interned strs, by index.
    #[inline]
    pub fn names(&self) -> &[Ref] {
        &self.parts().names
    }

    /// The name and the qualified name of functions made of it, interned.
    #[inline]
    pub fn names_of_functions(&self) -> &[Ref; 2] {
        &self.names_of_functions
    }

    /// The quickened instructions.
    #[inline]
    pub fn words(&self) -> &[Cell<Word>] {
        &self.parts().words
    }

    /// One inline cache per instruction, made on first use.
    #[inline]
    pub fn caches(&self) -> &[InlineCache] {
        let parts = self.parts();
        parts.caches.get_or_init(|| parts.words.iter().map(|_| InlineCache::default()).collect())
    }

    /// The cache of an instruction that has been specialised, which is when caches are made.
    ///
    /// # Safety
    /// [`CodeObject::caches`] has been called before, and `at` is the index of an instruction.
    #[inline]
    pub unsafe fn made_cache(&self, at: usize) -> &InlineCache {
        // SAFETY: the contract.
        unsafe { self.parts.get().unwrap_unchecked().caches.get().unwrap_unchecked().get_unchecked(at) }
    }

    /// Names of the local slots as interned strs.
    #[inline]
    pub fn local_names(&self) -> &[Ref] {
        &self.parts().local_names
    }

    /// The cache of a check of parameter `at`, if the code has a signature.
    #[inline]
    pub fn argument_cache(&self, at: usize) -> &InlineCache {
        &self.parts().arguments[at]
    }

    /// Static callees, by index.
    #[inline]
    pub fn callees(&self) -> &[Callee] {
        &self.parts().callees
    }

    /// Name of the function or class.
    pub fn name(&self) -> &str {
        &self.source.head.name
    }

    /// Whether it was compiled statically.
    pub fn is_static(&self) -> bool {
        self.has(CodeFlags::STATIC)
    }

    /// Whether a flag is set.
    #[inline]
    pub fn has(&self, flags: CodeFlags) -> bool {
        self.source.head.flags.contains(flags)
    }
}

/// The object of a constant; strings that look like names are interned.
pub fn constant(item: &Const) -> Ref {
    let all = |items: &[Const]| items.iter().map(constant).collect::<Vec<_>>();
    match item {
        Const::None => objects::none().to_ref(),
        Const::Ellipsis => objects::ellipsis().to_ref(),
        Const::Bool(truth) => objects::bool(*truth).to_ref(),
        Const::Int(value) => int::from_i64(*value),
        Const::BigInt(digits) => int::from_big(digits.parse().expect("the compiler checked the digits")),
        Const::Float(value) => float::new(*value),
        Const::Complex(real, imaginary) => complex::new(*real, *imaginary),
        Const::Str(text) => str_constant(text),
        Const::Bytes(data) => BytesObject::new(data).into(),
        Const::Tuple(items) => TupleObject::new(all(items)).into(),
        Const::FrozenSet(items) => set::frozen_from(all(items)).expect("constants have a hash"),
        Const::Slice(parts) => {
            let [start, stop, step] = &**parts;
            SliceObject::new(constant(start), constant(stop), constant(step)).into()
        }
        Const::Code(code) => CodeObject::new(Arc::clone(code)).into(),
    }
}

/// A str from WTF-8.
fn str_constant(text: &[u8]) -> Ref {
    let made = match std::str::from_utf8(text) {
        Ok(text) => StrObject::new(text),
        Err(_) => decode_wtf8(text),
    };
    let is_name =
        made.as_ascii().is_some_and(|text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    if is_name { StrObject::intern_object(&made).into() } else { made.into() }
}

fn decode_wtf8(data: &[u8]) -> Py<StrObject> {
    let mut builder = StrBuilder::new();
    let mut at = 0;
    while at < data.len() {
        let (len, first) = match data[at] {
            byte @ 0..0x80 => (1, u32::from(byte)),
            byte @ 0x80..0xe0 => (2, u32::from(byte & 0x1f)),
            byte @ 0xe0..0xf0 => (3, u32::from(byte & 0x0f)),
            byte => (4, u32::from(byte & 0x07)),
        };
        let rest = data[at + 1..(at + len).min(data.len())].iter();
        builder.push(rest.fold(first, |point, &byte| point << 6 | u32::from(byte & 0x3f)));
        at += len;
    }
    builder.finish()
}

/// `code`.
pub static CODE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "builtins",
    doc: "code(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize, flags, codestring, constants, names, varnames, filename, name, qualname, firstlineno, linetable, exceptiontable, freevars=(), cellvars=(), /)\n--\n\nMake a code object. The instructions are those that another code object has shown.",
    flags: type_flags::WEAK | type_flags::GC,
    slots: attributes::SLOTS,
    methods: &[attributes::METHODS],
    getset: attributes::GETSET,
    ..TypeSpec::of::<CodeObject>("code")
};
