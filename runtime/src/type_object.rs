//! Type objects: layout, base-class display, slot table, attribute dict, and the vtable of native entry points.
//!
//! Builtin types are `static`s declared by a [`TypeSpec`] and completed at start-up (`types::ready`); classes are allocated with
//! trailing room for their vtable. The front part has offsets fixed in `abi::layout::type_object`: a subclass test is the two
//! loads `ty.display[depth]` and compare. `version` changes with every change that attribute lookup could see, in the type or a
//! base; inline caches and the lookup cache below compare it. Cost: cached lookup about 2 ns, else one dict probe per base.

use std::cell::{Cell, RefCell, UnsafeCell};

use crate::header::{Header, flags};
use crate::methods::{GetSetDef, MethodDef};
use crate::object::{self, Object, Visitor};
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::slots::Slots;
use crate::static_class::StaticLayout;
use crate::value::{Ref, Value};
use crate::world::World;

/// Bits of [`TypeObject::flags`].
pub mod type_flags {
    /// Completed; usable.
    pub const READY: u32 = 1 << 0;
    /// Made at run time, counted by its instances.
    pub const HEAP: u32 = 1 << 1;
    /// May be subclassed.
    pub const BASE: u32 = 1 << 2;
    /// A `@final` class.
    pub const FINAL: u32 = 1 << 3;
    /// Attributes cannot be changed.
    pub const IMMUTABLE: u32 = 1 << 4;
    /// Instances are scanned by the cycle collector.
    pub const GC: u32 = 1 << 5;
    /// Instances have a generic entry pointer at `abi::layout::callable::ENTRY`.
    pub const HAS_ENTRY: u32 = 1 << 6;
    /// Instances own nothing that needs dropping.
    pub const TRIVIAL_DROP: u32 = 1 << 7;
    /// Compiled as a static class.
    pub const STATIC_PYTHON: u32 = 1 << 8;
    /// `__del__` or a native finaliser exists.
    pub const HAS_FINALIZER: u32 = 1 << 9;
    /// Descriptor that a method call may skip binding: `get_method` returns it unbound with self.
    pub const METHOD_DESCRIPTOR: u32 = 1 << 10;
    /// Cannot be instantiated by calling.
    pub const NO_NEW: u32 = 1 << 11;
    /// Matches sequence patterns.
    pub const SEQUENCE: u32 = 1 << 12;
    /// Matches mapping patterns.
    pub const MAPPING: u32 = 1 << 13;
    /// An abstract base class with unimplemented methods.
    pub const ABSTRACT: u32 = 1 << 14;
    /// Attribute read is `object`'s own: no `__getattr__` or `__getattribute__` interferes.
    pub const GENERIC_GETATTR: u32 = 1 << 15;
    /// Attribute write is `object`'s own.
    pub const GENERIC_SETATTR: u32 = 1 << 16;
    /// A positional class pattern captures the subject itself.
    pub const MATCH_SELF: u32 = 1 << 17;
    /// Native here, made at run time in CPython, which programs such as `copyreg` ask `__flags__` about.
    pub const SHOWN_AS_HEAP: u32 = 1 << 18;
    /// Some fields of instances have defaults, which allocation writes.
    pub const FIELD_DEFAULTS: u32 = 1 << 19;
    /// Instances can be referenced weakly.
    pub const WEAK: u32 = 1 << 20;
    /// A class of a strict module that is not to be frozen.
    pub const MUTABLE: u32 = 1 << 21;
    /// The program says that it is as good as compiled statically: shown, and nothing else.
    pub const SHOWN_AS_STATIC: u32 = 1 << 23;
    /// A property stands in the place of a field, which is null in instances unless it is a primitive.
    pub const STANDS_IN: u32 = abi::layout::type_object::STANDS_IN;
    /// `abc.ABCMeta`, as long as nobody has changed it.
    pub const ABSTRACT_METACLASS: u32 = 1 << 24;
    /// `__setattr__` is another one than in a static base, where stores to fields go by it.
    pub const STORES_ASK: u32 = abi::layout::type_object::STORES_ASK;
    /// `__getattribute__` is another one than in a static base, where reads of fields go by it.
    pub const READS_ASK: u32 = 1 << 27;
    /// Methods have other defaults than those of bases that they override.
    pub const OWN_DEFAULTS: u32 = abi::layout::type_object::OWN_DEFAULTS;
}

/// Entries of the display inside the type object; deeper bases are in the overflow array.
pub const DISPLAY: usize = 8;

/// What the Rust layout of a builtin type knows to do with an instance.
#[derive(Clone, Copy)]
pub struct Layout {
    /// Bytes of the Rust struct.
    pub size: usize,
    /// Drops the struct.
    pub drop: unsafe fn(*mut Header),
    /// Visits owned values.
    pub traverse: unsafe fn(*mut Header, Visitor<'_>),
    /// Releases values that may be part of a cycle.
    pub clear: unsafe fn(*mut Header),
}

impl Layout {
    /// The layout of `T`.
    pub const fn of<T: Object>() -> Self {
        Layout {
            size: size_of::<T>(),
            drop: object::drop_layout::<T>,
            traverse: object::traverse_layout::<T>,
            clear: object::clear_layout::<T>,
        }
    }
}

/// Declares a builtin type.
pub struct TypeSpec {
    /// `__name__`.
    pub name: &'static str,
    /// `__module__`.
    pub module: &'static str,
    /// `__doc__`, empty for none.
    pub doc: &'static str,
    /// The base class; only `object` has none.
    pub base: Option<&'static TypeObject>,
    /// Its Rust struct.
    pub layout: Layout,
    /// Initial [`type_flags`].
    pub flags: u32,
    /// Offset of the instance dict inside the Rust struct, 0 for none.
    pub dict_offset: usize,
    /// Attributes that programs see as `member_descriptor`s: fields of the struct, not computed.
    pub members: &'static [GetSetDef],
    /// Where a variable-sized instance ends, for the dict of subclass instances.
    pub var_end: Option<fn(&Header) -> usize>,
    /// Protocol functions.
    pub slots: Slots,
    /// Methods.
    pub methods: &'static [&'static [MethodDef]],
    /// Computed attributes.
    pub getset: &'static [GetSetDef],
}

impl TypeSpec {
    /// A subclass of `object` with layout `T` that implements nothing yet.
    pub const fn of<T: Object>(name: &'static str) -> Self {
        TypeSpec {
            name,
            module: "builtins",
            doc: "",
            base: Some(&crate::objects::object::OBJECT),
            layout: Layout::of::<T>(),
            flags: 0,
            dict_offset: 0,
            members: &[],
            var_end: None,
            slots: Slots::EMPTY,
            methods: &[],
            getset: &[],
        }
    }
}

/// A type; see the module documentation.
#[repr(C)]
pub struct TypeObject {
    /// As every object.
    pub header: Header,
    flags: Cell<u32>,
    depth: Cell<u32>,
    version: Cell<u32>,
    basicsize: Cell<u32>,
    display: [Cell<*const TypeObject>; DISPLAY],
    display_overflow: Cell<*const *const TypeObject>,
    dict_offset: Cell<i32>,
    vtable_len: Cell<u32>,
    dict: Cell<Value>,
    slots: UnsafeCell<Slots>,
    layout: Cell<Layout>,
    spec: Option<&'static TypeSpec>,
    name: Cell<&'static str>,
    name_object: Cell<Value>,
    qualname: Cell<Value>,
    base: Cell<*const TypeObject>,
    bases: Cell<Value>,
    mro: Cell<Value>,
    subclasses: RefCell<Vec<*const TypeObject>>,
    /// Offsets of owned values behind the native layout: `__slots__`, object fields of static classes, the instance dict.
    owned_offsets: RefCell<Vec<u32>>,
    /// The entries that `__slots__` of this very class added, in order of their offsets.
    slot_names: RefCell<Vec<String>>,
    static_layout: RefCell<Option<Box<StaticLayout>>>,
}

// SAFETY: types are touched under the global lock only (see `world`).
unsafe impl Sync for TypeObject {}

// SAFETY: `repr(C)`, header first, and `type` is the type of types.
unsafe impl Object for TypeObject {
    fn type_object() -> &'static TypeObject {
        &crate::objects::type_type::TYPE
    }

    fn traverse(&self, visit: Visitor<'_>) {
        // Immortal bases are not counted.
        let base = self.base().filter(|base| !base.header.has(flags::IMMORTAL));
        let base = base.map_or(Value::NULL, TypeObject::value);
        let names = [self.name_object.get(), self.qualname.get()];
        [self.dict.get(), self.bases.get(), self.mro.get(), base]
            .into_iter()
            .chain(names)
            .filter_map(Value::non_null)
            .for_each(&mut *visit);
        if let Some(layout) = self.static_layout() {
            crate::field_default::for_each(layout, visit);
        }
    }

    fn clear(&self) {
        if self.has(type_flags::HEAP) {
            // The MRO contains the type itself, and the dict holds functions whose cells refer to it.
            self.dict().clear_all();
            if let Some(layout) = self.static_layout() {
                crate::field_default::clear(layout);
            }
            release(&self.mro);
            self.modified();
        }
    }
}

/// Unsets an owned word.
fn release(cell: &Cell<Value>) {
    if let Some(value) = cell.replace(Value::NULL).non_null() {
        // SAFETY: the cell owned one count.
        drop(unsafe { Ref::from_owned(value) });
    }
}

/// Replaces an owned word.
fn store(cell: &Cell<Value>, value: Ref) {
    let old = cell.replace(value.into_value());
    if !old.is_null() {
        // SAFETY: the cell owned one count.
        drop(unsafe { Ref::from_owned(old) });
    }
}

impl Drop for TypeObject {
    fn drop(&mut self) {
        for base in self.bases().map(|bases| bases.items().to_vec()).unwrap_or_default() {
            if let Some(base) = base.get::<TypeObject>() {
                base.forget_subclass(self);
            }
        }
        for cell in [&self.dict, &self.mro, &self.bases, &self.name_object, &self.qualname] {
            release(cell);
        }
        if let Some(base) = self.base()
            && !base.header.has(flags::IMMORTAL)
        {
            // SAFETY: a heap type owns one count of its heap base.
            unsafe { Header::decref(std::ptr::from_ref(base).cast_mut().cast()) };
        }
        if self.spec.is_none() {
            // SAFETY: the name of a heap type was leaked by `set_name` and is used by nobody after the type is gone.
            drop(unsafe { Box::from_raw(std::ptr::from_ref(self.name.get()).cast_mut()) });
            self.drop_display_overflow();
        }
    }
}

impl TypeObject {
    /// A builtin type, incomplete until `types::ready` has run.
    pub const fn from_spec(spec: &'static TypeSpec) -> Self {
        TypeObject {
            header: Header::immortal(&crate::objects::type_type::TYPE),
            flags: Cell::new(spec.flags),
            depth: Cell::new(0),
            version: Cell::new(0),
            basicsize: Cell::new(spec.layout.size as u32),
            display: [const { Cell::new(std::ptr::null()) }; DISPLAY],
            display_overflow: Cell::new(std::ptr::null()),
            dict_offset: Cell::new(spec.dict_offset as i32),
            vtable_len: Cell::new(0),
            dict: Cell::new(Value::NULL),
            slots: UnsafeCell::new(spec.slots),
            layout: Cell::new(spec.layout),
            spec: Some(spec),
            name: Cell::new(spec.name),
            name_object: Cell::new(Value::NULL),
            qualname: Cell::new(Value::NULL),
            base: Cell::new(match spec.base {
                Some(base) => std::ptr::from_ref(base),
                None => std::ptr::null(),
            }),
            bases: Cell::new(Value::NULL),
            mro: Cell::new(Value::NULL),
            subclasses: RefCell::new(Vec::new()),
            owned_offsets: RefCell::new(Vec::new()),
            slot_names: RefCell::new(Vec::new()),
            static_layout: RefCell::new(None),
        }
    }

    /// Contents of a new heap type deriving from `base`, whose layout it extends. Display, MRO and slots come later.
    pub(crate) fn new_heap(metatype: &TypeObject, base: &TypeObject) -> Self {
        if !base.header.has(flags::IMMORTAL) {
            base.header.incref();
        }
        TypeObject {
            header: Header::new(metatype),
            flags: Cell::new(type_flags::HEAP | type_flags::BASE),
            depth: Cell::new(0),
            version: Cell::new(0),
            basicsize: Cell::new(base.basicsize.get()),
            display: [const { Cell::new(std::ptr::null()) }; DISPLAY],
            display_overflow: Cell::new(std::ptr::null()),
            dict_offset: Cell::new(base.dict_offset.get()),
            vtable_len: Cell::new(0),
            dict: Cell::new(Value::NULL),
            slots: UnsafeCell::new(Slots::EMPTY),
            layout: Cell::new(base.layout.get()),
            spec: None,
            name: Cell::new(Box::leak(String::new().into_boxed_str())),
            name_object: Cell::new(Value::NULL),
            qualname: Cell::new(Value::NULL),
            base: Cell::new(base),
            bases: Cell::new(Value::NULL),
            mro: Cell::new(Value::NULL),
            subclasses: RefCell::new(Vec::new()),
            owned_offsets: RefCell::new(base.owned_offsets.borrow().clone()),
            slot_names: RefCell::new(Vec::new()),
            static_layout: RefCell::new(None),
        }
    }

    /// The type as a value.
    #[inline]
    pub fn value(&self) -> Value {
        Value::from_object(self)
    }

    /// The declaration of a builtin type.
    pub fn spec(&self) -> Option<&'static TypeSpec> {
        self.spec
    }

    /// Whether all bits of `mask` are set.
    #[inline]
    pub fn has(&self, mask: u32) -> bool {
        self.flags.get() & mask == mask
    }

    /// Whether some of these flags are set.
    #[inline]
    pub fn has_any(&self, mask: u32) -> bool {
        self.flags.get() & mask != 0
    }

    /// Whether instances own nothing at all and die without ado.
    #[inline]
    pub fn is_plain(&self) -> bool {
        let (drop, others) = (type_flags::TRIVIAL_DROP, type_flags::HEAP | type_flags::HAS_FINALIZER);
        self.flags.get() & (drop | others) == drop
    }

    /// Sets flag bits.
    pub fn set_flags(&self, mask: u32) {
        self.flags.set(self.flags.get() | mask);
    }

    /// Clears flag bits.
    pub fn clear_flags(&self, mask: u32) {
        self.flags.set(self.flags.get() & !mask);
    }

    /// All flag bits.
    pub fn flag_bits(&self) -> u32 {
        self.flags.get()
    }

    /// `__name__`, for messages.
    #[inline]
    pub fn name<'a>(&self) -> &'a str {
        self.name.get()
    }

    /// Replaces `__name__`.
    pub fn set_name(&self, name: &StrObject) {
        let old = self.name.replace(Box::leak(name.to_string_lossy().into_boxed_str()));
        store(&self.name_object, Value::from_object(name).to_ref());
        if self.spec.is_none() {
            // SAFETY: the name of a heap type is always a leaked box, and names are not kept across a rename.
            drop(unsafe { Box::from_raw(std::ptr::from_ref(old).cast_mut()) });
        }
    }

    /// `__name__` as an object.
    pub fn name_object(&self) -> Ref {
        match self.name_object.get().non_null() {
            Some(name) => name.to_ref(),
            None => StrObject::intern(self.name()).into_ref(),
        }
    }

    /// `__qualname__`.
    pub fn qualname(&self) -> Ref {
        self.qualname.get().non_null().map_or_else(|| self.name_object(), Value::to_ref)
    }

    /// Replaces `__qualname__`.
    pub fn set_qualname(&self, qualname: Ref) {
        store(&self.qualname, qualname);
    }

    /// Module-qualified name as `repr` shows it: without `builtins.`.
    pub fn full_name(&self) -> String {
        let qualname = self.qualname().get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        match self.module() {
            Some(module) if module != "builtins" => format!("{module}.{qualname}"),
            _ => qualname,
        }
    }

    /// `__module__`, if it is a str.
    pub fn module(&self) -> Option<String> {
        if let Some(spec) = self.spec {
            return Some(spec.module.to_owned());
        }
        let module = self.dict().get_interned(crate::names::names().__module__)?;
        module.get::<StrObject>().map(StrObject::to_string_lossy)
    }

    /// Bytes of an instance, without variable parts.
    #[inline]
    pub fn basicsize(&self) -> usize {
        self.basicsize.get() as usize
    }

    pub(crate) fn set_basicsize(&self, size: usize) {
        self.basicsize.set(u32::try_from(size).expect("instances are smaller than 4 GiB"));
    }

    /// Offset of the instance dict: 0 for none, -1 for behind a variable-sized instance.
    #[inline]
    pub fn dict_offset(&self) -> i32 {
        self.dict_offset.get()
    }

    pub(crate) fn set_dict_offset(&self, offset: i32) {
        self.dict_offset.set(offset);
    }

    /// Number of vtable entries.
    pub fn vtable_len(&self) -> usize {
        self.vtable_len.get() as usize
    }

    pub(crate) fn set_vtable_len(&self, len: usize) {
        self.vtable_len.set(len as u32);
    }

    /// A vtable entry. `at` is below [`TypeObject::vtable_len`].
    pub fn vtable(&self, at: usize) -> &Cell<*const u8> {
        assert!(at < self.vtable_len(), "vtable index within the type's vtable");
        // SAFETY: a type with a vtable was allocated with that many words behind the struct.
        unsafe { &*std::ptr::from_ref(self).add(1).cast::<Cell<*const u8>>().add(at) }
    }

    /// The Rust struct at the front of instances.
    pub fn layout(&self) -> Layout {
        self.layout.get()
    }

    /// The function table.
    #[inline]
    pub fn slots<'a>(&self) -> &'a Slots {
        // SAFETY: the table is replaced as a whole by `set_slots` only, and readers copy one function pointer out at once.
        unsafe { &*self.slots.get() }
    }

    pub(crate) fn set_slots(&self, slots: Slots) {
        // SAFETY: no reference into the table outlives the expression that reads it.
        unsafe { *self.slots.get() = slots };
    }

    /// The class dict.
    #[inline]
    pub fn dict<'a>(&self) -> &'a DictObject {
        debug_assert!(!self.dict.get().is_null());
        // SAFETY: a ready type owns its dict for life.
        unsafe { self.dict.get().cast() }
    }

    pub(crate) fn set_dict_object(&self, dict: Ref) {
        store(&self.dict, dict);
    }

    /// `__base__`: whose layout this type extends.
    #[inline]
    pub fn base<'a>(&self) -> Option<&'a TypeObject> {
        // SAFETY: a type owns a count of its base.
        unsafe { self.base.get().as_ref() }
    }

    /// `__bases__`.
    pub fn bases<'a>(&self) -> Option<&'a TupleObject> {
        self.bases.get().non_null().and_then(Value::get)
    }

    pub(crate) fn set_bases(&self, bases: Ref) {
        store(&self.bases, bases);
    }

    /// `__mro__`; empty only while the type is being made or torn down.
    pub fn mro<'a>(&self) -> &'a [Value] {
        // SAFETY: the MRO is a tuple.
        self.mro.get().non_null().map_or(&[], |mro| unsafe { mro.cast::<TupleObject>() }.items())
    }

    /// `__mro__` as an object.
    pub fn mro_object(&self) -> Option<Ref> {
        self.mro.get().non_null().map(Value::to_ref)
    }

    pub(crate) fn set_mro(&self, mro: Ref) {
        store(&self.mro, mro);
    }

    /// Distance from `object` along `__base__`.
    #[inline]
    pub fn depth(&self) -> usize {
        self.depth.get() as usize
    }

    /// Replaces `__base__`, whose layout must be the old one's, and the displays that depend on it.
    pub(crate) fn set_base(&self, base: &TypeObject) {
        if !base.header.has(flags::IMMORTAL) {
            base.header.incref();
        }
        let old = self.base.replace(base);
        self.refresh_display();
        // SAFETY: a heap type owns one count of its base, unless that is immortal.
        if let Some(old) = unsafe { old.as_ref() }.filter(|old| !old.header.has(flags::IMMORTAL)) {
            // SAFETY: as above; the displays no longer name it.
            unsafe { Header::decref(std::ptr::from_ref(old).cast_mut().cast()) };
        }
    }

    /// Computes the display again, and those of the classes that have this one as `__base__`.
    fn refresh_display(&self) {
        self.drop_display_overflow();
        self.display.iter().for_each(|entry| entry.set(std::ptr::null()));
        self.set_display();
        for subclass in self.subclasses() {
            if std::ptr::eq(subclass.base.get(), self) {
                subclass.refresh_display();
            }
        }
    }

    /// Frees the part of a heap type's display that is not inside the type.
    fn drop_display_overflow(&self) {
        let extra = (self.depth() + 1).saturating_sub(DISPLAY);
        let array = self.display_overflow.replace(std::ptr::null());
        if extra > 0 && !array.is_null() {
            // SAFETY: `set_display` leaked a box of that many entries.
            drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(array.cast_mut(), extra)) });
        }
    }

    /// Names of the slots that this very class adds.
    pub(crate) fn slot_names(&self) -> std::cell::Ref<'_, Vec<String>> {
        self.slot_names.borrow()
    }

    pub(crate) fn set_slot_names(&self, names: Vec<String>) {
        *self.slot_names.borrow_mut() = names;
    }

    /// Fills the display in from `__base__`.
    pub(crate) fn set_display(&self) {
        let mut chain = vec![std::ptr::from_ref(self)];
        let mut ty = self;
        while let Some(base) = ty.base() {
            chain.push(base);
            ty = base;
        }
        chain.reverse();
        self.depth.set(chain.len() as u32 - 1);
        for (slot, &base) in self.display.iter().zip(&chain) {
            slot.set(base);
        }
        if chain.len() > DISPLAY {
            let overflow = chain.split_off(DISPLAY).into_boxed_slice();
            self.display_overflow.set(Box::leak(overflow).as_ptr());
        }
    }

    /// Whether `other` is this type or one of its bases along `__base__`; complete for builtin types and other layouts, which
    /// multiple inheritance cannot add sideways.
    #[inline]
    pub fn is_subtype_of(&self, other: &TypeObject) -> bool {
        std::ptr::eq(self, other) || self.has_in_display(other)
    }

    #[inline]
    fn has_in_display(&self, other: &TypeObject) -> bool {
        let depth = other.depth();
        if depth < DISPLAY {
            return std::ptr::eq(self.display[depth].get(), other);
        }
        // SAFETY: the overflow array has an entry for every depth from DISPLAY up to the type's own.
        depth <= self.depth()
            && std::ptr::eq(unsafe { *self.display_overflow.get().add(depth - DISPLAY) }, other)
    }

    /// Whether `other` is in the MRO: `issubclass` without hooks.
    pub fn is_subclass_of(&self, other: &TypeObject) -> bool {
        self.is_subtype_of(other) || self.mro().contains(&other.value())
    }

    /// Direct subclasses that are still alive.
    pub fn subclasses(&self) -> Vec<&TypeObject> {
        // SAFETY: a subclass removes itself from this list when it dies.
        self.subclasses.borrow().iter().map(|&ty| unsafe { &*ty }).collect()
    }

    pub(crate) fn add_subclass(&self, subclass: &TypeObject) {
        self.subclasses.borrow_mut().push(subclass);
    }

    pub(crate) fn forget_subclass(&self, subclass: &TypeObject) {
        self.subclasses.borrow_mut().retain(|&ty| !std::ptr::eq(ty, subclass));
    }

    /// Offsets of owned words behind the native layout.
    pub(crate) fn owned_offsets(&self) -> std::cell::Ref<'_, Vec<u32>> {
        self.owned_offsets.borrow()
    }

    pub(crate) fn add_owned_offset(&self, offset: usize) {
        self.owned_offsets.borrow_mut().push(offset as u32);
    }

    /// Field table of a static class.
    pub fn static_layout<'a>(&self) -> Option<&'a StaticLayout> {
        let layout = self.static_layout.borrow();
        // SAFETY: the table is set once, before the class is published, and lives in its own box as long as the type.
        layout.as_deref().map(|layout| unsafe { &*std::ptr::from_ref(layout) })
    }

    pub(crate) fn set_static_layout(&self, layout: Box<StaticLayout>) {
        *self.static_layout.borrow_mut() = Some(layout);
    }

    /// The version that inline caches compare; 0 means "do not cache".
    #[inline]
    pub fn version(&self) -> u32 {
        self.version.get()
    }

    /// Gives this type and all subclasses new versions, because something that attribute lookup sees has changed.
    pub fn modified(&self) {
        self.version.set(next_version());
        self.clear_flags(type_flags::ABSTRACT_METACLASS);
        if self.has_static_base() {
            crate::static_class::note_defaults(self);
            crate::static_class::note_hooks(self);
            crate::hooks::class_changed(self);
        }
        for subclass in self.subclasses() {
            subclass.modified();
        }
    }

    /// Says once more that the class has been changed, to those who look at its slots, which follow its dict and its bases.
    pub(crate) fn announce(&self) {
        if self.has_static_base() {
            crate::hooks::class_changed(self);
        }
        self.subclasses().iter().for_each(|subclass| subclass.announce());
    }

    /// Whether this class or one of its bases is a static one.
    fn has_static_base(&self) -> bool {
        let is_static = |class: &TypeObject| class.has(type_flags::STATIC_PYTHON);
        self.vtable_len() > 0 || self.mro().iter().any(|base| base.get::<TypeObject>().is_some_and(is_static))
    }

    /// Finds `name` in the MRO without invoking descriptors; borrowed from the class dict that has it.
    #[inline]
    pub fn lookup(&self, name: Value) -> Option<Value> {
        let entry = &LOOKUP_CACHE[cache_index(self.version.get(), name)];
        let (version, key, found) = entry.get();
        if version == self.version.get() && key == name && version != 0 {
            return found.non_null();
        }
        self.lookup_uncached(name)
    }

    #[inline(never)]
    fn lookup_uncached(&self, name: Value) -> Option<Value> {
        let found = self.lookup_in_mro(name);
        let interned = name.get_exact::<StrObject>().is_some_and(StrObject::is_interned);
        if interned && self.version.get() != 0 {
            let entry = &LOOKUP_CACHE[cache_index(self.version.get(), name)];
            entry.set((self.version.get(), name, found.unwrap_or(Value::NULL)));
        }
        found
    }

    fn lookup_in_mro(&self, name: Value) -> Option<Value> {
        // SAFETY: the MRO holds types only.
        self.mro().iter().find_map(|class| unsafe { class.cast::<TypeObject>() }.dict().get_str(name))
    }

    /// [`TypeObject::lookup`] by a name that is interned at start-up.
    #[inline]
    pub fn lookup_interned(&self, name: Value) -> Option<Value> {
        self.lookup(name)
    }

    /// Drops everything an instance owns, the memory excepted.
    ///
    /// # Safety
    /// `object` is a dying instance of this type.
    pub(crate) unsafe fn drop_contents(&self, object: *mut Header) {
        // SAFETY: the native layout fits; offsets were computed with the type and hold owned words or null.
        unsafe {
            if self.has(type_flags::HEAP) {
                self.for_each_owned(object, &mut |slot| release(&*slot));
                self.drop_static_floats(object);
            }
            if !self.has(type_flags::TRIVIAL_DROP) {
                (self.layout.get().drop)(object);
            }
        }
    }

    /// Visits everything an instance owns.
    ///
    /// # Safety
    /// `object` is a live instance of this type.
    pub(crate) unsafe fn traverse_contents(&self, object: *mut Header, visit: Visitor<'_>) {
        // SAFETY: as for `drop_contents`.
        unsafe {
            if self.has(type_flags::HEAP) {
                visit(self.value());
                self.for_each_owned(object, &mut |slot| {
                    if let Some(value) = (*slot).get().non_null() {
                        visit(value);
                    }
                });
            }
            (self.layout.get().traverse)(object, visit);
        }
    }

    /// Releases what may keep a cycle through an instance alive.
    ///
    /// # Safety
    /// As for [`TypeObject::traverse_contents`].
    pub(crate) unsafe fn clear_contents(&self, object: *mut Header) {
        // SAFETY: as for `drop_contents`.
        unsafe {
            if self.has(type_flags::HEAP) {
                self.for_each_owned(object, &mut |slot| release(&*slot));
            }
            (self.layout.get().clear)(object);
        }
    }

    /// Calls `visit` with the address of every owned word behind the native layout.
    unsafe fn for_each_owned(&self, object: *mut Header, visit: &mut dyn FnMut(*const Cell<Value>)) {
        let base = object.cast::<u8>();
        let count = self.owned_offsets.borrow().len();
        for at in 0..count {
            // A release below may run code that changes nothing here but borrows the list again.
            let offset = self.owned_offsets.borrow()[at] as usize;
            // SAFETY: offsets lie inside the instance and are word-aligned.
            visit(unsafe { base.add(offset).cast() });
        }
        if self.dict_offset.get() < 0 {
            // SAFETY: the instance of a variable-sized type with a dict has the dict's word behind its end.
            visit(unsafe { base.add(self.var_end(&*object)).cast() });
        }
    }

    /// Releases boxed values in NaN-boxed float fields.
    unsafe fn drop_static_floats(&self, object: *mut Header) {
        if let Some(layout) = self.static_layout() {
            // SAFETY: the layout belongs to this type.
            unsafe { layout.release_floats(object) };
        }
    }

    /// Where a variable-sized instance ends, rounded up to a word.
    pub(crate) fn var_end(&self, object: &Header) -> usize {
        let mut ty = self;
        loop {
            if let Some(end) = ty.spec.and_then(|spec| spec.var_end) {
                return end(object).next_multiple_of(8);
            }
            ty = ty.base().expect("a type with a dict at the end has a variable-sized base");
        }
    }

    /// Whether instances are variable-sized.
    pub(crate) fn is_variable_sized(&self) -> bool {
        self.spec.is_some_and(|spec| spec.var_end.is_some())
            || self.base().is_some_and(Self::is_variable_sized)
    }
}

type CacheEntry = Cell<(u32, Value, Value)>;
const CACHE_SIZE: usize = 4096;

static LOOKUP_CACHE: World<[CacheEntry; CACHE_SIZE]> =
    World::new([const { Cell::new((0, Value::NULL, Value::NULL)) }; CACHE_SIZE]);

#[inline]
fn cache_index(version: u32, name: Value) -> usize {
    ((name.bits() >> 4) as usize ^ (version as usize).wrapping_mul(0x9E37)) % CACHE_SIZE
}

/// A version that no type has had.
static NEXT: World<Cell<u32>> = World::new(Cell::new(1));

/// The version that the next changed type will get: as long as it stays the same, no type has changed.
#[inline]
pub fn newest_version() -> u32 {
    NEXT.get()
}

fn next_version() -> u32 {
    let version = NEXT.get();
    // After 2^32 changes every type keeps version 0, which no cache trusts.
    NEXT.set(version.checked_add(1).unwrap_or(0));
    if version == u32::MAX { 0 } else { version }
}

const _: () = {
    use abi::layout::type_object as at;
    use std::mem::offset_of;
    assert!(offset_of!(TypeObject, flags) == at::FLAGS);
    assert!(offset_of!(TypeObject, depth) == at::DEPTH);
    assert!(offset_of!(TypeObject, version) == at::VERSION);
    assert!(offset_of!(TypeObject, basicsize) == at::BASICSIZE);
    assert!(offset_of!(TypeObject, display) == at::DISPLAY);
    assert!(offset_of!(TypeObject, display_overflow) == at::DISPLAY_OVERFLOW);
    assert!(DISPLAY == at::DISPLAY_LEN);
    assert!(size_of::<TypeObject>() == at::VTABLE);
};
