//! `_blake2.blake2b` and `_blake2.blake2s`: the parameters, and types that programs can ask for their limits.

use dashu_int::IBig;
use runtime::args::Args;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::TypeSpec;
use runtime::types::ready;
use runtime::{PyResult, TypeObject, Value, buffer, protocol, raise};

use super::algorithm::Algorithm;
use super::blake2::{Blake2b, Blake2s, Parameters};
use super::object::{GETSET, HashObject, SHARED, bytes_of};

/// How large the parameters may be.
struct Limits {
    digest: usize,
    key: usize,
    salt: usize,
    /// Bits of a node's offset.
    offset_bits: u32,
}

const B: Limits = Limits { digest: 64, key: 64, salt: 16, offset_bits: 64 };
const S: Limits = Limits { digest: 32, key: 32, salt: 8, offset_bits: 48 };

const PARAMETERS: [&str; 14] = [
    "data",
    "digest_size",
    "key",
    "salt",
    "person",
    "fanout",
    "depth",
    "leaf_size",
    "node_offset",
    "node_depth",
    "inner_size",
    "last_node",
    "usedforsecurity",
    "string",
];

/// The keywords of a call.
struct Given([Option<Value>; PARAMETERS.len()]);

impl Given {
    fn new(name: &str, args: Args<'_>) -> PyResult<Self> {
        let mut given = [None; PARAMETERS.len()];
        if let [_, _, ..] = args.positional {
            let count = args.positional.len();
            return Err(raise!(TypeError, "{name}() takes at most 1 positional argument ({count} given)"));
        }
        given[0] = args.positional.first().copied();
        for (key, value) in args.keywords() {
            let key = key.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
            match PARAMETERS.iter().position(|&known| known == key) {
                Some(at) => given[at] = Some(value),
                None => {
                    return Err(raise!(TypeError, "{name}() got an unexpected keyword argument '{key}'"));
                }
            }
        }
        Ok(Given(given))
    }

    fn get(&self, name: &str) -> Option<Value> {
        PARAMETERS.iter().position(|&known| known == name).and_then(|at| self.0[at])
    }

    fn bytes(&self, name: &str, most: usize) -> PyResult<Vec<u8>> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let bytes = buffer::to_vec(value)?;
        if bytes.len() > most {
            return Err(raise!(ValueError, "maximum {name} length is {most} bytes"));
        }
        Ok(bytes)
    }

    /// A number within limits, which messages name.
    fn number(
        &self,
        name: &str,
        default: i64,
        range: std::ops::RangeInclusive<i64>,
        message: &str,
    ) -> PyResult<i64> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let number = int::to_i64(value)?;
        if range.contains(&number) { Ok(number) } else { Err(raise!(ValueError, "{message}")) }
    }
}

fn read(given: &Given, limits: &Limits) -> PyResult<Parameters> {
    let most = limits.digest as i64;
    let size_message = format!(
        "digest_size for {} must be between 1 and {most} bytes, here it is {}",
        if limits.digest == 64 { "Blake2b" } else { "Blake2s" },
        given.get("digest_size").map_or_else(|| Ok(String::new()), protocol::repr_string)?
    );
    let node_offset = match given.get("node_offset") {
        None => 0,
        Some(value) => {
            let number = int::to_big(value)?;
            if number < IBig::ZERO {
                return Err(raise!(ValueError, "value must be positive"));
            }
            let too_large = || raise!(OverflowError, "node_offset is too large");
            let offset = u64::try_from(number).map_err(|_| too_large())?;
            if limits.offset_bits < 64 && offset >> limits.offset_bits != 0 {
                return Err(too_large());
            }
            offset
        }
    };
    let leaf_size = match given.get("leaf_size") {
        None => 0,
        Some(value) => {
            let size = int::to_i64(value)?;
            if size < 0 {
                return Err(raise!(ValueError, "value must be positive"));
            }
            u32::try_from(size).map_err(|_| raise!(OverflowError, "leaf_size is too large"))?
        }
    };
    Ok(Parameters {
        digest_size: given.number("digest_size", most, 1..=most, &size_message)? as u8,
        salt: given.bytes("salt", limits.salt)?,
        person: given.bytes("person", limits.salt)?,
        fanout: given.number("fanout", 1, 0..=255, "fanout must be between 0 and 255")? as u8,
        depth: given.number("depth", 1, 1..=255, "depth must be between 1 and 255")? as u8,
        leaf_size,
        node_offset,
        node_depth: given.number("node_depth", 0, 0..=255, "node_depth must be between 0 and 255")? as u8,
        inner_size: given.number(
            "inner_size",
            0,
            0..=most,
            &format!("inner_size must be between 0 and is {most}"),
        )? as u8,
        key: given.bytes("key", limits.key)?,
        last_node: given.get("last_node").map_or(Ok(false), protocol::is_true)?,
    })
}

fn start(
    ty: &TypeObject,
    name: &'static str,
    limits: &Limits,
    args: Args<'_>,
    make: fn(&Parameters) -> Box<dyn Algorithm>,
) -> PyResult {
    let given = Given::new(name, args)?;
    let mut state = make(&read(&given, limits)?);
    let string = given.get("string").filter(|&string| !objects::is_none(string));
    if let Some(data) = given.get("data").or(string) {
        state.update(&bytes_of(data)?);
    }
    Ok(HashObject::make(ty, name, state).into())
}

macro_rules! types {
    ($($ty:ident $spec:ident $name:literal $limits:ident $state:ident;)*) => {
        $(
            static $ty: TypeObject = TypeObject::from_spec(&$spec);
            static $spec: TypeSpec = TypeSpec {
                module: "_blake2",
                doc: "Return a new BLAKE2 hash object.",
                slots: Slots {
                    new: Some(|ty, args| start(ty, $name, &$limits, args, |parameters| Box::new($state::new(parameters)))),
                    init: Some(|_, _| Ok(())),
                    ..Slots::EMPTY
                },
                methods: SHARED,
                getset: GETSET,
                ..TypeSpec::of::<HashObject>($name)
            };
        )*
        /// The types of this module.
        pub(super) static TYPES: &[&TypeObject] = &[$(&$ty),*];

        /// Completes the types, with the limits of their parameters.
        pub(super) fn complete() {
            $(
                ready::ready(&$ty);
                let limits = [
                    ("SALT_SIZE", $limits.salt),
                    ("PERSON_SIZE", $limits.salt),
                    ("MAX_KEY_SIZE", $limits.key),
                    ("MAX_DIGEST_SIZE", $limits.digest),
                ];
                for (name, limit) in limits {
                    $ty.dict().set_text(name, int::from_i64(limit as i64));
                }
            )*
        }
    };
}

types! {
    BLAKE2B BLAKE2B_SPEC "blake2b" B Blake2b;
    BLAKE2S BLAKE2S_SPEC "blake2s" S Blake2s;
}
