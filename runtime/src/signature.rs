//! The Python signature of a native function, parsed at compile time from the text that users see.
//!
//! The text is the single source: name, parameters, markers and defaults are read by a `const fn`, so a malformed signature does
//! not compile, and binding needs no table at run time. Binding follows CPython's argument clinic, messages included.
//! Cost: positional calls with all arguments present copy the slice; keywords are matched by comparing names.

use crate::args::Args;
use crate::objects::str::StrObject;
use crate::value::{PyResult, Value};

/// Most parameters that a native function can have.
pub const MAX_PARAMETERS: usize = 14;

/// A parsed signature.
pub struct Signature {
    /// As written: `name(parameters) -> type`.
    pub text: &'static str,
    /// The type whose method this is, or empty.
    pub owner: &'static str,
    name_end: usize,
    parameters: [Parameter; MAX_PARAMETERS],
    /// Parameters that bind one argument.
    count: usize,
    positional_only: usize,
    positional: usize,
    required: usize,
    /// Whether the first parameter is the bound instance or class, which messages do not count.
    has_self: bool,
    has_rest: bool,
    has_keywords: bool,
}

#[derive(Clone, Copy)]
struct Parameter {
    start: usize,
    end: usize,
    optional: bool,
}

impl Signature {
    /// Reads a signature. Fails to compile when the text is malformed.
    pub const fn parse(owner: &'static str, text: &'static str, has_self: bool) -> Self {
        let bytes = text.as_bytes();
        let name_end = find(bytes, 0, b'(');
        let mut signature = Signature {
            text,
            owner,
            name_end,
            parameters: [Parameter { start: 0, end: 0, optional: false }; MAX_PARAMETERS],
            count: 0,
            positional_only: 0,
            positional: usize::MAX,
            required: 0,
            has_self,
            has_rest: false,
            has_keywords: false,
        };
        let mut at = name_end + 1;
        loop {
            while bytes[at] == b' ' {
                at += 1;
            }
            if bytes[at] == b')' {
                break;
            }
            let end = piece_end(bytes, at);
            signature = signature.with_piece(bytes, at, end);
            at = if bytes[end] == b',' { end + 1 } else { end };
        }
        if signature.positional == usize::MAX {
            signature.positional = signature.count;
        }
        signature
    }

    const fn with_piece(mut self, bytes: &[u8], start: usize, end: usize) -> Self {
        let stars =
            (bytes[start] == b'*') as usize + (bytes[start] == b'*' && bytes[start + 1] == b'*') as usize;
        if bytes[start] == b'/' {
            self.positional_only = self.count;
        } else if stars == 2 {
            self.has_keywords = true;
        } else if stars == 1 {
            self.positional = self.count;
            self.has_rest = end > start + 1;
        } else {
            let mut name_end = start;
            while name_end < end && is_name_byte(bytes[name_end]) {
                name_end += 1;
            }
            let optional = contains(bytes, start, end, b'=');
            self.parameters[self.count] = Parameter { start, end: name_end, optional };
            self.count += 1;
            if !optional && self.positional == usize::MAX {
                self.required = self.count;
            }
        }
        self
    }

    /// The function's name.
    pub const fn name(&self) -> &'static str {
        self.text.split_at(self.name_end).0
    }

    /// The parameters as `inspect` wants them: from the parenthesis on, without the result type.
    pub fn parameters_text(&self) -> &'static str {
        let from = &self.text[self.name_end..];
        from.split(" -> ").next().unwrap_or(from)
    }

    /// Number of parameters that bind one argument.
    pub const fn count(&self) -> usize {
        self.count
    }

    fn parameter_name(&self, at: usize) -> &'static str {
        let parameter = self.parameters[at];
        &self.text[parameter.start..parameter.end]
    }

    /// Qualified name as messages show it.
    fn qualified(&self) -> String {
        if self.owner.is_empty() {
            return self.name().to_owned();
        }
        format!("{}.{}", self.owner_name(), self.name())
    }

    /// The name of the type, without its module.
    fn owner_name(&self) -> &'static str {
        self.owner.rsplit('.').next().unwrap_or(self.owner)
    }

    /// Distributes `args` over `slots`, one per parameter; unset means "use the default".
    #[inline]
    pub fn bind<'a>(&'static self, args: Args<'a>, slots: &'a mut [Value]) -> PyResult<Bound<'a>> {
        let given = args.positional.len();
        if args.has_keywords() || given < self.required || given > self.positional && !self.has_rest {
            return self.bind_slowly(args, slots);
        }
        let (direct, rest) = args.positional.split_at(given.min(self.positional));
        slots[..direct.len()].copy_from_slice(direct);
        if self.count > self.positional {
            self.check_keyword_only(slots)?;
        }
        Ok(Bound { signature: self, slots, at: 0, rest, keywords: Vec::new() })
    }

    #[cold]
    fn bind_slowly<'a>(&'static self, args: Args<'a>, slots: &'a mut [Value]) -> PyResult<Bound<'a>> {
        let given = args.positional.len();
        if self.is_positional_only() {
            if let Some(message) = self.refusal(args, &self.qualified()) {
                return Err(crate::raise!(TypeError, "{message}"));
            }
            if given > self.positional && !self.has_rest {
                return Err(self.wrong_positional_count(given));
            }
        } else {
            self.check_counts(given, args.keywords().len())?;
        }
        let direct = given.min(self.positional);
        slots[..direct].copy_from_slice(&args.positional[..direct]);
        let mut keywords = Vec::new();
        let (mut twice, mut unexpected) = (None, None);
        for (name, value) in args.keywords() {
            match self.keyword_position(name) {
                Some(at) if !slots[at].is_null() => twice = twice.or(Some(at)),
                Some(at) => slots[at] = value,
                None if self.has_keywords => keywords.push((name, value)),
                None => unexpected = unexpected.or(Some(name)),
            }
        }
        // What is missing comes before what is too much, as in CPython.
        for (at, slot) in slots.iter().enumerate().take(self.required) {
            if slot.is_null() {
                return Err(self.missing(at, given));
            }
        }
        self.check_keyword_only(slots)?;
        match (twice, unexpected) {
            (Some(at), _) => return Err(self.given_twice(at)),
            (None, Some(name)) => return Err(self.unexpected_keyword(name)),
            (None, None) => {}
        }
        Ok(Bound { signature: self, slots, at: 0, rest: &args.positional[direct..], keywords })
    }

    fn check_keyword_only(&self, slots: &[Value]) -> PyResult<()> {
        for (at, slot) in slots.iter().enumerate().take(self.count).skip(self.positional) {
            if slot.is_null() && !self.parameters[at].optional {
                let name = self.parameter_name(at);
                return Err(crate::raise!(
                    TypeError,
                    "{}() missing required keyword-only argument: '{name}'",
                    self.name()
                ));
            }
        }
        Ok(())
    }

    /// Whether keywords are never accepted.
    fn is_positional_only(&self) -> bool {
        self.positional_only == self.count && !self.has_keywords
    }

    fn keyword_position(&self, name: Value) -> Option<usize> {
        let name = name.get::<StrObject>()?;
        (self.positional_only.max(usize::from(self.has_self))..self.count)
            .find(|&at| name.eq_str(self.parameter_name(at)))
    }

    fn self_count(&self) -> usize {
        usize::from(self.has_self)
    }

    /// Numbers of arguments that no parameter could take, in the order in which CPython's `_PyArg_UnpackKeywords` looks.
    fn check_counts(&self, given: usize, keywords: usize) -> PyResult<()> {
        let skip = self.self_count();
        let (given, name) = (given.saturating_sub(skip), self.name());
        let (most, all) = (self.positional - skip, self.count - skip);
        let (named, room) = match self.has_rest {
            true => (keywords, all - most),
            false => (given + keywords, all),
        };
        if named > room && !self.has_keywords {
            let kind = if named == keywords { "keyword " } else { "" };
            let ending = plural(room);
            return Err(crate::raise!(
                TypeError,
                "{name}() takes at most {room} {kind}argument{ending} ({named} given)"
            ));
        }
        if given > most && !self.has_rest {
            if self.has_keywords && self.positional_only == self.count {
                return Err(self.wrong_positional_count(given + skip));
            }
            if most == 0 {
                return Err(crate::raise!(TypeError, "{name}() takes no positional arguments"));
            }
            let bound = if self.required - skip < most { "at most" } else { "exactly" };
            return Err(self.wrong_number(bound, most, given));
        }
        let least = self.required.min(self.positional_only).saturating_sub(skip);
        if given < least && self.positional_only > skip {
            let bound = if least < most { "at least" } else { "exactly" };
            return Err(self.wrong_number(bound, least, given));
        }
        Ok(())
    }

    fn wrong_number(&self, bound: &str, number: usize, given: usize) -> crate::error::Raised {
        let (name, ending) = (self.name(), plural(number));
        crate::raise!(
            TypeError,
            "{name}() takes {bound} {number} positional argument{ending} ({given} given)"
        )
    }

    /// The error of arguments that a function without named parameters does not take, under the name that the caller knows it by.
    /// Only those messages tell a bound method of a subclass, or a function of a module, from the definition they share.
    #[cold]
    pub(crate) fn refusal(&self, args: Args<'_>, qualified: &str) -> Option<String> {
        if !self.is_positional_only() {
            return None;
        }
        if args.has_keywords() {
            return Some(format!("{qualified}() takes no keyword arguments"));
        }
        if self.has_rest {
            return None;
        }
        let skip = self.self_count();
        let given = args.positional.len().checked_sub(skip)?;
        match (self.required - skip, self.positional - skip) {
            (_, 0) if given > 0 => Some(format!("{qualified}() takes no arguments ({given} given)")),
            (1, 1) if given != 1 => Some(format!("{qualified}() takes exactly one argument ({given} given)")),
            _ => None,
        }
    }

    fn wrong_positional_count(&self, given: usize) -> crate::error::Raised {
        let skip = self.self_count();
        let (required, most) = (self.required - skip, self.positional - skip);
        let given = given.saturating_sub(skip);
        let (bound, number) = match (required == most, given < required) {
            (true, _) => ("", most),
            (false, true) => ("at least ", required),
            (false, false) => ("at most ", most),
        };
        crate::raise!(
            TypeError,
            "{} expected {bound}{number} argument{}, got {given}",
            self.name(),
            plural(number)
        )
    }

    fn missing(&self, at: usize, given: usize) -> crate::error::Raised {
        let skip = self.self_count();
        if at < skip {
            let (owner, name) = (self.owner_name(), self.name());
            return crate::raise!(TypeError, "unbound method {owner}.{name}() needs an argument");
        }
        if self.is_positional_only() {
            return self.wrong_positional_count(given);
        }
        let position = at - skip + 1;
        let name = self.parameter_name(at);
        crate::raise!(TypeError, "{}() missing required argument '{name}' (pos {position})", self.name())
    }

    fn given_twice(&self, at: usize) -> crate::error::Raised {
        let (name, parameter) = (self.name(), self.parameter_name(at));
        let position = at + 1 - self.self_count();
        crate::raise!(
            TypeError,
            "argument for {name}() given by name ('{parameter}') and position ({position})"
        )
    }

    fn unexpected_keyword(&self, keyword: Value) -> crate::error::Raised {
        let shown = keyword.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        let message = format!("{}() got an unexpected keyword argument '{shown}'", self.name());
        crate::error::raise_naming(&crate::error::types::TypeError, &message, keyword)
    }
}

/// Plural ending of a count.
pub(crate) const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Arguments distributed over parameters, consumed in order by `FromArg`.
pub struct Bound<'a> {
    signature: &'static Signature,
    slots: &'a [Value],
    at: usize,
    /// What `*args` takes.
    pub rest: &'a [Value],
    /// What `**kwargs` takes.
    pub keywords: Vec<(Value, Value)>,
}

impl Bound<'_> {
    /// The next parameter's argument, null if it was not given.
    #[inline]
    pub fn take(&mut self) -> Value {
        let value = self.slots[self.at];
        self.at += 1;
        value
    }

    /// Name of the function, for messages.
    pub fn function(&self) -> &'static str {
        self.signature.name()
    }

    /// Name of the parameter taken last.
    pub fn parameter(&self) -> &'static str {
        self.signature.parameter_name(self.at - 1)
    }

    /// "expected int, got str" for the parameter taken last.
    #[cold]
    pub fn wrong_type(&self, expected: &str, got: Value) -> crate::error::Raised {
        let skip = self.signature.self_count();
        let (name, got) = (self.signature.name(), type_name_or_none(got));
        let position = self.at - skip;
        if self.at > self.signature.positional_only {
            let parameter = self.signature.parameter_name(self.at - 1);
            return crate::raise!(TypeError, "{name}() argument '{parameter}' must be {expected}, not {got}");
        }
        if self.signature.count - skip == 1 {
            return crate::raise!(TypeError, "{name}() argument must be {expected}, not {got}");
        }
        crate::raise!(TypeError, "{name}() argument {position} must be {expected}, not {got}")
    }

    /// A method called on something else.
    #[cold]
    pub fn wrong_self(&self, got: Value) -> crate::error::Raised {
        let (name, owner, got) = (self.signature.name(), self.signature.owner, got.ty().name());
        crate::raise!(
            TypeError,
            "descriptor '{name}' for '{owner}' objects doesn't apply to a '{got}' object"
        )
    }
}

/// A type's name as CPython's argument parser prints it: None stands for itself.
pub(crate) fn type_name_or_none<'a>(value: Value) -> &'a str {
    if crate::objects::is_none(value) { "None" } else { value.ty().name() }
}

const fn find(bytes: &[u8], from: usize, wanted: u8) -> usize {
    let mut at = from;
    while bytes[at] != wanted {
        at += 1;
    }
    at
}

const fn contains(bytes: &[u8], from: usize, to: usize, wanted: u8) -> bool {
    let mut at = from;
    while at < to {
        if bytes[at] == wanted {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where the parameter that starts at `from` ends: the comma or closing parenthesis outside brackets and quotes.
const fn piece_end(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth, mut quoted) = (from, 0, false);
    loop {
        match bytes[at] {
            b'\'' => quoted = !quoted,
            b'(' | b'[' if !quoted => depth += 1,
            b')' if !quoted && depth == 0 => return at,
            b')' | b']' if !quoted => depth -= 1,
            b',' if !quoted && depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_text_is_read_at_compile_time() {
        const SIGNATURE: Signature = Signature::parse(
            "str",
            "split(self, /, sep: str | None = ',', maxsplit=-1, *, x=(1, 2)) -> list",
            true,
        );
        assert_eq!(SIGNATURE.name(), "split");
        assert_eq!(
            (SIGNATURE.count, SIGNATURE.positional_only, SIGNATURE.positional, SIGNATURE.required),
            (4, 1, 3, 1)
        );
        assert_eq!(SIGNATURE.parameter_name(3), "x");
        assert_eq!(SIGNATURE.parameters_text(), "(self, /, sep: str | None = ',', maxsplit=-1, *, x=(1, 2))");
    }
}
