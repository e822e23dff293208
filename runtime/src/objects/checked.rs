//! `CheckedList[T]` and `CheckedDict[K, V]`: containers that admit only instances of their argument types.
//!
//! `CheckedList[T]` is a class made on demand and cached per argument; instances are laid out as `list` and `dict`, so reads run
//! the same code, but they are no subclasses of them. Every way in checks: class, `Optional[class]` (a union with None), or
//! `object` for arguments that are neither.

use std::cell::RefCell;

use crate::args::Args;
use crate::names::names;
use crate::objects::dict::{DictObject, Table, views};
use crate::objects::iterators::{LIST_ITERATOR, SequenceIterator};
use crate::objects::list::{LIST, ListObject};
use crate::objects::sequence::{self, SearchBound, Subscript};
use crate::objects::slice::SliceObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::type_type::TYPE;
use crate::objects::typing::union;
use crate::objects::{self, dict, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types::build::{self, Shape};
use crate::value::{Py, PyResult, Ref, Value};
use crate::world::World;
use crate::{py_class_methods, py_methods};

/// Origin, arguments, class.
type Instantiation = (Value, Vec<Ref>, Ref);

/// Instantiated classes; each and its arguments are owned, until [`forget_classes`].
static CLASSES: World<RefCell<Vec<Instantiation>>> = World::new(RefCell::new(Vec::new()));

/// `origin[args]`
pub fn instantiate(origin: &'static TypeObject, args: &[Value]) -> PyResult {
    let known = CLASSES
        .borrow()
        .iter()
        .find(|(o, kept, _)| *o == origin.value() && are_same(kept, args))
        .map(|entry| entry.2.clone());
    if let Some(class) = known {
        return Ok(class);
    }
    let texts = args.iter().map(|&arg| argument_text(arg)).collect::<PyResult<Vec<_>>>()?;
    let name = format!("{}[{}]", origin.name(), texts.join(", "));
    let namespace = DictObject::new();
    namespace.set_str(names().__module__, StrObject::intern("__static__").into());
    namespace.set_str(names().__args__, TupleObject::from_values(args).into());
    let bases = TupleObject::of([origin.value().to_ref()]);
    origin.set_flags(type_flags::BASE);
    let shape = Shape { vtable_len: 0, fixed_fields: true };
    let class = build::build(&TYPE, &StrObject::new(&name), &bases, &namespace, shape);
    origin.clear_flags(type_flags::BASE);
    let class = class?;
    class.set_flags(type_flags::GC | type_flags::FINAL);
    let kept: Vec<Ref> = args.iter().map(|arg| arg.to_ref()).collect();
    let class = class.into_ref();
    CLASSES.borrow_mut().push((origin.value(), kept, class.clone()));
    Ok(class)
}

/// Lets go of all instantiated classes.
pub(crate) fn forget_classes() {
    let classes = CLASSES.take();
    drop(classes);
}

/// Whether type arguments mean the same: unions are made anew each time, and their order is of no importance.
fn are_same(kept: &[Ref], args: &[Value]) -> bool {
    let is_same = |a: Value, b: Value| match (union::members(a), union::members(b)) {
        (Some(a), Some(b)) => {
            let within =
                |member: &Ref, others: &[Ref]| others.iter().any(|other| member.value() == other.value());
            a.iter().all(|member| within(member, &b)) && b.iter().all(|member| within(member, &a))
        }
        (None, None) => a == b,
        _ => false,
    };
    kept.len() == args.len() && kept.iter().zip(args).all(|(kept, &arg)| is_same(kept.value(), arg))
}

fn argument_text(arg: Value) -> PyResult<String> {
    if let Some(members) = union::members(arg) {
        let other = members.iter().find(|member| member.value() != singleton::NONE_TYPE.value());
        if let (2, Some(other)) = (members.len(), other) {
            return Ok(format!("Optional[{}]", argument_text(other.value())?));
        }
    }
    match arg.get::<TypeObject>() {
        Some(class) => Ok(class.name().to_owned()),
        None => protocol::repr_string(arg),
    }
}

/// The type arguments of a container's class.
fn arguments(ty: &TypeObject) -> Vec<Value> {
    let args = ty.dict().get_str(names().__args__).and_then(|args| args.get::<TupleObject>());
    args.map(|args| args.items().to_vec()).unwrap_or_default()
}

fn admits(arg: Value, value: Value) -> bool {
    if let Some(members) = union::members(arg) {
        return members.iter().any(|member| admits(member.value(), value));
    }
    arg.get::<TypeObject>().is_none_or(|class| value.ty().is_subclass_of(class))
}

fn check(container: Value, at: usize, what: &str, value: Value) -> PyResult<()> {
    let args = arguments(container.ty());
    if args.get(at).is_none_or(|&arg| admits(arg, value)) {
        return Ok(());
    }
    let (got, ty) = (value.ty().name(), container.ty().name());
    Err(crate::raise!(TypeError, "bad {what} '{got}' for {ty}"))
}

fn list<'a>(value: Value) -> &'a ListObject {
    // SAFETY: slots of CheckedList are called for its instances, which are laid out as lists.
    unsafe { value.cast() }
}

fn dict_of<'a>(value: Value) -> &'a DictObject {
    // SAFETY: slots of CheckedDict are called for its instances, which are laid out as dicts.
    unsafe { value.cast() }
}

fn check_items(container: Value, source: Value) -> PyResult<Vec<Ref>> {
    let items = protocol::collect(source)?;
    if !std::ptr::eq(source.ty(), container.ty()) {
        items.iter().try_for_each(|item| check(container, 0, "value", item.value()))?;
    }
    Ok(items)
}

fn new_list(ty: &TypeObject, _: Args<'_>) -> PyResult {
    if std::ptr::eq(ty, &raw const CHECKED_LIST) {
        return Err(crate::raise!(TypeError, "cannot create unparameterized chklist"));
    }
    Ok(empty_list(ty).into())
}

/// An empty checked list of an instantiated class.
pub fn empty_list(ty: &TypeObject) -> Py<ListObject> {
    ListObject::new_in_layout(ty)
}

fn init_list(value: Value, args: Args<'_>) -> PyResult<()> {
    args.no_keywords("chklist")?;
    let items = args.positional.first().map_or(Ok(Vec::new()), |&source| check_items(value, source))?;
    list(value).replace_all(items);
    Ok(())
}

fn set_list_item(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let Some(slot) = LIST.slots().ass_subscript else { return Ok(()) };
    match (item, Subscript::of(key, "list")?) {
        (None, _) => slot(value, key, None),
        (Some(item), Subscript::Index(_)) => {
            check(value, 0, "value", item)?;
            slot(value, key, Some(item))
        }
        (Some(items), Subscript::Slice(_)) => {
            let checked: Ref = ListObject::new(check_items(value, items)?).into();
            slot(value, key, Some(checked.value()))
        }
    }
}

fn list_subscript(value: Value, key: Value) -> PyResult {
    let Some(slot) = LIST.slots().subscript else { return singleton::decline() };
    let found = slot(value, key)?;
    if key.get_exact::<SliceObject>().is_none() {
        return Ok(found);
    }
    let part = empty_list(value.ty());
    part.replace_all(list(found.value()).to_vec());
    Ok(part.into())
}

fn compare_lists(a: Value, b: Value, op: CompareOp) -> PyResult {
    let is_list = |value: Value| value.is_instance::<ListObject>() || value.ty().is_subtype_of(&CHECKED_LIST);
    if !is_list(a) || !is_list(b) {
        return sequence::decline();
    }
    let (a, b) = (list(a), list(b));
    sequence::compare(&|at| a.get(at), a.len(), &|at| b.get(at), b.len(), op)
}

/// Calls list's own method on a checked list, whose layout is the same.
fn as_list(value: Value, run: impl FnOnce(&ListObject) -> PyResult) -> PyResult {
    run(list(value))
}

py_methods! { static LIST_METHODS for "chklist", Value;
    /// Append object to the end of the list.
    "append(self, object, /)"
    fn append(this, object: Ref) -> PyResult<()> {
        check(this, 0, "value", object.value())?;
        list(this).push(object);
        Ok(())
    }
    /// Insert object before index.
    "insert(self, index, object, /)"
    fn insert(this, index: isize, object: Ref) -> PyResult<()> {
        check(this, 0, "value", object.value())?;
        list(this).insert(sequence::clamp_index(index, list(this).len()), object);
        Ok(())
    }
    /// Extend list by appending elements from the iterable.
    "extend(self, iterable, /)"
    fn extend(this, iterable: Value) -> PyResult<()> {
        check_items(this, iterable)?.into_iter().for_each(|item| list(this).push(item));
        Ok(())
    }
    /// Remove and return item at index (default last).
    "pop(self, index=-1, /)"
    fn pop(this, index: Option<isize>) -> PyResult {
        as_list(this, |list| objects::list::methods::pop(list, index))
    }
    /// Remove all items from list.
    "clear(self, /)"
    fn clear(this) {
        drop(list(this).take_all());
    }
    /// Return a shallow copy of the list.
    "copy(self, /)"
    fn copy(this) -> Ref {
        let copy = empty_list(this.ty());
        copy.replace_all(list(this).to_vec());
        copy.into()
    }
    /// Reverse *IN PLACE*.
    "reverse(self, /)"
    fn reverse(this) {
        list(this).reverse();
    }
    /// Return first index of value.
    "index(self, value, start=0, stop=9223372036854775807, /)"
    fn index(this, value: Value, start: Option<SearchBound>, stop: Option<SearchBound>) -> PyResult<usize> {
        objects::list::methods::index(list(this), value, start, stop)
    }
    /// Return number of occurrences of value.
    "count(self, value, /)"
    fn count(this, value: Value) -> PyResult<usize> {
        objects::list::methods::count(list(this), value)
    }
    /// Remove first occurrence of value.
    "remove(self, value, /)"
    fn remove(this, value: Value) -> PyResult<()> {
        objects::list::methods::remove(list(this), value)
    }
    /// Sort the list in ascending order and return None.
    "sort(self, *, key=None, reverse=False)"
    fn sort(this, key: crate::convert::OrNone<Value>, reverse: Option<bool>) -> PyResult<()> {
        crate::sort::sort_list(list(this), key.0, reverse.unwrap_or(false))
    }
}

py_class_methods! { static LIST_CLASS_METHODS for "chklist";
    /// The class of lists of this item type.
    "__class_getitem__(cls, item, /)"
    fn list_class_getitem(cls, item: Value) -> PyResult {
        let _ = cls;
        instantiate(&CHECKED_LIST, &[item])
    }
}

/// `chklist`.
pub static CHECKED_LIST: TypeObject = TypeObject::from_spec(&LIST_SPEC);
static LIST_SPEC: TypeSpec = TypeSpec {
    module: "__static__",
    flags: type_flags::GC | type_flags::SEQUENCE,
    slots: Slots {
        new: Some(new_list),
        init: Some(init_list),
        repr: Some(objects::list::methods::repr),
        hash: Some(protocol::unhashable),
        richcompare: Some(compare_lists),
        len: Some(|value| Ok(list(value).len())),
        subscript: Some(list_subscript),
        ass_subscript: Some(set_list_item),
        contains: Some(objects::list::methods::contains),
        iter: Some(|value| Ok(SequenceIterator::new(value, &LIST_ITERATOR).into())),
        ..Slots::EMPTY
    },
    methods: &[LIST_METHODS, LIST_CLASS_METHODS],
    ..TypeSpec::of::<ListObject>("chklist")
};

fn new_dict(ty: &TypeObject, _: Args<'_>) -> PyResult {
    if std::ptr::eq(ty, &raw const CHECKED_DICT) {
        return Err(crate::raise!(TypeError, "cannot create unparameterized chkdict"));
    }
    Ok(empty_dict(ty))
}

/// An empty checked dict of an instantiated class.
pub fn empty_dict(ty: &TypeObject) -> Ref {
    DictObject::new_in_layout(ty, Table::new()).into()
}

/// Sets an item after checking key and value.
pub fn set_dict_item(container: Value, key: Value, value: Value) -> PyResult<()> {
    check(container, 0, "key", key)?;
    check(container, 1, "value", value)?;
    dict_of(container).set(key, value.to_ref())
}

fn update_dict(container: Value, source: Option<Value>, keywords: &[(Value, Value)]) -> PyResult<()> {
    let scratch = DictObject::new();
    match source {
        Some(source) if source.ty().is_subtype_of(&CHECKED_DICT) => scratch.merge(dict_of(source), true)?,
        other => dict::methods::update_from(&scratch, other, keywords.iter().copied())?,
    }
    for (key, value) in scratch.to_pairs() {
        set_dict_item(container, key.value(), value.value())?;
    }
    Ok(())
}

fn init_dict(value: Value, args: Args<'_>) -> PyResult<()> {
    update_dict(value, args.positional.first().copied(), &args.keywords().collect::<Vec<_>>())
}

fn dict_ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    match item {
        Some(item) => set_dict_item(value, key, item),
        None => match dict_of(value).remove(key)? {
            Some(_) => Ok(()),
            None => Err(crate::error::key_error(key)),
        },
    }
}

fn compare_dicts(a: Value, b: Value, op: CompareOp) -> PyResult {
    let is_dict = |value: Value| value.is_instance::<DictObject>() || value.ty().is_subtype_of(&CHECKED_DICT);
    if !is_dict(a) || !is_dict(b) {
        return sequence::decline();
    }
    dict::methods::compare(dict_of(a), dict_of(b), op)
}

py_methods! { static DICT_METHODS for "chkdict", Value;
    /// Return the value for key if key is in the dictionary, else default.
    "get(self, key, default=None, /)"
    fn get(this, key: Value, default: Option<Ref>) -> PyResult {
        Ok(dict_of(this).get(key)?.or(default).unwrap_or_else(|| objects::none().to_ref()))
    }
    /// Insert key with a value of default if key is not in the dictionary.
    "setdefault(self, key, default=None, /)"
    fn setdefault(this, key: Value, default: Option<Ref>) -> PyResult {
        if let Some(found) = dict_of(this).get(key)? {
            return Ok(found);
        }
        let value = default.unwrap_or_else(|| objects::none().to_ref());
        set_dict_item(this, key, value.value())?;
        Ok(value)
    }
    /// Remove specified key and return the corresponding value.
    "pop(self, key, default=None, /)"
    fn dict_pop(this, key: Value, default: Option<Ref>) -> PyResult {
        dict_of(this).remove(key)?.or(default).ok_or_else(|| crate::error::key_error(key))
    }
    /// Remove and return a (key, value) pair as a 2-tuple.
    "popitem(self, /)"
    fn popitem(this) -> PyResult<Py<TupleObject>> {
        dict::methods::popitem(dict_of(this))
    }
    /// Remove all items from the dict.
    "clear(self, /)"
    fn dict_clear(this) {
        dict_of(this).clear_all();
    }
    /// Return a shallow copy of the dict.
    "copy(self, /)"
    fn dict_copy(this) -> Ref {
        DictObject::new_in_layout(this.ty(), dict_of(this).table.copy()).into()
    }
    /// Update from a mapping or an iterable of pairs.
    "update(self, other=(), /, **kwargs)"
    fn update(this, other: Option<Value>, keywords: crate::convert::Keywords) -> PyResult<()> {
        update_dict(this, other, &keywords.0)
    }
    /// Return a set-like object providing a view on the dict's keys.
    "keys(self, /)"
    fn keys(this) -> Ref {
        views::new_view(views::ViewKind::Keys, dict_of(this))
    }
    /// Return an object providing a view on the dict's values.
    "values(self, /)"
    fn values(this) -> Ref {
        views::new_view(views::ViewKind::Values, dict_of(this))
    }
    /// Return a set-like object providing a view on the dict's items.
    "items(self, /)"
    fn items(this) -> Ref {
        views::new_view(views::ViewKind::Items, dict_of(this))
    }
}

py_class_methods! { static DICT_CLASS_METHODS for "chkdict";
    /// The class of dicts of these key and value types.
    "__class_getitem__(cls, item, /)"
    fn dict_class_getitem(cls, item: Value) -> PyResult {
        let _ = cls;
        match item.get::<TupleObject>().map(TupleObject::items) {
            Some(args @ [_, _]) => instantiate(&CHECKED_DICT, args),
            _ => Err(crate::raise!(TypeError, "chkdict expects a key type and a value type")),
        }
    }
}

/// `chkdict`.
pub static CHECKED_DICT: TypeObject = TypeObject::from_spec(&DICT_SPEC);
static DICT_SPEC: TypeSpec = TypeSpec {
    module: "__static__",
    flags: type_flags::GC | type_flags::MAPPING,
    slots: Slots {
        new: Some(new_dict),
        init: Some(init_dict),
        repr: Some(dict::methods::repr),
        hash: Some(protocol::unhashable),
        richcompare: Some(compare_dicts),
        len: Some(|value| Ok(dict_of(value).len())),
        subscript: Some(|value, key| dict_of(value).get(key)?.ok_or_else(|| crate::error::key_error(key))),
        ass_subscript: Some(dict_ass_subscript),
        contains: Some(|value, key| dict_of(value).contains(key)),
        iter: Some(|value| Ok(views::new_iterator(views::ViewKind::Keys, dict_of(value)))),
        ..Slots::EMPTY
    },
    methods: &[DICT_METHODS, DICT_CLASS_METHODS],
    ..TypeSpec::of::<DictObject>("chkdict")
};
