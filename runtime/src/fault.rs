//! Faults that compiled code expects: reading through null, where it has left out the test for null.
//!
//! The handler in C asks the compiler where a fault goes on, and lets the thread go on there; every other segmentation fault goes to
//! whoever handled it before, or to the one that the program has put in its place since: [`action`] is the only way to the system's
//! `sigaction`, and keeps this handler in front. The method is that of Java's virtual machines (implicit null checks with
//! chained handlers). A process that embeds the runtime has its own ideas about faults, so that only `spc` itself asks for this.
//!
//! Cost: nothing until a fault, then a microsecond.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::world::World;

/// Bytes from address 0 on that no process has mapped.
pub const NULL_PAGE: u32 = 4096;

/// Where a fault of the machine instruction at an address goes on; `None` if it is not one that compiled code expects.
pub type Resolver = fn(address: usize) -> Option<usize>;

/// A [`Resolver`], or 0 while faults are nobody's business.
static RESOLVER: AtomicUsize = AtomicUsize::new(0);

/// What becomes of faults that are not expected.
// SAFETY: the structure consists of numbers, of which 0 is the default.
static NEXT: World<UnsafeCell<libc::sigaction>> = World::new(UnsafeCell::new(unsafe { std::mem::zeroed() }));

/// Catches faults for compiled code. False where the system refuses.
pub fn catch(resolver: Resolver) -> bool {
    // SAFETY: the structures consist of numbers; the handler is async-signal-safe unless the fault is one of compiled code, where anything
    // is allowed that a helper may do.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = on_fault as extern "C" fn(_, _, _) as usize;
        new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        libc::sigemptyset(&raw mut new.sa_mask);
        let is_caught = libc::sigaction(libc::SIGSEGV, &raw const new, NEXT.get()) == 0;
        if is_caught {
            RESOLVER.store(resolver as usize, Ordering::Relaxed);
        }
        is_caught
    }
}

/// `sigaction`: what a signal does, and what it shall do, with this module in front of both. `None` if the system refuses.
pub fn action(signal: i32, new: Option<&libc::sigaction>) -> Option<libc::sigaction> {
    let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the structures consist of numbers, of which 0 is the default; the old one is filled in by the call. Whoever calls holds the
    // lock, so that nobody else changes what comes next; a handler that reads it meanwhile belongs to a process that is dying.
    unsafe {
        if signal == libc::SIGSEGV && is_catching() {
            let old = *NEXT.get();
            if !new.is_null() {
                *NEXT.get() = *new;
            }
            return Some(old);
        }
        let mut old: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, new, &raw mut old) == 0).then_some(old)
    }
}

/// Takes the fault out of a set of signals that a thread wants to block: a blocked fault ends the process.
pub fn unblock(signals: &mut libc::sigset_t) {
    if is_catching() {
        // SAFETY: the set is a valid one.
        unsafe { libc::sigdelset(signals, libc::SIGSEGV) };
    }
}

fn is_catching() -> bool {
    RESOLVER.load(Ordering::Relaxed) != 0
}

extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the system passes valid structures; a positive code says that it sent the signal itself, so that the address is set. The
    // resolver gave its address away.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let at = &mut registers[libc::REG_RIP as usize];
        let resolver: Resolver = std::mem::transmute(RESOLVER.load(Ordering::Relaxed));
        let is_null = (*info).si_code > 0 && ((*info).si_addr() as usize) < NULL_PAGE as usize;
        match is_null.then(|| resolver(*at as usize)).flatten() {
            Some(target) => *at = target as i64,
            None => pass_on(signal, info, context),
        }
    }
}

/// Lets a fault do what it would have done.
///
/// # Safety
/// The arguments are those of a handler.
unsafe fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the one before this handler had the prototype that its flags say. Everything called is async-signal-safe.
    unsafe {
        let next = *NEXT.get();
        match next.sa_sigaction {
            libc::SIG_IGN if (*info).si_code <= 0 => {}
            libc::SIG_DFL | libc::SIG_IGN => {
                libc::sigaction(signal, &raw const next, std::ptr::null_mut());
                // One that somebody has sent does not come again by itself.
                libc::raise(signal);
            }
            handler if next.sa_flags & libc::SA_SIGINFO != 0 => {
                type Informed = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
                let handler: Informed = std::mem::transmute(handler);
                handler(signal, info, context);
                // One that only takes itself away waits for the fault to come again.
                let mut left: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &raw mut left);
                if (*info).si_code <= 0 && left.sa_sigaction == libc::SIG_DFL {
                    libc::raise(signal);
                }
            }
            handler => {
                let handler: extern "C" fn(libc::c_int) = std::mem::transmute(handler);
                handler(signal);
            }
        }
    }
}
