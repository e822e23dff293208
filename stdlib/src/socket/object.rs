//! `_socket.socket`: a socket, with a timeout.
//!
//! With a timeout the descriptor does not block: every operation waits until the socket is ready or the time is over, then tries.

use std::cell::Cell;

use runtime::args::Args;
use runtime::convert::{OrNone, Rest};
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::bytes::BytesObject;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::signature::Signature;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::world::World;
use runtime::{PyResult, Ref, TypeObject, Value, buffer, error, protocol, py_methods, raise, tell};

use super::address::Address;
use crate::posix::descriptor::{close_descriptor, set_blocking_flag};
use crate::system::{last_errno, os_error, system, waiting};
use crate::time::{deadline, left};

/// A socket.
#[repr(C)]
pub(super) struct Socket {
    header: Header,
    fd: Cell<i32>,
    family: Cell<i32>,
    kind: Cell<i32>,
    protocol: Cell<i32>,
    /// Seconds; negative blocks for ever.
    timeout: Cell<f64>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Socket {
    fn type_object() -> &'static TypeObject {
        &SOCKET
    }
}

/// The timeout of new sockets.
pub(super) static DEFAULT_TIMEOUT: World<Cell<f64>> = World::new(Cell::new(-1.0));

/// A timeout argument: `None` or seconds.
pub(super) fn timeout_of(value: Value) -> PyResult<f64> {
    if objects::is_none(value) {
        return Ok(-1.0);
    }
    let seconds = float::to_f64(value)?;
    if seconds.is_nan() {
        return Err(raise!(ValueError, "Invalid value NaN (not a number)"));
    }
    if seconds < 0.0 {
        return Err(raise!(ValueError, "Timeout value out of range"));
    }
    if seconds > 9.2e9 {
        return Err(raise!(OverflowError, "timestamp too large to convert to C PyTime_t"));
    }
    Ok(seconds)
}

impl Socket {
    /// Receives a message of so many bytes, with so much room for ancillary data: the data; and the ancillary data, flags and sender.
    fn receive_message(&self, size: usize, control: usize, flags: i32) -> PyResult<(Vec<u8>, [Ref; 3])> {
        // The words make the buffer an aligned one; the system is told the length that the program has asked for.
        let (control_len, mut room) = (control, vec![0_u8; size]);
        let (mut control, mut from) = (vec![0_u64; control_len.div_ceil(8)], Address::empty());
        let mut vector = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
        // SAFETY: the structure consists of numbers and pointers.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        let count = self.perform(libc::POLLIN, self.limit(), |fd| {
            (message.msg_iov, message.msg_iovlen) = (&raw mut vector, 1);
            (message.msg_name, message.msg_namelen) = (from.as_mut_ptr().cast(), from.len);
            (message.msg_control, message.msg_controllen) = (control.as_mut_ptr().cast(), control_len);
            // SAFETY: the message leads to values that live through the call.
            unsafe { libc::recvmsg(fd, &raw mut message, flags | libc::MSG_CMSG_CLOEXEC) }
        })?;
        room.truncate(count as usize);
        from.len = message.msg_namelen;
        // SAFETY: the call has filled the message in.
        let ancillary = unsafe { super::message::unpack(&message)? };
        let flags = int::from_i64((message.msg_flags & !libc::MSG_CMSG_CLOEXEC).into());
        Ok((room, [ListObject::new(ancillary).into(), flags, from.to_python()?]))
    }

    /// Waits until the socket is ready for something; false if the time is over.
    fn wait(&self, events: i16, until: Option<i64>) -> PyResult<()> {
        if self.fd.get() < 0 {
            // The operation itself says what is wrong.
            return Ok(());
        }
        loop {
            let milliseconds = until.map_or(-1, |until| {
                let left = left(until);
                i32::try_from(left.tv_sec * 1000 + (left.tv_nsec + 999_999) / 1_000_000).unwrap_or(i32::MAX)
            });
            let mut entry = libc::pollfd { fd: self.fd.get(), events, revents: 0 };
            // SAFETY: one valid entry.
            match waiting(|| unsafe { libc::poll(&raw mut entry, 1, milliseconds) }) {
                (0, _) => return Err(raise!(TimeoutError, "timed out")),
                (-1, libc::EINTR) => runtime::signal::check()?,
                (-1, errno) => return Err(os_error(errno, &[])),
                _ => return Ok(()),
            }
        }
    }

    /// When an operation that begins now must be over.
    fn limit(&self) -> Option<i64> {
        (self.timeout.get() > 0.0).then(|| deadline(self.timeout.get()))
    }

    /// An operation that may have to wait.
    fn perform(
        &self,
        events: i16,
        until: Option<i64>,
        mut once: impl FnMut(i32) -> isize,
    ) -> PyResult<isize> {
        loop {
            if until.is_some() {
                self.wait(events, until)?;
            }
            let fd = self.fd.get();
            let (result, errno) = waiting(|| once(fd));
            if result >= 0 {
                return Ok(result);
            }
            match errno {
                libc::EINTR => runtime::signal::check()?,
                libc::EAGAIN if until.is_some() => {}
                errno => return Err(os_error(errno, &[])),
            }
        }
    }

    fn receive(&self, size: usize, flags: i32, from: Option<&mut Address>) -> PyResult<Vec<u8>> {
        let mut room = Vec::new();
        room.try_reserve_exact(size).map_err(|_| error::memory_error())?;
        room.resize(size, 0);
        let mut other = Address::empty();
        let from = from.unwrap_or(&mut other);
        let count = self.perform(libc::POLLIN, self.limit(), |fd| {
            from.len = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            let (address, length) = (from.as_mut_ptr(), &raw mut from.len);
            // SAFETY: the room and the address are valid for their lengths.
            unsafe { libc::recvfrom(fd, room.as_mut_ptr().cast(), room.len(), flags, address, length) }
        })?;
        room.truncate(count as usize);
        Ok(room)
    }

    fn transmit(&self, data: &[u8], flags: i32, until: Option<i64>) -> PyResult<usize> {
        let count = self.perform(libc::POLLOUT, until, |fd| {
            // SAFETY: the data is valid for its length.
            unsafe { libc::send(fd, data.as_ptr().cast(), data.len(), flags | libc::MSG_NOSIGNAL) }
        })?;
        Ok(count as usize)
    }

    /// Connects; gives the error number, 0 for success.
    fn connect_to(&self, address: &Address) -> PyResult<i32> {
        let fd = self.fd.get();
        // SAFETY: an address and its length.
        let (status, errno) = waiting(|| unsafe { libc::connect(fd, address.as_ptr(), address.len) });
        if status == 0 {
            return Ok(0);
        }
        let waits = errno == libc::EINTR || (errno == libc::EINPROGRESS && self.timeout.get() > 0.0);
        if errno == libc::EINTR {
            runtime::signal::check()?;
        }
        if !waits {
            return Ok(errno);
        }
        self.wait(libc::POLLOUT, self.limit())?;
        let (mut outcome, mut length) = (0, size_of::<i32>() as libc::socklen_t);
        let room = (&raw mut outcome).cast();
        system!(getsockopt(self.fd.get(), libc::SOL_SOCKET, libc::SO_ERROR, room, &raw mut length))?;
        Ok(outcome)
    }

    fn size(size: i64, what: &str) -> PyResult<usize> {
        usize::try_from(size).map_err(|_| raise!(ValueError, "negative buffersize in {what}"))
    }
}

/// The socket that a value is.
fn this<'a>(value: Value) -> &'a Socket {
    value.get::<Socket>().expect("descriptors check their owner")
}

static INIT: Signature = Signature::parse("", "socket(family=-1, type=-1, proto=-1, fileno=None)", false);

fn option_of(fd: i32, option: i32) -> PyResult<i32> {
    let (mut value, mut length) = (0, size_of::<i32>() as libc::socklen_t);
    system!(getsockopt(fd, libc::SOL_SOCKET, option, (&raw mut value).cast(), &raw mut length))?;
    Ok(value)
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut slots = [Value::NULL; INIT.count()];
    let mut bound = INIT.bind(args, &mut slots)?;
    let mut number = || bound.take().non_null().map_or(Ok(-1), int::to_i64).map(|number| number as i32);
    let (family, kind, proto) = (number()?, number()?, number()?);
    let fileno = bound.take().non_null().filter(|fileno| !objects::is_none(*fileno));
    let socket = this(value);
    let fd = match fileno {
        Some(fileno) => {
            let fd = int::to_i64(fileno)?;
            if fd < 0 {
                return Err(raise!(ValueError, "negative file descriptor"));
            }
            let fd = fd as i32;
            let mut address = Address::empty();
            let (room, length) = (address.as_mut_ptr(), &raw mut address.len);
            system!(getsockname(fd, room, length))?;
            socket.family.set(if family == -1 { address.family() } else { family });
            socket.kind.set(if kind == -1 { option_of(fd, libc::SO_TYPE)? } else { kind });
            socket.protocol.set(if proto == -1 { option_of(fd, libc::SO_PROTOCOL)? } else { proto });
            fd
        }
        None => {
            let or = |value: i32, default: i32| if value == -1 { default } else { value };
            let (family, kind, proto) =
                (or(family, libc::AF_INET), or(kind, libc::SOCK_STREAM), or(proto, 0));
            let number = |value: i32| int::from_i64(value.into());
            tell!("socket.__new__", value.to_ref(), number(family), number(kind), number(proto));
            socket.family.set(family);
            socket.protocol.set(proto);
            socket.kind.set(kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC));
            system!(socket(family, kind | libc::SOCK_CLOEXEC, proto))?
        }
    };
    socket.fd.set(fd);
    let timeout = if kind != -1 && kind & libc::SOCK_NONBLOCK != 0 { 0.0 } else { DEFAULT_TIMEOUT.get() };
    socket.timeout.set(timeout);
    if timeout >= 0.0 { set_blocking_flag(fd, false) } else { Ok(()) }
}

fn option_bytes(fd: i32, level: i32, option: i32, size: usize) -> PyResult {
    let mut room = vec![0_u8; size];
    let mut length = size as libc::socklen_t;
    system!(getsockopt(fd, level, option, room.as_mut_ptr().cast(), &raw mut length))?;
    room.truncate(length as usize);
    Ok(BytesObject::new(&room).into())
}

/// Data, flags and address of `sendto`, whose flags stand in the middle.
fn send_arguments(args: &[Value]) -> PyResult<(i32, Value)> {
    match args {
        [address] => Ok((0, *address)),
        [flags, address] => Ok((int::to_i64(*flags)? as i32, *address)),
        more => Err(raise!(TypeError, "sendto() takes 2 or 3 arguments ({} given)", more.len() + 1)),
    }
}

py_methods! { static METHODS for "_socket.socket", &Socket;
    /// Wait for an incoming connection; a descriptor and the address of the client.
    "_accept(self, /)"
    fn accept(this) -> PyResult {
        let mut address = Address::empty();
        let fd = this.perform(libc::POLLIN, this.limit(), |fd| {
            address.len = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            // SAFETY: the address has room for its length.
            unsafe { libc::accept4(fd, address.as_mut_ptr(), &raw mut address.len, libc::SOCK_CLOEXEC) as isize }
        })?;
        Ok(TupleObject::of([int::from_i64(fd as i64), address.to_python()?]).into())
    }
    /// Bind the socket to a local address.
    "bind(self, address, /)"
    fn bind(this, address: Value) -> PyResult<()> {
        let given = address.to_ref();
        let address = Address::from_python(this.family.get(), address, "bind")?;
        tell!("socket.bind", Value::from_object(this).to_ref(), given);
        system!(bind(this.fd.get(), address.as_ptr(), address.len)).map(drop)
    }
    /// Close the socket.  It cannot be used after this call.
    "close(self, /)"
    fn close(this) -> PyResult<()> {
        match this.fd.replace(-1) {
            -1 => Ok(()),
            fd => match close_descriptor(fd) {
                Err(raised) if last_errno() == libc::ECONNRESET => {
                    drop(runtime::thread().take_raised(raised));
                    Ok(())
                }
                outcome => outcome,
            },
        }
    }
    /// Connect the socket to a remote address.
    "connect(self, address, /)"
    fn connect(this, address: Value) -> PyResult<()> {
        let given = address.to_ref();
        let address = Address::from_python(this.family.get(), address, "connect")?;
        tell!("socket.connect", Value::from_object(this).to_ref(), given);
        match this.connect_to(&address)? {
            0 => Ok(()),
            errno => Err(os_error(errno, &[])),
        }
    }
    /// Like connect(), but gives the error number instead of raising.
    "connect_ex(self, address, /)"
    fn connect_ex(this, address: Value) -> PyResult<i32> {
        let given = address.to_ref();
        let address = Address::from_python(this.family.get(), address, "connect_ex")?;
        tell!("socket.connect", Value::from_object(this).to_ref(), given);
        match this.connect_to(&address) {
            Ok(errno) => Ok(errno),
            Err(raised) => error::catch(raised, &error::types::TimeoutError).map(|_| libc::EAGAIN),
        }
    }
    /// Close the socket object without closing the underlying file descriptor.
    "detach(self, /)"
    fn detach(this) -> i32 {
        this.fd.replace(-1)
    }
    /// Return the integer file descriptor of the socket.
    "fileno(self, /)"
    fn fileno(this) -> i32 {
        this.fd.get()
    }
    /// Return the address of the remote endpoint.
    "getpeername(self, /)"
    fn getpeername(this) -> PyResult {
        let mut address = Address::empty();
        let (room, length) = (address.as_mut_ptr(), &raw mut address.len);
        system!(getpeername(this.fd.get(), room, length))?;
        address.to_python()
    }
    /// Return the address of the local endpoint.
    "getsockname(self, /)"
    fn getsockname(this) -> PyResult {
        let mut address = Address::empty();
        let (room, length) = (address.as_mut_ptr(), &raw mut address.len);
        system!(getsockname(this.fd.get(), room, length))?;
        address.to_python()
    }
    /// Get a socket option.
    "getsockopt(self, level, option, buffersize=0, /)"
    fn getsockopt(this, level: i32, option: i32, buffersize: Option<i64>) -> PyResult {
        match buffersize.unwrap_or(0) {
            0 => {
                let (mut value, mut length) = (0_i32, size_of::<i32>() as libc::socklen_t);
                system!(getsockopt(this.fd.get(), level, option, (&raw mut value).cast(), &raw mut length))?;
                Ok(int::from_i64(value.into()))
            }
            size @ 1..=1024 => option_bytes(this.fd.get(), level, option, size as usize),
            _ => Err(raise!(OSError, "getsockopt buflen out of range")),
        }
    }
    /// Set a socket option: an int, or bytes.
    "setsockopt(self, level, option, value, optlen=None, /)"
    fn setsockopt(this, level: i32, option: i32, value: Value, optlen: Option<u32>) -> PyResult<()> {
        if objects::is_none(value) {
            let none = std::ptr::null();
            return system!(setsockopt(this.fd.get(), level, option, none, optlen.unwrap_or(0))).map(drop);
        }
        let data = match int::IntRef::of(value) {
            Some(_) => (int::to_i64(value)? as i32).to_ne_bytes().to_vec(),
            None => buffer::to_vec(value)?,
        };
        system!(setsockopt(this.fd.get(), level, option, data.as_ptr().cast(), data.len() as u32)).map(drop)
    }
    /// Enable a server to accept connections.
    "listen(self, backlog=128, /)"
    fn listen(this, backlog: Option<i32>) -> PyResult<()> {
        system!(listen(this.fd.get(), backlog.unwrap_or(128).max(0))).map(drop)
    }
    /// Receive up to buffersize bytes from the socket.
    "recv(self, buffersize, flags=0, /)"
    fn recv(this, buffersize: i64, flags: Option<i32>) -> PyResult {
        let size = Socket::size(buffersize, "recv")?;
        Ok(BytesObject::new(&this.receive(size, flags.unwrap_or(0), None)?).into())
    }
    /// Receive into a buffer; the number of bytes.
    "recv_into(self, buffer, nbytes=0, flags=0)"
    fn recv_into(this, target: Value, nbytes: Option<i64>, flags: Option<i32>) -> PyResult<usize> {
        let room = buffer::writable_len(target)?;
        let wanted = Socket::size(nbytes.unwrap_or(0), "recv_into")?;
        if wanted > room {
            return Err(raise!(ValueError, "buffer too small for requested bytes"));
        }
        let data = this.receive(if wanted == 0 { room } else { wanted }, flags.unwrap_or(0), None)?;
        buffer::with_bytes_mut(target, |target| target[..data.len()].copy_from_slice(&data))?;
        Ok(data.len())
    }
    /// Receive up to buffersize bytes, and the address of the sender.
    "recvfrom(self, buffersize, flags=0, /)"
    fn recvfrom(this, buffersize: i64, flags: Option<i32>) -> PyResult {
        let (size, mut from) = (Socket::size(buffersize, "recvfrom")?, Address::empty());
        let data = this.receive(size, flags.unwrap_or(0), Some(&mut from))?;
        Ok(TupleObject::of([BytesObject::new(&data).into(), from.to_python()?]).into())
    }
    /// Receive into a buffer; the number of bytes, and the address of the sender.
    "recvfrom_into(self, buffer, nbytes=0, flags=0)"
    fn recvfrom_into(this, target: Value, nbytes: Option<i64>, flags: Option<i32>) -> PyResult {
        let room = buffer::writable_len(target)?;
        let (wanted, mut from) = (Socket::size(nbytes.unwrap_or(0), "recvfrom_into")?, Address::empty());
        if wanted > room {
            return Err(raise!(ValueError, "nbytes is greater than the length of the buffer"));
        }
        let data = this.receive(if wanted == 0 { room } else { wanted }, flags.unwrap_or(0), Some(&mut from))?;
        buffer::with_bytes_mut(target, |target| target[..data.len()].copy_from_slice(&data))?;
        Ok(TupleObject::of([int::from_i64(data.len() as i64), from.to_python()?]).into())
    }
    /// Send data to the socket; the number of bytes sent.
    "send(self, data, flags=0, /)"
    fn send(this, data: Value, flags: Option<i32>) -> PyResult<usize> {
        let data = buffer::to_vec(data)?;
        this.transmit(&data, flags.unwrap_or(0), this.limit())
    }
    /// Send all of the data to the socket.
    "sendall(self, data, flags=0, /)"
    fn sendall(this, data: Value, flags: Option<i32>) -> PyResult<()> {
        let (data, until, mut sent) = (buffer::to_vec(data)?, this.limit(), 0);
        while sent < data.len() {
            sent += this.transmit(&data[sent..], flags.unwrap_or(0), until)?;
            runtime::signal::check()?;
        }
        Ok(())
    }
    /// Like send(data, flags) but to an address.
    "sendto(self, data, /, *args)"
    fn sendto(this, data: Value, args: Rest<'_>) -> PyResult<isize> {
        let (flags, address) = send_arguments(args.0)?;
        let data = buffer::to_vec(data)?;
        let given = address.to_ref();
        let address = Address::from_python(this.family.get(), address, "sendto")?;
        tell!("socket.sendto", Value::from_object(this).to_ref(), given);
        this.perform(libc::POLLOUT, this.limit(), |fd| {
            // SAFETY: the data and the address are valid for their lengths.
            unsafe {
                let (text, flags) = (data.as_ptr().cast(), flags | libc::MSG_NOSIGNAL);
                libc::sendto(fd, text, data.len(), flags, address.as_ptr(), address.len)
            }
        })
    }
    /// Send the buffers one after the other; the number of bytes sent. Ancillary data carries descriptors.
    "sendmsg(self, buffers, ancdata=(), flags=0, address=None, /)"
    fn sendmsg(this, buffers: Value, ancdata: Option<Value>, flags: Option<i32>, address: OrNone<Value>) -> PyResult<isize> {
        let mut data = Vec::new();
        for part in protocol::collect(buffers)? {
            data.extend(buffer::to_vec(part.value())?);
        }
        let given = runtime::audit_hook::given(address.0);
        tell!("socket.sendmsg", Value::from_object(this).to_ref(), given);
        let address = address.0.map(|address| Address::from_python(this.family.get(), address, "sendmsg")).transpose()?;
        let mut control = super::message::pack(ancdata)?;
        let mut vector = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
        // SAFETY: the structure consists of numbers and pointers.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        (message.msg_iov, message.msg_iovlen) = (&raw mut vector, 1);
        if let Some(address) = &address {
            (message.msg_name, message.msg_namelen) = (address.as_ptr().cast_mut().cast(), address.len);
        }
        if !control.is_empty() {
            (message.msg_control, message.msg_controllen) = (control.as_mut_ptr().cast(), control.len());
        }
        this.perform(libc::POLLOUT, this.limit(), |fd| {
            // SAFETY: the message leads to values that live through the call.
            unsafe { libc::sendmsg(fd, &raw const message, flags.unwrap_or(0) | libc::MSG_NOSIGNAL) }
        })
    }
    /// Receive data, ancillary data, flags and the address of the sender.
    "recvmsg(self, bufsize, ancbufsize=0, flags=0, /)"
    fn recvmsg(this, bufsize: i64, ancbufsize: Option<i64>, flags: Option<i32>) -> PyResult {
        let (size, control) = (Socket::size(bufsize, "recvmsg()")?, Socket::size(ancbufsize.unwrap_or(0), "recvmsg()")?);
        let (room, rest) = this.receive_message(size, control, flags.unwrap_or(0))?;
        let [ancillary, flags, from] = rest;
        Ok(TupleObject::of([BytesObject::new(&room).into(), ancillary, flags, from]).into())
    }
    /// Receive data into buffers, and give its length, ancillary data, flags and the address of the sender.
    "recvmsg_into(self, buffers, ancbufsize=0, flags=0, /)"
    fn recvmsg_into(this, buffers: Value, ancbufsize: Option<i64>, flags: Option<i32>) -> PyResult {
        let control = Socket::size(ancbufsize.unwrap_or(0), "recvmsg_into()")?;
        let Ok(iterator) = protocol::get_iter(buffers) else {
            drop(runtime::thread::thread().fetch_raised());
            return Err(raise!(TypeError, "recvmsg_into() argument 1 must be an iterable"));
        };
        let mut rooms = Vec::new();
        while let Some(part) = protocol::iter_next(iterator.value())? {
            rooms.push(buffer::acquire_writable(part.value(), "a part").map_err(|raised| {
                drop(runtime::thread::thread().take_raised(raised));
                raise!(TypeError, "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers")
            })?);
        }
        let size = rooms.iter().map(buffer::Buffer::len).sum();
        let (data, rest) = this.receive_message(size, control, flags.unwrap_or(0))?;
        let mut left = data.as_slice();
        for room in &mut rooms {
            let (now, later) = left.split_at(room.len().min(left.len()));
            if let Some(room) = room.as_mut_slice() {
                room[..now.len()].copy_from_slice(now);
            }
            left = later;
        }
        let [ancillary, flags, from] = rest;
        Ok(TupleObject::of([int::from_i64(data.len() as i64), ancillary, flags, from]).into())
    }
    /// Set the socket to blocking (flag is true) or non-blocking (false).
    "setblocking(self, flag, /)"
    fn setblocking(this, flag: bool) -> PyResult<()> {
        this.timeout.set(if flag { -1.0 } else { 0.0 });
        set_blocking_flag(this.fd.get(), flag)
    }
    /// Returns True if socket is in blocking mode, or False if it is in non-blocking mode.
    "getblocking(self, /)"
    fn getblocking(this) -> bool {
        this.timeout.get() != 0.0
    }
    /// Set a timeout on socket operations: seconds, or None.
    "settimeout(self, timeout, /)"
    fn settimeout(this, timeout: Value) -> PyResult<()> {
        let timeout = timeout_of(timeout)?;
        this.timeout.set(timeout);
        set_blocking_flag(this.fd.get(), timeout < 0.0)
    }
    /// Returns the timeout in seconds (float) associated with socket operations.
    "gettimeout(self, /)"
    fn gettimeout(this) -> Option<f64> {
        Some(this.timeout.get()).filter(|&timeout| timeout >= 0.0)
    }
    /// Shut down one or both sides of the connection.
    "shutdown(self, how, /)"
    fn shutdown(this, how: i32) -> PyResult<()> {
        system!(shutdown(this.fd.get(), how)).map(drop)
    }
}

fn number(value: i32) -> PyResult {
    Ok(int::from_i64(value.into()))
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "family",
        doc: "the socket family",
        get: |value| number(this(value).family.get()),
        set: None,
    },
    GetSetDef {
        name: "type",
        doc: "the socket type",
        get: |value| number(this(value).kind.get()),
        set: None,
    },
    GetSetDef {
        name: "proto",
        doc: "the socket protocol",
        get: |value| number(this(value).protocol.get()),
        set: None,
    },
    GetSetDef {
        name: "timeout",
        doc: "the socket timeout",
        get: |value| Ok(gettimeout(this(value)).map_or_else(|| objects::none().to_ref(), float::new)),
        set: None,
    },
];

fn repr(value: Value) -> PyResult {
    let socket = this(value);
    let (fd, family, kind, proto) =
        (socket.fd.get(), socket.family.get(), socket.kind.get(), socket.protocol.get());
    Ok(StrObject::new(&format!("<socket object, fd={fd}, family={family}, type={kind}, proto={proto}>"))
        .into())
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let contents = Socket {
        header: Header::new(ty),
        fd: Cell::new(-1),
        family: Cell::new(-1),
        kind: Cell::new(-1),
        protocol: Cell::new(-1),
        timeout: Cell::new(DEFAULT_TIMEOUT.get()),
    };
    Ok(object::new_object_of(ty, contents).into())
}

fn finalize(value: Value) -> PyResult<()> {
    let fd = this(value).fd.get();
    if fd >= 0 {
        crate::warning::warn_unclosed(&format!("unclosed {}", protocol::repr_string(value)?), value);
        this(value).fd.set(-1);
        close_descriptor(fd)?;
    }
    Ok(())
}

/// `_socket.socket`
pub(super) static SOCKET: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_socket",
    doc: "socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object",
    flags: type_flags::BASE,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        finalize: Some(finalize),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<Socket>("socket")
};

/// The type as a reference.
pub(super) fn class() -> Ref {
    SOCKET.value().to_ref()
}
