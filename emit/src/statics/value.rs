//! Coercions, primitive constants, primitive arithmetic, conditions.

use bytecode::{Const, Opcode, PrimitiveBinaryOp, PrimitiveCompareOp, PrimitiveUnaryOp, TypeCode};
use parser::ast::{CmpOp, Expr, NodeId, Operator, UnaryOp};
use typeck::facts::{CallPlan, Coercion};
use typeck::program::FunctionId;
use typeck::ty::{Primitive, TypeId};

use super::descr::type_code;
use crate::block::Label;
use crate::error::Emit;
use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    /// Applies what happens to the value of `node`, which is on top.
    pub(crate) fn coerce(&mut self, node: NodeId) {
        let Some(&coercion) = self.facts().and_then(|facts| facts.coercions.get(&node)) else { return };
        match coercion {
            Coercion::Cast(ty) => self.cast_to(Some(ty)),
            Coercion::Box(primitive) => self.block().op(Opcode::PRIMITIVE_BOX, type_code(primitive) as u32),
            Coercion::Unbox(primitive) => {
                self.block().op(Opcode::PRIMITIVE_UNBOX, type_code(primitive) as u32)
            }
            Coercion::Convert(from, to) => self.convert(from, to),
        }
    }

    /// Checks the element on top, which comes from a container.
    pub(crate) fn check_element(&mut self, node: NodeId) {
        let ty = self.facts().and_then(|facts| facts.elements.get(&node)).copied();
        self.cast_to(ty);
    }

    /// Checks the object on top.
    pub(super) fn cast_to(&mut self, ty: Option<TypeId>) {
        let Some(ty) = ty else { return };
        let ty = self.checked.expect("facts come from a checked module").type_descr(ty);
        if ty != bytecode::TypeDescr::Object {
            let at = self.block().ty(ty);
            self.block().op(Opcode::CAST, at);
        }
    }

    fn convert(&mut self, from: Primitive, to: Primitive) {
        let (from, to) = (type_code(from), type_code(to));
        self.block().op(Opcode::CONVERT_PRIMITIVE, from as u32 | (to as u32) << 12);
    }

    /// States what narrowing has found out about the value on top.
    pub(crate) fn refine(&mut self, node: NodeId) {
        self.cast_to(self.facts().and_then(|facts| facts.claims.get(&node)).copied());
        let Some(&ty) = self.facts().and_then(|facts| facts.refinements.get(&node)) else { return };
        let ty = self.checked.expect("facts come from a checked module").type_descr(ty);
        if ty != bytecode::TypeDescr::Object {
            let at = self.block().ty(ty);
            self.block().op(Opcode::REFINE_TYPE, at);
        }
    }

    /// `list -- checked list`, and the same for dicts, where a display's place asks for it.
    pub(crate) fn check_display(&mut self, node: NodeId) {
        let Some(&ty) = self.facts().and_then(|facts| facts.displays.get(&node)) else { return };
        self.build_checked(ty);
    }

    /// `container -- checked container`
    pub(crate) fn build_checked(&mut self, ty: typeck::ty::TypeId) {
        let descr = self.checked.expect("plans come from a checked module").type_descr(ty);
        let is_list = matches!(&descr, bytecode::TypeDescr::Class { name, .. } if name == "CheckedList");
        let opcode = if is_list { Opcode::BUILD_CHECKED_LIST } else { Opcode::BUILD_CHECKED_MAP };
        let at = self.block().ty(descr);
        self.block().op(opcode, at);
    }

    /// Pushes a constant as a primitive.
    pub(crate) fn primitive_const(&mut self, constant: &Const, primitive: Primitive) {
        let constant = match (constant, primitive) {
            (Const::Float(value), _) => Const::Float(*value),
            (Const::Int(value), Primitive::Double) => Const::Float(*value as f64),
            (Const::Bool(value), Primitive::Double) => Const::Float(f64::from(u8::from(*value))),
            (Const::BigInt(digits), Primitive::Double) => {
                Const::Float(digits.parse().unwrap_or(f64::INFINITY))
            }
            (Const::Bool(value), _) => Const::Int((*value).into()),
            // The ends of the 64-bit types.
            (Const::BigInt(digits), _) => {
                let value: i128 =
                    digits.parse().expect("the checker lets only integers of 64 bits become primitives");
                Const::Int(value as i64)
            }
            (Const::Int(value), _) => Const::Int(*value),
            _ => unreachable!("the checker lets only numbers become primitives"),
        };
        let at = self.block().constant(constant);
        self.block().op(Opcode::PRIMITIVE_LOAD_CONST, at);
    }

    /// `a, b -- a op b`
    pub(crate) fn primitive_binary(&mut self, op: Operator, primitive: Primitive) {
        let operator = binary_operator(op, primitive);
        let operator = if self.options.trap_overflow { operator.trapping() } else { operator } as u32;
        self.block().op(Opcode::PRIMITIVE_BINARY_OP, operator | (type_code(primitive) as u32) << 12);
    }

    /// `a -- op a`; `+a` is `a`.
    pub(crate) fn primitive_unary(&mut self, op: UnaryOp, primitive: Primitive) {
        let operator = match (op, primitive) {
            (UnaryOp::UAdd, _) => return,
            (UnaryOp::USub, Primitive::Double) => PrimitiveUnaryOp::NegateDouble,
            (UnaryOp::USub, _) if self.options.trap_overflow => {
                self.primitive_const(&Const::Int(0), primitive);
                self.block().op(Opcode::SWAP, 2);
                return self.primitive_binary(Operator::Sub, primitive);
            }
            (UnaryOp::USub, _) => PrimitiveUnaryOp::Negate,
            (UnaryOp::Invert, _) => PrimitiveUnaryOp::Invert,
            (UnaryOp::Not, _) => PrimitiveUnaryOp::Not,
        };
        self.block().op(Opcode::PRIMITIVE_UNARY_OP, operator as u32 | (type_code(primitive) as u32) << 12);
    }

    /// `number -- cbool`
    pub(crate) fn is_zero(&mut self, primitive: Primitive) {
        self.primitive_const(&Const::Int(0), primitive);
        self.primitive_compare(CmpOp::Eq, primitive);
    }

    /// `a, b -- cbool`
    pub(crate) fn primitive_compare(&mut self, op: CmpOp, primitive: Primitive) {
        self.block().op(Opcode::PRIMITIVE_COMPARE_OP, compare_operator(op, primitive) as u32);
    }

    /// A chained comparison of primitives, up to the truth of the last pair; where an earlier one is false, goes to `fail`.
    pub(crate) fn primitive_chain(
        &mut self,
        expr: &Expr<'a>,
        left: &'a Expr<'a>,
        ops: &[CmpOp],
        comparators: &'a [Expr<'a>],
        fail: Label,
    ) -> Emit<bool> {
        let Some(common) = self.facts().and_then(|facts| facts.chains.get(&expr.id)) else {
            return Ok(false);
        };
        self.expr(left)?;
        let last = ops.len() - 1;
        for at in 0..last {
            let middle = &comparators[at];
            self.expr(middle)?;
            let own = self.primitive_of(middle).expect("every operand of a primitive chain is one");
            let slot = self.hidden_slot(type_code(own));
            self.block().op(Opcode::STORE_LOCAL, slot);
            self.load_converted(slot, own, common[at]);
            self.at(expr.span);
            self.primitive_compare(ops[at], common[at]);
            self.block().jump(Opcode::POP_JUMP_IF_ZERO, fail);
            self.load_converted(slot, own, common[at + 1]);
        }
        self.expr(&comparators[last])?;
        self.at(expr.span);
        self.primitive_compare(ops[last], common[last]);
        Ok(true)
    }

    fn load_converted(&mut self, slot: u32, from: Primitive, to: Primitive) {
        self.block().op(Opcode::LOAD_LOCAL, slot);
        if from != to {
            self.convert(from, to);
        }
    }

    /// Discards the value of an expression.
    pub(crate) fn pop_value(&mut self, expr: &Expr<'a>) {
        match self.primitive_of(expr).filter(|_| !self.is_coerced(expr)) {
            Some(primitive) => self.block().op(Opcode::POP_PRIMITIVE, type_code(primitive) as u32),
            None => self.block().op0(Opcode::POP_TOP),
        }
    }

    fn is_coerced(&self, expr: &Expr<'a>) -> bool {
        self.facts().is_some_and(|facts| facts.coercions.contains_key(&expr.id))
    }

    /// Pops the value of a condition and jumps if its truth is `when`.
    pub(crate) fn jump_on_value(&mut self, test: &Expr<'a>, when: bool, label: Label) -> Emit {
        let primitive = self.primitive_of(test).filter(|_| !self.is_coerced(test));
        let opcode = match (primitive, when) {
            (Some(Primitive::Double), _) => {
                let zero = self.block().constant(Const::Float(0.0));
                self.block().op(Opcode::PRIMITIVE_LOAD_CONST, zero);
                self.block().op(Opcode::PRIMITIVE_COMPARE_OP, PrimitiveCompareOp::NotEqualDouble as u32);
                if when { Opcode::POP_JUMP_IF_NONZERO } else { Opcode::POP_JUMP_IF_ZERO }
            }
            (Some(_), true) => Opcode::POP_JUMP_IF_NONZERO,
            (Some(_), false) => Opcode::POP_JUMP_IF_ZERO,
            (None, true) => Opcode::POP_JUMP_IF_TRUE,
            (None, false) => Opcode::POP_JUMP_IF_FALSE,
        };
        self.block().jump(opcode, label);
        Ok(())
    }

    /// Returns the value on top.
    pub(crate) fn return_value(&mut self) {
        match self.return_type() {
            Some(code) => self.block().op(Opcode::RETURN_PRIMITIVE, code as u32),
            None => self.block().op0(Opcode::RETURN_VALUE),
        }
    }

    /// Returns None at the end of a function. Of an abstract method that is only there to be overridden callers are promised more, so that the
    /// None is checked.
    pub(crate) fn return_nothing(&mut self, function: Option<FunctionId>) {
        let unwritten = |function| self.facts().and_then(|facts| facts.unwritten.get(&function)).copied();
        let Some(promised) = function.and_then(unwritten) else { return self.return_none() };
        self.load_const(Const::None);
        match self.return_type() {
            Some(code) => self.block().op(Opcode::PRIMITIVE_UNBOX, code as u32),
            None => self.cast_to(Some(promised)),
        }
        self.return_value();
    }

    /// The primitive type of what a coroutine or generator returns, which must be boxed there.
    pub(crate) fn boxed_result(&self, value: &Expr<'a>) -> Option<TypeCode> {
        self.facts()?.boxed_results.get(&value.id).copied().map(type_code)
    }

    /// Unboxes what awaiting has given, if the coroutine is known to return a primitive.
    pub(crate) fn unbox_awaited(&mut self, expr: &Expr<'a>) {
        if let Some(CallPlan::Unboxed(primitive)) = self.facts().and_then(|facts| facts.calls.get(&expr.id)) {
            let code = type_code(*primitive);
            self.block().op(Opcode::PRIMITIVE_UNBOX, code as u32);
        }
    }

    /// The primitive type that the function being emitted returns.
    pub(crate) fn return_type(&mut self) -> Option<TypeCode> {
        match self.block().code.signature.as_ref()?.ret {
            bytecode::TypeDescr::Primitive(code) => Some(code),
            _ => None,
        }
    }
}

fn binary_operator(op: Operator, primitive: Primitive) -> PrimitiveBinaryOp {
    use PrimitiveBinaryOp as P;
    let is_signed = primitive.is_signed();
    let pick = |signed: P, unsigned: P| if is_signed { signed } else { unsigned };
    if primitive == Primitive::Double {
        return match op {
            Operator::Add => P::AddDouble,
            Operator::Sub => P::SubtractDouble,
            Operator::Mult => P::MultiplyDouble,
            Operator::Div => P::DivideDouble,
            Operator::FloorDiv => P::FloorDivideDouble,
            Operator::Mod => P::ModuloDouble,
            Operator::Pow => P::PowerDouble,
            _ => unreachable!("the checker rejects bit operations on doubles"),
        };
    }
    match op {
        Operator::Add => P::Add,
        Operator::Sub => P::Subtract,
        Operator::Mult => P::Multiply,
        Operator::Div | Operator::FloorDiv => pick(P::Divide, P::DivideUnsigned),
        Operator::Mod => pick(P::Modulo, P::ModuloUnsigned),
        Operator::Pow => pick(P::Power, P::PowerUnsigned),
        Operator::LShift => P::LeftShift,
        Operator::RShift => pick(P::RightShift, P::RightShiftUnsigned),
        Operator::BitOr => P::Or,
        Operator::BitXor => P::Xor,
        Operator::BitAnd => P::And,
        Operator::MatMult => unreachable!("the checker rejects `@` on primitives"),
    }
}

fn compare_operator(op: CmpOp, primitive: Primitive) -> PrimitiveCompareOp {
    use PrimitiveCompareOp as P;
    let pick = |signed: P, unsigned: P, double: P| match primitive {
        Primitive::Double => double,
        _ if primitive.is_signed() => signed,
        _ => unsigned,
    };
    match op {
        CmpOp::Eq => pick(P::Equal, P::Equal, P::EqualDouble),
        CmpOp::NotEq => pick(P::NotEqual, P::NotEqual, P::NotEqualDouble),
        CmpOp::Lt => pick(P::Less, P::LessUnsigned, P::LessDouble),
        CmpOp::LtE => pick(P::LessEqual, P::LessEqualUnsigned, P::LessEqualDouble),
        CmpOp::Gt => pick(P::Greater, P::GreaterUnsigned, P::GreaterDouble),
        CmpOp::GtE => pick(P::GreaterEqual, P::GreaterEqualUnsigned, P::GreaterEqualDouble),
        _ => unreachable!("the checker rejects identity and membership of primitives"),
    }
}
