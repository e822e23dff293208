//! `import __static__` and `import __strict__`: how a module opts in.
//!
//! A marker stands at the top of a module: only a docstring, imports from `__future__` and the other marker may come before. One that
//! stands elsewhere, under another name or beside other imports is an error, since a program that is silently not checked is worse.
//! Static modules are strict, too.

use base::{Diagnostic, Span};
use parser::ast::{Constant, Expr, ExprKind, Stmt, StmtKind};

/// What the markers of a module say.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Markers {
    /// `import __static__`: it is type-checked and compiled to typed code.
    pub is_static: bool,
    /// `import __strict__`: nothing may happen when it is imported.
    pub is_analysed: bool,
}

impl Markers {
    /// Whether the module and its classes cannot be changed once it has been imported.
    pub fn is_strict(self) -> bool {
        self.is_static || self.is_analysed
    }

    /// What either says.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            is_static: self.is_static || other.is_static,
            is_analysed: self.is_analysed || other.is_analysed,
        }
    }
}

/// Reads the markers of a module.
pub fn markers(body: &[Stmt<'_>]) -> Markers {
    let mut found = Markers::default();
    for stmt in &body[..zone(body)] {
        match marker_of(stmt) {
            Some("__static__") => found.is_static = true,
            Some(_) => found.is_analysed = true,
            None => {}
        }
    }
    found
}

/// Whether a module is static.
pub fn opts_in(body: &[Stmt<'_>]) -> bool {
    markers(body).is_static
}

/// Markers that mark nothing.
pub fn misplaced(body: &[Stmt<'_>]) -> Vec<Diagnostic> {
    let zone = zone(body);
    let mut found = Vec::new();
    for (at, stmt) in body.iter().enumerate() {
        let StmtKind::Import { names } = stmt.kind else { continue };
        let mut report = |span: Span, message: String| {
            let help = "write it on a line of its own behind the docstring, before everything else";
            found.push(Diagnostic::error("SP0852", span, message).with_help(help));
        };
        for alias in names.iter().filter(|alias| is_marker(alias.name)) {
            let name = alias.name;
            if at >= zone && names.len() == 1 && alias.asname.is_none() {
                report(alias.span, format!("flag {name} must be at the top of a file"));
            } else if names.len() > 1 {
                report(alias.span, format!("flag {name} may not be combined with other imports"));
            } else if alias.asname.is_some() {
                report(alias.span, format!("flag {name} may not be aliased"));
            }
        }
    }
    found
}

/// How many statements at the top may be markers or stand before them.
fn zone(body: &[Stmt<'_>]) -> usize {
    let is_docstring = |stmt: &Stmt<'_>| {
        let StmtKind::Expr { value } = stmt.kind else { return false };
        matches!(value, Expr { kind: ExprKind::Constant { value: Constant::Str(_), .. }, .. })
    };
    let start = usize::from(body.first().is_some_and(is_docstring));
    let rest = body[start..].iter().take_while(|stmt| {
        matches!(stmt.kind, StmtKind::ImportFrom { module: Some("__future__"), .. })
            || marker_of(stmt).is_some()
    });
    start + rest.count()
}

/// The name of the marker that a statement is.
fn marker_of<'a>(stmt: &Stmt<'a>) -> Option<&'a str> {
    match stmt.kind {
        StmtKind::Import { names: [alias] } if alias.asname.is_none() && is_marker(alias.name) => {
            Some(alias.name)
        }
        _ => None,
    }
}

fn is_marker(name: &str) -> bool {
    matches!(name, "__static__" | "__strict__")
}
