//! `-X importtime`: how long each module took, on standard error as CPython writes it.
//!
//! A line is written when a module is there, and so behind those of the modules that it has imported, which stand two columns further to the right.
//! Of the two times, in microseconds, the first is the module's own, without theirs. Modules that are there already are not listed.

use std::cell::Cell;
use std::io::Write;
use std::time::{Duration, Instant};

use runtime::world::World;

struct Measure {
    is_wanted: Cell<bool>,
    has_heading: Cell<bool>,
    depth: Cell<usize>,
    /// What the modules that the innermost one has imported have taken.
    inner: Cell<Duration>,
}

static MEASURE: World<Measure> = World::new(Measure {
    is_wanted: Cell::new(false),
    has_heading: Cell::new(false),
    depth: Cell::new(0),
    inner: Cell::new(Duration::ZERO),
});

/// Measures imports from now on.
pub(crate) fn begin() {
    MEASURE.is_wanted.set(true);
}

/// Loads a module, and says how long it took if that is wanted.
pub(crate) fn measure<T>(name: &str, load: impl FnOnce() -> T) -> T {
    if !MEASURE.is_wanted.get() {
        return load();
    }
    if !MEASURE.has_heading.replace(true) {
        write("import time: self [us] | cumulative | imported package\n");
    }
    let (depth, around) = (MEASURE.depth.get(), MEASURE.inner.replace(Duration::ZERO));
    MEASURE.depth.set(depth + 1);
    let start = Instant::now();
    let loaded = load();
    let whole = start.elapsed();
    let own = whole.saturating_sub(MEASURE.inner.get());
    MEASURE.depth.set(depth);
    MEASURE.inner.set(around + whole);
    let (own, whole) = (microseconds(own), microseconds(whole));
    write(&format!("import time: {own:>9} | {whole:>10} | {:1$}{name}\n", "", depth * 2));
    loaded
}

/// Rounded up, so that nothing takes no time.
fn microseconds(time: Duration) -> u128 {
    time.as_nanos().div_ceil(1000)
}

fn write(text: &str) {
    // Nothing sensible is left to do when standard error fails.
    drop(std::io::stderr().write_all(text.as_bytes()));
}
