//! Objects by what they are reduced to: `copyreg`'s tables, `__reduce_ex__`, and the forms of PEP 307.

use runtime::names::names;
use runtime::objects::dict::DictObject;
use runtime::objects::object::OBJECT;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::type_type::TYPE;
use runtime::objects::{self, int};
use runtime::type_object::TypeObject;
use runtime::types::pickle;
use runtime::{PyResult, Ref, Value, error, protocol};

use super::note::{class_of, noted};
use super::opcode::*;
use super::pickler::Pickler;
use super::unpicklable;

/// What a reduction consists of.
struct Reduction<'a> {
    callable: Value,
    arguments: &'a TupleObject,
    state: Option<Value>,
    list_items: Option<Value>,
    dict_items: Option<Value>,
    state_setter: Option<Value>,
}

impl<'a> Reduction<'a> {
    fn of(parts: &'a TupleObject) -> PyResult<Self> {
        let items = parts.items();
        if !(2..=6).contains(&items.len()) {
            return Err(unpicklable!("tuple returned by __reduce__ must contain 2 through 6 elements"));
        }
        let part = |at: usize| items.get(at).copied().filter(|&part| !objects::is_none(part));
        let wrong = |place: &str, wanted: &str, got: Value| {
            let got = class_of(got);
            unpicklable!("{place} item of the tuple returned by __reduce__ must be {wanted}, not {got}")
        };
        if !protocol::is_callable(items[0]) {
            return Err(wrong("first", "callable", items[0]));
        }
        let Some(arguments) = items[1].get::<TupleObject>() else {
            return Err(wrong("second", "a tuple", items[1]));
        };
        let is_iterator = |value: Value| value.ty().slots().iternext.is_some();
        if let Some(items) = part(3).filter(|&items| !is_iterator(items)) {
            return Err(wrong("fourth", "an iterator", items));
        }
        if let Some(items) = part(4).filter(|&items| !is_iterator(items)) {
            return Err(wrong("fifth", "an iterator", items));
        }
        if let Some(setter) = part(5).filter(|&setter| !protocol::is_callable(setter)) {
            return Err(wrong("sixth", "a function", setter));
        }
        Ok(Reduction {
            callable: items[0],
            arguments,
            state: part(2),
            list_items: part(3),
            dict_items: part(4),
            state_setter: part(5),
        })
    }
}

impl Pickler {
    /// What an object is reduced to by a table or by itself; `None` for what is found by its name.
    pub(super) fn reduce(&self, value: Value) -> PyResult<Option<Ref>> {
        let class = value.ty().value();
        if let Some(reducer) = self.registered_reducer(class)? {
            return protocol::call_one(reducer.value(), value).map(Some);
        }
        if value.ty().is_subtype_of(&TYPE) {
            return Ok(None);
        }
        let (name, protocol) = (names().__reduce_ex__, i64::from(self.protocol.get()));
        if has_plain_reduction(value) {
            return pickle::reduce_ex(value, protocol).map(Some);
        }
        let protocol = int::from_i64(protocol);
        if let Some(reduce) = protocol::get_optional_attr(value, name)? {
            return protocol::call_one(reduce.value(), protocol.value()).map(Some);
        }
        match protocol::get_optional_attr(value, names().__reduce__)? {
            Some(reduce) => protocol::call(reduce.value(), &[], None).map(Some),
            None => Err(unpicklable!("Can't pickle {} object", class_of(value))),
        }
    }

    /// The function that a table has for a class.
    fn registered_reducer(&self, class: Value) -> PyResult<Option<Ref>> {
        let Some(table) = self.dispatch_table.get_ref() else {
            if self.registered.get().is_none() {
                let copyreg = protocol::import::import_absolute("copyreg")?;
                self.registered.set(protocol::get_attr_text(copyreg.value(), "dispatch_table")?);
            }
            let table = self.registered.get_ref().expect("the table has just been set");
            return lookup(&table, class);
        };
        lookup(&table, class)
    }

    /// Writes what an object has been reduced to: a name, or how it is made again.
    pub(super) fn save_reduced(&self, value: Value, reduced: &Ref) -> PyResult<()> {
        if reduced.get::<StrObject>().is_some() {
            return self.save_global(value, Some(reduced));
        }
        let Some(parts) = reduced.get::<TupleObject>() else {
            let got = class_of(reduced.value());
            return Err(unpicklable!("__reduce__ must return a string or tuple, not {got}"));
        };
        noted(self.save_parts(value, parts), || Ok(format!("when serializing {} object", class_of(value))))
    }

    fn save_parts(&self, value: Value, parts: &TupleObject) -> PyResult<()> {
        let reduction = Reduction::of(parts)?;
        self.save_making(value, &reduction)?;
        match self.number_of(value) {
            // The arguments contain the object itself, which has been written with them.
            Some(number) => {
                self.op(POP);
                self.fetch(number);
            }
            None => self.memoize(value)?,
        }
        if let Some(items) = reduction.list_items {
            self.save_appended(items, value)?;
        }
        if let Some(items) = reduction.dict_items {
            self.save_set_items(items, value)?;
        }
        match (reduction.state, reduction.state_setter) {
            (None, _) => Ok(()),
            (Some(state), None) => {
                self.save_part(value, state, "state")?;
                self.op(BUILD);
                Ok(())
            }
            (Some(state), Some(setter)) => {
                self.save_part(value, setter, "state setter")?;
                self.save(value)?;
                self.save_part(value, state, "state")?;
                self.op(TUPLE2);
                self.op(REDUCE);
                self.op(POP);
                Ok(())
            }
        }
    }

    fn save_part(&self, of: Value, part: Value, what: &str) -> PyResult<()> {
        noted(self.save(part), || Ok(format!("when serializing {} {what}", class_of(of))))
    }

    /// The callable and its arguments, with the opcodes that stand for the functions of `copyreg`.
    fn save_making(&self, value: Value, reduction: &Reduction<'_>) -> PyResult<()> {
        let (callable, arguments) = (reduction.callable, Value::from_object(reduction.arguments));
        if self.protocol.get() >= 2 {
            let name = protocol::get_optional_attr(callable, names().__name__)?;
            let is_named = |wanted: &str| {
                name.as_ref().and_then(|name| name.get::<StrObject>()).is_some_and(|name| name.eq_str(wanted))
            };
            if is_named("__newobj__") {
                return self.save_newobj(value, reduction.arguments.items());
            }
            if is_named("__newobj_ex__") {
                return self.save_newobj_ex(value, reduction.arguments.items());
            }
        }
        self.save_part(value, callable, "reconstructor")?;
        self.save_part(value, arguments, "reconstructor arguments")?;
        self.op(REDUCE);
        Ok(())
    }

    /// `cls.__new__(cls, *arguments)`
    fn save_newobj(&self, value: Value, arguments: &[Value]) -> PyResult<()> {
        let Some((&class, rest)) = arguments.split_first() else {
            return Err(unpicklable!("__newobj__ expected at least 1 argument, got 0"));
        };
        check_class(value, class, "__newobj__")?;
        self.save_part(value, class, "class")?;
        let rest = TupleObject::from_values(rest);
        self.save_part(value, rest.value(), "__new__ arguments")?;
        self.op(NEWOBJ);
        Ok(())
    }

    /// `cls.__new__(cls, *arguments, **keywords)`
    fn save_newobj_ex(&self, value: Value, arguments: &[Value]) -> PyResult<()> {
        let &[class, positional, keywords] = arguments else {
            let count = arguments.len();
            return Err(unpicklable!("__newobj_ex__ expected 3 arguments, got {count}"));
        };
        check_class(value, class, "__newobj_ex__")?;
        let wrong = |place: &str, wanted: &str, got: Value| {
            let got = class_of(got);
            unpicklable!("{place} argument to __newobj_ex__() must be a {wanted}, not {got}")
        };
        let Some(positional) = positional.get::<TupleObject>() else {
            return Err(wrong("second", "tuple", positional));
        };
        if keywords.get::<DictObject>().is_none() {
            return Err(wrong("third", "dict", keywords));
        }
        if self.protocol.get() >= 4 {
            self.save_part(value, class, "class")?;
            self.save_part(value, Value::from_object(positional), "__new__ arguments")?;
            self.save_part(value, keywords, "__new__ arguments")?;
            self.op(NEWOBJ_EX);
            return Ok(());
        }
        let bound = bind_new(class, positional, keywords)?;
        self.save_part(value, bound.value(), "reconstructor")?;
        self.save_part(value, TupleObject::empty().value(), "reconstructor arguments")?;
        self.op(REDUCE);
        Ok(())
    }
}

/// Whether asking an object for `__reduce_ex__` gives that of `object`.
fn has_plain_reduction(value: Value) -> bool {
    let name = names().__reduce_ex__;
    let generic: Option<fn(Value, Value) -> PyResult> = OBJECT.slots().getattro;
    let is_generic = match (value.ty().slots().getattro, generic) {
        (Some(own), Some(generic)) => std::ptr::fn_addr_eq(own, generic),
        _ => false,
    };
    is_generic
        && value.ty().lookup_interned(name) == OBJECT.lookup_interned(name)
        && protocol::instance_dict(value).is_none_or(|dict| dict.get_interned(name).is_none())
}

/// `functools.partial(class.__new__, class, *positional, **keywords)`, for protocols that have no opcode for keywords.
fn bind_new(class: Value, positional: &TupleObject, keywords: Value) -> PyResult {
    let functools = protocol::import::import_absolute("functools")?;
    let partial = protocol::get_attr_text(functools.value(), "partial")?;
    let mut values = vec![protocol::get_attr_text(class, "__new__")?, class.to_ref()];
    values.extend(positional.items().iter().map(|item| item.to_ref()));
    let pairs = keywords.get::<DictObject>().map_or_else(Vec::new, DictObject::to_pairs);
    let (names, given): (Vec<Ref>, Vec<Ref>) = pairs.into_iter().unzip();
    values.extend(given);
    let names = TupleObject::new(names);
    let values: Vec<Value> = values.iter().map(|value| value.value()).collect();
    protocol::call(partial.value(), &values, Some(names.value()).filter(|_| !names.items().is_empty()))
}

/// The class that a reduction names must be that of the object.
fn check_class(value: Value, class: Value, function: &str) -> PyResult<()> {
    if class.get::<TypeObject>().is_none() {
        let got = class_of(class);
        return Err(unpicklable!("first argument to {function}() must be a class, not {got}"));
    }
    let own = protocol::get_attr(value, names().__class__)?;
    if own.value() == class {
        return Ok(());
    }
    let (own, class) = (protocol::repr_string(own.value())?, protocol::repr_string(class)?);
    Err(unpicklable!("first argument to {function}() must be {own}, not {class}"))
}

fn lookup(table: &Ref, class: Value) -> PyResult<Option<Ref>> {
    match table.get_exact::<DictObject>() {
        Some(table) => table.get(class),
        None => error::ignore(protocol::get_item(table.value(), class), &error::types::KeyError),
    }
}
