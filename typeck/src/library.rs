//! Types of modules of the library, from stubs.
//!
//! The library is untyped, so what a stub says is expected, not known: a value is looked at where it goes to a place with a type, as that of any
//! untyped function is, and arguments, which are checked as far as the stub says, are passed as they are. What a stub leaves out is
//! dynamic; a module of the project with the name of one here is what its own text says.
//!
//! Its classes are types of the checker and of nobody else. A program may put another class in the place of one, or change what an instance is one
//! of, and may pass what only looks like one; so nothing is tested where such a type is written, and nothing may rest on it: a
//! value of a class that derives from one of the library is looked at where it goes to a base of it, and what tests of such
//! classes leave of a type is expected, too.
//!
//! Needs: the stubs parse, name only what is there, and take every argument that there is (a test compares). A class with `__slots__` declares all that its instances have, since they
//! have no dictionary for others; that of other classes may hold more. Cost: a stub is read when a typed module first asks for it.

use crate::program::{ClassId, ModuleKind, Program};
use crate::ty::{Type, TypeId};

impl Program<'_> {
    /// Whether a class is one of the library.
    pub fn is_of_library(&self, class: ClassId) -> bool {
        self.modules[self.classes[class].module].kind == ModuleKind::Library
    }

    /// Whether nothing is tested where a type is written, because a class of the library is mentioned.
    pub(crate) fn is_erased(&self, id: TypeId) -> bool {
        self.classes_of(id).into_iter().any(|class| self.is_of_library(class))
    }

    /// Whether what the bases of a class say depends on a class of the library.
    pub(crate) fn rests_on_library(&self, id: TypeId) -> bool {
        let is_open = |class: ClassId| self.classes[class].mro.iter().any(|&base| self.is_of_library(base));
        self.classes_of(id).into_iter().any(is_open)
    }

    /// The classes that a type is written with, those of bounds of variables included.
    fn classes_of(&self, id: TypeId) -> Vec<ClassId> {
        let classes = |member: TypeId| match self.types.get(member) {
            Type::Instance { class, .. } => vec![*class],
            Type::Var(var) => self.classes_of(self.type_vars[*var].bound),
            _ => Vec::new(),
        };
        self.types.members(id).into_iter().flat_map(classes).collect()
    }

    /// Whether a class is `sup` or derives from it, and no class of the library stands between them.
    pub(crate) fn is_subclass_here(&self, sub: ClassId, sup: ClassId) -> bool {
        let is_next = |&base: &ClassId| !self.is_of_library(base) && self.is_subclass_here(base, sup);
        sub == sup || sup == self.known.object || self.classes[sub].bases.iter().any(is_next)
    }
}

/// The stubs by the names of their modules.
pub(crate) const STUBS: &[(&str, &str)] = &[
    ("argparse", include_str!("stubs/library/argparse.pyi")),
    ("base64", include_str!("stubs/library/base64.pyi")),
    ("binascii", include_str!("stubs/library/binascii.pyi")),
    ("bisect", include_str!("stubs/library/bisect.pyi")),
    ("collections", include_str!("stubs/library/collections.pyi")),
    ("datetime", include_str!("stubs/library/datetime.pyi")),
    ("decimal", include_str!("stubs/library/decimal.pyi")),
    ("fractions", include_str!("stubs/library/fractions.pyi")),
    ("heapq", include_str!("stubs/library/heapq.pyi")),
    ("html", include_str!("stubs/library/html.pyi")),
    ("io", include_str!("stubs/library/io.pyi")),
    ("json", include_str!("stubs/library/json.pyi")),
    ("math", include_str!("stubs/library/math.pyi")),
    ("os", include_str!("stubs/library/os.pyi")),
    ("pathlib", include_str!("stubs/library/pathlib.pyi")),
    ("platform", include_str!("stubs/library/platform.pyi")),
    ("random", include_str!("stubs/library/random.pyi")),
    ("re", include_str!("stubs/library/re.pyi")),
    ("secrets", include_str!("stubs/library/secrets.pyi")),
    ("string", include_str!("stubs/library/string.pyi")),
    ("struct", include_str!("stubs/library/struct.pyi")),
    ("sys", include_str!("stubs/library/sys.pyi")),
    ("textwrap", include_str!("stubs/library/textwrap.pyi")),
    ("threading", include_str!("stubs/library/threading.pyi")),
    ("time", include_str!("stubs/library/time.pyi")),
    ("zlib", include_str!("stubs/library/zlib.pyi")),
];
