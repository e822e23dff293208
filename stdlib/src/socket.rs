//! `_socket`: [`object`] (sockets), [`address`] (their addresses, names of hosts), [`message`] (ancillary data); here the functions.
//!
//! Lib's `socket` adds what does not need the system.

mod address;
mod message;
mod object;

use std::ffi::CString;
use std::net::{Ipv4Addr, Ipv6Addr};

use runtime::convert::OrNone;
use runtime::objects::bytes::BytesObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::types::ready;
use runtime::{PyResult, Ref, Value, buffer, error, protocol, py_functions, raise, tell};

use crate::posix::argument::{c_string, decode_c};
use crate::system::{add_constants, constants, system};
use address::Address;

const CONSTANTS: &[(&str, i64)] = constants![
    AF_UNSPEC AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_SEQPACKET SOCK_RDM SOCK_CLOEXEC
    SOCK_NONBLOCK SOL_SOCKET SO_REUSEADDR SO_REUSEPORT SO_KEEPALIVE SO_BROADCAST SO_LINGER SO_OOBINLINE SO_SNDBUF SO_RCVBUF
    SO_SNDLOWAT SO_RCVLOWAT SO_SNDTIMEO SO_RCVTIMEO SO_ERROR SO_TYPE SO_DEBUG SO_DONTROUTE SO_ACCEPTCONN SO_PROTOCOL SO_DOMAIN
    SO_PASSCRED SO_PEERCRED SO_BINDTODEVICE SO_PRIORITY SO_MARK SOMAXCONN SCM_RIGHTS SCM_CREDENTIALS SHUT_RD SHUT_WR SHUT_RDWR
    MSG_PEEK MSG_OOB MSG_DONTROUTE MSG_DONTWAIT MSG_WAITALL MSG_TRUNC MSG_CTRUNC MSG_EOR MSG_NOSIGNAL MSG_MORE MSG_CMSG_CLOEXEC
    MSG_CONFIRM MSG_ERRQUEUE MSG_FASTOPEN IPPROTO_IP IPPROTO_ICMP IPPROTO_TCP IPPROTO_UDP IPPROTO_IPV6 IPPROTO_RAW IPPROTO_ICMPV6
    IPPROTO_NONE IPPROTO_SCTP IPPROTO_UDPLITE IPPROTO_IGMP TCP_NODELAY TCP_MAXSEG TCP_CORK TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT
    TCP_SYNCNT TCP_LINGER2 TCP_DEFER_ACCEPT TCP_WINDOW_CLAMP TCP_INFO TCP_QUICKACK TCP_FASTOPEN TCP_USER_TIMEOUT TCP_CONGESTION
    IPV6_V6ONLY IPV6_UNICAST_HOPS IPV6_MULTICAST_HOPS IPV6_MULTICAST_IF IPV6_MULTICAST_LOOP IPV6_RECVPKTINFO IPV6_PKTINFO
    IPV6_HOPLIMIT IPV6_TCLASS IPV6_RECVTCLASS IPV6_RECVHOPLIMIT IP_TTL IP_TOS IP_HDRINCL IP_OPTIONS IP_MULTICAST_IF IP_MULTICAST_TTL
    IP_MULTICAST_LOOP IP_ADD_MEMBERSHIP IP_DROP_MEMBERSHIP IP_TRANSPARENT IP_PKTINFO IP_RECVTOS AI_PASSIVE AI_CANONNAME AI_NUMERICHOST
    AI_NUMERICSERV AI_V4MAPPED AI_ALL AI_ADDRCONFIG EAI_AGAIN EAI_BADFLAGS EAI_FAIL EAI_FAMILY EAI_MEMORY EAI_NONAME EAI_SERVICE
    EAI_SOCKTYPE EAI_SYSTEM EAI_OVERFLOW EAI_NODATA NI_NUMERICHOST NI_NUMERICSERV NI_NAMEREQD NI_NOFQDN NI_DGRAM NI_MAXHOST
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&object::SOCKET);
    module.add_functions(FUNCTIONS);
    add_constants(module, CONSTANTS);
    let more = [
        ("INADDR_ANY", 0),
        ("INADDR_BROADCAST", 0xffff_ffff),
        ("INADDR_LOOPBACK", 0x7f00_0001),
        ("INADDR_NONE", 0xffff_ffff),
        ("INADDR_UNSPEC_GROUP", 0xe000_0000),
        ("INADDR_ALLHOSTS_GROUP", 0xe000_0001),
        ("INADDR_MAX_LOCAL_GROUP", 0xe000_00ff),
        ("IPPORT_RESERVED", 1024),
        ("IPPORT_USERRESERVED", 5000),
        ("IPV6_JOIN_GROUP", libc::IPV6_ADD_MEMBERSHIP.into()),
        ("IPV6_LEAVE_GROUP", libc::IPV6_DROP_MEMBERSHIP.into()),
        ("EAI_ADDRFAMILY", -9),
        ("NI_MAXSERV", 32),
        ("SOL_IP", 0),
        ("SOL_TCP", 6),
        ("SOL_UDP", 17),
    ];
    add_constants(module, &more);
    let dict = module.dict();
    dict.set_text("socket", object::class());
    dict.set_text("SocketType", object::class());
    dict.set_text("error", error::types::OSError.value().to_ref());
    dict.set_text("timeout", error::types::TimeoutError.value().to_ref());
    dict.set_text("gaierror", address::error_class(0)?);
    dict.set_text("herror", address::error_class(1)?);
    dict.set_text("has_ipv6", objects::bool(true).to_ref());
    Ok(())
}

/// A service: a number or a name.
fn service_of(value: Value) -> PyResult<Option<CString>> {
    if value.is_null() || objects::is_none(value) {
        return Ok(None);
    }
    if int::IntRef::of(value).is_some() {
        return Ok(CString::new(protocol::str_string(value)?).ok());
    }
    if !value.is_instance::<StrObject>() && !value.is_instance::<BytesObject>() {
        return Err(raise!(OSError, "Int or String expected"));
    }
    c_string(value).map(Some)
}

fn packed(family: i32, text: Value) -> PyResult<Vec<u8>> {
    let text = protocol::str_string(text)?;
    let data = match family {
        libc::AF_INET => text.parse::<Ipv4Addr>().ok().map(|address| address.octets().to_vec()),
        libc::AF_INET6 => text.parse::<Ipv6Addr>().ok().map(|address| address.octets().to_vec()),
        _ => return Err(crate::system::os_error(libc::EAFNOSUPPORT, &[])),
    };
    data.ok_or_else(|| raise!(OSError, "illegal IP address string passed to inet_pton"))
}

fn unpacked(family: i32, data: &[u8]) -> PyResult<String> {
    let wrong = || raise!(ValueError, "invalid length of packed IP address string");
    match family {
        libc::AF_INET => Ok(Ipv4Addr::from(<[u8; 4]>::try_from(data).map_err(|_| wrong())?).to_string()),
        libc::AF_INET6 => Ok(Ipv6Addr::from(<[u8; 16]>::try_from(data).map_err(|_| wrong())?).to_string()),
        other => Err(raise!(ValueError, "unknown address family {other}")),
    }
}

fn short(value: i64, function: &str) -> PyResult<u16> {
    match u16::try_from(value) {
        Ok(value) => Ok(value),
        Err(_) if value < 0 => Err(raise!(
            OverflowError,
            "{function}: can't convert negative Python int to C 16-bit unsigned integer"
        )),
        Err(_) => Err(raise!(
            OverflowError,
            "{function}: Python int too large to convert to C 16-bit unsigned integer"
        )),
    }
}

fn protocol_name(name: OrNone<Value>) -> PyResult<Option<CString>> {
    name.0.map(c_string).transpose()
}

py_functions! { static FUNCTIONS;
    /// Create a pair of connected sockets; the descriptors are made sockets by Lib.
    "socketpair(family=None, type=1, proto=0, /)"
    fn socketpair(family: OrNone<i32>, kind: Option<i32>, proto: Option<i32>) -> PyResult {
        let family = family.0.unwrap_or(libc::AF_UNIX);
        let mut ends = [-1; 2];
        let kind = kind.unwrap_or(libc::SOCK_STREAM) | libc::SOCK_CLOEXEC;
        system!(socketpair(family, kind, proto.unwrap_or(0), ends.as_mut_ptr()))?;
        let make = |fd: i32| {
            let (none, fd) = (Value::small(-1), Value::small(fd.into()));
            protocol::call(object::SOCKET.value(), &[none, none, none, fd], None)
        };
        Ok(TupleObject::of([make(ends[0])?, make(ends[1])?]).into())
    }
    /// Close an integer socket file descriptor.
    "close(fd, /)"
    fn close(fd: i32) -> PyResult<()> {
        crate::posix::descriptor::close_descriptor(fd)
    }
    /// Duplicate an integer socket file descriptor.
    "dup(fd, /)"
    fn dup(fd: i32) -> PyResult<i32> {
        system!(fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))
    }
    /// Resolve host and port into addrinfo struct.
    "getaddrinfo(host, port, family=0, type=0, proto=0, flags=0)"
    fn getaddrinfo(host: OrNone<Value>, port: Value, family: Option<i32>, kind: Option<i32>, proto: Option<i32>, flags: Option<i32>) -> PyResult {
        let given = host.0.unwrap_or_else(objects::none).to_ref();
        let host = host.0.map(address::host_name).transpose()?;
        let number = |value: Option<i32>| int::from_i64(value.unwrap_or(0).into());
        tell!("socket.getaddrinfo", given, port.to_ref(), number(family), number(kind), number(proto));
        let service = service_of(port)?;
        // SAFETY: the structure consists of numbers and null pointers.
        let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
        (hints.ai_family, hints.ai_socktype) = (family.unwrap_or(0), kind.unwrap_or(0));
        (hints.ai_protocol, hints.ai_flags) = (proto.unwrap_or(0), flags.unwrap_or(0));
        let found = ListObject::empty();
        for entry in address::lookup(host.as_deref(), service.as_deref(), &hints)? {
            let number = |value: i32| int::from_i64(value.into());
            let items = [
                number(entry.family),
                number(entry.kind),
                number(entry.protocol),
                entry.name,
                entry.address.to_python()?,
            ];
            found.push(TupleObject::of(items).into());
        }
        Ok(found.into())
    }
    /// Get host and port for a sockaddr.
    "getnameinfo(sockaddr, flags, /)"
    fn getnameinfo(sockaddr: &TupleObject, flags: i32) -> PyResult {
        tell!("socket.getnameinfo", Value::from_object(sockaddr).to_ref());
        let family = if sockaddr.len() > 2 { libc::AF_INET6 } else { libc::AF_INET };
        let value = Value::from_object(sockaddr);
        let address = match sockaddr.items().first() {
            Some(host) if family == libc::AF_INET && protocol::str_string(*host)?.contains(':') => {
                Address::from_python(libc::AF_INET6, value, "getnameinfo")?
            }
            _ => Address::from_python(family, value, "getnameinfo")?,
        };
        address.names(flags).map(|names| TupleObject::of(names).into()).map_err(address::gai_error)
    }
    /// Return the true host name, a list of aliases, and a list of IP addresses, for a host.
    "gethostbyaddr(host, /)"
    fn gethostbyaddr(host: Value) -> PyResult {
        tell!("socket.gethostbyaddr", host.to_ref());
        let address = address::resolve(&address::host_name(host)?, libc::AF_UNSPEC)?;
        let [name, _] = address.names(libc::NI_NAMEREQD).map_err(|_| address::host_error())?;
        let hosts = ListObject::new(vec![address.host()?]);
        Ok(TupleObject::of([name, ListObject::empty().into(), hosts.into()]).into())
    }
    /// Return the current host name.
    "gethostname()"
    fn gethostname() -> PyResult {
        tell!("socket.gethostname");
        let mut name = [0; 256];
        system!(gethostname(name.as_mut_ptr(), name.len() - 1))?;
        // SAFETY: the last character was left zero.
        Ok(unsafe { decode_c(name.as_ptr()) })
    }
    /// Set the hostname.
    "sethostname(name, /)"
    fn sethostname(name: Value) -> PyResult<()> {
        tell!("socket.sethostname", name.to_ref());
        let name = c_string(name)?;
        system!(sethostname(name.as_ptr(), name.as_bytes().len())).map(drop)
    }
    /// Return the IP address (a string of the form '255.255.255.255') for a host.
    "gethostbyname(host, /)"
    fn gethostbyname(host: Value) -> PyResult {
        tell!("socket.gethostbyname", host.to_ref());
        address::resolve(&address::host_name(host)?, libc::AF_INET)?.host()
    }
    /// Return the true host name, a list of aliases, and a list of IP addresses, for a host.
    "gethostbyname_ex(host, /)"
    fn gethostbyname_ex(host: Value) -> PyResult {
        tell!("socket.gethostbyname", host.to_ref());
        let name = address::host_name(host)?;
        // SAFETY: the structure consists of numbers and null pointers.
        let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
        (hints.ai_family, hints.ai_socktype, hints.ai_flags) = (libc::AF_INET, libc::SOCK_STREAM, libc::AI_CANONNAME);
        let found = address::lookup(Some(&name), None, &hints)?;
        let canonical = found.first().map_or_else(|| host.to_ref(), |entry| entry.name.clone());
        let hosts = found.iter().map(|entry| entry.address.host()).collect::<PyResult<Vec<Ref>>>()?;
        Ok(TupleObject::of([canonical, ListObject::empty().into(), ListObject::new(hosts).into()]).into())
    }
    /// Return a port number from a service name and protocol name.
    "getservbyname(servicename, protocolname=None, /)"
    fn getservbyname(servicename: Value, protocolname: OrNone<Value>) -> PyResult<u16> {
        tell!("socket.getservbyname", servicename.to_ref(), protocolname.0.unwrap_or_else(objects::none).to_ref());
        let (name, protocol) = (c_string(servicename)?, protocol_name(protocolname)?);
        // SAFETY: terminated texts or null; the entry is the C library's until the next call.
        let entry = unsafe { libc::getservbyname(name.as_ptr(), protocol.as_ref().map_or(std::ptr::null(), |name| name.as_ptr())).as_ref() };
        entry.map(|entry| u16::from_be(entry.s_port as u16)).ok_or_else(|| raise!(OSError, "service/proto not found"))
    }
    /// Return the service name from a port number and protocol name.
    "getservbyport(port, protocolname=None, /)"
    fn getservbyport(port: i64, protocolname: OrNone<Value>) -> PyResult {
        let Ok(port) = u16::try_from(port) else {
            return Err(raise!(OverflowError, "getservbyport: port must be 0-65535."));
        };
        tell!("socket.getservbyport", int::from_i64(port.into()), protocolname.0.unwrap_or_else(objects::none).to_ref());
        let protocol = protocol_name(protocolname)?;
        // SAFETY: a terminated text or null; the entry is the C library's until the next call.
        unsafe {
            let protocol = protocol.as_ref().map_or(std::ptr::null(), |name| name.as_ptr());
            match libc::getservbyport(i32::from(port.to_be()), protocol).as_ref() {
                Some(entry) => Ok(decode_c(entry.s_name)),
                None => Err(raise!(OSError, "port/proto not found")),
            }
        }
    }
    /// Return the protocol number for the named protocol.
    "getprotobyname(name, /)"
    fn getprotobyname(name: Value) -> PyResult<i32> {
        let name = c_string(name)?;
        // SAFETY: a terminated text; the entry is the C library's until the next call.
        let entry = unsafe { libc::getprotobyname(name.as_ptr()).as_ref() };
        entry.map(|entry| entry.p_proto).ok_or_else(|| raise!(OSError, "protocol not found"))
    }
    /// Convert a 16-bit unsigned integer from network to host byte order.
    "ntohs(integer, /)"
    fn ntohs(integer: i64) -> PyResult<u16> {
        short(integer, "ntohs").map(u16::from_be)
    }
    /// Convert a 16-bit unsigned integer from host to network byte order.
    "htons(integer, /)"
    fn htons(integer: i64) -> PyResult<u16> {
        short(integer, "htons").map(u16::to_be)
    }
    /// Convert a 32-bit integer from network to host byte order.
    "ntohl(integer, /)"
    fn ntohl(integer: u32) -> u32 {
        u32::from_be(integer)
    }
    /// Convert a 32-bit integer from host to network byte order.
    "htonl(integer, /)"
    fn htonl(integer: u32) -> u32 {
        integer.to_be()
    }
    /// Convert an IP address in string format to the 32-bit packed binary format.
    "inet_aton(ip_addr, /)"
    fn inet_aton(ip_addr: Value) -> PyResult {
        unsafe extern "C" {
            fn inet_aton(text: *const libc::c_char, to: *mut libc::in_addr) -> i32;
        }
        let (text, mut address) = (c_string(ip_addr)?, libc::in_addr { s_addr: 0 });
        // SAFETY: a terminated text and a valid structure.
        match unsafe { inet_aton(text.as_ptr(), &raw mut address) } {
            0 => Err(raise!(OSError, "illegal IP address string passed to inet_aton")),
            _ => Ok(BytesObject::new(&address.s_addr.to_ne_bytes()).into()),
        }
    }
    /// Convert an IP address from 32-bit packed binary format to string format.
    "inet_ntoa(packed_ip, /)"
    fn inet_ntoa(packed_ip: Value) -> PyResult<String> {
        let data = buffer::to_vec(packed_ip)?;
        if data.len() != 4 {
            return Err(raise!(OSError, "packed IP wrong length"));
        }
        unpacked(libc::AF_INET, &data)
    }
    /// Convert an IP address from string format to a packed string suitable for use with low-level network functions.
    "inet_pton(af, ip, /)"
    fn inet_pton(af: i32, ip: Value) -> PyResult {
        Ok(BytesObject::new(&packed(af, ip)?).into())
    }
    /// Convert a packed IP address of the given family to string format.
    "inet_ntop(af, packed_ip, /)"
    fn inet_ntop(af: i32, packed_ip: Value) -> PyResult<String> {
        unpacked(af, &buffer::to_vec(packed_ip)?)
    }
    /// Returns the default timeout in seconds (float) for new socket objects.
    "getdefaulttimeout()"
    fn getdefaulttimeout() -> Option<f64> {
        Some(object::DEFAULT_TIMEOUT.get()).filter(|&timeout| timeout >= 0.0)
    }
    /// Set the default timeout in seconds (float) for new socket objects.
    "setdefaulttimeout(timeout, /)"
    fn setdefaulttimeout(timeout: Value) -> PyResult<()> {
        object::DEFAULT_TIMEOUT.set(object::timeout_of(timeout)?);
        Ok(())
    }
    /// Returns a list of network interface information (index, name) tuples.
    "if_nameindex()"
    fn if_nameindex() -> PyResult {
        // SAFETY: no arguments; an array that ends with index 0, freed once.
        unsafe {
            let first = libc::if_nameindex();
            if first.is_null() {
                return Err(crate::system::failure());
            }
            let (found, mut at) = (ListObject::empty(), first);
            while (*at).if_index != 0 {
                let index = int::from_i64((*at).if_index.into());
                found.push(TupleObject::of([index, decode_c((*at).if_name)]).into());
                at = at.add(1);
            }
            libc::if_freenameindex(first);
            Ok(found.into())
        }
    }
    /// The index of the network interface with a name.
    "if_nametoindex(oname, /)"
    fn if_nametoindex(oname: Value) -> PyResult<u32> {
        let name = c_string(oname)?;
        // SAFETY: the name ends with a zero.
        match unsafe { libc::if_nametoindex(name.as_ptr()) } {
            0 => Err(raise!(OSError, "no interface with this name")),
            index => Ok(index),
        }
    }
    /// The name of the network interface with an index.
    "if_indextoname(if_index, /)"
    fn if_indextoname(if_index: u32) -> PyResult {
        let mut name = [0; libc::IF_NAMESIZE];
        // SAFETY: there is room for the longest name, and its zero.
        unsafe {
            if libc::if_indextoname(if_index, name.as_mut_ptr()).is_null() {
                return Err(crate::system::failure());
            }
            Ok(decode_c(name.as_ptr()))
        }
    }
    /// Total length of an ancillary data item with data of the given length.
    "CMSG_LEN(length, /)"
    fn cmsg_len(length: i64) -> PyResult<usize> {
        message::checked_length(length)
    }
    /// Room for an ancillary data item with data of the given length.
    "CMSG_SPACE(length, /)"
    fn cmsg_space(length: i64) -> PyResult<usize> {
        message::checked_space(length)
    }
}
