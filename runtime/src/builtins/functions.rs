//! Builtin functions that touch nothing but objects.

use bytecode::BinaryOp;

use crate::convert::{Keywords, OrNone, Rest};
use crate::error;
use crate::hooks::{self, CompileMode};
use crate::names::names;
use crate::objects;
use crate::objects::bytearray::ByteArray;
use crate::objects::bytes::BytesObject;
use crate::objects::cell::CellObject;
use crate::objects::code::CodeObject;
use crate::objects::dict::DictObject;
use crate::objects::int::{self, IntRef, parse};
use crate::objects::iterators::SentinelIterator;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_functions;
use crate::sort;
use crate::types;
use crate::value::{Py, PyResult, Ref, Value};

/// `min` and `max`.
fn extreme(name: &str, op: CompareOp, args: &[Value], keywords: Vec<(Value, Value)>) -> PyResult {
    let (mut key, mut default) = (None, None);
    for (keyword, value) in keywords {
        match keyword.get::<StrObject>() {
            Some(text) if text.eq_str("key") => key = Some(value).filter(|&value| !objects::is_none(value)),
            Some(text) if text.eq_str("default") => default = Some(value),
            other => {
                let text = other.map(StrObject::to_string_lossy).unwrap_or_default();
                return Err(crate::raise!(TypeError, "{name}() got an unexpected keyword argument '{text}'"));
            }
        }
    }
    let mut best = Best { op, key, found: None };
    match args {
        [] => return Err(crate::raise!(TypeError, "{name} expected at least 1 argument, got 0")),
        [iterable] => {
            let iterator = protocol::get_iter(*iterable)?;
            while let Some(item) = protocol::iter_next(iterator.value())? {
                best.offer(item)?;
            }
        }
        _ if default.is_some() => {
            return Err(crate::raise!(
                TypeError,
                "Cannot specify a default for {name}() with multiple positional arguments"
            ));
        }
        many => many.iter().try_for_each(|item| best.offer(item.to_ref()))?,
    }
    match (best.found, default) {
        (Some((item, _)), _) => Ok(item),
        (None, Some(default)) => Ok(default.to_ref()),
        (None, None) => Err(crate::raise!(ValueError, "{name}() iterable argument is empty")),
    }
}

/// The best of the items so far.
struct Best {
    op: CompareOp,
    key: Option<Value>,
    /// The item, and what it is ranked by.
    found: Option<(Ref, Ref)>,
}

impl Best {
    fn offer(&mut self, item: Ref) -> PyResult<()> {
        let rank = match self.key {
            Some(key) => protocol::call_one(key, item.value())?,
            None => item.clone(),
        };
        let is_better = match &self.found {
            None => true,
            Some((_, best)) => protocol::compare_bool(self.op, rank.value(), best.value())?,
        };
        if is_better {
            self.found = Some((item, rank));
        }
        Ok(())
    }
}

/// Digits of an int in a base, with sign and prefix.
fn with_prefix(number: Value, base: u32, prefix: &str) -> PyResult<String> {
    let number = int::index(number)?;
    let number = IntRef::of(number.value()).expect("`index` gives ints");
    let digits = parse::to_radix(number, base);
    Ok(match digits.strip_prefix('-') {
        Some(digits) => format!("-{prefix}{digits}"),
        None => format!("{prefix}{digits}"),
    })
}

/// The globals for `exec` and `eval`.
fn namespace_for(globals: Option<Value>, name: &str) -> PyResult<Py<DictObject>> {
    let found = match globals {
        Some(globals) => globals.to_ref(),
        None => (hooks::hooks().current_globals)()
            .ok_or_else(|| crate::raise!(SystemError, "globals and locals cannot be NULL"))?,
    };
    let dict = Py::<DictObject>::downcast(found).map_err(|other| match name {
        "eval" if is_mapping(other.value()) => {
            crate::raise!(TypeError, "globals must be a real dict; try eval(expr, {{}}, mapping)")
        }
        "eval" => crate::raise!(TypeError, "globals must be a dict"),
        _ => crate::raise!(TypeError, "{name}() globals must be a dict, not {}", other.ty().name()),
    })?;
    if dict.get_str(names().__builtins__).is_none() {
        dict.set_str(names().__builtins__, crate::builtins::dict());
    }
    Ok(dict)
}

/// Whether C code takes something for a mapping: it has items.
fn is_mapping(value: Value) -> bool {
    value.ty().slots().subscript.is_some()
}

/// Refuses what `exec` and `eval` cannot keep variables in.
fn check_locals(locals: Value, name: &str) -> PyResult<()> {
    match name {
        _ if is_mapping(locals) => Ok(()),
        "eval" => Err(crate::raise!(TypeError, "locals must be a mapping")),
        _ => Err(crate::raise!(TypeError, "locals must be a mapping or None, not {}", locals.ty().name())),
    }
}

fn run(
    name: &str,
    source: Value,
    globals: Option<Value>,
    locals: Option<Value>,
    closure: Option<Value>,
    mode: CompileMode,
) -> PyResult {
    let explicit_globals = globals.is_some();
    if let Some(locals) = locals {
        check_locals(locals, name)?;
    }
    let globals = namespace_for(globals, name)?;
    let locals = match locals {
        Some(locals) => locals.to_ref(),
        None if explicit_globals => Value::from_object(&*globals).to_ref(),
        // Compiled code that calls this under another name keeps no dict of its variables.
        None => (hooks::hooks().frame_locals)(0).unwrap_or_else(|| DictObject::new().into()),
    };
    let code = if source.is_instance::<CodeObject>() {
        source.to_ref()
    } else {
        super::compile::for_run(name, source, mode)?
    };
    let closure = checked_closure(name, &code, closure)?;
    crate::tell!("exec", code.clone());
    (hooks::hooks().run_code)(code.value(), &globals, locals.value(), closure.unwrap_or(Value::NULL))
}

/// The cells for the free variables of code that is run by hand, one for each.
fn checked_closure(name: &str, code: &Ref, closure: Option<Value>) -> PyResult<Option<Value>> {
    let free = code.get::<CodeObject>().map_or(0, |code| code.code().free_count());
    if free == 0 {
        return match closure {
            Some(_) => Err(crate::raise!(TypeError, "cannot use a closure with this code object")),
            None => Ok(None),
        };
    }
    let Some(closure) = closure else {
        return Err(if name == "eval" {
            crate::raise!(TypeError, "code object passed to eval() may not contain free variables")
        } else {
            crate::raise!(TypeError, "code object requires a closure of exactly length {free}")
        });
    };
    let cells = closure.get_exact::<TupleObject>().map(TupleObject::items);
    let fits = cells.is_some_and(|cells| {
        cells.len() == free && cells.iter().all(|cell| cell.is_instance::<CellObject>())
    });
    if !fits {
        return Err(crate::raise!(TypeError, "code object requires a closure of exactly length {free}"));
    }
    Ok(Some(closure))
}

py_functions! { pub(super) static FUNCTIONS;
    /// Return the absolute value of the argument.
    "abs(x, /)"
    fn abs(x: Value) -> PyResult {
        protocol::absolute(x)
    }
    /// Return True if bool(x) is True for all values x in the iterable.
    ///
    /// If the iterable is empty, return True.
    "all(iterable, /)"
    fn all(iterable: Value) -> PyResult<bool> {
        let iterator = protocol::get_iter(iterable)?;
        while let Some(item) = protocol::iter_next(iterator.value())? {
            if !protocol::is_true(item.value())? { return Ok(false) }
        }
        Ok(true)
    }
    /// Return True if bool(x) is True for any x in the iterable.
    ///
    /// If the iterable is empty, return False.
    "any(iterable, /)"
    fn any(iterable: Value) -> PyResult<bool> {
        let iterator = protocol::get_iter(iterable)?;
        while let Some(item) = protocol::iter_next(iterator.value())? {
            if protocol::is_true(item.value())? { return Ok(true) }
        }
        Ok(false)
    }
    /// Return an ASCII-only representation of an object.
    "ascii(obj, /)"
    fn ascii(obj: Value) -> PyResult {
        protocol::ascii(obj)
    }
    /// Return the binary representation of an integer.
    "bin(number, /)"
    fn bin(number: Value) -> PyResult<String> {
        with_prefix(number, 2, "0b")
    }
    /// Return whether the object is callable (i.e., some kind of function).
    "callable(obj, /)"
    fn callable(obj: Value) -> bool {
        protocol::is_callable(obj)
    }
    /// Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff.
    "chr(i, /)"
    fn chr(i: Value) -> PyResult<Py<StrObject>> {
        let i = int::to_clamped_index(i)?;
        match u32::try_from(i).ok().filter(|&point| point < 0x11_0000) {
            Some(point) => Ok(StrObject::from_code_point(point)),
            None => Err(crate::raise!(ValueError, "chr() arg not in range(0x110000)")),
        }
    }
    /// Compile source into a code object that can be executed by exec() or eval().
    "compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)"
    fn compile(source: Value, filename: Value, mode: &StrObject, flags: Option<i64>, dont_inherit: Option<bool>, optimize: Option<i64>, feature: Option<i64>) -> PyResult {
        let how = super::compile::Options { flags, dont_inherit, optimize, feature_version: feature };
        super::compile::compile(source, filename, &mode.to_string_lossy(), how)
    }
    /// Deletes the named attribute from the given object.
    "delattr(obj, name, /)"
    fn delattr(obj: Value, name: Value) -> PyResult<()> {
        let name = protocol::attribute::exact_name(name)?;
        protocol::del_attr(obj, name.value())
    }
    /// Show attributes of an object.
    "dir(object=None, /)"
    fn dir(object: Option<Value>) -> PyResult {
        let found = match object {
            None => {
                let locals = (hooks::hooks().current_locals)()?;
                protocol::call_method(locals.value(), names().keys, &[])?
            }
            Some(object) => match protocol::attribute::call_special(object, names().__dir__, &[])? {
                Some(found) => found,
                None => return Err(crate::raise!(TypeError, "object does not provide __dir__")),
            },
        };
        let mut items = protocol::collect(found.value())?;
        sort::sort_items(&mut items, None, false)?;
        Ok(ListObject::new(items).into())
    }
    /// Return the tuple (x//y, x%y).  Invariant: div*y + mod == x.
    "divmod(x, y, /)"
    fn divmod(x: Value, y: Value) -> PyResult {
        protocol::divmod(x, y)
    }
    /// Evaluate the given source in the context of globals and locals.
    "eval(source, /, globals=None, locals=None)"
    fn eval(source: Value, globals: OrNone<Value>, locals: OrNone<Value>) -> PyResult {
        run("eval", source, globals.0, locals.0, None, CompileMode::Eval)
    }
    /// Execute the given source in the context of globals and locals.
    "exec(source, /, globals=None, locals=None, *, closure=None)"
    fn exec(source: Value, globals: OrNone<Value>, locals: OrNone<Value>, closure: OrNone<Value>) -> PyResult<()> {
        run("exec", source, globals.0, locals.0, closure.0, CompileMode::Exec).map(drop)
    }
    /// Return type(value).__format__(value, format_spec)
    "format(value, format_spec='', /)"
    fn format(value: Value, format_spec: Option<&StrObject>) -> PyResult {
        let empty = StrObject::empty();
        protocol::format(value, format_spec.map_or(empty.value(), Value::from_object))
    }
    /// Get a named attribute from an object.
    ///
    /// getattr(x, 'y') is equivalent to ``x.y``
    /// When a default argument is given, it is returned when the attribute doesn't
    /// exist; without it, an exception is raised in that case.
    "getattr(object, name, default=None, /)"
    fn getattr(object: Value, name: Value, default: Option<Ref>) -> PyResult {
        let name = protocol::attribute::exact_name(name)?;
        match default {
            None => protocol::get_attr(object, name.value()),
            Some(default) => Ok(protocol::get_optional_attr(object, name.value())?.unwrap_or(default)),
        }
    }
    /// Return the dictionary containing the current scope's global variables.
    "globals()"
    fn globals() -> PyResult {
        (hooks::hooks().current_globals)().ok_or_else(|| crate::raise!(SystemError, "no frame"))
    }
    /// Return whether the object has an attribute with the given name.
    "hasattr(obj, name, /)"
    fn hasattr(obj: Value, name: Value) -> PyResult<bool> {
        let name = protocol::attribute::exact_name(name)?;
        protocol::has_attr(obj, name.value())
    }
    /// Return the hash value for the given object.
    "hash(obj, /)"
    fn hash(obj: Value) -> PyResult<i64> {
        protocol::hash(obj)
    }
    /// Return the hexadecimal representation of an integer.
    "hex(number, /)"
    fn hex(number: Value) -> PyResult<String> {
        with_prefix(number, 16, "0x")
    }
    /// Return the identity of an object.
    "id(obj, /)"
    fn id(obj: Value) -> PyResult<u64> {
        crate::tell!("builtins.id", int::from_big(obj.bits().into()));
        Ok(obj.bits())
    }
    /// Return whether an object is an instance of a class or of a subclass thereof.
    "isinstance(obj, class_or_tuple, /)"
    fn isinstance(obj: Value, class_or_tuple: Value) -> PyResult<bool> {
        protocol::is_instance(obj, class_or_tuple)
    }
    /// Return whether 'cls' is derived from another class or is the same class.
    "issubclass(cls, class_or_tuple, /)"
    fn issubclass(cls: Value, class_or_tuple: Value) -> PyResult<bool> {
        protocol::is_subclass(cls, class_or_tuple)
    }
    /// Get an iterator from an object.
    "iter(object, sentinel=None, /)"
    fn iter(object: Value, sentinel: Option<Value>) -> PyResult {
        match sentinel {
            None => protocol::get_iter(object),
            Some(_) if !protocol::is_callable(object) => {
                Err(crate::raise!(TypeError, "iter(v, w): v must be callable"))
            }
            Some(sentinel) => Ok(SentinelIterator::new(object, sentinel).into()),
        }
    }
    /// Return the number of items in a container.
    "len(obj, /)"
    fn len(obj: Value) -> PyResult<usize> {
        protocol::len(obj)
    }
    /// Return a dictionary containing the current scope's local variables.
    "locals()"
    fn locals() -> PyResult {
        (hooks::hooks().current_locals)()
    }
    /// max(iterable, *[, default=obj, key=func]) -> value
    /// max(arg1, arg2, *args, *[, key=func]) -> value
    ///
    /// With a single iterable argument, return its biggest item.
    "max(*args, **kwargs)"
    fn max(args: Rest<'_>, keywords: Keywords) -> PyResult {
        extreme("max", CompareOp::Greater, args.0, keywords.0)
    }
    /// min(iterable, *[, default=obj, key=func]) -> value
    /// min(arg1, arg2, *args, *[, key=func]) -> value
    ///
    /// With a single iterable argument, return its smallest item.
    "min(*args, **kwargs)"
    fn min(args: Rest<'_>, keywords: Keywords) -> PyResult {
        extreme("min", CompareOp::Less, args.0, keywords.0)
    }
    /// Return the next item from the iterator.
    "next(iterator, default=None, /)"
    fn next(iterator: Value, default: Option<Ref>) -> PyResult {
        let item = match protocol::iter_next(iterator) {
            Ok(item) => item,
            Err(raised) if default.is_some() => {
                drop(error::catch(raised, &error::types::StopIteration)?);
                None
            }
            Err(raised) => return Err(raised),
        };
        item.or(default).ok_or_else(|| objects::iterators::exhausted(iterator))
    }
    /// Return the octal representation of an integer.
    "oct(number, /)"
    fn oct(number: Value) -> PyResult<String> {
        with_prefix(number, 8, "0o")
    }
    /// Return the ordinal value of a character.
    "ord(c, /)"
    fn ord(c: Value) -> PyResult<u32> {
        let got = if let Some(text) = c.get::<StrObject>() {
            if text.len() == 1 { return Ok(text.code_point(0)) }
            format!("string of length {} found", text.len())
        } else if let Some(data) = c.get::<BytesObject>() {
            if let [byte] = data.as_slice() { return Ok(u32::from(*byte)) }
            format!("bytes of length {} found", data.as_slice().len())
        } else if c.is_instance::<ByteArray>() {
            let data = crate::buffer::to_vec(c)?;
            if let [byte] = *data { return Ok(byte.into()) }
            format!("bytearray of length {} found", data.len())
        } else {
            let name = c.ty().name();
            return Err(crate::raise!(TypeError, "ord() expected string of length 1, but {name} found"));
        };
        Err(crate::raise!(TypeError, "ord() expected a character, but {got}"))
    }
    /// Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments.
    "pow(base, exp, mod=None)"
    fn pow(base: Value, exp: Value, modulus: OrNone<Value>) -> PyResult {
        match modulus.0 {
            None => protocol::binary_op(BinaryOp::Power, base, exp),
            Some(modulus) => protocol::power_mod(base, exp, modulus),
        }
    }
    /// Return the canonical string representation of the object.
    "repr(obj, /)"
    fn repr(obj: Value) -> PyResult {
        protocol::repr(obj)
    }
    /// Round a number to a given precision in decimal digits.
    "round(number, ndigits=None)"
    fn round(number: Value, ndigits: OrNone<Value>) -> PyResult {
        let args: &[Value] = ndigits.0.as_slice();
        match protocol::attribute::call_special(number, names().__round__, args)? {
            Some(rounded) => Ok(rounded),
            None => Err(crate::raise!(TypeError, "type {} doesn't define __round__ method", number.ty().name())),
        }
    }
    /// Sets the named attribute on the given object to the specified value.
    "setattr(obj, name, value, /)"
    fn setattr(obj: Value, name: Value, value: Value) -> PyResult<()> {
        let name = protocol::attribute::exact_name(name)?;
        protocol::set_attr(obj, name.value(), value)
    }
    /// Return a new list containing all items from the iterable in ascending order.
    ///
    /// A custom key function can be supplied to customize the sort order, and the
    /// reverse flag can be set to request the result in descending order.
    "sorted(iterable, /, *, key=None, reverse=False)"
    fn sorted(iterable: Value, key: OrNone<Value>, reverse: Option<bool>) -> PyResult<Py<ListObject>> {
        let mut items = protocol::collect(iterable)?;
        sort::sort_items(&mut items, key.0, reverse.unwrap_or(false))?;
        Ok(ListObject::new(items))
    }
    /// Return the sum of a 'start' value (default: 0) plus an iterable of numbers
    ///
    /// When the iterable is empty, return the start value.
    /// This function is intended specifically for use with numeric values and may
    /// reject non-numeric types.
    "sum(iterable, /, start=0)"
    fn sum(iterable: Value, start: Option<Ref>) -> PyResult {
        let mut total = start.unwrap_or_else(|| int::from_i64(0));
        if total.is_instance::<StrObject>() {
            return Err(crate::raise!(TypeError, "sum() can't sum strings [use ''.join(seq) instead]"));
        }
        if total.is_instance::<BytesObject>() {
            return Err(crate::raise!(TypeError, "sum() can't sum bytes [use b''.join(seq) instead]"));
        }
        if total.is_instance::<ByteArray>() {
            return Err(crate::raise!(TypeError, "sum() can't sum bytearray [use b''.join(seq) instead]"));
        }
        let iterator = protocol::get_iter(iterable)?;
        // Floats are summed with compensation (Neumaier), as CPython does since 3.12.
        let mut compensated: Option<(f64, f64)> = None;
        while let Some(item) = protocol::iter_next(iterator.value())? {
            let number = if item.is_exact(&objects::float::FLOAT) { objects::float::of(item.value()) } else { None };
            match (compensated, number) {
                (None, Some(number)) if total.is_exact(&objects::float::FLOAT) || total.is_small() => {
                    let first = objects::float::operand(total.value()).transpose()?.unwrap_or(0.0);
                    compensated = Some(neumaier(first, 0.0, number));
                }
                (Some((high, low)), Some(number)) => compensated = Some(neumaier(high, low, number)),
                (Some((high, low)), None) if item.is_small() => {
                    compensated = Some(neumaier(high, low, item.as_small().unwrap_or(0) as f64));
                }
                (state, _) => {
                    if let Some((high, low)) = state {
                        total = objects::float::new(finished(high, low));
                        compensated = None;
                    }
                    total = protocol::binary_op(BinaryOp::Add, total.value(), item.value())?;
                }
            }
        }
        Ok(match compensated {
            Some((high, low)) => objects::float::new(finished(high, low)),
            None => total,
        })
    }
    /// Return vars([object]) -> dictionary
    "vars(object=None, /)"
    fn vars(object: Option<Value>) -> PyResult {
        let Some(object) = object else { return (hooks::hooks().current_locals)() };
        match protocol::get_optional_attr(object, names().__dict__)? {
            Some(dict) => Ok(dict),
            None => Err(crate::raise!(TypeError, "vars() argument must have __dict__ attribute")),
        }
    }
    /// Internal helper function used by the class statement.
    "__build_class__(func, name, /, *bases, **kwds)"
    fn build_class(func: Value, name: Value, bases: Rest<'_>, keywords: Keywords) -> PyResult {
        types::build::build_class(func, name, bases.0, &keywords.0)
    }
    /// Import a module.
    "__import__(name, globals=None, locals=None, fromlist=(), level=0)"
    fn import(name: &StrObject, globals: Option<Value>, locals: OrNone<Value>, fromlist: Option<Value>, level: Option<i64>) -> PyResult {
        let _ = locals.0;
        protocol::import::import_builtin(name, globals.unwrap_or(Value::NULL), fromlist.unwrap_or(Value::NULL), level)
    }
    /// Return the next item from the async iterator, or the default.
    "anext(async_iterator, default=None, /)"
    fn anext(async_iterator: Value, default: Option<Ref>) -> PyResult {
        protocol::awaiting::anext(async_iterator, default)
    }
    /// Return an AsyncIterator for an AsyncIterable object.
    "aiter(async_iterable, /)"
    fn aiter(async_iterable: Value) -> PyResult {
        match async_iterable.ty().slots().aiter {
            Some(slot) => slot(async_iterable),
            None => Err(crate::raise!(TypeError, "'{}' object is not an async iterable", async_iterable.ty().name())),
        }
    }
}

fn neumaier(high: f64, low: f64, next: f64) -> (f64, f64) {
    let sum = high + next;
    let correction = if high.abs() >= next.abs() { (high - sum) + next } else { (next - sum) + high };
    (sum, low + correction)
}

fn finished(high: f64, low: f64) -> f64 {
    if low != 0.0 && low.is_finite() { high + low } else { high }
}
