//! `@native`: functions of C libraries. (`static-python.md` 1.24)
//!
//! The declaration has the signature in machine types and no body; calls of it become calls of the C function. Whatever such a declaration cannot
//! mean is an error where it stands.

use base::{Diagnostic, Span};
use parser::ast::{self, Expr, ExprKind, StmtKind};

use crate::program::{FunctionId, Member, ModuleId, ParamKind, Program};
use crate::ty::Primitive;

/// How many integers and how many doubles there are registers for.
const REGISTERS: (usize, usize) = (6, 8);

impl<'a> Program<'a> {
    /// Finds the library of a native function, and reports what is wrong with its declaration.
    pub(crate) fn bind_native(&mut self, function: FunctionId) {
        let entry = &self.functions[function];
        let (module, def, span) = (entry.module, entry.def, entry.def.name_span);
        let is_empty = matches!(def.body, [stmt] if matches!(stmt.kind, StmtKind::Pass));
        let problem = if entry.class.is_some() || entry.is_nested {
            Some("@native functions stand at the top level of a module")
        } else if entry.is_async {
            Some("@native: Cannot use on async function")
        } else if !is_empty {
            Some("@native callable cannot contain a function body, only 'pass' is allowed")
        } else if def.decorator_list.len() > 1 {
            Some("@native decorator cannot be used with other decorators")
        } else {
            None
        };
        if let Some(problem) = problem {
            self.native_error(module, span, problem);
        }
        self.check_native_signature(function);
        if let Some(library) = def.decorator_list.iter().find_map(|decorator| self.library(module, decorator))
        {
            self.natives.insert(function, library);
        }
    }

    fn native_error(&mut self, module: ModuleId, span: Span, message: &str) {
        self.report(module, Diagnostic::error("SP0112", span, message));
    }

    /// Parameters are given by place and passed in registers.
    fn check_native_signature(&mut self, function: FunctionId) {
        let entry = &self.functions[function];
        let (module, params, ret, def) = (entry.module, entry.params.clone(), entry.ret, entry.def);
        let mut used = (0, 0);
        for param in &params {
            let problem = if param.default.is_some() || param.kind != ParamKind::Ordinary {
                Some("@native: only positional parameters without defaults are supported")
            } else {
                match self.types.as_primitive(param.ty) {
                    None => Some("@native: parameters must be of primitive types"),
                    Some(Primitive::Double) => {
                        used.1 += 1;
                        None
                    }
                    Some(_) => {
                        used.0 += 1;
                        None
                    }
                }
            };
            if let Some(problem) = problem {
                self.native_error(module, param.span, problem);
            }
        }
        if used.0 > REGISTERS.0 || used.1 > REGISTERS.1 {
            let message = "not supported yet: more than six integers or eight doubles for a C function";
            self.native_error(module, def.name_span, message);
        }
        if self.types.as_primitive(ret).is_none() && ret != self.types.none {
            let span = def.returns.map_or(def.name_span, |returns| returns.span);
            self.native_error(module, span, "@native: what is returned must be of a primitive type, or None");
        }
    }

    /// The library that `native(...)` names.
    fn library(&mut self, module: ModuleId, decorator: &'a Expr<'a>) -> Option<&'a str> {
        let ExprKind::Call { args, keywords, .. } = decorator.kind else { return None };
        let found = match (args, keywords) {
            ([arg], []) => self.constant_text(module, arg),
            _ => None,
        };
        if found.is_none() {
            let message =
                "@native requires a single positional argument, the name of a library as a constant string";
            self.native_error(module, decorator.span, message);
        }
        found
    }

    /// The text of a string literal, or of a final name for one.
    fn constant_text(&mut self, module: ModuleId, expr: &'a Expr<'a>) -> Option<&'a str> {
        let value = match expr.kind {
            ExprKind::Constant { value, .. } => value,
            _ => match self.chase_expr(module, expr)?.1 {
                Member::Variable { is_final: true, value: Some(value), .. } => match value.kind {
                    ExprKind::Constant { value, .. } => value,
                    _ => return None,
                },
                _ => return None,
            },
        };
        match value {
            ast::Constant::Str(text) => text.as_str(),
            _ => None,
        }
    }
}
