//! Names that modules have and of which no stub says anything: those that every module knows, and those of `__static__`.
//!
//! From the documentation of built-in functions and constants, and of the attributes of modules. Cost: a binary search.

/// Sorted.
pub(crate) const NAMES: [&str; 59] = [
    "Ellipsis",
    "NotImplemented",
    "__annotations__",
    "__build_class__",
    "__builtins__",
    "__cached__",
    "__debug__",
    "__dict__",
    "__doc__",
    "__file__",
    "__import__",
    "__loader__",
    "__name__",
    "__package__",
    "__path__",
    "__spec__",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "breakpoint",
    "bytearray",
    "classmethod",
    "compile",
    "copyright",
    "credits",
    "delattr",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "getattr",
    "globals",
    "help",
    "iter",
    "license",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "open",
    "pow",
    "print",
    "property",
    "quit",
    "reversed",
    "round",
    "setattr",
    "staticmethod",
    "sum",
    "super",
    "vars",
    "zip",
];

/// What `__static__` offers, sorted. `tests/typeck/names.md` imports all of it.
pub(crate) const STATIC: [&str; 50] = [
    "Array",
    "CheckedDict",
    "CheckedList",
    "ClassDecorator",
    "ContextDecorator",
    "Enum",
    "ExcContextDecorator",
    "IntEnum",
    "PyDict",
    "RAND_MAX",
    "StaticTypeError",
    "StringEnum",
    "TClass",
    "Vector",
    "_donotcompile",
    "allow_weakrefs",
    "box",
    "cast",
    "cbool",
    "char",
    "chkdict",
    "chklist",
    "clen",
    "crange",
    "double",
    "dynamic_return",
    "inline",
    "int16",
    "int32",
    "int64",
    "int8",
    "is_static_callable",
    "is_static_module",
    "is_type_static",
    "lookup_native_symbol",
    "mixin",
    "native",
    "prod_assert",
    "pydict",
    "rand",
    "single",
    "size_t",
    "ssize_t",
    "staticarray",
    "typed_descriptor",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unbox",
];

/// Whether a name is one that every module knows.
pub(crate) fn is_known(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted() && STATIC.is_sorted());
        assert!(is_known("zip") && is_known("Ellipsis") && !is_known("unzip"));
    }
}
