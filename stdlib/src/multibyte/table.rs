//! Two-way tables of the characters that are two bytes long.
//!
//! The characters are those of the crate `encoding_rs`, which has the WHATWG's tables: every pair of bytes is decoded once, when a table is first
//! asked for (some milliseconds). CPython's tables come from the Unicode consortium's older ones. Where they differ is said here, table by
//! table: pairs that CPython does not know are not accepted, others are changed. Where two pairs have one character, the first is
//! written, unless the other is named.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use encoding_rs::Encoding;

/// A two-way table.
pub(super) struct Table {
    decoded: Vec<u32>,
    encoded: HashMap<u32, u16>,
}

/// How a table differs from the crate's.
struct Differences {
    accepts: fn(u16) -> bool,
    /// Runs of pairs with other characters: the first pair, the first character, how many.
    changed: &'static [(u16, u32, u16)],
    /// Characters that are written as a pair other than the first that means them, or that is read as another.
    written: &'static [(u32, u16)],
}

/// What is behind `prefix` two bytes long.
fn probe(encoding: &'static Encoding, prefix: &[u8], differences: &Differences) -> Table {
    let mut decoded = vec![0; 1 << 16];
    for pair in (0x8140..=0xfefe_u16).filter(|&pair| (differences.accepts)(pair)) {
        let bytes = [prefix, &pair.to_be_bytes()].concat();
        let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(&bytes) else {
            continue;
        };
        let mut points = text.chars().map(u32::from);
        if let (Some(point), None) = (points.next(), points.next()) {
            decoded[usize::from(pair)] = point;
        }
    }
    for &(first, point, count) in differences.changed {
        let pairs = (first..).filter(|&pair| (differences.accepts)(pair));
        for (pair, point) in pairs.zip(point..).take(count.into()) {
            decoded[usize::from(pair)] = point;
        }
    }
    let mut encoded = HashMap::new();
    for (pair, &point) in decoded.iter().enumerate().filter(|&(_, &point)| point != 0) {
        encoded.entry(point).or_insert(pair as u16);
    }
    encoded.extend(differences.written.iter().copied());
    Table { decoded, encoded }
}

impl Table {
    /// The character of a pair.
    pub(super) fn decode(&self, lead: u8, trail: u8) -> Option<u32> {
        let point = self.decoded[usize::from(u16::from_be_bytes([lead, trail]))];
        (point != 0).then_some(point)
    }

    /// The pair of a character.
    pub(super) fn encode(&self, point: u32) -> Option<[u8; 2]> {
        self.encoded.get(&point).map(|pair| pair.to_be_bytes())
    }
}

/// Whether both bytes are in the upper half without its controls, as in all sets of 94 by 94 characters.
const fn is_94(pair: u16) -> bool {
    pair >> 8 >= 0xa1 && pair & 0xff >= 0xa1
}

const fn is_in(pair: u16, ranges: &[RangeInclusive<u16>]) -> bool {
    let mut at = 0;
    while at < ranges.len() {
        if *ranges[at].start() <= pair && pair <= *ranges[at].end() {
            return true;
        }
        at += 1;
    }
    false
}

/// A byte in the second place of Big5.
const fn is_big5_trail(pair: u16) -> bool {
    matches!(pair & 0xff, 0x40..=0x7e | 0xa1..=0xfe)
}

/// The characters that the ETEN extension of Big5 adds, in CPython's order.
const ETEN: [(u16, u32, u16); 13] = [
    (0xc6a1, 0x30fe, 1),
    (0xc6a2, 0x309d, 2),
    (0xc6a4, 0x3005, 1),
    (0xc6a5, 0x3041, 83),
    (0xc6f8, 0x30a1, 86),
    (0xc7b1, 0x414, 2),
    (0xc7b3, 0x401, 1),
    (0xc7b4, 0x416, 7),
    (0xc7bb, 0x423, 19),
    (0xc7ce, 0x451, 1),
    (0xc7cf, 0x436, 26),
    (0xc7e9, 0x2460, 10),
    (0xc7f3, 0x2474, 10),
];

macro_rules! tables {
    ($($(#[doc = $doc:literal])* $name:ident $encoding:ident $prefix:literal $accepts:expr, $changed:expr, $written:expr;)*) => {
        $($(#[doc = $doc])*
        pub(super) static $name: LazyLock<Table> = LazyLock::new(|| {
            const DIFFERENCES: Differences = Differences { accepts: $accepts, changed: $changed, written: $written };
            probe(encoding_rs::$encoding, $prefix, &DIFFERENCES)
        });)*
    };
}

tables! {
    /// GB 2312, a part of GBK; two marks of punctuation are other characters there.
    GB2312 GB18030 b"" |pair| is_94(pair) && is_in(pair, &[
        0xa1a1..=0xa1fe, 0xa2b1..=0xa2e2, 0xa2e5..=0xa2ee, 0xa2f1..=0xa2fc, 0xa3a1..=0xa3fe, 0xa4a1..=0xa4f3,
        0xa5a1..=0xa5f6, 0xa6a1..=0xa6b8, 0xa6c1..=0xa6d8, 0xa7a1..=0xa7c1, 0xa7d1..=0xa7f1, 0xa8a1..=0xa8ba,
        0xa8c5..=0xa8e9, 0xa9a4..=0xa9ef, 0xb0a1..=0xd7f9, 0xd8a1..=0xf7fe,
    ]), &[(0xa1a4, 0x30fb, 1), (0xa1aa, 0x2015, 1)], &[];

    /// GBK without what GB 18030 has added, private characters among it.
    GBK GB18030 b"" |pair| !is_in(pair, &[
        0xa2e3..=0xa2e3, 0xa6d9..=0xa6df, 0xa6ec..=0xa6ed, 0xa6f3..=0xa6f3, 0xa8bc..=0xa8bc,
        0xa8bf..=0xa8bf, 0xa989..=0xa995, 0xfe50..=0xfea0,
        0xa2ab..=0xa2b0, 0xa2e4..=0xa2e4, 0xa2ef..=0xa2f0, 0xa2fd..=0xa2fe, 0xa4f4..=0xa4fe, 0xa5f7..=0xa5fe,
        0xa6b9..=0xa6c0, 0xa6f6..=0xa6fe, 0xa7c2..=0xa7d0, 0xa7f2..=0xa7fe, 0xa896..=0xa8a0, 0xa8c1..=0xa8c4,
        0xa8ea..=0xa8fe, 0xa958..=0xa958, 0xa95b..=0xa95b, 0xa95d..=0xa95f, 0xa997..=0xa9a3, 0xa9f0..=0xa9fe,
        0xd7fa..=0xd7fe,
    ]) && !is_private_gbk(pair), &[], &[];

    /// The pairs of GB 18030 of the year 2000, which the crate knows as that of 2005 with later changes.
    PAIRS_18030 GB18030 b"" |_| true, &[
        (0xa3a0, 0xe5e5, 1), (0xa6d9, 0xe78d, 7), (0xa6ec, 0xe794, 2), (0xa6f3, 0xe796, 1), (0xa8bc, 0xe7c7, 1),
        (0xfe59, 0xe81e, 1), (0xfe61, 0xe826, 1), (0xfe66, 0xe82b, 2), (0xfe6d, 0xe832, 1), (0xfe7e, 0xe843, 1),
        (0xfe90, 0xe854, 1), (0xfea0, 0xe864, 1),
    ], &[];

    /// Big5 with the ETEN extension.
    BIG5 BIG5 b"" |pair| is_big5_trail(pair)
        && is_in(pair, &[0xa140..=0xa3bf, 0xa440..=0xc67e, 0xc6a1..=0xc7fc, 0xc940..=0xf9d5]),
    &BIG5_CHANGED, &[(0x5341, 0xa451), (0x5345, 0xa4ca), (0xff0f, 0xa241), (0xff3c, 0xa242)];

    /// Microsoft's Big5.
    CP950 BIG5 b"" |pair| is_big5_trail(pair)
        && is_in(pair, &[0xa140..=0xa3bf, 0xa3e1..=0xa3e1, 0xa440..=0xc67e, 0xc6a1..=0xc7fc, 0xc940..=0xf9fe]),
    &CP950_CHANGED, &[
        (0xa2, 0xa246), (0xa3, 0xa247), (0xa5, 0xa244), (0x2022, 0xa145), (0x203e, 0xa1c2), (0x223c, 0xa1e3),
        (0x2609, 0xa1f3), (0x2641, 0xa1f2), (0x5341, 0xa451), (0x5345, 0xa4ca), (0xff64, 0xa14e),
    ];

    /// JIS X 0208 in the bytes of Shift JIS.
    SHIFT_JIS SHIFT_JIS b"" |pair| matches!(pair >> 8, 0x81..=0x84 | 0x88..=0x9f | 0xe0..=0xea), &[
        (0x8160, 0x301c, 1), (0x8161, 0x2016, 1), (0x817c, 0x2212, 1), (0x8191, 0xa2, 2), (0x81ca, 0xac, 1),
    ], &[];

    /// Microsoft's Shift JIS with the extensions of NEC and IBM and private characters.
    CP932 SHIFT_JIS b"" |pair| matches!(pair >> 8, 0x81..=0x9f | 0xe0..=0xfc), &[], &[
        (0xa2, 0x8191), (0xa3, 0x8192), (0xac, 0x81ca), (0x2016, 0x8161), (0x2212, 0x817c), (0x301c, 0x8160),
    ];

    /// JIS X 0208 in the bytes of EUC.
    JIS_X_0208 EUC_JP b"" |pair| is_94(pair) && matches!(pair >> 8, 0xa1..=0xa8 | 0xb0..=0xf4), &[
        (0xa1c1, 0x301c, 1), (0xa1c2, 0x2016, 1), (0xa1dd, 0x2212, 1), (0xa1f1, 0xa2, 2), (0xa2cc, 0xac, 1),
    ], &[];

    /// JIS X 0212, which stands behind another byte in EUC.
    JIS_X_0212 EUC_JP b"\x8f" is_94, &[(0xa2b7, 0x7e, 1)], &[];

    /// KS X 1001, a part of CP949.
    KS_X_1001 EUC_KR b"" is_94, &[], &[];

    /// Microsoft's Korean code page.
    CP949 EUC_KR b"" |_| true, &[], &[];
}

/// The areas that GBK leaves to its users.
const fn is_private_gbk(pair: u16) -> bool {
    let (lead, trail) = (pair >> 8, pair & 0xff);
    (trail >= 0xa1 && matches!(lead, 0xaa..=0xaf | 0xf8..=0xfe))
        || (trail <= 0xa0 && matches!(lead, 0xa1..=0xa7))
}

const fn with_eten<const MORE: usize, const ALL: usize>(
    more: [(u16, u32, u16); MORE],
) -> [(u16, u32, u16); ALL] {
    let mut all = [(0, 0, 0); ALL];
    let mut at = 0;
    while at < ALL {
        all[at] = if at < ETEN.len() { ETEN[at] } else { more[at - ETEN.len()] };
        at += 1;
    }
    all
}

static BIG5_CHANGED: [(u16, u32, u16); 23] = with_eten([
    (0xa145, 0x2022, 1),
    (0xa14e, 0xff64, 1),
    (0xa1c2, 0x203e, 1),
    (0xa1e3, 0x223c, 1),
    (0xa1f2, 0x2641, 1),
    (0xa1f3, 0x2609, 1),
    (0xa241, 0xff0f, 1),
    (0xa242, 0xff3c, 1),
    (0xa244, 0xa5, 1),
    (0xa246, 0xa2, 2),
]);

static CP950_CHANGED: [(u16, u32, u16); 14] = with_eten([(0xf9fe, 0x2593, 1)]);
