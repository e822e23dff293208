//! The entry points: source text in, tree or error out.

use crate::ast::{Expression, FunctionType, Module};
use crate::build::{Builder, Error, Top};
use crate::grammar::TopParser;
use base::Span;
use bumpalo::Bump;
use lalrpop_util::ParseError;
use lexer::{SourceText, SyntaxError, Token, TokenKind, Trivia, tokenize};

/// Parses a file.
pub fn parse_module<'a>(source: &SourceText, arena: &'a Bump) -> Result<Module<'a>, SyntaxError> {
    parse_body(source, arena, TokenKind::StartModule)
}

/// Parses one interactive input: one compound statement, or simple statements on one line.
pub fn parse_interactive<'a>(source: &SourceText, arena: &'a Bump) -> Result<Module<'a>, SyntaxError> {
    parse_body(source, arena, TokenKind::StartInteractive).map_err(|error| too_many(source).unwrap_or(error))
}

/// What CPython says about input that would be right as a file.
fn too_many(source: &SourceText) -> Option<SyntaxError> {
    let arena = Bump::new();
    let module = parse_module(source, &arena).ok()?;
    let second = module.body.get(1)?;
    Some(SyntaxError::new(second.span, "multiple statements found while compiling a single statement"))
}

/// Parses what `eval` takes.
pub fn parse_expression<'a>(source: &SourceText, arena: &'a Bump) -> Result<Expression<'a>, SyntaxError> {
    let (top, mut builder) = run(source, arena, TokenKind::StartExpression)?;
    let Top::Expression(body) = top else { unreachable!("the start token asks for an expression") };
    Ok(Expression { body, node_count: builder.node_count(), warnings: builder.finish_warnings() })
}

/// Parses the type of a function: `(int, *str) -> bool`.
pub fn parse_function_type<'a>(
    source: &SourceText,
    arena: &'a Bump,
) -> Result<FunctionType<'a>, SyntaxError> {
    let (top, mut builder) = run(source, arena, TokenKind::StartFunctionType)?;
    let Top::FunctionType(argtypes, returns) = top else { unreachable!("the start token asks for a type") };
    Ok(FunctionType { argtypes, returns, warnings: builder.finish_warnings() })
}

fn parse_body<'a>(source: &SourceText, arena: &'a Bump, start: TokenKind) -> Result<Module<'a>, SyntaxError> {
    let (top, mut builder) = run(source, arena, start)?;
    let Top::Body(body) = top else { unreachable!("the start token asks for statements") };
    Ok(Module { body, node_count: builder.node_count(), warnings: builder.finish_warnings() })
}

fn run<'a, 's>(
    source: &'s SourceText,
    arena: &'a Bump,
    start: TokenKind,
) -> Result<(Top<'a>, Builder<'a, 's>), SyntaxError> {
    let stream = tokenize(source, Trivia::Drop);
    let mut builder = Builder::new(arena, source.text());
    for warning in &stream.warnings {
        builder.warn(warning.span, &warning.message);
    }
    let result = parse_tokens(&stream.tokens, start, &mut builder);
    match result {
        Ok(top) => match builder.depth_error() {
            Some(error) => Err(error),
            None => Ok((top, builder)),
        },
        Err(failure) => Err(crate::diagnose::diagnose(source, &stream, failure)),
    }
}

/// Where and why the generated parser stopped.
pub(crate) struct Failure {
    /// Index of the token that could not follow.
    pub(crate) at: usize,
    /// The error, if an action refused.
    pub(crate) refused: Option<Error>,
}

/// Runs the generated parser over tokens, behind a first token that chooses what is parsed.
pub(crate) fn parse_tokens<'a>(
    tokens: &[Token],
    start: TokenKind,
    builder: &mut Builder<'a, '_>,
) -> Result<Top<'a>, Failure> {
    let consumed = std::cell::Cell::new(0usize);
    let mut text_end = 0;
    let rest = tokens.iter().map(|token| {
        consumed.set(consumed.get() + 1);
        Ok(located(*token, &mut text_end))
    });
    let first = tokens.first().map_or(0, |token| token.span.start);
    let all = std::iter::once(Ok((first, start, first))).chain(rest);
    TopParser::new().parse(builder, all).map_err(|error| {
        let at = consumed.get().saturating_sub(1);
        match error {
            ParseError::User { error } => Failure { at, refused: Some(error) },
            ParseError::InvalidToken { .. }
            | ParseError::UnrecognizedEof { .. }
            | ParseError::UnrecognizedToken { .. }
            | ParseError::ExtraToken { .. } => Failure { at, refused: None },
        }
    })
}

/// A token as the generated parser takes it. Tokens without text end where the text before them ends, because that is where
/// CPython lets the statements end that such tokens close.
fn located(token: Token, text_end: &mut u32) -> (u32, TokenKind, u32) {
    let Span { start, end } = token.span;
    match token.kind {
        TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent | TokenKind::EndMarker => {
            (start, token.kind, *text_end)
        }
        _ => {
            *text_end = end;
            (start, token.kind, end)
        }
    }
}
