//! `_string`: how `str.format` reads its templates, for `string.Formatter`.

use runtime::format::template::{self, Step};
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::{PyResult, Ref, protocol, py_functions};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    Ok(())
}

fn text(text: &str) -> Ref {
    StrObject::new(text).into()
}

fn none() -> Ref {
    objects::none().to_ref()
}

py_functions! { static FUNCTIONS;
    /// parse the argument as a format string
    "formatter_parser(format_string, /)"
    fn formatter_parser(format_string: &StrObject) -> PyResult {
        let row = |piece: template::Piece| {
            let literal = text(&piece.literal);
            let row = match piece.field {
                None => [literal, none(), none(), none()],
                Some((name, spec, conversion)) => {
                    let conversion = conversion.map_or_else(none, |c| text(&c.to_string()));
                    [literal, text(&name), text(&spec), conversion]
                }
            };
            TupleObject::of(row).into()
        };
        let rows: Vec<Ref> = template::pieces(format_string)?.into_iter().map(row).collect();
        protocol::get_iter(ListObject::new(rows).value())
    }
    /// split the argument as a field name
    "formatter_field_name_split(field_name, /)"
    fn formatter_field_name_split(field_name: &StrObject) -> PyResult {
        let name = field_name.to_string_lossy();
        let (first, steps) = template::split_steps(&name)?;
        let number = first.parse::<i64>().ok().filter(|_| first.bytes().all(|b| b.is_ascii_digit()));
        let row = |step: Step| {
            let (is_attribute, key) = match step {
                Step::Attribute(name) => (true, text(&name)),
                Step::Item(key) => (false, key),
            };
            TupleObject::of([objects::bool(is_attribute).to_ref(), key]).into()
        };
        let rows: Vec<Ref> = steps.into_iter().map(row).collect();
        let first = number.map_or_else(|| text(first), int::from_i64);
        let rest = protocol::get_iter(ListObject::new(rows).value())?;
        Ok(TupleObject::of([first, rest]).into())
    }
}
