//! Names: which instruction reads, binds or unbinds a variable.

use std::borrow::Cow;

use bytecode::code::CellKind;
use bytecode::{Opcode, TypeCode};
use typeck::scope::{Resolution, ScopeId, ScopeKind};
use typeck::ty::Primitive;

use crate::block::LocalOwner;
use crate::module::Emitter;
use crate::statics::type_code;

/// How a variable is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Access {
    /// A local slot.
    Fast(u32),
    /// A cell in a local slot.
    Deref(u32),
    /// A cell in a class body, where the namespace comes first.
    ClassDeref(u32),
    /// A global.
    Global,
    /// A name of a module's or class's namespace.
    Name,
    /// A global, unless the namespace of the class around has it; the slot holds that namespace.
    ClassGlobal(u32),
    /// An enclosing variable, unless the namespace of the class around has it.
    ClassFree { namespace: u32, cell: u32 },
}

impl Emitter<'_, '_> {
    /// Pushes a variable.
    pub(crate) fn load_name(&mut self, name: &str) {
        if let Some(constant) = self.folded_name(name) {
            return self.load_const(constant);
        }
        let name = self.mangled(name);
        match self.access(&name) {
            Access::Fast(slot) => self.local_op(Opcode::LOAD_FAST_CHECK, Opcode::LOAD_LOCAL, slot),
            Access::Deref(slot) => {
                self.block().op(Opcode::LOAD_DEREF, slot);
                if let Some(code) = self.cell_code(&name) {
                    self.block().op(Opcode::PRIMITIVE_UNBOX, code as u32);
                }
            }
            Access::ClassDeref(slot) => {
                self.block().op0(Opcode::LOAD_LOCALS);
                self.block().op(Opcode::LOAD_FROM_DICT_OR_DEREF, slot);
            }
            Access::Global => self.name_op(Opcode::LOAD_GLOBAL, &name),
            Access::Name => self.name_op(Opcode::LOAD_NAME, &name),
            Access::ClassGlobal(namespace) => {
                self.block().op(Opcode::LOAD_DEREF, namespace);
                self.name_op(Opcode::LOAD_FROM_DICT_OR_GLOBALS, &name);
            }
            Access::ClassFree { namespace, cell } => {
                self.block().op(Opcode::LOAD_DEREF, namespace);
                self.block().op(Opcode::LOAD_FROM_DICT_OR_DEREF, cell);
            }
        }
    }

    /// Pushes a primitive variable; one of the module is boxed there.
    pub(crate) fn load_primitive_name(&mut self, name: &str, primitive: Primitive) {
        self.load_name(name);
        let name = self.mangled(name);
        if matches!(self.access(&name), Access::Global | Access::Name | Access::ClassGlobal(_)) {
            self.block().op(Opcode::PRIMITIVE_UNBOX, type_code(primitive) as u32);
        }
    }

    /// The constant that stands for a name of the module.
    pub(crate) fn folded_name(&mut self, name: &str) -> Option<bytecode::Const> {
        let checked = self.checked?;
        let name = self.mangled(name);
        let constant = checked.final_constant(checked.module, &name)?;
        matches!(self.access(&name), Access::Global | Access::Name).then_some(constant)
    }

    /// Pops into a variable.
    pub(crate) fn store_name(&mut self, name: &str) {
        let name = self.mangled(name);
        match self.access(&name) {
            Access::Fast(slot) => self.local_op(Opcode::STORE_FAST, Opcode::STORE_LOCAL, slot),
            Access::Deref(slot) | Access::ClassDeref(slot) | Access::ClassFree { cell: slot, .. } => {
                if let Some(code) = self.cell_code(&name) {
                    self.block().op(Opcode::PRIMITIVE_BOX, code as u32);
                }
                self.block().op(Opcode::STORE_DEREF, slot);
            }
            Access::Global | Access::ClassGlobal(_) => self.name_op(Opcode::STORE_GLOBAL, &name),
            Access::Name => self.name_op(Opcode::STORE_NAME, &name),
        }
    }

    /// The primitive whose box the cell of a variable holds.
    fn cell_code(&self, name: &str) -> Option<TypeCode> {
        let (owner, _) = self.scopes.lookup(self.scope_id(), name);
        Some(self.slot_type(owner, name)).filter(|code| *code != TypeCode::Object)
    }

    /// Unbinds a variable.
    pub(crate) fn delete_name(&mut self, name: &str) {
        let name = self.mangled(name);
        match self.access(&name) {
            Access::Fast(slot) => self.block().op(Opcode::DELETE_FAST, slot),
            Access::Deref(slot) | Access::ClassDeref(slot) | Access::ClassFree { cell: slot, .. } => {
                self.block().op(Opcode::DELETE_DEREF, slot);
            }
            Access::Global | Access::ClassGlobal(_) => self.name_op(Opcode::DELETE_GLOBAL, &name),
            Access::Name => self.name_op(Opcode::DELETE_NAME, &name),
        }
    }

    /// Appends an instruction whose operand is a name.
    pub(crate) fn name_op(&mut self, opcode: Opcode, name: &str) {
        let at = self.block().name(name);
        self.block().op(opcode, at);
    }

    /// The name as it is stored inside the current class.
    pub(crate) fn mangled<'n>(&self, name: &'n str) -> Cow<'n, str> {
        self.scopes.table[self.scope_id()].mangle(name)
    }

    /// The name as the module has it, if it is one of the module's variables that is meant here.
    pub(crate) fn module_name(&self, name: &str) -> Option<String> {
        let checked = self.checked?;
        let name = self.mangled(name);
        let (owner, resolution) = self.scopes.lookup(self.scope_id(), &name);
        let is_module = self.scopes.table[owner].kind == ScopeKind::Module;
        let is_global = match resolution {
            Resolution::GlobalExplicit | Resolution::GlobalImplicit | Resolution::Outer => true,
            Resolution::Local => is_module,
            Resolution::Cell | Resolution::Free => false,
        };
        let members = &checked.program.modules[checked.module].members;
        (is_global && members.contains_key(&*name)).then(|| name.into_owned())
    }

    fn access(&mut self, name: &str) -> Access {
        let (owner, resolution) = self.scopes.lookup(self.scope_id(), name);
        let scope = &self.scopes.table[owner];
        let is_namespace = matches!(scope.kind, ScopeKind::Module | ScopeKind::Class);
        match resolution {
            Resolution::Local if is_namespace => Access::Name,
            Resolution::Local => Access::Fast(self.slot(owner, name)),
            Resolution::Cell => Access::Deref(self.slot(owner, name)),
            Resolution::Free if scope.kind == ScopeKind::Class => Access::ClassDeref(self.slot(owner, name)),
            Resolution::Free => match self.class_namespace(owner).filter(|_| name != "__classdict__") {
                Some(namespace) => Access::ClassFree { namespace, cell: self.slot(owner, name) },
                None => Access::Deref(self.slot(owner, name)),
            },
            Resolution::GlobalExplicit => Access::Global,
            Resolution::GlobalImplicit | Resolution::Outer if is_namespace => Access::Name,
            Resolution::GlobalImplicit | Resolution::Outer => {
                self.class_namespace(owner).map_or(Access::Global, Access::ClassGlobal)
            }
        }
    }

    /// The cell with the namespace of the class that a deferred block lies in.
    fn class_namespace(&mut self, owner: ScopeId) -> Option<u32> {
        let scope = &self.scopes.table[owner];
        scope.symbol("__classdict__")?;
        Some(self.slot(owner, "__classdict__"))
    }

    /// The slot of a variable of `owner`, made when it is first needed.
    pub(crate) fn slot(&mut self, owner: ScopeId, name: &str) -> u32 {
        if let Some(slot) = self.block().local(LocalOwner::Scope(owner), name) {
            return slot;
        }
        let cell = match self.scopes.table[owner].symbol(name).map(|symbol| symbol.resolution) {
            Some(Resolution::Cell) => CellKind::Cell,
            Some(Resolution::Free) => CellKind::Free,
            _ if self.scopes.table[owner].passed_on.contains(&name) => CellKind::Free,
            _ => CellKind::None,
        };
        let ty = if cell == CellKind::None { self.slot_type(owner, name) } else { TypeCode::Object };
        self.block().add_local(LocalOwner::Scope(owner), name, ty, cell)
    }

    /// A slot for a value that only the compiler names.
    pub(crate) fn hidden_slot(&mut self, ty: TypeCode) -> u32 {
        let unit = self.unit();
        unit.hidden += 1;
        let name = format!(".{}", unit.hidden);
        unit.block.add_local(LocalOwner::Hidden, &name, ty, CellKind::None)
    }
}
