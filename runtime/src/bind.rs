//! Binding the arguments of a call to the parameters of Python code, with CPython's messages.
//!
//! Cost: positional calls with all arguments present are a copy; keywords are matched by address first, because parameter
//! names are interned.

use bytecode::CodeFlags;

use crate::args::Args;
use crate::error::Raised;
use crate::objects::class_method;
use crate::objects::code::CodeObject;
use crate::objects::dict::DictObject;
use crate::objects::float::FloatObject;
use crate::objects::function::FunctionObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::signature::plural;
use crate::value::{PyResult, Ref, Value};

/// Writes the parameter slots of `locals`, one owned value each; `locals` starts as nulls. On an error everything written has
/// been released again.
#[inline]
pub fn bind_arguments(function: &FunctionObject, args: Args<'_>, locals: &mut [Value]) -> PyResult<()> {
    let code = function.code().code();
    let count = code.arg_count as usize;
    let plain = code.kwonly_count == 0
        && !code.flags.intersects(CodeFlags(CodeFlags::VARARGS.0 | CodeFlags::VARKEYWORDS.0));
    if plain && !args.has_keywords() && args.positional.len() == count {
        for (slot, value) in locals.iter_mut().zip(args.positional) {
            *slot = value.to_ref().into_value();
        }
        return Ok(());
    }
    let mut slots: Vec<Option<Ref>> = vec![None; code.param_count()];
    fill(function, args, &mut slots)?;
    for (local, slot) in locals.iter_mut().zip(slots) {
        *local = slot.map_or(Value::NULL, Ref::into_value);
    }
    Ok(())
}

fn fill(function: &FunctionObject, args: Args<'_>, slots: &mut [Option<Ref>]) -> PyResult<()> {
    let object = function.code();
    let code = object.code();
    let (count, kwonly) = (code.arg_count as usize, code.kwonly_count as usize);
    let given = args.positional.len();
    let has_rest = code.flags.contains(CodeFlags::VARARGS);
    for (slot, value) in slots.iter_mut().zip(&args.positional[..given.min(count)]) {
        *slot = Some(value.to_ref());
    }
    if has_rest {
        let rest = args.positional.get(count..).unwrap_or(&[]);
        slots[count + kwonly] = Some(TupleObject::from_values(rest).into());
    }
    let extra = code.flags.contains(CodeFlags::VARKEYWORDS).then(DictObject::new);
    for (name, value) in args.keywords() {
        if !bind_keyword(function, name, value, slots, extra.as_deref())? {
            return Err(unexpected_keyword(function, name, args));
        }
    }
    if let Some(extra) = extra {
        slots[count + kwonly + usize::from(has_rest)] = Some(extra.into());
    }
    if given > count && !has_rest {
        return Err(too_many(function, given, slots));
    }
    fill_defaults(function, given, slots)?;
    fill_keyword_defaults(function, slots)
}

fn bind_keyword(
    function: &FunctionObject,
    name: Value,
    value: Value,
    slots: &mut [Option<Ref>],
    extra: Option<&DictObject>,
) -> PyResult<bool> {
    let object = function.code();
    let Some(text) = name.get::<StrObject>() else {
        return Err(crate::raise!(TypeError, "{}() keywords must be strings", function.qualname()));
    };
    match parameter_position(object, name, text) {
        Some(at) if slots[at].is_some() => {
            let (function, name) = (function.qualname(), text.to_string_lossy());
            Err(crate::raise!(TypeError, "{function}() got multiple values for argument '{name}'"))
        }
        Some(at) => {
            slots[at] = Some(value.to_ref());
            Ok(true)
        }
        None => match extra {
            Some(extra) => extra.set(name, value.to_ref()).map(|()| true),
            None => Ok(false),
        },
    }
}

/// Slot of a parameter that may be given by keyword.
fn parameter_position(code: &CodeObject, name: Value, text: &StrObject) -> Option<usize> {
    let total = (code.code().arg_count + code.code().kwonly_count) as usize;
    let first = code.code().posonly_count as usize;
    let candidates = &code.local_names()[first..total];
    let by_address = candidates.iter().position(|candidate| candidate.value() == name);
    let found = by_address.or_else(|| {
        candidates
            .iter()
            .position(|candidate| candidate.get::<StrObject>().is_some_and(|candidate| candidate.eq(text)))
    });
    found.map(|at| at + first)
}

#[cold]
fn unexpected_keyword(function: &FunctionObject, keyword: Value, args: Args<'_>) -> Raised {
    let code = function.code().code();
    let name = function.qualname();
    let text =
        |keyword: Value| keyword.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    let given: Vec<String> = args.keywords().map(|(name, _)| text(name)).collect();
    let positional_only: Vec<&str> = code.locals[..code.posonly_count as usize]
        .iter()
        .map(|local| local.name.as_str())
        .filter(|name| given.iter().any(|given| given == name))
        .collect();
    if !positional_only.is_empty() {
        return crate::raise!(
            TypeError,
            "{name}() got some positional-only arguments passed as keyword arguments: '{}'",
            positional_only.join(", ")
        );
    }
    let message = format!("{name}() got an unexpected keyword argument '{}'", text(keyword));
    crate::error::raise_naming(&crate::error::types::TypeError, &message, keyword)
}

#[cold]
fn too_many(function: &FunctionObject, given: usize, slots: &[Option<Ref>]) -> Raised {
    let code = function.code().code();
    let count = code.arg_count as usize;
    let defaults = defaults_of(function).len();
    let kwonly_given = slots[count..count + code.kwonly_count as usize].iter().flatten().count();
    let (takes, is_plural) = match defaults {
        0 => (count.to_string(), count != 1),
        _ => (format!("from {} to {count}", count - defaults), true),
    };
    let also = match kwonly_given {
        0 => String::new(),
        n => format!(" positional argument{} (and {n} keyword-only argument{})", plural(given), plural(n)),
    };
    let verb = if given == 1 && kwonly_given == 0 { "was" } else { "were" };
    let ending = if is_plural { "s" } else { "" };
    let name = function.qualname();
    crate::raise!(
        TypeError,
        "{name}() takes {takes} positional argument{ending} but {given}{also} {verb} given"
    )
}

fn defaults_of(function: &FunctionObject) -> &[Value] {
    function.defaults.get().and_then(|defaults| defaults.get::<TupleObject>()).map_or(&[], TupleObject::items)
}

/// The default of a parameter; an error if it has none any more.
pub fn default_of(function: &FunctionObject, at: usize) -> PyResult {
    let object = function.code();
    let count = object.code().arg_count as usize;
    if at >= count {
        let defaults = function.kwdefaults.get().and_then(|defaults| defaults.get::<DictObject>());
        let found = defaults.and_then(|defaults| defaults.get_str(object.local_names()[at].value()));
        return found.map(Value::to_ref).ok_or_else(|| missing_arguments(function, "keyword-only", &[at]));
    }
    let defaults = defaults_of(function);
    let found = (at + defaults.len()).checked_sub(count).map(|at| defaults[at].to_ref());
    found.ok_or_else(|| missing_arguments(function, "positional", &[at]))
}

/// Whether one function has defaults, for parameters that have some in another one, that are not the same.
pub(crate) fn has_other_defaults(new: Value, old: Value) -> bool {
    let (new, old) = (class_method::unwrapped(new), class_method::unwrapped(old));
    let (Some(new), Some(old)) = (new.get_exact::<FunctionObject>(), old.get_exact::<FunctionObject>())
    else {
        return false;
    };
    let at_end = |function: &FunctionObject, at: usize| {
        let (defaults, count) = (defaults_of(function), function.code().code().arg_count as usize);
        (at + defaults.len()).checked_sub(count).and_then(|at| defaults.get(at).copied())
    };
    let count = old.code().code().arg_count as usize;
    let positional = (0..count).any(|at| match at_end(old, at) {
        Some(old) => at_end(new, at).is_none_or(|new| !is_same_constant(new, old)),
        None => false,
    });
    let pairs = old.kwdefaults.get().and_then(|defaults| defaults.get::<DictObject>());
    positional
        || pairs.map(DictObject::to_pairs).unwrap_or_default().iter().any(|(name, old)| {
            let defaults = new.kwdefaults.get().and_then(|defaults| defaults.get::<DictObject>());
            let new = defaults.and_then(|defaults| defaults.get_str(name.value()));
            new.is_none_or(|new| !is_same_constant(new, old.value()))
        })
}

/// Whether nobody can tell two constants apart.
fn is_same_constant(a: Value, b: Value) -> bool {
    let texts = a.get_exact::<StrObject>().zip(b.get_exact::<StrObject>());
    let floats = a.get_exact::<FloatObject>().zip(b.get_exact::<FloatObject>());
    a == b
        || texts.is_some_and(|(a, b)| a.to_string_lossy() == b.to_string_lossy())
        || floats.is_some_and(|(a, b)| a.value().to_bits() == b.value().to_bits())
}

fn fill_defaults(function: &FunctionObject, given: usize, slots: &mut [Option<Ref>]) -> PyResult<()> {
    let count = function.code().code().arg_count as usize;
    if given >= count {
        return Ok(());
    }
    let defaults = defaults_of(function);
    let required = count.saturating_sub(defaults.len());
    let missing: Vec<usize> = (0..required).filter(|&at| slots[at].is_none()).collect();
    if !missing.is_empty() {
        return Err(missing_arguments(function, "positional", &missing));
    }
    for (slot, default) in
        slots[required..count].iter_mut().zip(&defaults[defaults.len() - (count - required)..])
    {
        if slot.is_none() {
            *slot = Some(default.to_ref());
        }
    }
    Ok(())
}

fn fill_keyword_defaults(function: &FunctionObject, slots: &mut [Option<Ref>]) -> PyResult<()> {
    let object = function.code();
    let (count, kwonly) = (object.code().arg_count as usize, object.code().kwonly_count as usize);
    let defaults = function.kwdefaults.get().and_then(|defaults| defaults.get::<DictObject>());
    let mut missing = Vec::new();
    for (at, slot) in slots.iter_mut().enumerate().take(count + kwonly).skip(count) {
        if slot.is_none() {
            let name = object.local_names()[at].value();
            *slot = defaults.and_then(|defaults| defaults.get_str(name)).map(Value::to_ref);
        }
        if slot.is_none() {
            missing.push(at);
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing_arguments(function, "keyword-only", &missing)) }
}

#[cold]
fn missing_arguments(function: &FunctionObject, kind: &str, missing: &[usize]) -> Raised {
    let names: Vec<String> =
        missing.iter().map(|&at| format!("'{}'", function.code().code().locals[at].name)).collect();
    let listed = match names.as_slice() {
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [rest @ .., last] => format!("{}, and {last}", rest.join(", ")),
        [] => String::new(),
    };
    let (name, count) = (function.qualname(), names.len());
    let ending = plural(count);
    crate::raise!(TypeError, "{name}() missing {count} required {kind} argument{ending}: {listed}")
}
