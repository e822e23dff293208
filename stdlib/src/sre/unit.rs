//! The characters of a text as they are stored, in one, two or four bytes.

/// A stored character.
pub(super) trait Unit: Copy + Eq {
    /// The code point.
    fn point(self) -> u32;

    /// The text, if its characters are bytes.
    fn as_bytes(text: &[Self]) -> Option<&[u8]>;

    /// The first of a character in a text.
    fn find(text: &[Self], point: u32) -> Option<usize>;

    /// The last of a character in a text.
    fn rfind(text: &[Self], point: u32) -> Option<usize>;
}

impl Unit for u8 {
    #[inline]
    fn point(self) -> u32 {
        u32::from(self)
    }
    #[inline]
    fn as_bytes(text: &[Self]) -> Option<&[u8]> {
        Some(text)
    }
    #[inline]
    fn find(text: &[Self], point: u32) -> Option<usize> {
        u8::try_from(point).ok().and_then(|byte| memchr::memchr(byte, text))
    }
    #[inline]
    fn rfind(text: &[Self], point: u32) -> Option<usize> {
        u8::try_from(point).ok().and_then(|byte| memchr::memrchr(byte, text))
    }
}

impl Unit for u16 {
    #[inline]
    fn point(self) -> u32 {
        u32::from(self)
    }
    #[inline]
    fn as_bytes(_: &[Self]) -> Option<&[u8]> {
        None
    }
    #[inline]
    fn find(text: &[Self], point: u32) -> Option<usize> {
        u16::try_from(point).ok().and_then(|wanted| text.iter().position(|&unit| unit == wanted))
    }
    #[inline]
    fn rfind(text: &[Self], point: u32) -> Option<usize> {
        u16::try_from(point).ok().and_then(|wanted| text.iter().rposition(|&unit| unit == wanted))
    }
}

impl Unit for u32 {
    #[inline]
    fn point(self) -> u32 {
        self
    }
    #[inline]
    fn as_bytes(_: &[Self]) -> Option<&[u8]> {
        None
    }
    #[inline]
    fn find(text: &[Self], point: u32) -> Option<usize> {
        text.iter().position(|&unit| unit == point)
    }
    #[inline]
    fn rfind(text: &[Self], point: u32) -> Option<usize> {
        text.iter().rposition(|&unit| unit == point)
    }
}
