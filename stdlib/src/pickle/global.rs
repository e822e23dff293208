//! Classes and functions, which a pickle has by their names.
//!
//! An object is written only if its module has it under its name. Where the plain search finds it, nothing else is asked; the search in
//! all modules, and every failure, are those of the library's `pickle.whichmodule`.

use runtime::names::names;
use runtime::objects::dict::DictObject;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::{Py, PyResult, Ref, Value, protocol, raise};

use super::opcode::*;
use super::pickler::Pickler;
use super::{bad_pickle, unpicklable};

impl Pickler {
    /// A class; three of them have no name.
    pub(super) fn save_type(&self, value: Value) -> PyResult<()> {
        let nameless = [objects::none(), objects::singleton::ellipsis(), objects::not_implemented()];
        let only = nameless.into_iter().find(|only| only.ty().value() == value);
        match only {
            Some(only) => {
                let arguments = TupleObject::of([only.to_ref()]);
                self.save_call(value.ty().value().to_ref(), arguments.into(), value)
            }
            None => self.save_global(value, None),
        }
    }

    /// An object by its name, which its reduction may give.
    pub(super) fn save_global(&self, value: Value, name: Option<&Ref>) -> PyResult<()> {
        let name = match name {
            Some(name) => name.clone(),
            None => match protocol::get_optional_attr(value, names().__qualname__)? {
                Some(name) => name,
                None => protocol::get_attr_text(value, "__name__")?,
            },
        };
        let module = module_of(value, &name)?;
        if self.protocol.get() >= 2
            && let Some(code) = extension_code(&module, &name)?
        {
            return self.save_extension(code);
        }
        if self.protocol.get() >= 4 {
            self.save(module.value())?;
            self.save(name.value())?;
            self.op(STACK_GLOBAL);
            return self.memoize(value);
        }
        let parts = match name.get::<StrObject>() {
            Some(name) => parts(name),
            None => return Err(unpicklable!("the name of an object must be a str")),
        };
        let (first, rest) = parts.split_first().expect("a path has a part at least");
        self.save_path(&module, first, rest)?;
        self.memoize(value)
    }

    /// Before protocol 4 what is inside a class is got by calls of `getattr`.
    fn save_path(&self, module: &Ref, first: &Py<StrObject>, path: &[Py<StrObject>]) -> PyResult<()> {
        let has_pairs = self.protocol.get() >= 2;
        if !path.is_empty() {
            let builtins = protocol::import::import_absolute("builtins")?;
            let getattr = protocol::get_attr_text(builtins.value(), "getattr")?;
            for _ in path {
                self.save(getattr.value())?;
                if !has_pairs {
                    self.op(MARK);
                }
            }
        }
        self.save_top_level(module, first)?;
        for part in path {
            self.save(part.value())?;
            self.op(if has_pairs { TUPLE2 } else { TUPLE });
            self.op(REDUCE);
        }
        Ok(())
    }

    /// A name of a module, as text.
    fn save_top_level(&self, module: &Ref, name: &StrObject) -> PyResult<()> {
        let (mut module, mut name) = (module.clone(), Value::from_object(name).to_ref());
        if self.fix_imports.get() {
            (module, name) = renamed(&module, &name, "REVERSE_")?;
        }
        let protocol = self.protocol.get();
        let line = |text: &Ref, what: &str| -> PyResult<String> {
            let text = text.get::<StrObject>();
            let fits = text.filter(|text| protocol >= 3 || text.is_ascii());
            match fits.and_then(|text| text.to_utf8().ok()) {
                Some(text) => Ok(text),
                None => {
                    let shown = match text {
                        Some(text) => protocol::repr_string(Value::from_object(text))?,
                        None => String::new(),
                    };
                    let message =
                        format!("can't pickle {what} identifier {shown} using pickle protocol {protocol}");
                    Err(unpicklable!("{message}"))
                }
            }
        };
        let (module, name) = (line(&module, "module")?, line(&name, "global")?);
        self.op_with(GLOBAL, format!("{module}\n{name}\n").as_bytes());
        Ok(())
    }

    fn save_extension(&self, code: i64) -> PyResult<()> {
        match (u8::try_from(code), u16::try_from(code), i32::try_from(code)) {
            (Ok(0), ..) => return Err(raise!(RuntimeError, "extension code 0 is out of range")),
            (Ok(byte), ..) => self.op_with(EXT1, &[byte]),
            (_, Ok(short), _) => self.op_with(EXT2, &short.to_le_bytes()),
            (.., Ok(word)) => self.op_with(EXT4, &word.to_le_bytes()),
            _ => return Err(raise!(RuntimeError, "extension code {code} is out of range")),
        }
        Ok(())
    }
}

/// The name of the module that has an object under this name.
fn module_of(value: Value, name: &Ref) -> PyResult {
    let module = protocol::get_optional_attr(value, names().__module__)?;
    if let Some(module) = module.filter(|module| module.get::<StrObject>().is_some())
        && let Some(path) = name.get::<StrObject>()
        && let Some(loaded) = runtime::sys_state::modules().get(module.value())?
        && found_by_path(&loaded, path)?.is_some_and(|found| found.value() == value)
    {
        return Ok(module);
    }
    let pickle = protocol::import::import_absolute("pickle")?;
    protocol::call_method_text(pickle.value(), "whichmodule", &[value, name.value()])
}

/// The parts of a name with dots.
pub(super) fn parts(path: &StrObject) -> Vec<Py<StrObject>> {
    let points: Vec<u32> = path.code_points().collect();
    if !points.contains(&u32::from('.')) {
        return vec![Py::from_object(path)];
    }
    points.split(|&point| point == u32::from('.')).map(StrObject::from_code_points).collect()
}

/// The object that a name with dots leads to.
pub(super) fn found_by_path(module: &Ref, path: &StrObject) -> PyResult<Option<Ref>> {
    let mut found = module.clone();
    for part in parts(path) {
        match protocol::get_optional_attr(found.value(), part.value())? {
            Some(next) => found = next,
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// The code under which `copyreg` has a name.
fn extension_code(module: &Ref, name: &Ref) -> PyResult<Option<i64>> {
    let registry = of_copyreg("_extension_registry")?;
    if registry.get::<DictObject>().is_some_and(DictObject::is_empty) {
        return Ok(None);
    }
    let key = TupleObject::of([module.clone(), name.clone()]);
    let code = protocol::call_method_text(registry.value(), "get", &[key.value()])?;
    if objects::is_none(code.value()) {
        return Ok(None);
    }
    int::to_i64(code.value()).map(Some)
}

fn of_copyreg(name: &str) -> PyResult {
    let copyreg = protocol::import::import_absolute("copyreg")?;
    protocol::get_attr_text(copyreg.value(), name)
}

/// The names that the other generation of Python has: those of Python 2 for pickles that it is to read, or the other way round.
pub(super) fn renamed(module: &Ref, name: &Ref, direction: &str) -> PyResult<(Ref, Ref)> {
    let compat = protocol::import::import_absolute("_compat_pickle")?;
    let table = |which: &str| protocol::get_attr_text(compat.value(), &format!("{direction}{which}_MAPPING"));
    let get = |table: &Ref, key: Value| protocol::call_method_text(table.value(), "get", &[key]);
    let key = TupleObject::of([module.clone(), name.clone()]);
    let pair = get(&table("NAME")?, key.value())?;
    if let Some([module, name]) = pair.get::<TupleObject>().map(TupleObject::items) {
        return Ok((module.to_ref(), name.to_ref()));
    }
    let other = get(&table("IMPORT")?, module.value())?;
    match objects::is_none(other.value()) {
        true => Ok((module.clone(), name.clone())),
        false => Ok((other, name.clone())),
    }
}

/// The object that `copyreg` has under a code, if it has been looked for before; else its module and name.
pub(super) fn of_extension_code(code: i64) -> PyResult<Result<Ref, (Ref, Ref)>> {
    let key = int::from_i64(code);
    let get = |table: Ref| protocol::call_method_text(table.value(), "get", &[key.value()]);
    let cache = of_copyreg("_extension_cache")?;
    if let Some(cache) = cache.get::<DictObject>()
        && let Some(known) = cache.get(key.value())?
    {
        return Ok(Ok(known));
    }
    let pair = get(of_copyreg("_inverted_registry")?)?;
    if objects::is_none(pair.value()) {
        if code <= 0 {
            return Err(bad_pickle!("EXT specifies code <= 0"));
        }
        return Err(raise!(ValueError, "unregistered extension code {code}"));
    }
    let is_text = |part: &Value| part.get::<StrObject>().is_some();
    match pair.get::<TupleObject>().map(TupleObject::items) {
        Some([module, name]) if is_text(module) && is_text(name) => Ok(Err((module.to_ref(), name.to_ref()))),
        _ => Err(raise!(ValueError, "_inverted_registry[{code}] isn't a 2-tuple of strings")),
    }
}

/// Keeps what a code stands for.
pub(super) fn remember_extension(code: i64, found: &Ref) -> PyResult<()> {
    let cache = of_copyreg("_extension_cache")?;
    protocol::set_item(cache.value(), int::from_i64(code).value(), found.value())
}
