//! The instruction set that the library's `re._compiler` emits: numbers of operations, positions and categories.
//!
//! A pattern arrives as a list of words; `re._constants` numbers the names in the order of these tables, and the two must agree word for
//! word. `MAGIC` is what both sides compare. Operands are documented where they are read: `translate` and `machine`.

/// The version of the instruction set.
pub(super) const MAGIC: u32 = 20_230_612;

/// The greatest word, which as the most repetitions means that there is no limit.
pub(super) const MAXREPEAT: u32 = u32::MAX;

/// The most groups of a pattern: their marks are numbered in a C int.
pub(super) const MAXGROUPS: u32 = i32::MAX as u32 / 2;

macro_rules! numbered {
    ($(#[$meta:meta])* $module:ident: $($name:ident)*) => {
        $(#[$meta])*
        #[allow(dead_code, reason = "the numbers count, also those that only the compiler uses")]
        pub(super) mod $module {
            numbered!(@count 0u32; $($name)*);
        }
    };
    (@count $at:expr; $name:ident $($rest:ident)*) => {
        pub(in crate::sre) const $name: u32 = $at;
        numbered!(@count $at + 1; $($rest)*);
    };
    (@count $at:expr;) => {
        /// How many there are.
        pub(in crate::sre) const COUNT: u32 = $at;
    };
}

numbered! {
    /// Operations.
    op:
    FAILURE SUCCESS ANY ANY_ALL ASSERT ASSERT_NOT AT BRANCH CATEGORY CHARSET BIGCHARSET GROUPREF GROUPREF_EXISTS IN INFO JUMP
    LITERAL MARK MAX_UNTIL MIN_UNTIL NOT_LITERAL NEGATE RANGE REPEAT REPEAT_ONE SUBPATTERN MIN_REPEAT_ONE ATOMIC_GROUP
    POSSESSIVE_REPEAT POSSESSIVE_REPEAT_ONE GROUPREF_IGNORE IN_IGNORE LITERAL_IGNORE NOT_LITERAL_IGNORE GROUPREF_LOC_IGNORE
    IN_LOC_IGNORE LITERAL_LOC_IGNORE NOT_LITERAL_LOC_IGNORE GROUPREF_UNI_IGNORE IN_UNI_IGNORE LITERAL_UNI_IGNORE
    NOT_LITERAL_UNI_IGNORE RANGE_UNI_IGNORE
}

numbered! {
    /// Positions that `AT` asks for.
    at:
    BEGINNING BEGINNING_LINE BEGINNING_STRING BOUNDARY NON_BOUNDARY END END_LINE END_STRING LOC_BOUNDARY LOC_NON_BOUNDARY
    UNI_BOUNDARY UNI_NON_BOUNDARY
}

numbered! {
    /// Categories of characters.
    category:
    DIGIT NOT_DIGIT SPACE NOT_SPACE WORD NOT_WORD LINEBREAK NOT_LINEBREAK LOC_WORD LOC_NOT_WORD UNI_DIGIT UNI_NOT_DIGIT UNI_SPACE
    UNI_NOT_SPACE UNI_WORD UNI_NOT_WORD UNI_LINEBREAK UNI_NOT_LINEBREAK
}

/// Flags of a pattern.
pub(super) mod flag {
    /// The names that `repr` shows, by bit.
    pub(in crate::sre) const NAMES: [(u32, &str); 8] = [
        (2, "re.IGNORECASE"),
        (LOCALE, "re.LOCALE"),
        (8, "re.MULTILINE"),
        (16, "re.DOTALL"),
        (UNICODE, "re.UNICODE"),
        (64, "re.VERBOSE"),
        (128, "re.DEBUG"),
        (ASCII, "re.ASCII"),
    ];
    pub(in crate::sre) const LOCALE: u32 = 4;
    pub(in crate::sre) const UNICODE: u32 = 32;
    pub(in crate::sre) const ASCII: u32 = 256;
}

/// Flags of `INFO`.
pub(super) mod info {
    /// A literal prefix follows.
    pub(in crate::sre) const PREFIX: u32 = 1;
    /// The prefix is the whole pattern.
    pub(in crate::sre) const LITERAL: u32 = 2;
    /// The set of first characters follows.
    pub(in crate::sre) const CHARSET: u32 = 4;
}
