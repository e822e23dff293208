//! The bytes of a pickle under construction, and its frames (PEP 3154).
//!
//! A frame announces its length, so room for its head is left when it begins and filled when it ends. A frame that is too short to be
//! worth a head has none.

use super::opcode::FRAME;

/// How long a frame becomes at least, if there is as much to write.
pub(super) const FRAME_TARGET: usize = 64 * 1024;
/// Shorter frames have no head.
const FRAME_LEAST: usize = 4;
/// The opcode and the length.
const HEAD: usize = 9;

/// See the module documentation.
#[derive(Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    /// Whether what is written belongs into frames.
    pub(super) is_framing: bool,
    /// Where the head of the frame stands that has been begun.
    frame: Option<usize>,
}

impl Output {
    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        *self = Output::default();
    }

    #[inline]
    fn begin_frame(&mut self) {
        if self.is_framing && self.frame.is_none() {
            self.frame = Some(self.bytes.len());
            self.bytes.extend_from_slice(&[0; HEAD]);
        }
    }

    /// Writes an opcode.
    #[inline]
    pub(super) fn op(&mut self, opcode: u8) {
        self.begin_frame();
        self.bytes.push(opcode);
    }

    /// Writes some bytes.
    #[inline]
    pub(super) fn write(&mut self, data: &[u8]) {
        self.begin_frame();
        self.bytes.extend_from_slice(data);
    }

    /// Writes an opcode and what follows it.
    #[inline]
    pub(super) fn op_with(&mut self, opcode: u8, data: &[u8]) {
        self.op(opcode);
        self.bytes.extend_from_slice(data);
    }

    /// Ends the frame that has been begun.
    pub(super) fn end_frame(&mut self) {
        let Some(start) = self.frame.take() else { return };
        let len = self.bytes.len() - start - HEAD;
        if len < FRAME_LEAST {
            self.bytes.drain(start..start + HEAD);
            return;
        }
        self.bytes[start] = FRAME;
        self.bytes[start + 1..start + HEAD].copy_from_slice(&(len as u64).to_le_bytes());
    }

    /// Whether the frame is long enough to be ended.
    #[inline]
    pub(super) fn is_frame_full(&self) -> bool {
        self.frame.is_some_and(|start| self.bytes.len() - start - HEAD >= FRAME_TARGET)
    }

    /// What has been written so far.
    pub(super) fn take(&mut self) -> Vec<u8> {
        debug_assert!(self.frame.is_none(), "frames are ended before they are handed out");
        std::mem::take(&mut self.bytes)
    }
}
