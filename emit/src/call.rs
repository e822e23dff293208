//! Calls.

use bytecode::{Const, Opcode};
use parser::ast::{Expr, ExprKind, Keyword};
use typeck::scope::ScopeKind;

use crate::error::Emit;
use crate::expr::is_starred;
use crate::module::Emitter;

/// Calls with more arguments go through a tuple and a dict, so that the stack stays small.
const MANY_ARGUMENTS: usize = 30;

impl<'a> Emitter<'a, '_> {
    pub(crate) fn call(
        &mut self,
        expr: &'a Expr<'a>,
        func: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
    ) -> Emit {
        self.check_keywords(keywords)?;
        if self.planned_call(expr, func, args, keywords)? {
            return Ok(());
        }
        self.dynamic_call(expr, func, args, keywords)
    }

    /// A call of whatever the callee turns out to be.
    pub(crate) fn dynamic_call(
        &mut self,
        expr: &'a Expr<'a>,
        func: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
    ) -> Emit {
        if self.is_zero_argument_super(expr) {
            self.super_arguments(expr)?;
            self.at(expr.span);
            self.block().op(Opcode::CALL, 2);
            return Ok(());
        }
        let has_stars = args.iter().any(is_starred) || keywords.iter().any(|keyword| keyword.arg.is_none());
        if has_stars || args.len() + keywords.len() > MANY_ARGUMENTS {
            self.expr(func)?;
            return self.call_with_tuple(expr, args, keywords, 0, None);
        }
        if let ExprKind::Attribute { value, attr, .. } = func.kind {
            self.load_method(func, value, attr)?;
            self.finish_call(expr, args, keywords, Opcode::CALL_METHOD, Opcode::CALL_METHOD_KW)?;
            self.check_element(expr.id);
            Ok(())
        } else {
            self.expr(func)?;
            self.finish_call(expr, args, keywords, Opcode::CALL, Opcode::CALL_KW)
        }
    }

    pub(crate) fn check_keywords(&self, keywords: &[Keyword<'a>]) -> Emit {
        for (at, keyword) in keywords.iter().enumerate() {
            let Some(name) = keyword.arg else { continue };
            if name == "__debug__" {
                return self.error(keyword.span, "cannot assign to __debug__");
            }
            if keywords[..at].iter().any(|earlier| earlier.arg == Some(name)) {
                return self.error(keyword.span, format!("keyword argument repeated: {name}"));
            }
        }
        Ok(())
    }

    /// `callable, self` or `callable, null`
    fn load_method(&mut self, func: &Expr<'a>, value: &'a Expr<'a>, attr: &str) -> Emit {
        let attr_name = self.mangled(attr);
        if self.is_zero_argument_super(value) {
            self.super_arguments(value)?;
            self.at(func.span);
            self.name_op(Opcode::LOAD_SUPER_METHOD, &attr_name);
        } else {
            self.expr(value)?;
            self.at_attribute(func.span, func);
            self.name_op(Opcode::LOAD_METHOD, &attr_name);
        }
        Ok(())
    }

    fn finish_call(
        &mut self,
        expr: &Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
        plain: Opcode,
        with_names: Opcode,
    ) -> Emit {
        args.iter().try_for_each(|arg| self.expr(arg))?;
        keywords.iter().try_for_each(|keyword| self.expr(keyword.value))?;
        match expr.kind {
            ExprKind::Call { func, .. } => self.at_attribute(expr.span, func),
            _ => drop(self.at(expr.span)),
        }
        let count = (args.len() + keywords.len()) as u32;
        if keywords.is_empty() {
            self.block().op(plain, count);
        } else {
            let names =
                keywords.iter().map(|keyword| Const::str(keyword.arg.expect("stars are handled before")));
            self.load_const(Const::Tuple(names.collect()));
            self.block().op(with_names, count);
        }
        Ok(())
    }

    /// The callable and `already` positional arguments are on the stack; gathers the rest, and the variable `last`, and calls. What stands alone
    /// behind a star is left to the call, whose error then names the callable.
    pub(crate) fn call_with_tuple(
        &mut self,
        expr: &Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
        already: u32,
        last: Option<&str>,
    ) -> Emit {
        match args {
            [Expr { kind: ExprKind::Starred { value, .. }, .. }] if already == 0 && last.is_none() => {
                self.expr(value)?;
                self.at(expr.span);
            }
            _ => {
                self.gather_list(expr, args, already)?;
                self.at(expr.span);
                if let Some(last) = last {
                    self.load_name(last);
                    self.block().op(Opcode::LIST_APPEND, 1);
                }
                self.block().op(Opcode::CALL_INTRINSIC, bytecode::Intrinsic::ListToTuple as u32);
            }
        }
        if keywords.is_empty() {
            self.block().op0(Opcode::PUSH_NULL);
        } else {
            self.gather_keywords(expr, keywords)?;
        }
        self.block().op0(Opcode::CALL_FUNCTION_EX);
        Ok(())
    }

    fn gather_list(&mut self, expr: &Expr<'a>, args: &'a [Expr<'a>], already: u32) -> Emit {
        self.block().op(Opcode::BUILD_LIST, already);
        for arg in args {
            match arg.kind {
                ExprKind::Starred { value, .. } => {
                    self.expr(value)?;
                    self.at(expr.span);
                    self.block().op(Opcode::LIST_EXTEND, 1);
                }
                _ => {
                    self.expr(arg)?;
                    self.block().op(Opcode::LIST_APPEND, 1);
                }
            }
        }
        Ok(())
    }

    fn gather_keywords(&mut self, expr: &Expr<'a>, keywords: &'a [Keyword<'a>]) -> Emit {
        self.block().op(Opcode::BUILD_MAP, 0);
        // The first names are those of the dict itself; later ones may be there already.
        let mut is_first = true;
        for run in keywords.chunk_by(|a, b| a.arg.is_some() && b.arg.is_some()) {
            if let [Keyword { arg: None, value, .. }] = run {
                self.expr(value)?;
            } else {
                self.keyword_run(run, is_first)?;
            }
            self.at(expr.span);
            if run[0].arg.is_none() || !is_first {
                self.block().op(Opcode::DICT_MERGE, 1);
            }
            is_first = false;
        }
        Ok(())
    }

    /// Adds named arguments to the dict on top.
    fn keyword_run(&mut self, run: &'a [Keyword<'a>], is_first: bool) -> Emit {
        if !is_first {
            self.block().op(Opcode::BUILD_MAP, 0);
        }
        for keyword in run {
            self.load_const(Const::str(keyword.arg.expect("a run of names")));
            self.expr(keyword.value)?;
            self.block().op(Opcode::MAP_ADD, 1);
        }
        Ok(())
    }

    /// Whether an expression is `super()` inside a method.
    pub(crate) fn is_zero_argument_super(&self, expr: &Expr<'a>) -> bool {
        let ExprKind::Call { func, args: [], keywords: [] } = expr.kind else { return false };
        let scope = self.unit_scope();
        func.as_name() == Some("super")
            && scope.kind == ScopeKind::Function
            && scope.symbol("__class__").is_some_and(|symbol| {
                matches!(symbol.resolution, typeck::scope::Resolution::Free | typeck::scope::Resolution::Cell)
            })
            && self.units.last().is_some_and(|unit| unit.block.code.arg_count > 0)
    }

    /// `super, class, self`
    pub(crate) fn super_arguments(&mut self, expr: &'a Expr<'a>) -> Emit {
        let ExprKind::Call { func, .. } = expr.kind else { return Ok(()) };
        self.expr(func)?;
        self.at(expr.span);
        self.load_name("__class__");
        let first = self.block().code.locals[0].clone();
        let opcode = match first.cell {
            bytecode::code::CellKind::None => Opcode::LOAD_FAST_CHECK,
            _ => Opcode::LOAD_DEREF,
        };
        self.block().op(opcode, 0);
        Ok(())
    }
}
