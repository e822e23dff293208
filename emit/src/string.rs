//! f-strings and t-strings.

use bytecode::{Const, Opcode};
use parser::ast::{Constant, Conversion, Expr, ExprKind};

use crate::error::Emit;
use crate::module::Emitter;

/// Strings with more parts are joined from a list.
const MANY_PARTS: usize = 60;

impl<'a> Emitter<'a, '_> {
    pub(crate) fn joined_str(&mut self, expr: &Expr<'a>, values: &'a [Expr<'a>]) -> Emit {
        if values.len() > MANY_PARTS {
            return self.join_list(expr, values);
        }
        values.iter().try_for_each(|value| self.expr(value))?;
        self.at(expr.span);
        match values {
            [] => self.load_const(Const::str("")),
            [_] => {}
            _ => self.block().op(Opcode::BUILD_STRING, values.len() as u32),
        }
        Ok(())
    }

    fn join_list(&mut self, expr: &Expr<'a>, values: &'a [Expr<'a>]) -> Emit {
        self.load_const(Const::str(""));
        self.name_op(Opcode::LOAD_METHOD, "join");
        self.block().op(Opcode::BUILD_LIST, 0);
        for value in values {
            self.expr(value)?;
            self.block().op(Opcode::LIST_APPEND, 1);
        }
        self.at(expr.span);
        self.block().op(Opcode::CALL_METHOD, 1);
        Ok(())
    }

    pub(crate) fn formatted_value(&mut self, expr: &Expr<'a>) -> Emit {
        let ExprKind::FormattedValue { value, conversion, format_spec } = expr.kind else { return Ok(()) };
        self.expr(value)?;
        self.at(expr.span);
        if conversion != Conversion::None {
            self.block().op(Opcode::CONVERT_VALUE, conversion_operand(conversion));
        }
        match format_spec {
            Some(spec) => {
                self.expr(spec)?;
                self.at(expr.span);
                self.block().op0(Opcode::FORMAT_WITH_SPEC);
            }
            None => self.block().op0(Opcode::FORMAT_SIMPLE),
        }
        Ok(())
    }

    /// Strings and interpolations alternate, with a string at both ends.
    pub(crate) fn template_str(&mut self, expr: &Expr<'a>, values: &'a [Expr<'a>]) -> Emit {
        let mut strings = vec![Vec::new()];
        let mut interpolations = Vec::new();
        for value in values {
            match value.kind {
                ExprKind::Constant { value: Constant::Str(text), .. } => {
                    strings
                        .last_mut()
                        .expect("there is always a last string")
                        .extend_from_slice(text.as_bytes());
                }
                _ => {
                    interpolations.push(value);
                    strings.push(Vec::new());
                }
            }
        }
        self.load_const(Const::Tuple(strings.into_iter().map(Const::Str).collect()));
        for interpolation in &interpolations {
            self.expr(interpolation)?;
        }
        self.at(expr.span);
        self.block().op(Opcode::BUILD_TUPLE, interpolations.len() as u32);
        self.block().op0(Opcode::BUILD_TEMPLATE);
        Ok(())
    }

    pub(crate) fn interpolation(&mut self, expr: &Expr<'a>) -> Emit {
        let ExprKind::Interpolation { value, str: text, conversion, format_spec } = expr.kind else {
            return Ok(());
        };
        self.expr(value)?;
        self.load_const(Const::str(text));
        let mut flags = conversion_operand(conversion) << 1;
        if let Some(spec) = format_spec {
            self.expr(spec)?;
            flags |= 1;
        }
        self.at(expr.span);
        self.block().op(Opcode::BUILD_INTERPOLATION, flags);
        Ok(())
    }
}

fn conversion_operand(conversion: Conversion) -> u32 {
    match conversion {
        Conversion::None => 0,
        Conversion::Str => 1,
        Conversion::Repr => 2,
        Conversion::Ascii => 3,
    }
}
