//! Calls and reference counts.

use abi::helper::{Fails as HelperFails, HelperId, Param, Return};
use hir::env::Repr;
use hir::ir::{Imm, Inst, Opcode as H, Type, Value};

use super::{Lower, Lowered, class_of};
use crate::ir::{ArgPlace, Cc, ExitKind, Fails, InstData, Mem, Op, Reg, RegClass, Size, Src, Sym};

impl Lower<'_> {
    pub(super) fn lower_call(&mut self, inst: Inst) -> Lowered<()> {
        match self.hir.insts[inst].op {
            H::Incref => self.count(Op::Incref),
            H::Decref => self.count(Op::Decref),
            H::Own | H::Share => {
                self.count(Op::Incref);
                // Not an alias: a constant would be made anew where exits look for the reference.
                let value = self.reg(self.arg(0));
                let own = self.def(Op::Mov, &[Src::Reg(value)]);
                self.set_result(own);
            }
            H::Poll => {
                let exit = self.exit(ExitKind::Raise);
                self.emit(InstData::new(Op::Poll).exiting(exit));
            }
            H::CallHelper if self.lower_fast_path(inst)? => {}
            H::CallHelper => return self.call_helper(inst),
            H::CallStatic | H::CallVirtual | H::CallVirtualOf => return self.call_function(inst),
            H::Alloc => return self.alloc(inst),
            H::Unpack => {
                let Imm::Int(count) = self.hir.insts[inst].imm else { return self.unsupported("unpack") };
                self.reserve_array(count as usize);
                let args = vec![self.reg(self.arg(0)), self.array_address(), self.imm(count)];
                let exit = self.exit(ExitKind::Raise);
                let sym = Some(Sym::Helper(HelperId::UnpackSequence));
                self.emit(
                    InstData { sym, args, fails: Fails::Negative, ..InstData::new(Op::Call) }.exiting(exit),
                );
            }
            _ => {
                let Imm::Int(at) = self.hir.insts[inst].imm else { return self.unsupported("unpacked") };
                let item = self.def(Op::Load, &[Src::Mem(Mem::array(at as u32))]);
                self.set_result(item);
            }
        }
        Ok(())
    }

    /// Pops a free list, or calls the runtime.
    fn alloc(&mut self, inst: Inst) -> Lowered<()> {
        let Imm::Class(class) = self.hir.insts[inst].imm else { return self.unsupported("alloc") };
        let constants: Vec<Option<i64>> =
            (0..self.hir.args(inst).len()).map(|at| self.arg_ty(at).int_constant()).collect();
        let inline = match constants[..] {
            [Some(size), Some(tracked), Some(counted)] => {
                self.free_list(size as u32).map(|head| (head, size as u32, tracked != 0, counted != 0))
            }
            _ => None,
        };
        let Some((head, size, is_tracked, is_counted)) = inline else {
            let args = vec![self.sym(Sym::Class(class))];
            self.emit_call(Sym::Helper(HelperId::TpAlloc), args, Fails::Zero, true);
            return Ok(());
        };
        let (fast, slow, join) = (self.side_block(false), self.side_block(true), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        let object = self.def(Op::Load, &[Src::Mem(head)]);
        self.branch(InstData::new(Op::BrCmp).cc(Cc::Ne).with(&[Src::Reg(object), Src::Imm(0)]), fast, slow);
        self.enter(fast);
        self.pop_free(object, head, class);
        self.init_fields(object, size, is_tracked);
        if is_counted {
            let class = self.sym(Sym::Class(class));
            self.emit(InstData::new(Op::Incref).with(&[Src::Reg(class)]));
        }
        self.jump(join, vec![object]);
        self.enter(slow);
        let args = vec![self.sym(Sym::Class(class))];
        self.emit_call(Sym::Helper(HelperId::TpAlloc), args, Fails::Zero, true);
        let made = self.reg(self.hir.result(inst));
        self.jump(join, vec![made]);
        self.enter(join);
        self.set_result(result);
        Ok(())
    }

    /// Unset fields are zero, whatever they hold.
    fn init_fields(&mut self, object: Reg, size: u32, is_tracked: bool) {
        let mut store = |size: Size, mem: Mem, value: i64| {
            self.emit(InstData::new(Op::Store).sized(size).with(&[Src::Mem(mem), Src::Imm(value)]));
        };
        for at in (16..size).step_by(8) {
            store(Size::B8, Mem::at(object, at as i32), 0);
        }
        if is_tracked {
            let flags = Mem::at(object, self.layout.refcount + 4);
            self.emit(
                InstData::new(Op::Store)
                    .sized(Size::B4)
                    .with(&[Src::Mem(flags), Src::Imm(i64::from(self.layout.tracked_flags))]),
            );
            let counter = Mem::thread(self.layout.gc_count);
            let count = self.def(Op::Load, &[Src::Mem(counter)]);
            let count = self.def(Op::Add, &[Src::Reg(count), Src::Imm(1)]);
            self.emit(InstData::new(Op::Store).with(&[Src::Mem(counter), Src::Reg(count)]));
        }
    }

    fn count(&mut self, op: Op) {
        let ty = self.arg_ty(0);
        let reg = self.reg(self.arg(0));
        let tests = u8::from(ty.may_be_tagged()) | u8::from(ty.may_be_null()) << 1;
        self.emit(InstData { tests, ..InstData::new(op) }.with(&[Src::Reg(reg)]));
    }

    fn reserve_array(&mut self, words: usize) {
        self.out.array_words = self.out.array_words.max(words as u32);
    }

    fn array_address(&mut self) -> Reg {
        self.def(Op::Lea, &[Src::Mem(Mem::array(0))])
    }

    /// Scalars of the helper's row in order, then the items of its array parameter, which go to the frame.
    pub(super) fn call_helper(&mut self, inst: Inst) -> Lowered<()> {
        let Imm::Helper(helper) = self.hir.insts[inst].imm else { return self.unsupported("call_helper") };
        let sig = helper.signature();
        let operands: Vec<Value> = (0..self.hir.args(inst).len()).map(|at| self.arg(at)).collect();
        let is_array = |param: &Param| matches!(param, Param::Items | Param::StealItems);
        let scalar_count = sig.params.iter().filter(|param| !is_array(param)).count();
        let (scalars, items) = operands.split_at(scalar_count.min(operands.len()));
        let mut scalars = scalars.iter();
        let mut args = Vec::new();
        for param in sig.params {
            match param {
                Param::Word | Param::Steal | Param::Give | Param::Int | Param::Float => {
                    let Some(&value) = scalars.next() else { return self.unsupported(sig.name) };
                    args.push(self.reg(value));
                }
                Param::Items | Param::StealItems => {
                    self.store_items(items);
                    args.push(self.array_address());
                    args.push(self.imm(items.len() as i64));
                }
                Param::Out => {
                    let size = scalars.next().and_then(|&value| self.hir.ty(value).int_constant());
                    let Some(size) = size else { return self.unsupported(sig.name) };
                    self.reserve_array(size as usize);
                    args.push(self.array_address());
                }
            }
        }
        let fails = match sig.fails {
            HelperFails::Never => Fails::Never,
            HelperFails::Null => Fails::Zero,
            HelperFails::Negative => Fails::Negative,
            HelperFails::Pending => Fails::Pending,
        };
        let has_result = sig.ret != Return::Void;
        let helper = self.last_form(helper);
        self.emit_call(Sym::Helper(helper), args, fails, has_result);
        Ok(())
    }

    /// The form of an operator that releases its left operand, if that happens next anyway: text that nobody else holds can grow.
    fn last_form(&mut self, helper: HelperId) -> HelperId {
        if helper == HelperId::BinaryOp && self.arg_ty(0).could_be(Type::STR_EXACT) {
            let left = self.hir.resolve(self.arg(0));
            let op = |next: Inst| self.hir.insts[next].op;
            let mut releases =
                self.behind.iter().take_while(|&&next| matches!(op(next), H::Decref | H::Keep));
            let is_last =
                |next: Inst| op(next) == H::Decref && self.hir.resolve(self.hir.arg(next, 0)) == left;
            self.released = releases.find(|&&next| is_last(next)).copied();
        }
        if self.released.is_some() { HelperId::BinaryOpLast } else { helper }
    }

    fn store_items(&mut self, items: &[Value]) {
        self.reserve_array(items.len());
        for (at, &item) in items.iter().enumerate() {
            let value = self.src(item);
            self.emit(InstData::new(Op::Store).with(&[Src::Mem(Mem::array(at as u32)), value]));
        }
    }

    fn call_function(&mut self, inst: Inst) -> Lowered<()> {
        let sig = self.hir.callee(inst);
        let op = self.hir.insts[inst].op;
        let (func, slot) = (sig.func, sig.slot);
        let fails = if Repr::of(sig.ret) == Repr::Word { Fails::Zero } else { Fails::Carry };
        // The class through whose vtable a method is called is none of its arguments.
        let args = self.pass(inst, usize::from(op == H::CallVirtualOf));
        let Some(slot) = slot.filter(|_| op != H::CallStatic) else {
            self.emit_call(Sym::Func(func), args, fails, true);
            return Ok(());
        };
        let class = match op {
            H::CallVirtualOf => self.reg(self.arg(0)),
            _ => self.load(args[0], self.layout.type_pointer),
        };
        let entry = Mem::at(class, self.layout.vtable + slot as i32 * 8);
        let exit = self.exit(ExitKind::Raise);
        let out = self.out.new_vreg(class_of(self.result_ty()));
        let call = InstData { args, fails, ..InstData::new(Op::CallMem) }.with(&[Src::Mem(entry)]);
        self.emit(call.to(out).exiting(exit));
        self.set_result(out);
        Ok(())
    }

    /// Stores the arguments, from operand `first` on, for which there is no register to the array area, which is where callees look for
    /// them; gives the others.
    fn pass(&mut self, inst: Inst, first: usize) -> Vec<Reg> {
        let values: Vec<Value> = (first..self.hir.args(inst).len()).map(|at| self.arg(at)).collect();
        let places = self.env.arguments(values.iter().map(|&value| class_of(self.hir.ty(value))));
        self.reserve_array(ArgPlace::stack_words(&places) as usize);
        let mut args = Vec::new();
        for (value, place) in values.into_iter().zip(places) {
            match place {
                ArgPlace::Reg(_) => args.push(self.reg(value)),
                ArgPlace::Stack(word) => self.store_argument(word, value),
            }
        }
        args
    }

    fn store_argument(&mut self, word: u32, value: Value) {
        let place = Src::Mem(Mem::array(word));
        if class_of(self.hir.ty(value)) == RegClass::Xmm {
            let source = Src::Reg(self.reg(value));
            self.emit(InstData::new(Op::StoreFloat).with(&[place, source]));
        } else {
            let source = self.src(value);
            self.emit(InstData::new(Op::Store).with(&[place, source]));
        }
    }

    fn emit_call(&mut self, sym: Sym, args: Vec<Reg>, fails: Fails, has_result: bool) {
        let exit = if fails == Fails::Never { None } else { self.exit(ExitKind::Raise) };
        let mut data = InstData { sym: Some(sym), args, fails, exit, ..InstData::new(Op::Call) };
        if has_result {
            data = data.to(self.out.new_vreg(class_of(self.result_ty())));
        }
        let dst = data.dst;
        self.emit(data);
        if let Some(reg) = dst {
            self.set_result(reg);
        } else if self.result_ty().is_subtype(Type::RAW) {
            // Nobody reads the result of a helper that returns nothing, but it has a name.
            let zero = self.imm(0);
            self.set_result(zero);
        }
    }
}
