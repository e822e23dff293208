//! The code object: a [`bytecode::Code`] with its constants as objects, and the mutable state of its execution.
//!
//! The interpreter quickens its own copy of the instruction words, keeps inline caches beside them, and counts calls and loop
//! turns; the JIT hangs its data on one pointer. None of that is visible to Python.

mod attributes;
mod compare;

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use bytecode::{Code, CodeFlags, Const, Word};

use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::tuple::TupleObject;
use crate::objects::{self, bytes::BytesObject, complex, float, int, set, slice::SliceObject};
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref};

/// One inline cache; what the words mean is up to the instruction.
#[repr(C)]
#[derive(Default)]
pub struct InlineCache {
    /// Usually a version or an address.
    pub key: Cell<u64>,
    /// Usually a value, an offset or a position.
    pub data: Cell<u64>,
}

/// What a call has to know of its callee, in one place.
#[derive(Clone, Copy, Debug)]
pub struct FrameShape {
    /// Local slots.
    pub locals: u32,
    /// Local slots and operands.
    pub words: u32,
    /// Positional arguments that fill the parameters without binding; `u32::MAX` if the signature has more than those.
    pub exact_args: u32,
    /// Whether some local is a primitive, so that its slot must not be released.
    pub has_primitives: bool,
    /// Whether the first instruction checks the arguments of untyped callers.
    pub checks_args: bool,
    /// The [`Signature::representation`](bytecode::Signature::representation) of a static function that static callers can
    /// enter directly, else 0.
    pub signature: u64,
}

impl FrameShape {
    fn of(code: &Code) -> Self {
        let stars = CodeFlags(CodeFlags::VARARGS.0 | CodeFlags::VARKEYWORDS.0);
        let is_exact = code.kwonly_count == 0 && !code.flags.intersects(stars);
        let locals = code.locals.len() as u32;
        FrameShape {
            locals,
            words: locals + code.stack_size,
            exact_args: if is_exact { code.arg_count } else { u32::MAX },
            has_primitives: code.locals.iter().any(|local| local.ty != bytecode::TypeCode::Object),
            signature: code
                .signature
                .as_ref()
                .filter(|signature| is_exact && signature.params.len() == code.arg_count as usize)
                .filter(|_| !code.flags.intersects(CodeFlags::SUSPENDS))
                .map_or(0, bytecode::Signature::representation),
            checks_args: code.words.first().is_some_and(|word| word.opcode() == bytecode::Opcode::CHECK_ARGS),
        }
    }
}

/// What instructions ask of a static callee, prepared.
pub struct Callee {
    /// Name of the function or method, interned.
    pub name: Ref,
    /// The representations of the caller's arguments and of the result that it expects.
    pub signature: u64,
}

impl Callee {
    fn of(descr: &bytecode::FunctionDescr) -> Self {
        let name = StrObject::intern(descr.split_name().1).into_ref();
        Callee { name, signature: descr.signature.representation() }
    }
}

/// So many turns of a loop count as one call.
const TURNS_OF_A_CALL: u32 = 32;

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
    consts: Box<[Ref]>,
    names: Box<[Ref]>,
    words: Box<[Cell<Word>]>,
    caches: OnceCell<Box<[InlineCache]>>,
    /// The name and the qualified name of functions made of it.
    names_of_functions: [Ref; 2],
    local_names: Box<[Ref]>,
    callees: Box<[Callee]>,
    code: Arc<Code>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for CodeObject {
    fn type_object() -> &'static TypeObject {
        &CODE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.consts.iter().for_each(|item| visit(item.value()));
    }
}

impl CodeObject {
    /// Makes the objects that `code` mentions.
    pub fn new(code: Arc<Code>) -> PyResult<Py<CodeObject>> {
        let intern = |name: &String| StrObject::intern(name).into_ref();
        let contents = CodeObject {
            header: Header::new(&CODE),
            shape: FrameShape::of(&code),
            calls: Cell::new(0),
            loops: Cell::new(0),
            jit: Cell::new(std::ptr::null_mut()),
            consts: code.consts.iter().map(constant).collect::<PyResult<_>>()?,
            names: code.names.iter().map(intern).collect(),
            words: code.words.iter().map(|&word| Cell::new(word)).collect(),
            caches: OnceCell::new(),
            names_of_functions: [intern(&code.name), intern(&code.qualname)],
            callees: code.functions.iter().map(Callee::of).collect(),
            local_names: code.locals.iter().map(|local| intern(&local.name)).collect(),
            code,
        };
        Ok(object::new_object(contents))
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
        if turns.is_multiple_of(TURNS_OF_A_CALL) {
            self.calls.set(self.calls.get().saturating_add(1));
        }
        crate::hooks::is_hot(self)
    }

    /// What was compiled.
    #[inline]
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// The whole code as text that [`from_text`](Self::from_text) reads.
    pub fn to_text(&self) -> String {
        bytecode::text::print(&self.code)
    }

    /// The code of a text, if it is one, and code that may run.
    pub fn from_text(text: &str) -> PyResult<Option<Py<CodeObject>>> {
        let parsed = bytecode::text::parse(text).ok();
        let sound = parsed.filter(|code| bytecode::verify::verify(code).is_empty());
        sound.map(|code| CodeObject::new(Arc::new(code))).transpose()
    }

    /// Its instructions, for people.
    pub fn listing(&self) -> String {
        bytecode::text::listing(&self.code)
    }

    /// What was compiled, shared.
    pub fn shared_code(&self) -> Arc<Code> {
        Arc::clone(&self.code)
    }

    /// Constants, by index.
    #[inline]
    pub fn consts(&self) -> &[Ref] {
        &self.consts
    }

    /// Names as interned strs, by index.
    #[inline]
    pub fn names(&self) -> &[Ref] {
        &self.names
    }

    /// The name and the qualified name of functions made of it, interned.
    #[inline]
    pub fn names_of_functions(&self) -> &[Ref; 2] {
        &self.names_of_functions
    }

    /// The quickened instructions.
    #[inline]
    pub fn words(&self) -> &[Cell<Word>] {
        &self.words
    }

    /// One inline cache per instruction, made on first use.
    #[inline]
    pub fn caches(&self) -> &[InlineCache] {
        self.caches.get_or_init(|| self.words.iter().map(|_| InlineCache::default()).collect())
    }

    /// The cache of an instruction that has been specialised, which is when caches are made.
    ///
    /// # Safety
    /// [`CodeObject::caches`] has been called before, and `at` is the index of an instruction.
    #[inline]
    pub unsafe fn made_cache(&self, at: usize) -> &InlineCache {
        // SAFETY: the contract.
        unsafe { self.caches.get().unwrap_unchecked().get_unchecked(at) }
    }

    /// Names of the local slots as interned strs.
    #[inline]
    pub fn local_names(&self) -> &[Ref] {
        &self.local_names
    }

    /// Static callees, by index.
    #[inline]
    pub fn callees(&self) -> &[Callee] {
        &self.callees
    }

    /// Name of the function or class.
    pub fn name(&self) -> &str {
        &self.code.name
    }

    /// Whether a flag is set.
    #[inline]
    pub fn has(&self, flags: CodeFlags) -> bool {
        self.code.flags.contains(flags)
    }
}

/// The object of a constant; strings that look like names are interned.
pub fn constant(item: &Const) -> PyResult {
    let all = |items: &[Const]| items.iter().map(constant).collect::<PyResult<Vec<_>>>();
    Ok(match item {
        Const::None => objects::none().to_ref(),
        Const::Ellipsis => objects::ellipsis().to_ref(),
        Const::Bool(truth) => objects::bool(*truth).to_ref(),
        Const::Int(value) => int::from_i64(*value),
        Const::BigInt(digits) => int::from_big(digits.parse().expect("the compiler checked the digits")),
        Const::Float(value) => float::new(*value),
        Const::Complex(real, imaginary) => complex::new(*real, *imaginary),
        Const::Str(text) => str_constant(text),
        Const::Bytes(data) => BytesObject::new(data).into(),
        Const::Tuple(items) => TupleObject::new(all(items)?).into(),
        Const::FrozenSet(items) => set::frozen_from(all(items)?)?,
        Const::Slice(parts) => {
            let [start, stop, step] = &**parts;
            SliceObject::new(constant(start)?, constant(stop)?, constant(step)?).into()
        }
        Const::Code(code) => CodeObject::new(Arc::clone(code))?.into(),
    })
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
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: attributes::SLOTS,
    methods: &[attributes::METHODS],
    getset: attributes::GETSET,
    ..TypeSpec::of::<CodeObject>("code")
};
