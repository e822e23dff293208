//! `errno`: numbers of the system's errors, and their names.

use runtime::PyResult;
use runtime::objects::dict::DictObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;

macro_rules! codes {
    ($($name:ident)*) => {
        const CODES: &[(&str, i32)] = &[$((stringify!($name), libc::$name)),*];
    };
}

codes! {
    ENODEV EPIPE EPERM EIO ENOENT ESRCH EINTR ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV
    ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK
    ENOSYS ENOTEMPTY ELOOP ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC
    EBADSLT EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG
    EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ
    EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL
    ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED
    EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED
    ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON
    EWOULDBLOCK EDEADLOCK ENOTSUP
}

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    let names = DictObject::new();
    for &(name, code) in CODES {
        module.dict().set_text(name, int::from_i64(code.into()));
        let number = int::from_i64(code.into());
        // Of two names for one number, the table of names gives the first.
        if !names.contains(number.value())? {
            names.set(number.value(), StrObject::intern(name).into_ref())?;
        }
    }
    module.dict().set_text("errorcode", names);
    Ok(())
}
