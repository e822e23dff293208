//! `time`: [`clock`]s and waiting; [`calendar`]: dates, their text, the time zone.

mod calendar;
mod clock;

pub(crate) use clock::{deadline, left};

use runtime::PyResult;
use runtime::objects::module::ModuleObject;

const CONSTANTS: &[(&str, i64)] = crate::system::constants![
    CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_MONOTONIC_RAW CLOCK_PROCESS_CPUTIME_ID CLOCK_REALTIME CLOCK_TAI CLOCK_THREAD_CPUTIME_ID
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(clock::FUNCTIONS);
    module.add_functions(calendar::FUNCTIONS);
    crate::system::add_constants(module, CONSTANTS);
    crate::system::add_constants(module, &[("_STRUCT_TM_ITEMS", 11)]);
    module.dict().set_text("struct_time", calendar::STRUCT_TIME.class()?.value().to_ref());
    calendar::set_zone(module.dict());
    Ok(())
}
