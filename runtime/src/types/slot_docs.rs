//! What `help` and `inspect.signature` say of the special methods that wrap slots: one row per name, whatever the type.
//!
//! And of the types themselves: as in CPython, the documentation of a type may start with a line `name(parameters)` and a line `--`,
//! which is its signature and not shown as text.

/// Parameters and documentation by the name of a special method, ascending.
static METHODS: &[(&str, &str, &str)] = &[
    ("__abs__", "($self, /)", "abs(self)"),
    ("__add__", "($self, value, /)", "Return self+value."),
    ("__aiter__", "($self, /)", "An asynchronous iterator over self."),
    ("__and__", "($self, value, /)", "Return self&value."),
    ("__anext__", "($self, /)", "An awaitable for the next item."),
    ("__await__", "($self, /)", "An iterator for an await expression."),
    ("__bool__", "($self, /)", "True if self else False"),
    ("__buffer__", "($self, flags, /)", "A buffer object that exposes the memory of self."),
    ("__call__", "($self, /, *args, **kwargs)", "Call self as a function."),
    ("__contains__", "($self, key, /)", "Return key in self."),
    ("__del__", "($self, /)", "What is done before the object goes away."),
    ("__delattr__", "($self, name, /)", "Implement delattr(self, name)."),
    ("__delete__", "($self, instance, /)", "Delete an attribute of instance."),
    ("__delitem__", "($self, key, /)", "Delete self[key]."),
    ("__divmod__", "($self, value, /)", "Return divmod(self, value)."),
    ("__eq__", "($self, value, /)", "Return self==value."),
    ("__float__", "($self, /)", "float(self)"),
    ("__floordiv__", "($self, value, /)", "Return self//value."),
    ("__ge__", "($self, value, /)", "Return self>=value."),
    (
        "__get__",
        "($self, instance, owner=None, /)",
        "Return an attribute of instance, which is of type owner.",
    ),
    ("__getattribute__", "($self, name, /)", "Return getattr(self, name)."),
    ("__getitem__", "($self, key, /)", "Return self[key]."),
    ("__gt__", "($self, value, /)", "Return self>value."),
    ("__hash__", "($self, /)", "Return hash(self)."),
    ("__iadd__", "($self, value, /)", "Return self+=value."),
    ("__iand__", "($self, value, /)", "Return self&=value."),
    ("__ifloordiv__", "($self, value, /)", "Return self//=value."),
    ("__ilshift__", "($self, value, /)", "Return self<<=value."),
    ("__imatmul__", "($self, value, /)", "Return self@=value."),
    ("__imod__", "($self, value, /)", "Return self%=value."),
    ("__imul__", "($self, value, /)", "Return self*=value."),
    ("__index__", "($self, /)", "The integer that self stands for."),
    (
        "__init__",
        "($self, /, *args, **kwargs)",
        "Initialize self.  See help(type(self)) for accurate signature.",
    ),
    ("__int__", "($self, /)", "int(self)"),
    ("__invert__", "($self, /)", "~self"),
    ("__ior__", "($self, value, /)", "Return self|=value."),
    ("__ipow__", "($self, value, /)", "Return self**=value."),
    ("__irshift__", "($self, value, /)", "Return self>>=value."),
    ("__isub__", "($self, value, /)", "Return self-=value."),
    ("__iter__", "($self, /)", "Implement iter(self)."),
    ("__itruediv__", "($self, value, /)", "Return self/=value."),
    ("__ixor__", "($self, value, /)", "Return self^=value."),
    ("__le__", "($self, value, /)", "Return self<=value."),
    ("__len__", "($self, /)", "Return len(self)."),
    ("__lshift__", "($self, value, /)", "Return self<<value."),
    ("__lt__", "($self, value, /)", "Return self<value."),
    ("__matmul__", "($self, value, /)", "Return self@value."),
    ("__mod__", "($self, value, /)", "Return self%value."),
    ("__mul__", "($self, value, /)", "Return self*value."),
    ("__ne__", "($self, value, /)", "Return self!=value."),
    ("__neg__", "($self, /)", "-self"),
    ("__next__", "($self, /)", "Implement next(self)."),
    ("__or__", "($self, value, /)", "Return self|value."),
    ("__pos__", "($self, /)", "+self"),
    ("__pow__", "($self, value, mod=None, /)", "Return pow(self, value, mod)."),
    ("__radd__", "($self, value, /)", "Return value+self."),
    ("__rand__", "($self, value, /)", "Return value&self."),
    ("__rdivmod__", "($self, value, /)", "Return divmod(value, self)."),
    ("__release_buffer__", "($self, buffer, /)", "Give back a buffer that __buffer__ has made."),
    ("__repr__", "($self, /)", "Return repr(self)."),
    ("__rfloordiv__", "($self, value, /)", "Return value//self."),
    ("__rlshift__", "($self, value, /)", "Return value<<self."),
    ("__rmatmul__", "($self, value, /)", "Return value@self."),
    ("__rmod__", "($self, value, /)", "Return value%self."),
    ("__rmul__", "($self, value, /)", "Return value*self."),
    ("__ror__", "($self, value, /)", "Return value|self."),
    ("__rpow__", "($self, value, mod=None, /)", "Return pow(value, self, mod)."),
    ("__rrshift__", "($self, value, /)", "Return value>>self."),
    ("__rshift__", "($self, value, /)", "Return self>>value."),
    ("__rsub__", "($self, value, /)", "Return value-self."),
    ("__rtruediv__", "($self, value, /)", "Return value/self."),
    ("__rxor__", "($self, value, /)", "Return value^self."),
    ("__set__", "($self, instance, value, /)", "Set an attribute of instance to value."),
    ("__setattr__", "($self, name, value, /)", "Implement setattr(self, name, value)."),
    ("__setitem__", "($self, key, value, /)", "Set self[key] to value."),
    ("__str__", "($self, /)", "Return str(self)."),
    ("__sub__", "($self, value, /)", "Return self-value."),
    ("__truediv__", "($self, value, /)", "Return self/value."),
    ("__xor__", "($self, value, /)", "Return self^value."),
];

fn row(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    METHODS.binary_search_by_key(&name, |row| row.0).ok().map(|at| &METHODS[at])
}

/// The parameters of a special method, as `__text_signature__`.
pub fn signature_of(method: &str) -> &'static str {
    row(method).map_or("($self, /, *args, **kwargs)", |row| row.1)
}

/// The documentation of a special method.
pub fn doc_of(method: &str) -> Option<&'static str> {
    row(method).map(|row| row.2)
}

/// Splits the documentation of a type into its parameters, if it names them, and the text.
pub fn split(doc: &'static str) -> (Option<&'static str>, &'static str) {
    let parts = doc.find('(').and_then(|open| doc[open..].split_once("\n--\n\n"));
    match parts {
        Some((parameters, text)) if parameters.ends_with(')') && !parameters.contains("\n\n") => {
            (Some(parameters), text)
        }
        _ => (None, doc),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_ascend() {
        assert!(METHODS.is_sorted_by_key(|row| row.0));
        assert_eq!(signature_of("__radd__"), "($self, value, /)");
    }

    #[test]
    fn a_signature_is_no_text() {
        assert_eq!(split("f(a, /)\n--\n\nText (here)."), (Some("(a, /)"), "Text (here)."));
        assert_eq!(split("f(a) -> b\n\nText"), (None, "f(a) -> b\n\nText"));
    }
}
