//! `Unpickler`: options, what it reads from, and the objects that pickles refer to.

use std::cell::{Cell, RefCell};

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects;
use runtime::objects::str::StrObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, Value, protocol, py_methods, raise};
use rustc_hash::FxHashMap;

use super::construct;
use super::input::{File, Input};
use super::load::Loading;
use super::{arguments, bad_pickle, persistent, proxy};

/// See the module documentation.
#[repr(C)]
pub(super) struct Unpickler {
    header: Header,
    pub(super) memo: RefCell<Numbered>,
    read: Field,
    readline: Field,
    peek: Field,
    /// An iterator of the buffers that are not in the pickle.
    pub(super) buffers: Field,
    /// What a program has set as `persistent_load`.
    persistent_load: Field,
    /// How texts of Python 2 are decoded.
    pub(super) encoding: RefCell<String>,
    pub(super) errors: RefCell<String>,
    fix_imports: Cell<bool>,
    /// The protocol of the pickle under way.
    pub(super) protocol: Cell<u8>,
    is_complete: Cell<bool>,
}

/// Objects by number. Most numbers follow each other; a pickle that leaves gaps costs no more than its own length.
#[derive(Default)]
pub(super) struct Numbered {
    dense: Vec<Ref>,
    sparse: FxHashMap<usize, Ref>,
}

impl Numbered {
    #[inline]
    pub(super) fn get(&self, number: usize) -> Option<Ref> {
        self.dense.get(number).or_else(|| self.sparse.get(&number)).cloned()
    }

    /// Gives an object a number; the object that had it before.
    #[inline]
    pub(super) fn put(&mut self, number: usize, object: Ref) -> Option<Ref> {
        if number == self.dense.len() && self.sparse.is_empty() {
            self.dense.push(object);
            return None;
        }
        match self.dense.get_mut(number) {
            Some(place) => Some(std::mem::replace(place, object)),
            None => self.sparse.insert(number, object),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.dense.len() + self.sparse.len()
    }

    /// All objects with their numbers, in order.
    pub(super) fn to_pairs(&self) -> Vec<(usize, Ref)> {
        let dense = self.dense.iter().cloned().enumerate();
        let mut sparse: Vec<_> =
            self.sparse.iter().map(|(number, object)| (*number, object.clone())).collect();
        sparse.sort_by_key(|pair| pair.0);
        dense.chain(sparse).collect()
    }

    fn visit(&self, visit: Visitor<'_>) {
        self.dense.iter().for_each(|object| visit(object.value()));
        self.sparse.values().for_each(|object| visit(object.value()));
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Unpickler {
    fn type_object() -> &'static TypeObject {
        &UNPICKLER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.memo.borrow().visit(visit);
        self.fields().into_iter().for_each(|field| field.visit(visit));
    }
    fn clear(&self) {
        drop(self.memo.take());
        self.fields().into_iter().for_each(|field| drop(field.take()));
    }
}

impl Unpickler {
    fn fields(&self) -> [&Field; 5] {
        [&self.read, &self.readline, &self.peek, &self.buffers, &self.persistent_load]
    }

    /// An unpickler without options and without a file.
    pub(super) fn blank(ty: &TypeObject) -> Py<Unpickler> {
        let field = || Field::from_option(None);
        let contents = Unpickler {
            header: Header::new(ty),
            memo: RefCell::default(),
            read: field(),
            readline: field(),
            peek: field(),
            buffers: field(),
            persistent_load: field(),
            encoding: RefCell::default(),
            errors: RefCell::default(),
            fix_imports: Cell::new(true),
            protocol: Cell::new(0),
            is_complete: Cell::new(false),
        };
        object::new_object_of(ty, contents)
    }

    /// Says where pickles come from.
    pub(super) fn set_file(&self, file: Value) -> PyResult<()> {
        let method = |name: &str| protocol::get_optional_attr(file, StrObject::intern(name).value());
        let (peek, read, readline) = (method("peek")?, method("read")?, method("readline")?);
        if read.is_none() || readline.is_none() {
            return Err(raise!(TypeError, "file must have 'read' and 'readline' attributes"));
        }
        drop((self.peek.replace(peek), self.read.replace(read), self.readline.replace(readline)));
        Ok(())
    }

    /// Says how pickles are read.
    pub(super) fn set_options(
        &self,
        fix_imports: bool,
        encoding: Option<&StrObject>,
        errors: Option<&StrObject>,
        buffers: Option<Value>,
    ) -> PyResult<()> {
        let text = |given: Option<&StrObject>, default: &str| {
            given.map_or_else(|| default.to_owned(), StrObject::to_string_lossy)
        };
        let buffers = match buffers.filter(|&given| !objects::is_none(given)) {
            Some(given) => Some(protocol::get_iter(given)?),
            None => None,
        };
        drop(self.buffers.replace(buffers));
        self.fix_imports.set(fix_imports);
        *self.encoding.borrow_mut() = text(encoding, "ASCII");
        *self.errors.borrow_mut() = text(errors, "strict");
        self.is_complete.set(true);
        Ok(())
    }

    /// The object of the pickle that the file has next.
    pub(super) fn load(&self) -> PyResult {
        let (Some(read), Some(readline), true) =
            (self.read.get_ref(), self.readline.get_ref(), self.is_complete.get())
        else {
            let class = Value::from_object(self).ty().name();
            return Err(bad_pickle!("Unpickler.__init__() was not called by {class}.__init__()"));
        };
        let file = File { read, readline, peek: self.peek.get_ref() };
        Loading::new(self, Input::of_file(file)).run()
    }

    /// The object of a pickle.
    pub(super) fn load_from(&self, data: Value) -> PyResult {
        Loading::new(self, Input::of_bytes(data)?).run()
    }

    /// The object that a pickle has by a persistent id.
    pub(super) fn load_persistent(&self, id: Value) -> PyResult {
        if let Some(given) = self.persistent_load.get_ref() {
            return protocol::call_one(given.value(), id);
        }
        protocol::call_method_text(Value::from_object(self), "persistent_load", &[id])
    }

    /// The object that a module has under a name, as a class derived from this one wants it.
    pub(super) fn find(&self, module: &Ref, name: &Ref) -> PyResult {
        let own = Value::from_object(self);
        if std::ptr::eq(own.ty(), &raw const UNPICKLER) {
            return construct::find_class(self, module.clone(), name.clone());
        }
        protocol::call_method_text(own, "find_class", &[module.value(), name.value()])
    }

    /// Whether names of Python 2 are those that are meant.
    pub(super) fn has_old_names(&self) -> bool {
        self.fix_imports.get() && self.protocol.get() < 3
    }
}

pub(super) fn this<'a>(value: Value) -> &'a Unpickler {
    value.get::<Unpickler>().expect("slots and attributes are asked of instances")
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    const NAMES: [&str; 5] = ["file", "fix_imports", "encoding", "errors", "buffers"];
    let [file, fix_imports, encoding, errors, buffers] = arguments::bind("Unpickler", args, NAMES, 1)?;
    let this = this(value);
    let text = |given: Option<Value>, name: &str| match given {
        None => Ok(None),
        Some(given) => given.get::<StrObject>().map(Some).ok_or_else(|| {
            let got = given.ty().name();
            raise!(TypeError, "Unpickler() argument '{name}' must be str, not {got}")
        }),
    };
    let fix_imports = fix_imports.map_or(Ok(true), protocol::is_true)?;
    this.set_file(file.expect("the first argument is required"))?;
    this.set_options(fix_imports, text(encoding, "encoding")?, text(errors, "errors")?, buffers)?;
    drop(this.memo.take());
    this.protocol.set(0);
    Ok(())
}

py_methods! { static METHODS for "Unpickler", &Unpickler;
    /// Load a pickle.
    ///
    /// Read a pickled object representation from the open file object given in the constructor, and return the reconstituted object
    /// hierarchy specified therein.
    "load(self, /)"
    fn load_method(this) -> PyResult {
        this.load()
    }
    /// Return an object from a specified module.
    "find_class(self, module_name, global_name, /)"
    fn find_class(this, module_name: Ref, global_name: Ref) -> PyResult {
        construct::find_class(this, module_name, global_name)
    }
    /// The object that is kept outside of the pickle under an id.
    "persistent_load(self, pid, /)"
    fn persistent_load(this, pid: Value) -> PyResult {
        let (_, _) = (this, pid);
        Err(bad_pickle!("A load persistent id instruction was encountered, but no persistent_load function was specified."))
    }
    /// Returns size in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        size_of::<Unpickler>() + this.memo.borrow().len() * size_of::<Ref>()
    }
}

/// `pickle.Unpickler`
pub(super) static UNPICKLER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_pickle",
    doc: "Unpickler(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())\n--\n\nThis takes a binary file for reading a pickle data stream.",
    flags: type_flags::BASE | type_flags::GC,
    slots: Slots {
        new: Some(|ty, _| Ok(Unpickler::blank(ty).into())),
        init: Some(init),
        getattro: Some(|value, name| {
            persistent::get_attribute(value, name, "persistent_load", &this(value).persistent_load)
        }),
        setattro: Some(|value, name, new| {
            persistent::set_attribute(value, name, new, "persistent_load", &this(value).persistent_load)
        }),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: &[GetSetDef {
        name: "memo",
        doc: "",
        get: |value| Ok(proxy::of_unpickler(this(value))),
        set: Some(|value, new| {
            let Some(new) = new else { return Err(raise!(TypeError, "attribute deletion is not supported")) };
            proxy::set_unpickler_memo(this(value), new)
        }),
    }],
    ..TypeSpec::of::<Unpickler>("Unpickler")
};
