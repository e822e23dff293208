//! What a stage says about the user's program: errors and warnings with their places.
//!
//! Stages collect diagnostics and go on; only the command line renders them. A diagnostic is about *the program*; a Python
//! exception at run time and a bug in the compiler are other things and have other types.

use std::sync::Arc;

use crate::rule;
use crate::span::Span;

/// How serious a diagnostic is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// The program is rejected.
    Error,
    /// The program is accepted, with doubts.
    Warning,
    /// An answer to a question, such as `reveal_type`.
    Info,
}

/// Another file than the one that a finding is about.
#[derive(PartialEq, Eq, Debug)]
pub struct Origin {
    /// Its path, as diagnostics show it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A place that matters, with what is to be said about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// In which file, if it is another one.
    pub origin: Option<Arc<Origin>>,
    /// What; may be empty for a bare underline.
    pub text: String,
}

/// One finding in one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// A code of the table of rules.
    pub code: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// The guilty place.
    pub primary: Label,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// Further remarks, one line each.
    pub notes: Vec<String>,
    /// What the user could do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let diagnostic = Self::new(code, span, message);
        debug_assert_eq!(diagnostic.severity, Severity::Error, "{code} is no error");
        diagnostic
    }

    /// A finding at `span`, as serious as the table of rules says.
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let rule = rule::find(code);
        debug_assert!(rule.is_some(), "{code} is not in the table of rules");
        Self {
            code,
            severity: rule.map_or(Severity::Error, |rule| rule.severity),
            message: message.into(),
            primary: Label { span, origin: None, text: String::new() },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, origin: None, text: text.into() });
        self
    }

    /// Adds a place of another file that matters.
    #[must_use]
    pub fn with_label_in(mut self, origin: Arc<Origin>, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, origin: Some(origin), text: text.into() });
        self
    }

    /// Says something about the guilty place itself.
    #[must_use]
    pub fn with_primary_text(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds a remark.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says which name was perhaps meant.
    #[must_use]
    pub fn with_suggestion(self, name: Option<&str>) -> Self {
        match name {
            Some(name) => self.with_help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Says what the user could do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
