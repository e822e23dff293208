//! Types of modules of the library, from stubs.
//!
//! The library is untyped, so what a stub says is expected, not known: a value is looked at where it goes to a place with a type, as that of any
//! untyped function is, and arguments are checked by the callee alone. What a stub leaves out is dynamic; a module of the project
//! with the name of one here is what its own text says. Needs: the stubs parse, and name only what is there (a test compares).
//! Cost: a stub is read when a typed module first asks for it.

/// The stubs by the names of their modules.
pub(crate) const STUBS: &[(&str, &str)] = &[
    ("base64", include_str!("stubs/library/base64.pyi")),
    ("binascii", include_str!("stubs/library/binascii.pyi")),
    ("bisect", include_str!("stubs/library/bisect.pyi")),
    ("heapq", include_str!("stubs/library/heapq.pyi")),
    ("html", include_str!("stubs/library/html.pyi")),
    ("json", include_str!("stubs/library/json.pyi")),
    ("math", include_str!("stubs/library/math.pyi")),
    ("os", include_str!("stubs/library/os.pyi")),
    ("platform", include_str!("stubs/library/platform.pyi")),
    ("random", include_str!("stubs/library/random.pyi")),
    ("secrets", include_str!("stubs/library/secrets.pyi")),
    ("string", include_str!("stubs/library/string.pyi")),
    ("struct", include_str!("stubs/library/struct.pyi")),
    ("sys", include_str!("stubs/library/sys.pyi")),
    ("textwrap", include_str!("stubs/library/textwrap.pyi")),
    ("time", include_str!("stubs/library/time.pyi")),
    ("zlib", include_str!("stubs/library/zlib.pyi")),
];
