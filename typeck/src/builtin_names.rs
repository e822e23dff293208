//! Names that every module knows and of which the stub of `builtins` says nothing: their values are dynamic.
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

/// Whether a name is one of them.
pub(crate) fn is_known(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted());
        assert!(is_known("zip") && is_known("Ellipsis") && !is_known("unzip"));
    }
}
