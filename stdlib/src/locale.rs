//! `_locale`: the conventions of a language and country, as far as the C library is told of them.

use std::ffi::{CStr, CString};

use runtime::convert::OrNone;
use runtime::objects::dict::DictObject;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::{PyResult, Ref, Value, error, py_functions, raise};

use crate::posix::argument::{decode, decode_c, encode};
use crate::system::{add_constants, constants};

const CONSTANTS: &[(&str, i64)] = constants![
    LC_CTYPE LC_TIME LC_COLLATE LC_MONETARY LC_MESSAGES LC_NUMERIC LC_ALL CODESET RADIXCHAR THOUSEP CRNCYSTR D_FMT D_T_FMT T_FMT
    T_FMT_AMPM AM_STR PM_STR YESEXPR NOEXPR ERA ERA_D_FMT ERA_D_T_FMT ERA_T_FMT ALT_DIGITS DAY_1 DAY_2 DAY_3 DAY_4 DAY_5 DAY_6
    DAY_7 ABDAY_1 ABDAY_2 ABDAY_3 ABDAY_4 ABDAY_5 ABDAY_6 ABDAY_7 MON_1 MON_2 MON_3 MON_4 MON_5 MON_6 MON_7 MON_8 MON_9 MON_10
    MON_11 MON_12 ABMON_1 ABMON_2 ABMON_3 ABMON_4 ABMON_5 ABMON_6 ABMON_7 ABMON_8 ABMON_9 ABMON_10 ABMON_11 ABMON_12
];

unsafe extern "C" {
    fn strcoll(a: *const libc::c_char, b: *const libc::c_char) -> i32;
    fn strxfrm(to: *mut libc::c_char, from: *const libc::c_char, size: usize) -> usize;
}

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    add_constants(module, CONSTANTS);
    add_constants(module, &[("CHAR_MAX", 127)]);
    module.dict().set_text("Error", error::types::ValueError.value().to_ref());
    Ok(())
}

/// A grouping: numbers up to one that ends it.
fn grouping(text: *const libc::c_char) -> Ref {
    // SAFETY: a terminated text of the C library.
    let numbers = unsafe { CStr::from_ptr(text) }.to_bytes();
    let mut items: Vec<Ref> = numbers.iter().map(|&number| int::from_i64(number.into())).collect();
    if !items.is_empty() && numbers.last() != Some(&127) {
        items.push(int::from_i64(0));
    }
    ListObject::new(items).into()
}

fn c_text(text: &StrObject) -> PyResult<CString> {
    CString::new(encode(text)?).map_err(|_| raise!(ValueError, "embedded null character"))
}

py_functions! { static FUNCTIONS;
    /// Activates or queries locale processing.
    "setlocale(category, locale=None, /)"
    fn setlocale(category: i32, locale: OrNone<&StrObject>) -> PyResult {
        let name = locale.0.map(c_text).transpose()?;
        // SAFETY: a terminated text, or null for a question.
        let made = unsafe { libc::setlocale(category, name.as_ref().map_or(std::ptr::null(), |name| name.as_ptr())) };
        if made.is_null() {
            return Err(raise!(ValueError, "unsupported locale setting"));
        }
        // SAFETY: a terminated text.
        Ok(unsafe { decode_c(made) })
    }
    /// Returns numeric and monetary locale-specific parameters.
    "localeconv()"
    fn localeconv() -> PyResult {
        // SAFETY: no arguments; the structure is the C library's until the next call.
        let info = unsafe { &*libc::localeconv() };
        let dict = DictObject::new();
        let texts = [
            ("decimal_point", info.decimal_point),
            ("thousands_sep", info.thousands_sep),
            ("int_curr_symbol", info.int_curr_symbol),
            ("currency_symbol", info.currency_symbol),
            ("mon_decimal_point", info.mon_decimal_point),
            ("mon_thousands_sep", info.mon_thousands_sep),
            ("positive_sign", info.positive_sign),
            ("negative_sign", info.negative_sign),
        ];
        for (name, text) in texts {
            // SAFETY: terminated texts.
            dict.set_text(name, unsafe { decode_c(text) });
        }
        dict.set_text("grouping", grouping(info.grouping));
        dict.set_text("mon_grouping", grouping(info.mon_grouping));
        let numbers = [
            ("int_frac_digits", info.int_frac_digits),
            ("frac_digits", info.frac_digits),
            ("p_cs_precedes", info.p_cs_precedes),
            ("p_sep_by_space", info.p_sep_by_space),
            ("n_cs_precedes", info.n_cs_precedes),
            ("n_sep_by_space", info.n_sep_by_space),
            ("p_sign_posn", info.p_sign_posn),
            ("n_sign_posn", info.n_sign_posn),
        ];
        numbers.into_iter().for_each(|(name, number)| dict.set_text(name, int::from_i64(number.into())));
        Ok(dict.into())
    }
    /// Compares two strings according to the locale.
    "strcoll(os1, os2, /)"
    fn strcoll_function(os1: &StrObject, os2: &StrObject) -> PyResult<i32> {
        let (a, b) = (c_text(os1)?, c_text(os2)?);
        // SAFETY: terminated texts.
        Ok(unsafe { strcoll(a.as_ptr(), b.as_ptr()) })
    }
    /// Return a string that can be used as a key for locale-aware comparisons.
    "strxfrm(string, /)"
    fn strxfrm_function(string: &StrObject) -> PyResult {
        let text = c_text(string)?;
        // SAFETY: a terminated text; nothing is written.
        let length = unsafe { strxfrm(std::ptr::null_mut(), text.as_ptr(), 0) };
        let mut room = vec![0_u8; length + 1];
        // SAFETY: the room is valid for its length.
        unsafe { strxfrm(room.as_mut_ptr().cast(), text.as_ptr(), room.len()) };
        room.truncate(length);
        Ok(decode(&room))
    }
    /// Return the value for the locale information associated with key.
    "nl_langinfo(key, /)"
    fn nl_langinfo(key: i32) -> PyResult {
        if !CONSTANTS.iter().skip(7).any(|&(_, known)| known == i64::from(key)) {
            return Err(raise!(ValueError, "unsupported langinfo constant"));
        }
        // SAFETY: a number; a terminated text.
        Ok(unsafe { decode_c(libc::nl_langinfo(key)) })
    }
    /// Get the current locale encoding.
    "getencoding()"
    fn getencoding() -> Value {
        StrObject::intern("utf-8").value()
    }
}
