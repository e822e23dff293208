//! Code nested in other code, which may still be packed.
//!
//! A program that imports a module calls few of its functions. What making a function asks of its code is little, the [`Head`]; the rest
//! of code that comes from an [image](crate::image) is decoded when somebody first looks into it. Code from the compiler is
//! there from the start.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::code::{Code, CodeFlags};
use crate::descr::Signature;
use crate::image;
use crate::opcode::Opcode;
use crate::operator::TypeCode;

/// What a call has to know of its callee, in one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FrameShape {
    /// Local slots.
    pub locals: u32,
    /// Local slots and operands, and in coroutines [`FrameShape::LEVEL_WORDS`] more.
    pub words: u32,
    /// Positional arguments that fill the parameters without binding; `u32::MAX` if the signature has more than those.
    pub exact_args: u32,
    /// Whether some local is a primitive, so that its slot must not be released.
    pub has_primitives: bool,
    /// Whether the first instruction checks the arguments of untyped callers.
    pub checks_args: bool,
    /// The [`Signature::representation`] of a static function that static callers can enter directly, else 0.
    pub signature: u64,
}

impl FrameShape {
    /// Words at the end of a coroutine's frame for what it is handling while it has no object that could know.
    pub const LEVEL_WORDS: u32 = 2;

    fn of(code: &Code) -> Self {
        let stars = CodeFlags(CodeFlags::VARARGS.0 | CodeFlags::VARKEYWORDS.0);
        let has_stars = code.flags.intersects(stars);
        let is_exact = code.kwonly_count == 0 && !has_stars;
        let locals = code.locals.len() as u32;
        let is_coroutine = code.flags.contains(CodeFlags::COROUTINE);
        let level_words = if is_coroutine { Self::LEVEL_WORDS } else { 0 };
        Self {
            locals,
            words: locals + code.stack_size + level_words,
            exact_args: if is_exact { code.arg_count } else { u32::MAX },
            has_primitives: code.locals.iter().any(|local| local.ty != TypeCode::Object),
            signature: code
                .signature
                .as_ref()
                .filter(|signature| signature.params.len() == code.param_count())
                .filter(|_| !code.flags.intersects(CodeFlags::SUSPENDS))
                .map_or(0, Signature::representation),
            checks_args: code.words.first().is_some_and(|word| word.opcode() == Opcode::CHECK_ARGS),
        }
    }
}

/// What making a function asks of its code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// `f`
    pub name: String,
    /// `C.m.<locals>.f`
    pub qualname: String,
    /// Properties.
    pub flags: CodeFlags,
    /// What calls need.
    pub shape: FrameShape,
}

impl Head {
    fn of(code: &Code) -> Self {
        Self {
            name: code.name.clone(),
            qualname: code.qualname.clone(),
            flags: code.flags,
            shape: FrameShape::of(code),
        }
    }
}

/// Code that is decoded when it is looked into. See the module documentation.
pub struct NestedCode {
    /// What is known before.
    pub head: Head,
    /// Its image, empty if it has never been packed, and the file name to decode it with.
    packed: (Box<[u8]>, Arc<str>),
    code: OnceLock<Arc<Code>>,
}

impl NestedCode {
    /// The code, shared.
    pub fn shared(&self) -> &Arc<Code> {
        self.code.get_or_init(|| {
            let (packed, filename) = &self.packed;
            Arc::new(
                image::decode(packed, filename).expect("the image was made by `encode`, and hashed since"),
            )
        })
    }

    /// Packs code that may never be looked into: an image takes less memory.
    pub fn pack(code: &Code) -> Self {
        let image = image::encode(code).into_boxed_slice();
        Self { head: Head::of(code), packed: (image, Arc::clone(&code.filename)), code: OnceLock::new() }
    }

    /// Appends the image.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match &*self.packed.0 {
            [] => image::write(self, out),
            image => out.extend_from_slice(image),
        }
    }

    /// Gives code whose head has been read its image, and says where that comes from.
    pub(crate) fn unpack_from(&mut self, image: &[u8], filename: &Arc<str>) {
        self.packed = (image.into(), Arc::clone(filename));
    }
}

impl From<Arc<Code>> for NestedCode {
    fn from(code: Arc<Code>) -> Self {
        Self { head: Head::of(&code), packed: (Box::default(), Arc::default()), code: OnceLock::from(code) }
    }
}

impl From<Code> for NestedCode {
    fn from(code: Code) -> Self {
        Self::from(Arc::new(code))
    }
}

impl Deref for NestedCode {
    type Target = Code;
    fn deref(&self) -> &Code {
        self.shared()
    }
}

impl PartialEq for NestedCode {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for NestedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The head alone: the image lies behind that of the code around it.
impl Serialize for NestedCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.head.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NestedCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let head = Head::deserialize(deserializer)?;
        Ok(Self { head, packed: (Box::default(), Arc::default()), code: OnceLock::new() })
    }
}
