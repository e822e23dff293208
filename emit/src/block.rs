//! One code object under construction.
//!
//! Instructions are appended in order; jumps name labels; every instruction remembers its source range and the innermost
//! handler around it, so that the exception table falls out of a single scan. The stack depth is followed while
//! emitting, because handlers and jumps need it, from the same table of effects that the verifier uses.

use bytecode::code::CellKind;
use bytecode::{
    ClassDecl, Code, Const, FieldDescr, FunctionDescr, Local, Opcode, SourceRange, TypeCode, TypeDescr, Word,
    effect,
};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;
use typeck::scope::ScopeId;

/// A place that jumps go to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Label(u32);

/// Where exceptions go from here, and how much of the stack survives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HandlerRef {
    pub(crate) label: Label,
    pub(crate) depth: u32,
}

/// One instruction before labels are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inst {
    pub(crate) opcode: Opcode,
    /// The operand; for jumps, the number of the label.
    pub(crate) operand: u32,
    pub(crate) range: SourceRange,
    pub(crate) handler: Option<HandlerRef>,
}

impl Inst {
    /// The label that a jump goes to.
    pub(crate) fn target(&self) -> Option<Label> {
        self.opcode.jumps().then_some(Label(self.operand))
    }
}

impl Label {
    /// Its number.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// See the module documentation.
#[derive(Default)]
pub(crate) struct Block {
    /// Pools and properties; its `words` stay empty until assembly.
    pub(crate) code: Code,
    pub(crate) insts: Vec<Inst>,
    /// For each label, the instruction it stands before.
    pub(crate) labels: Vec<Option<u32>>,
    /// For each label, the depth with which it is reached.
    label_depths: Vec<Option<u32>>,
    /// The depth at the end of the code; behind a terminator, what the structure of the source implies.
    depth: u32,
    /// Whether control cannot arrive at the end of the code.
    is_dead: bool,
    handlers: Vec<HandlerRef>,
    range: SourceRange,
    names: PoolIndex,
    constants: PoolIndex,
    types: PoolIndex,
    fields: PoolIndex,
    functions: PoolIndex,
    locals: FxHashMap<LocalOwner, PoolIndex>,
}

impl Block {
    /// An empty block with these properties.
    pub(crate) fn new(code: Code) -> Self {
        Self { code, ..Self::default() }
    }

    // --- Instructions ---

    /// Sets the source range of what follows; returns the previous one.
    pub(crate) fn set_range(&mut self, range: SourceRange) -> SourceRange {
        std::mem::replace(&mut self.range, range)
    }

    /// Appends an instruction that does not jump.
    pub(crate) fn op(&mut self, opcode: Opcode, operand: u32) {
        debug_assert!(!opcode.jumps(), "{} needs a label", opcode.name());
        self.push(opcode, operand);
        let word = Word::new(opcode, operand);
        self.change_depth(word, opcode.info().flags.ends_block);
    }

    /// Appends an instruction without operand.
    pub(crate) fn op0(&mut self, opcode: Opcode) {
        self.op(opcode, 0);
    }

    /// Appends a jump.
    pub(crate) fn jump(&mut self, opcode: Opcode, to: Label) {
        self.push(opcode, to.0);
        let word = Word::new(opcode, 0);
        let (_, jumps) = effect::depth_change(&self.code, word).unwrap_or((0, 0));
        self.label_depths[to.index()].get_or_insert(self.depth.saturating_add_signed(jumps));
        self.change_depth(word, opcode.info().flags.ends_block);
    }

    fn push(&mut self, opcode: Opcode, operand: u32) {
        let handler = self.handlers.last().copied();
        self.insts.push(Inst { opcode, operand, range: self.range, handler });
    }

    fn change_depth(&mut self, word: Word, ends: bool) {
        let (falls, _) = effect::depth_change(&self.code, word).unwrap_or((0, 0));
        self.depth = self.depth.saturating_add_signed(falls);
        self.is_dead |= ends;
    }

    /// A label that stands nowhere yet.
    pub(crate) fn label(&mut self) -> Label {
        self.labels.push(None);
        self.label_depths.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts the label here.
    pub(crate) fn mark(&mut self, label: Label) {
        self.labels[label.index()] = Some(self.insts.len() as u32);
        match self.label_depths[label.index()] {
            Some(known) => {
                debug_assert!(self.is_dead || self.depth == known, "stack depths differ at a label");
                self.depth = known;
                self.is_dead = false;
            }
            None => self.label_depths[label.index()] = Some(self.depth),
        }
    }

    /// Whether the label stands somewhere already.
    pub(crate) fn is_marked(&self, label: Label) -> bool {
        self.labels[label.index()].is_some()
    }

    /// Whether control can arrive at the end of the code.
    pub(crate) fn is_reachable(&self) -> bool {
        !self.is_dead
    }

    /// The current stack depth.
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// Control cannot arrive here; the structure of the source implies `depth`.
    pub(crate) fn continue_dead_at(&mut self, depth: u32) {
        self.depth = depth;
        self.is_dead = true;
    }

    // --- Handlers ---

    /// Exceptions go to `label` from here on; the stack is cut to its current depth.
    pub(crate) fn push_handler(&mut self, label: Label) {
        let depth = self.depth();
        self.push_handler_at(label, depth);
    }

    /// Exceptions go to `label` from here on; the stack is cut to `depth`.
    pub(crate) fn push_handler_at(&mut self, label: Label, depth: u32) {
        self.label_depths[label.index()] = Some(depth + 1);
        self.handlers.push(HandlerRef { label, depth });
    }

    /// The previous handler is in force again.
    pub(crate) fn pop_handler(&mut self) {
        self.handlers.pop().expect("handlers are pushed and popped in pairs");
    }

    /// How many handlers are in force.
    pub(crate) fn handler_count(&self) -> usize {
        self.handlers.len()
    }

    /// Takes handlers out of force down to `count`; returns them for [`Self::restore_handlers`].
    pub(crate) fn suspend_handlers(&mut self, count: usize) -> Vec<HandlerRef> {
        self.handlers.split_off(count)
    }

    /// Puts suspended handlers back in force.
    pub(crate) fn restore_handlers(&mut self, handlers: Vec<HandlerRef>) {
        self.handlers.extend(handlers);
    }

    // --- Pools ---

    /// Index of a constant.
    pub(crate) fn constant(&mut self, constant: Const) -> u32 {
        let hash = hash_of(&constant);
        self.constants.place(&mut self.code.consts, constant, hash, Const::is_same)
    }

    /// Index of a name.
    pub(crate) fn name(&mut self, name: &str) -> u32 {
        let (names, hash) = (&mut self.code.names, hash_of_name(name));
        self.names.find(hash, |at| names[at as usize] == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            self.names.add(hash, names.len() as u32 - 1)
        })
    }

    /// Index of a type.
    pub(crate) fn ty(&mut self, ty: TypeDescr) -> u32 {
        self.types.place_by_hash(&mut self.code.types, ty)
    }

    /// Index of a field.
    pub(crate) fn field(&mut self, field: FieldDescr) -> u32 {
        self.fields.place_by_hash(&mut self.code.fields, field)
    }

    /// Index of a callee.
    pub(crate) fn function(&mut self, function: FunctionDescr) -> u32 {
        self.functions.place_by_hash(&mut self.code.functions, function)
    }

    /// Index of a class declaration, which is made once.
    pub(crate) fn class(&mut self, class: ClassDecl) -> u32 {
        self.code.classes.push(class);
        self.code.classes.len() as u32 - 1
    }

    /// Adds a local slot, to be found again by its owner and name.
    pub(crate) fn add_local(&mut self, owner: LocalOwner, name: &str, ty: TypeCode, cell: CellKind) -> u32 {
        let slot = self.code.locals.len() as u32;
        self.code.locals.push(Local { name: name.to_owned(), ty, cell });
        self.locals.entry(owner).or_default().add(hash_of_name(name), slot)
    }

    /// The slot with this owner and name.
    pub(crate) fn local(&self, owner: LocalOwner, name: &str) -> Option<u32> {
        let locals = &self.code.locals;
        self.locals.get(&owner)?.find(hash_of_name(name), |at| locals[at as usize].name == name)
    }
}

/// What a local slot belongs to; names of different owners do not meet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum LocalOwner {
    /// A variable of a scope.
    Scope(ScopeId),
    /// The primitive that a parameter of a scope has been passed as, while its variable is a cell.
    Argument(ScopeId),
    /// The compiler.
    Hidden,
}

fn hash_of_name(name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// A hash of what tells most constants apart.
fn hash_of(constant: &Const) -> u64 {
    use std::hash::Hash;
    let mut hasher = FxHasher::default();
    std::mem::discriminant(constant).hash(&mut hasher);
    match constant {
        Const::Code(code) => std::sync::Arc::as_ptr(code).hash(&mut hasher),
        Const::Int(value) => value.hash(&mut hasher),
        Const::Float(value) => value.to_bits().hash(&mut hasher),
        Const::Str(bytes) | Const::Bytes(bytes) => bytes.hash(&mut hasher),
        Const::BigInt(digits) => digits.hash(&mut hasher),
        Const::Tuple(items) => items.iter().for_each(|item| hash_of(item).hash(&mut hasher)),
        _ => {}
    }
    hasher.finish()
}

/// Where the items of a pool are, by a hash; those that have the same one stand under the next hashes.
#[derive(Default)]
struct PoolIndex(FxHashMap<u64, u32>);

impl PoolIndex {
    /// The item with this hash that is meant.
    fn find(&self, mut hash: u64, is_meant: impl Fn(u32) -> bool) -> Option<u32> {
        loop {
            let at = *self.0.get(&hash)?;
            if is_meant(at) {
                return Some(at);
            }
            hash = hash.wrapping_add(1);
        }
    }

    /// Adds an item under its hash.
    fn add(&mut self, mut hash: u64, at: u32) -> u32 {
        while self.0.contains_key(&hash) {
            hash = hash.wrapping_add(1);
        }
        self.0.insert(hash, at);
        at
    }

    /// Index of `item` in `pool`, added if it is new.
    fn place<T>(&mut self, pool: &mut Vec<T>, item: T, hash: u64, is_same: impl Fn(&T, &T) -> bool) -> u32 {
        self.find(hash, |at| is_same(&pool[at as usize], &item)).unwrap_or_else(|| {
            pool.push(item);
            self.add(hash, pool.len() as u32 - 1)
        })
    }

    fn place_by_hash<T: std::hash::Hash + PartialEq>(&mut self, pool: &mut Vec<T>, item: T) -> u32 {
        let mut hasher = FxHasher::default();
        item.hash(&mut hasher);
        self.place(pool, item, hasher.finish(), T::eq)
    }
}
