//! Where the values of frame states are: in registers, on the native stack, or in the tables.
//!
//! At an exit the registers have been saved. At a call that is in progress there are none, but code whose variables are shown keeps
//! what is live across calls in memory (`MachineEnv::without_preserved`).

use bytecode::TypeCode;
use bytecode::code::CellKind;
use lir::ir::{ExitFrame, ExitSlot, ExitValue, PReg, Reg, RegClass, RegKind, Sym, ValueRepr};
use runtime::objects::cell::CellObject;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::range::RangeIterator;
use runtime::objects::{self, float, int};
use runtime::value::{Py, Ref, Value};

use crate::context::Jit;
use crate::machine::Machine;
use crate::thunk::SavedRegisters;

/// A frame of compiled code.
pub(crate) struct Values<'p> {
    pub(crate) jit: &'p Jit,
    pub(crate) machine: &'p Machine,
    /// At an exit.
    pub(crate) registers: Option<&'p SavedRegisters>,
    /// The stack pointer in the function's body.
    pub(crate) stack: usize,
    pub(crate) frame_pointer: usize,
}

impl Values<'_> {
    /// The variables of a frame that have a value, cells opened.
    pub(crate) fn variables(&self, code: &CodeObject, frame: &ExitFrame) -> Py<DictObject> {
        let found = DictObject::new();
        for at in bytecode::cpython::slots_in_order(code.code()) {
            let (local, name) = (&code.code().locals[at], &code.local_names()[at]);
            let Some(slot) = frame.locals.get(at) else { continue };
            if local.ty != TypeCode::Object || local.name.starts_with('.') {
                continue;
            }
            // SAFETY: slots of objects give a new reference, or null.
            let Some(value) = (unsafe { owned(self.slot(slot)) }) else { continue };
            match value.get::<CellObject>() {
                Some(cell) if local.cell != CellKind::None => {
                    if let Some(contents) = cell.contents.get_ref() {
                        found.set_str(name.value(), contents);
                    }
                }
                _ => found.set_str(name.value(), value),
            }
        }
        found
    }

    /// The word for a slot: a new reference, or raw bits.
    #[inline]
    pub(crate) fn slot(&self, slot: &ExitSlot) -> Value {
        match *slot {
            ExitSlot::Unset => Value::NULL,
            ExitSlot::Value(value, repr) => self.word(self.bits(value), repr),
            ExitSlot::Range(next, stop, step) => {
                let (next, stop) = (self.bits(next) as i64, self.bits(stop) as i64);
                RangeIterator::counting(next, stop, step.into()).into_value()
            }
        }
    }

    fn word(&self, bits: u64, repr: ValueRepr) -> Value {
        let made = match repr {
            // SAFETY: the table says that this is an object word, alive or null.
            ValueRepr::Word => match unsafe { Value::from_bits(bits) }.non_null() {
                Some(value) => value.to_ref(),
                None => return Value::NULL,
            },
            ValueRepr::Signed => int::from_i64(bits as i64),
            ValueRepr::Unsigned => int::from_u64(bits),
            ValueRepr::Bool => objects::bool(bits as u8 != 0).to_ref(),
            ValueRepr::Float => float::new(f64::from_bits(bits)),
            // SAFETY: the interpreter's slot is a primitive one.
            ValueRepr::Raw => return unsafe { Value::from_bits(bits) },
        };
        made.into_value()
    }

    #[inline]
    fn bits(&self, value: ExitValue) -> u64 {
        match value {
            ExitValue::Reg(reg) => self.register(reg),
            ExitValue::Imm(bits) => bits as u64,
            ExitValue::Sym(Sym::Class(id)) => self.jit.classes.borrow().object(id).bits(),
            ExitValue::Sym(Sym::Const(id)) => self.jit.consts.borrow().object(id).bits(),
            ExitValue::Sym(other) => unreachable!("{other:?} is no value of a program"),
        }
    }

    pub(crate) fn register(&self, reg: Reg) -> u64 {
        match reg.kind() {
            RegKind::Physical(reg) => self.physical(reg),
            RegKind::Slot(slot, _) => {
                let at = self.stack + self.machine.frame.slots_offset as usize + 8 * slot as usize;
                // SAFETY: the slots of a function are where its frame says.
                unsafe { *(at as *const u64) }
            }
            RegKind::Incoming(word, _) => {
                let at = self.frame_pointer + 16 + 8 * word as usize;
                // SAFETY: the caller has left arguments above the return address and the saved frame pointer.
                unsafe { *(at as *const u64) }
            }
            RegKind::Virtual(n) => unreachable!("%{n} has been allocated"),
        }
    }

    fn physical(&self, reg: PReg) -> u64 {
        let registers = self.registers.expect("values that are live across calls are in memory");
        let number = usize::from(reg.number());
        match reg.class() {
            RegClass::Gpr => registers.gprs[number],
            RegClass::Xmm => registers.xmms[number],
        }
    }
}

/// # Safety
/// The word is owned, or null.
unsafe fn owned(word: Value) -> Option<Ref> {
    // SAFETY: the contract.
    word.non_null().map(|word| unsafe { Ref::from_owned(word) })
}
