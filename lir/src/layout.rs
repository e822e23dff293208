//! Layout facts that lowering and code generation need, as a value, so that neither names the runtime.
//!
//! The defaults are the decisions of the design (header of 16 bytes, fields from 16, `ob_size` at 16); `jit` fills in the rest from
//! the runtime's own constants.

/// Byte offsets in objects and in the thread state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Reference count, 32 bits.
    pub refcount: i32,
    /// Type pointer.
    pub type_pointer: i32,
    /// Length of tuples, lists and byte strings.
    pub size: i32,
    /// The double in a float object.
    pub float_value: i32,
    /// Pointer to the items of a list.
    pub list_items: i32,
    /// Storage strategy of a list, one byte; 0 is plain words. `None` if lists have no other strategy.
    pub list_strategy: Option<i32>,
    /// First item of a tuple.
    pub tuple_items: i32,
    /// Length of a str in code points.
    pub str_length: i32,
    /// Number of entries of a dict.
    pub dict_used: i32,
    /// Number of entries of a set.
    pub set_used: i32,
    /// Pointer to the elements of a static array.
    pub array_items: i32,
    /// Length of a static array.
    pub array_length: i32,
    /// Content of a cell.
    pub cell_value: i32,
    /// First slot of the vtable in a type object.
    pub vtable: i32,
    /// First entry of the base-class display in a type object.
    pub display: i32,
    /// Eval breaker in the thread state, 32 bits.
    pub eval_breaker: i32,
    /// Lowest stack address in the thread state.
    pub stack_limit: i32,
    /// Pending exception in the thread state, a word.
    pub pending_exception: i32,
    /// First free-list head in the thread state, one word per 16 bytes of size; `None` switches inline allocation off.
    pub free_lists: Option<i32>,
    /// Largest size served by free lists.
    pub free_list_limit: u32,
    /// Offset of the link to the next free block in a free block.
    pub free_list_link: i32,
    /// What the first word of a new object holds: count 1 and no flags.
    pub new_header: i32,
    /// Added to the bits of a double in a NaN-boxed slot.
    pub double_offset: i64,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            refcount: 0,
            type_pointer: 8,
            size: 16,
            float_value: 16,
            list_items: 24,
            list_strategy: None,
            tuple_items: 24,
            str_length: 16,
            dict_used: 16,
            set_used: 16,
            array_items: 24,
            array_length: 16,
            cell_value: 16,
            vtable: 256,
            display: 64,
            eval_breaker: 8,
            stack_limit: 0,
            pending_exception: 16,
            free_lists: None,
            free_list_limit: 512,
            free_list_link: 0,
            new_header: 1,
            double_offset: 1 << 49,
        }
    }
}
