//! `_thread._local`: an object whose attributes each thread has for itself.
//!
//! The instance dict is that of the thread that looked last; another thread puts it aside and takes its own, which is made by calling
//! `__init__` again with the arguments of the first call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::tuple::TupleObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, protocol, raise};

use runtime::thread::identity;
use runtime::world::World;

/// Thread-local data.
#[repr(C)]
struct Local {
    header: Header,
    /// The dict of the thread that looked last.
    dict: Field,
    owner: Cell<u64>,
    /// Dicts of other threads.
    aside: RefCell<BTreeMap<u64, Ref>>,
    /// Arguments for `__init__`.
    args: Field,
    keywords: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Local {
    fn type_object() -> &'static TypeObject {
        &LOCAL
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.dict, &self.args, &self.keywords].into_iter().for_each(|field| field.visit(visit));
        self.aside.borrow().values().for_each(|dict| visit(dict.value()));
    }
    fn clear(&self) {
        drop((self.dict.take(), self.args.take(), self.keywords.take()));
        drop(self.aside.take());
    }
}

/// Where all thread-local data is, so that a thread that ends can take its part away.
static ALL: World<RefCell<BTreeSet<usize>>> = World::new(RefCell::new(BTreeSet::new()));

impl Drop for Local {
    fn drop(&mut self) {
        ALL.borrow_mut().remove(&(&raw const *self as usize));
    }
}

/// Lets go of the data of a thread that ends: another one may get its number.
pub(super) fn forget_thread() {
    let me = identity();
    let mut its_own: Vec<Ref> = Vec::new();
    for &place in &*ALL.borrow() {
        // SAFETY: thread-local data is taken out of the set when it is destroyed.
        let local = unsafe { &*(place as *const Local) };
        its_own.extend(local.aside.borrow_mut().remove(&me));
        if local.owner.get() == me {
            local.owner.set(0);
            its_own.extend(local.dict.take());
        }
    }
    drop(its_own);
}

impl Local {
    const DICT_OFFSET: usize = std::mem::offset_of!(Local, dict);

    /// Makes the dict that of the calling thread.
    fn select(&self) -> PyResult<()> {
        let me = identity();
        if self.owner.get() == me {
            return Ok(());
        }
        let mine = self.aside.borrow_mut().remove(&me);
        let is_new = mine.is_none();
        let before = self.owner.replace(me);
        if let Some(theirs) = self.dict.replace(Some(mine.unwrap_or_else(|| DictObject::new().into()))) {
            self.aside.borrow_mut().insert(before, theirs);
        }
        if is_new { self.initialize() } else { Ok(()) }
    }

    fn initialize(&self) -> PyResult<()> {
        let value = Value::from_object(self);
        let (Some(args), Some(keywords)) = (self.args.get_ref(), self.keywords.get_ref()) else {
            return Ok(());
        };
        let Some(init) = value.ty().slots().init else { return Ok(()) };
        let pairs = keywords.get::<DictObject>().map(DictObject::to_pairs).unwrap_or_default();
        let names = TupleObject::new(pairs.iter().map(|(name, _)| name.clone()).collect());
        let mut values = args.get::<TupleObject>().map(|args| args.items().to_vec()).unwrap_or_default();
        values.extend(pairs.iter().map(|(_, value)| value.value()));
        init(value, Args::new(&values, (!pairs.is_empty()).then(|| names.value())))
    }
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let takes_arguments = !std::ptr::eq(ty, &raw const LOCAL)
        && ty.slots().init.map(|init| init as usize)
            != Some(no_init as fn(Value, Args<'_>) -> PyResult<()> as usize);
    if !args.is_empty() && !takes_arguments {
        return Err(raise!(TypeError, "Initialization arguments are not supported"));
    }
    let keywords = DictObject::new();
    for (name, value) in args.keywords() {
        keywords.set(name, value.to_ref())?;
    }
    let contents = Local {
        header: Header::new(ty),
        dict: Field::new(DictObject::new()),
        owner: Cell::new(identity()),
        aside: RefCell::default(),
        args: Field::new(TupleObject::from_values(args.positional)),
        keywords: Field::new(keywords),
    };
    let made = object::new_object_of(ty, contents);
    ALL.borrow_mut().insert(&raw const *made as usize);
    Ok(made.into())
}

fn no_init(_: Value, _: Args<'_>) -> PyResult<()> {
    Ok(())
}

fn local<'a>(value: Value) -> &'a Local {
    value.get::<Local>().expect("slots are called for instances")
}

fn get(value: Value, name: Value) -> PyResult {
    local(value).select()?;
    protocol::generic_get_attr(value, name)
}

fn set(value: Value, name: Value, new: Option<Value>) -> PyResult<()> {
    local(value).select()?;
    if name.get::<runtime::objects::str::StrObject>().is_some_and(|name| name.eq_str("__dict__")) {
        return Err(raise!(
            AttributeError,
            "'{}' object attribute '__dict__' is read-only",
            value.ty().name()
        ));
    }
    protocol::generic_set_attr(value, name, new)
}

/// `_thread._local`.
pub(super) static LOCAL: TypeObject = TypeObject::from_spec(&LOCAL_SPEC);
static LOCAL_SPEC: TypeSpec = TypeSpec {
    module: "_thread",
    doc: "Thread-local data",
    flags: type_flags::WEAK | type_flags::BASE | type_flags::GC,
    dict_offset: Local::DICT_OFFSET,
    slots: Slots {
        new: Some(new),
        init: Some(no_init),
        getattro: Some(get),
        setattro: Some(set),
        ..Slots::EMPTY
    },
    ..TypeSpec::of::<Local>("_local")
};
