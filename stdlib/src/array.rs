//! `array`: rows of machine numbers or characters of one type code.
//!
//! The items are kept as bytes in native form. Loans of the memory are counted; as long as one is out, whatever would resize the array
//! raises `BufferError`.
//!
//! - [`item`]: type codes, one item to bytes and back
//! - [`machine`]: the formats of pickles
//! - [`methods`]: methods and the iterator

mod item;
mod machine;
mod methods;

use std::cell::{Cell, RefCell};

use runtime::args::Args;
use runtime::audit_hook::given;
use runtime::buffer::{self, Buffer, Shape};
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::bytearray::ByteArray;
use runtime::objects::bytes::BytesObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::sequence::{self, SliceBounds};
use runtime::objects::slice::SliceObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::{self, int, singleton};
use runtime::operator::{CompareOp, Comparison};
use runtime::slots::Slots;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, Raised, Ref, Value, error, protocol, raise, warning};

use item::{KINDS, Kind};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&ARRAY, &methods::ARRAY_ITERATOR] {
        ready::ready(ty);
    }
    let codes: Vec<u8> = KINDS.iter().map(|kind| kind.code).collect();
    let dict = module.dict();
    dict.set_text("array", ARRAY.value().to_ref());
    dict.set_text("ArrayType", ARRAY.value().to_ref());
    dict.set_text("typecodes", StrObject::from_latin1(&codes));
    module.add_functions(machine::FUNCTIONS);
    // Without a library there is nothing to register with.
    let classes = protocol::import::import_absolute("_collections_abc");
    let Some(classes) = error::ignore(classes, &error::types::ImportError)? else { return Ok(()) };
    let sequence = protocol::get_attr_text(classes.value(), "MutableSequence")?;
    protocol::call_method_text(sequence.value(), "register", &[ARRAY.value()]).map(drop)
}

/// `array.array`.
#[repr(C)]
pub struct ArrayObject {
    header: Header,
    kind: Kind,
    data: RefCell<Vec<u8>>,
    loans: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ArrayObject {
    fn type_object() -> &'static TypeObject {
        &ARRAY
    }
}

impl ArrayObject {
    fn empty(ty: &TypeObject, kind: Kind) -> Ref {
        Self::with_data(ty, kind, Vec::new())
    }

    fn with_data(ty: &TypeObject, kind: Kind, data: Vec<u8>) -> Ref {
        let contents =
            ArrayObject { header: Header::new(ty), kind, data: RefCell::new(data), loans: Cell::new(0) };
        object::new_object_of(ty, contents).into()
    }

    fn len(&self) -> usize {
        self.data.borrow().len() / self.kind.size
    }

    fn check_resizable(&self) -> PyResult<()> {
        if self.loans.get() > 0 {
            return Err(raise!(BufferError, "cannot resize an array that is exporting buffers"));
        }
        Ok(())
    }

    fn item(&self, at: usize) -> Option<PyResult> {
        let (data, size) = (self.data.borrow(), self.kind.size);
        data.get(at * size..(at + 1) * size).map(|item| self.kind.unpack(item))
    }

    fn extend_bytes(&self, bytes: &[u8]) -> PyResult<()> {
        self.splice(self.len(), self.len(), bytes)
    }

    /// Replaces items by others, given as bytes.
    fn splice(&self, start: usize, end: usize, bytes: &[u8]) -> PyResult<()> {
        let size = self.kind.size;
        if (end - start) * size != bytes.len() {
            self.check_resizable()?;
        }
        let mut data = self.data.borrow_mut();
        data.try_reserve(bytes.len()).map_err(|_| error::memory_error())?;
        data.splice(start * size..end * size, bytes.iter().copied());
        Ok(())
    }

    fn append(&self, value: Value) -> PyResult<()> {
        let item = self.kind.pack(value)?;
        self.extend_bytes(&item)
    }

    fn extend(&self, source: Value) -> PyResult<()> {
        if let Some(other) = source.get::<ArrayObject>() {
            if other.kind != self.kind {
                return Err(raise!(TypeError, "can only extend with array of same kind"));
            }
            let bytes = other.data.borrow().clone();
            return if bytes.is_empty() { self.check_resizable() } else { self.extend_bytes(&bytes) };
        }
        protocol::for_each(source, |item| self.append(item.value()))
    }

    /// The same kind and exact type with other bytes.
    fn sibling(&self, data: Vec<u8>) -> Ref {
        Self::with_data(&ARRAY, self.kind, data)
    }

    /// The characters of a text array.
    fn text(&self) -> PyResult {
        let data = self.data.borrow();
        let mut out = StrBuilder::with_capacity(data.len() / 4);
        for unit in data.chunks_exact(4) {
            let point = u32::from_le_bytes(unit.try_into().expect("four bytes"));
            if point >= 0x11_0000 {
                return Err(raise!(ValueError, "character U+{point:x} is not in range [U+0000; U+10ffff]"));
            }
            out.push(point);
        }
        Ok(out.try_finish()?.into())
    }

    fn extend_text(&self, text: &StrObject) -> PyResult<()> {
        let bytes: Vec<u8> = text.code_points().flat_map(u32::to_le_bytes).collect();
        self.extend_bytes(&bytes)
    }

    fn extend_raw(&self, bytes: &[u8]) -> PyResult<()> {
        if !bytes.len().is_multiple_of(self.kind.size) {
            return Err(raise!(ValueError, "bytes length not a multiple of item size"));
        }
        self.extend_bytes(bytes)
    }
}

fn this<'a>(value: Value) -> &'a ArrayObject {
    value.get::<ArrayObject>().expect("slots are called for instances")
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    if std::ptr::eq(ty, &raw const ARRAY) {
        args.no_keywords("array.array")?;
    }
    let (code, initial) = match args.positional {
        [] => return Err(raise!(TypeError, "array() takes at least 1 argument (0 given)")),
        [code] => (*code, None),
        [code, initial] => (*code, Some(*initial)),
        more => return Err(raise!(TypeError, "array() takes at most 2 arguments ({} given)", more.len())),
    };
    let Some(code) = code.get::<StrObject>().filter(|code| code.len() == 1) else {
        let got = code.ty().name();
        return Err(raise!(TypeError, "array() argument 1 must be a unicode character, not {got}"));
    };
    let said = given(initial);
    runtime::tell!("array.__new__", code.substring(0, 1), said);
    let Some(kind) = Kind::of(code.code_point(0)) else {
        return Err(raise!(ValueError, "bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)"));
    };
    if kind.code == b'u' {
        let message = "The 'u' type code is deprecated and will be removed in Python 3.16";
        warning::warn(&error::types::DeprecationWarning, message, 1)?;
    }
    let array = ArrayObject::empty(ty, kind);
    if let Some(initial) = initial {
        fill_from(this(array.value()), initial)?;
    }
    Ok(array)
}

fn fill_from(array: &ArrayObject, initial: Value) -> PyResult<()> {
    let kind = array.kind;
    let code = kind.code as char;
    if let Some(text) = initial.get::<StrObject>() {
        if !kind.is_text() {
            return Err(raise!(TypeError, "cannot use a str to initialize an array with typecode '{code}'"));
        }
        return array.extend_text(text);
    }
    if let Some(other) = initial.get::<ArrayObject>() {
        if other.kind.is_text() && !kind.is_text() {
            return Err(raise!(
                TypeError,
                "cannot use a unicode array to initialize an array with typecode '{code}'"
            ));
        }
        if other.kind == kind {
            return array.extend(initial);
        }
    } else if initial.is_instance::<BytesObject>() || initial.is_instance::<ByteArray>() {
        return array.extend_raw(&buffer::to_vec(initial)?);
    }
    protocol::for_each(initial, |item| array.append(item.value()))
}

fn repr(value: Value) -> PyResult {
    let array = this(value);
    let (name, code) = (value.ty().name(), array.kind.code as char);
    if array.len() == 0 {
        return Ok(StrObject::new(&format!("{name}('{code}')")).into());
    }
    let items = if array.kind.is_text() { array.text()? } else { methods::list(array)?.into() };
    let mut out = StrBuilder::new();
    out.push_str(&format!("{name}('{code}', "));
    protocol::push_repr(&mut out, items.value())?;
    out.push_str(")");
    Ok(out.try_finish()?.into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(first), Some(second)) = (a.get::<ArrayObject>(), b.get::<ArrayObject>()) else {
        return singleton::decline();
    };
    let is_float = matches!(first.kind.code, b'f' | b'd');
    if first.kind == second.kind && !is_float && matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        let is_equal = *first.data.borrow() == *second.data.borrow();
        return Ok(objects::bool(is_equal == (op == CompareOp::Equal)).to_ref());
    }
    if first.len() != second.len() && matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return Ok(objects::bool(op == CompareOp::NotEqual).to_ref());
    }
    let mut at = 0;
    while let (Some(x), Some(y)) = (first.item(at), second.item(at)) {
        let (x, y) = (x?, y?);
        if !protocol::compare_bool(CompareOp::Equal, x.value(), y.value())? {
            return protocol::compare(op, x.value(), y.value());
        }
        at += 1;
    }
    Ok(objects::bool(op.holds(first.len().cmp(&second.len()))).to_ref())
}

fn wrong_index() -> Raised {
    raise!(TypeError, "array indices must be integers")
}

fn index_of(array: &ArrayObject, key: Value, message: &str) -> PyResult<usize> {
    if key.ty().slots().index.is_none() {
        return Err(wrong_index());
    }
    let at = int::to_index(key, "cannot fit 'int' into an index-sized integer")?;
    sequence::wrap_index(at, array.len()).ok_or_else(|| raise!(IndexError, "{message}"))
}

fn subscript(value: Value, key: Value) -> PyResult {
    let array = this(value);
    let Some(slice) = key.get::<SliceObject>() else {
        let at = index_of(array, key, "array index out of range")?;
        return array.item(at).expect("wrapped to the length");
    };
    let bounds = SliceBounds::resolve(slice, array.len())?;
    let (data, size) = (array.data.borrow(), array.kind.size);
    let items = bounds.indices().filter_map(|at| data.get(at * size..(at + 1) * size));
    let bytes = items.collect::<Vec<&[u8]>>().concat();
    drop(data);
    Ok(array.sibling(bytes))
}

fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let array = this(value);
    let Some(slice) = key.get::<SliceObject>() else {
        let at = index_of(array, key, "array assignment index out of range")?;
        let bytes = item.map_or(Ok(Vec::new()), |item| array.kind.pack(item))?;
        if at >= array.len() {
            return Err(raise!(IndexError, "array assignment index out of range"));
        }
        return array.splice(at, at + 1, &bytes);
    };
    let bytes = match item {
        None => Vec::new(),
        Some(item) => match item.get::<ArrayObject>() {
            Some(other) if other.kind == array.kind => other.data.borrow().clone(),
            Some(_) => return Err(raise!(TypeError, "bad argument type for built-in operation")),
            None => {
                let got = item.ty().name();
                return Err(raise!(TypeError, "can only assign array (not \"{got}\") to array slice"));
            }
        },
    };
    let bounds = SliceBounds::resolve(slice, array.len())?;
    let size = array.kind.size;
    if bounds.step == 1 {
        let start = bounds.start as usize;
        return array.splice(start, start + bounds.len, &bytes);
    }
    if item.is_some() {
        let given = bytes.len() / size;
        if given != bounds.len {
            let wanted = bounds.len;
            return Err(raise!(
                ValueError,
                "attempt to assign array of size {given} to extended slice of size {wanted}"
            ));
        }
        let mut data = array.data.borrow_mut();
        for (at, item) in bounds.indices().zip(bytes.chunks_exact(size)) {
            data[at * size..(at + 1) * size].copy_from_slice(item);
        }
        return Ok(());
    }
    if bounds.len > 0 {
        array.check_resizable()?;
    }
    let mut doomed: Vec<usize> = bounds.indices().collect();
    doomed.sort_unstable();
    let mut data = array.data.borrow_mut();
    let items = data.chunks_exact(size).enumerate();
    let kept: Vec<&[u8]> =
        items.filter(|(at, _)| doomed.binary_search(at).is_err()).map(|(_, item)| item).collect();
    let kept = kept.concat();
    *data = kept;
    Ok(())
}

fn concat(a: Value, b: Value) -> PyResult {
    let Some(other) = b.get::<ArrayObject>() else {
        let got = b.ty().name();
        return Err(raise!(TypeError, "can only append array (not \"{got}\") to array"));
    };
    if other.kind != this(a).kind {
        return Err(raise!(TypeError, "bad argument type for built-in operation"));
    }
    let joined = [this(a).data.borrow().as_slice(), other.data.borrow().as_slice()].concat();
    Ok(this(a).sibling(joined))
}

fn repeated(value: Value, count: isize) -> PyResult<Vec<u8>> {
    let data = this(value).data.borrow();
    let count = sequence::checked_repeat(data.len(), count)?;
    runtime::reserve::probe(data.len() * count)?;
    Ok(data.repeat(count))
}

fn inplace_concat(a: Value, b: Value) -> PyResult {
    if !b.is_instance::<ArrayObject>() {
        let got = b.ty().name();
        return Err(raise!(TypeError, "can only extend array with array (not \"{got}\")"));
    }
    this(a).extend(b)?;
    Ok(a.to_ref())
}

fn inplace_repeat(value: Value, count: isize) -> PyResult {
    let data = repeated(value, count)?;
    let array = this(value);
    if data.len() != array.data.borrow().len() {
        array.check_resizable()?;
        array.data.replace(data);
    }
    Ok(value.to_ref())
}

fn contains(value: Value, wanted: Value) -> PyResult<bool> {
    let mut at = 0;
    while let Some(item) = this(value).item(at) {
        if protocol::is_same_or_equal(item?.value(), wanted)? {
            return Ok(true);
        }
        at += 1;
    }
    Ok(false)
}

fn lend(value: Value) -> PyResult<Buffer> {
    let array = this(value);
    let mut data = array.data.borrow_mut();
    array.loans.set(array.loans.get() + 1);
    let len = data.len();
    // SAFETY: the vector is neither moved nor resized while a loan is out.
    let mut buffer = unsafe { Buffer::new(value, data.as_mut_ptr(), len, false) };
    buffer.itemsize = array.kind.size;
    buffer.format = match array.kind.code {
        b'u' => "w".into(),
        code => (code as char).to_string().into(),
    };
    buffer.shape = Some(Shape::contiguous(vec![len / array.kind.size], array.kind.size));
    Ok(buffer)
}

/// `array.array`.
pub static ARRAY: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "array",
    doc: "array(typecode [, initializer]) -> array\n\nReturn a new array whose items are restricted by typecode, and\ninitialized from the optional initializer value, which must be a list,\nstring or iterable over elements of the appropriate type.",
    flags: type_flags::WEAK | type_flags::BASE | type_flags::SEQUENCE,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(protocol::unhashable),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).len())),
        subscript: Some(subscript),
        ass_subscript: Some(ass_subscript),
        contains: Some(contains),
        concat: Some(concat),
        repeat: Some(|value, count| repeated(value, count).map(|data| this(value).sibling(data))),
        inplace_concat: Some(inplace_concat),
        inplace_repeat: Some(inplace_repeat),
        iter: Some(methods::iterator),
        buffer: Some(lend),
        release_buffer: Some(|value| this(value).loans.set(this(value).loans.get() - 1)),
        ..Slots::EMPTY
    },
    methods: &[methods::METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: &[
        GetSetDef {
            name: "typecode",
            doc: "the typecode character used to create the array",
            get: |value| Ok(StrObject::from_code_point(this(value).kind.code.into()).into()),
            set: None,
        },
        GetSetDef {
            name: "itemsize",
            doc: "the size, in bytes, of one array item",
            get: |value| Ok(int::from_i64(this(value).kind.size as i64)),
            set: None,
        },
    ],
    ..TypeSpec::of::<ArrayObject>("array")
};

/// Items as a list.
fn list_of(array: &ArrayObject) -> PyResult<runtime::Py<ListObject>> {
    let items: PyResult<Vec<Ref>> = (0..array.len()).map_while(|at| array.item(at)).collect();
    Ok(ListObject::new(items?))
}
