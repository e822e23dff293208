//! Where an unpickler reads: a bytes object, or a file that hands them out.
//!
//! A file is read by as much as an opcode wants, so that what follows the pickle stays in it. If it can be peeked into, it is read ahead
//! in large pieces, and told at the end how much of that has been used (`_Unpickler_ReadFromFile` in CPython).

use runtime::buffer;
use runtime::error::types;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::{Py, PyResult, Raised, Ref, Value, error, protocol, raise};

use super::bad_pickle;

/// How far a file is looked ahead.
const AHEAD: usize = 128 * 1024;

/// The methods of a file.
pub(super) struct File {
    pub(super) read: Ref,
    pub(super) readline: Ref,
    pub(super) peek: Option<Ref>,
}

/// See the module documentation.
pub(super) struct Input {
    data: Py<BytesObject>,
    at: usize,
    /// How much of the data has been taken out of the file; what is behind it has only been looked at.
    taken: usize,
    file: Option<File>,
}

impl Input {
    /// Reads a bytes-like object.
    pub(super) fn of_bytes(data: Value) -> PyResult<Self> {
        let data = bytes_of(data)?;
        let taken = data.as_slice().len();
        Ok(Input { data, at: 0, taken, file: None })
    }

    /// Reads a file.
    pub(super) fn of_file(file: File) -> Self {
        Input { data: BytesObject::new(&[]), at: 0, taken: 0, file: Some(file) }
    }

    /// The next `count` bytes.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> PyResult<&[u8]> {
        if self.data.as_slice().len() - self.at < count {
            self.fill(count)?;
        }
        let start = self.at;
        self.at += count;
        Ok(&self.data.as_slice()[start..self.at])
    }

    /// The next bytes, as many as the array has.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> PyResult<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("as many bytes as asked for"))
    }

    #[inline]
    pub(super) fn byte(&mut self) -> PyResult<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// A line without its end.
    pub(super) fn line(&mut self) -> PyResult<&[u8]> {
        let rest = &self.data.as_slice()[self.at..];
        let len = match memchr::memchr(b'\n', rest) {
            Some(len) => len,
            None => self.fill_line()?,
        };
        let start = self.at;
        self.at += len + 1;
        Ok(&self.data.as_slice()[start..start + len])
    }

    /// A line that is not empty.
    pub(super) fn filled_line(&mut self) -> PyResult<&[u8]> {
        match self.line()? {
            [] => Err(truncated()),
            line => Ok(line),
        }
    }

    /// A line that must be a number, or another text of ASCII letters.
    pub(super) fn ascii_line(&mut self) -> PyResult<String> {
        let line = self.filled_line()?;
        if !line.is_ascii() {
            return Err(bad_pickle!("pickle data has a line that is not ASCII text"));
        }
        Ok(String::from_utf8_lossy(line).into_owned())
    }

    /// Makes `count` bytes available.
    #[cold]
    fn fill(&mut self, count: usize) -> PyResult<()> {
        self.advance()?;
        let Some(file) = &self.file else { return Err(truncated()) };
        if let Some(peek) = file.peek.clone().filter(|_| count < AHEAD)
            && self.look_ahead(&peek)? >= count
        {
            return Ok(());
        }
        let read = self.file.as_ref().expect("there is a file").read.clone();
        let wanted = int::from_i64(i64::try_from(count).map_err(|_| overflow())?);
        let data = protocol::call_one(read.value(), wanted.value())?;
        self.set_data(bytes_of(data.value())?);
        if self.data.as_slice().len() < count {
            return Err(truncated());
        }
        Ok(())
    }

    /// Makes a line available; how long it is without its end.
    #[cold]
    fn fill_line(&mut self) -> PyResult<usize> {
        self.advance()?;
        let Some(file) = &self.file else { return Err(truncated()) };
        let line = protocol::call(file.readline.clone().value(), &[], None)?;
        self.set_data(bytes_of(line.value())?);
        match self.data.as_slice() {
            [.., b'\n'] => Ok(self.data.as_slice().len() - 1),
            _ => Err(truncated()),
        }
    }

    fn set_data(&mut self, data: Py<BytesObject>) {
        (self.at, self.taken) = (0, data.as_slice().len());
        self.data = data;
    }

    /// Looks into the file without taking anything out; how many bytes there are.
    fn look_ahead(&mut self, peek: &Ref) -> PyResult<usize> {
        let wanted = int::from_i64(AHEAD as i64);
        let seen = protocol::call_one(peek.value(), wanted.value());
        let Some(seen) = error::ignore(seen, &types::NotImplementedError)? else {
            self.file.as_mut().expect("there is a file").peek = None;
            return Ok(0);
        };
        self.set_data(bytes_of(seen.value())?);
        self.taken = 0;
        Ok(self.data.as_slice().len())
    }

    /// Takes what has been used out of the file, where it has only been looked at.
    pub(super) fn advance(&mut self) -> PyResult<()> {
        if let Some(file) = &self.file
            && self.at > self.taken
        {
            let used = int::from_i64((self.at - self.taken) as i64);
            let read = file.read.clone();
            drop(protocol::call_one(read.value(), used.value())?);
            self.taken = self.at;
        } else if self.file.is_some() && self.at < self.taken {
            return Err(bad_pickle!("pickle exhausted before end of frame"));
        }
        Ok(())
    }

    /// Makes a frame of this length available at once.
    pub(super) fn frame(&mut self, len: u64) -> PyResult<()> {
        let len = usize::try_from(len).ok().filter(|&len| isize::try_from(len).is_ok());
        let Some(len) = len else {
            let most = isize::MAX;
            return Err(raise!(OverflowError, "FRAME length exceeds system's maximum of {most} bytes"));
        };
        self.take(len)?;
        self.at -= len;
        Ok(())
    }
}

fn bytes_of(data: Value) -> PyResult<Py<BytesObject>> {
    match data.get_exact::<BytesObject>() {
        Some(data) => Ok(Py::from_object(data)),
        None => Ok(BytesObject::new(&buffer::to_vec(data)?)),
    }
}

fn truncated() -> Raised {
    bad_pickle!("pickle data was truncated")
}

fn overflow() -> Raised {
    bad_pickle!("read would overflow (invalid bytecode)")
}
