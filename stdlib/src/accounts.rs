//! `pwd` and `grp`: the users and groups that the system knows.

use std::ffi::CString;

use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::struct_sequence::StructType;
use runtime::{PyResult, Ref, Value, error, protocol, py_functions, raise};

use crate::posix::argument::{self, decode_c};

static PASSWD: StructType = StructType::new(
    "pwd",
    "struct_passwd",
    &["pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell"],
);

static GROUP: StructType =
    StructType::new("grp", "struct_group", &["gr_name", "gr_passwd", "gr_gid", "gr_mem"]);

/// Fills `pwd`.
pub(crate) fn fill_users(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(USER_FUNCTIONS);
    module.dict().set_text("struct_passwd", PASSWD.class()?.value().to_ref());
    Ok(())
}

/// Fills `grp`.
pub(crate) fn fill_groups(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(GROUP_FUNCTIONS);
    module.dict().set_text("struct_group", GROUP.class()?.value().to_ref());
    Ok(())
}

/// An entry of the users' table, which is the C library's until the next call; `None` for null.
fn user(entry: *const libc::passwd) -> PyResult<Option<Ref>> {
    // SAFETY: null, or an entry whose texts are terminated.
    let Some(entry) = (unsafe { entry.as_ref() }) else { return Ok(None) };
    // SAFETY: as above.
    let text = |text: *const libc::c_char| unsafe { decode_c(text) };
    let values = vec![
        text(entry.pw_name),
        text(entry.pw_passwd),
        int::from_i64(entry.pw_uid.into()),
        int::from_i64(entry.pw_gid.into()),
        text(entry.pw_gecos),
        text(entry.pw_dir),
        text(entry.pw_shell),
    ];
    PASSWD.make(values).map(Some)
}

/// An entry of the groups' table, as [`user`].
fn group(entry: *const libc::group) -> PyResult<Option<Ref>> {
    // SAFETY: null, or an entry whose texts are terminated.
    let Some(entry) = (unsafe { entry.as_ref() }) else { return Ok(None) };
    let members = ListObject::empty();
    let mut at = entry.gr_mem;
    // SAFETY: an array of terminated texts that ends with null.
    unsafe {
        while !at.is_null() && !(*at).is_null() {
            members.push(decode_c(*at));
            at = at.add(1);
        }
    }
    // SAFETY: terminated texts.
    let (name, password) = unsafe { (decode_c(entry.gr_name), decode_c(entry.gr_passwd)) };
    GROUP.make(vec![name, password, int::from_i64(entry.gr_gid.into()), members.into()]).map(Some)
}

fn name_of(name: Value) -> PyResult<CString> {
    let Some(text) = name.get::<StrObject>() else {
        return Err(raise!(TypeError, "argument must be str, not {}", name.ty().name()));
    };
    CString::new(argument::encode(text)?).map_err(|_| raise!(ValueError, "embedded null byte"))
}

/// The number of a user or group, if it can be one.
fn identity(value: Value) -> PyResult<Option<u32>> {
    let number = int::index(value)?;
    let number = int::IntRef::of(number.value()).and_then(int::IntRef::to_i64);
    Ok(match number {
        Some(-1) => Some(u32::MAX),
        Some(number) => u32::try_from(number).ok(),
        None => None,
    })
}

fn found(entry: Option<Ref>, what: &str, key: Value) -> PyResult {
    match entry {
        Some(entry) => Ok(entry),
        None => {
            let shown = if key.is_instance::<StrObject>() {
                protocol::repr_string(key)?
            } else {
                protocol::str_string(key)?
            };
            let message = StrObject::new(&format!("{what} not found: {shown}"));
            Err(error::raise_with_args(&error::types::KeyError, &[message.value()]))
        }
    }
}

py_functions! { static USER_FUNCTIONS;
    /// Return the password database entry for the given numeric user ID.
    "getpwuid(uid, /)"
    fn getpwuid(uid: Value) -> PyResult {
        let entry = match identity(uid)? {
            // SAFETY: a number.
            Some(number) => user(unsafe { libc::getpwuid(number) })?,
            None => None,
        };
        found(entry, "getpwuid(): uid", uid)
    }
    /// Return the password database entry for the given user name.
    "getpwnam(name, /)"
    fn getpwnam(name: Value) -> PyResult {
        let text = name_of(name)?;
        // SAFETY: a terminated text.
        found(user(unsafe { libc::getpwnam(text.as_ptr()) })?, "getpwnam(): name", name)
    }
    /// Return a list of all available password database entries, in arbitrary order.
    "getpwall()"
    fn getpwall() -> PyResult {
        let all = ListObject::empty();
        // SAFETY: no arguments; entries are the C library's until the next call.
        unsafe {
            libc::setpwent();
            while let Some(entry) = user(libc::getpwent())? {
                all.push(entry);
            }
            libc::endpwent();
        }
        Ok(all.into())
    }
}

py_functions! { static GROUP_FUNCTIONS;
    /// Return the group database entry for the given numeric group ID.
    "getgrgid(id)"
    fn getgrgid(id: Value) -> PyResult {
        let entry = match identity(id)? {
            // SAFETY: a number.
            Some(number) => group(unsafe { libc::getgrgid(number) })?,
            None => None,
        };
        found(entry, "getgrgid(): gid", id)
    }
    /// Return the group database entry for the given group name.
    "getgrnam(name)"
    fn getgrnam(name: Value) -> PyResult {
        let text = name_of(name)?;
        // SAFETY: a terminated text.
        found(group(unsafe { libc::getgrnam(text.as_ptr()) })?, "getgrnam(): name", name)
    }
    /// Return a list of all available group entries, in arbitrary order.
    "getgrall()"
    fn getgrall() -> PyResult {
        let all = ListObject::empty();
        // SAFETY: no arguments; entries are the C library's until the next call.
        unsafe {
            libc::setgrent();
            while let Some(entry) = group(libc::getgrent())? {
                all.push(entry);
            }
            libc::endgrent();
        }
        Ok(all.into())
    }
}
