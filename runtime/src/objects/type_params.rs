//! Type parameters and aliases: `TypeVar`, `ParamSpec`, `TypeVarTuple`, and `type X = ...`.
//!
//! Bounds, constraints, defaults and alias values are evaluated when first asked for (PEP 695, PEP 696).

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, generic_alias};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// A type parameter or alias.
#[repr(C)]
pub struct TypeParam {
    header: Header,
    name: Field,
    /// Bound of a variable, value of an alias.
    content: Field,
    evaluate_content: Field,
    constraints: Field,
    evaluate_constraints: Field,
    default: Field,
    evaluate_default: Field,
    params: Field,
}

// SAFETY: `repr(C)`, header first. The four types share the layout.
unsafe impl Object for TypeParam {
    fn type_object() -> &'static TypeObject {
        &TYPE_VAR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.fields().into_iter().for_each(|field| field.visit(visit));
    }
    fn clear(&self) {
        self.fields().into_iter().skip(1).for_each(|field| drop(field.take()));
    }
}

impl TypeParam {
    fn fields(&self) -> [&Field; 8] {
        [
            &self.name,
            &self.content,
            &self.evaluate_content,
            &self.constraints,
            &self.evaluate_constraints,
            &self.default,
            &self.evaluate_default,
            &self.params,
        ]
    }
}

fn make(ty: &'static TypeObject, name: Ref) -> Ref {
    let [content, evaluate_content, constraints, evaluate_constraints, default, evaluate_default, params] =
        [const { Field::empty() }; 7];
    let contents = TypeParam {
        header: Header::new(ty),
        name: Field::new(name),
        content,
        evaluate_content,
        constraints,
        evaluate_constraints,
        default,
        evaluate_default,
        params,
    };
    object::new_object_sharing_layout(ty, contents).into()
}

fn this<'a>(value: Value) -> &'a TypeParam {
    // SAFETY: attributes of the four types are read on their instances only.
    unsafe { value.cast() }
}

/// `TypeVar(name)`
pub fn type_var(name: Ref) -> Ref {
    make(&TYPE_VAR, name)
}

/// A type variable whose bound is computed by a function.
pub fn type_var_with_bound(name: Ref, evaluate: Ref) -> Ref {
    let made = type_var(name);
    this(made.value()).evaluate_content.set(evaluate);
    made
}

/// A type variable whose constraints are computed by a function.
pub fn type_var_with_constraints(name: Ref, evaluate: Ref) -> Ref {
    let made = type_var(name);
    this(made.value()).evaluate_constraints.set(evaluate);
    made
}

/// `ParamSpec(name)`
pub fn param_spec(name: Ref) -> Ref {
    make(&PARAM_SPEC, name)
}

/// `TypeVarTuple(name)`
pub fn type_var_tuple(name: Ref) -> Ref {
    make(&TYPE_VAR_TUPLE, name)
}

/// Gives a type parameter a default that is computed by a function.
pub fn set_default(param: Value, evaluate: Ref) {
    this(param).evaluate_default.set(evaluate);
}

/// `type name[params] = ...`
pub fn type_alias(name: Ref, params: Option<Ref>, evaluate: Ref) -> Ref {
    let made = make(&TYPE_ALIAS, name);
    drop(this(made.value()).params.replace(params));
    this(made.value()).evaluate_content.set(evaluate);
    made
}

/// A field, computed by its function the first time.
fn evaluated(field: &Field, evaluate: &Field) -> PyResult {
    if let Some(known) = field.get_ref() {
        return Ok(known);
    }
    let Some(function) = evaluate.get_ref() else { return Ok(objects::none().to_ref()) };
    let value = protocol::call(function.value(), &[Value::small(1)], None)?;
    field.set(value.clone());
    Ok(value)
}

fn repr(value: Value) -> PyResult {
    this(value)
        .name
        .get_ref()
        .map_or_else(|| Ok(StrObject::empty().into()), |name| protocol::str(name.value()))
}

fn subscript(value: Value, item: Value) -> PyResult {
    generic_alias::new(value, item)
}

fn get_module(_: Value) -> PyResult {
    Ok(StrObject::intern("typing").into())
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__name__", doc: "", get: |value| Ok(this(value).name.get_or_none()), set: None },
    GetSetDef { name: "__module__", doc: "", get: get_module, set: None },
    GetSetDef {
        name: "__bound__",
        doc: "",
        get: |value| evaluated(&this(value).content, &this(value).evaluate_content),
        set: None,
    },
    GetSetDef {
        name: "__constraints__",
        doc: "",
        get: |value| {
            let found = evaluated(&this(value).constraints, &this(value).evaluate_constraints)?;
            Ok(if objects::is_none(found.value()) { TupleObject::empty().into() } else { found })
        },
        set: None,
    },
    GetSetDef {
        name: "__default__",
        doc: "",
        get: |value| evaluated(&this(value).default, &this(value).evaluate_default),
        set: None,
    },
    GetSetDef { name: "__covariant__", doc: "", get: |_| Ok(objects::bool(false).to_ref()), set: None },
    GetSetDef { name: "__contravariant__", doc: "", get: |_| Ok(objects::bool(false).to_ref()), set: None },
];

static ALIAS_GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__name__", doc: "", get: |value| Ok(this(value).name.get_or_none()), set: None },
    GetSetDef {
        name: "__value__",
        doc: "",
        get: |value| evaluated(&this(value).content, &this(value).evaluate_content),
        set: None,
    },
    GetSetDef {
        name: "__type_params__",
        doc: "",
        get: |value| Ok(this(value).params.get_ref().unwrap_or_else(|| TupleObject::empty().into())),
        set: None,
    },
];

fn new_named(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let Some(name) = args.positional.first().filter(|name| name.is_instance::<StrObject>()) else {
        return Err(crate::raise!(TypeError, "{}() argument 'name' must be str", ty.name()));
    };
    let ty = [&PARAM_SPEC, &TYPE_VAR_TUPLE]
        .into_iter()
        .find(|known| std::ptr::eq(*known, ty))
        .unwrap_or(&TYPE_VAR);
    let made = make(ty, name.to_ref());
    if let [_, constraints @ ..] = args.positional
        && !constraints.is_empty()
    {
        this(made.value()).constraints.set(TupleObject::from_values(constraints));
    }
    for (keyword, value) in args.keywords() {
        match keyword.get::<StrObject>() {
            Some(keyword) if keyword.eq_str("bound") => this(made.value()).content.set(value.to_ref()),
            Some(keyword) if keyword.eq_str("default") => this(made.value()).default.set(value.to_ref()),
            _ => {}
        }
    }
    Ok(made)
}

const SLOTS: Slots = Slots {
    new: Some(new_named),
    init: Some(|_, _| Ok(())),
    repr: Some(repr),
    or: Some(generic_alias::union_of),
    ..Slots::EMPTY
};

macro_rules! param_types {
    ($($name:ident $spec:ident $text:literal $slots:expr, $getset:expr;)*) => {
        $(
            #[doc = concat!("`", $text, "`.")]
            pub static $name: TypeObject = TypeObject::from_spec(&$spec);
            static $spec: TypeSpec = TypeSpec {
                module: "typing",
                flags: type_flags::GC,
                slots: $slots,
                getset: $getset,
                ..TypeSpec::of::<TypeParam>($text)
            };
        )*

        /// All types declared here.
        pub static ALL: &[&TypeObject] = &[$(&$name),*];
    };
}

param_types! {
    TYPE_VAR TYPE_VAR_SPEC "TypeVar" SLOTS, GETSET;
    PARAM_SPEC PARAM_SPEC_SPEC "ParamSpec" SLOTS, GETSET;
    TYPE_VAR_TUPLE TYPE_VAR_TUPLE_SPEC "TypeVarTuple" SLOTS, GETSET;
    TYPE_ALIAS TYPE_ALIAS_SPEC "TypeAliasType" Slots { new: None, subscript: Some(subscript), ..SLOTS }, ALIAS_GETSET;
}
