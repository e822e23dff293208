//! `Pickler`: options, what it writes to, and the way of a pickle from an object to a file.
//!
//! Whatever is called meanwhile may use the same pickler, so no borrow is held across a call.

use std::cell::{Cell, RefCell};

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, Value, error, protocol, py_methods, raise};

use super::memo::Memo;
use super::opcode::{PROTO, STOP};
use super::output::Output;
use super::{DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, arguments, persistent, proxy, unpicklable};

/// See the module documentation.
#[repr(C)]
pub(super) struct Pickler {
    header: Header,
    pub(super) output: RefCell<Output>,
    pub(super) memo: RefCell<Memo>,
    /// The file's `write`, unless the pickle becomes a bytes object.
    pub(super) write: Field,
    pub(super) protocol: Cell<u8>,
    pub(super) fix_imports: Cell<bool>,
    pub(super) buffer_callback: Field,
    /// The table of this pickler; without one that of `copyreg` is asked.
    pub(super) dispatch_table: Field,
    /// The table of `copyreg`, when it has been needed.
    pub(super) registered: Field,
    /// What a program has set as `persistent_id`.
    persistent_id: Field,
    /// What is asked for persistent ids by the pickle under way.
    pub(super) asks_persistent: Field,
    /// `reducer_override` for the pickle under way.
    pub(super) reducer_override: Field,
    /// Whether nothing is remembered: `fast`.
    pub(super) is_fast: Cell<i64>,
    /// How deep containers nest without a memo, and which, if they nest deeply.
    pub(super) fast_depth: Cell<usize>,
    pub(super) fast_open: RefCell<Vec<u64>>,
    is_complete: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Pickler {
    fn type_object() -> &'static TypeObject {
        &PICKLER
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

impl Pickler {
    fn fields(&self) -> [&Field; 7] {
        [
            &self.write,
            &self.buffer_callback,
            &self.dispatch_table,
            &self.registered,
            &self.persistent_id,
            &self.asks_persistent,
            &self.reducer_override,
        ]
    }

    /// A pickler without options and without a file.
    pub(super) fn blank(ty: &TypeObject) -> Py<Pickler> {
        let field = || Field::from_option(None);
        let contents = Pickler {
            header: Header::new(ty),
            output: RefCell::default(),
            memo: RefCell::default(),
            write: field(),
            protocol: Cell::new(DEFAULT_PROTOCOL as u8),
            fix_imports: Cell::new(true),
            buffer_callback: field(),
            dispatch_table: field(),
            registered: field(),
            persistent_id: field(),
            asks_persistent: field(),
            reducer_override: field(),
            is_fast: Cell::new(0),
            fast_depth: Cell::new(0),
            fast_open: RefCell::default(),
            is_complete: Cell::new(false),
        };
        object::new_object_of(ty, contents)
    }

    /// Says where pickles go.
    pub(super) fn set_file(&self, file: Value) -> PyResult<()> {
        let write = protocol::get_optional_attr(file, StrObject::intern("write").value())?;
        match write {
            Some(write) => self.write.set(write),
            None => return Err(raise!(TypeError, "file must have a 'write' attribute")),
        }
        Ok(())
    }

    /// Says how pickles are written.
    pub(super) fn set_options(
        &self,
        protocol: Option<Value>,
        fix_imports: bool,
        buffer_callback: Option<Value>,
    ) -> PyResult<()> {
        let protocol = match protocol.filter(|&given| !objects::is_none(given)) {
            None => DEFAULT_PROTOCOL,
            Some(given) => match int::to_i64(given)? {
                negative if negative < 0 => HIGHEST_PROTOCOL,
                given if given > HIGHEST_PROTOCOL => {
                    return Err(raise!(ValueError, "pickle protocol must be <= {HIGHEST_PROTOCOL}"));
                }
                given => given,
            },
        };
        if buffer_callback.is_some() && protocol < 5 {
            return Err(raise!(ValueError, "buffer_callback needs protocol >= 5"));
        }
        self.protocol.set(protocol as u8);
        self.fix_imports.set(fix_imports && protocol < 3);
        drop(self.buffer_callback.replace(buffer_callback.map(Value::to_ref)));
        self.is_complete.set(true);
        Ok(())
    }

    /// Whether the protocol is binary.
    #[inline]
    pub(super) fn is_binary(&self) -> bool {
        self.protocol.get() >= 1
    }

    /// The pickle of an object, to the file.
    pub(super) fn dump(&self, value: Value) -> PyResult<()> {
        if !self.is_complete.get() {
            let class = Value::from_object(self).ty().name();
            return Err(unpicklable!("Pickler.__init__() was not called by {class}.__init__()"));
        }
        self.write_pickle(value)?;
        self.flush()
    }

    /// The pickle of an object as a bytes object.
    pub(super) fn dump_to_bytes(&self, value: Value) -> PyResult {
        self.write_pickle(value)?;
        let output = self.output.take();
        Ok(BytesObject::new(&output.bytes).into())
    }

    fn write_pickle(&self, value: Value) -> PyResult<()> {
        self.output.borrow_mut().reset();
        self.ask_hooks()?;
        let protocol = self.protocol.get();
        if protocol >= 2 {
            let mut output = self.output.borrow_mut();
            output.op_with(PROTO, &[protocol]);
            output.is_framing = protocol >= 4;
        }
        let saved = self.save(value);
        drop((self.reducer_override.take(), self.asks_persistent.take()));
        self.fast_depth.set(0);
        self.fast_open.borrow_mut().clear();
        let mut output = self.output.borrow_mut();
        if saved.is_ok() {
            output.op(STOP);
            output.end_frame();
        } else {
            output.reset();
        }
        saved
    }

    /// Looks which of the methods that a program may define it does.
    fn ask_hooks(&self) -> PyResult<()> {
        let own = Value::from_object(self);
        let is_plain = std::ptr::eq(own.ty(), &raw const PICKLER);
        let name = StrObject::intern("persistent_id");
        let is_overridden = !is_plain && own.ty().lookup(name.value()) != PICKLER.lookup(name.value());
        let asked = match self.persistent_id.get_ref() {
            Some(given) => Some(given),
            None if is_overridden => Some(protocol::get_attr(own, name.value())?),
            None => None,
        };
        let overriding = match is_plain {
            true => None,
            false => protocol::get_optional_attr(own, StrObject::intern("reducer_override").value())?,
        };
        drop((self.asks_persistent.replace(asked), self.reducer_override.replace(overriding)));
        Ok(())
    }

    /// Hands what has been written to the file.
    pub(super) fn flush(&self) -> PyResult<()> {
        let Some(write) = self.write.get_ref() else { return Ok(()) };
        let bytes = self.output.borrow_mut().take();
        if bytes.is_empty() {
            return Ok(());
        }
        self.write_to(&write, BytesObject::new(&bytes).value())
    }

    pub(super) fn write_to(&self, write: &Ref, payload: Value) -> PyResult<()> {
        protocol::call_one(write.value(), payload).map(drop)
    }

    /// Between two objects: a frame that has become long ends, and goes to the file.
    #[inline]
    pub(super) fn end_full_frame(&self) -> PyResult<()> {
        if !self.output.borrow().is_frame_full() {
            return Ok(());
        }
        self.output.borrow_mut().end_frame();
        self.flush()
    }
}

pub(super) fn this<'a>(value: Value) -> &'a Pickler {
    value.get::<Pickler>().expect("slots and attributes are asked of instances")
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    const NAMES: [&str; 4] = ["file", "protocol", "fix_imports", "buffer_callback"];
    let [file, protocol, fix_imports, callback] = arguments::bind("Pickler", args, NAMES, 4)?;
    let this = this(value);
    let fix_imports = fix_imports.map_or(Ok(true), protocol::is_true)?;
    this.set_options(protocol, fix_imports, callback.filter(|&callback| !objects::is_none(callback)))?;
    this.set_file(file.expect("the first argument is required"))?;
    this.output.borrow_mut().reset();
    drop(this.memo.take());
    this.is_fast.set(0);
    // A class may have a table for all its picklers.
    let table = protocol::get_optional_attr(value, StrObject::intern("dispatch_table").value())?;
    drop(this.dispatch_table.replace(table));
    Ok(())
}

py_methods! { static METHODS for "Pickler", &Pickler;
    /// Clears the pickler's "memo".
    ///
    /// The memo is the data structure that remembers which objects the pickler has already seen, so that shared or recursive objects are
    /// pickled by reference and not by value. This method is useful when re-using picklers.
    "clear_memo(self, /)"
    fn clear_memo(this) -> PyResult<()> {
        drop(this.memo.take());
        Ok(())
    }
    /// Write a pickled representation of the given object to the open file.
    "dump(self, obj, /)"
    fn dump_method(this, obj: Value) -> PyResult<()> {
        this.dump(obj)
    }
    /// The id under which an object is kept outside of the pickle, or None.
    "persistent_id(self, obj, /)"
    fn persistent_id(this, obj: Value) -> PyResult<()> {
        let (_, _) = (this, obj);
        Ok(())
    }
    /// Returns size in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        let memo = this.memo.borrow().len() * 2 * size_of::<(u64, u32)>();
        size_of::<Pickler>() + memo + this.output.borrow().bytes.capacity()
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "bin",
        doc: "",
        get: |value| Ok(int::from_i64(this(value).is_binary().into())),
        set: None,
    },
    GetSetDef {
        name: "fast",
        doc: "",
        get: |value| Ok(int::from_i64(this(value).is_fast.get())),
        set: Some(|value, new| {
            let Some(new) = new else { return Err(raise!(TypeError, "can't delete numeric/char attribute")) };
            this(value).is_fast.set(int::to_i64(new)?);
            Ok(())
        }),
    },
    GetSetDef {
        name: "dispatch_table",
        doc: "",
        get: |value| {
            let table = this(value).dispatch_table.get_ref();
            table.ok_or_else(|| {
                let name = StrObject::intern("dispatch_table");
                error::attribute_error(value, name.value(), "dispatch_table")
            })
        },
        set: Some(|value, new| {
            drop(this(value).dispatch_table.replace(new.map(Value::to_ref)));
            Ok(())
        }),
    },
    GetSetDef {
        name: "memo",
        doc: "",
        get: |value| Ok(proxy::of_pickler(this(value))),
        set: Some(|value, new| {
            let Some(new) = new else { return Err(raise!(TypeError, "attribute deletion is not supported")) };
            proxy::set_pickler_memo(this(value), new)
        }),
    },
];

/// `pickle.Pickler`
pub(super) static PICKLER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_pickle",
    doc: "Pickler(file, protocol=None, fix_imports=True, buffer_callback=None)\n--\n\nThis takes a binary file for writing a pickle data stream.",
    flags: type_flags::BASE | type_flags::GC,
    slots: Slots {
        new: Some(|ty, _| Ok(Pickler::blank(ty).into())),
        init: Some(init),
        getattro: Some(|value, name| {
            persistent::get_attribute(value, name, "persistent_id", &this(value).persistent_id)
        }),
        setattro: Some(|value, name, new| {
            persistent::set_attribute(value, name, new, "persistent_id", &this(value).persistent_id)
        }),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<Pickler>("Pickler")
};
