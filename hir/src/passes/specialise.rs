//! Specialisation: generic operators become machine arithmetic where the operands' types promise numbers.
//!
//! `int` annotations admit subclasses and big ints, `float` annotations admit ints; the specialised form speculates that an int is
//! tagged and a float is exactly a float, and leaves for the interpreter otherwise. Results are boxed at once; `simplify` and
//! `select-representation` remove the boxes between operations.
//!
//! Why here: after `reflow-types`, which uses `result_type` to know what a speculation will give, so that types flow around
//! loops optimistically. Invariant: both ask `classify`, so a type that relies on a speculation is backed by it.
//! Needs: phase `Ssa`, generic calls with full frame states. Keeps: phase, graph. Cost: linear.

use abi::helper::HelperId;
use bytecode::{BinaryOp, CompareOp};

use super::Changed;
use crate::ir::types::Spec;
use crate::ir::{Cond, Function, Imm, Inst, Opcode, StateId, Type, Value};

/// How a generic operation can be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// On tagged integers.
    Int,
    /// On exact floats.
    Float,
    /// On an exact list with a tagged index.
    ListItem,
    /// On an exact boolean.
    Bool,
    /// An exact builtin sequence repeated so many times.
    Repeat,
}

fn is_int(ty: Type) -> bool {
    !ty.is_empty() && ty.is_subtype(Type::INT) && ty.could_be(Type::SMALL_INT)
}

/// Whether a value is certainly a number.
fn is_number(ty: Type) -> bool {
    !ty.is_empty() && ty.is_subtype(Type::FLOAT.union(Type::INT))
}

/// Whether a value may be taken as a float: it can be one, or it is an int, which can be converted beforehand.
fn is_float(ty: Type) -> bool {
    is_number(ty) && (ty.could_be(Type::FLOAT_EXACT) || ty.could_be(Type::SMALL_INT))
}

fn can_be_float(ty: Type) -> bool {
    ty.could_be(Type::FLOAT_EXACT)
}

/// Whether a value of which nothing is known stands beside one that is certainly of type `ty`.
fn is_beside(unknown: Type, known: Type, ty: Type) -> bool {
    !known.is_empty() && known.is_subtype(ty) && Type::OBJECT.is_subtype(unknown)
}

/// How a call of `helper` on operands of these types can be done; `number` is the operator.
pub(crate) fn classify(helper: HelperId, number: Option<i64>, types: &[Type], guesses: bool) -> Option<Form> {
    let beside = |ty| guesses && (is_beside(types[0], types[1], ty) || is_beside(types[1], types[0], ty));
    let ints = || types.len() >= 2 && (is_int(types[0]) && is_int(types[1]) || beside(Type::INT));
    let floats = || {
        let are_numbers = is_float(types[0]) && is_float(types[1]);
        types.len() >= 2
            && (are_numbers && (can_be_float(types[0]) || can_be_float(types[1]))
                || beside(Type::FLOAT_EXACT))
    };
    match helper {
        HelperId::BinaryOp => {
            let op = BinaryOp::from_operand((number? & 255) as u32)?;
            if op == BinaryOp::Multiply && sequence(types[0]).is_some() && is_int(types[1]) {
                (!types[1].is_subtype(Type::INT_EXACT)).then_some(Form::Repeat)
            } else if ints() && (op == BinaryOp::Divide || int_op(op, types[1]).is_some()) {
                Some(Form::Int)
            } else {
                (floats() && float_op(op).is_some()).then_some(Form::Float)
            }
        }
        HelperId::Compare if ints() => Some(Form::Int),
        HelperId::Compare if floats() => Some(Form::Float),
        HelperId::UnaryOp if number == Some(0) && is_int(types[0]) => Some(Form::Int),
        HelperId::UnaryOp if number == Some(0) && is_float(types[0]) && can_be_float(types[0]) => {
            Some(Form::Float)
        }
        HelperId::IsTrue if types[0].is_subtype(Type::BOOL) && !types[0].is_empty() => Some(Form::Bool),
        HelperId::IsTrue if is_int(types[0]) => Some(Form::Int),
        HelperId::GetItem | HelperId::SetItem => {
            let is_list = !types[0].is_empty()
                && types[0].is_subtype(Type::LIST)
                && types[0].could_be(Type::LIST_EXACT);
            // What an int indexes is most often a list.
            let may_be_list = is_list || guesses && Type::OBJECT.is_subtype(types[0]);
            (may_be_list && is_int(types[1])).then_some(Form::ListItem)
        }
        _ => None,
    }
}

/// The type of the result that a specialised call gives; `None` for what stays generic.
pub(crate) fn result_type(
    helper: HelperId,
    number: Option<i64>,
    types: &[Type],
    guesses: bool,
) -> Option<Type> {
    if let Some(ty) = builtin_result(helper, number, types) {
        return Some(ty);
    }
    let form = classify(helper, number, types, guesses)?;
    match (helper, form) {
        (HelperId::Compare, _) => Some(Type::BOOL),
        (_, Form::Repeat) => sequence(types[0]),
        (HelperId::BinaryOp, Form::Int) if is_division(number) => Some(Type::FLOAT_EXACT),
        (HelperId::BinaryOp | HelperId::UnaryOp, Form::Int) => Some(Type::INT_EXACT),
        (HelperId::BinaryOp | HelperId::UnaryOp, Form::Float) => Some(Type::FLOAT_EXACT),
        _ => None,
    }
}

/// Whether the operator is `/`, which gives a float for ints.
fn is_division(number: Option<i64>) -> bool {
    number.and_then(|number| BinaryOp::from_operand((number & 255) as u32)) == Some(BinaryOp::Divide)
}

/// What operators on exact builtin containers give: their methods cannot be overridden, so this is no speculation.
fn builtin_result(helper: HelperId, number: Option<i64>, types: &[Type]) -> Option<Type> {
    if helper != HelperId::BinaryOp || types.len() < 2 || types.iter().any(|ty| ty.is_empty()) {
        return None;
    }
    let container = sequence(types[0])?;
    match BinaryOp::from_operand((number? & 255) as u32)? {
        BinaryOp::Add if types[1].is_subtype(container) => Some(container),
        BinaryOp::Multiply if types[1].is_subtype(Type::INT_EXACT) => Some(container),
        _ => None,
    }
}

/// The builtin sequence that a value certainly is.
fn sequence(ty: Type) -> Option<Type> {
    let sequences = [Type::STR_EXACT, Type::BYTES_EXACT, Type::LIST_EXACT, Type::TUPLE_EXACT];
    sequences.into_iter().find(|&sequence| ty.is_subtype(sequence) && !ty.is_empty())
}

/// The integer operation for an operator; shifts only by a constant in range, and no division by constants that hardly occur.
fn int_op(op: BinaryOp, right: Type) -> Option<Opcode> {
    let constant = right.int_constant();
    Some(match op {
        BinaryOp::Add => Opcode::AddChecked,
        BinaryOp::Subtract => Opcode::SubChecked,
        BinaryOp::Multiply => Opcode::MulChecked,
        BinaryOp::And => Opcode::Iand,
        BinaryOp::Or => Opcode::Ior,
        BinaryOp::Xor => Opcode::Ixor,
        BinaryOp::FloorDivide if constant.is_none_or(|divisor| divisor > 0) => Opcode::FloorDiv,
        BinaryOp::Modulo if constant.is_none_or(|divisor| divisor > 0) => Opcode::FloorMod,
        BinaryOp::RightShift if (0..64).contains(&constant?) => Opcode::Ishr,
        _ => return None,
    })
}

fn float_op(op: BinaryOp) -> Option<Opcode> {
    Some(match op {
        BinaryOp::Add => Opcode::Fadd,
        BinaryOp::Subtract => Opcode::Fsub,
        BinaryOp::Multiply => Opcode::Fmul,
        BinaryOp::Divide => Opcode::Fdiv,
        // A call, between guards.
        BinaryOp::Power => Opcode::CallHelper,
        _ => return None,
    })
}

/// The operator number that a generic call passes.
pub(crate) fn operator(func: &Function, inst: Inst, helper: HelperId) -> Option<i64> {
    let at = match helper {
        HelperId::BinaryOp | HelperId::Compare => 2,
        HelperId::UnaryOp => 1,
        _ => return None,
    };
    func.ty(func.arg(inst, at)).int_constant()
}

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let mut changed = false;
    for block in func.layout.clone() {
        let insts = std::mem::take(&mut func.blocks[block].insts);
        let mut out = Vec::with_capacity(insts.len());
        for inst in insts {
            changed |= guess_cast(func, inst);
            let form = form_of(func, inst);
            let Some(((helper, form), state)) = form.zip(func.insts[inst].state) else {
                out.push(inst);
                continue;
            };
            let mut rewriter = Rewriter { func, out: &mut out, state };
            rewriter.rewrite(inst, helper, form);
            changed = true;
        }
        func.blocks[block].insts = out;
    }
    func.resolve_aliases();
    changed.into()
}

fn form_of(func: &Function, inst: Inst) -> Option<(HelperId, Form)> {
    let Imm::Helper(helper) = func.insts[inst].imm else { return None };
    let types: Vec<Type> = func.args(inst).iter().map(|&arg| func.ty(arg)).collect();
    classify(helper, operator(func, inst, helper), &types, func.guesses).map(|form| (helper, form))
}

/// A number that must be checked is most often small or exactly a float, which arithmetic has to know anyway. What is otherwise, the
/// interpreter judges.
fn guess_cast(func: &mut Function, inst: Inst) -> bool {
    if func.insts[inst].op != Opcode::Cast || !func.guesses {
        return false;
    }
    let (value, result) = (func.arg(inst, 0), func.result(inst));
    let guess = match func.ty(result).unspecialised() {
        ty if ty == Type::INT => Type::SMALL_INT,
        ty if ty == Type::FLOAT.union(Type::INT) => Type::FLOAT_EXACT,
        _ => return false,
    };
    if func.ty(value).is_subtype(func.ty(result)) || !func.ty(value).could_be(guess) {
        return false;
    }
    func.insts[inst].op = Opcode::CheckType;
    func.insts[inst].imm = Imm::None;
    func.set_args(inst, &[value]);
    func.values[result].ty = guess;
    true
}

/// Writes the instructions that replace one.
struct Rewriter<'f> {
    func: &'f mut Function,
    out: &'f mut Vec<Inst>,
    state: StateId,
}

impl Rewriter<'_> {
    fn place(
        &mut self,
        op: Opcode,
        args: &[Value],
        imm: Imm,
        ty: Type,
        state: Option<StateId>,
    ) -> Option<Value> {
        let inst = self.func.make_inst(op, args, imm, ty, state);
        self.out.push(inst);
        self.func.insts[inst].result
    }

    fn emit(&mut self, op: Opcode, args: &[Value], ty: Type) -> Value {
        self.place(op, args, Imm::None, ty, None).expect("the caller knows that the operation has a result")
    }

    fn checked(&mut self, op: Opcode, args: &[Value], ty: Type) -> Value {
        let state = Some(self.state);
        self.place(op, args, Imm::None, ty, state).expect("the caller knows that the operation has a result")
    }

    fn condition(&mut self, op: Opcode, args: &[Value], cond: Cond) -> Value {
        self.place(op, args, Imm::Cond(cond), Type::CBOOL, None).expect("a comparison has a result")
    }

    fn int(&mut self, value: i64) -> Value {
        let ty = Type::I64.with_spec(Spec::Int(value));
        self.place(Opcode::ConstInt, &[], Imm::Int(value), ty, None).expect("a constant is a result")
    }

    fn double(&mut self, value: f64) -> Value {
        self.place(Opcode::ConstFloat, &[], Imm::Float(value), Type::F64, None)
            .expect("a constant is a result")
    }

    fn rewrite(&mut self, inst: Inst, helper: HelperId, form: Form) {
        let args: Vec<Value> = self.func.args(inst).to_vec();
        let number = operator(self.func, inst, helper);
        let new = match (helper, form) {
            (HelperId::BinaryOp, Form::Repeat) => self.repeat(&args),
            (HelperId::BinaryOp, _) => self.binary(number, &args, form),
            (HelperId::Compare, _) => self.compare(number, &args, form),
            (HelperId::UnaryOp, _) => self.negate(args[0], form),
            (HelperId::IsTrue, _) => self.truth(args[0], form),
            (HelperId::GetItem, _) => {
                let (list, index) = self.list_index(&args, false);
                self.emit(Opcode::ListItem, &[list, index], Type::OBJECT)
            }
            _ => {
                let (list, index) = self.list_index(&args, true);
                self.emit(Opcode::ListSwap, &[list, index, args[2]], Type::OBJECT);
                self.int(0)
            }
        };
        let result = self.func.result(inst);
        self.func.replace(result, new);
    }

    /// The integer in an int object; leaves for the interpreter unless it is tagged.
    fn raw_int(&mut self, value: Value) -> Value {
        let ty = self.func.ty(value);
        if let Some(constant) = ty.int_constant() {
            return self.int(constant);
        }
        let small = if ty.is_subtype(Type::SMALL_INT) {
            value
        } else {
            self.checked(Opcode::GuardType, &[value], Type::SMALL_INT)
        };
        self.emit(Opcode::Untag, &[small], Type::I64)
    }

    /// The double in a float object; leaves for the interpreter unless it is exactly a float.
    fn raw_float(&mut self, value: Value) -> Value {
        let ty = self.func.ty(value);
        if let Some(constant) = ty.int_constant() {
            return self.double(constant as f64);
        }
        if is_int(ty) && !can_be_float(ty) {
            // Rounds as Python does.
            let raw = self.raw_int(value);
            return self.emit(Opcode::IntToFloat, &[raw], Type::F64);
        }
        let exact = if ty.is_subtype(Type::FLOAT_EXACT) {
            value
        } else {
            self.checked(Opcode::GuardType, &[value], Type::FLOAT_EXACT)
        };
        self.emit(Opcode::UnboxFloat, &[exact], Type::F64)
    }

    /// As [`Rewriter::raw_float`], for comparisons, which do not round.
    fn compared_float(&mut self, value: Value) -> Value {
        let ty = self.func.ty(value);
        if !is_int(ty) || can_be_float(ty) {
            return self.raw_float(value);
        }
        let raw = self.raw_int(value);
        self.guard_exact(raw);
        self.emit(Opcode::IntToFloat, &[raw], Type::F64)
    }

    fn box_int(&mut self, value: Value) -> Value {
        self.emit(Opcode::BoxInt, &[value], Type::INT_EXACT)
    }

    fn box_float(&mut self, value: Value) -> Value {
        self.emit(Opcode::BoxFloat, &[value], Type::FLOAT_EXACT)
    }

    fn binary(&mut self, number: Option<i64>, args: &[Value], form: Form) -> Value {
        let op = number.and_then(|number| BinaryOp::from_operand((number & 255) as u32));
        let op = op.expect("classification has decoded the operator");
        if form == Form::Float {
            return self.float_binary(op, args);
        }
        if op == BinaryOp::Divide {
            return self.int_division(args);
        }
        let opcode = int_op(op, self.func.ty(args[1])).expect("classification has found the operation");
        let raw = [self.raw_int(args[0]), self.raw_int(args[1])];
        if matches!(opcode, Opcode::FloorDiv | Opcode::FloorMod) {
            self.guard_divisor(raw[1]);
        }
        let value = if opcode.info().may_deopt {
            self.checked(opcode, &raw, Type::I64)
        } else {
            self.emit(opcode, &raw, Type::I64)
        };
        self.box_int(value)
    }

    /// The interpreter raises the error for zero, and knows what the least integer divided by -1 is.
    fn guard_divisor(&mut self, divisor: Value) {
        if self.func.ty(divisor).int_constant().is_some() {
            return;
        }
        for special in [0, -1] {
            let special = self.int(special);
            self.guard(Opcode::Icmp, [divisor, special], Cond::Ne);
        }
    }

    /// Integers that doubles hold exactly are divided as doubles, which rounds as Python does.
    fn int_division(&mut self, args: &[Value]) -> Value {
        let [(_, a), (divisor, b)] = [args[0], args[1]].map(|arg| {
            let raw = self.raw_int(arg);
            self.guard_exact(raw);
            (raw, self.emit(Opcode::IntToFloat, &[raw], Type::F64))
        });
        if self.func.ty(divisor).int_constant().is_none_or(|value| value == 0) {
            let zero = self.int(0);
            self.guard(Opcode::Icmp, [divisor, zero], Cond::Ne);
        }
        let quotient = self.emit(Opcode::Fdiv, &[a, b], Type::F64);
        self.box_float(quotient)
    }

    /// Leaves for the interpreter unless a double holds the integer exactly.
    fn guard_exact(&mut self, raw: Value) {
        const LIMIT: i64 = 1 << 53;
        let (low, high) = self.func.ty(raw).int_bounds().unwrap_or((i64::MIN, i64::MAX));
        if high > LIMIT {
            let limit = self.int(LIMIT);
            self.guard(Opcode::Icmp, [raw, limit], Cond::Le);
        }
        if low < -LIMIT {
            let limit = self.int(-LIMIT);
            self.guard(Opcode::Icmp, [raw, limit], Cond::Ge);
        }
    }

    fn guard(&mut self, op: Opcode, args: [Value; 2], cond: Cond) {
        let holds = self.condition(op, &args, cond);
        self.place(Opcode::Guard, &[holds], Imm::None, Type::EMPTY, Some(self.state));
    }

    fn float_binary(&mut self, op: BinaryOp, args: &[Value]) -> Value {
        let opcode = float_op(op).expect("classification has found the operation");
        let raw = [self.raw_float(args[0]), self.raw_float(args[1])];
        if opcode == Opcode::Fdiv {
            // The interpreter raises the error for a zero divisor.
            let zero = self.double(0.0);
            self.guard(Opcode::Fcmp, [raw[1], zero], Cond::Ne);
        }
        let value =
            if opcode == Opcode::CallHelper { self.power(raw) } else { self.emit(opcode, &raw, Type::F64) };
        self.box_float(value)
    }

    /// A subclass of `int` could have its own idea of the product.
    fn repeat(&mut self, args: &[Value]) -> Value {
        let ty = sequence(self.func.ty(args[0])).expect("classification has found the sequence");
        let count = self.checked(Opcode::GuardType, &[args[1]], Type::SMALL_INT);
        let imm = Imm::Helper(HelperId::BinaryOp);
        let product = self.place(Opcode::CallHelper, &[args[0], count, args[2]], imm, ty, Some(self.state));
        product.expect("the helper has a result")
    }

    /// A positive base gives a float, and so does any base to a natural number; errors and infinities are the interpreter's.
    fn power(&mut self, raw: [Value; 2]) -> Value {
        let exponent = self.func.def_inst(raw[1]).map(|inst| self.func.insts[inst].imm);
        let is_natural = matches!(exponent, Some(Imm::Float(value)) if value >= 0.0 && value.fract() == 0.0);
        if !is_natural {
            let zero = self.double(0.0);
            self.guard(Opcode::Fcmp, [raw[0], zero], Cond::Gt);
        }
        let imm = Imm::Helper(HelperId::FloatPow);
        let value = self.place(Opcode::CallHelper, &raw, imm, Type::F64, None);
        let value = value.expect("the helper has a result");
        let (size, infinity) = (self.emit(Opcode::Fabs, &[value], Type::F64), self.double(f64::INFINITY));
        self.guard(Opcode::Fcmp, [size, infinity], Cond::Lt);
        value
    }

    fn compare(&mut self, number: Option<i64>, args: &[Value], form: Form) -> Value {
        let cond = match number.and_then(|number| CompareOp::from_operand(number as u32)) {
            Some(CompareOp::Less) => Cond::Lt,
            Some(CompareOp::LessEqual) => Cond::Le,
            Some(CompareOp::NotEqual) => Cond::Ne,
            Some(CompareOp::Greater) => Cond::Gt,
            Some(CompareOp::GreaterEqual) => Cond::Ge,
            Some(CompareOp::Equal) | None => Cond::Eq,
        };
        let truth = if form == Form::Int {
            let raw = [self.raw_int(args[0]), self.raw_int(args[1])];
            self.condition(Opcode::Icmp, &raw, cond)
        } else {
            let raw = [self.compared_float(args[0]), self.compared_float(args[1])];
            self.condition(Opcode::Fcmp, &raw, cond)
        };
        self.emit(Opcode::BoxBool, &[truth], Type::BOOL)
    }

    fn negate(&mut self, value: Value, form: Form) -> Value {
        if form == Form::Float {
            let raw = self.raw_float(value);
            let negated = self.emit(Opcode::Fneg, &[raw], Type::F64);
            return self.box_float(negated);
        }
        let (zero, raw) = (self.int(0), self.raw_int(value));
        let negated = self.checked(Opcode::SubChecked, &[zero, raw], Type::I64);
        self.box_int(negated)
    }

    /// 1 or 0, as the helper returns it.
    fn truth(&mut self, value: Value, form: Form) -> Value {
        let truth = if form == Form::Bool {
            self.emit(Opcode::UnboxBool, &[value], Type::CBOOL)
        } else {
            let raw = [self.raw_int(value), self.int(0)];
            self.condition(Opcode::Icmp, &raw, Cond::Ne)
        };
        self.emit(Opcode::Convert, &[truth], Type::I64)
    }

    fn list_index(&mut self, args: &[Value], is_store: bool) -> (Value, Value) {
        let list = if self.func.ty(args[0]).is_subtype(Type::LIST_EXACT) {
            args[0]
        } else {
            self.checked(Opcode::GuardType, &[args[0]], Type::LIST_EXACT)
        };
        let index = self.raw_int(args[1]);
        self.place(Opcode::GuardWords, &[list], Imm::None, Type::EMPTY, Some(self.state));
        let length = self.emit(Opcode::FastLen, &[list], Type::I64);
        let imm = Imm::Int(i64::from(is_store));
        let place = self.place(Opcode::CheckBounds, &[index, length, list], imm, Type::I64, Some(self.state));
        (list, place.expect("a checked index is a result"))
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn annotated_numbers_are_speculated_on() {
        let text = "func @f func0 -> Object phase=ssa {
  fs0 = state func0 0 [v0, v1] []
bb0(v0: Int, v1: Float|Int):
  v2: I64{0} = const_int #0
  v3: SmallInt{3} = const_int #3
  v4: Object = call_helper #binary_op v0, v3, v2 @fs0
  v5: Object = call_helper #binary_op v1, v3, v2 @fs0
  v6: Object = call_helper #binary_op v0, v0, v2 @fs0
  return v5
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa {
      fs0 = state func0 0 [v0, v1] []
    bb0(v0: Int, v1: Int|Float):
      v2: I64{0} = const_int #0
      v3: SmallInt{3} = const_int #3
      v7: SmallInt = guard_type v0 @fs0
      v8: I64 = untag v7
      v9: I64{3} = const_int #3
      v10: I64 = add_checked v8, v9 @fs0
      v11: IntExact = box_int v10
      v12: FloatExact = guard_type v1 @fs0
      v13: F64 = unbox_float v12
      v14: F64 = const_float #3.0
      v15: F64 = fadd v13, v14
      v16: FloatExact = box_float v15
      v17: SmallInt = guard_type v0 @fs0
      v18: I64 = untag v17
      v19: SmallInt = guard_type v0 @fs0
      v20: I64 = untag v19
      v21: I64 = add_checked v18, v20 @fs0
      v22: IntExact = box_int v21
      return v16
    }
    "#);
    }
}
