//! Type parameters: `TypeVar`, `ParamSpec`, `TypeVarTuple`, made by `def f[T]` or by hand, and the two parts of a `ParamSpec`.
//!
//! The three kinds share a layout; bounds, constraints and defaults are computed when first asked for (PEP 695, PEP 696). How
//! arguments take the place of a parameter is told by `typing`, which the hooks call.

use std::cell::Cell;

use crate::convert::{OrNone, Rest};
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::{py_methods, py_new, raise};

use super::evaluator::Lazy;
use super::{call_typing, calling_module, type_alias, union};

/// A type parameter.
#[repr(C)]
pub struct TypeParam {
    header: Header,
    dict: Field,
    name: Field,
    bound: Lazy,
    constraints: Lazy,
    default: Lazy,
    variance: Cell<Variance>,
}

/// How a parameter varies.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Variance {
    #[default]
    Invariant,
    Covariant,
    Contravariant,
    /// Found by type checkers.
    Inferred,
}

// SAFETY: `repr(C)`, header first. The three types share the layout.
unsafe impl Object for TypeParam {
    fn type_object() -> &'static TypeObject {
        &TYPE_VAR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.dict.visit(visit);
        self.name.visit(visit);
        [&self.bound, &self.constraints, &self.default].into_iter().for_each(|lazy| lazy.visit(visit));
    }
    fn clear(&self) {
        drop(self.dict.take());
        [&self.bound, &self.constraints, &self.default].into_iter().for_each(Lazy::clear);
    }
}

impl TypeParam {
    const DICT_OFFSET: usize = std::mem::offset_of!(TypeParam, dict);

    /// A value as a type parameter of any kind.
    pub(super) fn of<'a>(value: Value) -> Option<&'a TypeParam> {
        let is_param = value.is_object() && ALL.iter().any(|ty| value.is_exact(ty));
        is_param.then(|| this(value))
    }

    pub(super) fn has_default(&self) -> bool {
        self.default.is_set()
    }
}

fn make(ty: &'static TypeObject, name: Ref, variance: Variance) -> Ref {
    let contents = TypeParam {
        header: Header::new(ty),
        dict: Field::empty(),
        name: Field::new(name),
        bound: Lazy::default(),
        constraints: Lazy::default(),
        default: Lazy::default(),
        variance: Cell::new(variance),
    };
    object::new_object_sharing_layout(ty, contents).into()
}

fn this<'a>(value: Value) -> &'a TypeParam {
    // SAFETY: attributes of the three types are read on their instances only.
    unsafe { value.cast() }
}

/// `[T]`
pub fn type_var(name: Ref) -> Ref {
    make(&TYPE_VAR, name, Variance::Inferred)
}

/// `[T: bound]`, computed by a function.
pub fn type_var_with_bound(name: Ref, evaluate: Ref) -> Ref {
    let made = type_var(name);
    this(made.value()).bound.set_function(evaluate);
    made
}

/// `[T: (A, B)]`, computed by a function.
pub fn type_var_with_constraints(name: Ref, evaluate: Ref) -> Ref {
    let made = type_var(name);
    this(made.value()).constraints.set_function(evaluate);
    made
}

/// `[**P]`
pub fn param_spec(name: Ref) -> Ref {
    make(&PARAM_SPEC, name, Variance::Inferred)
}

/// `[*Ts]`
pub fn type_var_tuple(name: Ref) -> Ref {
    make(&TYPE_VAR_TUPLE, name, Variance::Invariant)
}

/// `[T = default]`, computed by a function.
pub fn set_default(param: Value, evaluate: Ref) {
    this(param).default.set_function(evaluate);
}

/// A parameter that a call makes remembers its module.
fn made_by_call(ty: &'static TypeObject, name: &StrObject, variance: Variance, default: Value) -> Ref {
    let made = make(ty, Value::from_object(name).to_ref(), variance);
    if let Some(default) = default.non_null().filter(|&default| default != singleton::no_default()) {
        let param = this(made.value());
        param.default.set_value(default.to_ref());
    }
    if let Some(module) = calling_module() {
        let dict = DictObject::new();
        dict.set_text("__module__", module);
        this(made.value()).dict.set(dict);
    }
    made
}

fn variance(covariant: bool, contravariant: bool, infer: bool) -> PyResult<Variance> {
    match (covariant, contravariant, infer) {
        (true, true, _) => Err(raise!(ValueError, "Bivariant types are not supported.")),
        (_, _, true) if covariant || contravariant => {
            Err(raise!(ValueError, "Variance cannot be specified with infer_variance."))
        }
        (_, _, true) => Ok(Variance::Inferred),
        (true, ..) => Ok(Variance::Covariant),
        (_, true, _) => Ok(Variance::Contravariant),
        _ => Ok(Variance::Invariant),
    }
}

/// What `typing` makes of a value that is to be a type.
fn type_check(value: Value, message: &str) -> PyResult {
    if objects::is_none(value) {
        return Ok(singleton::NONE_TYPE.value().to_ref());
    }
    call_typing("_type_check", &[value, StrObject::new(message).value()])
}

py_new! {
    fn new_type_var(_class, name: &StrObject, constraints: Rest<'_>, bound: OrNone<Value>, default: Value, covariant: Option<bool>, contravariant: Option<bool>, infer_variance: Option<bool>)
    "typevar(name, *constraints, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)" {
        let flags = [covariant, contravariant, infer_variance].map(Option::unwrap_or_default);
        let variance = variance(flags[0], flags[1], flags[2])?;
        let bound = bound.0.map(|bound| type_check(bound, "Bound must be a type.")).transpose()?;
        if constraints.0.len() == 1 {
            return Err(raise!(TypeError, "A single constraint is not allowed"));
        }
        if !constraints.0.is_empty() && bound.is_some() {
            return Err(raise!(TypeError, "Constraints cannot be combined with bound=..."));
        }
        let made = made_by_call(&TYPE_VAR, name, variance, default);
        if let Some(bound) = bound {
            this(made.value()).bound.set_value(bound);
        }
        if !constraints.0.is_empty() {
            this(made.value()).constraints.set_value(TupleObject::from_values(constraints.0).into());
        }
        Ok(made)
    }
}

py_new! {
    fn new_param_spec(_class, name: &StrObject, bound: OrNone<Value>, default: Value, covariant: Option<bool>, contravariant: Option<bool>, infer_variance: Option<bool>)
    "paramspec(name, *, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)" {
        let flags = [covariant, contravariant, infer_variance].map(Option::unwrap_or_default);
        let variance = variance(flags[0], flags[1], flags[2])?;
        let bound = bound.0.map(|bound| type_check(bound, "Bound must be a type.")).transpose()?;
        let made = made_by_call(&PARAM_SPEC, name, variance, default);
        if let Some(bound) = bound {
            this(made.value()).bound.set_value(bound);
        }
        Ok(made)
    }
}

py_new! {
    fn new_type_var_tuple(_class, name: &StrObject, default: Value)
    "typevartuple(name, *, default=typing.NoDefault)" {
        Ok(made_by_call(&TYPE_VAR_TUPLE, name, Variance::Invariant, default))
    }
}

fn repr(value: Value) -> PyResult {
    let name = this(value).name.get_or_none();
    if value.is_exact(&TYPE_VAR_TUPLE) {
        return Ok(name);
    }
    let sign = match this(value).variance.get() {
        Variance::Inferred => return Ok(name),
        Variance::Covariant => "+",
        Variance::Contravariant => "-",
        Variance::Invariant => "~",
    };
    Ok(StrObject::new(&format!("{sign}{}", protocol::str_string(name.value())?)).into())
}

/// `*Ts` gives one item, `Unpack[Ts]`.
fn iter(value: Value) -> PyResult {
    protocol::get_iter(TupleObject::of([type_alias::unpack(value)?]).value())
}

py_methods! { static METHODS for "typing.TypeVar", Value;
    /// For pickling: the name under which the parameter is found.
    "__reduce__(self, /)"
    fn reduce(this_value) -> Ref {
        this(this_value).name.get_or_none()
    }
    /// Type parameters cannot be bases.
    "__mro_entries__(self, bases, /)"
    fn mro_entries(this_value, bases: Value) -> PyResult<Ref> {
        let _ = bases;
        Err(raise!(TypeError, "Cannot subclass an instance of {}", this_value.ty().name()))
    }
    /// Whether there is a default.
    "has_default(self, /)"
    fn has_default(this_value) -> bool {
        this(this_value).has_default()
    }
    /// What takes the place of the parameter for an argument.
    "__typing_subst__(self, arg, /)"
    fn typing_subst(this_value, arg: Value) -> PyResult<Ref> {
        if this_value.is_exact(&TYPE_VAR) {
            call_typing("_typevar_subst", &[this_value, arg])
        } else if this_value.is_exact(&PARAM_SPEC) {
            call_typing("_paramspec_subst", &[this_value, arg])
        } else {
            Err(raise!(TypeError, "Substitution of bare TypeVarTuple is not supported"))
        }
    }
    /// The arguments of an alias with what the parameter makes of them.
    "__typing_prepare_subst__(self, alias, args, /)"
    fn typing_prepare_subst(this_value, alias: Value, args: Value) -> PyResult<Ref> {
        if this_value.is_exact(&TYPE_VAR) {
            prepare_type_var(this_value, alias, args)
        } else if this_value.is_exact(&PARAM_SPEC) {
            call_typing("_paramspec_prepare_subst", &[this_value, alias, args])
        } else {
            call_typing("_typevartuple_prepare_subst", &[this_value, alias, args])
        }
    }
}

/// The default stands for the first argument that is missing.
fn prepare_type_var(param: Value, alias: Value, args: Value) -> PyResult {
    let parameters = protocol::collect(protocol::get_attr_text(alias, "__parameters__")?.value())?;
    let at = parameters.iter().position(|known| known.value() == param).unwrap_or(parameters.len());
    let given = protocol::collect(args)?;
    if at < given.len() {
        return Ok(args.to_ref());
    }
    let default = if at == given.len() { this(param).default.get()? } else { None };
    let Some(default) = default else {
        let (shown, given) = (protocol::str_string(alias)?, given.len());
        let least = at + 1;
        return Err(raise!(
            TypeError,
            "Too few arguments for {shown}; actual {given}, expected at least {least}"
        ));
    };
    Ok(TupleObject::new(given.into_iter().chain([default]).collect()).into())
}

fn is_variance(value: Value, variance: Variance) -> PyResult {
    Ok(objects::bool(this(value).variance.get() == variance).to_ref())
}

fn value_or(value: PyResult<Option<Ref>>, absent: impl FnOnce() -> Ref) -> PyResult {
    Ok(value?.unwrap_or_else(absent))
}

macro_rules! get {
    ($name:literal, $get:expr) => {
        GetSetDef { name: $name, doc: "", get: $get, set: None }
    };
}

const NAME: GetSetDef = get!("__name__", |value| Ok(this(value).name.get_or_none()));
const DEFAULT: GetSetDef =
    get!("__default__", |value| value_or(this(value).default.get(), || singleton::no_default().to_ref()));
const EVALUATE_DEFAULT: GetSetDef = get!("evaluate_default", |value| Ok(this(value).default.function()));
const BOUND: GetSetDef =
    get!("__bound__", |value| value_or(this(value).bound.get(), || objects::none().to_ref()));
const COVARIANT: GetSetDef = get!("__covariant__", |value| is_variance(value, Variance::Covariant));
const CONTRAVARIANT: GetSetDef =
    get!("__contravariant__", |value| is_variance(value, Variance::Contravariant));
const INFERRED: GetSetDef = get!("__infer_variance__", |value| is_variance(value, Variance::Inferred));

static VAR_GETSET: &[GetSetDef] = &[
    NAME,
    DEFAULT,
    EVALUATE_DEFAULT,
    BOUND,
    get!("evaluate_bound", |value| Ok(this(value).bound.function())),
    get!("__constraints__", |value| value_or(this(value).constraints.get(), || TupleObject::empty().into())),
    get!("evaluate_constraints", |value| Ok(this(value).constraints.function())),
    COVARIANT,
    CONTRAVARIANT,
    INFERRED,
];

static SPEC_GETSET: &[GetSetDef] = &[
    NAME,
    DEFAULT,
    EVALUATE_DEFAULT,
    BOUND,
    COVARIANT,
    CONTRAVARIANT,
    INFERRED,
    GetSetDef {
        name: "args",
        doc: "Represents positional arguments.",
        get: |value| Ok(part_of(value, &PARAM_SPEC_ARGS)),
        set: None,
    },
    GetSetDef {
        name: "kwargs",
        doc: "Represents keyword arguments.",
        get: |value| Ok(part_of(value, &PARAM_SPEC_KWARGS)),
        set: None,
    },
];

static TUPLE_GETSET: &[GetSetDef] = &[NAME, DEFAULT, EVALUATE_DEFAULT];

const SLOTS: Slots = Slots { init: Some(|_, _| Ok(())), repr: Some(repr), ..Slots::EMPTY };

macro_rules! param_types {
    ($($name:ident $spec:ident $text:literal $doc:literal $slots:expr, $getset:expr;)*) => {
        $(
            #[doc = concat!("`", $text, "`.")]
            pub static $name: TypeObject = TypeObject::from_spec(&$spec);
            static $spec: TypeSpec = TypeSpec {
                module: "typing",
                doc: $doc,
                flags: type_flags::WEAK | type_flags::GC,
                dict_offset: TypeParam::DICT_OFFSET,
                slots: $slots,
                methods: &[METHODS],
                getset: $getset,
                ..TypeSpec::of::<TypeParam>($text)
            };
        )*

        /// The kinds of type parameters.
        pub static ALL: &[&TypeObject] = &[$(&$name),*];
    };
}

param_types! {
    TYPE_VAR TYPE_VAR_SPEC "TypeVar" "Type variable."
        Slots { new: Some(new_type_var), or: Some(union::or_any), ..SLOTS }, VAR_GETSET;
    PARAM_SPEC PARAM_SPEC_SPEC "ParamSpec" "Parameter specification variable."
        Slots { new: Some(new_param_spec), or: Some(union::or_any), ..SLOTS }, SPEC_GETSET;
    TYPE_VAR_TUPLE TYPE_VAR_TUPLE_SPEC "TypeVarTuple" "Type variable tuple."
        Slots { new: Some(new_type_var_tuple), iter: Some(iter), ..SLOTS }, TUPLE_GETSET;
}

/// `P.args` or `P.kwargs`.
#[repr(C)]
pub struct ParamSpecPart {
    header: Header,
    origin: Field,
}

// SAFETY: `repr(C)`, header first. The two types share the layout.
unsafe impl Object for ParamSpecPart {
    fn type_object() -> &'static TypeObject {
        &PARAM_SPEC_ARGS
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.origin.visit(visit);
    }
}

fn part<'a>(value: Value) -> &'a ParamSpecPart {
    // SAFETY: slots and attributes of the two types are used for their instances only.
    unsafe { value.cast() }
}

fn part_of(origin: Value, ty: &'static TypeObject) -> Ref {
    let contents = ParamSpecPart { header: Header::new(ty), origin: Field::new(origin.to_ref()) };
    object::new_object_sharing_layout(ty, contents).into()
}

py_new! {
    fn new_args(_class, origin: Value) "paramspecargs(origin)" { Ok(part_of(origin, &PARAM_SPEC_ARGS)) }
}

py_new! {
    fn new_kwargs(_class, origin: Value) "paramspeckwargs(origin)" { Ok(part_of(origin, &PARAM_SPEC_KWARGS)) }
}

fn part_repr(value: Value) -> PyResult {
    let which = if value.is_exact(&PARAM_SPEC_ARGS) { "args" } else { "kwargs" };
    let origin = part(value).origin.get_or_none();
    let name = match TypeParam::of(origin.value()) {
        Some(param) => protocol::str_string(param.name.raw())?,
        None => protocol::repr_string(origin.value())?,
    };
    Ok(StrObject::new(&format!("{name}.{which}")).into())
}

fn part_compare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !std::ptr::eq(a.ty(), b.ty()) || !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    let same = protocol::is_same_or_equal(part(a).origin.raw(), part(b).origin.raw())?;
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
}

py_methods! { static PART_METHODS for "typing.ParamSpecArgs", Value;
    /// Parts of a parameter specification cannot be bases.
    "__mro_entries__(self, bases, /)"
    fn part_mro_entries(this_value, bases: Value) -> PyResult<Ref> {
        let _ = bases;
        Err(raise!(TypeError, "Cannot subclass an instance of {}", this_value.ty().name()))
    }
}

static PART_GETSET: &[GetSetDef] = &[get!("__origin__", |value| Ok(part(value).origin.get_or_none()))];

const PART_SLOTS: Slots = Slots {
    init: Some(|_, _| Ok(())),
    repr: Some(part_repr),
    richcompare: Some(part_compare),
    hash: Some(protocol::unhashable),
    ..Slots::EMPTY
};

/// `typing.ParamSpecArgs`.
pub static PARAM_SPEC_ARGS: TypeObject = TypeObject::from_spec(&ARGS_SPEC);
static ARGS_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    doc: "The args for a ParamSpec object.",
    flags: type_flags::WEAK | type_flags::GC,
    slots: Slots { new: Some(new_args), ..PART_SLOTS },
    methods: &[PART_METHODS],
    getset: PART_GETSET,
    ..TypeSpec::of::<ParamSpecPart>("ParamSpecArgs")
};

/// `typing.ParamSpecKwargs`.
pub static PARAM_SPEC_KWARGS: TypeObject = TypeObject::from_spec(&KWARGS_SPEC);
static KWARGS_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    doc: "The kwargs for a ParamSpec object.",
    flags: type_flags::WEAK | type_flags::GC,
    slots: Slots { new: Some(new_kwargs), ..PART_SLOTS },
    methods: &[PART_METHODS],
    getset: PART_GETSET,
    ..TypeSpec::of::<ParamSpecPart>("ParamSpecKwargs")
};

/// Type parameters as the arguments of `Generic[...]`: a variable number is unpacked.
pub fn unpacked(params: Value) -> PyResult {
    let params = params.get::<TupleObject>().expect("type parameters are a tuple");
    let mut found = Vec::new();
    for &param in params.items() {
        found.push(if param.is_exact(&TYPE_VAR_TUPLE) { type_alias::unpack(param)? } else { param.to_ref() });
    }
    Ok(TupleObject::new(found).into())
}
