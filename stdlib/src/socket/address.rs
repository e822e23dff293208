//! Addresses of sockets: between Python's tuples and names and the structures of the system; names of hosts.

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::net::{Ipv4Addr, Ipv6Addr};

use runtime::objects::bytes::BytesObject;
use runtime::objects::dict::DictObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::world::World;
use runtime::{PyResult, Raised, Ref, TypeObject, Value, error, protocol, raise};

use crate::posix::argument;
use crate::system::waiting;

/// An address of any family, and its length.
pub(super) struct Address {
    storage: libc::sockaddr_storage,
    pub(super) len: libc::socklen_t,
}

impl Address {
    /// Room for an address that the system fills in.
    pub(super) fn empty() -> Address {
        // SAFETY: the structure consists of numbers.
        let storage = unsafe { std::mem::zeroed() };
        Address { storage, len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    /// A copy of a structure of the system.
    pub(super) fn of<T: Copy>(address: T) -> Address {
        const { assert!(size_of::<T>() <= size_of::<libc::sockaddr_storage>()) };
        let mut this = Address::empty();
        // SAFETY: the storage has room for every kind of address.
        unsafe { (&raw mut this.storage).cast::<T>().write(address) };
        this.len = size_of::<T>() as libc::socklen_t;
        this
    }

    /// The address for the system.
    pub(super) fn as_ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    /// The room for the system to fill in.
    pub(super) fn as_mut_ptr(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }

    /// Its kind.
    pub(super) fn family(&self) -> i32 {
        i32::from(self.storage.ss_family)
    }

    /// The names of host and service, as `flags` want them; an error is a code for [`gai_error`].
    pub(super) fn names(&self, flags: i32) -> Result<[Ref; 2], i32> {
        let (mut host, mut service) = ([0; 1025], [0; 32]);
        let (host_room, service_room) = (host.as_mut_ptr(), service.as_mut_ptr());
        // SAFETY: the address and both rooms are valid for their lengths.
        let (code, _) = waiting(|| unsafe {
            libc::getnameinfo(self.as_ptr(), self.len, host_room, 1025, service_room, 32, flags)
        });
        if code != 0 {
            return Err(code);
        }
        // SAFETY: terminated by the call.
        Ok(unsafe { [argument::decode_c(host.as_ptr()), argument::decode_c(service.as_ptr())] })
    }

    /// The host in numbers.
    pub(super) fn host(&self) -> PyResult {
        // SAFETY: the structure is of the family that it names.
        let text = unsafe {
            match self.family() {
                libc::AF_INET => {
                    let address = &*self.as_ptr().cast::<libc::sockaddr_in>();
                    Ipv4Addr::from(address.sin_addr.s_addr.to_ne_bytes()).to_string()
                }
                _ => Ipv6Addr::from((*self.as_ptr().cast::<libc::sockaddr_in6>()).sin6_addr.s6_addr)
                    .to_string(),
            }
        };
        Ok(StrObject::new(&text).into())
    }

    /// As Python shows it.
    pub(super) fn to_python(&self) -> PyResult {
        if self.len == 0 {
            return Ok(objects::none().to_ref());
        }
        let number = |value: u32| int::from_i64(value.into());
        match self.family() {
            libc::AF_INET => {
                // SAFETY: the structure is of the family that it names.
                let address = unsafe { &*self.as_ptr().cast::<libc::sockaddr_in>() };
                let port = u16::from_be(address.sin_port);
                Ok(TupleObject::of([self.host()?, number(port.into())]).into())
            }
            libc::AF_INET6 => {
                // SAFETY: the structure is of the family that it names.
                let address = unsafe { &*self.as_ptr().cast::<libc::sockaddr_in6>() };
                let (port, flow) = (u16::from_be(address.sin6_port), u32::from_be(address.sin6_flowinfo));
                let items = [self.host()?, number(port.into()), number(flow), number(address.sin6_scope_id)];
                Ok(TupleObject::of(items).into())
            }
            libc::AF_UNIX => {
                let start = std::mem::offset_of!(libc::sockaddr_un, sun_path);
                let len = (self.len as usize).saturating_sub(start).min(108);
                // SAFETY: the storage is larger than an address of this family.
                let path = unsafe { std::slice::from_raw_parts(self.as_ptr().cast::<u8>().add(start), len) };
                if path.first() == Some(&0) && len > 1 {
                    return Ok(BytesObject::new(path).into());
                }
                let end = path.iter().position(|&byte| byte == 0).unwrap_or(len);
                Ok(argument::decode(&path[..end]))
            }
            family => {
                let rest = BytesObject::new(&[]);
                Ok(TupleObject::of([int::from_i64(family.into()), rest.into()]).into())
            }
        }
    }

    /// An address of a family, given in Python to a method.
    pub(super) fn from_python(family: i32, value: Value, method: &str) -> PyResult<Address> {
        match family {
            libc::AF_UNIX => unix(value),
            libc::AF_INET | libc::AF_INET6 => internet(family, value, method),
            _ => Err(error::not_supported("addresses of this family")),
        }
    }
}

fn unix(value: Value) -> PyResult<Address> {
    let path = match value.get::<StrObject>() {
        Some(text) => argument::encode(text)?,
        None => runtime::buffer::to_vec(value)?,
    };
    // SAFETY: the structure consists of numbers.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    // The system finds a name for a socket that is bound to nothing.
    let is_abstract = matches!(path.first(), None | Some(0));
    let most = address.sun_path.len() - usize::from(!is_abstract);
    if path.len() > most {
        return Err(raise!(OSError, "AF_UNIX path too long"));
    }
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    for (to, &byte) in address.sun_path.iter_mut().zip(&path) {
        *to = byte as libc::c_char;
    }
    let mut made = Address::of(address);
    let start = std::mem::offset_of!(libc::sockaddr_un, sun_path);
    made.len = (start + path.len() + usize::from(!is_abstract)) as libc::socklen_t;
    Ok(made)
}

fn internet(family: i32, value: Value, method: &str) -> PyResult<Address> {
    let name = if family == libc::AF_INET { "AF_INET" } else { "AF_INET6" };
    let Some(tuple) = value.get::<TupleObject>() else {
        let got = value.ty().name();
        return Err(raise!(TypeError, "{method}(): {name} address must be tuple, not {got}"));
    };
    let (host, port, rest) = match (tuple.items(), family) {
        ([host, port], _) => (*host, *port, &[][..]),
        ([host, port, rest @ ..], libc::AF_INET6) if rest.len() <= 2 => (*host, *port, rest),
        (_, libc::AF_INET) => return Err(raise!(TypeError, "AF_INET address must be a pair (host, port)")),
        _ => {
            let wanted = "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])";
            return Err(raise!(TypeError, "{wanted}"));
        }
    };
    let port = int::to_i64(port)?;
    let Ok(port) = u16::try_from(port) else {
        return Err(raise!(OverflowError, "{method}(): port must be 0-65535."));
    };
    let mut address = resolve(&host_name(host)?, family)?;
    let pointer = address.as_mut_ptr();
    // SAFETY: the structure is of the family that was asked for.
    unsafe {
        if family == libc::AF_INET {
            (*pointer.cast::<libc::sockaddr_in>()).sin_port = port.to_be();
        } else {
            let address = &mut *pointer.cast::<libc::sockaddr_in6>();
            address.sin6_port = port.to_be();
            if let Some(flow) = rest.first() {
                address.sin6_flowinfo = flow_info(*flow, method)?.to_be();
            }
            if let Some(scope) = rest.get(1) {
                address.sin6_scope_id = int::to_i64(*scope)? as u32;
            }
        }
    }
    Ok(address)
}

/// What an address of IPv6 says of a flow.
pub(super) fn flow_info(flow: Value, method: &str) -> PyResult<u32> {
    const MOST: i64 = 0xf_ffff;
    match int::to_i64(flow)? {
        flow @ 0..=MOST => Ok(flow as u32),
        _ => Err(raise!(OverflowError, "{method}(): flowinfo must be 0-{MOST}.")),
    }
}

/// The name of a host as the system takes it.
pub(super) fn host_name(value: Value) -> PyResult<CString> {
    let bytes = match value.get::<StrObject>() {
        Some(text) => match text.as_ascii() {
            Some(ascii) => ascii.as_bytes().to_vec(),
            None => {
                let encoding = StrObject::intern("idna");
                runtime::codec::encode(value, Some(encoding.value()), None)?
            }
        },
        None if runtime::buffer::is_bytes_like(value) => runtime::buffer::to_vec(value)?,
        None => {
            let got = value.ty().name();
            return Err(raise!(TypeError, "str, bytes or bytearray expected, not {got}"));
        }
    };
    CString::new(bytes).map_err(|_| raise!(TypeError, "host name must not contain null character"))
}

/// The first address of a host.
pub(super) fn resolve(host: &CStr, family: i32) -> PyResult<Address> {
    let name = host.to_bytes();
    if name == b"<broadcast>" && family == libc::AF_INET {
        // SAFETY: the structure consists of numbers.
        let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
        address.sin_family = libc::AF_INET as libc::sa_family_t;
        address.sin_addr.s_addr = u32::MAX;
        return Ok(Address::of(address));
    }
    // SAFETY: the structure consists of numbers and null pointers.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    (hints.ai_family, hints.ai_socktype) = (family, libc::SOCK_DGRAM);
    hints.ai_flags = if name.is_empty() { libc::AI_PASSIVE } else { 0 };
    let host = (!name.is_empty()).then_some(host);
    let service = if host.is_none() { Some(c"0") } else { None };
    let found = lookup(host, service, &hints)?;
    found.into_iter().next().map(|entry| entry.address).ok_or_else(|| gai_error(libc::EAI_NONAME))
}

/// One result of a lookup.
pub(super) struct Entry {
    pub(super) family: i32,
    pub(super) kind: i32,
    pub(super) protocol: i32,
    pub(super) name: Ref,
    pub(super) address: Address,
}

/// `getaddrinfo` of the C library.
pub(super) fn lookup(
    host: Option<&CStr>,
    service: Option<&CStr>,
    hints: &libc::addrinfo,
) -> PyResult<Vec<Entry>> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    let mut first = std::ptr::null_mut();
    // SAFETY: terminated texts or null; a valid structure; the result is freed below.
    let (code, _) =
        waiting(|| unsafe { libc::getaddrinfo(pointer(host), pointer(service), hints, &raw mut first) });
    if code != 0 {
        return Err(gai_error(code));
    }
    let mut found = Vec::new();
    let mut at = first;
    while !at.is_null() {
        // SAFETY: an entry of the list, whose address has the length that it tells.
        unsafe {
            let entry = &*at;
            let mut address = Address::empty();
            let len = (entry.ai_addrlen as usize).min(size_of::<libc::sockaddr_storage>());
            std::ptr::copy_nonoverlapping(entry.ai_addr.cast::<u8>(), address.as_mut_ptr().cast(), len);
            address.len = len as libc::socklen_t;
            let name = match entry.ai_canonname.is_null() {
                true => StrObject::empty().into(),
                false => argument::decode_c(entry.ai_canonname),
            };
            found.push(Entry {
                family: entry.ai_family,
                kind: entry.ai_socktype,
                protocol: entry.ai_protocol,
                name,
                address,
            });
            at = entry.ai_next;
        }
    }
    // SAFETY: the list of the call above, freed once.
    unsafe { libc::freeaddrinfo(first) };
    Ok(found)
}

/// The classes `gaierror` and `herror`, made on first use.
static CLASSES: World<[Cell<Value>; 2]> = World::new([const { Cell::new(Value::NULL) }; 2]);

/// The class of a name: 0 is `gaierror`, 1 is `herror`.
pub(super) fn error_class(which: usize) -> PyResult {
    if let Some(class) = CLASSES[which].get().non_null() {
        return Ok(class.to_ref());
    }
    let bases = TupleObject::of([error::types::OSError.value().to_ref()]);
    let namespace = DictObject::new();
    namespace.set_text("__module__", StrObject::intern("socket"));
    let name = StrObject::intern(["gaierror", "herror"][which]);
    let args = [name.value(), bases.value(), namespace.value()];
    let class = protocol::call(objects::type_type::TYPE.value(), &args, None)?;
    runtime::audit::exempt_graph(class.value());
    CLASSES[which].set(class.clone().into_value());
    Ok(class)
}

/// The error of a host that has no name: what `h_errno` calls `HOST_NOT_FOUND`.
pub(super) fn host_error() -> Raised {
    match error_class(1) {
        Ok(class) => {
            let class = class.get::<TypeObject>().expect("made as a class");
            error::raise_with_args(class, &[Value::small(1), StrObject::new("Unknown host").value()])
        }
        Err(raised) => raised,
    }
}

/// The error of a lookup.
pub(super) fn gai_error(code: i32) -> Raised {
    if code == libc::EAI_SYSTEM {
        return crate::system::failure();
    }
    // SAFETY: a number; a terminated text.
    let text = unsafe { argument::decode_c(libc::gai_strerror(code)) };
    match error_class(0) {
        Ok(class) => {
            let class = class.get::<TypeObject>().expect("made as a class");
            error::raise_with_args(class, &[Value::small(code.into()), text.value()])
        }
        Err(raised) => raised,
    }
}
