//! The binary form of code: what a cache keeps of a compiled module.
//!
//! The fields of [`Code`] in the order of their declaration, in the format of `postcard`: varints, lengths before contents, no
//! names. An image belongs to the build that made it, so the format has no version of its own; whoever keeps images says in their
//! key which compiler they come from. The file name is left out, because a file may be found under another name.
//!
//! The images of nested code follow, each behind its length in four bytes, so that they can be [left packed](crate::nested) until they run,
//! and are written where they stay, however deep they are nested.
//!
//! Reading checks that the bytes are an image, not that the code in it is sound: what may have been changed on its way is hashed
//! by its keeper. Cost: linear, about the time of reading the source without looking at it.

use std::sync::Arc;

use crate::code::{Code, Const};

/// The image of a module's code with all code nested in it.
pub fn encode(code: &Code) -> Vec<u8> {
    let mut image = Vec::with_capacity(16 * code.words.len() + 128);
    write(code, &mut image);
    image
}

/// Appends an image.
pub(crate) fn write(code: &Code, out: &mut Vec<u8>) {
    *out = postcard::to_extend(code, std::mem::take(out)).expect("code is plain data, and vectors grow");
    for item in &code.consts {
        let Const::Code(inner) = item else { continue };
        let start = out.len();
        out.extend([0; LENGTH]);
        inner.write(out);
        let length = u32::try_from(out.len() - start - LENGTH).expect("code is far smaller than 4 GiB");
        out[start..start + LENGTH].copy_from_slice(&length.to_le_bytes());
    }
}

/// Bytes of the length of an image of nested code.
const LENGTH: usize = 4;

/// Splits the image of nested code off, which its length precedes.
fn split(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = rest.split_first_chunk::<LENGTH>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// The code of an image, as if compiled from a file of this name; `None` if the bytes are no image.
pub fn decode(image: &[u8], filename: &Arc<str>) -> Option<Code> {
    let (mut code, mut rest): (Code, _) = postcard::take_from_bytes(image).ok()?;
    code.filename = Arc::clone(filename);
    for item in &mut code.consts {
        if let Const::Code(inner) = item {
            let inside;
            (inside, rest) = split(rest)?;
            Arc::get_mut(inner).expect("decoded a moment ago").unpack_from(inside, filename);
        }
    }
    rest.is_empty().then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn sample() -> Code {
        text::parse(text::tests::SAMPLE).expect("it parses")
    }

    #[test]
    fn images_round_trip() {
        let code = sample();
        let image = encode(&code);
        // A NaN in it is not equal to itself; texts are.
        let decoded = decode(&image, &code.filename).expect("an image");
        assert_eq!(text::print(&decoded), text::tests::SAMPLE);
        let elsewhere = decode(&image, &"elsewhere.py".into()).expect("an image");
        assert!(elsewhere.walk().iter().all(|code| &*code.filename == "elsewhere.py"));
    }

    #[test]
    fn what_is_cut_or_longer_is_no_image() {
        let mut image = encode(&sample());
        for end in 0..image.len() {
            assert_eq!(decode(&image[..end], &"".into()), None, "{end}");
        }
        image.push(0);
        assert_eq!(decode(&image, &"".into()), None);
    }

    #[test]
    fn changed_bytes_never_panic() {
        let image = encode(&sample());
        for at in 0..image.len() {
            for bit in 0..8 {
                let mut changed = image.clone();
                changed[at] ^= 1 << bit;
                // Packed code inside is only read when it is wanted.
                drop(decode(&changed, &"".into()));
            }
        }
    }
}
