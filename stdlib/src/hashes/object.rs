//! The objects of all algorithms but BLAKE2: one layout, one set of methods, a type each.

use std::cell::RefCell;

use md5::Md5;
use runtime::convert::OrNone;
use runtime::header::Header;
use runtime::methods::{GetSetDef, MethodDef};
use runtime::object::{self, Object};
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, TypeObject, Value, buffer, py_functions, py_methods, raise};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::algorithm::{Algorithm, Crypto};
use super::sponge::{SHA3, SHAKE, Sponge};

/// A hash in progress.
#[repr(C)]
pub struct HashObject {
    header: Header,
    name: &'static str,
    state: RefCell<Box<dyn Algorithm>>,
}

// SAFETY: `repr(C)`, header first. All types of this module share the layout.
unsafe impl Object for HashObject {
    fn type_object() -> &'static TypeObject {
        &MD5
    }
}

impl HashObject {
    pub(super) fn make(ty: &TypeObject, name: &'static str, state: Box<dyn Algorithm>) -> Py<HashObject> {
        let contents = HashObject { header: Header::new(ty), name, state: RefCell::new(state) };
        object::new_object_in_layout(ty, contents)
    }
}

fn this<'a>(value: Value) -> &'a HashObject {
    // SAFETY: methods and attributes are in the tables of types with this layout only, and check that.
    unsafe { value.cast() }
}

/// The bytes of an argument.
pub(super) fn bytes_of(data: Value) -> PyResult<Vec<u8>> {
    if data.get::<StrObject>().is_some() {
        return Err(raise!(TypeError, "Strings must be encoded before hashing"));
    }
    if !buffer::is_bytes_like(data) {
        return Err(raise!(TypeError, "object supporting the buffer API required"));
    }
    buffer::to_vec(data)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

py_methods! { pub(super) static METHODS for "hash", Value;
    /// Return a copy of the hash object.
    "copy(self, /)"
    fn copy(this) -> Ref {
        let original = self::this(this);
        HashObject::make(this.ty(), original.name, original.state.borrow().copy()).into()
    }
    /// Update this hash object's state with the provided bytes-like object.
    "update(self, data, /)"
    fn update(this, data: Value) -> PyResult<()> {
        let data = bytes_of(data)?;
        self::this(this).state.borrow_mut().update(&data);
        Ok(())
    }
}

py_methods! { pub(super) static DIGESTS for "hash", Value;
    /// Return the digest value as a bytes object.
    "digest(self, /)"
    fn digest(this) -> Py<BytesObject> {
        BytesObject::new(&self::this(this).state.borrow().digest(0))
    }
    /// Return the digest value as a string of hexadecimal digits.
    "hexdigest(self, /)"
    fn hexdigest(this) -> String {
        hex(&self::this(this).state.borrow().digest(0))
    }
}

/// How long a digest may be that has no length of its own.
fn chosen(length: isize) -> PyResult<usize> {
    let length = usize::try_from(length).map_err(|_| raise!(ValueError, "value must be positive"))?;
    if length >= 1 << 29 {
        return Err(raise!(ValueError, "length is too large"));
    }
    Ok(length)
}

py_methods! { static CHOSEN_DIGESTS for "shake", Value;
    /// Return the digest value as a bytes object.
    "digest(self, length)"
    fn chosen_digest(this, length: isize) -> PyResult<Py<BytesObject>> {
        Ok(BytesObject::new(&self::this(this).state.borrow().digest(chosen(length)?)))
    }
    /// Return the digest value as a string of hexadecimal digits.
    "hexdigest(self, length)"
    fn chosen_hexdigest(this, length: isize) -> PyResult<String> {
        Ok(hex(&self::this(this).state.borrow().digest(chosen(length)?)))
    }
}

/// An attribute that is only read.
const fn part(name: &'static str, get: fn(Value) -> PyResult) -> GetSetDef {
    GetSetDef { name, doc: "", get, set: None }
}

const BLOCK_SIZE: GetSetDef =
    part("block_size", |value| Ok(int::from_i64(this(value).state.borrow().block_size() as i64)));
const DIGEST_SIZE: GetSetDef =
    part("digest_size", |value| Ok(int::from_i64(this(value).state.borrow().digest_size() as i64)));
const NAME: GetSetDef = part("name", |value| Ok(StrObject::intern(this(value).name).into()));

pub(super) static GETSET: &[GetSetDef] = &[BLOCK_SIZE, DIGEST_SIZE, NAME];

/// Those of `_sha3` tell their parts, too: of the 1600 bits of a sponge those of a block take input.
static SPONGE_GETSET: &[GetSetDef] = &[
    BLOCK_SIZE,
    DIGEST_SIZE,
    NAME,
    part("_capacity_bits", |value| Ok(int::from_i64(1600 - rate_bits(value)))),
    part("_rate_bits", |value| Ok(int::from_i64(rate_bits(value)))),
    part("_suffix", |value| Ok(BytesObject::new(&[this(value).state.borrow().suffix()]).into())),
];

fn rate_bits(value: Value) -> i64 {
    this(value).state.borrow().block_size() as i64 * 8
}

macro_rules! types {
    ($($ty:ident $spec:ident $module:literal $type_name:literal $digests:ident $getset:ident;)*) => {
        $(
            static $ty: TypeObject = TypeObject::from_spec(&$spec);
            static $spec: TypeSpec = TypeSpec {
                module: $module,
                flags: type_flags::NO_NEW | type_flags::IMMUTABLE,
                methods: &[METHODS, $digests],
                getset: $getset,
                ..TypeSpec::of::<HashObject>($type_name)
            };
        )*
        /// The types of this module.
        pub(super) static TYPES: &[&TypeObject] = &[$(&$ty),*];
    };
}

types! {
    MD5 MD5_SPEC "_md5" "md5" DIGESTS GETSET;
    SHA1 SHA1_SPEC "_sha1" "sha1" DIGESTS GETSET;
    SHA224 SHA224_SPEC "_sha2" "SHA224Type" DIGESTS GETSET;
    SHA256 SHA256_SPEC "_sha2" "SHA256Type" DIGESTS GETSET;
    SHA384 SHA384_SPEC "_sha2" "SHA384Type" DIGESTS GETSET;
    SHA512 SHA512_SPEC "_sha2" "SHA512Type" DIGESTS GETSET;
    SHA3_224 SHA3_224_SPEC "_sha3" "sha3_224" DIGESTS SPONGE_GETSET;
    SHA3_256 SHA3_256_SPEC "_sha3" "sha3_256" DIGESTS SPONGE_GETSET;
    SHA3_384 SHA3_384_SPEC "_sha3" "sha3_384" DIGESTS SPONGE_GETSET;
    SHA3_512 SHA3_512_SPEC "_sha3" "sha3_512" DIGESTS SPONGE_GETSET;
    SHAKE_128 SHAKE_128_SPEC "_sha3" "shake_128" CHOSEN_DIGESTS SPONGE_GETSET;
    SHAKE_256 SHAKE_256_SPEC "_sha3" "shake_256" CHOSEN_DIGESTS SPONGE_GETSET;
}

/// A new hash of some data, which goes by one of two names.
fn start(
    ty: &TypeObject,
    name: &'static str,
    mut state: Box<dyn Algorithm>,
    data: Option<Value>,
    string: OrNone<Value>,
) -> PyResult<Py<HashObject>> {
    let data = match (data, string.0) {
        (Some(_), Some(_)) => {
            return Err(raise!(
                TypeError,
                "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for removal in a future version."
            ));
        }
        (data, string) => data.or(string),
    };
    if let Some(data) = data {
        state.update(&bytes_of(data)?);
    }
    Ok(HashObject::make(ty, name, state))
}

macro_rules! constructors {
    ($($signature:literal $name:ident $ty:ident $state:expr;)*) => {
        py_functions! { pub(super) static FUNCTIONS;
            $(/// Return a new hash object; optionally initialized with a string.
            $signature
            fn $name(data: Option<Value>, usedforsecurity: Option<bool>, string: OrNone<Value>) -> PyResult<Py<HashObject>> {
                let _ = usedforsecurity;
                start(&$ty, stringify!($name), Box::new($state), data, string)
            })*
        }
    };
}

constructors! {
    "md5(data=b'', *, usedforsecurity=True, string=None)" md5 MD5 Crypto::<Md5>::new();
    "sha1(data=b'', *, usedforsecurity=True, string=None)" sha1 SHA1 Crypto::<Sha1>::new();
    "sha224(data=b'', *, usedforsecurity=True, string=None)" sha224 SHA224 Crypto::<Sha224>::new();
    "sha256(data=b'', *, usedforsecurity=True, string=None)" sha256 SHA256 Crypto::<Sha256>::new();
    "sha384(data=b'', *, usedforsecurity=True, string=None)" sha384 SHA384 Crypto::<Sha384>::new();
    "sha512(data=b'', *, usedforsecurity=True, string=None)" sha512 SHA512 Crypto::<Sha512>::new();
    "sha3_224(data=b'', *, usedforsecurity=True, string=None)" sha3_224 SHA3_224 Sponge::new(224, SHA3);
    "sha3_256(data=b'', *, usedforsecurity=True, string=None)" sha3_256 SHA3_256 Sponge::new(256, SHA3);
    "sha3_384(data=b'', *, usedforsecurity=True, string=None)" sha3_384 SHA3_384 Sponge::new(384, SHA3);
    "sha3_512(data=b'', *, usedforsecurity=True, string=None)" sha3_512 SHA3_512 Sponge::new(512, SHA3);
    "shake_128(data=b'', *, usedforsecurity=True, string=None)" shake_128 SHAKE_128 Sponge::new(128, SHAKE);
    "shake_256(data=b'', *, usedforsecurity=True, string=None)" shake_256 SHAKE_256 Sponge::new(256, SHAKE);
}

/// Where a type's table of methods is named for the other module that shares the layout.
pub(super) const SHARED: &[&[MethodDef]] = &[METHODS, DIGESTS];
