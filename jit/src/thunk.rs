//! The pieces of code between compiled code and Rust: written once, reached through islands in the code region.
//!
//! An island is a jump through the address behind it, because the region may be further away from the program than 32 bits reach.
//! The island of a helper that can raise or run Python code first notes where compiled code calls out (stack and frame
//! pointer), so that the frames below it can be found; helpers that do neither need no note.
//!
//! Conventions of compiled code: thread state in `r15`; a frame with calls keeps its caller's `rbp` at `[rbp]`; a word
//! result fails as 0, any other with the carry flag. Layout of saved registers: 16 general registers by number, then the low
//! halves of 16 vector registers.

use std::arch::naked_asm;

use abi::helper::{HelperId, Touches};
use abi::layout::header::TYPE;
use abi::layout::thread::{FREE_LISTS, NATIVE_FP, NATIVE_SP};
use codegen::Thunk;
use runtime::objects::float::{FLOAT, FloatObject};

use crate::code_memory::CodeMemory;
use crate::{bridge, exit, fallback, helper};

/// Registers as a thunk found them.
#[repr(C)]
pub(crate) struct SavedRegisters {
    /// General registers by number; `rsp`'s place is not used.
    pub(crate) gprs: [u64; 16],
    /// Low halves of the vector registers.
    pub(crate) xmms: [u64; 16],
}

/// Bytes between a [`SavedRegisters`] and the word above the return address of the call that led to it.
const TO_CALLER: usize = 272;

impl SavedRegisters {
    /// What was at the stack pointer of the caller, for registers that a thunk saved at its call.
    pub(crate) fn caller_stack(&self) -> *const u64 {
        std::ptr::from_ref(self).cast::<u64>().wrapping_byte_add(TO_CALLER)
    }
}

/// Addresses of all islands.
pub(crate) struct Islands {
    helpers: Vec<usize>,
    thunks: [usize; 4],
    /// Where the stub of a call slot goes that has no code yet.
    pub(crate) bridge: usize,
}

impl Islands {
    /// Writes the islands.
    pub(crate) fn new(memory: &CodeMemory) -> Option<Self> {
        let thunk = |function: unsafe extern "C" fn()| island(memory, function as usize, false);
        Some(Self {
            helpers: HelperId::ALL
                .iter()
                .map(|&id| island(memory, helper::address(id), needs_note(id)))
                .collect::<Option<_>>()?,
            thunks: [thunk(exit_thunk)?, thunk(overflow_thunk)?, thunk(dealloc_thunk)?, thunk(poll_thunk)?],
            bridge: thunk(bridge_thunk)?,
        })
    }

    pub(crate) fn helper(&self, id: HelperId) -> usize {
        self.helpers[id as usize]
    }

    pub(crate) fn thunk(&self, thunk: Thunk) -> usize {
        self.thunks[match thunk {
            Thunk::Exit => 0,
            Thunk::StackOverflow => 1,
            Thunk::Dealloc => 2,
            Thunk::Poll => 3,
        }]
    }
}

/// Whether somebody may ask for the frames below a helper.
fn needs_note(id: HelperId) -> bool {
    let signature = id.signature();
    signature.may_raise() || !matches!(signature.touches, Touches::Nothing | Touches::Heap)
}

/// `[mov [r15+sp], rsp; mov [r15+fp], rbp;] jmp [rip]; address`
fn island(memory: &CodeMemory, target: usize, noted: bool) -> Option<usize> {
    let mut bytes = Vec::new();
    if noted {
        for (opcode, offset) in [([0x49, 0x89, 0xa7], NATIVE_SP), ([0x49, 0x89, 0xaf], NATIVE_FP)] {
            bytes.extend(opcode);
            bytes.extend((offset as u32).to_le_bytes());
        }
    }
    bytes.extend([0xff, 0x25, 0, 0, 0, 0]);
    bytes.extend((target as u64).to_le_bytes());
    let address = memory.reserve(bytes.len())?;
    memory.write(address, &bytes);
    Some(address)
}

/// A typed entry that is a C function: it notes where the compiled frames end, and cannot fail.
pub(crate) fn native_entry(memory: &CodeMemory, target: usize) -> Option<usize> {
    let mut bytes = Vec::new();
    for (opcode, offset) in [([0x49, 0x89, 0xa7], NATIVE_SP), ([0x49, 0x89, 0xaf], NATIVE_FP)] {
        bytes.extend(opcode);
        bytes.extend((offset as u32).to_le_bytes());
    }
    // sub rsp, 8; mov rax, target; call rax; add rsp, 8; clc; ret
    bytes.extend([0x48, 0x83, 0xec, 0x08, 0x48, 0xb8]);
    bytes.extend((target as u64).to_le_bytes());
    bytes.extend([0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xf8, 0xc3]);
    let address = memory.reserve(bytes.len())?;
    memory.write(address, &bytes);
    Some(address)
}

/// Saves every register to a [`SavedRegisters`] at the stack pointer.
macro_rules! save_registers {
    () => {
        "mov [rsp], rax
         mov [rsp + 8], rcx
         mov [rsp + 16], rdx
         mov [rsp + 24], rbx
         mov [rsp + 40], rbp
         mov [rsp + 48], rsi
         mov [rsp + 56], rdi
         mov [rsp + 64], r8
         mov [rsp + 72], r9
         mov [rsp + 80], r10
         mov [rsp + 88], r11
         mov [rsp + 96], r12
         mov [rsp + 104], r13
         mov [rsp + 112], r14
         mov [rsp + 120], r15
         movsd [rsp + 128], xmm0
         movsd [rsp + 136], xmm1
         movsd [rsp + 144], xmm2
         movsd [rsp + 152], xmm3
         movsd [rsp + 160], xmm4
         movsd [rsp + 168], xmm5
         movsd [rsp + 176], xmm6
         movsd [rsp + 184], xmm7
         movsd [rsp + 192], xmm8
         movsd [rsp + 200], xmm9
         movsd [rsp + 208], xmm10
         movsd [rsp + 216], xmm11
         movsd [rsp + 224], xmm12
         movsd [rsp + 232], xmm13
         movsd [rsp + 240], xmm14
         movsd [rsp + 248], xmm15"
    };
}

/// Restores the registers that a Rust function may have changed, but for `r11`; keeps the flags.
macro_rules! restore_registers {
    () => {
        "mov rax, [rsp]
         mov rcx, [rsp + 8]
         mov rdx, [rsp + 16]
         mov rsi, [rsp + 48]
         mov rdi, [rsp + 56]
         mov r8, [rsp + 64]
         mov r9, [rsp + 72]
         mov r10, [rsp + 80]
         movsd xmm0, [rsp + 128]
         movsd xmm1, [rsp + 136]
         movsd xmm2, [rsp + 144]
         movsd xmm3, [rsp + 152]
         movsd xmm4, [rsp + 160]
         movsd xmm5, [rsp + 168]
         movsd xmm6, [rsp + 176]
         movsd xmm7, [rsp + 184]
         movsd xmm8, [rsp + 192]
         movsd xmm9, [rsp + 200]
         movsd xmm10, [rsp + 208]
         movsd xmm11, [rsp + 216]
         movsd xmm12, [rsp + 224]
         movsd xmm13, [rsp + 232]
         movsd xmm14, [rsp + 240]
         movsd xmm15, [rsp + 248]"
    };
}

/// Notes the call by which compiled code came here, whose return address is at `rsp + 264`.
macro_rules! note_caller {
    () => {
        "lea r11, [rsp + 264]
         mov [r15 + {sp}], r11
         mov [r15 + {fp}], rbp"
    };
}

/// `call exit`: hands the registers to [`exit::receive`], which says where to go on with which result.
#[unsafe(naked)]
unsafe extern "C" fn exit_thunk() {
    naked_asm!(
        "sub rsp, 264",
        save_registers!(),
        "mov rdi, rsp",
        "mov rsi, [rsp + 264]",
        "lea rdx, [rsp + 272]",
        "call {receive}",
        "mov r11, rax",
        "mov rax, [rsp]",
        "movsd xmm0, [rsp + 128]",
        "add rsp, 272",
        "jmp r11",
        receive = sym exit::receive,
    )
}

/// Serves a prologue below the limit for calls; every register survives, and carry says whether an exception is pending. The function has
/// no frame yet: its caller is the one that called out.
#[unsafe(naked)]
unsafe extern "C" fn overflow_thunk() {
    naked_asm!(
        "sub rsp, 272",
        save_registers!(),
        "lea r11, [rsp + 280]",
        "mov [r15 + {sp}], r11",
        "mov [r15 + {fp}], rbp",
        "call {overflow}",
        "bt rax, 63",
        restore_registers!(),
        "mov r11, [rsp + 88]",
        "lea rsp, [rsp + 272]",
        "ret",
        sp = const NATIVE_SP,
        fp = const NATIVE_FP,
        overflow = sym exit::overflow,
    )
}

/// Destroys the object in `r11`; every other register survives. A float, which owns nothing, goes straight back to its free list.
#[unsafe(naked)]
unsafe extern "C" fn dealloc_thunk() {
    naked_asm!(
        "push rax",
        "lea rax, [rip + {float}]",
        "cmp [r11 + {ty}], rax",
        "jne 2f",
        "mov rax, [r15 + {floats}]",
        "mov [r11], rax",
        "mov qword ptr [r11 + {ty}], 0",
        "mov [r15 + {floats}], r11",
        "pop rax",
        "ret",
        "2:",
        "pop rax",
        "sub rsp, 264",
        save_registers!(),
        "mov rdi, r11",
        note_caller!(),
        "call {dealloc}",
        restore_registers!(),
        "lea rsp, [rsp + 264]",
        "ret",
        sp = const NATIVE_SP,
        fp = const NATIVE_FP,
        dealloc = sym exit::dealloc,
        float = sym FLOAT,
        ty = const TYPE,
        floats = const FREE_LISTS + (size_of::<FloatObject>() - 1) / 16 * 8,
    )
}

/// What the call of a frame that has an object returns to, instead of the frame: [`fallback::fall_back`] says where to go on. Every register and
/// carry survive unless it takes the frame over; the word of the return address stays as it is.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn fallback_thunk() {
    naked_asm!(
        "lea rsp, [rsp - 272]",
        save_registers!(),
        "setc byte ptr [rsp + 256]",
        "mov rdi, rsp",
        "lea rsi, [rsp + 272]",
        "call {fall_back}",
        "mov r11, rax",
        restore_registers!(),
        "bt dword ptr [rsp + 256], 0",
        "lea rsp, [rsp + 272]",
        "jmp r11",
        fall_back = sym fallback::fall_back,
    )
}

/// Serves the eval breaker; every register survives, and carry says whether an exception is pending.
#[unsafe(naked)]
unsafe extern "C" fn poll_thunk() {
    naked_asm!(
        "sub rsp, 264",
        save_registers!(),
        note_caller!(),
        "call {poll}",
        "bt rax, 63",
        restore_registers!(),
        "mov r11, [rsp + 88]",
        "lea rsp, [rsp + 264]",
        "ret",
        sp = const NATIVE_SP,
        fp = const NATIVE_FP,
        poll = sym exit::poll,
    )
}

/// A call of the function whose number is in `r11d`, which has no code: hands the argument registers to [`bridge::call`].
#[unsafe(naked)]
unsafe extern "C" fn bridge_thunk() {
    naked_asm!(
        "sub rsp, 264",
        save_registers!(),
        "mov edi, r11d",
        "mov rsi, rsp",
        note_caller!(),
        "call {call}",
        "mov rcx, rax",
        "mov rax, [rsp]",
        "movsd xmm0, [rsp + 128]",
        "lea rsp, [rsp + 264]",
        // Failure is 0 and carry, success is no carry.
        "neg rcx",
        "ret",
        sp = const NATIVE_SP,
        fp = const NATIVE_FP,
        call = sym bridge::call,
    )
}
