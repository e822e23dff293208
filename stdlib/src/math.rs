//! `math`: the C library's functions with Python's errors, and exact integer functions.

mod exact;
mod extended;
mod real;

use runtime::PyResult;
use runtime::objects::float;
use runtime::objects::module::ModuleObject;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(real::SIMPLE);
    module.add_functions(real::OTHERS);
    module.add_functions(exact::FUNCTIONS);
    let constants = [
        ("pi", std::f64::consts::PI),
        ("e", std::f64::consts::E),
        ("tau", std::f64::consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ];
    for (name, value) in constants {
        module.dict().set_text(name, float::new(value));
    }
    Ok(())
}
