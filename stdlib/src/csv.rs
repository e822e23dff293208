//! `_csv`: reading and writing of comma-separated values.
//!
//! - [`dialect`]: how a file separates, quotes and escapes
//! - [`reader`]: lines to rows; [`writer`]: rows to lines
//!
//! The registry of named dialects is the module's `_dialects`, a dict, as programs that look into it expect.

pub mod dialect;
pub mod reader;
pub mod writer;

use std::cell::Cell;

use runtime::convert::Keywords;
use runtime::objects::dict::DictObject;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::types::ready;
use runtime::world::World;
use runtime::{Py, PyResult, Raised, Ref, Value, error, protocol, py_functions, raise, sys_state};

use dialect::{DialectObject, Quoting};
use reader::ReaderObject;
use writer::WriterObject;

/// The longest field that is read, in characters.
static FIELD_LIMIT: World<Cell<usize>> = World::new(Cell::new(128 * 1024));

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&dialect::DIALECT, &reader::READER, &writer::WRITER] {
        ready::ready(ty);
    }
    let dict = module.dict();
    dict.set_text("Dialect", dialect::DIALECT.value().to_ref());
    dict.set_text("Reader", reader::READER.value().to_ref());
    dict.set_text("Writer", writer::WRITER.value().to_ref());
    dict.set_text("_dialects", DictObject::new());
    dict.set_text("__version__", StrObject::new("1.0"));
    for quoting in Quoting::ALL {
        dict.set_text(quoting.name(), int::from_i64(quoting as i64));
    }
    dict.set_text("Error", error_class()?);
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// Makes `_csv.Error`.
fn error_class() -> PyResult {
    let bases = TupleObject::of([error::types::Exception.value().to_ref()]);
    let namespace = DictObject::new();
    namespace.set_text("__module__", StrObject::intern("_csv"));
    let name = StrObject::intern("Error");
    let metaclass = runtime::objects::type_type::TYPE.value();
    protocol::call(metaclass, &[name.value(), bases.value(), namespace.value()], None)
}

/// What this module holds under a name.
fn own(name: &str) -> Option<Ref> {
    let module = sys_state::modules().get_text("_csv")?;
    module.get::<ModuleObject>()?.dict().get_text(name)
}

/// `_csv.Error` with a message.
#[cold]
fn csv_error(message: &str) -> Raised {
    let Some(class) = own("Error") else {
        return raise!(RuntimeError, "the module _csv is gone");
    };
    match protocol::call_one(class.value(), StrObject::new(message).value()) {
        Ok(exception) => error::raise_object(exception),
        Err(raised) => raised,
    }
}

/// The dialects that have names.
fn registry() -> PyResult<Py<DictObject>> {
    match own("_dialects").map(Py::downcast) {
        Some(Ok(dict)) => Ok(dict),
        _ => Err(raise!(RuntimeError, "the module _csv is gone")),
    }
}

/// The dialect of this name.
fn registered(name: Value) -> PyResult {
    registry()?.get(name)?.ok_or_else(|| csv_error("unknown dialect"))
}

py_functions! { static FUNCTIONS;
    /// Return an object that iterates over the lines of its argument and gives the rows that they are.
    "reader(iterable, dialect='excel', /, **fmtparams)"
    fn reader(iterable: Value, dialect: Option<Value>, fmtparams: Keywords) -> PyResult<Py<ReaderObject>> {
        let lines = protocol::get_iter(iterable)?;
        ReaderObject::make(lines, DialectObject::of(dialect, &fmtparams.0)?)
    }
    /// Return an object that writes rows as lines to its argument, which must have a method "write".
    "writer(fileobj, dialect='excel', /, **fmtparams)"
    fn writer(fileobj: Value, dialect: Option<Value>, fmtparams: Keywords) -> PyResult<Py<WriterObject>> {
        WriterObject::make(fileobj, DialectObject::of(dialect, &fmtparams.0)?)
    }
    /// Return a list of all known dialect names.
    "list_dialects()"
    fn list_dialects() -> PyResult<Py<ListObject>> {
        Ok(ListObject::new(registry()?.keys()))
    }
    /// Create a mapping from a string name to a dialect class.
    "register_dialect(name, dialect=None, /, **fmtparams)"
    fn register_dialect(name: Value, dialect: Option<Value>, fmtparams: Keywords) -> PyResult<()> {
        if name.get::<StrObject>().is_none() {
            return Err(raise!(TypeError, "dialect name must be a string"));
        }
        registry()?.set(name, DialectObject::of(dialect, &fmtparams.0)?.into())
    }
    /// Delete the name/dialect mapping associated with a string name.
    "unregister_dialect(name)"
    fn unregister_dialect(name: Value) -> PyResult<()> {
        match registry()?.remove(name)? {
            Some(_) => Ok(()),
            None => Err(csv_error("unknown dialect")),
        }
    }
    /// Return the dialect instance associated with name.
    "get_dialect(name)"
    fn get_dialect(name: Value) -> PyResult {
        registered(name)
    }
    /// Sets an upper limit on parsed fields.
    ///
    /// Returns old limit. If limit is not given, no new limit is set and the old limit is returned.
    "field_size_limit(new_limit=None)"
    fn field_size_limit(new_limit: Option<Value>) -> PyResult<usize> {
        let old = FIELD_LIMIT.get();
        if let Some(limit) = new_limit {
            if int::IntRef::of(limit).is_none() {
                return Err(raise!(TypeError, "limit must be an integer"));
            }
            FIELD_LIMIT.set(usize::try_from(int::to_i64(limit)?).unwrap_or(0));
        }
        Ok(old)
    }
}
