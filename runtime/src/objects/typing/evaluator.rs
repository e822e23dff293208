//! Values that are computed when first asked for (PEP 649, PEP 695, PEP 696), and the function that `evaluate_...` gives for one
//! that is known already.

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int};
use crate::protocol;
use crate::raise;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

use super::show;

/// `annotationlib.Format.VALUE`
const VALUE: i64 = 1;
/// `annotationlib.Format.STRING`
const STRING: i64 = 4;

/// A value, its function, or neither.
#[derive(Default)]
pub(crate) struct Lazy {
    value: Field,
    evaluate: Field,
}

impl Lazy {
    pub(crate) fn of_value(value: Option<Ref>) -> Lazy {
        Lazy { value: Field::from_option(value), evaluate: Field::empty() }
    }

    pub(crate) fn of_function(function: Ref) -> Lazy {
        Lazy { value: Field::empty(), evaluate: Field::new(function) }
    }

    pub(crate) fn set_value(&self, value: Ref) {
        self.value.set(value);
    }

    pub(crate) fn set_function(&self, function: Ref) {
        drop(self.value.take());
        self.evaluate.set(function);
    }

    pub(crate) fn visit(&self, visit: &mut dyn FnMut(Value)) {
        self.value.visit(visit);
        self.evaluate.visit(visit);
    }

    pub(crate) fn clear(&self) {
        drop((self.value.take(), self.evaluate.take()));
    }

    pub(crate) fn is_set(&self) -> bool {
        self.value.get().is_some() || self.evaluate.get().is_some()
    }

    /// The value, computed the first time; nothing if there is none.
    pub(crate) fn get(&self) -> PyResult<Option<Ref>> {
        if let Some(known) = self.value.get_ref() {
            return Ok(Some(known));
        }
        let Some(function) = self.evaluate.get_ref() else { return Ok(None) };
        let value = protocol::call(function.value(), &[Value::small(VALUE)], None)?;
        self.value.set(value.clone());
        Ok(Some(value))
    }

    /// The function that computes the value in one of the formats of `annotationlib`, or None.
    pub(crate) fn function(&self) -> Ref {
        match (self.evaluate.get_ref(), self.value.get_ref()) {
            (Some(function), _) => function,
            (None, Some(value)) => {
                let header = Header::new(&CONST_EVALUATOR);
                object::new_object(ConstEvaluator { header, value: Field::new(value) }).into()
            }
            (None, None) => objects::none().to_ref(),
        }
    }
}

/// A function that gives a known value.
#[repr(C)]
pub struct ConstEvaluator {
    header: Header,
    value: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ConstEvaluator {
    fn type_object() -> &'static TypeObject {
        &CONST_EVALUATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.value.visit(visit);
    }
}

fn this<'a>(value: Value) -> &'a ConstEvaluator {
    value.get::<ConstEvaluator>().expect("slots check their owner")
}

fn call(value: Value, args: Args<'_>) -> PyResult {
    args.no_keywords("_typing._ConstEvaluator.__call__")?;
    let [format] = args.positional else {
        return Err(raise!(TypeError, "_typing._ConstEvaluator.__call__() takes exactly one argument"));
    };
    let known = this(value).value.get_or_none();
    if int::to_i64(*format)? != STRING {
        return Ok(known);
    }
    let Some(constraints) = known.get::<TupleObject>() else {
        return Ok(StrObject::new(&show::type_text(known.value())?).into());
    };
    let shown =
        constraints.items().iter().map(|&item| show::type_text(item)).collect::<PyResult<Vec<_>>>()?;
    let comma = if shown.len() == 1 { "," } else { "" };
    Ok(StrObject::new(&format!("({}{comma})", shown.join(", "))).into())
}

fn repr(value: Value) -> PyResult {
    let text = protocol::repr_string(this(value).value.raw())?;
    Ok(StrObject::new(&format!("<constevaluator {text}>")).into())
}

/// `_typing._ConstEvaluator`.
pub static CONST_EVALUATOR: TypeObject = TypeObject::from_spec(&CONST_EVALUATOR_SPEC);
static CONST_EVALUATOR_SPEC: TypeSpec = TypeSpec {
    module: "_typing",
    doc: "Internal type for implementing evaluation functions.",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { call: Some(call), repr: Some(repr), ..Slots::EMPTY },
    ..TypeSpec::of::<ConstEvaluator>("_ConstEvaluator")
};
