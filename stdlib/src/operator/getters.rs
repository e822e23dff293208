//! `itemgetter`, `attrgetter` and `methodcaller`: questions to an object, as functions of it.
//!
//! They are the usual keys of `sorted`, `min` and `groupby`, which call them once an item; the classes in `operator.py` that they replace
//! would run two Python functions each time. Dotted names are taken apart when the getter is made. Cost of a call: that of the lookups.

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::protocol::ReprGuard;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_methods, raise};

macro_rules! getter {
    ($(#[doc = $doc:literal])* $name:ident of $ty:ident { $($(#[doc = $of:literal])* $field:ident),* }) => {
        $(#[doc = $doc])*
        #[repr(C)]
        pub(super) struct $name {
            header: Header,
            $($(#[doc = $of])* $field: Field,)*
        }

        // SAFETY: `repr(C)`, header first.
        unsafe impl Object for $name {
            fn type_object() -> &'static TypeObject {
                &$ty
            }
            fn traverse(&self, visit: Visitor<'_>) {
                $(self.$field.visit(visit);)*
            }
            fn clear(&self) {
                $(drop(self.$field.take());)*
            }
        }

        impl $name {
            fn of<'a>(value: Value) -> &'a Self {
                value.get::<Self>().expect("slots are called for instances")
            }
        }
    };
}

getter! {
    /// `itemgetter`
    ItemGetter of ITEM_GETTER {
        /// A tuple of keys.
        keys
    }
}

getter! {
    /// `attrgetter`
    AttrGetter of ATTR_GETTER {
        /// A tuple of the names as they were given.
        names,
        /// A tuple of tuples: the parts of each name.
        paths
    }
}

getter! {
    /// `methodcaller`
    MethodCaller of METHOD_CALLER {
        /// Of the method, interned.
        name,
        /// A tuple.
        args,
        /// A tuple: the values of keyword arguments.
        keywords,
        /// A tuple: their names.
        keyword_names
    }
}

fn items(field: &Field) -> &[Value] {
    field.get().and_then(|value| value.get::<TupleObject>()).map_or(&[], TupleObject::items)
}

/// The object that a getter is asked about.
fn operand(name: &str, args: Args<'_>) -> PyResult<Value> {
    args.no_keywords(name)?;
    only(name, args)
}

fn only(name: &str, args: Args<'_>) -> PyResult<Value> {
    let [object] = args.positional else {
        return Err(raise!(TypeError, "{name} expected 1 argument, got {}", args.positional.len()));
    };
    Ok(*object)
}

/// The only answer, or a tuple of the answers to each of many.
fn answers(asked: &[Value], answer: impl Fn(Value) -> PyResult) -> PyResult {
    if let [only] = asked {
        return answer(*only);
    }
    let found: Vec<Ref> = asked.iter().map(|&one| answer(one)).collect::<PyResult<_>>()?;
    Ok(TupleObject::new(found).into())
}

fn new_item_getter(ty: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("itemgetter")?;
    if args.is_empty() {
        return Err(raise!(TypeError, "itemgetter expected 1 argument, got 0"));
    }
    let keys = Field::new(TupleObject::from_values(args.positional));
    Ok(object::new_object_of(ty, ItemGetter { header: Header::new(ty), keys }).into())
}

fn call_item_getter(value: Value, args: Args<'_>) -> PyResult {
    let object = operand("itemgetter", args)?;
    answers(items(&ItemGetter::of(value).keys), |key| protocol::get_item(object, key))
}

fn new_attr_getter(ty: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("attrgetter")?;
    if args.is_empty() {
        return Err(raise!(TypeError, "attrgetter expected 1 argument, got 0"));
    }
    let path = |name: &Value| -> PyResult<Ref> {
        let Some(name) = name.get::<StrObject>() else {
            return Err(raise!(TypeError, "attribute name must be a string"));
        };
        let points: Vec<u32> = name.code_points().collect();
        let parts = points.split(|&point| point == u32::from('.'));
        let intern = |part| StrObject::intern_object(&StrObject::from_code_points(part)).into_ref();
        Ok(TupleObject::new(parts.map(intern).collect()).into())
    };
    let paths = args.positional.iter().map(path).collect::<PyResult<_>>()?;
    let contents = AttrGetter {
        header: Header::new(ty),
        names: Field::new(TupleObject::from_values(args.positional)),
        paths: Field::new(TupleObject::new(paths)),
    };
    Ok(object::new_object_of(ty, contents).into())
}

fn call_attr_getter(value: Value, args: Args<'_>) -> PyResult {
    let object = operand("attrgetter", args)?;
    answers(items(&AttrGetter::of(value).paths), |path| {
        let parts = path.get::<TupleObject>().map_or(&[][..], TupleObject::items);
        parts.iter().try_fold(object.to_ref(), |owner, &part| protocol::get_attr(owner.value(), part))
    })
}

fn new_method_caller(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let [name, rest @ ..] = args.positional else {
        return Err(raise!(TypeError, "methodcaller needs at least one argument, the method name"));
    };
    if !name.is_instance::<StrObject>() {
        return Err(raise!(TypeError, "method name must be a string"));
    }
    let (names, values): (Vec<Ref>, Vec<Ref>) =
        args.keywords().map(|(name, value)| (name.to_ref(), value.to_ref())).unzip();
    let contents = MethodCaller {
        header: Header::new(ty),
        name: Field::new(protocol::attribute::exact_name(*name)?),
        args: Field::new(TupleObject::from_values(rest)),
        keywords: Field::new(TupleObject::new(values)),
        keyword_names: Field::new(TupleObject::new(names)),
    };
    Ok(object::new_object_of(ty, contents).into())
}

fn call_method_caller(value: Value, args: Args<'_>) -> PyResult {
    // This one looks at the number of arguments first.
    let object = only("methodcaller", args)?;
    args.no_keywords("methodcaller")?;
    let this = MethodCaller::of(value);
    let (name, given) = (this.name.get_or_none(), items(&this.args));
    let keywords = items(&this.keywords);
    if keywords.is_empty() {
        return protocol::call_method(object, name.value(), given);
    }
    let method = protocol::get_attr(object, name.value())?;
    protocol::call(method.value(), &[given, keywords].concat(), this.keyword_names.get())
}

/// `operator.itemgetter(1, 2)`
fn shown(value: Value, parts: impl FnOnce() -> PyResult<Vec<String>>) -> PyResult {
    let name = value.ty().full_name();
    let Some(_guard) = ReprGuard::enter(value)? else {
        return Ok(StrObject::new(&format!("{name}(...)")).into());
    };
    Ok(StrObject::new(&format!("{name}({})", parts()?.join(", "))).into())
}

fn reprs(values: &[Value]) -> PyResult<Vec<String>> {
    values.iter().map(|&value| protocol::repr_string(value)).collect()
}

fn repr_method_caller(value: Value) -> PyResult {
    let this = MethodCaller::of(value);
    shown(value, || {
        let mut parts = vec![protocol::repr_string(this.name.get_or_none().value())?];
        parts.extend(reprs(items(&this.args))?);
        for (name, value) in items(&this.keyword_names).iter().zip(items(&this.keywords)) {
            parts.push(format!("{}={}", protocol::str_string(*name)?, protocol::repr_string(*value)?));
        }
        Ok(parts)
    })
}

/// What makes an equal getter, for pickling.
fn recipe(value: Value, args: Ref) -> Ref {
    TupleObject::of([value.ty().value().to_ref(), args]).into()
}

py_methods! { static ITEM_METHODS for "operator.itemgetter", &ItemGetter;
    /// Return state information for pickling
    "__reduce__(self, /)"
    fn reduce_items(this) -> Ref {
        recipe(Value::from_object(this), this.keys.get_or_none())
    }
}

py_methods! { static ATTR_METHODS for "operator.attrgetter", &AttrGetter;
    /// Return state information for pickling
    "__reduce__(self, /)"
    fn reduce_names(this) -> Ref {
        recipe(Value::from_object(this), this.names.get_or_none())
    }
}

py_methods! { static METHOD_METHODS for "operator.methodcaller", &MethodCaller;
    /// Return state information for pickling
    "__reduce__(self, /)"
    fn reduce_call(this) -> PyResult {
        let (value, args) = (Value::from_object(this), items(&this.args));
        let name = this.name.get_or_none();
        if items(&this.keywords).is_empty() {
            let given: Vec<Value> = [name.value()].into_iter().chain(args.iter().copied()).collect();
            return Ok(recipe(value, TupleObject::from_values(&given).into()));
        }
        // Keyword arguments have no place in a recipe: `partial` brings them.
        let functools = protocol::import::import_absolute("functools")?;
        let partial = protocol::get_attr_text(functools.value(), "partial")?;
        let given: Vec<Value> =
            [value.ty().value(), name.value()].into_iter().chain(items(&this.keywords).iter().copied()).collect();
        let bound = protocol::call(partial.value(), &given, this.keyword_names.get())?;
        Ok(TupleObject::of([bound, this.args.get_or_none()]).into())
    }
}

/// How instances are called.
static SIGNATURE: &[GetSetDef] = &[GetSetDef {
    name: "__text_signature__",
    doc: "",
    get: |_| Ok(StrObject::intern("(obj, /)").into()),
    set: None,
}];

/// What the three have in common; there are no subclasses.
const fn spec<T: Object>(name: &'static str, doc: &'static str) -> TypeSpec {
    TypeSpec { module: "operator", doc, flags: type_flags::GC, getset: SIGNATURE, ..TypeSpec::of::<T>(name) }
}

pub(super) static ITEM_GETTER: TypeObject = TypeObject::from_spec(&ITEM_SPEC);
static ITEM_SPEC: TypeSpec = TypeSpec {
    slots: Slots {
        new: Some(new_item_getter),
        init: Some(|_, _| Ok(())),
        repr: Some(|value| shown(value, || reprs(items(&ItemGetter::of(value).keys)))),
        call: Some(call_item_getter),
        ..Slots::EMPTY
    },
    methods: &[ITEM_METHODS],
    ..spec::<ItemGetter>(
        "itemgetter",
        "itemgetter(item, /, *items)\n--\n\nA function of an object that gives its item, or a tuple of several.\n\n\
         itemgetter(2)(r) is r[2], itemgetter(2, 5)(r) is (r[2], r[5]).",
    )
};

pub(super) static ATTR_GETTER: TypeObject = TypeObject::from_spec(&ATTR_SPEC);
static ATTR_SPEC: TypeSpec = TypeSpec {
    slots: Slots {
        new: Some(new_attr_getter),
        init: Some(|_, _| Ok(())),
        repr: Some(|value| shown(value, || reprs(items(&AttrGetter::of(value).names)))),
        call: Some(call_attr_getter),
        ..Slots::EMPTY
    },
    methods: &[ATTR_METHODS],
    ..spec::<AttrGetter>(
        "attrgetter",
        "attrgetter(attr, /, *attrs)\n--\n\nA function of an object that gives its attribute, or a tuple of several.\n\n\
         attrgetter('name')(r) is r.name, attrgetter('name.first', 'age')(r) is (r.name.first, r.age).",
    )
};

pub(super) static METHOD_CALLER: TypeObject = TypeObject::from_spec(&METHOD_SPEC);
static METHOD_SPEC: TypeSpec = TypeSpec {
    slots: Slots {
        new: Some(new_method_caller),
        init: Some(|_, _| Ok(())),
        repr: Some(repr_method_caller),
        call: Some(call_method_caller),
        ..Slots::EMPTY
    },
    methods: &[METHOD_METHODS],
    ..spec::<MethodCaller>(
        "methodcaller",
        "methodcaller(name, /, *args, **kwargs)\n--\n\nA function of an object that calls its method with given arguments.\n\n\
         methodcaller('name', 'date', foo=1)(r) is r.name('date', foo=1).",
    )
};
