//! Showing a warning: by `warnings._showwarnmsg`, where that module is imported, else here.

use runtime::error::print;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::{PyResult, Ref, TypeObject, finalize, objects, protocol, raise};

use super::{Warning, attribute};

pub(super) fn show(warning: &Warning) -> PyResult<()> {
    // Only the library can tell where the source of a warning was made.
    if warning.source.is_some() && !finalize::is_finalizing() {
        protocol::import::import_absolute("warnings")?;
    }
    let Some(function) = attribute("_showwarnmsg")? else {
        return write(warning);
    };
    if !protocol::is_callable(function.value()) {
        return Err(raise!(TypeError, "warnings._showwarnmsg() must be set to a callable"));
    }
    let Some(class) = attribute("WarningMessage")? else {
        return Err(raise!(RuntimeError, "unable to get warnings.WarningMessage"));
    };
    let (line, none) = (int::from_i64(warning.place.line), objects::none());
    let source = warning.source.as_ref().map_or(none, Ref::value);
    let parts = [
        warning.message.value(),
        warning.category.value(),
        warning.place.file.value(),
        line.value(),
        none,
        none,
        source,
    ];
    let message = protocol::call(class.value(), &parts, None)?;
    protocol::call_one(function.value(), message.value()).map(drop)
}

/// As the library does by default.
fn write(warning: &Warning) -> PyResult<()> {
    let place = &warning.place;
    let file = protocol::str_string(place.file.value())?;
    let category =
        warning.category.get::<TypeObject>().map(|class| class.name().to_owned()).unwrap_or_default();
    let text = protocol::str_string(warning.text.value())?;
    let is_file = !(file.starts_with('<') && file.ends_with('>'));
    let of_file = || {
        u32::try_from(place.line).ok().filter(|_| is_file).and_then(|line| print::source_line(&file, line))
    };
    let line = place
        .source
        .clone()
        .or_else(of_file)
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty());
    let line = line.map(|line| format!("  {line}\n")).unwrap_or_default();
    let shown = format!("{file}:{}: {category}: {text}\n{line}", place.line);
    print::write_object_to_sys_stderr(StrObject::new(&shown).value(), &shown);
    Ok(())
}
