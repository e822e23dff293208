//! Stress knobs: `SPC_STRESS=gc:13,deopt:7` makes rare events common, so that tests reach them. Debug builds only.
//!
//! The table below is the whole vocabulary: a knob is a name with a number, 0 is off. The knobs are read once, at start; whoever owns
//! the rare event asks [`is_due`], which counts and says whether it is time. In release builds it is constantly false and costs nothing.
//! `docs/stress.md` explains each knob to people.

use std::cell::Cell;

use crate::thread::thread;
use crate::world::World;

macro_rules! knobs {
    ($($(#[$doc:meta])+ $name:ident $text:literal;)+) => {
        /// A rare event that can be made common.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Knob { $($(#[$doc])+ $name,)+ }

        impl Knob {
            /// Every knob.
            pub const ALL: &[Knob] = &[$(Knob::$name),+];

            /// Its name in `SPC_STRESS`.
            pub const fn name(self) -> &'static str {
                match self { $(Knob::$name => $text),+ }
            }
        }
    };
}

knobs! {
    /// Every N-th object that the collector scans asks for a collection at the next safe point.
    Gc "gc";
    /// Every N-th guard that compiled code reaches fails.
    Deopt "deopt";
    /// Every N-th call by way of the runtime asks for the objects of all frames, and compiled ones fall back to the interpreter.
    Fallback "fallback";
    /// Not 0: every function is compiled at its first call.
    Compile "compile";
    /// The N-th allocation fails: at once if that is possible there, else `MemoryError` comes at the next safe point.
    Alloc "alloc";
    /// The N-th object that dies is not freed: for tests of the leak audit.
    Leak "leak";
}

/// Settings and counters, by knob.
struct State {
    every: [Cell<u64>; Knob::ALL.len()],
    seen: [Cell<u64>; Knob::ALL.len()],
}

static STATE: World<State> = World::new(State {
    every: [const { Cell::new(0) }; Knob::ALL.len()],
    seen: [const { Cell::new(0) }; Knob::ALL.len()],
});

/// Turns the knobs that a text names, `name:number` with commas between. `Err` says what is wrong with it.
pub fn install(text: &str) -> Result<(), String> {
    if !cfg!(debug_assertions) {
        return Err("stress knobs exist in debug builds only".to_owned());
    }
    for (knob, every) in parse(text)? {
        STATE.every[knob as usize].set(every);
        STATE.seen[knob as usize].set(0);
    }
    thread().deopt_countdown.set(every(Knob::Deopt));
    Ok(())
}

fn parse(text: &str) -> Result<Vec<(Knob, u64)>, String> {
    let item = |item: &str| {
        let (name, number) = item.split_once(':').ok_or_else(|| format!("'{item}' is not name:number"))?;
        let known = Knob::ALL.iter().find(|knob| knob.name() == name).copied();
        let known = known.ok_or_else(|| {
            let names: Vec<&str> = Knob::ALL.iter().map(|knob| knob.name()).collect();
            format!("there is no knob '{name}', only {}", names.join(", "))
        })?;
        let number = number.parse().map_err(|_| format!("'{number}' is not a number"))?;
        Ok((known, number))
    };
    text.split(',').filter(|part| !part.is_empty()).map(item).collect()
}

/// The number of a knob; 0 is off.
#[inline]
pub fn every(knob: Knob) -> u64 {
    if cfg!(debug_assertions) { STATE.every[knob as usize].get() } else { 0 }
}

/// Counts an event; whether it is one that the knob asks for.
#[inline]
pub fn is_due(knob: Knob) -> bool {
    let every = every(knob);
    if every == 0 {
        return false;
    }
    let seen = &STATE.seen[knob as usize];
    seen.set(seen.get() + 1);
    match knob {
        Knob::Alloc | Knob::Leak => seen.get() == every,
        Knob::Gc | Knob::Deopt | Knob::Fallback | Knob::Compile => seen.get().is_multiple_of(every),
    }
}

/// After an exit of compiled code: whether [`Knob::Deopt`] has forced it. Winds the countdown up again.
#[inline]
pub fn was_deopt_forced() -> bool {
    let every = every(Knob::Deopt);
    let is_forced = every != 0 && thread().deopt_countdown.get() == 0;
    if is_forced {
        thread().deopt_countdown.set(every);
    }
    is_forced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knobs_are_names_with_numbers() {
        assert_eq!(parse(""), Ok(vec![]));
        assert_eq!(parse("gc:13,deopt:7"), Ok(vec![(Knob::Gc, 13), (Knob::Deopt, 7)]));
        assert_eq!(parse("gc"), Err("'gc' is not name:number".to_owned()));
        assert_eq!(parse("gc:x"), Err("'x' is not a number".to_owned()));
        let names = "there is no knob 'frob', only gc, deopt, fallback, compile, alloc, leak";
        assert_eq!(parse("frob:1"), Err(names.to_owned()));
    }
}
