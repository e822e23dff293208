//! Expressions: the dispatch, operators, displays, attributes and items.

use bytecode::{CompareOp, Const, Opcode};
use parser::ast::{BoolOp, CmpOp, Expr, ExprKind, Operator, UnaryOp};
use typeck::ty::Primitive;

use crate::assign::{binary_operator, two_part_slice};
use crate::block::Label;
use crate::error::Emit;
use crate::fold;
use crate::module::Emitter;

/// Displays longer than this are built piece by piece, so that the stack stays small.
const LONG_DISPLAY: usize = 30;

impl<'a> Emitter<'a, '_> {
    /// Pushes the value of an expression.
    pub(crate) fn expr(&mut self, expr: &'a Expr<'a>) -> Emit {
        let range = self.at(expr.span);
        match (fold::constant(expr), self.primitive_of(expr)) {
            (Some(constant), Some(primitive)) => self.primitive_const(&constant, primitive),
            (Some(constant), None) => self.load_const(constant),
            (None, _) => self.compute(expr)?,
        }
        self.check_display(expr.id);
        self.refine(expr.id);
        self.coerce(expr.id);
        self.block().set_range(range);
        Ok(())
    }

    fn compute(&mut self, expr: &'a Expr<'a>) -> Emit {
        match expr.kind {
            ExprKind::Constant { value, .. } => self.load_const(fold::literal(value)),
            ExprKind::Name { id: "__debug__", .. } => {
                self.load_const(Const::Bool(self.options.optimize == 0))
            }
            ExprKind::Name { id, .. } => match (self.primitive_of(expr), self.folded_name(id)) {
                (Some(primitive), Some(constant)) => self.primitive_const(&constant, primitive),
                (Some(primitive), None) => self.load_primitive_name(id, primitive),
                (None, _) => {
                    self.load_name(id);
                    self.see_patch(expr, id);
                }
            },
            ExprKind::BoolOp { op, values } => self.bool_op(op, values)?,
            ExprKind::NamedExpr { target, value } => {
                self.expr(value)?;
                self.block().op(Opcode::COPY, 1);
                self.store(target)?;
            }
            ExprKind::BinOp { left, op, right } => self.bin_op(expr, left, op, right)?,
            ExprKind::UnaryOp { op, operand } => self.unary_op(expr, op, operand)?,
            ExprKind::Lambda { args, body } => self.lambda(expr, args, body)?,
            ExprKind::IfExp { test, body, orelse } => self.if_exp(test, body, orelse)?,
            ExprKind::Dict { keys, values } => self.dict(expr, keys, values)?,
            ExprKind::Set { elts } => self.set(expr, elts)?,
            ExprKind::List { elts, .. } => self.list(expr, elts)?,
            ExprKind::Tuple { elts, .. } => self.tuple(expr, elts)?,
            ExprKind::ListComp { .. } | ExprKind::SetComp { .. } | ExprKind::DictComp { .. } => {
                self.comprehension(expr)?;
            }
            ExprKind::GeneratorExp { .. } => self.comprehension(expr)?,
            ExprKind::Await { value } => self.await_(expr, value)?,
            ExprKind::Yield { value } => self.yield_(expr, value)?,
            ExprKind::YieldFrom { value } => self.yield_from(expr, value)?,
            ExprKind::Compare { left, ops, comparators } => self.compare(expr, left, ops, comparators)?,
            ExprKind::Call { func, args, keywords } => self.call(expr, func, args, keywords)?,
            ExprKind::FormattedValue { .. } => self.formatted_value(expr)?,
            ExprKind::JoinedStr { values } => self.joined_str(expr, values)?,
            ExprKind::TemplateStr { values } => self.template_str(expr, values)?,
            ExprKind::Interpolation { .. } => self.interpolation(expr)?,
            ExprKind::Attribute { value, attr, .. } => self.attribute(expr, value, attr)?,
            ExprKind::Subscript { value, slice, .. } => self.subscript(expr, value, slice)?,
            ExprKind::Starred { .. } => return self.error(expr.span, "can't use starred expression here"),
            ExprKind::Slice { lower, upper, step } => self.slice(expr, lower, upper, step)?,
        }
        Ok(())
    }

    // --- Operators ---

    fn bin_op(&mut self, expr: &Expr<'a>, left: &'a Expr<'a>, op: Operator, right: &'a Expr<'a>) -> Emit {
        self.expr(left)?;
        self.expr(right)?;
        self.at(expr.span);
        match self.operator_type(expr.id) {
            Some(primitive) => self.primitive_binary(op, primitive),
            None => self.block().op(Opcode::BINARY_OP, binary_operator(op) as u32),
        }
        Ok(())
    }

    fn unary_op(&mut self, expr: &Expr<'a>, op: UnaryOp, operand: &'a Expr<'a>) -> Emit {
        self.expr(operand)?;
        self.at(expr.span);
        if let Some(primitive) = self.operator_type(expr.id) {
            match self.primitive_of(operand) {
                Some(kind) if op == UnaryOp::Not && kind != Primitive::CBool => self.is_zero(kind),
                _ => self.primitive_unary(op, primitive),
            }
            return Ok(());
        }
        self.block().op0(match op {
            UnaryOp::Invert => Opcode::UNARY_INVERT,
            UnaryOp::Not => Opcode::UNARY_NOT,
            UnaryOp::UAdd => Opcode::UNARY_POSITIVE,
            UnaryOp::USub => Opcode::UNARY_NEGATIVE,
        });
        Ok(())
    }

    fn bool_op(&mut self, op: BoolOp, values: &'a [Expr<'a>]) -> Emit {
        let (last, first) = values.split_last().expect("a boolean operation has operands");
        let end = self.block().label();
        let depth = self.block().depth();
        for value in first {
            // A constant decides now: it is the result, or has no part in it.
            match fold::constant(value).as_ref().and_then(fold::truth) {
                Some(truth) if truth == (op == BoolOp::Or) => {
                    self.expr(value)?;
                    self.block().jump(Opcode::JUMP, end);
                    self.block().continue_dead_at(depth);
                }
                Some(_) => {}
                None => {
                    self.expr(value)?;
                    self.block().op(Opcode::COPY, 1);
                    self.jump_on_value(value, op == BoolOp::Or, end)?;
                    self.pop_value(value);
                }
            }
        }
        self.expr(last)?;
        self.block().mark(end);
        Ok(())
    }

    fn if_exp(&mut self, test: &'a Expr<'a>, body: &'a Expr<'a>, orelse: &'a Expr<'a>) -> Emit {
        let (other, end) = (self.block().label(), self.block().label());
        self.jump_if(test, false, other)?;
        let depth = self.block().depth();
        self.expr(body)?;
        self.block().jump(Opcode::JUMP, end);
        self.block().continue_dead_at(depth);
        self.block().mark(other);
        self.expr(orelse)?;
        self.block().mark(end);
        Ok(())
    }

    /// `a, b -- a op b`
    fn comparison(&mut self, op: CmpOp) {
        let (opcode, operand) = match op {
            CmpOp::Eq => (Opcode::COMPARE_OP, CompareOp::Equal as u32),
            CmpOp::NotEq => (Opcode::COMPARE_OP, CompareOp::NotEqual as u32),
            CmpOp::Lt => (Opcode::COMPARE_OP, CompareOp::Less as u32),
            CmpOp::LtE => (Opcode::COMPARE_OP, CompareOp::LessEqual as u32),
            CmpOp::Gt => (Opcode::COMPARE_OP, CompareOp::Greater as u32),
            CmpOp::GtE => (Opcode::COMPARE_OP, CompareOp::GreaterEqual as u32),
            CmpOp::Is => (Opcode::IS_OP, 0),
            CmpOp::IsNot => (Opcode::IS_OP, 1),
            CmpOp::In => (Opcode::CONTAINS_OP, 0),
            CmpOp::NotIn => (Opcode::CONTAINS_OP, 1),
        };
        self.block().op(opcode, operand);
    }

    /// The right operand. A display of constants in which something is searched is never changed, and so it is a constant, too.
    fn compared(&mut self, op: CmpOp, right: &'a Expr<'a>) -> Emit {
        match right.kind {
            ExprKind::Set { elts } if matches!(op, CmpOp::In | CmpOp::NotIn) => {
                self.constant_display(right, elts, Const::FrozenSet)
            }
            ExprKind::List { elts, .. } if matches!(op, CmpOp::In | CmpOp::NotIn) => {
                self.constant_display(right, elts, Const::Tuple)
            }
            _ => self.expr(right),
        }
    }

    /// What is iterated over and cannot be reached otherwise: a list of constants may as well be a tuple.
    pub(crate) fn iterated(&mut self, iter: &'a Expr<'a>) -> Emit {
        match iter.kind {
            ExprKind::List { elts, .. } => self.constant_display(iter, elts, Const::Tuple),
            _ => self.expr(iter),
        }
    }

    /// A display as the constant `make`s of its items, if they are constants; the checker's facts about displays stay in force.
    fn constant_display(
        &mut self,
        display: &'a Expr<'a>,
        elts: &'a [Expr<'a>],
        make: fn(Vec<Const>) -> Const,
    ) -> Emit {
        let constants = elts.iter().map(fold::constant).collect::<Option<Vec<_>>>();
        match constants.filter(|_| self.checked.is_none()) {
            Some(constants) => {
                let range = self.at(display.span);
                self.load_const(make(constants));
                self.block().set_range(range);
                Ok(())
            }
            None => self.expr(display),
        }
    }

    /// Whether equality, of the kind that a comparison or a pattern asks for, is identity.
    pub(crate) fn is_identity(&self, node: parser::ast::NodeId) -> bool {
        self.facts().is_some_and(|facts| facts.identities.contains(&node))
    }

    fn compare(
        &mut self,
        expr: &Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOp],
        comparators: &'a [Expr<'a>],
    ) -> Emit {
        let last = ops.len() - 1;
        let (cleanup, end) = (self.block().label(), self.block().label());
        if self.primitive_chain(expr, left, ops, comparators, cleanup)? {
            self.block().jump(Opcode::JUMP, end);
            self.block().mark(cleanup);
            self.primitive_const(&Const::Bool(false), Primitive::CBool);
            self.block().mark(end);
            return Ok(());
        }
        self.expr(left)?;
        for (&op, right) in ops[..last].iter().zip(comparators) {
            self.compared(op, right)?;
            self.at(expr.span);
            self.block().op(Opcode::SWAP, 2);
            self.block().op(Opcode::COPY, 2);
            self.comparison(op);
            self.block().op(Opcode::COPY, 1);
            self.block().jump(Opcode::POP_JUMP_IF_FALSE, cleanup);
            self.block().op0(Opcode::POP_TOP);
        }
        self.compared(ops[last], &comparators[last])?;
        self.at(expr.span);
        match self.operator_type(expr.id) {
            Some(primitive) => self.primitive_compare(ops[last], primitive),
            None if self.is_identity(expr.id) => {
                self.block().op(Opcode::IS_OP, u32::from(ops[last] == CmpOp::NotEq));
            }
            None => self.comparison(ops[last]),
        }
        if last > 0 {
            self.block().jump(Opcode::JUMP, end);
            self.block().mark(cleanup);
            self.block().op(Opcode::SWAP, 2);
            self.block().op0(Opcode::POP_TOP);
            self.block().mark(end);
        }
        Ok(())
    }

    /// A chained comparison as a condition.
    pub(crate) fn jump_if_chain(
        &mut self,
        expr: &Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOp],
        comparators: &'a [Expr<'a>],
        when: bool,
        label: Label,
    ) -> Emit {
        let last = ops.len() - 1;
        let (cleanup, end) = (self.block().label(), self.block().label());
        let fail = if when { end } else { label };
        if self.primitive_chain(expr, left, ops, comparators, fail)? {
            let opcode = if when { Opcode::POP_JUMP_IF_NONZERO } else { Opcode::POP_JUMP_IF_ZERO };
            self.block().jump(opcode, label);
            self.block().mark(end);
            return Ok(());
        }
        self.expr(left)?;
        for (&op, right) in ops[..last].iter().zip(comparators) {
            self.compared(op, right)?;
            self.at(expr.span);
            self.block().op(Opcode::SWAP, 2);
            self.block().op(Opcode::COPY, 2);
            self.comparison(op);
            self.block().jump(Opcode::POP_JUMP_IF_FALSE, cleanup);
        }
        self.compared(ops[last], &comparators[last])?;
        self.at(expr.span);
        self.comparison(ops[last]);
        let opcode = if when { Opcode::POP_JUMP_IF_TRUE } else { Opcode::POP_JUMP_IF_FALSE };
        self.block().jump(opcode, label);
        self.block().jump(Opcode::JUMP, end);
        self.block().mark(cleanup);
        self.block().op0(Opcode::POP_TOP);
        if !when {
            self.block().jump(Opcode::JUMP, label);
        }
        self.block().mark(end);
        Ok(())
    }

    // --- Attributes and items ---

    fn attribute(&mut self, expr: &Expr<'a>, value: &'a Expr<'a>, attr: &str) -> Emit {
        if self.is_zero_argument_super(value) {
            self.super_arguments(value)?;
            self.at(expr.span);
            let attr = self.mangled(attr);
            self.name_op(Opcode::LOAD_SUPER_ATTR, &attr);
            return Ok(());
        }
        self.expr(value)?;
        self.at_attribute(expr.span, expr);
        if let Some(field) = self.field_of(expr, attr) {
            self.block().op(Opcode::LOAD_FIELD, field);
        } else if !self.read_property(expr, attr) {
            let attr = self.mangled(attr);
            self.name_op(Opcode::LOAD_ATTR, &attr);
            self.unbox_attribute(expr);
        }
        Ok(())
    }

    fn subscript(&mut self, expr: &Expr<'a>, value: &'a Expr<'a>, slice: &'a Expr<'a>) -> Emit {
        self.expr(value)?;
        if let Some((lower, upper)) = two_part_slice(slice) {
            self.optional_expr(lower)?;
            self.optional_expr(upper)?;
            self.at(expr.span);
            self.block().op0(Opcode::BINARY_SLICE);
        } else {
            self.expr(slice)?;
            self.at(expr.span);
            match self.sequence_of(expr) {
                Some(kind) => self.block().op(Opcode::SEQUENCE_GET, kind as u32),
                None => self.block().op0(Opcode::BINARY_SUBSCR),
            }
            self.check_element(expr.id);
        }
        Ok(())
    }

    fn slice(
        &mut self,
        expr: &Expr<'a>,
        lower: Option<&'a Expr<'a>>,
        upper: Option<&'a Expr<'a>>,
        step: Option<&'a Expr<'a>>,
    ) -> Emit {
        self.optional_expr(lower)?;
        self.optional_expr(upper)?;
        if let Some(step) = step {
            self.expr(step)?;
        }
        self.at(expr.span);
        self.block().op(Opcode::BUILD_SLICE, 2 + step.is_some() as u32);
        Ok(())
    }

    // --- Displays ---

    pub(crate) fn list(&mut self, expr: &Expr<'a>, elts: &'a [Expr<'a>]) -> Emit {
        self.sequence(expr, elts, Opcode::BUILD_LIST, Opcode::LIST_APPEND, Opcode::LIST_EXTEND)
    }

    fn set(&mut self, expr: &Expr<'a>, elts: &'a [Expr<'a>]) -> Emit {
        self.sequence(expr, elts, Opcode::BUILD_SET, Opcode::SET_ADD, Opcode::SET_UPDATE)
    }

    fn tuple(&mut self, expr: &Expr<'a>, elts: &'a [Expr<'a>]) -> Emit {
        if elts.iter().any(is_starred) || elts.len() > LONG_DISPLAY {
            self.list(expr, elts)?;
            self.block().op(Opcode::CALL_INTRINSIC, bytecode::Intrinsic::ListToTuple as u32);
            return Ok(());
        }
        elts.iter().try_for_each(|elt| self.expr(elt))?;
        self.at(expr.span);
        self.block().op(Opcode::BUILD_TUPLE, elts.len() as u32);
        Ok(())
    }

    fn sequence(
        &mut self,
        expr: &Expr<'a>,
        elts: &'a [Expr<'a>],
        build: Opcode,
        append: Opcode,
        extend: Opcode,
    ) -> Emit {
        // Long constant lists come as one tuple.
        let constants: Option<Vec<_>> = elts.iter().map(fold::constant).collect();
        if let Some(constants) = constants.filter(|constants| constants.len() > 2) {
            self.block().op(build, 0);
            self.load_const(Const::Tuple(constants));
            self.block().op(extend, 1);
            return Ok(());
        }
        let first_starred = elts.iter().position(is_starred).unwrap_or(elts.len());
        let direct = if elts.len() > LONG_DISPLAY { 0 } else { first_starred };
        elts[..direct].iter().try_for_each(|elt| self.expr(elt))?;
        self.at(expr.span);
        self.block().op(build, direct as u32);
        for elt in &elts[direct..] {
            match elt.kind {
                ExprKind::Starred { value, .. } => {
                    self.expr(value)?;
                    self.at(expr.span);
                    self.block().op(extend, 1);
                }
                _ => {
                    self.expr(elt)?;
                    self.at(expr.span);
                    self.block().op(append, 1);
                }
            }
        }
        Ok(())
    }

    fn dict(&mut self, expr: &Expr<'a>, keys: &'a [Option<&'a Expr<'a>>], values: &'a [Expr<'a>]) -> Emit {
        let first_unpacked = keys.iter().position(Option::is_none).unwrap_or(keys.len());
        let direct = if keys.len() > LONG_DISPLAY / 2 { 0 } else { first_unpacked };
        for (key, value) in keys[..direct].iter().zip(values) {
            self.expr(key.expect("no unpacking in the direct part"))?;
            self.expr(value)?;
        }
        self.at(expr.span);
        self.block().op(Opcode::BUILD_MAP, direct as u32);
        for (key, value) in keys.iter().zip(values).skip(direct) {
            match key {
                Some(key) => {
                    self.expr(key)?;
                    self.expr(value)?;
                    self.at(expr.span);
                    self.block().op(Opcode::MAP_ADD, 1);
                }
                None => {
                    self.expr(value)?;
                    self.at(expr.span);
                    self.block().op(Opcode::DICT_UPDATE, 1);
                }
            }
        }
        Ok(())
    }

    // --- Suspension ---

    fn await_(&mut self, expr: &Expr<'a>, value: &'a Expr<'a>) -> Emit {
        if !self.may_await() {
            let is_function = self.unit_scope().kind.is_function_like();
            let wanted = if is_function { "async function" } else { "function" };
            return self.error(expr.span, format!("'await' outside {wanted}"));
        }
        self.expr(value)?;
        self.at(expr.span);
        self.block().op(Opcode::GET_AWAITABLE, 0);
        self.load_const(Const::None);
        self.await_top();
        self.unbox_awaited(expr);
        Ok(())
    }

    fn yield_(&mut self, expr: &Expr<'a>, value: Option<&'a Expr<'a>>) -> Emit {
        if !self.unit_scope().kind.is_function_like() {
            return self.error(expr.span, "'yield' outside function");
        }
        self.optional_expr(value)?;
        self.at(expr.span);
        if self.unit_scope().is_coroutine {
            self.block().op(Opcode::CALL_INTRINSIC, bytecode::Intrinsic::AsyncGenWrap as u32);
        }
        self.block().op0(Opcode::YIELD_VALUE);
        Ok(())
    }

    fn yield_from(&mut self, expr: &Expr<'a>, value: &'a Expr<'a>) -> Emit {
        let scope = self.unit_scope();
        if !scope.kind.is_function_like() {
            return self.error(expr.span, "'yield from' outside function");
        }
        if scope.is_coroutine {
            return self.error(expr.span, "'yield from' inside async function");
        }
        self.expr(value)?;
        self.at(expr.span);
        self.block().op0(Opcode::GET_YIELD_FROM_ITER);
        self.load_const(Const::None);
        self.await_top();
        Ok(())
    }
}

/// Whether an element is `*value`.
pub(crate) fn is_starred(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Starred { .. })
}
