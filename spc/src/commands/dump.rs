//! `spc dump`: the text form of one stage.

use std::fmt::Write;
use std::path::Path;

use parser::ast::Expr;
use parser::visit::{Visitor, walk_expr};
use typeck::{ModuleId, Program};

use crate::args::Stage;
use crate::compile::{self, Failure};
use crate::render;

/// Prints a stage of a file.
pub(crate) fn run(stage: Stage, file: &Path) -> u8 {
    let text = match stage {
        Stage::Tokens => compile::read(file).map(|source| lexer::dump::dump(&source)),
        Stage::Ast => ast(file),
        Stage::Types => compile::with_code(file, |source, checked, _| match checked {
            Some((program, module)) => types(program, module, source.text()),
            None => "; a dynamic module has no types\n".to_owned(),
        }),
        Stage::Bytecode => compile::with_code(file, |_, _, code| bytecode::text::print(&code)),
        Stage::Hir | Stage::Lir | Stage::Asm => {
            unreachable!("the stages of machine code have a command of their own")
        }
    };
    match text {
        Ok(text) => super::print(&text),
        Err(failure) => {
            render::failure(&failure);
            2
        }
    }
}

fn ast(file: &Path) -> Result<String, Failure> {
    let source = compile::read(file)?;
    let arena = bumpalo::Bump::new();
    match parser::parse_module(&source, &arena) {
        Ok(tree) => {
            let style = parser::print::Style { include_attributes: true, indent: None };
            Ok(parser::print::dump_module(&tree, source.lines(), style) + "\n")
        }
        Err(error) => {
            let diagnostic = error.to_diagnostic();
            Err(Failure::Wrong(compile::reports(file, source, vec![diagnostic])))
        }
    }
}

/// Each expression of a static module with its type, in source order.
fn types(program: &Program<'_>, module: ModuleId, source: &str) -> String {
    struct Printer<'p, 'a> {
        program: &'p Program<'a>,
        module: ModuleId,
        source: &'p str,
        lines: base::LineIndex,
        out: String,
    }
    impl<'a> Visitor<'a> for Printer<'_, 'a> {
        fn visit_expr(&mut self, expr: &'a Expr<'a>) {
            if let Some(ty) = self.program.modules[self.module].facts.types[expr.id] {
                let place = self.lines.position(expr.span.start);
                let text = expr.span.text(self.source).split('\n').next().unwrap_or_default();
                let shown = self.program.show_exact(ty.id);
                let doubt = if ty.is_sure { "" } else { " (expected)" };
                writeln!(self.out, "{}:{}: {text}: {shown}{doubt}", place.line, place.column)
                    .expect("writing to a string succeeds");
            }
            walk_expr(self, expr);
        }
    }
    let lines = base::LineIndex::new(source);
    let mut printer = Printer { program, module, source, lines, out: String::new() };
    for stmt in program.modules[module].ast.body {
        printer.visit_stmt(stmt);
    }
    format!("; {} module\n{}", compile::kind_text(program.modules[module].kind), printer.out)
}
