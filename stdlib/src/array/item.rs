//! Type codes of arrays: size, and one item to bytes and back.

use runtime::objects::float;
use runtime::objects::int::{self, IntRef};
use runtime::objects::str::StrObject;
use runtime::{PyResult, Value, raise};

/// What a type code says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kind {
    /// The code.
    pub(super) code: u8,
    /// Bytes of an item.
    pub(super) size: usize,
    /// The C type in messages of integers out of range.
    name: &'static str,
}

/// All type codes in CPython's order.
pub(super) static KINDS: &[Kind] = &[
    Kind { code: b'b', size: 1, name: "signed char" },
    Kind { code: b'B', size: 1, name: "unsigned byte integer" },
    Kind { code: b'u', size: 4, name: "" },
    Kind { code: b'w', size: 4, name: "" },
    Kind { code: b'h', size: 2, name: "signed short integer" },
    Kind { code: b'H', size: 2, name: "unsigned short" },
    Kind { code: b'i', size: 4, name: "signed integer" },
    Kind { code: b'I', size: 4, name: "unsigned int" },
    Kind { code: b'l', size: 8, name: "long" },
    Kind { code: b'L', size: 8, name: "unsigned long" },
    Kind { code: b'q', size: 8, name: "" },
    Kind { code: b'Q', size: 8, name: "" },
    Kind { code: b'f', size: 4, name: "" },
    Kind { code: b'd', size: 8, name: "" },
];

impl Kind {
    /// The kind of a code.
    pub(super) fn of(code: u32) -> Option<Kind> {
        KINDS.iter().find(|kind| u32::from(kind.code) == code).copied()
    }

    /// Whether items are characters.
    pub(super) fn is_text(self) -> bool {
        matches!(self.code, b'u' | b'w')
    }

    fn is_signed(self) -> bool {
        self.code.is_ascii_lowercase()
    }

    /// Reads an item.
    pub(super) fn unpack(self, data: &[u8]) -> PyResult {
        Ok(match self.code {
            b'f' => float::new(f32::from_le_bytes(data.try_into().expect("four bytes")).into()),
            b'd' => float::new(f64::from_le_bytes(data.try_into().expect("eight bytes"))),
            b'u' | b'w' => {
                let point = u32::from_le_bytes(data.try_into().expect("four bytes"));
                if point >= 0x11_0000 {
                    return Err(raise!(
                        ValueError,
                        "character U+{point:x} is not in range [U+0000; U+10ffff]"
                    ));
                }
                StrObject::from_code_point(point).into()
            }
            _ => {
                let negative = self.is_signed() && data.last().is_some_and(|&top| top & 0x80 != 0);
                let mut wide = [if negative { 0xff } else { 0 }; 16];
                wide[..data.len()].copy_from_slice(data);
                int::from_i128(i128::from_le_bytes(wide))
            }
        })
    }

    /// Writes an item.
    pub(super) fn pack(self, value: Value) -> PyResult<Vec<u8>> {
        match self.code {
            b'f' => Ok((float::to_f64(value)? as f32).to_le_bytes().to_vec()),
            b'd' => Ok(float::to_f64(value)?.to_le_bytes().to_vec()),
            b'u' | b'w' => match value.get::<StrObject>() {
                Some(text) if text.len() == 1 => Ok(text.code_point(0).to_le_bytes().to_vec()),
                _ => Err(raise!(TypeError, "array item must be unicode character")),
            },
            _ => self.pack_integer(value),
        }
    }

    fn pack_integer(self, value: Value) -> PyResult<Vec<u8>> {
        let number = int::index(value)?;
        let number = IntRef::of(number.value()).expect("`index` gives ints");
        let bits = 8 * self.size as u32;
        let (least, most) = match self.is_signed() {
            true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            false => (0, (1i128 << bits) - 1),
        };
        match i128::try_from(&number.to_big()).ok().filter(|wide| (least..=most).contains(wide)) {
            Some(wide) => Ok(wide.to_le_bytes()[..self.size].to_vec()),
            None => Err(self.out_of_range(number.is_negative())),
        }
    }

    fn out_of_range(self, is_negative: bool) -> runtime::Raised {
        let name = self.name;
        match (self.code, is_negative) {
            (b'l', _) => raise!(OverflowError, "Python int too large to convert to C long"),
            (b'I', true) | (b'L', true) => {
                raise!(OverflowError, "can't convert negative value to unsigned int")
            }
            (b'L', false) => raise!(OverflowError, "Python int too large to convert to C unsigned long"),
            (b'Q', true) => raise!(OverflowError, "can't convert negative int to unsigned"),
            (b'q' | b'Q', _) => raise!(OverflowError, "int too big to convert"),
            (_, true) => raise!(OverflowError, "{name} is less than minimum"),
            (_, false) => raise!(OverflowError, "{name} is greater than maximum"),
        }
    }
}
