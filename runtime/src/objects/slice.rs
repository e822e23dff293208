//! `slice`.

use dashu_int::IBig;

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::int::IntRef;
use crate::objects::sequence::{self, SliceBounds};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// A slice.
#[repr(C)]
pub struct SliceObject {
    header: Header,
    /// First index or None.
    pub start: Field,
    /// End or None.
    pub stop: Field,
    /// Step or None.
    pub step: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for SliceObject {
    fn type_object() -> &'static TypeObject {
        &SLICE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.start, &self.stop, &self.step].into_iter().for_each(|field| field.visit(visit));
    }
}

impl SliceObject {
    /// A slice; parts may be None.
    pub fn new(start: Ref, stop: Ref, step: Ref) -> Py<SliceObject> {
        let [start, stop, step] = [start, stop, step].map(Field::new);
        object::new_object(SliceObject { header: Header::new(&SLICE), start, stop, step })
    }

    /// `slice.indices` for a length that is an int.
    pub fn indices(&self, len: &Ref) -> PyResult<Py<TupleObject>> {
        if IntRef::of(len.value()).is_some_and(IntRef::is_negative) {
            return Err(crate::raise!(ValueError, "length should not be negative"));
        }
        let is_small = |part: Value| part.is_null() || objects::is_none(part) || part.is_small();
        let parts = [&self.start, &self.stop, &self.step];
        let small_len = len.as_small().filter(|_| parts.iter().all(|part| is_small(part.raw())));
        let Some(len) = small_len else { return big_indices(self, int::to_big(len.value())?) };
        let len = len as usize;
        let bounds = SliceBounds::resolve(self, len)?;
        Ok(TupleObject::of([bounds.start, bounds.stop, bounds.step].map(|part| int::from_i64(part as i64))))
    }

    fn parts(&self) -> Py<TupleObject> {
        TupleObject::of([self.start.get_or_none(), self.stop.get_or_none(), self.step.get_or_none()])
    }
}

fn this<'a>(value: Value) -> &'a SliceObject {
    value.get::<SliceObject>().expect("descriptors check their owner")
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("slice")?;
    let none = objects::none();
    let (start, stop, step) = match args.positional {
        [stop] => (none, *stop, none),
        [start, stop] => (*start, *stop, none),
        [start, stop, step] => (*start, *stop, *step),
        [] => return Err(crate::raise!(TypeError, "slice expected at least 1 argument, got 0")),
        more => {
            return Err(crate::raise!(TypeError, "slice expected at most 3 arguments, got {}", more.len()));
        }
    };
    Ok(SliceObject::new(start.to_ref(), stop.to_ref(), step.to_ref()).into())
}

fn repr(value: Value) -> PyResult {
    let parts = this(value).parts();
    let inner = protocol::repr_string(parts.value())?;
    Ok(StrObject::new(&format!("slice{inner}")).into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<SliceObject>(), b.get::<SliceObject>()) else {
        return singleton::decline();
    };
    let (a, b) = (a.parts(), b.parts());
    let item = |tuple: &TupleObject, at: usize| tuple.items().get(at).map(|item| item.to_ref());
    sequence::compare(&|at| item(&a, at), 3, &|at| item(&b, at), 3, op)
}

/// A bound of a slice as an int of any size.
fn big_bound(part: Value) -> PyResult<Option<IBig>> {
    if part.is_null() || objects::is_none(part) {
        return Ok(None);
    }
    if !part.is_small() && part.ty().slots().index.is_none() {
        let message = "slice indices must be integers or None or have an __index__ method";
        return Err(crate::raise!(TypeError, "{message}"));
    }
    int::to_big(int::index(part)?.value()).map(Some)
}

/// `slice.indices` for ints of any size.
fn big_indices(slice: &SliceObject, len: IBig) -> PyResult<Py<TupleObject>> {
    let step = big_bound(slice.step.raw())?.unwrap_or(IBig::ONE);
    if step == IBig::ZERO {
        return Err(crate::raise!(ValueError, "slice step cannot be zero"));
    }
    let backwards = step < IBig::ZERO;
    let (low, high) = if backwards { (IBig::NEG_ONE, &len - IBig::ONE) } else { (IBig::ZERO, len.clone()) };
    let clip = |at: IBig| if at < IBig::ZERO { (at + &len).max(low.clone()) } else { at.min(high.clone()) };
    let (first, last) = if backwards { (&high, &low) } else { (&low, &high) };
    let start = big_bound(slice.start.raw())?.map_or_else(|| first.clone(), clip);
    let stop = big_bound(slice.stop.raw())?.map_or_else(|| last.clone(), clip);
    Ok(TupleObject::of([start, stop, step].map(int::from_big)))
}

py_methods! { static METHODS for "slice", &SliceObject;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce(this) -> Ref {
        TupleObject::of([SLICE.value().to_ref(), this.parts().into()]).into()
    }
    /// S.indices(len) -> (start, stop, stride)
    ///
    /// Assuming a sequence of length len, calculate the start and stop
    /// indices, and the stride length of the extended slice described by
    /// S. Out of bounds indices are clipped in a manner consistent with the
    /// handling of normal slices.
    "indices(self, object, /)"
    fn indices(this, object: Value) -> PyResult<Py<TupleObject>> {
        this.indices(&int::index(object)?)
    }
}

static MEMBERS: &[GetSetDef] = &[
    GetSetDef { name: "start", doc: "", get: |value| Ok(this(value).start.get_or_none()), set: None },
    GetSetDef { name: "stop", doc: "", get: |value| Ok(this(value).stop.get_or_none()), set: None },
    GetSetDef { name: "step", doc: "", get: |value| Ok(this(value).step.get_or_none()), set: None },
];

/// `slice`.
pub static SLICE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "slice(stop)\nslice(start, stop[, step])\n\nCreate a slice object.  This is used for extended slicing (e.g. a[0:10:2]).",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        richcompare: Some(richcompare),
        hash: Some(|value| protocol::hash(this(value).parts().value())),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    members: MEMBERS,
    ..TypeSpec::of::<SliceObject>("slice")
};
