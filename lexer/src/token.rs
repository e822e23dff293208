//! The token table: every kind of token once, with its source text and the name that CPython's `token` module gives it.
//!
//! The macro yields the enum with its logos patterns, the texts and the names. Logos turns the patterns into one automaton;
//! what is not regular (strings, f-string text, indentation, malformed numbers) is scanned by hand in [`crate::scan`], which
//! takes over where the automaton has recognized a beginning.

use base::Span;
use logos::Logos;

macro_rules! tokens {
    (
        keywords { $($keyword:ident $keyword_text:tt,)+ }
        operators { $($operator:ident $operator_text:tt $operator_name:ident,)+ }
    ) => {
        /// The keywords that no name can be, in the order of the table.
        pub const KEYWORDS: &[&str] = &[$($keyword_text,)+];

        /// The kinds of tokens.
        #[derive(Logos, Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[logos(skip r"[ \t\x0c]+")]
        #[repr(u8)]
        pub enum TokenKind {
            $(#[doc = concat!("`", $keyword_text, "`")] #[token($keyword_text)] $keyword,)+
            $(#[doc = concat!("`", $operator_text, "`")] #[token($operator_text)] $operator,)+

            /// An identifier; whether its characters are allowed is checked afterwards.
            #[regex(r"[A-Za-z_\u{80}-\u{10FFFF}][A-Za-z0-9_\u{80}-\u{10FFFF}]*")]
            Name,
            /// A number.
            #[regex(r"0[xX](_?[0-9a-fA-F])+")]
            #[regex(r"0[oO](_?[0-7])+")]
            #[regex(r"0[bB](_?[01])+")]
            #[regex(r"[0-9](_?[0-9])*[jJ]?")]
            #[regex(r"[0-9](_?[0-9])*\.([0-9](_?[0-9])*)?([eE][+\-]?[0-9](_?[0-9])*)?[jJ]?")]
            #[regex(r"\.[0-9](_?[0-9])*([eE][+\-]?[0-9](_?[0-9])*)?[jJ]?")]
            #[regex(r"[0-9](_?[0-9])*[eE][+\-]?[0-9](_?[0-9])*[jJ]?")]
            Number,
            /// A string or bytes literal. The pattern is its beginning.
            #[regex("([rR]|[bB]|[uU]|[rR][bB]|[bB][rR])?('|\"|'''|\"\"\")")]
            String,
            /// Prefix and opening quote of an f-string.
            #[regex("([fF]|[fF][rR]|[rR][fF])('|\"|'''|\"\"\")")]
            FStringStart,
            /// Text of an f-string between replacement fields.
            FStringMiddle,
            /// Closing quote of an f-string.
            FStringEnd,
            /// Prefix and opening quote of a t-string.
            #[regex("([tT]|[tT][rR]|[rR][tT])('|\"|'''|\"\"\")")]
            TStringStart,
            /// Text of a t-string between replacement fields.
            TStringMiddle,
            /// Closing quote of a t-string.
            TStringEnd,
            /// The end of a logical line.
            #[token("\n")]
            Newline,
            /// The beginning of an indented block.
            Indent,
            /// The end of an indented block.
            Dedent,
            /// The end of the file.
            EndMarker,
            /// A comment; only with [`Trivia::Keep`](crate::Trivia).
            #[regex(r"#[^\n]*", allow_greedy = true)]
            Comment,
            /// The end of a line that ends no logical line; only with [`Trivia::Keep`](crate::Trivia).
            NonLogicalNewline,
            /// A backslash that joins two lines; never in a token vector.
            #[token("\\\n")]
            Continuation,
            /// A character that no token starts with, such as `$`.
            Unknown,
            /// Where the lexer gave up.
            Error,

            #[token("match")]
            /// `match` at the beginning of a match statement.
            Match,
            #[token("case")]
            /// `case` at the beginning of a clause of a match statement.
            Case,
            #[token("type")]
            /// `type` at the beginning of a type alias.
            Type,
            /// The parenthesis around the items of a `with` statement.
            WithLeftParen,

            /// Start of a module, for the grammar.
            StartModule,
            /// Start of an interactive input, for the grammar.
            StartInteractive,
            /// Start of an expression for `eval`, for the grammar.
            StartExpression,
            /// Start of the type of a function, for the grammar.
            StartFunctionType,
            /// Start of one expression in the middle of something, for the search for an error message.
            StartProbe,
        }

        impl TokenKind {
            /// The source text of a keyword or operator.
            pub const fn text(self) -> Option<&'static str> {
                match self {
                    $(Self::$keyword => Some($keyword_text),)+
                    $(Self::$operator => Some($operator_text),)+
                    Self::Match => Some("match"),
                    Self::Case => Some("case"),
                    Self::Type => Some("type"),
                    Self::WithLeftParen => Some("("),
                    _ => None,
                }
            }

            /// Whether the token is a reserved word.
            pub const fn is_keyword(self) -> bool {
                matches!(self, $(Self::$keyword)|+)
            }

            /// The name in CPython's `token` module, with operators by their exact type.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$operator => stringify!($operator_name),)+
                    Self::WithLeftParen => "LPAR",
                    Self::Number => "NUMBER",
                    Self::String => "STRING",
                    Self::FStringStart => "FSTRING_START",
                    Self::FStringMiddle => "FSTRING_MIDDLE",
                    Self::FStringEnd => "FSTRING_END",
                    Self::TStringStart => "TSTRING_START",
                    Self::TStringMiddle => "TSTRING_MIDDLE",
                    Self::TStringEnd => "TSTRING_END",
                    Self::Newline => "NEWLINE",
                    Self::Indent => "INDENT",
                    Self::Dedent => "DEDENT",
                    Self::EndMarker => "ENDMARKER",
                    Self::Comment => "COMMENT",
                    Self::NonLogicalNewline => "NL",
                    Self::Unknown | Self::Error => "ERRORTOKEN",
                    _ => "NAME",
                }
            }
        }
    };
}

tokens! {
    keywords {
        False "False", None "None", True "True", And "and", As "as", Assert "assert", Async "async",
        Await "await", Break "break", Class "class", Continue "continue", Def "def", Del "del",
        Elif "elif", Else "else", Except "except", Finally "finally", For "for", From "from",
        Global "global", If "if", Import "import", In "in", Is "is", Lambda "lambda",
        Nonlocal "nonlocal", Not "not", Or "or", Pass "pass", Raise "raise", Return "return",
        Try "try", While "while", With "with", Yield "yield",
    }
    operators {
        LeftParen "(" LPAR, RightParen ")" RPAR, LeftBracket "[" LSQB, RightBracket "]" RSQB,
        LeftBrace "{" LBRACE, RightBrace "}" RBRACE, Colon ":" COLON, Comma "," COMMA, Semicolon ";" SEMI,
        Plus "+" PLUS, Minus "-" MINUS, Star "*" STAR, Slash "/" SLASH, Bar "|" VBAR, Ampersand "&" AMPER,
        Less "<" LESS, Greater ">" GREATER, Equal "=" EQUAL, Dot "." DOT, Percent "%" PERCENT,
        EqualEqual "==" EQEQUAL, NotEqual "!=" NOTEQUAL, LessGreater "<>" NOTEQUAL,
        LessEqual "<=" LESSEQUAL, GreaterEqual ">=" GREATEREQUAL, Tilde "~" TILDE, Caret "^" CIRCUMFLEX,
        LeftShift "<<" LEFTSHIFT, RightShift ">>" RIGHTSHIFT, DoubleStar "**" DOUBLESTAR,
        PlusEqual "+=" PLUSEQUAL, MinusEqual "-=" MINEQUAL, StarEqual "*=" STAREQUAL,
        SlashEqual "/=" SLASHEQUAL, PercentEqual "%=" PERCENTEQUAL, AmpersandEqual "&=" AMPEREQUAL,
        BarEqual "|=" VBAREQUAL, CaretEqual "^=" CIRCUMFLEXEQUAL, LeftShiftEqual "<<=" LEFTSHIFTEQUAL,
        RightShiftEqual ">>=" RIGHTSHIFTEQUAL, DoubleStarEqual "**=" DOUBLESTAREQUAL,
        DoubleSlash "//" DOUBLESLASH, DoubleSlashEqual "//=" DOUBLESLASHEQUAL, At "@" AT,
        AtEqual "@=" ATEQUAL, Arrow "->" RARROW, Ellipsis "..." ELLIPSIS, ColonEqual ":=" COLONEQUAL,
        Exclamation "!" EXCLAMATION,
    }
}

/// A token with its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub span: Span,
}
