//! What exceptions are pickled as: class, arguments, and what the arguments do not say.

use super::exception::ExceptionObject;
use super::types::{self, ATTRIBUTE_NAME};
use crate::objects;
use crate::objects::dict::DictObject;
use crate::objects::tuple::TupleObject;
use crate::type_object::TypeObject;
use crate::value::{Py, Ref, Value};

/// The attributes of `ImportError` that its arguments do not hold, with their places among the extra fields.
const IMPORT_FIELDS: [(&str, usize); 3] = [("name", 1), ("path", 2), ("name_from", 3)];
/// That of `AttributeError`; its object is left out, because it need not be one that can be pickled.
const ATTRIBUTE_FIELDS: [(&str, usize); 1] = [("name", ATTRIBUTE_NAME)];

/// `exception.__reduce__()`
pub(super) fn reduce(exception: &ExceptionObject) -> Py<TupleObject> {
    let ty = Value::from_object(exception).ty();
    let class = ty.value().to_ref();
    let is = |class: &TypeObject| ty.is_subtype_of(class);
    let args = if is(&types::OSError) { os_error_args(exception) } else { exception.args.get_or_none() };
    let state = if is(&types::ImportError) {
        with_fields(exception, &IMPORT_FIELDS)
    } else if is(&types::AttributeError) {
        with_fields(exception, &ATTRIBUTE_FIELDS)
    } else {
        exception.dict().map(|dict| Value::from_object(dict).to_ref())
    };
    match state {
        Some(state) => TupleObject::of([class, args, state]),
        None => TupleObject::of([class, args]),
    }
}

/// The instance dict with the extra fields that are set; nothing if there is neither.
fn with_fields(exception: &ExceptionObject, fields: &[(&str, usize)]) -> Option<Ref> {
    let given = fields.iter().filter_map(|&(name, at)| Some((name, exception.extra[at].get_ref()?)));
    let given: Vec<_> = given.filter(|(_, value)| !objects::is_none(value.value())).collect();
    if given.is_empty() {
        return exception.dict().map(|dict| Value::from_object(dict).to_ref());
    }
    let state = exception.dict().map_or_else(DictObject::new, DictObject::copy);
    for (name, value) in given {
        state.set_text(name, value);
    }
    Some(state.into())
}

/// The arguments of an `OSError`, which drops its file names from them when it is made.
fn os_error_args(exception: &ExceptionObject) -> Ref {
    let args = exception.arguments();
    match (args.as_slice(), exception.extra[2].get_ref()) {
        ([errno, message], Some(filename)) => {
            let mut full = vec![errno.clone(), message.clone(), filename];
            if let Some(second) = exception.extra[3].get_ref() {
                full.extend([objects::none().to_ref(), second]);
            }
            TupleObject::new(full).into()
        }
        _ => exception.args.get_or_none(),
    }
}
