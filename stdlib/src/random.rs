//! `_random`: the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), seeded and read out as CPython does it.
//!
//! The same seed gives the same numbers as there, and a state can be taken from one to the other.

use std::cell::RefCell;

use runtime::args::Args;
use runtime::header::Header;
use runtime::object::{self, Object};
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{Py, PyResult, TypeObject, Value, protocol, py_methods, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&RANDOM);
    module.dict().set_text("Random", RANDOM.value().to_ref());
    Ok(())
}

/// Words of the state.
const N: usize = 624;
/// Distance of the words that are combined.
const M: usize = 397;

/// The generator.
struct Twister {
    words: [u32; N],
    /// The next word to give out; `N` when new ones must be made.
    index: usize,
}

impl Twister {
    /// The state that one word makes.
    fn from_word(seed: u32) -> Self {
        let mut words = [seed; N];
        for at in 1..N {
            let before = words[at - 1];
            words[at] = 1_812_433_253u32.wrapping_mul(before ^ before >> 30).wrapping_add(at as u32);
        }
        Twister { words, index: N }
    }

    /// The state that a key of any length makes.
    fn from_key(key: &[u32]) -> Self {
        let mut this = Self::from_word(19_650_218);
        let mut at = 1;
        for turn in 0..N.max(key.len()) {
            let from = turn % key.len();
            this.words[at] = this.mixed(at, 1_664_525).wrapping_add(key[from]).wrapping_add(from as u32);
            at = this.behind(at);
        }
        for _ in 1..N {
            this.words[at] = this.mixed(at, 1_566_083_941).wrapping_sub(at as u32);
            at = this.behind(at);
        }
        this.words[0] = 0x8000_0000;
        this
    }

    /// A word and the one before it.
    const fn mixed(&self, at: usize, factor: u32) -> u32 {
        let before = self.words[at - 1];
        self.words[at] ^ (before ^ before >> 30).wrapping_mul(factor)
    }

    /// The next place; behind the last comes the second, for which the last stands in for the first.
    const fn behind(&mut self, at: usize) -> usize {
        if at + 1 < N {
            return at + 1;
        }
        self.words[0] = self.words[N - 1];
        1
    }

    fn next(&mut self) -> u32 {
        if self.index >= N {
            self.refill();
        }
        let mut word = self.words[self.index];
        self.index += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    fn refill(&mut self) {
        for at in 0..N {
            let joined = self.words[at] & 0x8000_0000 | self.words[(at + 1) % N] & 0x7fff_ffff;
            let matrix = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[at] = self.words[(at + M) % N] ^ joined >> 1 ^ matrix;
        }
        self.index = 0;
    }
}

/// `_random.Random`.
#[repr(C)]
pub struct RandomObject {
    header: Header,
    twister: RefCell<Twister>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for RandomObject {
    fn type_object() -> &'static TypeObject {
        &RANDOM
    }
}

/// Seeds from the operating system.
fn from_system() -> Twister {
    let mut key = [0u32; N];
    // SAFETY: the buffer has room for as many bytes.
    let got = unsafe { libc::getrandom(key.as_mut_ptr().cast(), size_of_val(&key), libc::GRND_NONBLOCK) };
    if got == size_of_val(&key) as isize {
        return Twister::from_key(&key);
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Twister::from_key(&[now.subsec_nanos(), now.as_secs() as u32, std::process::id()])
}

/// Seeds with an object: the absolute value of an int, the hash of anything else.
fn from_object(seed: Value) -> PyResult<Twister> {
    let number = match int::IntRef::of(seed) {
        Some(_) => protocol::absolute(seed)?,
        None => int::from_u64(protocol::hash(seed)? as u64),
    };
    let bytes = int::to_big(number.value())?.into_parts().1.to_le_bytes();
    let word = |part: &[u8]| part.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
    let mut key: Vec<u32> = bytes.chunks(4).map(word).collect();
    if key.is_empty() {
        key.push(0);
    }
    Ok(Twister::from_key(&key))
}

fn seeded(seed: Option<Value>) -> PyResult<Twister> {
    match seed {
        Some(seed) if !objects::is_none(seed) => from_object(seed),
        _ => Ok(from_system()),
    }
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    if std::ptr::eq(ty, &raw const RANDOM) {
        args.no_keywords("Random")?;
        if args.positional.len() > 1 {
            let count = args.positional.len();
            return Err(raise!(TypeError, "Random expected at most 1 argument, got {count}"));
        }
    }
    let twister = seeded(args.positional.first().copied())?;
    let contents = RandomObject { header: Header::new(ty), twister: RefCell::new(twister) };
    Ok(object::new_object_of(ty, contents).into())
}

py_methods! { static METHODS for "Random", &RandomObject;
    /// random() -> x in the interval [0, 1).
    "random(self, /)"
    fn random(this) -> f64 {
        let mut twister = this.twister.borrow_mut();
        let (high, low) = (twister.next() >> 5, twister.next() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) * (1.0 / 9_007_199_254_740_992.0)
    }
    /// seed([n]) -> None.
    ///
    /// Defaults to use urandom and falls back to a combination of the current time and the process identifier.
    "seed(self, n=None, /)"
    fn seed(this, n: Option<Value>) -> PyResult<()> {
        *this.twister.borrow_mut() = seeded(n)?;
        Ok(())
    }
    /// getstate() -> tuple containing the current state.
    "getstate(self, /)"
    fn getstate(this) -> Py<TupleObject> {
        let twister = this.twister.borrow();
        let words = twister.words.iter().map(|&word| int::from_i64(i64::from(word)));
        TupleObject::new(words.chain([int::from_i64(twister.index as i64)]).collect())
    }
    /// setstate(state) -> None.  Restores generator state.
    "setstate(self, state, /)"
    fn setstate(this, state: Value) -> PyResult<()> {
        let Some(state) = state.get::<TupleObject>() else {
            return Err(raise!(TypeError, "state vector must be a tuple"));
        };
        let items = state.items();
        if items.len() != N + 1 {
            return Err(raise!(ValueError, "state vector is the wrong size"));
        }
        let mut words = [0; N];
        for (word, &item) in words.iter_mut().zip(items) {
            let number = int::to_i64(item)?;
            if number < 0 {
                return Err(raise!(OverflowError, "can't convert negative value to unsigned int"));
            }
            *word = number as u32;
        }
        let index = usize::try_from(int::to_i64(items[N])?).ok().filter(|&index| index <= N);
        let index = index.ok_or_else(|| raise!(ValueError, "invalid state"))?;
        *this.twister.borrow_mut() = Twister { words, index };
        Ok(())
    }
    /// getrandbits(k) -> x.  Generates an int with k random bits.
    "getrandbits(self, k, /)"
    fn getrandbits(this, k: i64) -> PyResult {
        let Ok(mut bits) = usize::try_from(k) else {
            return Err(raise!(ValueError, "number of bits must be non-negative"));
        };
        let mut twister = this.twister.borrow_mut();
        let mut next = |bits: usize| u64::from(twister.next() >> (32 - bits.min(32)));
        if bits <= 32 {
            return Ok(int::from_u64(if bits == 0 { 0 } else { next(bits) }));
        }
        runtime::reserve::probe(bits / 8)?;
        let mut bytes = Vec::with_capacity(bits.div_ceil(32) * 4);
        while bits > 0 {
            bytes.extend_from_slice(&(next(bits) as u32).to_le_bytes());
            bits = bits.saturating_sub(32);
        }
        Ok(int::from_le_bytes(&bytes))
    }
}

/// `_random.Random`.
pub static RANDOM: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_random",
    doc: "Random() -> create a random number generator with its own internal state.",
    flags: type_flags::BASE,
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), ..Slots::EMPTY },
    methods: &[METHODS],
    ..TypeSpec::of::<RandomObject>("Random")
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference() {
        // The first outputs of the authors' program for this key.
        let mut twister = Twister::from_key(&[0x123, 0x234, 0x345, 0x456]);
        let first: Vec<u32> = (0..5).map(|_| twister.next()).collect();
        assert_eq!(first, [1_067_595_299, 955_945_823, 477_289_528, 4_107_218_783, 4_228_976_476]);
    }
}
