//! Offsets that machine code relies on, checked against the runtime's structs by constant assertions there.
//!
//! All numbers are bytes from the start of the object. Code generators use these names and never a literal.

/// Header of every heap object.
pub mod header {
    /// Reference count, 32 bits.
    pub const REFCOUNT: usize = 0;
    /// Flag bits, 16 bits.
    pub const FLAGS: usize = 6;
    /// Type pointer.
    pub const TYPE: usize = 8;
    /// Where the fields start.
    pub const SIZE: usize = 16;
    /// The flag word's bit that makes the cycle collector scan an object.
    pub const TRACKED_BIT: u16 = 1 << 1;
}

/// The thread state, pinned in r15.
pub mod thread {
    /// Lowest stack pointer with which compiled functions begin without asking.
    pub const CALL_LIMIT: usize = 0;
    /// Non-zero when a safe point must be visited.
    pub const EVAL_BREAKER: usize = 8;
    /// The raised exception, or 0.
    pub const RAISED: usize = 16;
    /// Innermost level of exception handling.
    pub const HANDLED: usize = 24;
    /// Depth of Python calls, 32 bits.
    pub const RECURSION: usize = 32;
    /// Its limit, 32 bits.
    pub const DEPTH_LIMIT: usize = 36;
    /// Top of the shadow-frame stack.
    pub const SHADOW_TOP: usize = 40;
    /// End of the shadow-frame stack.
    pub const SHADOW_LIMIT: usize = 48;
    /// Innermost native anchor.
    pub const ANCHOR: usize = 56;
    /// Free-list heads of the size classes 16, 32, ... 512; a free block links to the next through its first word.
    pub const FREE_LISTS: usize = 64;
    /// Net tracked allocations; counted up for every tracked object that machine code makes.
    pub const GC_COUNT: usize = 320;
    /// Address of the return address of the call by which compiled code last left.
    pub const NATIVE_SP: usize = 328;
    /// Frame pointer of the compiled frame that made that call.
    pub const NATIVE_FP: usize = 336;
    /// Guards until one is made to fail, under stress.
    pub const DEOPT_COUNTDOWN: usize = 344;
}

/// The interpreter's frame.
pub mod frame {
    /// Operands in use, 32 bits.
    pub const OPERANDS: usize = 56;
    /// Instruction, 32 bits.
    pub const INSTRUCTION: usize = 60;
    /// Properties, 32 bits.
    pub const FLAGS: usize = 64;
    /// First local slot.
    pub const LOCALS: usize = 80;
    /// The property of a generator's frame that compiled code has just suspended.
    pub const HAS_YIELDED: u32 = 32;
}

/// What marks a stretch of compiled code on the chain of frames.
pub mod activation {
    /// What was on top of the chain before.
    pub const PREVIOUS: usize = 0;
    /// Where the compiled code below had called out.
    pub const OUTER_SP: usize = 8;
    /// Its frame pointer.
    pub const OUTER_FP: usize = 16;
    /// Added to its address on the chain.
    pub const TAG: usize = 1;
}

/// A type.
pub mod type_object {
    /// Flags, 32 bits.
    pub const FLAGS: usize = 16;
    /// The flag of classes whose methods have defaults of their own where they override.
    pub const OWN_DEFAULTS: u32 = 1 << 22;
    /// The flag of classes where a property stands in the place of a field.
    pub const STANDS_IN: u32 = 1 << 25;
    /// The flag of classes that have another `__setattr__` than a static base.
    pub const STORES_ASK: u32 = 1 << 26;
    /// Depth along `__base__`, 32 bits.
    pub const DEPTH: usize = 20;
    /// Version for inline caches, 32 bits; 0 means "do not cache".
    pub const VERSION: usize = 24;
    /// Bytes of an instance, 32 bits.
    pub const BASICSIZE: usize = 28;
    /// Bases by depth.
    pub const DISPLAY: usize = 32;
    /// Entries of the display.
    pub const DISPLAY_LEN: usize = 8;
    /// Array of the bases from depth `DISPLAY_LEN` on.
    pub const DISPLAY_OVERFLOW: usize = 96;
    /// First entry of the vtable of native entry points.
    pub const VTABLE: usize = 832;
    /// Entries at the front of the vtable for methods of classes that are one base among several; each is one method's in all types.
    pub const INTERFACES: usize = 32;
}

/// Every callable whose type has the entry flag.
pub mod callable {
    /// Generic entry pointer.
    pub const ENTRY: usize = 16;
}

/// A Python function.
pub mod function_object {
    /// Code object.
    pub const CODE: usize = 24;
    /// Globals dict.
    pub const GLOBALS: usize = 32;
    /// Builtins dict.
    pub const BUILTINS: usize = 40;
    /// Tuple of cells or 0.
    pub const CLOSURE: usize = 64;
    /// Typed entry pointer or 0.
    pub const TYPED_ENTRY: usize = 72;
    /// Version of code and defaults, 32 bits.
    pub const VERSION: usize = 80;
}

/// A bound method.
pub mod method_object {
    /// What is called.
    pub const FUNCTION: usize = 24;
    /// First argument.
    pub const RECEIVER: usize = 32;
}

/// A cell.
pub mod cell_object {
    /// Contents or 0.
    pub const CONTENTS: usize = 16;
}

/// A float.
pub mod float_object {
    /// The double.
    pub const VALUE: usize = 16;
}

/// A tuple.
pub mod tuple_object {
    /// Number of items.
    pub const LEN: usize = 16;
    /// First item.
    pub const ITEMS: usize = 24;
}

/// A list.
pub mod list_object {
    /// Number of items.
    pub const LEN: usize = 16;
    /// Pointer to the items.
    pub const ITEMS: usize = 24;
    /// Room for items.
    pub const CAPACITY: usize = 32;
}

/// A str.
pub mod str_object {
    /// Length in characters.
    pub const LEN: usize = 16;
    /// Hash, -1 until computed.
    pub const HASH: usize = 24;
    /// Bytes per character, 8 bits.
    pub const KIND: usize = 32;
    /// First character.
    pub const DATA: usize = 40;
}

/// A dict.
pub mod dict_object {
    /// Its table.
    pub const TABLE: usize = 16;
}

/// The table of a dict, relative to its start.
pub mod table {
    /// Number of keys.
    pub const LIVE: usize = 0;
    /// Pointer to the entries.
    pub const ENTRIES: usize = 8;
    /// Positions in use, 32 bits.
    pub const USED: usize = 16;
    /// Changes when a key is added or removed.
    pub const KEYS_VERSION: usize = 40;
    /// Bytes of an entry.
    pub const ENTRY_SIZE: usize = 24;
    /// The key in an entry.
    pub const ENTRY_KEY: usize = 8;
    /// The value in an entry.
    pub const ENTRY_VALUE: usize = 16;
}

/// An iterator over a sequence by position.
pub mod sequence_iterator {
    /// The sequence, null at its end.
    pub const SEQUENCE: usize = 16;
    /// Position of the next item.
    pub const POSITION: usize = 24;
}

/// An iterator over a range.
pub mod range_iterator {
    /// Next number.
    pub const NEXT: usize = 16;
    /// Step.
    pub const STEP: usize = 24;
    /// How many are left.
    pub const LEFT: usize = 32;
}

/// An array of primitives.
pub mod static_array {
    /// Number of elements.
    pub const LEN: usize = 16;
    /// First element.
    pub const DATA: usize = 32;
}

/// A growing row of primitives.
pub mod static_vector {
    /// Number of elements.
    pub const LEN: usize = 16;
    /// Below which length machine code may append, and below which position it may take an element off: the capacity, or 0.
    pub const LIMIT: usize = 24;
    /// Address of the first element.
    pub const DATA: usize = 32;
}
