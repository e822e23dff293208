//! `termios`: how a terminal treats what is typed and shown.
//!
//! The attributes of a terminal are a list: four sets of flags, two speeds, and the control characters, each a bytes object of one byte, but for
//! the two that are numbers while input is not gathered into lines. Errors are `termios.error`, with the number and the text.

use runtime::error::{ExceptionObject, types};
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, Raised, Ref, TypeObject, Value, error, protocol, py_functions, raise};

use crate::posix::argument::Descriptor;
use crate::system::{add_constants, constants, waiting};

const CONSTANTS: &[(&str, i64)] = constants![
    BRKINT ICRNL IGNBRK IGNCR IGNPAR INLCR INPCK ISTRIP IUTF8 IXANY IXOFF IXON PARMRK
    OPOST ONLCR OCRNL ONOCR ONLRET OFILL OFDEL NLDLY NL0 NL1 CRDLY CR0 CR1 CR2 CR3 TABDLY TAB0 TAB1 TAB2 TAB3 BSDLY BS0 BS1
    VTDLY VT0 VT1 FFDLY FF0 FF1
    CSIZE CS5 CS6 CS7 CS8 CSTOPB CREAD PARENB PARODD HUPCL CLOCAL CRTSCTS
    ISIG ICANON ECHO ECHOE ECHOK ECHONL ECHOCTL ECHOPRT ECHOKE FLUSHO NOFLSH TOSTOP PENDIN IEXTEN
    VINTR VQUIT VERASE VKILL VEOF VTIME VMIN VSTART VSTOP VSUSP VEOL VREPRINT VDISCARD VWERASE VLNEXT VEOL2 VSWTC
    TCSANOW TCSADRAIN TCSAFLUSH TCIFLUSH TCOFLUSH TCIOFLUSH TCOOFF TCOON TCIOFF TCION
    TIOCEXCL TIOCGETD TIOCGPGRP TIOCGSID TIOCGWINSZ TIOCM_CAR TIOCM_CTS TIOCM_DSR TIOCM_DTR TIOCM_RTS TIOCMBIC TIOCMBIS TIOCMGET
    TIOCMSET TIOCNOTTY TIOCNXCL TIOCOUTQ TIOCSCTTY TIOCSETD TIOCSPGRP TIOCSTI TIOCSWINSZ FIONREAD FIONBIO FIOCLEX FIONCLEX
    TCSBRK TCSBRKP TCXONC TCFLSH TCGETS TCSETS TCSETSW TCSETSF
    B0 B50 B75 B110 B134 B150 B200 B300 B600 B1200 B1800 B2400 B4800 B9600 B19200 B38400 B57600 B115200 B230400 B460800 B500000
    B576000 B921600 B1000000 B1152000 B1500000 B2000000 B2500000 B3000000 B3500000 B4000000
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&ERROR);
    module.add_functions(FUNCTIONS);
    add_constants(module, CONSTANTS);
    add_constants(module, &[("NCCS", libc::NCCS as i64), ("FIOASYNC", libc::FIOASYNC as i64)]);
    module.dict().set_text("error", ERROR.value().to_ref());
    Ok(())
}

/// `termios.error`.
static ERROR: TypeObject = TypeObject::from_spec(&ERROR_SPEC);
static ERROR_SPEC: TypeSpec = TypeSpec {
    module: "termios",
    base: Some(&types::Exception),
    flags: type_flags::BASE | type_flags::GC,
    ..TypeSpec::of::<ExceptionObject>("error")
};

fn failure(errno: i32) -> Raised {
    let (number, text) = (int::from_i64(errno.into()), StrObject::new(&error::errno_text(errno)));
    error::raise_with_args(&ERROR, &[number.value(), text.value()])
}

/// Calls until no signal interrupts.
fn perform(mut call: impl FnMut() -> i32) -> PyResult<()> {
    loop {
        match waiting(&mut call) {
            (-1, libc::EINTR) => runtime::signal::check()?,
            (-1, errno) => return Err(failure(errno)),
            _ => return Ok(()),
        }
    }
}

/// The places of the characters that are numbers while input is not gathered into lines.
const NUMBERS: [usize; 2] = [libc::VMIN, libc::VTIME];

fn attributes(mode: &libc::termios) -> Ref {
    let is_gathered = mode.c_lflag & libc::ICANON != 0;
    let characters = mode.c_cc.iter().enumerate().map(|(at, &byte)| {
        if !is_gathered && NUMBERS.contains(&at) {
            int::from_i64(byte.into())
        } else {
            BytesObject::new(&[byte]).into()
        }
    });
    // SAFETY: a valid structure.
    let (input, output) = unsafe { (libc::cfgetispeed(mode), libc::cfgetospeed(mode)) };
    let numbers = [mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag, input, output];
    let mut items: Vec<Ref> = numbers.into_iter().map(|number| int::from_i64(number.into())).collect();
    items.push(ListObject::new(characters.collect()).into());
    ListObject::new(items).into()
}

/// Reads a list of attributes over what a terminal has.
fn apply(mode: &mut libc::termios, attributes: Value) -> PyResult<()> {
    let wrong = || raise!(TypeError, "tcsetattr, arg 3: must be 7 element list");
    let items = attributes.get::<ListObject>().map(ListObject::to_vec).ok_or_else(wrong)?;
    let [input_flags, output_flags, control_flags, local_flags, input_speed, output_speed, characters] =
        &items[..]
    else {
        return Err(wrong());
    };
    let flags = |item: &Ref| int::to_i64(item.value()).map(|number| number as libc::tcflag_t);
    mode.c_iflag = flags(input_flags)?;
    mode.c_oflag = flags(output_flags)?;
    mode.c_cflag = flags(control_flags)?;
    mode.c_lflag = flags(local_flags)?;
    let (input, output) = (flags(input_speed)?, flags(output_speed)?);
    let wrong = || raise!(TypeError, "tcsetattr: attributes[6] must be {} element list", libc::NCCS);
    let given = characters.get::<ListObject>().map(ListObject::to_vec).ok_or_else(wrong)?;
    if given.len() != libc::NCCS {
        return Err(wrong());
    }
    for (place, item) in mode.c_cc.iter_mut().zip(&given) {
        *place = match item.get::<BytesObject>().map(BytesObject::as_slice) {
            Some(&[byte]) => byte,
            None if item.value().is_exact(&int::INT) => int::to_i64(item.value())? as u8,
            _ => {
                return Err(raise!(
                    TypeError,
                    "tcsetattr: elements of attributes must be characters or integers"
                ));
            }
        };
    }
    // SAFETY: a valid structure.
    unsafe {
        libc::cfsetispeed(mode, input);
        libc::cfsetospeed(mode, output);
    }
    Ok(())
}

fn mode_of(fd: i32) -> PyResult<libc::termios> {
    // SAFETY: the structure consists of numbers.
    let mut mode: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: a valid structure.
    perform(|| unsafe { libc::tcgetattr(fd, &raw mut mode) })?;
    Ok(mode)
}

py_functions! { static FUNCTIONS;
    /// Get the tty attributes for file descriptor fd.
    "tcgetattr(fd, /)"
    fn tcgetattr(fd: Descriptor) -> PyResult {
        Ok(attributes(&mode_of(fd.0)?))
    }
    /// Set the tty attributes for file descriptor fd.
    "tcsetattr(fd, when, attributes, /)"
    fn tcsetattr(fd: Descriptor, when: i32, attributes: Value) -> PyResult<()> {
        let mut mode = mode_of(fd.0)?;
        apply(&mut mode, attributes)?;
        // SAFETY: a valid structure.
        perform(|| unsafe { libc::tcsetattr(fd.0, when, &raw const mode) })
    }
    /// Send a break on file descriptor fd.
    "tcsendbreak(fd, duration, /)"
    fn tcsendbreak(fd: Descriptor, duration: i32) -> PyResult<()> {
        // SAFETY: numbers.
        perform(|| unsafe { libc::tcsendbreak(fd.0, duration) })
    }
    /// Wait until all output written to file descriptor fd has been transmitted.
    "tcdrain(fd, /)"
    fn tcdrain(fd: Descriptor) -> PyResult<()> {
        // SAFETY: numbers.
        perform(|| unsafe { libc::tcdrain(fd.0) })
    }
    /// Discard queued data on file descriptor fd.
    "tcflush(fd, queue, /)"
    fn tcflush(fd: Descriptor, queue: i32) -> PyResult<()> {
        // SAFETY: numbers.
        perform(|| unsafe { libc::tcflush(fd.0, queue) })
    }
    /// Suspend or resume input or output on file descriptor fd.
    "tcflow(fd, action, /)"
    fn tcflow(fd: Descriptor, action: i32) -> PyResult<()> {
        // SAFETY: numbers.
        perform(|| unsafe { libc::tcflow(fd.0, action) })
    }
    /// Get the tty winsize for file descriptor fd: (rows, columns).
    "tcgetwinsize(fd, /)"
    fn tcgetwinsize(fd: Descriptor) -> PyResult {
        // SAFETY: the structure consists of numbers.
        let mut size: libc::winsize = unsafe { std::mem::zeroed() };
        // SAFETY: a valid structure.
        perform(|| unsafe { libc::ioctl(fd.0, libc::TIOCGWINSZ, &raw mut size) })?;
        Ok(crate::system::pair(size.ws_row, size.ws_col))
    }
    /// Set the tty winsize for file descriptor fd.
    "tcsetwinsize(fd, winsize, /)"
    fn tcsetwinsize(fd: Descriptor, winsize: Value) -> PyResult<()> {
        let parts = protocol::collect(winsize)?;
        let [rows, columns] = &parts[..] else {
            return Err(raise!(TypeError, "tcsetwinsize, arg 2: must be a two-item sequence"));
        };
        let part = |item: &Ref| {
            let number = int::to_i64(item.value())?;
            u16::try_from(number).map_err(|_| raise!(OverflowError, "winsize value(s) out of range."))
        };
        // SAFETY: the structure consists of numbers.
        let mut size: libc::winsize = unsafe { std::mem::zeroed() };
        // SAFETY: a valid structure.
        perform(|| unsafe { libc::ioctl(fd.0, libc::TIOCGWINSZ, &raw mut size) })?;
        (size.ws_row, size.ws_col) = (part(rows)?, part(columns)?);
        // SAFETY: a valid structure.
        perform(|| unsafe { libc::ioctl(fd.0, libc::TIOCSWINSZ, &raw const size) })
    }
}
