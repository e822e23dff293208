//! How the constructors of particular exceptions turn arguments into attributes, and how those exceptions print.

use super::exception::{self, ExceptionObject};
use super::types::{self, EXIT_CODE, STOP_VALUE};
use super::unicode;
use crate::args::Args;
use crate::objects;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

/// Checks of `__init__` that need more than positional arguments, and the fields that come from them.
pub(super) fn after_init(exception: &ExceptionObject, ty: &TypeObject, args: &[Value]) -> PyResult<()> {
    if ty.is_subtype_of(&types::SyntaxError) {
        return fill_syntax_details(exception, args);
    }
    match unicode::Kind::of(ty) {
        Some(kind) => unicode::fill(exception, kind, args),
        None => Ok(()),
    }
}

/// The place of a syntax error: file, line, offset and text, with the end of the range or without it, and what only the compiler knows.
fn fill_syntax_details(exception: &ExceptionObject, args: &[Value]) -> PyResult<()> {
    let &[_, details] = args else { return Ok(()) };
    let details = protocol::collect(details)?;
    let given = details.len();
    if !(4..=7).contains(&given) {
        let (bound, wanted) = if given < 4 { ("least", 4) } else { ("most", 7) };
        return Err(crate::raise!(TypeError, "function takes at {bound} {wanted} arguments ({given} given)"));
    }
    if given == 5 {
        return Err(crate::raise!(TypeError, "end_offset must be provided when end_lineno is provided"));
    }
    details.iter().take(6).enumerate().for_each(|(at, item)| set(exception, at + 1, Some(item.value())));
    Ok(())
}

/// Fills extra fields from positional arguments.
pub(super) fn fill_fields(exception: &ExceptionObject, ty: &TypeObject, args: &[Value]) {
    let is = |class: &TypeObject| ty.is_subtype_of(class);
    if is(&types::StopIteration) {
        set(exception, STOP_VALUE, args.first().copied());
    } else if is(&types::SystemExit) {
        let code = match args {
            [] => None,
            [only] => Some(only.to_ref()),
            _ => exception.args.get_ref(),
        };
        drop(exception.extra[EXIT_CODE].replace(code));
    } else if is(&types::OSError) {
        fill_os_error(exception, args);
    } else if is(&types::ImportError) {
        set(exception, 0, args.first().copied().filter(|_| args.len() == 1));
        (1..4).for_each(|at| set(exception, at, None));
    } else if is(&types::SyntaxError) {
        fill_syntax_error(exception, args);
    } else if is(&types::UnicodeDecodeError)
        || is(&types::UnicodeEncodeError)
        || is(&types::UnicodeTranslateError)
    {
        args.iter().take(5).enumerate().for_each(|(at, &arg)| set(exception, at, Some(arg)));
    } else if is(&types::BaseExceptionGroup) {
        fill_group(exception, args);
    }
}

fn set(exception: &ExceptionObject, at: usize, value: Option<Value>) {
    drop(exception.extra[at].replace(value.map(Value::to_ref)));
}

fn fill_os_error(exception: &ExceptionObject, args: &[Value]) {
    if !(2..=5).contains(&args.len()) {
        return;
    }
    set(exception, 0, Some(args[0]));
    set(exception, 1, Some(args[1]));
    let blocked = Value::from_object(exception).ty().is_subtype_of(&types::BlockingIOError);
    if let Some(&written) =
        args.get(2).filter(|written| blocked && objects::int::IntRef::of(**written).is_some())
    {
        set(exception, 4, Some(written));
        return;
    }
    set(exception, 2, args.get(2).copied());
    set(exception, 3, args.get(4).copied());
    if args.len() > 2 {
        exception.args.set(TupleObject::from_values(&args[..2]));
    }
}

fn fill_syntax_error(exception: &ExceptionObject, args: &[Value]) {
    set(exception, 0, args.first().copied());
    if let Some(details) = args.get(1).and_then(|details| details.get::<TupleObject>()) {
        details.items().iter().take(6).enumerate().for_each(|(at, &item)| set(exception, at + 1, Some(item)));
    }
}

fn fill_group(exception: &ExceptionObject, args: &[Value]) {
    set(exception, 0, args.first().copied());
    let Some(members) = args.get(1) else { return };
    // The members of other sequences are taken once, when they are checked.
    match members.get::<ListObject>() {
        Some(list) => exception.extra[1].set(TupleObject::new(list.to_vec())),
        None if members.is_instance::<TupleObject>() => exception.extra[1].set(members.to_ref()),
        None => {}
    }
}

/// Checks of `__new__` that need more than positional arguments.
pub(super) fn after_new(exception: &ExceptionObject, ty: &TypeObject, args: Args<'_>) -> PyResult<()> {
    if ty.is_subtype_of(&types::BaseExceptionGroup) {
        return check_group(exception, ty, args);
    }
    if ty.is_subtype_of(&types::OSError) {
        args.no_keywords(ty.name())?;
        retype_os_error(exception, ty, args);
    }
    Ok(())
}

/// Whether an `OSError` class has its work done by `__init__`, because it overrides that and not `__new__`. Otherwise it is
/// done by `__new__`, which alone can choose a subclass, and `__init__` does nothing.
pub(super) fn is_os_error_of_init(ty: &TypeObject) -> bool {
    let init: fn(Value, Args<'_>) -> PyResult<()> = exception::init_slot;
    let new: fn(&TypeObject, Args<'_>) -> PyResult = exception::new;
    let slots = ty.slots();
    ty.is_subtype_of(&types::OSError)
        && slots.init.is_some_and(|own| !std::ptr::fn_addr_eq(own, init))
        && slots.new.is_some_and(|own| std::ptr::fn_addr_eq(own, new))
}

/// `OSError(errno, ...)` makes the subclass for that errno.
fn retype_os_error(exception: &ExceptionObject, ty: &TypeObject, args: Args<'_>) {
    let errno = args.positional.first().and_then(|value| value.as_small());
    if !std::ptr::eq(ty, &raw const types::OSError) || !(2..=5).contains(&args.positional.len()) {
        return;
    }
    if let Some(errno) = errno.and_then(|errno| i32::try_from(errno).ok()) {
        let header = Value::from_object(exception).header().expect("an exception is an object");
        header.set_raw_type(types::os_error_class(errno));
    }
}

fn check_group(exception: &ExceptionObject, ty: &TypeObject, args: Args<'_>) -> PyResult<()> {
    let [message, members] = args.positional else {
        let given = args.positional.len();
        return Err(crate::raise!(
            TypeError,
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({given} given)"
        ));
    };
    if !message.is_instance::<StrObject>() {
        return Err(crate::raise!(TypeError, "argument 1 must be str, not {}", message.ty().name()));
    }
    if !protocol::iterate::is_sequence(*members) {
        return Err(crate::raise!(TypeError, "second argument (exceptions) must be a sequence"));
    }
    let members = protocol::collect(*members)?;
    if members.is_empty() {
        return Err(crate::raise!(ValueError, "second argument (exceptions) must be a non-empty sequence"));
    }
    for (at, member) in members.iter().enumerate() {
        if !member.is_instance::<ExceptionObject>() {
            return Err(crate::raise!(
                ValueError,
                "Item {at} of second argument (exceptions) is not an exception"
            ));
        }
    }
    if exception.extra[1].get().is_none_or(|kept| !kept.is_instance::<TupleObject>()) {
        exception.extra[1].set(TupleObject::new(members.clone()));
    }
    let group = crate::objects::exception_group::group_type();
    let all_plain = members.iter().all(|member| member.ty().is_subclass_of(&types::Exception));
    if all_plain && std::ptr::eq(ty, &raw const types::BaseExceptionGroup) {
        let header = Value::from_object(exception).header().expect("an exception is an object");
        header.set_raw_type(group);
        group.header.incref();
    } else if !all_plain && std::ptr::eq(ty, group) {
        return Err(crate::raise!(TypeError, "Cannot nest BaseExceptions in an ExceptionGroup"));
    } else if !all_plain && ty.is_subclass_of(&types::Exception) {
        return Err(crate::raise!(TypeError, "Cannot nest BaseExceptions in '{}'", ty.name()));
    }
    Ok(())
}

/// Keyword arguments are accepted by few exceptions, which store them.
pub(super) fn check_keywords(exception: &ExceptionObject, ty: &TypeObject, args: Args<'_>) -> PyResult<()> {
    let accepted: &[(&str, usize)] = if ty.is_subtype_of(&types::ImportError) {
        &[("name", 1), ("path", 2), ("name_from", 3)]
    } else if ty.is_subtype_of(&types::AttributeError) {
        &[("name", 0), ("obj", 1)]
    } else if ty.is_subtype_of(&types::NameError) {
        &[("name", 0)]
    } else {
        &[]
    };
    for (keyword, value) in args.keywords() {
        let keyword = keyword.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        match accepted.iter().find(|(name, _)| *name == keyword) {
            Some(&(_, at)) => exception.extra[at].set(value.to_ref()),
            None if accepted.is_empty() => {
                return Err(crate::raise!(TypeError, "{}() takes no keyword arguments", ty.name()));
            }
            None => {
                return Err(crate::raise!(
                    TypeError,
                    "{}() got an unexpected keyword argument '{keyword}'",
                    ty.name()
                ));
            }
        }
    }
    Ok(())
}

/// `str()` of exceptions that do not just print their arguments.
pub(super) fn special_str(exception: &ExceptionObject, ty: &TypeObject) -> PyResult<Option<Ref>> {
    let is = |class: &TypeObject| ty.is_subtype_of(class);
    if is(&types::KeyError) {
        let args = exception.arguments();
        return if let [key] = args.as_slice() { protocol::repr(key.value()).map(Some) } else { Ok(None) };
    }
    if is(&types::OSError) {
        return os_error_str(exception);
    }
    if is(&types::ImportError) {
        let message = exception.extra[0].get().filter(|message| message.is_exact(&crate::objects::str::STR));
        return Ok(message.map(Value::to_ref));
    }
    if is(&types::SyntaxError) {
        return syntax_error_str(exception);
    }
    if unicode::Kind::of(ty).is_some() {
        return unicode::text(exception).map(Some);
    }
    if is(&types::BaseExceptionGroup) {
        return group_str(exception).map(Some);
    }
    Ok(None)
}

fn os_error_str(exception: &ExceptionObject) -> PyResult<Option<Ref>> {
    let [errno, message, filename, filename2] = [0, 1, 2, 3].map(|at| exception.extra[at].get());
    let (Some(errno), Some(message)) = (errno, message) else { return Ok(None) };
    let mut text = format!("[Errno {}] {}", protocol::str_string(errno)?, protocol::str_string(message)?);
    if let Some(filename) = filename.filter(|filename| !objects::is_none(*filename)) {
        text += &format!(": {}", protocol::repr_string(filename)?);
        if let Some(second) = filename2.filter(|second| !objects::is_none(*second)) {
            text += &format!(" -> {}", protocol::repr_string(second)?);
        }
    }
    Ok(Some(StrObject::new(&text).into()))
}

fn syntax_error_str(exception: &ExceptionObject) -> PyResult<Option<Ref>> {
    let message = protocol::str_string(exception.extra[0].get().unwrap_or_else(objects::none))?;
    let filename =
        exception.extra[1].get().and_then(|name| name.get::<StrObject>()).map(StrObject::to_string_lossy);
    let filename = filename.map(|name| name.rsplit('/').next().unwrap_or_default().to_owned());
    let line = exception.extra[2].get().and_then(Value::as_small);
    let text = match (filename, line) {
        (Some(filename), Some(line)) => format!("{message} ({filename}, line {line})"),
        (Some(filename), None) => format!("{message} ({filename})"),
        (None, Some(line)) => format!("{message} (line {line})"),
        (None, None) => message,
    };
    Ok(Some(StrObject::new(&text).into()))
}

fn group_str(exception: &ExceptionObject) -> PyResult {
    let message = protocol::str_string(exception.extra[0].get().unwrap_or_else(objects::none))?;
    let count =
        exception.extra[1].get().and_then(|members| members.get::<TupleObject>()).map_or(0, TupleObject::len);
    let ending = crate::signature::plural(count);
    Ok(StrObject::new(&format!("{message} ({count} sub-exception{ending})")).into())
}
