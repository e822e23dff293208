//! `_codecs_cn`, `_codecs_jp`, `_codecs_kr`, `_codecs_tw` and `_codecs_iso2022`: the encodings of East Asia, under Lib's `encodings.gbk` and its like.
//!
//! - [`table`]: the two-way tables of pairs, made from those of the crate `encoding_rs`, and how CPython's differ from them
//! - [`scheme`]: how bytes make up characters; [`iso2022`]: by escape sequences
//!
//! `encoding_rs` decodes what the WHATWG wants browsers to: only its tables are used here, never its error handling, so that positions,
//! handlers and reasons are CPython's (`multibytecodec.c`). `_multibytecodec`, the classes for streams, is Python code over [`CodecObject`].
//!
//! The crate has no tables of JIS X 0213 (`euc_jis_2004`, `shift_jisx0213`, `iso2022_jp_3` ...), `johab`, and `big5hkscs` in the edition that
//! CPython has; these codecs and `iso2022_jp_2`, whose Greek is a set of its own kind, are not there: `LookupError`, as for any unknown name.

mod iso2022;
mod scheme;
mod table;

use std::sync::LazyLock;

use iso2022::{Iso2022, Set};
use runtime::codec::handler::{DecodeErrors, EncodeErrors, Replacement};
use runtime::convert::OrNone;
use runtime::error::Raised;
use runtime::header::Header;
use runtime::object::{self, Object};
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::tuple::TupleObject;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{Py, PyResult, Ref, TypeObject, Value, buffer, protocol, py_functions, py_methods, raise};
use scheme::{Pairs, Scheme, Step};
use table::Table;

/// An encoding.
struct Codec {
    name: &'static str,
    scheme: Scheme,
}

fn is_upper(byte: u8) -> bool {
    byte >= 0x80
}

fn is_shift_jis_lead(byte: u8) -> bool {
    matches!(byte, 0x81..=0x9f | 0xe0..=0xea)
}

fn is_cp932_lead(byte: u8) -> bool {
    matches!(byte, 0x81..=0x9f | 0xe0..=0xfc)
}

/// ASCII and pairs that begin with any byte above it.
const fn pairs(table: fn() -> &'static Table) -> Scheme {
    Scheme::Pairs(Pairs { table, singles: &[], written: &[], leads: is_upper })
}

/// The half-width katakana, single bytes in both forms of Shift JIS.
const KANA: (u8, u8, u32) = (0xa1, 0xdf, 0xff61);

static CN: &[Codec] = &[
    Codec { name: "gb2312", scheme: pairs(|| LazyLock::force(&table::GB2312)) },
    Codec { name: "gbk", scheme: pairs(|| LazyLock::force(&table::GBK)) },
    Codec { name: "gb18030", scheme: Scheme::Gb18030 },
    Codec { name: "hz", scheme: Scheme::Hz },
];

static TW: &[Codec] = &[
    Codec { name: "big5", scheme: pairs(|| LazyLock::force(&table::BIG5)) },
    Codec { name: "cp950", scheme: pairs(|| LazyLock::force(&table::CP950)) },
];

static KR: &[Codec] = &[
    Codec { name: "euc_kr", scheme: Scheme::EucKr },
    Codec { name: "cp949", scheme: pairs(|| LazyLock::force(&table::CP949)) },
];

static JP: &[Codec] = &[
    Codec {
        name: "shift_jis",
        scheme: Scheme::Pairs(Pairs {
            table: || LazyLock::force(&table::SHIFT_JIS),
            singles: &[KANA],
            written: &[(0xa5, b'\\'), (0x203e, b'~')],
            leads: is_shift_jis_lead,
        }),
    },
    Codec {
        name: "cp932",
        scheme: Scheme::Pairs(Pairs {
            table: || LazyLock::force(&table::CP932),
            singles: &[KANA, (0x80, 0x80, 0x80), (0xa0, 0xa0, 0xf8f0), (0xfd, 0xff, 0xf8f1)],
            written: &[],
            leads: is_cp932_lead,
        }),
    },
    Codec { name: "euc_jp", scheme: Scheme::EucJp },
];

const fn iso2022(sets: &'static [Set]) -> Scheme {
    Scheme::Iso2022(Iso2022 { sets })
}

static ISO2022: &[Codec] = &[
    Codec { name: "iso2022_jp", scheme: iso2022(&[Set::JisX0208, Set::Roman, Set::JisX0208Old]) },
    Codec {
        name: "iso2022_jp_1",
        scheme: iso2022(&[Set::JisX0208, Set::JisX0212, Set::Roman, Set::JisX0208Old]),
    },
    Codec {
        name: "iso2022_jp_ext",
        scheme: iso2022(&[Set::JisX0208, Set::JisX0212, Set::Roman, Set::Kana, Set::JisX0208Old]),
    },
    Codec { name: "iso2022_kr", scheme: iso2022(&[Set::KsX1001]) },
];

macro_rules! modules {
    ($($fill:ident $functions:ident $codecs:ident $name:literal;)*) => { $(
        #[doc = concat!("Fills `", $name, "`.")]
        pub(crate) fn $fill(module: &ModuleObject) -> PyResult<()> {
            ready::ready(&CODEC);
            module.add_functions($functions);
            Ok(())
        }

        py_functions! { static $functions;
            /// Get the codec of this name.
            "getcodec(name, /)"
            fn getcodec(name: Value) -> PyResult<Py<CodecObject>> {
                find($codecs, name)
            }
        }
    )* };
}

mod cn {
    use super::*;
    modules! { fill_cn FUNCTIONS CN "_codecs_cn"; }
}
mod tw {
    use super::*;
    modules! { fill_tw FUNCTIONS TW "_codecs_tw"; }
}
mod kr {
    use super::*;
    modules! { fill_kr FUNCTIONS KR "_codecs_kr"; }
}
mod jp {
    use super::*;
    modules! { fill_jp FUNCTIONS JP "_codecs_jp"; }
}
mod iso {
    use super::*;
    modules! { fill_iso2022 FUNCTIONS ISO2022 "_codecs_iso2022"; }
}
pub(crate) use cn::fill_cn;
pub(crate) use iso::fill_iso2022;
pub(crate) use jp::fill_jp;
pub(crate) use kr::fill_kr;
pub(crate) use tw::fill_tw;

fn find(codecs: &'static [Codec], name: Value) -> PyResult<Py<CodecObject>> {
    let Some(name) = name.get::<StrObject>() else {
        return Err(raise!(TypeError, "encoding name must be a string."));
    };
    match codecs.iter().find(|codec| name.eq_str(codec.name)) {
        Some(codec) => Ok(object::new_object(CodecObject { header: Header::new(&CODEC), codec })),
        None => Err(raise!(LookupError, "no such codec is supported.")),
    }
}

/// An encoding as an object.
#[repr(C)]
pub(crate) struct CodecObject {
    header: Header,
    codec: &'static Codec,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for CodecObject {
    fn type_object() -> &'static TypeObject {
        &CODEC
    }
}

/// `_multibytecodec.MultibyteCodec`.
static CODEC: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_multibytecodec",
    flags: type_flags::NO_NEW | type_flags::IMMUTABLE,
    methods: &[METHODS],
    ..TypeSpec::of::<CodecObject>("MultibyteCodec")
};

const ILLEGAL: &str = "illegal multibyte sequence";
const INCOMPLETE: &str = "incomplete multibyte sequence";

impl Codec {
    /// The bytes of a str, in the state that the bytes before have left.
    fn encode(&self, text: &StrObject, errors: &str, state: &mut u32, is_final: bool) -> PyResult<Vec<u8>> {
        let mut errors = EncodeErrors::new(self.name, Value::from_object(text), errors);
        let (mut out, mut at) = (Vec::new(), 0);
        while at < text.len() {
            if self.scheme.encode(state, text.code_point(at), &mut out) {
                at += 1;
                continue;
            }
            let start = at;
            let (replacement, resume) = errors.handle(start, start + 1, ILLEGAL)?;
            match replacement {
                Replacement::Bytes(bytes) => out.extend_from_slice(&bytes),
                Replacement::Text(points) => {
                    let wrong = points.iter().position(|&point| !self.scheme.encode(state, point, &mut out));
                    if let Some(at) = wrong {
                        return Err(self.bad_replacement(&points, at));
                    }
                }
            }
            at = resume;
        }
        if is_final {
            self.scheme.finish(state, &mut out);
        }
        Ok(out)
    }

    /// The error for what a handler has put in a character's place.
    fn bad_replacement(&self, points: &[u32], at: usize) -> Raised {
        let mut text = StrBuilder::with_capacity(points.len());
        points.iter().for_each(|&point| text.push(point));
        match text.try_finish() {
            Ok(text) => EncodeErrors::new(self.name, text.value(), "strict").raised(at, at + 1, ILLEGAL),
            Err(raised) => raised,
        }
    }

    /// The text of some bytes and how many it took; what has only begun at their end is an error, or left if more may come.
    fn decode(
        &self,
        data: Value,
        bytes: &[u8],
        errors: &str,
        state: &mut u32,
        is_final: bool,
    ) -> PyResult<(Py<StrObject>, usize)> {
        let mut errors = DecodeErrors::new(self.name, bytes, Some(data), errors);
        let mut out = StrBuilder::with_capacity(bytes.len());
        let mut at = 0;
        while at < errors.data.len() {
            let (end, reason) = match self.scheme.decode(state, &errors.data[at..]) {
                Step::Char(point, length) => {
                    out.push(point);
                    at += length;
                    continue;
                }
                Step::Shift(length) => {
                    at += length;
                    continue;
                }
                Step::Short if !is_final => break,
                Step::Short => (errors.data.len(), INCOMPLETE),
                Step::Illegal(length) => (at + length, ILLEGAL),
            };
            at = errors.handle(at, end, reason, |point| out.push(point))?;
        }
        Ok((out.try_finish()?, at))
    }
}

type Errors = OrNone<String>;

fn name_of(errors: &Errors) -> &str {
    errors.0.as_deref().unwrap_or("strict")
}

/// Hands on the str that is encoded, whatever `str` makes of the input.
fn with_text<T>(input: Value, then: impl FnOnce(&StrObject) -> PyResult<T>) -> PyResult<T> {
    let text = if input.is_instance::<StrObject>() { input.to_ref() } else { protocol::str(input)? };
    then(text.get::<StrObject>().expect("`str` gives strs"))
}

fn triple(first: Ref, taken: usize, state: u32) -> Py<TupleObject> {
    TupleObject::of([first, int::from_i64(taken as i64), int::from_i64(state.into())])
}

py_methods! { static METHODS for "MultibyteCodec", &CodecObject;
    /// Return an encoded string version of `input'.
    "encode(self, /, input, errors=None)"
    fn encode(this, input: Value, errors: Errors) -> PyResult<Py<TupleObject>> {
        with_text(input, |text| {
            let bytes = this.codec.encode(text, name_of(&errors), &mut 0, true)?;
            Ok(TupleObject::of([BytesObject::new(&bytes).into(), int::from_i64(text.len() as i64)]))
        })
    }
    /// Decodes 'input'.
    "decode(self, /, input, errors=None)"
    fn decode(this, input: Value, errors: Errors) -> PyResult<Py<TupleObject>> {
        let bytes = buffer::to_vec(input)?;
        let (text, taken) = this.codec.decode(input, &bytes, name_of(&errors), &mut 0, true)?;
        Ok(TupleObject::of([text.into(), int::from_i64(taken as i64)]))
    }
    /// A step of an incremental encoder: the bytes, the number of characters, the new state.
    "_encode_step(self, input, errors, state, final, /)"
    fn encode_step(this, input: Value, errors: String, state: u32, is_final: bool) -> PyResult<Py<TupleObject>> {
        with_text(input, |text| {
            let mut state = state;
            let bytes = this.codec.encode(text, &errors, &mut state, is_final)?;
            Ok(triple(BytesObject::new(&bytes).into(), text.len(), state))
        })
    }
    /// A step of an incremental decoder: the text, the number of bytes, the new state.
    "_decode_step(self, input, errors, state, final, /)"
    fn decode_step(this, input: Value, errors: String, state: u32, is_final: bool) -> PyResult<Py<TupleObject>> {
        let (bytes, mut state) = (buffer::to_vec(input)?, state);
        let (text, taken) = this.codec.decode(input, &bytes, &errors, &mut state, is_final)?;
        Ok(triple(text.into(), taken, state))
    }
}
