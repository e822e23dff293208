//! Characters by their names, as `\N{…}` and `unicodedata.lookup` find them.
//!
//! Here because the parser, the codecs and `unicodedata` all need it. The formal names are those of `unicode_names2`, which matches
//! loosely, as UAX 44 recommends; CPython does not, except that case does not matter in names that are no result of a rule.

mod alias;
mod sequence;

/// No character has a longer name; what is longer is not looked for.
pub const LONGEST: usize = 256;

/// The character with this name or alias.
pub fn character(name: &str) -> Option<char> {
    let upper = name.to_ascii_uppercase();
    alias::character(&upper).or_else(|| character_formally(name))
}

/// The character with this name, which is no alias.
pub fn character_formally(name: &str) -> Option<char> {
    if name.len() > LONGEST {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    let letter = unicode_names2::character(&upper)?;
    let formal = unicode_names2::name(letter)?.to_string();
    let is_by_rule = formal.starts_with("CJK UNIFIED IDEOGRAPH-") || formal.starts_with("HANGUL SYLLABLE ");
    (formal == if is_by_rule { name } else { &upper }).then_some(letter)
}

/// The characters that have this name together.
pub fn sequence(name: &str) -> Option<&'static str> {
    sequence::sequence(&name.to_ascii_uppercase())
}
