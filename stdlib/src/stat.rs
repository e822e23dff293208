//! `_stat`: what the bits of a file's mode mean.
//!
//! The numbers are those that `stat.py` has for every system; a kind of file that there is not here is 0, and no file is of it.
//! Source: POSIX `sys/stat.h`, and 4.4BSD's for the flags of files.

use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::value::Py;
use runtime::{PyResult, Value, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for &(name, value) in CONSTANTS {
        module.dict().set_text(name, int::from_i64(value.into()));
    }
    module.add_functions(KINDS);
    module.add_functions(OTHERS);
    Ok(())
}

/// The bits that say what a file is.
const KIND: u32 = 0o170_000;

#[rustfmt::skip]
const CONSTANTS: &[(&str, u32)] = &[
    ("S_IFDIR", 0o040_000), ("S_IFCHR", 0o020_000), ("S_IFBLK", 0o060_000), ("S_IFREG", 0o100_000),
    ("S_IFIFO", 0o010_000), ("S_IFLNK", 0o120_000), ("S_IFSOCK", 0o140_000),
    ("S_IFDOOR", 0), ("S_IFPORT", 0), ("S_IFWHT", 0),
    ("S_ISUID", 0o4000), ("S_ISGID", 0o2000), ("S_ISVTX", 0o1000), ("S_ENFMT", 0o2000),
    ("S_IREAD", 0o400), ("S_IWRITE", 0o200), ("S_IEXEC", 0o100),
    ("S_IRWXU", 0o700), ("S_IRUSR", 0o400), ("S_IWUSR", 0o200), ("S_IXUSR", 0o100),
    ("S_IRWXG", 0o070), ("S_IRGRP", 0o040), ("S_IWGRP", 0o020), ("S_IXGRP", 0o010),
    ("S_IRWXO", 0o007), ("S_IROTH", 0o004), ("S_IWOTH", 0o002), ("S_IXOTH", 0o001),
    ("UF_SETTABLE", 0x0000_FFFF), ("UF_NODUMP", 0x1), ("UF_IMMUTABLE", 0x2), ("UF_APPEND", 0x4),
    ("UF_OPAQUE", 0x8), ("UF_NOUNLINK", 0x10), ("UF_COMPRESSED", 0x20), ("UF_TRACKED", 0x40),
    ("UF_DATAVAULT", 0x80), ("UF_HIDDEN", 0x8000),
    ("SF_SETTABLE", 0xFFFF_0000), ("SF_ARCHIVED", 0x0001_0000), ("SF_IMMUTABLE", 0x0002_0000),
    ("SF_APPEND", 0x0004_0000), ("SF_NOUNLINK", 0x0010_0000), ("SF_SNAPSHOT", 0x0020_0000),
    ("SF_FIRMLINK", 0x0080_0000), ("SF_DATALESS", 0x4000_0000),
    ("ST_MODE", 0), ("ST_INO", 1), ("ST_DEV", 2), ("ST_NLINK", 3), ("ST_UID", 4), ("ST_GID", 5),
    ("ST_SIZE", 6), ("ST_ATIME", 7), ("ST_MTIME", 8), ("ST_CTIME", 9),
];

/// The letter of each kind, as `ls -l` shows it.
const LETTERS: [(u32, char); 7] = [
    (0o100_000, '-'),
    (0o040_000, 'd'),
    (0o120_000, 'l'),
    (0o060_000, 'b'),
    (0o020_000, 'c'),
    (0o010_000, 'p'),
    (0o140_000, 's'),
];

fn mode_of(value: Value) -> PyResult<u32> {
    let Some(number) = int::IntRef::of(value) else {
        return Err(raise!(TypeError, "an integer is required"));
    };
    let mode = number.to_i64().ok_or_else(|| raise!(OverflowError, "mode out of range"))?;
    if mode < 0 {
        return Err(raise!(OverflowError, "can't convert negative value to unsigned int"));
    }
    u32::try_from(mode).map_err(|_| raise!(OverflowError, "mode out of range"))
}

fn is_kind(mode: Value, letter: char) -> PyResult<bool> {
    let kind = mode_of(mode)? & KIND;
    Ok(LETTERS.contains(&(kind, letter)))
}

macro_rules! kinds {
    ($($doc:literal $signature:literal $name:ident $letter:literal;)*) => {
        py_functions! { static KINDS;
            $(#[doc = $doc] $signature
            fn $name(mode: Value) -> PyResult<bool> {
                is_kind(mode, $letter)
            })*
        }
    };
}

// No file has the letter of a kind that there is not here.
kinds! {
    "Return True if mode is from a directory." "S_ISDIR(mode, /)" is_directory 'd';
    "Return True if mode is from a character special device file." "S_ISCHR(mode, /)" is_character 'c';
    "Return True if mode is from a block special device file." "S_ISBLK(mode, /)" is_block 'b';
    "Return True if mode is from a regular file." "S_ISREG(mode, /)" is_regular '-';
    "Return True if mode is from a FIFO (named pipe)." "S_ISFIFO(mode, /)" is_fifo 'p';
    "Return True if mode is from a symbolic link." "S_ISLNK(mode, /)" is_link 'l';
    "Return True if mode is from a socket." "S_ISSOCK(mode, /)" is_socket 's';
    "Return True if mode is from a door." "S_ISDOOR(mode, /)" is_door 'D';
    "Return True if mode is from an event port." "S_ISPORT(mode, /)" is_port 'P';
    "Return True if mode is from a whiteout." "S_ISWHT(mode, /)" is_whiteout 'w';
}

py_functions! { static OTHERS;
    /// Return the portion of the file's mode that can be set by os.chmod().
    "S_IMODE(mode, /)"
    fn permissions(mode: Value) -> PyResult<i64> {
        Ok((mode_of(mode)? & 0o7777).into())
    }
    /// Return the portion of the file's mode that describes the file type.
    "S_IFMT(mode, /)"
    fn kind(mode: Value) -> PyResult<i64> {
        Ok((mode_of(mode)? & KIND).into())
    }
    /// Convert a file's mode to a string of the form '-rwxrwxrwx'
    "filemode(mode, /)"
    fn filemode(mode: Value) -> PyResult<Py<StrObject>> {
        let mode = mode_of(mode)?;
        let letter = LETTERS.iter().find(|(kind, _)| *kind == mode & KIND).map_or('?', |&(_, letter)| letter);
        let mut shown = String::from(letter);
        for (shift, special, letters) in [(6, 0o4000, ['s', 'S']), (3, 0o2000, ['s', 'S']), (0, 0o1000, ['t', 'T'])] {
            let bits = mode >> shift;
            shown.push(if bits & 4 != 0 { 'r' } else { '-' });
            shown.push(if bits & 2 != 0 { 'w' } else { '-' });
            shown.push(match (mode & special != 0, bits & 1 != 0) {
                (true, is_executable) => letters[usize::from(!is_executable)],
                (false, true) => 'x',
                (false, false) => '-',
            });
        }
        Ok(StrObject::new(&shown))
    }
}
