//! `__future__`: the features that a program may ask for; all of them are here already.

use runtime::PyResult;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{int, struct_sequence};

const FEATURES: [(&str, i64); 10] = [
    ("nested_scopes", 0x10),
    ("generators", 0),
    ("division", 0x2_0000),
    ("absolute_import", 0x4_0000),
    ("with_statement", 0x8_0000),
    ("print_function", 0x10_0000),
    ("unicode_literals", 0x20_0000),
    ("barry_as_FLUFL", 0x40_0000),
    ("generator_stop", 0x80_0000),
    ("annotations", 0x100_0000),
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for (name, flag) in FEATURES {
        let feature =
            struct_sequence::new("__future__", "_Feature", &[("compiler_flag", int::from_i64(flag))])?;
        module.dict().set_text(name, feature);
    }
    let names = FEATURES.iter().map(|(name, _)| StrObject::intern(name).into()).collect();
    module.dict().set_text("all_feature_names", ListObject::new(names));
    Ok(())
}
