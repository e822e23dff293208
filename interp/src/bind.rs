//! Arguments to parameters, with CPython's errors. (`initialize_locals` in CPython's `ceval.c`)

use bytecode::{Code, CodeFlags};
use runtime::args::Args;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::protocol;
use runtime::value::{PyResult, Ref, Value};

/// Fills the parameter slots of a new frame; what is stored is owned by the slots, also on failure.
///
/// # Safety
/// `locals` points to at least as many null words as the code has parameters.
pub unsafe fn bind(function: &FunctionObject, args: Args<'_>, locals: *mut Value) -> PyResult<()> {
    let code = function.code();
    let count = code.code().param_count();
    // SAFETY: the contract.
    let slots = unsafe { std::slice::from_raw_parts_mut(locals, count) };
    Binder { function, object: code, code: code.code(), slots }.bind(args)
}

struct Binder<'f> {
    function: &'f FunctionObject,
    object: &'f CodeObject,
    code: &'f Code,
    slots: &'f mut [Value],
}

impl Binder<'_> {
    fn bind(&mut self, args: Args<'_>) -> PyResult<()> {
        let positional = self.code.arg_count as usize;
        let given = args.positional.len();
        for (at, value) in args.positional.iter().take(positional).enumerate() {
            self.slots[at] = value.to_ref().into_value();
        }
        let named = positional + self.code.kwonly_count as usize;
        let takes_rest = self.code.flags.contains(CodeFlags::VARARGS);
        if takes_rest {
            let rest = args.positional.get(positional..).unwrap_or_default();
            self.slots[named] = TupleObject::from_values(rest).into_ref().into_value();
        }
        let extra = self.keywords(args, named + takes_rest as usize)?;
        debug_assert!(extra.is_none());
        if given > positional && !takes_rest {
            return Err(self.too_many(given));
        }
        self.positional_defaults(given)?;
        self.keyword_defaults()
    }

    fn keywords(&mut self, args: Args<'_>, rest_at: usize) -> PyResult<Option<Ref>> {
        let rest = self.code.flags.contains(CodeFlags::VARKEYWORDS).then(DictObject::new);
        let mut outcome = Ok(());
        for (name, value) in args.keywords() {
            outcome = self.keyword(name, value, rest.as_deref());
            if outcome.is_err() {
                break;
            }
        }
        if let Some(rest) = rest {
            self.slots[rest_at] = rest.into_ref().into_value();
        }
        outcome.map(|()| None)
    }

    fn keyword(&mut self, name: Value, value: Value, rest: Option<&DictObject>) -> PyResult<()> {
        let Some(text) = name.get::<StrObject>() else {
            return Err(runtime::raise!(TypeError, "{}() keywords must be strings", self.function.qualname()));
        };
        let named = (self.code.arg_count + self.code.kwonly_count) as usize;
        let found = (self.code.posonly_count as usize..named).find(|&at| {
            let param = self.object.local_names()[at].value();
            param == name || param.get::<StrObject>().is_some_and(|param| param.eq(text))
        });
        match (found, rest) {
            (Some(at), _) if self.slots[at].is_null() => self.slots[at] = value.to_ref().into_value(),
            (Some(_), _) => {
                let (function, name) = (self.function.qualname(), text.to_string_lossy());
                return Err(runtime::raise!(TypeError, "{function}() got multiple values for argument '{name}'"));
            }
            (None, Some(rest)) => rest.set(name, value.to_ref())?,
            (None, None) => return Err(self.unexpected(&text.to_string_lossy())),
        }
        Ok(())
    }

    fn unexpected(&self, name: &str) -> runtime::value::Raised {
        let function = self.function.qualname();
        let posonly = &self.code.locals[..self.code.posonly_count as usize];
        if posonly.iter().any(|local| local.name == name) {
            return runtime::raise!(
                TypeError,
                "{function}() got some positional-only arguments passed as keyword arguments: '{name}'"
            );
        }
        runtime::raise!(TypeError, "{function}() got an unexpected keyword argument '{name}'")
    }

    fn positional_defaults(&mut self, given: usize) -> PyResult<()> {
        let positional = self.code.arg_count as usize;
        if given >= positional {
            return Ok(());
        }
        let defaults = self.function.defaults.get().and_then(|defaults| defaults.get::<TupleObject>());
        let items = defaults.map_or(&[][..], |defaults| defaults.items());
        let first = positional.saturating_sub(items.len());
        let missing: Vec<usize> = (given..first).filter(|&at| self.slots[at].is_null()).collect();
        if !missing.is_empty() {
            return Err(self.missing(&missing, "positional"));
        }
        for at in first..positional {
            if self.slots[at].is_null() {
                self.slots[at] = items[at - first].to_ref().into_value();
            }
        }
        Ok(())
    }

    fn keyword_defaults(&mut self) -> PyResult<()> {
        let first = self.code.arg_count as usize;
        let defaults = self.function.kwdefaults.get().and_then(|defaults| defaults.get::<DictObject>());
        let mut missing = Vec::new();
        for at in first..first + self.code.kwonly_count as usize {
            if !self.slots[at].is_null() {
                continue;
            }
            let name = self.object.local_names()[at].value();
            match defaults.and_then(|defaults| defaults.get_str(name)) {
                Some(value) => self.slots[at] = value.to_ref().into_value(),
                None => missing.push(at),
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(self.missing(&missing, "keyword-only")) }
    }

    fn missing(&self, slots: &[usize], kind: &str) -> runtime::value::Raised {
        let names: Vec<String> = slots.iter().map(|&at| format!("'{}'", self.code.locals[at].name)).collect();
        let listed = match names.as_slice() {
            [one] => one.clone(),
            [a, b] => format!("{a} and {b}"),
            [first @ .., last] => format!("{}, and {last}", first.join(", ")),
            [] => String::new(),
        };
        let (function, count) = (self.function.qualname(), names.len());
        let plural = if count == 1 { "" } else { "s" };
        runtime::raise!(TypeError, "{function}() missing {count} required {kind} argument{plural}: {listed}")
    }

    fn too_many(&self, given: usize) -> runtime::value::Raised {
        let positional = self.code.arg_count as usize;
        let defaults = self.function.defaults.get().and_then(|defaults| protocol::len(defaults).ok()).unwrap_or(0);
        let kwonly = (positional..positional + self.code.kwonly_count as usize)
            .filter(|&at| !self.slots[at].is_null())
            .count();
        let takes = if defaults > 0 { format!("from {} to {positional}", positional - defaults) } else { positional.to_string() };
        let plural = if positional == 1 && defaults == 0 { "" } else { "s" };
        let function = self.function.qualname();
        let were = if given == 1 && kwonly == 0 { "was" } else { "were" };
        let detail = if kwonly > 0 {
            let (s, k) = (if given == 1 { "" } else { "s" }, if kwonly == 1 { "" } else { "s" });
            format!(" positional argument{s} (and {kwonly} keyword-only argument{k})")
        } else {
            String::new()
        };
        runtime::raise!(
            TypeError,
            "{function}() takes {takes} positional argument{plural} but {given}{detail} {were} given"
        )
    }
}
