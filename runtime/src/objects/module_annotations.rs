//! `__annotations__` and `__annotate__` of modules (PEP 649): annotations are computed when they are first asked for.
//!
//! The compiler leaves a function `__annotate__` in the namespace of a module that has annotations. Every module answers, also one without
//! any. What has been computed is kept in the namespace, except while the module is still being imported, when variables that are
//! annotated under a condition may be still to come. Method: the module attributes described in the reference of data model, 3.14.

use crate::methods::GetSetDef;
use crate::names::names;
use crate::objects::dict::DictObject;
use crate::objects::module::ModuleObject;
use crate::objects::{self, module_diagnosis};
use crate::protocol;
use crate::value::{PyResult, Ref, Value};

fn module_of<'a>(value: Value) -> &'a ModuleObject {
    value.get::<ModuleObject>().expect("descriptors check their owner")
}

fn namespace<'a>(value: Value) -> &'a DictObject {
    module_of(value).dict()
}

fn annotate_of(dict: &DictObject) -> Option<Ref> {
    dict.get_str(names().__annotate__).filter(|found| protocol::is_callable(*found)).map(Value::to_ref)
}

fn get_annotations(value: Value) -> PyResult {
    let module = module_of(value);
    let dict = module.dict();
    if let Some(found) = dict.get_str(names().__annotations__) {
        return Ok(found.to_ref());
    }
    let computed = match annotate_of(dict) {
        None => DictObject::new().into_ref(),
        Some(annotate) => protocol::call(annotate.value(), &[Value::small(1)], None)?,
    };
    if !computed.is_instance::<DictObject>() {
        let got = computed.ty().name();
        return Err(crate::raise!(TypeError, "__annotate__ returned non-dict of type '{got}'"));
    }
    if !module.is_running() && !module_diagnosis::is_namespace_initializing(dict)? {
        dict.set_str(names().__annotations__, computed.clone());
    }
    Ok(computed)
}

fn set_annotations(value: Value, new: Option<Value>) -> PyResult<()> {
    let dict = namespace(value);
    match new {
        Some(new) => dict.set_str(names().__annotations__, new.to_ref()),
        None if dict.remove_str(names().__annotations__).is_none() => {
            return Err(crate::raise!(AttributeError, "__annotations__"));
        }
        None => {}
    }
    drop(dict.remove_str(names().__annotate__));
    Ok(())
}

fn get_annotate(value: Value) -> PyResult {
    let dict = namespace(value);
    if dict.get_str(names().__annotate__).is_none() {
        dict.set_str(names().__annotate__, objects::none().to_ref());
    }
    Ok(dict.get_str(names().__annotate__).unwrap_or_else(objects::none).to_ref())
}

fn set_annotate(value: Value, new: Option<Value>) -> PyResult<()> {
    let Some(new) = new else {
        return Err(crate::raise!(TypeError, "cannot delete __annotate__ attribute"));
    };
    if !objects::is_none(new) && !protocol::is_callable(new) {
        return Err(crate::raise!(TypeError, "__annotate__ must be callable or None"));
    }
    let dict = namespace(value);
    dict.set_str(names().__annotate__, new.to_ref());
    if !objects::is_none(new) {
        drop(dict.remove_str(names().__annotations__));
    }
    Ok(())
}

/// The two attributes.
pub(super) const ATTRIBUTES: [GetSetDef; 2] = [
    GetSetDef { name: "__annotations__", doc: "", get: get_annotations, set: Some(set_annotations) },
    GetSetDef { name: "__annotate__", doc: "", get: get_annotate, set: Some(set_annotate) },
];
