//! `_abc`: what `abc.ABCMeta` does: abstract methods, virtual subclasses, and the caches of both answers.
//!
//! Method: PEP 3119. A class keeps three weak sets: registered classes, known subclasses, known strangers; a counter that every
//! registration anywhere advances invalidates the last of them. The sets are maps from addresses to weak references: an entry counts
//! as long as its reference is alive, and dead ones are swept when a map has doubled. A check that a cache answers costs one probe.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::type_type::TYPE;
use runtime::objects::{self, int, set};
use runtime::protocol::abstract_memo;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::world::World;
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_functions, raise, weakref};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&DATA);
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// How many registrations there have been.
static COUNTER: World<Cell<i64>> = World::new(Cell::new(0));

/// Classes that it does not keep alive.
struct WeakClasses {
    by_address: RefCell<HashMap<usize, Ref>>,
    sweep_at: Cell<usize>,
}

const FIRST_SWEEP: usize = 64;

impl WeakClasses {
    fn new() -> Self {
        WeakClasses { by_address: RefCell::new(HashMap::new()), sweep_at: Cell::new(FIRST_SWEEP) }
    }

    fn contains(&self, class: Value) -> bool {
        let known = self.by_address.borrow().get(&(class.ptr() as usize)).cloned();
        known.and_then(|known| weakref::referent(known.value())).is_some_and(|alive| alive.value() == class)
    }

    fn add(&self, class: Value) -> PyResult<()> {
        let reference = weakref::new_ref(&weakref::WEAK_REF, class, None)?;
        let old = self.by_address.borrow_mut().insert(class.ptr() as usize, reference);
        drop(old);
        if self.by_address.borrow().len() >= self.sweep_at.get() {
            let (alive, dead): (HashMap<_, _>, HashMap<_, _>) = self
                .by_address
                .take()
                .into_iter()
                .partition(|(_, reference)| weakref::referent(reference.value()).is_some());
            self.sweep_at.set(FIRST_SWEEP.max(2 * alive.len()));
            self.by_address.borrow_mut().extend(alive);
            drop(dead);
        }
        Ok(())
    }

    fn references(&self) -> Vec<Ref> {
        self.by_address.borrow().values().cloned().collect()
    }

    fn clear(&self) {
        drop(self.by_address.take());
    }

    fn visit(&self, visit: Visitor<'_>) {
        self.by_address.borrow().values().for_each(|reference| visit(reference.value()));
    }
}

/// What a class with the metaclass keeps as `_abc_impl`.
#[repr(C)]
struct Data {
    header: Header,
    registry: WeakClasses,
    subclasses: WeakClasses,
    strangers: WeakClasses,
    /// The count of registrations for which `strangers` holds.
    version: Cell<i64>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Data {
    fn type_object() -> &'static TypeObject {
        &DATA
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.registry, &self.subclasses, &self.strangers].into_iter().for_each(|set| set.visit(visit));
    }
    fn clear(&self) {
        [&self.registry, &self.subclasses, &self.strangers].into_iter().for_each(WeakClasses::clear);
    }
}

static DATA: TypeObject = TypeObject::from_spec(&DATA_SPEC);
static DATA_SPEC: TypeSpec = TypeSpec {
    module: "_abc",
    doc: "Internal state held by ABC machinery.",
    flags: type_flags::GC | type_flags::NO_NEW,
    ..TypeSpec::of::<Data>("_abc_data")
};

fn impl_name() -> Ref {
    StrObject::intern("_abc_impl").into()
}

/// The data of a class; the result keeps it alive.
fn data_of(class: Value) -> PyResult {
    let found = protocol::get_attr(class, impl_name().value())?;
    if found.is_instance::<Data>() {
        return Ok(found);
    }
    Err(raise!(TypeError, "_abc_impl is set to a wrong type"))
}

fn data(found: &Ref) -> &Data {
    found.get::<Data>().expect("`data_of` gives data")
}

fn is_abstract(value: Value) -> PyResult<bool> {
    match protocol::get_optional_attr(value, StrObject::intern("__isabstractmethod__").value())? {
        Some(flag) => protocol::is_true(flag.value()),
        None => Ok(false),
    }
}

/// The names of abstract methods: those in the class's own dict, and those of its bases that it still has.
fn abstract_names(class: Value) -> PyResult<Vec<Ref>> {
    let mut names = Vec::new();
    let dict = protocol::get_attr_text(class, "__dict__")?;
    let items = protocol::call_method_text(dict.value(), "items", &[])?;
    for pair in protocol::collect(items.value())? {
        let pair = protocol::collect(pair.value())?;
        if let [name, value] = &pair[..]
            && is_abstract(value.value())?
        {
            names.push(name.clone());
        }
    }
    let bases = protocol::get_attr_text(class, "__bases__")?;
    for base in protocol::collect(bases.value())? {
        let name = StrObject::intern("__abstractmethods__");
        let Some(inherited) = protocol::get_optional_attr(base.value(), name.value())? else { continue };
        for name in protocol::collect(inherited.value())? {
            let value = protocol::get_optional_attr(class, name.value())?;
            if let Some(value) = value
                && is_abstract(value.value())?
            {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// `__abc_tpflags__` of the classes of `collections.abc`: whether sequence or mapping patterns match.
const COLLECTIONS: [(i64, u32); 2] = [(1 << 5, type_flags::SEQUENCE), (1 << 6, type_flags::MAPPING)];

fn take_collection_flags(class: &TypeObject) -> PyResult<()> {
    let name = StrObject::intern("__abc_tpflags__");
    let Some(flags) = class.dict().get_text("__abc_tpflags__").and_then(|flags| flags.as_small()) else {
        return Ok(());
    };
    if COLLECTIONS.iter().all(|(bit, _)| flags & bit != 0) {
        let message = "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING";
        return Err(raise!(TypeError, "{message}"));
    }
    drop(class.dict().remove_str(name.value()));
    class.modified();
    for (bit, flag) in COLLECTIONS {
        if flags & bit != 0 {
            class.set_flags(flag);
        }
    }
    Ok(())
}

/// A registered class matches the patterns that its new virtual base does, and so do its subclasses.
fn spread_collection_flags(class: &TypeObject, flags: u32) {
    if class.spec().is_some() || class.flag_bits() & flags == flags {
        return;
    }
    class.set_flags(flags);
    for subclass in class.subclasses() {
        spread_collection_flags(subclass, flags);
    }
}

/// Notes that instance checks of a metaclass are the library's own, when the first class is made with it: `ABC`.
fn note_metaclass(class: &TypeObject) {
    let metaclass = class.value().ty();
    let is_first = class.name() == "ABC" && metaclass.full_name() == "abc.ABCMeta";
    if is_first && metaclass.base().is_some_and(|base| std::ptr::eq(base, &TYPE)) {
        metaclass.set_flags(type_flags::ABSTRACT_METACLASS);
    }
}

/// `__subclasscheck__` of the metaclass.
fn check_subclass(class: Value, candidate: Value) -> PyResult<bool> {
    let Some(ty) = candidate.get::<TypeObject>() else {
        return Err(raise!(TypeError, "issubclass() arg 1 must be a class"));
    };
    let found = data_of(class)?;
    let data = data(&found);
    if data.subclasses.contains(candidate) {
        return Ok(true);
    }
    if data.version.get() < COUNTER.get() {
        data.strangers.clear();
        data.version.set(COUNTER.get());
    } else if data.strangers.contains(candidate) {
        return Ok(false);
    }
    let answer = match ask_hook(class, candidate)? {
        Some(answer) => answer,
        None => {
            class.get::<TypeObject>().is_some_and(|class| ty.is_subclass_of(class))
                || is_registered(data, candidate)?
                || is_below(class, candidate)?
        }
    };
    let cache = if answer { &data.subclasses } else { &data.strangers };
    cache.add(candidate)?;
    Ok(answer)
}

/// What the class's `__subclasshook__` says, if it wants to.
fn ask_hook(class: Value, candidate: Value) -> PyResult<Option<bool>> {
    let answer = protocol::call_method_text(class, "__subclasshook__", &[candidate])?;
    if objects::is_not_implemented(answer.value()) {
        return Ok(None);
    }
    match objects::bool::truth_of(answer.value()) {
        Some(answer) => Ok(Some(answer)),
        None => {
            Err(raise!(AssertionError, "__subclasshook__ must return either False, True, or NotImplemented"))
        }
    }
}

fn is_registered(data: &Data, candidate: Value) -> PyResult<bool> {
    if data.registry.contains(candidate) {
        return Ok(true);
    }
    for reference in data.registry.references() {
        if let Some(registered) = weakref::referent(reference.value())
            && protocol::is_subclass(candidate, registered.value())?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether one of the class's own subclasses takes the candidate for one of its own.
fn is_below(class: Value, candidate: Value) -> PyResult<bool> {
    let subclasses = protocol::call_method_text(class, "__subclasses__", &[])?;
    if !subclasses.is_instance::<ListObject>() {
        return Err(raise!(TypeError, "__subclasses__() must return a list"));
    }
    for subclass in protocol::collect(subclasses.value())? {
        if protocol::is_subclass(candidate, subclass.value())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Asks the class itself: its metaclass may have overridden the check.
fn ask_class(class: Value, candidate: Value) -> PyResult<bool> {
    let answer = protocol::call_method_text(class, "__subclasscheck__", &[candidate])?;
    protocol::is_true(answer.value())
}

py_functions! { static FUNCTIONS;
    /// Returns the current ABC cache token.
    ///
    /// The token is an opaque object (supporting equality testing) identifying the
    /// current version of the ABC cache for virtual subclasses. The token changes
    /// with every call to register() on any ABC.
    "get_cache_token()"
    fn get_cache_token() -> i64 {
        COUNTER.get()
    }
    /// Internal ABC helper for class set-up. Should be never used outside abc module.
    "_abc_init(self, /)"
    fn abc_init(class: Value) -> PyResult<()> {
        let names = set::frozen_from(abstract_names(class)?)?;
        let name = StrObject::intern("__abstractmethods__");
        protocol::set_attr(class, name.value(), names.value())?;
        let made = object::new_object(Data {
            header: Header::new(&DATA),
            registry: WeakClasses::new(),
            subclasses: WeakClasses::new(),
            strangers: WeakClasses::new(),
            version: Cell::new(COUNTER.get()),
        });
        protocol::set_attr(class, impl_name().value(), made.value())?;
        if let Some(class) = class.get::<TypeObject>() {
            take_collection_flags(class)?;
            note_metaclass(class);
        }
        Ok(())
    }
    /// Internal ABC helper for subclass registration. Should be never used outside abc module.
    "_abc_register(self, subclass, /)"
    fn abc_register(class: Value, subclass: Value) -> PyResult {
        let Some(ty) = subclass.get::<TypeObject>() else {
            return Err(raise!(TypeError, "Can only register classes"));
        };
        if protocol::is_subclass(subclass, class)? {
            return Ok(subclass.to_ref());
        }
        if protocol::is_subclass(class, subclass)? {
            return Err(raise!(RuntimeError, "Refusing to create an inheritance cycle"));
        }
        data(&data_of(class)?).registry.add(subclass)?;
        COUNTER.set(COUNTER.get() + 1);
        abstract_memo::forget();
        let flags = class.get::<TypeObject>().map_or(0, TypeObject::flag_bits);
        let flags = flags & (type_flags::SEQUENCE | type_flags::MAPPING);
        if flags != 0 {
            spread_collection_flags(ty, flags);
        }
        Ok(subclass.to_ref())
    }
    /// Internal ABC helper for instance checks. Should be never used outside abc module.
    "_abc_instancecheck(self, instance, /)"
    fn abc_instancecheck(class: Value, instance: Value) -> PyResult<bool> {
        let found = data_of(class)?;
        let data = data(&found);
        let claimed = protocol::get_attr_text(instance, "__class__")?;
        if data.subclasses.contains(claimed.value()) {
            return Ok(true);
        }
        let actual = instance.ty().value().to_ref();
        if actual.value() == claimed.value() {
            if data.version.get() == COUNTER.get() && data.strangers.contains(claimed.value()) {
                return Ok(false);
            }
            return ask_class(class, claimed.value());
        }
        Ok(ask_class(class, claimed.value())? || ask_class(class, actual.value())?)
    }
    /// Internal ABC helper for subclass checks. Should be never used outside abc module.
    "_abc_subclasscheck(self, subclass, /)"
    fn abc_subclasscheck(class: Value, subclass: Value) -> PyResult<bool> {
        check_subclass(class, subclass)
    }
    /// Internal ABC helper for cache and registry debugging.
    "_get_dump(self, /)"
    fn get_dump(class: Value) -> PyResult {
        let found = data_of(class)?;
        let data = data(&found);
        let listed = |classes: &WeakClasses| {
            let made = set::new_set();
            let filled = made.get::<set::SetObject>().expect("a new set is one");
            classes.references().iter().try_for_each(|reference| filled.add(reference.value()))?;
            Ok(made)
        };
        let [registry, cache, negative] = [&data.registry, &data.subclasses, &data.strangers].map(listed);
        Ok(TupleObject::of([registry?, cache?, negative?, int::from_i64(data.version.get())]).into())
    }
    /// Internal ABC helper to reset registry of a given class.
    "_reset_registry(self, /)"
    fn reset_registry(class: Value) -> PyResult<()> {
        data(&data_of(class)?).registry.clear();
        abstract_memo::forget();
        Ok(())
    }
    /// Internal ABC helper to reset both caches of a given class.
    "_reset_caches(self, /)"
    fn reset_caches(class: Value) -> PyResult<()> {
        let found = data_of(class)?;
        data(&found).subclasses.clear();
        data(&found).strangers.clear();
        abstract_memo::forget();
        Ok(())
    }
}
