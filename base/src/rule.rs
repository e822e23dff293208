//! The table of everything that can be found wrong with a program: code, name and severity.
//!
//! Here because every stage reports and only the command line shows: a finding names a code of this table, and takes its severity from
//! it. Codes are stable and never used again for something else, since people search for them and silence them; they are written as
//! they are shown, so that a search for `SP0131` leads from a message to its place. Each code has a page, `docs/diagnostics/CODE.md`,
//! with an example that has this finding and one that has none; a test runs both, and compares this table with the pages and with the
//! codes that the sources mention.
//!
//! Blocks: `SP00` files and syntax, `SP010`-`SP012` declarations and annotations, `SP013`-`SP014` expressions, `SP015` names and imports,
//! `SP08` what strict modules do when they are imported; `PF` what is slower than it could be, which is found only on request.

use crate::diagnostic::Severity;

/// One kind of finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Stable identifier such as `SP0131`.
    pub code: &'static str,
    /// What it is about, in a few words with hyphens.
    pub name: &'static str,
    /// How serious it is.
    pub severity: Severity,
}

const fn error(code: &'static str, name: &'static str) -> Rule {
    Rule { code, name, severity: Severity::Error }
}

const fn warning(code: &'static str, name: &'static str) -> Rule {
    Rule { code, name, severity: Severity::Warning }
}

const fn info(code: &'static str, name: &'static str) -> Rule {
    Rule { code, name, severity: Severity::Info }
}

/// All rules, in the order of their codes.
pub const RULES: &[Rule] = &[
    warning("PF0001", "untyped-parameter"),
    warning("PF0002", "dynamic-attribute"),
    warning("PF0003", "packed-arguments"),
    warning("PF0004", "indirect-call"),
    warning("PF0005", "class-without-layout"),
    warning("PF0006", "property-access"),
    error("SP0001", "unreadable-file"),
    error("SP0002", "undecodable-source"),
    error("SP0003", "syntax-error"),
    warning("SP0004", "doubtful-syntax"),
    error("SP0100", "revealed-type"),
    error("SP0101", "redefinition"),
    error("SP0102", "subclass-of-final"),
    error("SP0103", "field-conflict"),
    error("SP0104", "misuse-of-final"),
    error("SP0105", "hidden-member"),
    error("SP0106", "inconsistent-override"),
    error("SP0107", "misuse-of-dataclass"),
    error("SP0108", "layout-conflict"),
    error("SP0109", "misuse-of-enumeration"),
    error("SP0110", "primitive-in-union"),
    error("SP0111", "misplaced-annotation"),
    error("SP0112", "misuse-of-decorator"),
    error("SP0120", "implicit-return"),
    error("SP0130", "primitive-as-object"),
    error("SP0131", "type-mismatch"),
    error("SP0132", "literal-out-of-range"),
    error("SP0133", "attribute-of-none"),
    error("SP0134", "unknown-attribute"),
    error("SP0135", "item-of-none"),
    error("SP0136", "unsuitable-index"),
    error("SP0137", "mixed-choice"),
    error("SP0138", "unsupported-operands"),
    error("SP0139", "ordering-with-none"),
    error("SP0140", "call-of-none"),
    error("SP0141", "array-element-type"),
    error("SP0142", "arguments-of-builtin"),
    error("SP0143", "keyword-argument"),
    error("SP0144", "argument-count"),
    error("SP0145", "impossible-conversion"),
    error("SP0146", "stray-crange"),
    error("SP0147", "primitive-outside-locals"),
    error("SP0148", "class-variable-of-instance"),
    error("SP0149", "deletion-of-primitive"),
    error("SP0150", "undefined-name"),
    error("SP0151", "unknown-import"),
    warning("SP0152", "unknown-module"),
    warning("SP0153", "unknown-module-attribute"),
    warning("SP0154", "undefined-annotation"),
    warning("SP0155", "unknown-library-attribute"),
    error("SP0156", "unpacking-count"),
    error("SP0801", "foreign-write"),
    error("SP0802", "immutable-write"),
    error("SP0803", "order-dependence"),
    error("SP0804", "effect-at-import"),
    error("SP0805", "nondeterministic-value"),
    error("SP0810", "call-of-unknown"),
    error("SP0811", "attribute-of-unknown"),
    error("SP0812", "item-of-unknown"),
    error("SP0813", "operation-on-unknown"),
    error("SP0814", "truth-of-unknown"),
    error("SP0815", "iteration-of-unknown"),
    error("SP0820", "unsupported-at-import"),
    error("SP0830", "escaping-exception"),
    error("SP0831", "unsuitable-base"),
    error("SP0840", "analysis-budget"),
    error("SP0850", "star-import"),
    error("SP0851", "import-in-text"),
    error("SP0852", "misplaced-marker"),
    error("SP0853", "conflicting-source"),
    error("SP0854", "unpublished-module"),
    error("SP0860", "slot-conflict"),
    error("SP0870", "refuted-claim"),
    error("SP0871", "undeclared-name"),
    info("SP0880", "impure-import"),
    warning("SP0881", "unneeded-allowance"),
];

/// The rule of a code.
pub fn find(code: &str) -> Option<&'static Rule> {
    RULES.binary_search_by(|rule| rule.code.cmp(code)).ok().map(|at| &RULES[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_in_order() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
        let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
        assert!(RULES.iter().all(|rule| find(rule.code) == Some(rule)));
        assert_eq!(find("SP9999"), None);
    }
}
