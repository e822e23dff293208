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
    /// Flags of a class.
    pub class_flags: i32,
    /// The flag of classes where a property stands in the place of a field.
    pub stands_in: u32,
    /// The flag of classes that have another `__setattr__` than a static base.
    pub stores_ask: u32,
    /// Length of tuples, lists and byte strings.
    pub size: i32,
    /// The double in a float object.
    pub float_value: i32,
    /// The byte in a bool that is 1 in `True` and 0 in `False`.
    pub bool_truth: i32,
    /// Pointer to the items of a list.
    pub list_items: i32,
    /// Storage strategy of a list, one byte; 0 is plain words. `None` if lists have no other strategy.
    pub list_strategy: Option<i32>,
    /// Room in a list.
    pub list_capacity: i32,
    /// What a list iterator iterates over, null at its end.
    pub iterator_sequence: i32,
    /// Position of a list iterator.
    pub iterator_position: i32,
    /// First item of a tuple.
    pub tuple_items: i32,
    /// Length of a str in code points.
    pub str_length: i32,
    /// Number of keys of a dict, in the table inside it.
    pub dict_length: i32,
    /// Number of entries of a set, if it is at a fixed place.
    pub set_used: Option<i32>,
    /// Length of a static array.
    pub array_length: i32,
    /// First element of a static array.
    pub array_data: i32,
    /// Length of a vector.
    pub vector_length: i32,
    /// What the length must be below for a vector to be resized in place.
    pub vector_limit: i32,
    /// Address of the first element of a vector.
    pub vector_data: i32,
    /// Content of a cell.
    pub cell_value: i32,
    /// First local slot of an interpreter's frame.
    pub frame_locals: i32,
    /// Its number of operands, 32 bits.
    pub frame_operands: i32,
    /// Its instruction, 32 bits.
    pub frame_instruction: i32,
    /// Its properties, 32 bits.
    pub frame_flags: i32,
    /// The property of a generator's frame that compiled code has suspended.
    pub has_yielded: u32,
    /// First entry of the display of base classes in a type object.
    pub display: i32,
    /// First slot of the vtable in a type object.
    pub vtable: i32,
    /// Eval breaker in the thread state, 32 bits.
    pub eval_breaker: i32,
    /// Lowest stack address with which a function begins without asking, in the thread state.
    pub call_limit: i32,
    /// Pending exception in the thread state, a word.
    pub pending_exception: i32,
    /// First free-list head in the thread state, one word per 16 bytes of size, from 16 on; `None` switches inline allocation off.
    pub free_lists: Option<i32>,
    /// Largest size served by free lists.
    pub free_list_limit: u32,
    /// Offset of the link to the next free block in a free block.
    pub free_list_link: i32,
    /// What the first word of a new object holds: count 1 and no flags.
    pub new_header: i32,
    /// Upper half of the first word of a new object that the collector scans.
    pub tracked_flags: i32,
    /// Counter of tracked allocations in the thread state, a word.
    pub gc_count: i32,
    /// Number of guards until one is made to fail, a word in the thread state; `None` without stress. Every guard counts it down.
    pub deopt_countdown: Option<i32>,
    /// Bytes from address 0 on in which a fault is caught and goes on where a test for null would have gone; 0 if tests are to stay.
    pub null_page: u32,
    /// Added to the bits of a double in a NaN-boxed slot.
    pub double_offset: i64,
}

/// Behind the header; `jit` takes over where the runtime's number type really has it.
const BOOL_TRUTH: usize = 16;

/// Places in a static array; `abi::layout` takes them over with the runtime's array type.
const ARRAY_LENGTH: usize = 16;
const ARRAY_DATA: usize = 32;

impl Default for Layout {
    /// The runtime's layout, as `abi` declares it.
    fn default() -> Self {
        use abi::layout as a;
        let at = |offset: usize| offset as i32;
        Self {
            refcount: at(a::header::REFCOUNT),
            type_pointer: at(a::header::TYPE),
            class_flags: at(a::type_object::FLAGS),
            stands_in: a::type_object::STANDS_IN,
            stores_ask: a::type_object::STORES_ASK,
            size: at(a::list_object::LEN),
            float_value: at(a::float_object::VALUE),
            bool_truth: at(BOOL_TRUTH),
            list_items: at(a::list_object::ITEMS),
            list_strategy: None,
            list_capacity: at(a::list_object::CAPACITY),
            iterator_sequence: at(a::sequence_iterator::SEQUENCE),
            iterator_position: at(a::sequence_iterator::POSITION),
            tuple_items: at(a::tuple_object::ITEMS),
            str_length: at(a::str_object::LEN),
            dict_length: at(a::dict_object::TABLE + a::table::LIVE),
            set_used: None,
            array_length: at(ARRAY_LENGTH),
            array_data: at(ARRAY_DATA),
            vector_length: at(a::static_vector::LEN),
            vector_limit: at(a::static_vector::LIMIT),
            vector_data: at(a::static_vector::DATA),
            cell_value: at(a::cell_object::CONTENTS),
            frame_locals: at(a::frame::LOCALS),
            frame_operands: at(a::frame::OPERANDS),
            frame_instruction: at(a::frame::INSTRUCTION),
            frame_flags: at(a::frame::FLAGS),
            has_yielded: a::frame::HAS_YIELDED,
            display: at(a::type_object::DISPLAY),
            vtable: at(a::type_object::VTABLE),
            eval_breaker: at(a::thread::EVAL_BREAKER),
            call_limit: at(a::thread::CALL_LIMIT),
            pending_exception: at(a::thread::RAISED),
            free_lists: Some(at(a::thread::FREE_LISTS)),
            free_list_limit: 512,
            free_list_link: 0,
            new_header: 1,
            tracked_flags: i32::from(a::header::TRACKED_BIT) << ((a::header::FLAGS - 4) * 8),
            gc_count: at(a::thread::GC_COUNT),
            deopt_countdown: None,
            null_page: 0,
            double_offset: 1 << 49,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::layout as a;

    #[test]
    fn tuples_and_lists_have_their_length_at_one_place() {
        assert_eq!(a::tuple_object::LEN, a::list_object::LEN);
        assert_eq!(Layout::default().size, a::tuple_object::LEN as i32);
    }
}
