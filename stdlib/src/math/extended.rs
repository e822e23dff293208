//! Sums and products of doubles with more digits than a double has, for `hypot`, `dist` and `sumprod`.
//!
//! A number is kept as an unevaluated sum of doubles (Dekker, Knuth; for the dot product Ogita, Rump and Oishi, "Accurate sum and dot
//! product", 2005). Everything here is exact but for the smallest part and the final rounding.

/// A sum of two doubles, the second no more than the rounding error of the first.
#[derive(Clone, Copy)]
struct Pair {
    high: f64,
    low: f64,
}

/// `a + b` and its rounding error, whichever is greater.
fn sum(a: f64, b: f64) -> Pair {
    let high = a + b;
    let part = high - a;
    Pair { high, low: (a - (high - part)) + (b - part) }
}

/// `a * b` and its rounding error.
fn product(a: f64, b: f64) -> Pair {
    let high = a * b;
    Pair { high, low: a.mul_add(b, -high) }
}

/// A running dot product in three parts.
#[derive(Clone, Copy, Default)]
pub(super) struct Dot {
    high: f64,
    low: f64,
    tiny: f64,
}

impl Dot {
    /// With `a * b` added; `None` if that is no finite number.
    pub(super) fn plus(self, a: f64, b: f64) -> Option<Dot> {
        let term = product(a, b);
        let high = sum(self.high, term.high);
        let low = sum(self.low, term.low);
        let rest = sum(low.high, high.low);
        let total = Dot { high: high.high, low: rest.high, tiny: self.tiny + low.low + rest.low };
        total.high.is_finite().then_some(total)
    }

    /// The nearest double.
    pub(super) fn rounded(self) -> f64 {
        let last = sum(self.low, self.high);
        self.tiny + last.low + last.high
    }
}

/// A power of two.
fn power_of_two(exponent: i32) -> f64 {
    debug_assert!((-1022..=1023).contains(&exponent), "the exponent is that of a normal number");
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// Euclidean norm: squares of scaled values are summed with their rounding errors, and the root is corrected once by what is left.
pub(super) fn norm(values: &[f64]) -> f64 {
    if values.iter().any(|x| x.is_infinite()) {
        return f64::INFINITY;
    }
    let most = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if most == 0.0 || values.iter().any(|x| x.is_nan()) {
        return values.iter().fold(0.0, |sum, x| sum + x.abs());
    }
    if most < f64::MIN_POSITIVE {
        // Subnormal numbers have no exponent of their own; multiples of the smallest normal number are small integers.
        let scaled: Vec<f64> = values.iter().map(|x| x / f64::MIN_POSITIVE).collect();
        return f64::MIN_POSITIVE * norm(&scaled);
    }
    // The greatest scaled value is in [0.5, 1).
    let exponent = ((most.to_bits() >> 52) & 0x7ff) as i32 - 1022;
    let scale = |x: f64| x * power_of_two(-(exponent / 2)) * power_of_two(-(exponent - exponent / 2));
    let unscale = |x: f64| x * power_of_two(exponent / 2) * power_of_two(exponent - exponent / 2);
    // From 1 on, so that the running sum is always the greater summand.
    let (mut total, mut products, mut sums) = (1.0, 0.0, 0.0);
    let mut add = |square: Pair| {
        let next = sum(total, square.high);
        total = next.high;
        products += square.low;
        sums += next.low;
        total - 1.0 + (products + sums)
    };
    let mut squares = 0.0;
    for &x in values {
        let x = scale(x);
        squares = add(product(x, x));
    }
    let root = squares.sqrt();
    let rest = add(product(-root, root));
    unscale(root + rest / (2.0 * root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancellation_leaves_what_is_small() {
        let terms = [(1.0, 1.0), (1e100, 1.0), (1.0, 1.0), (-1e100, 1.0)];
        let dot = terms.iter().try_fold(Dot::default(), |dot, &(a, b)| dot.plus(a, b));
        assert_eq!(dot.map(Dot::rounded), Some(2.0));
        assert!(Dot::default().plus(f64::MAX, 2.0).is_none());
    }

    #[test]
    fn norms_neither_overflow_nor_vanish() {
        assert_eq!(norm(&[3.0, -4.0]), 5.0);
        assert_eq!(norm(&[1.5e308, 1.0e308]), (1.5f64).hypot(1.0) * 1e308);
        assert_eq!(norm(&[3.0 * 5e-324, 4.0 * 5e-324]), 5.0 * 5e-324);
        assert_eq!(norm(&[f64::NAN, f64::INFINITY]), f64::INFINITY);
        assert!(norm(&[f64::NAN, 1.0]).is_nan());
        assert_eq!(norm(&[]), 0.0);
    }
}
