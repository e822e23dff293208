//! IEEE 754 half precision: 1 sign bit, 5 exponent bits, 10 fraction bits; the format `e` of `struct`.

/// The double of a half.
pub fn to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => {
            return f64::from_bits(
                (u64::from(bits & 0x8000)) << 48 | 0x7ff8 << 48 | u64::from(bits & 0x3ff) << 42,
            );
        }
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

/// The nearest half, ties to even; `None` if the number is finite but too large.
pub fn from_f64(value: f64) -> Option<u16> {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let magnitude = value.abs();
    if value.is_nan() {
        let payload = (value.to_bits() >> 42 & 0x1ff) as u16;
        return Some(sign | 0x7e00 | payload);
    }
    if magnitude == f64::INFINITY {
        return Some(sign | 0x7c00);
    }
    if magnitude < 2f64.powi(-14) {
        // Subnormal; rounding up to the least normal number gives its bits.
        return Some(sign | (magnitude * 2f64.powi(24)).round_ties_even() as u16);
    }
    let exponent = (magnitude.to_bits() >> 52) as i32 - 1023;
    let scaled = (magnitude * 2f64.powi(10 - exponent)).round_ties_even() as u32;
    // A fraction that rounds up to 2048 carries into the exponent by itself.
    let bits = ((exponent + 15) as u32) * 1024 + (scaled - 1024);
    if exponent > 15 || bits >= 0x7c00 { None } else { Some(sign | bits as u16) }
}
