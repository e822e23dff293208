//! The lexer: Python 3.14 source bytes to a vector of tokens that the grammar can read one at a time.
//!
//! - [`source`]: bytes to text: byte order mark, coding cookie, line ends
//! - [`token`]: the token table
//! - [`scan`]: the lexer proper, over the automaton that logos makes of the table
//! - [`lookahead`]: settles what one token of look-ahead cannot: soft keywords and parenthesized `with` items
//! - [`dump`]: the token listing of `spc dump --stage=tokens`
//! - [`error`]: `SyntaxError` and its relatives
//! - [`repr`]: strings as CPython shows them
//!
//! Everything is tokenized before anything is parsed, so that both look-ahead and the search for the best error message
//! are simple walks over a vector. A lexical error ends the vector with an [`Error`](TokenKind::Error) token; whether it
//! is what the user sees is for the parser to say, which may have met an error further up.
#![forbid(unsafe_code)]

mod bracket;
pub mod dump;
pub mod error;
mod indent;
pub mod lookahead;
mod number;
mod printable;
pub mod repr;
pub mod scan;
pub mod source;
mod string;
pub mod token;

pub use error::{ErrorKind, Extent, Location, SyntaxError};
pub use scan::{ErrorRank, TokenStream, Trivia, Warning, tokenize};
pub use source::{SourceText, decode, decode_file, decode_lossy};
pub use token::{KEYWORDS, Token, TokenKind};
