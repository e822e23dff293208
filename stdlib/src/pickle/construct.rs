//! The objects of a pickle that are found by their names, called, or given their state.

use runtime::args::Args;
use runtime::codec::Encoding;
use runtime::names::names;
use runtime::objects::dict::DictObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::type_object::{TypeObject, type_flags};
use runtime::{PyResult, Ref, Value, protocol, raise};

use super::load::Loading;
use super::opcode::*;
use super::unpickler::Unpickler;
use super::{bad_pickle, global};

/// `find_class`: the object that a module has under a name.
pub(super) fn find_class(unpickler: &Unpickler, module: Ref, name: Ref) -> PyResult {
    runtime::tell!("pickle.find_class", module.clone(), name.clone());
    let (module, name) = match unpickler.has_old_names() {
        true => global::renamed(&module, &name, "")?,
        false => (module, name),
    };
    let (Some(module_name), Some(path)) = (module.get::<StrObject>(), name.get::<StrObject>()) else {
        return Err(raise!(TypeError, "the names of a module and of what is in it must be str"));
    };
    drop(protocol::import::import_name(module_name, None, objects::none(), 0)?);
    let modules = runtime::sys_state::modules();
    let Some(found) = modules.get(module.value())? else {
        return Err(runtime::error::key_error(module.value()));
    };
    if unpickler.protocol.get() < 4 || global::parts(path).len() == 1 {
        return protocol::get_attr(found.value(), name.value());
    }
    match global::found_by_path(&found, path)? {
        Some(found) => Ok(found),
        None => {
            let (name, module) =
                (protocol::repr_string(name.value())?, protocol::repr_string(module.value())?);
            Err(raise!(AttributeError, "Can't resolve path {name} on module {module}"))
        }
    }
}

impl Loading<'_> {
    fn line_text(&mut self) -> PyResult {
        let line = self.input.filled_line()?;
        Ok(Encoding::Utf8.decode(None, line, "strict", true)?.0.into())
    }

    pub(super) fn load_global(&mut self, opcode: u8) -> PyResult<()> {
        let (module, name) = if opcode == GLOBAL {
            (self.line_text()?, self.line_text()?)
        } else {
            let name = self.stack.pop()?;
            (self.stack.pop()?, name)
        };
        if [&module, &name].iter().any(|text| text.get_exact::<StrObject>().is_none()) {
            return Err(bad_pickle!("STACK_GLOBAL requires str"));
        }
        let found = self.unpickler.find(&module, &name)?;
        self.stack.push(found);
        Ok(())
    }

    pub(super) fn load_extension(&mut self, opcode: u8) -> PyResult<()> {
        let code = match opcode {
            EXT1 => self.input.byte()?.into(),
            EXT2 => u16::from_le_bytes(self.input.array()?).into(),
            _ => i32::from_le_bytes(self.input.array()?).into(),
        };
        let found = match global::of_extension_code(code)? {
            Ok(known) => known,
            Err((module, name)) => {
                let found = self.unpickler.find(&module, &name)?;
                global::remember_extension(code, &found)?;
                found
            }
        };
        self.stack.push(found);
        Ok(())
    }

    /// An instance of a class as the oldest protocols make it.
    pub(super) fn load_instance(&mut self, opcode: u8) -> PyResult<()> {
        let class = match opcode {
            INST => {
                let (module, name) = (self.line_text()?, self.line_text()?);
                Some(self.unpickler.find(&module, &name)?)
            }
            _ => None,
        };
        let mut items = self.stack.pop_mark()?;
        let class = match class {
            Some(class) => class,
            None if items.is_empty() => return Err(bad_pickle!("unpickling stack underflow")),
            None => items.remove(0),
        };
        let made = instantiate(class.value(), &items)?;
        self.stack.push(made);
        Ok(())
    }

    pub(super) fn load_newobj(&mut self, opcode: u8) -> PyResult<()> {
        let (name, keywords) = match opcode {
            NEWOBJ_EX => ("NEWOBJ_EX", Some(self.stack.pop()?)),
            _ => ("NEWOBJ", None),
        };
        let positional = self.stack.pop()?;
        let class = self.stack.pop()?;
        let Some(ty) = class.get::<TypeObject>() else {
            let got = class.ty().name();
            return Err(bad_pickle!("{name} class argument must be a type, not {got}"));
        };
        let Some(new) = ty.slots().new.filter(|_| !ty.has(type_flags::NO_NEW)) else {
            let got = ty.name();
            return Err(bad_pickle!("{name} class argument '{got}' doesn't have __new__"));
        };
        let Some(positional) = positional.get::<TupleObject>() else {
            let got = positional.ty().name();
            return Err(bad_pickle!("{name} args argument must be a tuple, not {got}"));
        };
        let Some(keywords) = keywords else {
            let made = new(ty, Args::positional(positional.items()))?;
            self.stack.push(made);
            return Ok(());
        };
        let Some(keywords) = keywords.get::<DictObject>() else {
            let got = keywords.ty().name();
            return Err(bad_pickle!("{name} kwargs argument must be a dict, not {got}"));
        };
        let (names, given): (Vec<Ref>, Vec<Ref>) = keywords.to_pairs().into_iter().unzip();
        if names.iter().any(|name| name.get::<StrObject>().is_none()) {
            return Err(raise!(TypeError, "keywords must be strings"));
        }
        let values: Vec<Value> =
            positional.items().iter().copied().chain(given.iter().map(|value| value.value())).collect();
        let names = TupleObject::new(names);
        let names = Some(names.value()).filter(|_| !given.is_empty());
        let made = new(ty, Args::new(&values, names))?;
        self.stack.push(made);
        Ok(())
    }

    pub(super) fn load_reduce(&mut self) -> PyResult<()> {
        let given = self.stack.pop()?;
        let callable = self.stack.pop()?;
        let made = match given.get::<TupleObject>() {
            Some(given) => protocol::call(callable.value(), given.items(), None)?,
            None => return Err(raise!(TypeError, "argument list must be a tuple")),
        };
        self.stack.push(made);
        Ok(())
    }

    /// Gives the object below its state.
    pub(super) fn load_build(&mut self) -> PyResult<()> {
        let state = self.stack.pop()?;
        let instance = self.stack.top()?.to_ref();
        if let Some(set_state) = protocol::get_optional_attr(instance.value(), names().__setstate__)? {
            return protocol::call_one(set_state.value(), state.value()).map(drop);
        }
        let (state, slots) = match state.get::<TupleObject>().map(TupleObject::items) {
            Some([state, slots]) => (*state, Some(*slots)),
            _ => (state.value(), None),
        };
        if !objects::is_none(state) {
            let Some(state) = state.get::<DictObject>() else {
                return Err(bad_pickle!("state is not a dictionary"));
            };
            let dict = protocol::get_attr(instance.value(), names().__dict__)?;
            for (key, item) in state.to_pairs() {
                let key = match key.get_exact::<StrObject>() {
                    Some(key) => StrObject::intern_object(key).into(),
                    None => key,
                };
                match dict.get_exact::<DictObject>() {
                    Some(dict) => dict.set(key.value(), item)?,
                    None => protocol::set_item(dict.value(), key.value(), item.value())?,
                }
            }
        }
        match slots.filter(|&slots| !objects::is_none(slots)) {
            None => Ok(()),
            Some(slots) => match slots.get::<DictObject>() {
                None => Err(bad_pickle!("slot state is not a dictionary")),
                Some(slots) => slots.to_pairs().iter().try_for_each(|(key, item)| {
                    protocol::set_attr(instance.value(), key.value(), item.value())
                }),
            },
        }
    }
}

/// An instance; without arguments a class that has no `__getinitargs__` is not initialized.
fn instantiate(class: Value, items: &[Ref]) -> PyResult {
    let is_bare = items.is_empty() && class.get::<TypeObject>().is_some();
    if is_bare && protocol::get_optional_attr(class, names().__getinitargs__)?.is_none() {
        return protocol::call_method_text(class, "__new__", &[class]);
    }
    let values: Vec<Value> = items.iter().map(|item| item.value()).collect();
    protocol::call(class, &values, None)
}
