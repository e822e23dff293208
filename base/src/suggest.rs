//! "Did you mean": the candidate that is nearest to a misspelt word.
//!
//! Here because exceptions, the checker and the command line all ask. Method: Levenshtein distance with CPython's costs and limits
//! (`Python/suggestions.c`): an edit costs 2, a change of case 1, and what is suggested differs in at most a third of both lengths.
//! Exceptions say what CPython's say; before a program runs nobody else has spoken, and two letters that have changed places, the most
//! common slip, are one edit (optimal string alignment). Cost: for each candidate the product of the lengths, which are limited.

const MOVE: usize = 2;
const CASE: usize = 1;
const MAX_LENGTH: usize = 40;

/// More candidates than this are not looked at where the answer is part of an exception.
pub const MAX_CANDIDATES: usize = 750;

/// The candidate with the least distance as CPython counts, the first one of equals; the word itself is none.
pub fn nearest<'c>(wanted: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    least(wanted, candidates, None)
}

/// The candidate with the least distance where a swap of neighbours is one edit, the first one of the alphabet of equals.
pub fn likeliest<'c>(wanted: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let mut candidates: Vec<&str> = candidates.into_iter().collect();
    candidates.sort_unstable();
    least(wanted, candidates, Some(MOVE))
}

fn least<'c>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'c str>,
    swap: Option<usize>,
) -> Option<&'c str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.into_iter().filter(|candidate| *candidate != wanted) {
        let limit = (wanted.chars().count() + candidate.chars().count() + 3) * MOVE / 6;
        let distance = distance(wanted, candidate, swap);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn substitution(a: char, b: char) -> usize {
    if a == b {
        0
    } else if a.to_lowercase().eq(b.to_lowercase()) {
        CASE
    } else {
        MOVE
    }
}

/// `swap` is the price of two neighbours that have changed places, if that is an edit of its own.
fn distance(a: &str, b: &str, swap: Option<usize>) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > MAX_LENGTH || b.len() > MAX_LENGTH {
        return usize::MAX;
    }
    let mut older: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).map(|at| at * MOVE).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut next = vec![(i + 1) * MOVE];
        for (j, &y) in b.iter().enumerate() {
            let edit = (row[j] + substitution(x, y)).min(row[j + 1] + MOVE).min(next[j] + MOVE);
            let is_swap = i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y;
            let swapped = swap.filter(|_| is_swap).map(|price| older[j - 1] + price);
            next.push(swapped.map_or(edit, |swapped| swapped.min(edit)));
        }
        older = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_prefers_small_edits() {
        let names = ["print", "point", "range"];
        assert_eq!(nearest("prnit", names), Some("print"));
        assert_eq!(nearest("Range", names), Some("range"));
        assert_eq!(nearest("xyz", names), None);
        assert_eq!(nearest("print", ["print"]), None);
    }

    #[test]
    fn order_decides_between_equals_or_the_alphabet_does() {
        assert_eq!(nearest("pint", ["point", "print"]), Some("point"));
        assert_eq!(nearest("pint", ["print", "point"]), Some("print"));
        assert_eq!(likeliest("pint", ["print", "point"]), Some("point"));
    }

    #[test]
    fn a_swap_of_neighbours_is_one_edit_or_two() {
        assert_eq!((nearest("nmae", ["name"]), likeliest("nmae", ["name"])), (None, Some("name")));
        assert_eq!(likeliest("aera", ["are", "area"]), Some("area"));
        assert_eq!((distance("ab", "ba", None), distance("ab", "ba", Some(MOVE))), (2 * MOVE, MOVE));
    }
}
