//! The runtime-helper table: every runtime function that compiled code may call.
//!
//! One line per helper gives its C signature, how failure is signalled, what it returns and what it may touch. The HIR takes
//! effects and ownership from it, the LIR the calling convention, the `jit` crate its address; none of them repeats a fact.
//!
//! Conventions, binding for the implementations in `runtime`:
//! - helpers are `extern "C"`, integers and words in general registers, `double` in xmm registers;
//! - a `word` argument is borrowed, a `steal` argument is consumed on success *and* on failure, a `give` argument on success only;
//! - `own` results are new references; `null_own` results may be 0 as an answer that is no failure;
//! - failure leaves the exception in the thread state. It is signalled by 0 (`fails Null`), by a negative result
//!   (`fails Negative`), or, where every result is possible, by the pending-exception word alone (`fails Pending`).
//!
//! - boxing never fails: running out of memory for a number ends the process, as in the allocator of small objects.
//!
//! Naming: the runtime protocol function, without prefix.

/// How one argument is passed, and who owns it afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Param {
    /// An object word, borrowed for the call.
    Word,
    /// An object word whose reference the helper consumes.
    Steal,
    /// An object word whose reference the helper consumes unless it fails.
    Give,
    /// A raw integer or pointer.
    Int,
    /// A double in an xmm register.
    Float,
    /// A pointer to borrowed object words in the caller's frame, and then, as a further argument, their number.
    Items,
    /// As `Items`, but the helper consumes the references.
    StealItems,
    /// A pointer to words in the caller's frame that the helper fills with new references, first item first.
    Out,
}

/// What comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Return {
    /// Nothing.
    Void,
    /// A new reference.
    Own,
    /// A new reference, or 0 as an answer.
    OwnOrNull,
    /// A raw integer, boolean or pointer.
    Int,
    /// A double in xmm0.
    Float,
}

/// How a raised exception shows in the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fails {
    /// The helper cannot raise.
    Never,
    /// The result is 0.
    Null,
    /// The result, read as a signed 64-bit integer, is negative.
    Negative,
    /// Only the pending-exception word of the thread state tells.
    Pending,
}

/// What a helper may read and write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touches {
    /// Nothing but its arguments' bits.
    Nothing,
    /// It allocates or reads immutable objects; no Python code runs.
    Heap,
    /// It writes into the container it is given; no Python code runs, except through destructors of what is replaced.
    Container,
    /// Arbitrary Python code may run.
    Anything,
}

/// The facts about one helper.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Name in dumps and of the implementing function.
    pub name: &'static str,
    /// Arguments in order.
    pub params: &'static [Param],
    /// Result.
    pub ret: Return,
    /// Failure signal.
    pub fails: Fails,
    /// Effects.
    pub touches: Touches,
}

macro_rules! param {
    (word) => {
        Param::Word
    };
    (steal) => {
        Param::Steal
    };
    (give) => {
        Param::Give
    };
    (int) => {
        Param::Int
    };
    (float) => {
        Param::Float
    };
    (items) => {
        Param::Items
    };
    (steal_items) => {
        Param::StealItems
    };
    (out) => {
        Param::Out
    };
}

macro_rules! ret {
    (void) => {
        Return::Void
    };
    (own) => {
        Return::Own
    };
    (null_own) => {
        Return::OwnOrNull
    };
    (int) => {
        Return::Int
    };
    (float) => {
        Return::Float
    };
}

macro_rules! helper_table {
    ($($(#[$doc:meta])+ $name:ident = $id:ident ($($arg:ident: $kind:ident),*) -> $ret:ident, $fails:ident, $touches:ident;)+) => {
        /// Names one runtime helper; the number is an index into [`HELPERS`] and into the `jit` crate's address table.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[repr(u16)]
        pub enum HelperId {
            $($(#[$doc])+ $id,)+
        }

        /// All helpers in the order of their numbers.
        pub static HELPERS: &[Signature] = &[
            $(Signature {
                name: stringify!($name),
                params: &[$(param!($kind)),*],
                ret: ret!($ret),
                fails: Fails::$fails,
                touches: Touches::$touches,
            },)+
        ];

        impl HelperId {
            /// Every helper, in order.
            pub const ALL: &[Self] = &[$(Self::$id),+];
        }
    };
}

/// Hands the helper table to the macro `$callback`, so that `jit` can build its address table from the same lines.
#[macro_export]
macro_rules! for_each_helper {
    ($callback:ident) => {
        $callback! {
            // --- Attributes and names -------------------------------------------------------------------------
            /// `obj.name`.
            get_attr = GetAttr (obj: word, name: word) -> own, Null, Anything;
            /// `obj.name`, remembered in the inline cache of instruction `at` of `code`.
            load_attr = LoadAttr (obj: word, name: word, code: word, at: int) -> own, Null, Anything;
            /// `obj.name = value`, remembered in the inline cache of instruction `at` of `code`.
            store_attr = StoreAttr (obj: word, name: word, value: word, code: word, at: int) -> int, Negative, Anything;
            /// `del obj.name`.
            del_attr = DelAttr (obj: word, name: word) -> int, Negative, Anything;
            /// `super(class, this).name`, where `callable` is what the name `super` means.
            get_super_attr = GetSuperAttr (callable: word, class: word, this: word, name: word) -> own, Null, Anything;
            /// A global or builtin by name.
            load_global = LoadGlobal (globals: word, builtins: word, name: word) -> own, Null, Anything;
            /// Binds a global.
            store_global = StoreGlobal (globals: word, name: word, value: word) -> int, Negative, Anything;
            /// Unbinds a global.
            delete_global = DeleteGlobal (globals: word, name: word) -> int, Negative, Anything;
            /// A name of the namespace in the interpreter's frame, or a global.
            load_name = LoadName (frame: int, name: word) -> own, Null, Anything;
            /// Binds a name of the namespace in the interpreter's frame.
            store_name = StoreName (frame: int, name: word, value: word) -> int, Negative, Anything;
            /// Unbinds a name of the namespace in the interpreter's frame.
            delete_name = DeleteName (frame: int, name: word) -> int, Negative, Anything;
            /// The namespace in the interpreter's frame.
            load_locals = LoadLocals (frame: int) -> own, Null, Heap;
            /// Makes sure that the namespace in the interpreter's frame has `__annotations__`.
            setup_annotations = SetupAnnotations (frame: int) -> int, Negative, Anything;
            /// The item of a mapping for a name, else a global or builtin.
            load_from_dict_or_globals = LoadFromDictOrGlobals (mapping: word, globals: word, builtins: word, name: word) -> own, Null, Anything;
            /// The item of a mapping for the name of local number `index` of `code`, else what the cell holds.
            load_from_dict_or_deref = LoadFromDictOrDeref (mapping: word, code: word, index: int, cell: word) -> own, Null, Anything;
            /// `builtins.__build_class__`.
            load_build_class = LoadBuildClass (builtins: word) -> own, Null, Heap;
            /// Raises `UnboundLocalError` for local number `index` of `code`.
            raise_unbound_local = RaiseUnboundLocal (code: word, index: int) -> own, Null, Heap;
            /// Raises `AttributeError` for the unset field at `offset` of `obj`.
            raise_unset_field = RaiseUnsetField (obj: word, offset: int) -> own, Null, Heap;

            // --- Operators ------------------------------------------------------------------------------------
            /// `a OP b`, operator number as in the bytecode; plus 256 for the in-place form.
            binary_op = BinaryOp (a: word, b: word, op: int) -> own, Null, Anything;
            /// The same, which releases `a`, and so may put the result in its place; the lowering's form of the two.
            binary_op_last = BinaryOpLast (a: give, b: word, op: int) -> own, Null, Anything;
            /// `-a`, `+a`, `~a`, numbered 0, 1, 2.
            unary_op = UnaryOp (a: word, op: int) -> own, Null, Anything;
            /// `a OP b` for a comparison operator.
            compare = Compare (a: word, b: word, op: int) -> own, Null, Anything;
            /// `item in container`: 1, 0, or negative on failure.
            contains = Contains (container: word, item: word) -> int, Negative, Anything;
            /// `bool(a)`: 1, 0, or negative on failure.
            is_true = IsTrue (a: word) -> int, Negative, Anything;
            /// Whether two words are the same object.
            is_same = IsSame (a: word, b: word) -> int, Never, Nothing;
            /// `len(a)`, negative on failure.
            length = Length (a: word) -> int, Negative, Anything;

            // --- Subscripts -----------------------------------------------------------------------------------
            /// `container[key]`.
            get_item = GetItem (container: word, key: word) -> own, Null, Anything;
            /// `container[key] = value`.
            set_item = SetItem (container: word, key: word, value: word) -> int, Negative, Anything;
            /// `del container[key]`.
            del_item = DelItem (container: word, key: word) -> int, Negative, Anything;
            /// `slice(start, stop, step)`.
            build_slice = BuildSlice (start: word, stop: word, step: word) -> own, Null, Heap;
            /// Raises `IndexError` for the kind of sequence that `seq` is, in the words of a store if `is_store`.
            raise_index_error = RaiseIndexError (seq: word, is_store: int) -> own, Null, Heap;

            // --- Calls ----------------------------------------------------------------------------------------
            /// Calls `callable` with `count` positional arguments at `args`.
            call = Call (callable: word, args: steal_items) -> own, Null, Anything;
            /// Calls with the last arguments named by the tuple `names`.
            call_keywords = CallKeywords (callable: word, args: steal_items, names: word) -> own, Null, Anything;
            /// Calls `callable` with the arguments at `args`, of which the first is left out if it is 0.
            call_bound = CallBound (callable: word, args: steal_items) -> own, Null, Anything;
            /// As `call_bound`, with the last arguments named by the tuple `names`.
            call_bound_keywords = CallBoundKeywords (callable: word, args: steal_items, names: word) -> own, Null, Anything;
            /// Calls the first of `args` with the others, of all of which nothing is left where the callee does not hold it.
            call_given = CallGiven (args: steal_items) -> own, Null, Anything;
            /// As `call_given`, with the last arguments named by the tuple `names`.
            call_given_keywords = CallGivenKeywords (args: steal_items, names: word) -> own, Null, Anything;
            /// `callable(*args, **kwargs)` with these three at `parts`; `args` is any iterable, `kwargs` may be 0.
            call_ex = CallEx (parts: steal_items) -> own, Null, Anything;
            /// Calls method `name` of `args[0]` with the `count` arguments at `args`, receiver included; the method is remembered in the
            /// inline cache of instruction `at` of `code`.
            call_method = CallMethod (name: word, code: word, at: int, args: steal_items) -> own, Null, Anything;
            /// As `call_method`, with the last arguments named by the tuple `names`.
            call_method_keywords = CallMethodKeywords (name: word, code: word, at: int, names: word, args: steal_items) -> own, Null, Anything;
            /// Calls what function `which` / 2 of `code` names with boxed arguments; if `which` is odd, the receiver's method.
            invoke = Invoke (code: word, which: int, args: steal_items) -> own, Null, Anything;
            /// Calls as `call_bound`, and awaits what comes: 0 with the awaitable and what it yields, or 1 with None and what it returns. The
            /// `SEND` of the `await` is instruction `at` of `code`.
            call_awaited = CallAwaited (callable: word, out: out, code: word, at: int, args: steal_items) -> int, Negative, Anything;
            /// As `call_awaited`, for the method `name` of `args[0]`; `at` is the number of the `SEND` times 2 to the 32nd, and that of the
            /// instruction in whose inline cache the method is remembered.
            call_method_awaited = CallMethodAwaited (name: word, out: out, code: word, at: int, args: steal_items) -> int, Negative, Anything;
            /// Calls an intrinsic function of the bytecode with one argument.
            call_intrinsic_1 = CallIntrinsic1 (op: int, a: word) -> own, Null, Anything;
            /// Calls an intrinsic function of the bytecode with two arguments.
            call_intrinsic_2 = CallIntrinsic2 (op: int, a: word, b: word) -> own, Null, Anything;
            /// Calls an intrinsic function of the bytecode that looks at the interpreter's frame.
            call_intrinsic_in_frame = CallIntrinsicInFrame (op: int, a: word, frame: int) -> own, Null, Anything;
            /// Serves the eval breaker: signals, collector, switch requests.
            poll = Poll () -> int, Negative, Anything;

            // --- Iteration ------------------------------------------------------------------------------------
            /// `iter(a)`.
            get_iter = GetIter (a: word) -> own, Null, Anything;
            /// `next(iterator)`; 0 without a pending exception means exhausted.
            iter_next = IterNext (iterator: word) -> null_own, Pending, Anything;
            /// Unpacks exactly `count` items to the words at `out`, first item first.
            unpack_sequence = UnpackSequence (seq: word, out: out, count: int) -> int, Negative, Anything;

            /// Unpacks to the words at `out`: `before` items, a list, and `after` items.
            unpack_ex = UnpackEx (seq: word, out: out, before: int, after: int) -> int, Negative, Anything;

            // --- Generators and coroutines --------------------------------------------------------------------
            /// Sends a value to an iterator that is delegated to: 0 and what it yields, or 1 and what it returns.
            send = Send (receiver: word, value: word, out: out) -> int, Negative, Anything;
            /// The iterator of a `yield from` in `code`.
            yield_from_iter = YieldFromIter (iterable: word, code: word) -> own, Null, Anything;
            /// The value of a `StopIteration` that ends a delegation; raises any other exception again.
            cleanup_throw = CleanupThrow (exc: word) -> own, Null, Anything;
            /// The iterator behind `await`; the number says for which statement an error is worded.
            get_awaitable = GetAwaitable (a: word, which: int) -> own, Null, Anything;
            /// `aiter(a)`.
            get_async_iter = GetAsyncIter (a: word) -> own, Null, Anything;
            /// The awaitable of the next item.
            get_async_next = GetAsyncNext (iterator: word) -> own, Null, Anything;
            /// Raises the exception again unless it is `StopAsyncIteration`.
            end_async_for = EndAsyncFor (exc: word) -> int, Negative, Anything;

            // --- Patterns -------------------------------------------------------------------------------------
            /// Whether mapping patterns can match.
            match_mapping = MatchMapping (subject: word) -> int, Negative, Heap;
            /// Whether sequence patterns can match.
            match_sequence = MatchSequence (subject: word) -> int, Negative, Heap;
            /// A tuple of the values of the keys, or None.
            match_keys = MatchKeys (subject: word, keys: word) -> own, Null, Anything;
            /// A tuple of the attributes that `count` positional patterns and the named ones look at, or None.
            match_class = MatchClass (subject: word, class: word, count: int, names: word) -> own, Null, Anything;

            // --- Construction ---------------------------------------------------------------------------------
            /// A list of the `count` words at `items`, whose references it consumes.
            build_list = BuildList (items: steal_items) -> own, Null, Heap;
            /// A tuple of the `count` words at `items`, whose references it consumes.
            build_tuple = BuildTuple (items: steal_items) -> own, Null, Heap;
            /// A set of the `count` words at `items`, borrowed.
            build_set = BuildSet (items: items) -> own, Null, Anything;
            /// A dict of `count` key and value pairs at `items`, borrowed.
            build_map = BuildMap (items: items) -> own, Null, Anything;
            /// The concatenation of `count` strings at `items`, borrowed.
            build_string = BuildString (items: items) -> own, Null, Heap;
            /// A checked list of the class that type number `index` of `code` is, with the items of a list, whose types are known to fit.
            build_checked_list = BuildCheckedList (code: word, index: int, list: word) -> own, Null, Anything;
            /// A checked dict of the class that type number `index` of `code` is, with the items of a dict, whose types are known to fit.
            build_checked_map = BuildCheckedMap (code: word, index: int, dict: word) -> own, Null, Anything;
            /// The static class that class number `index` of `code` declares, from the function of its body and its bases.
            build_static_class = BuildStaticClass (code: word, index: int, body: word, bases: word, metaclass: word) -> own, Null, Anything;
            /// A zeroed static array of the class that type number `index` of `code` is.
            build_array = BuildArray (code: word, index: int, length: int) -> own, Null, Anything;
            /// Makes room in a static vector for one more element.
            vector_grow = VectorGrow (vector: word) -> int, Negative, Heap;
            /// Raises what `pop` of a static vector raises that is empty or whose memory is on loan.
            raise_pop_error = RaisePopError (vector: word) -> own, Null, Heap;
            /// The default of parameter `position` of the callee that function number `index` of `code` is.
            load_default = LoadDefault (code: word, index: int, receiver: word, position: int) -> own, Null, Anything;
            /// `list.append(list, item)`, for a list that is being built.
            list_append = ListAppend (list: word, item: word) -> int, Negative, Container;
            /// `list.extend(list, iterable)`.
            list_extend = ListExtend (list: word, iterable: word) -> int, Negative, Anything;
            /// `set.add(set, item)`.
            set_add = SetAdd (set: word, item: word) -> int, Negative, Anything;
            /// `set.update(set, iterable)`.
            set_update = SetUpdate (set: word, iterable: word) -> int, Negative, Anything;
            /// `dict[key] = value`, for a dict that is being built.
            dict_set = DictSet (dict: word, key: word, value: word) -> int, Negative, Anything;
            /// `dict.update(dict, other)`.
            dict_update = DictUpdate (dict: word, other: word) -> int, Negative, Anything;
            /// As `dict_update`, but a duplicate key is an error, for `**kwargs` of `callable`.
            dict_merge = DictMerge (dict: word, other: word, callable: word) -> int, Negative, Anything;
            /// A function of `code` with these globals.
            make_function = MakeFunction (globals: word, code: word) -> own, Null, Heap;
            /// Sets defaults, annotations or closure of a new function; consumes `value`.
            set_function_attribute = SetFunctionAttribute (function: word, value: steal, which: int) -> void, Never, Container;
            /// A new cell holding `value`, which may be 0.
            make_cell = MakeCell (value: word) -> own, Null, Heap;
            /// `format(value, spec)`; `spec` may be 0.
            format_value = FormatValue (value: word, spec: word) -> own, Null, Anything;
            /// `str`, `repr` or `ascii` of a value, by number.
            convert_value = ConvertValue (value: word, which: int) -> own, Null, Anything;
            /// An interpolation of a template string; `spec` may be 0, the operand is the instruction's.
            build_interpolation = BuildInterpolation (value: word, expression: word, spec: word, operand: int) -> own, Null, Heap;
            /// A template string of tuples of strings and interpolations.
            build_template = BuildTemplate (strings: word, interpolations: word) -> own, Null, Heap;
            /// `import name` with level and from-list, by code with these globals.
            import_name = ImportName (globals: word, locals: word, name: word, fromlist: word, level: word) -> own, Null, Anything;
            /// `from module import name`.
            import_from = ImportFrom (module: word, name: word) -> own, Null, Anything;

            // --- Boxing ---------------------------------------------------------------------------------------
            /// An int object from a 64-bit integer that needs no tag or does not fit one.
            box_i64 = BoxI64 (value: int) -> own, Never, Heap;
            /// An int object from an unsigned 64-bit integer.
            box_u64 = BoxU64 (value: int) -> own, Never, Heap;
            /// A float object.
            box_f64 = BoxF64 (value: float) -> own, Never, Heap;
            /// The value of an int object; `OverflowError` outside the range of type code `code`.
            unbox_int = UnboxInt (value: word, code: int) -> int, Pending, Heap;
            /// The value of a float or int object as a double.
            unbox_f64 = UnboxF64 (value: word) -> float, Pending, Heap;

            // --- Static Python --------------------------------------------------------------------------------
            /// A new instance of `class` without running `__new__` or `__init__`; fields unset or zero.
            tp_alloc = TpAlloc (class: word) -> own, Null, Heap;
            /// Checks `value` against type number `index` of the code object `code`; raises `TypeError` if it does not fit.
            cast = Cast (value: word, code: word, index: int) -> int, Negative, Anything;
            /// Whether the class of `value` is `class` or a subclass of it; no `__instancecheck__` runs.
            is_instance = IsInstance (value: word, class: word) -> int, Never, Nothing;
            /// What field number `index` of the code object `code` is in `owner`, in whose class a property may stand in its place.
            load_stand_in = LoadStandIn (owner: word, code: word, index: int) -> own, Null, Anything;
            /// Stores `value`, of the field's type, into field number `index` of the code object `code`, or hands it to the property in its place.
            store_stand_in = StoreStandIn (owner: word, value: word, code: word, index: int) -> int, Negative, Anything;
            /// Writes any `float` or `int` object into a NaN-boxed slot.
            store_float_slot = StoreFloatSlot (obj: word, offset: int, value: word) -> void, Never, Container;
            /// Releases what a NaN-boxed slot holds, before a double is written over it.
            clear_float_slot = ClearFloatSlot (obj: word, offset: int) -> void, Never, Container;
            /// Floor-less quotient of doubles with Python's sign rule for `//`; zero divisors raise.
            double_floordiv = DoubleFloordiv (a: float, b: float) -> float, Pending, Nothing;
            /// Remainder of doubles with Python's sign rule; zero divisors raise.
            double_mod = DoubleMod (a: float, b: float) -> float, Pending, Nothing;
            /// `a ** b` of floats with a positive base, as C computes it.
            float_pow = FloatPow (a: float, b: float) -> float, Never, Nothing;
            /// `a ** b` of doubles.
            double_pow = DoublePow (a: float, b: float) -> float, Pending, Nothing;
            /// `a op b` of integers of a type, by the numbers of operator and type; a result outside of the type raises `OverflowError`.
            trapping_binary = TrappingBinary (op: int, code: int, a: int, b: int) -> int, Pending, Heap;
            /// Raises `ZeroDivisionError` for ints (0) or floats (1).
            raise_zero_division = RaiseZeroDivision (kind: int) -> own, Null, Heap;
            /// Raises `ValueError: negative shift count`.
            raise_negative_shift = RaiseNegativeShift () -> own, Null, Heap;

            // --- Exceptions -----------------------------------------------------------------------------------
            /// `raise exc from cause`; either may be 0.
            raise = Raise (exc: word, cause: word) -> own, Null, Anything;

            /// Raises an exception as it is.
            reraise = Reraise (exc: word) -> own, Null, Heap;
            /// Makes an exception the handled one, or none for 0, and gives the previous one.
            exchange_handled = ExchangeHandled (exc: steal) -> null_own, Never, Container;
            /// Whether an exception is of a class or of one of a tuple of classes.
            matches_exception = MatchesException (exc: word, class: word) -> int, Negative, Anything;
            /// What is left of an exception group, and what matches the classes.
            matches_group = MatchesGroup (exc: word, class: word, out: out) -> int, Negative, Anything;
            /// Enters a context: its bound `__exit__`, and what `__enter__` gives.
            enter_context = EnterContext (manager: word, out: out) -> int, Negative, Anything;
            /// Enters an asynchronous context: its bound `__aexit__`, and the awaitable of `__aenter__`.
            enter_async_context = EnterAsyncContext (manager: word, out: out) -> int, Negative, Anything;
            /// `exit(type, exc, traceback)`.
            call_exit = CallExit (exit: word, exc: word) -> own, Null, Anything;

            // --- Reference counts -----------------------------------------------------------------------------
            /// Destroys an object whose count reached zero. Called through a thunk that preserves all registers.
            dealloc = Dealloc (obj: word) -> void, Never, Anything;
        }
    };
}

for_each_helper!(helper_table);

impl HelperId {
    /// Everything the table says about the helper.
    pub fn signature(self) -> &'static Signature {
        &HELPERS[self as usize]
    }

    /// The helper called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.signature().name == name)
    }
}

impl Signature {
    /// Whether the helper may raise.
    pub const fn may_raise(&self) -> bool {
        !matches!(self.fails, Fails::Never)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for &id in HelperId::ALL {
            assert_eq!(HelperId::from_name(id.signature().name), Some(id));
        }
    }

    #[test]
    fn failure_signals_fit_the_result() {
        for &id in HelperId::ALL {
            let sig = id.signature();
            let fits = match sig.fails {
                Fails::Never => true,
                Fails::Null => sig.ret == Return::Own,
                Fails::Negative => sig.ret == Return::Int,
                Fails::Pending => sig.ret != Return::Void,
            };
            assert!(fits, "{}: {:?} cannot signal failure as {:?}", sig.name, sig.ret, sig.fails);
        }
    }

    #[test]
    fn arguments_fit_the_registers() {
        for sig in HELPERS {
            let floats = sig.params.iter().filter(|&&p| p == Param::Float).count();
            let counts = sig.params.iter().filter(|p| matches!(p, Param::Items | Param::StealItems)).count();
            assert!(
                floats <= 8 && sig.params.len() + counts - floats <= 6,
                "{} has too many arguments",
                sig.name
            );
        }
    }
}
