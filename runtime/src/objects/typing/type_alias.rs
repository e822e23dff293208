//! `typing.TypeAliasType`: what `type X[T] = ...` makes (PEP 695).

use crate::convert::OrNone;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::{py_methods, py_new, raise};

use super::evaluator::Lazy;
use super::type_param::{TypeParam, unpacked};
use super::{calling_module, generic_alias, typing_name, union};

/// A named type.
#[repr(C)]
pub struct TypeAliasObject {
    header: Header,
    name: Field,
    params: Field,
    module: Field,
    value: Lazy,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TypeAliasObject {
    fn type_object() -> &'static TypeObject {
        &TYPE_ALIAS
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.name, &self.params, &self.module].into_iter().for_each(|field| field.visit(visit));
        self.value.visit(visit);
    }
    fn clear(&self) {
        drop(self.params.take());
        self.value.clear();
    }
}

/// `type name[params] = ...`, evaluated by a function.
pub fn type_alias(name: Ref, params: Option<Ref>, evaluate: Ref) -> Ref {
    make(name, params, Lazy::of_function(evaluate), calling_module())
}

fn make(name: Ref, params: Option<Ref>, value: Lazy, module: Option<Ref>) -> Ref {
    let (name, params, module) = (Field::new(name), Field::from_option(params), Field::from_option(module));
    object::new_object(TypeAliasObject { header: Header::new(&TYPE_ALIAS), name, params, module, value })
        .into()
}

fn this<'a>(value: Value) -> &'a TypeAliasObject {
    value.get::<TypeAliasObject>().expect("slots and attributes check their owner")
}

impl TypeAliasObject {
    fn params(&self) -> Ref {
        self.params.get_ref().unwrap_or_else(|| TupleObject::empty().into())
    }

    /// The parameters as arguments: a variable number is unpacked.
    fn parameters(&self) -> PyResult {
        let params = self.params();
        unpacked(params.value())
    }
}

/// `typing.Unpack[param]`
pub(super) fn unpack(param: Value) -> PyResult {
    protocol::get_item(typing_name("Unpack")?.value(), param)
}

fn repr(value: Value) -> PyResult {
    protocol::str(this(value).name.raw())
}

fn subscript(value: Value, item: Value) -> PyResult {
    if this(value).params.get().is_none() {
        return Err(raise!(TypeError, "Only generic type aliases are subscriptable"));
    }
    generic_alias::new(value, item)
}

fn iter(value: Value) -> PyResult {
    protocol::get_iter(TupleObject::of([unpack(value)?]).value())
}

py_new! {
    fn new(_class, name: Value, value: Ref, type_params: OrNone<Value>)
    "typealias(name, value, *, type_params=())" {
        if !name.is_instance::<StrObject>() {
            let ty = name.ty().name();
            return Err(raise!(TypeError, "typealias() argument 'name' must be str, not {ty}"));
        }
        let params = match type_params.0 {
            Some(params) => checked_params(params)?,
            None => None,
        };
        Ok(make(name.to_ref(), params, Lazy::of_value(Some(value)), calling_module()))
    }
}

fn checked_params(params: Value) -> PyResult<Option<Ref>> {
    let Some(items) = params.get::<TupleObject>() else {
        return Err(raise!(TypeError, "type_params must be a tuple"));
    };
    let mut has_default = false;
    for &param in items.items() {
        let Some(known) = TypeParam::of(param) else {
            return Err(raise!(TypeError, "Expected a type param, got {}", protocol::repr_string(param)?));
        };
        if has_default && !known.has_default() {
            let text = protocol::repr_string(param)?;
            return Err(raise!(
                TypeError,
                "non-default type parameter '{text}' follows default type parameter"
            ));
        }
        has_default |= known.has_default();
    }
    Ok((!items.items().is_empty()).then(|| params.to_ref()))
}

py_methods! { static METHODS for "typing.TypeAliasType", &TypeAliasObject;
    /// For pickling: the name under which the alias is found.
    "__reduce__(self, /)"
    fn reduce(this) -> Ref {
        this.name.get_or_none()
    }
}

fn module(value: Value) -> PyResult {
    Ok(this(value).module.get_or_none())
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__name__", doc: "", get: |value| Ok(this(value).name.get_or_none()), set: None },
    GetSetDef { name: "__module__", doc: "", get: module, set: None },
    GetSetDef {
        name: "__value__",
        doc: "",
        get: |value| Ok(this(value).value.get()?.unwrap_or_else(|| objects::none().to_ref())),
        set: None,
    },
    GetSetDef { name: "evaluate_value", doc: "", get: |value| Ok(this(value).value.function()), set: None },
    GetSetDef { name: "__type_params__", doc: "", get: |value| Ok(this(value).params()), set: None },
    GetSetDef { name: "__parameters__", doc: "", get: |value| this(value).parameters(), set: None },
];

/// `typing.TypeAliasType`.
pub static TYPE_ALIAS: TypeObject = TypeObject::from_spec(&TYPE_ALIAS_SPEC);
static TYPE_ALIAS_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    doc: "Type alias.\n\nType aliases are created through the type statement::\n\n    type Alias = int\n",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(new),
        init: Some(|_, _| Ok(())),
        repr: Some(repr),
        or: Some(union::or_any),
        subscript: Some(subscript),
        iter: Some(iter),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<TypeAliasObject>("TypeAliasType")
};
