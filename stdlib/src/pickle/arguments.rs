//! The arguments of `Pickler()` and `Unpickler()`, which are bound by hand because classes are called through slots.

use runtime::args::Args;
use runtime::{PyResult, Value, protocol, raise};

/// The arguments by the order of `names`, of which the first is required and the first `positional` may go without their names.
pub(super) fn bind<const N: usize>(
    class: &str,
    args: Args<'_>,
    names: [&str; N],
    positional: usize,
) -> PyResult<[Option<Value>; N]> {
    let given = args.positional;
    if given.len() > positional {
        let (count, s) = (given.len(), if positional == 1 { "" } else { "s" });
        return Err(raise!(
            TypeError,
            "{class}() takes at most {positional} positional argument{s} ({count} given)"
        ));
    }
    let mut bound = [None; N];
    for (place, value) in bound.iter_mut().zip(given) {
        *place = Some(*value);
    }
    for (keyword, value) in args.keywords() {
        let keyword = protocol::str_string(keyword)?;
        match names.iter().position(|name| *name == keyword) {
            Some(at) if bound[at].is_none() => bound[at] = Some(value),
            Some(at) => {
                let place = at + 1;
                let message =
                    format!("argument for {class}() given by name ('{keyword}') and position ({place})");
                return Err(raise!(TypeError, "{message}"));
            }
            None => {
                return Err(raise!(TypeError, "{class}() got an unexpected keyword argument '{keyword}'"));
            }
        }
    }
    if bound[0].is_none() {
        let name = names[0];
        return Err(raise!(TypeError, "{class}() missing required argument '{name}' (pos 1)"));
    }
    Ok(bound)
}
