//! The memo of a pickler or unpickler as an object: it can be copied, cleared, and put into another one.

use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::{DICT, DictObject};
use runtime::objects::int;
use runtime::objects::tuple::TupleObject;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, Value, py_methods, raise};

use super::memo::Memo;
use super::pickler::{self, Pickler};
use super::unpickler::{self, Numbered, Unpickler};

/// Whose memo it is.
#[repr(C)]
pub(super) struct Proxy {
    header: Header,
    owner: Ref,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Proxy {
    fn type_object() -> &'static TypeObject {
        &PICKLER_MEMO
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.owner.value());
    }
}

/// The memo of a pickler.
pub(super) fn of_pickler(owner: &Pickler) -> Ref {
    let owner = Value::from_object(owner).to_ref();
    object::new_object(Proxy { header: Header::new(&PICKLER_MEMO), owner }).into()
}

/// The memo of an unpickler.
pub(super) fn of_unpickler(owner: &Unpickler) -> Ref {
    let owner = Value::from_object(owner).to_ref();
    let contents = Proxy { header: Header::new(&UNPICKLER_MEMO), owner };
    object::new_object_sharing_layout(&UNPICKLER_MEMO, contents).into()
}

fn owner(value: Value) -> Value {
    // SAFETY: both types have this layout, and methods and slots are called for instances of theirs.
    let proxy: &Proxy = unsafe { &*value.ptr().cast::<Proxy>() };
    proxy.owner.value()
}

/// The objects that a pickler knows, by their identity: pairs of number and object.
fn pickled(pickler: &Pickler) -> PyResult<Py<DictObject>> {
    let dict = DictObject::new();
    let objects: Vec<(Ref, u32)> = pickler.memo.borrow().objects().to_vec();
    for (object, number) in objects {
        let key = int::from_u64(object.value().bits());
        let pair = TupleObject::of([int::from_i64(number.into()), object]);
        dict.set(key.value(), pair.into())?;
    }
    Ok(dict)
}

/// The objects that an unpickler knows, by their numbers.
fn unpickled(unpickler: &Unpickler) -> PyResult<Py<DictObject>> {
    let dict = DictObject::new();
    let pairs = unpickler.memo.borrow().to_pairs();
    for (number, object) in pairs {
        dict.set(int::from_i64(number as i64).value(), object)?;
    }
    Ok(dict)
}

/// Puts another memo, or a dict like one, into a pickler.
pub(super) fn set_pickler_memo(pickler: &Pickler, new: Value) -> PyResult<()> {
    let source = match new.is_exact(&PICKLER_MEMO) {
        true => pickled(pickler::this(owner(new)))?,
        false => match new.get::<DictObject>() {
            Some(dict) => Py::from_object(dict),
            None => {
                let got = new.ty().name();
                let message =
                    format!("'memo' attribute must be a PicklerMemoProxy object or dict, not {got}");
                return Err(raise!(TypeError, "{message}"));
            }
        },
    };
    let mut memo = Memo::default();
    for (_, pair) in source.to_pairs() {
        let Some([number, object]) = pair.get::<TupleObject>().map(TupleObject::items) else {
            return Err(raise!(TypeError, "'memo' values must be 2-item tuples"));
        };
        let number = u32::try_from(int::to_i64(*number)?)
            .map_err(|_| raise!(OverflowError, "a number of the memo is out of range"))?;
        memo.put(*object, number);
    }
    let before = pickler.memo.replace(memo);
    drop(before);
    Ok(())
}

/// Puts another memo, or a dict like one, into an unpickler.
pub(super) fn set_unpickler_memo(unpickler: &Unpickler, new: Value) -> PyResult<()> {
    let source = match new.is_exact(&UNPICKLER_MEMO) {
        true => unpickled(unpickler::this(owner(new)))?,
        false => match new.get::<DictObject>() {
            Some(dict) => Py::from_object(dict),
            None => {
                let got = new.ty().name();
                let message =
                    format!("'memo' attribute must be an UnpicklerMemoProxy object or dict, not {got}");
                return Err(raise!(TypeError, "{message}"));
            }
        },
    };
    let mut memo = Numbered::default();
    for (number, object) in source.to_pairs() {
        if int::IntRef::of(number.value()).is_none() {
            return Err(raise!(TypeError, "memo key must be integers"));
        }
        let number = usize::try_from(int::to_i64(number.value())?)
            .map_err(|_| raise!(ValueError, "memo key must be positive integers."))?;
        drop(memo.put(number, object));
    }
    let before = unpickler.memo.replace(memo);
    drop(before);
    Ok(())
}

/// What both do: `$copy` makes a dict of the memo, `$this` finds its owner.
macro_rules! memo_methods {
    ($table:ident $class:literal $this:path, $copy:path) => {
        py_methods! { static $table for $class, Value;
            /// Remove all items from memo.
            "clear(self, /)"
            fn clear(this) -> PyResult<()> {
                let before = $this(owner(this)).memo.take();
                drop(before);
                Ok(())
            }
            /// Copy the memo to a new object.
            "copy(self, /)"
            fn copy(this) -> PyResult<Py<DictObject>> {
                $copy($this(owner(this)))
            }
            /// Implement pickle support.
            "__reduce__(self, /)"
            fn reduce(this) -> PyResult {
                let contents = $copy($this(owner(this)))?;
                let arguments = TupleObject::of([contents.into()]);
                Ok(TupleObject::of([DICT.value().to_ref(), arguments.into()]).into())
            }
        }
    };
}

mod of_pickler_methods {
    use super::*;
    memo_methods! { METHODS "PicklerMemoProxy" pickler::this, pickled }
    pub(super) static TABLE: &[runtime::methods::MethodDef] = METHODS;
}

mod of_unpickler_methods {
    use super::*;
    memo_methods! { METHODS "UnpicklerMemoProxy" unpickler::this, unpickled }
    pub(super) static TABLE: &[runtime::methods::MethodDef] = METHODS;
}

/// The memo of a pickler.
pub(super) static PICKLER_MEMO: TypeObject = TypeObject::from_spec(&PICKLER_SPEC);
static PICKLER_SPEC: TypeSpec = TypeSpec {
    module: "_pickle",
    flags: type_flags::NO_NEW | type_flags::GC,
    methods: &[of_pickler_methods::TABLE],
    ..TypeSpec::of::<Proxy>("PicklerMemoProxy")
};

/// The memo of an unpickler.
pub(super) static UNPICKLER_MEMO: TypeObject = TypeObject::from_spec(&UNPICKLER_SPEC);
static UNPICKLER_SPEC: TypeSpec = TypeSpec {
    module: "_pickle",
    flags: type_flags::NO_NEW | type_flags::GC,
    methods: &[of_unpickler_methods::TABLE],
    ..TypeSpec::of::<Proxy>("UnpicklerMemoProxy")
};
