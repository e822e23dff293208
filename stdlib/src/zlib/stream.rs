//! Deflate streams from slices to vectors: what the objects of `zlib` share, without Python.
//!
//! Both directions follow zlib's manual: call again while output fills its space, stop when the input is used up, at the end of the
//! stream, or where the caller's limit is. A failure keeps zlib's number and reason. Cost: that of the algorithm; output space doubles.

use zlib_rs::{
    Deflate, DeflateConfig, DeflateError, DeflateFlush, Inflate, InflateError, InflateFlush, Method, Status,
    Strategy,
};

/// The one method of compression there is.
pub(super) const DEFLATED: i32 = 8;

/// Why a stream goes no further.
#[derive(Clone, Copy)]
pub(super) enum Failure {
    /// There is no room for the output.
    Memory,
    /// zlib's number and reason.
    Stream(i32, Option<&'static str>),
}

/// Options that zlib does not take, or a stream that has ended.
pub(super) const BAD_OPTION: Failure = Failure::Stream(-2, Some("inconsistent stream state"));

/// Input that ends before its stream does.
pub(super) const TRUNCATED: Failure = Failure::Stream(-5, Some("incomplete or truncated stream"));

/// The reason for a number where the stream itself gives none.
fn reason(code: i32) -> Option<&'static str> {
    match code {
        -2 => Some("inconsistent stream state"),
        -3 => Some("invalid input data"),
        _ => None,
    }
}

/// How to compress.
pub(super) struct Options {
    pub(super) level: i32,
    pub(super) method: i32,
    pub(super) wbits: i32,
    pub(super) mem_level: i32,
    pub(super) strategy: i32,
}

impl Options {
    /// What zlib takes by itself.
    pub(super) const DEFAULT: Options =
        Options { level: -1, method: DEFLATED, wbits: 15, mem_level: 8, strategy: 0 };

    /// The crate's form of them, if zlib would take them: a window of 256 bytes exists within a zlib frame only.
    fn config(&self) -> Option<DeflateConfig> {
        let is_window = matches!(self.wbits, -15..=-9 | 8..=15 | 25..=31);
        let is_known =
            (-1..=9).contains(&self.level) && self.method == DEFLATED && (1..=9).contains(&self.mem_level);
        let strategy = Strategy::try_from(self.strategy).ok()?;
        (is_window && is_known).then_some(DeflateConfig {
            level: self.level,
            method: Method::Deflated,
            window_bits: self.wbits,
            mem_level: self.mem_level,
            strategy,
        })
    }
}

/// Makes room behind what is used: twice of what there is, within `limit`.
fn grow(output: &mut Vec<u8>, limit: Option<usize>) -> Result<(), Failure> {
    const FIRST: usize = 16 * 1024;
    let wanted = output.len().saturating_mul(2).max(FIRST).min(limit.unwrap_or(usize::MAX));
    output.try_reserve_exact(wanted - output.len()).map_err(|_| Failure::Memory)?;
    output.resize(wanted, 0);
    Ok(())
}

/// The most that is given to the crate at once; its counts have 32 bits.
const PIECE: usize = 1 << 30;

/// A stream that is being compressed; none once it has been finished.
pub(super) struct Compressor(Option<Deflate>);

impl Compressor {
    /// A new stream, unless an option is out of range.
    pub(super) fn new(options: Options) -> Option<Self> {
        options.config().map(|config| Compressor(Some(Deflate::new_with_config(config))))
    }

    /// Bytes that both ends know in advance; whether the stream takes them.
    pub(super) fn set_dictionary(&mut self, dictionary: &[u8]) -> bool {
        self.0.as_mut().is_some_and(|stream| stream.set_dictionary(dictionary).is_ok())
    }

    /// What comes out for this input.
    pub(super) fn run(&mut self, input: &[u8], flush: DeflateFlush) -> Result<Vec<u8>, Failure> {
        let stream = self.0.as_mut().ok_or(BAD_OPTION)?;
        let (mut output, mut used, mut taken) = (Vec::new(), 0, 0);
        loop {
            if used == output.len() {
                grow(&mut output, None)?;
            }
            let piece = &input[taken..input.len().min(taken + PIECE)];
            let is_last = taken + piece.len() == input.len();
            let (from, to) = (stream.total_in(), stream.total_out());
            let status = stream
                .compress(piece, &mut output[used..], if is_last { flush } else { DeflateFlush::NoFlush })
                .map_err(|error| deflate_failure(stream, error))?;
            taken += (stream.total_in() - from) as usize;
            used += (stream.total_out() - to) as usize;
            if status == Status::StreamEnd {
                self.0 = None;
                break;
            }
            if taken == input.len() && used < output.len() {
                break;
            }
        }
        output.truncate(used);
        Ok(output)
    }

    /// What comes out for the last input.
    pub(super) fn finish(&mut self, input: &[u8]) -> Result<Vec<u8>, Failure> {
        self.run(input, DeflateFlush::Finish)
    }
}

fn deflate_failure(stream: &Deflate, error: DeflateError) -> Failure {
    match error {
        DeflateError::MemError => Failure::Memory,
        _ => Failure::Stream(error as i32, stream.error_message().or_else(|| reason(error as i32))),
    }
}

/// A stream that is being decompressed.
pub(super) struct Decompressor {
    stream: Inflate,
    dictionary: Option<Vec<u8>>,
    is_ended: bool,
}

impl Decompressor {
    /// A new stream, unless the window is none: negative for bare data, by 16 more for gzip, by 32 more for either frame.
    /// Bare data gets its dictionary at once, zlib's frame asks for it.
    pub(super) fn new(wbits: i32, dictionary: Option<Vec<u8>>) -> Option<Self> {
        if !matches!(wbits, -15..=-8 | 0 | 8..=15 | 16 | 24..=31 | 32 | 40..=47) {
            return None;
        }
        let mut stream = Inflate::new(wbits >= 0, wbits.unsigned_abs() as u8);
        if wbits < 0
            && let Some(dictionary) = &dictionary
        {
            stream.set_dictionary(dictionary).ok()?;
        }
        Some(Decompressor { stream, dictionary, is_ended: false })
    }

    /// Whether the stream has come to its end, checksum and all.
    pub(super) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Appends what comes out for this input, at most `limit` bytes; gives how much of the input it took.
    pub(super) fn run(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        limit: Option<usize>,
    ) -> Result<usize, Failure> {
        let (mut used, mut taken) = (0, 0);
        debug_assert!(output.is_empty());
        while !self.is_ended {
            if used == output.len() {
                if limit == Some(used) {
                    break;
                }
                grow(output, limit)?;
            }
            let piece = &input[taken..input.len().min(taken + PIECE)];
            let (from, to) = (self.stream.total_in(), self.stream.total_out());
            let result = self.stream.decompress(piece, &mut output[used..], InflateFlush::SyncFlush);
            taken += (self.stream.total_in() - from) as usize;
            used += (self.stream.total_out() - to) as usize;
            match result {
                Ok(Status::StreamEnd) => self.is_ended = true,
                Ok(_) if taken == input.len() && used < output.len() => break,
                Ok(_) => {}
                Err(InflateError::NeedDict { .. }) if self.dictionary.is_some() => self.give_dictionary()?,
                Err(error) => return Err(self.failure(error)),
            }
        }
        output.truncate(used);
        Ok(taken)
    }

    fn give_dictionary(&mut self) -> Result<(), Failure> {
        let dictionary = self.dictionary.take().unwrap_or_default();
        self.stream.set_dictionary(&dictionary).map(drop).map_err(|error| self.failure(error))
    }

    fn failure(&self, error: InflateError) -> Failure {
        let code = match error {
            InflateError::MemError => return Failure::Memory,
            InflateError::NeedDict { .. } => 2,
            InflateError::StreamError => -2,
            InflateError::DataError => -3,
        };
        Failure::Stream(code, self.stream.error_message().or_else(|| reason(code)))
    }
}
