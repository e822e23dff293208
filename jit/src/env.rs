//! What the compiler is told about the running program: [`CompileEnv`] over the runtime.
//!
//! Facts that can change are either not given or followed: global names through cells, call targets through slots, methods that
//! nobody overrides through [`crate::links`].

use std::cell::RefCell;
use std::collections::BTreeSet;

use abi::layout::type_object;
use base::entity::EntityId;
use bytecode::{CodeFlags, FieldDescr, FunctionDescr, MethodKind, TypeCode, TypeDescr};
use hir::env::{
    BUILTINS, CalleePlace, CellId, ClassFacts, ClassId, ClassMember, CompileEnv, ConstId, FieldKind,
    FieldPlace, FuncId, InlineAlloc, NestedCallee, PlainCallee, Seen, StandIn,
};
use hir::ir::Type;
use hir::ir::types::Spec;
use hir::passes::inline::{FunctionSource, Refusal};
use runtime::error::types::BaseException;
use runtime::objects::checked::{CHECKED_DICT, CHECKED_LIST};
use runtime::objects::code::CodeObject;
use runtime::objects::static_array::STATIC_ARRAY;
use runtime::objects::static_vector::STATIC_VECTOR;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::type_type::TYPE;
use runtime::static_class::{self, StaticLayout};
use runtime::type_object::{TypeObject, type_flags};
use runtime::value::{Ref, Value};

use crate::context::Jit;
use crate::functions::{BodyId, Closure, Link, State};
use crate::links::taking;

/// Largest instance that machine code allocates.
const INLINE_LIMIT: usize = 512;

/// Code that has been retired so often no longer expects global names to go on meaning what they mean.
const STEADY: u32 = 3;
/// A function that has been called so often is worth its compilation.
const WARM: u32 = 16;

/// Whether a property of a subclass stands in the place of a field of a class.
fn stand_in(class: &TypeObject, name: &str) -> StandIn {
    let admits = class.static_layout().is_some_and(|layout| layout.admits_stand_in(name));
    match static_class::has_stand_in(class, name) {
        _ if !admits || class.has(type_flags::FINAL) => StandIn::Never,
        true => StandIn::Present,
        false => StandIn::Possible,
    }
}

/// An attribute of a class that is an instance of just that class, if the class finds it as classes do.
fn member_of(class: &TypeObject, name: Value) -> Option<Ref> {
    let metaclass = class.value().ty();
    let reads = |class: &TypeObject| class.slots().getattro.map(|read| read as usize);
    let is_plain = reads(metaclass) == reads(&TYPE) && metaclass.lookup(name).is_none();
    let found = class.lookup(name).filter(|_| is_plain && class.version() != 0)?;
    let is_member = found.is_exact(class) && class.slots().descr_get.is_none();
    is_member.then(|| found.to_ref())
}

/// The code with a qualified name that a code object or the code around it has as a constant.
fn code_of<'a>(object: &'a CodeObject, qualname: &str) -> Option<&'a CodeObject> {
    std::iter::successors(Some(object), |inner| inner.around()).find_map(|code| code.nested(qualname))
}

/// The word of a class whose lower half is its version. The size of its instances, beside it, stays what it is.
fn version_word(class: &TypeObject) -> i64 {
    i64::from(class.version()) | (class.basicsize() as i64) << 32
}

/// The surroundings of one compilation.
pub(crate) struct Env<'j> {
    pub(crate) jit: &'j Jit,
    /// Targets whose occupants have been built into the code.
    pub(crate) inlined: RefCell<Vec<FuncId>>,
    /// Targets that are called, with the reason.
    pub(crate) refused: RefCell<BTreeSet<(Refusal, usize)>>,
    /// Classes of whose subclasses none has a `__setattr__`, or none a `__getattribute__`, of its own.
    pub(crate) unhooked: RefCell<Vec<ClassId>>,
}

impl<'j> Env<'j> {
    pub(crate) fn new(jit: &'j Jit) -> Self {
        Self { jit, inlined: RefCell::default(), refused: RefCell::default(), unhooked: RefCell::default() }
    }

    fn body(&self, func: FuncId) -> BodyId {
        let functions = self.jit.functions.borrow();
        functions.funcs[func.index()].body.expect("code that is compiled has a body")
    }

    fn class_object<'a>(&self, class: ClassId) -> &'a TypeObject {
        self.jit.classes.borrow().class(class)
    }

    fn class_id(&self, class: &TypeObject) -> ClassId {
        self.jit.classes.borrow_mut().id(class.value())
    }
}

/// The class that a descriptor names, if it is loaded.
pub(crate) fn loaded_class(descr: &TypeDescr) -> Option<Ref> {
    let TypeDescr::Class { module, name, args, .. } = descr else { return None };
    let found = if args.is_empty() || module != "__static__" {
        static_class::resolve_class(module, name)
    } else {
        static_class::generic_class(descr).map(Some)
    };
    match found {
        Ok(found) => found.filter(|class| class.get::<TypeObject>().is_some()),
        Err(raised) => {
            drop(runtime::thread::thread().take_raised(raised));
            None
        }
    }
}

/// Bases whose instances have leaves of their own, with that of the instances of subclasses.
fn leaf_of_subclass(class: &TypeObject) -> Type {
    let bases: [(&TypeObject, Type); 5] = [
        (&BaseException, Type::EXCEPTION),
        (&CHECKED_LIST, Type::CHECKED_LIST),
        (&CHECKED_DICT, Type::CHECKED_DICT),
        (&STATIC_ARRAY, Type::ARRAY),
        (&STATIC_VECTOR, Type::VECTOR),
    ];
    bases.iter().find(|(base, _)| class.is_subtype_of(base)).map_or(Type::OTHER, |&(_, leaf)| leaf)
}

/// The leaf of instances of proper subclasses of the builtin class with this name.
fn user_leaf(name: &str) -> Option<Type> {
    Some(match name {
        "int" => Type::INT_USER,
        "float" => Type::FLOAT_USER,
        "str" => Type::STR_USER,
        "bytes" => Type::BYTES_USER,
        "list" => Type::LIST_USER,
        "tuple" => Type::TUPLE_USER,
        "dict" => Type::DICT_USER,
        "set" => Type::SET_USER,
        "type" => Type::TYPE_USER,
        _ => return None,
    })
}

impl Env<'_> {
    /// The types of instances, with and without subclasses.
    fn instance_types(&self, id: ClassId, class: &TypeObject) -> (Type, Type) {
        if let Some(&(name, exact)) = BUILTINS.get(id.index()) {
            let instance = match name {
                "object" => Type::OBJECT,
                "int" => Type::INT,
                _ => user_leaf(name).map_or(exact, |user| exact.union(user)),
            };
            return (instance, exact);
        }
        let builtin = BUILTINS.iter().enumerate().find_map(|(at, (name, _))| {
            let leaf = user_leaf(name)?;
            class.is_subtype_of(self.class_object(ClassId::from_index(at))).then_some(leaf)
        });
        let leaf = builtin.unwrap_or_else(|| leaf_of_subclass(class));
        (leaf.with_spec(Spec::Class(id)), leaf.with_spec(Spec::ExactClass(id)))
    }

    fn inline_alloc(&self, class: &TypeObject) -> Option<InlineAlloc> {
        let is_plain = class.static_layout().is_some() && class.spec().is_none();
        let size = class.basicsize().next_multiple_of(16);
        let is_possible = is_plain
            && size <= INLINE_LIMIT
            && class.layout().size == 16
            && !class.has(type_flags::ABSTRACT)
            && !class.has(type_flags::FIELD_DEFAULTS)
            && leaf_of_subclass(class) == Type::OTHER;
        is_possible.then(|| InlineAlloc {
            size: size as u32,
            is_tracked: class.has(type_flags::GC),
            is_counted: class.has(type_flags::HEAP),
        })
    }
}

impl CompileEnv for Env<'_> {
    fn class(&self, module: &str, name: &str, args: &[TypeDescr]) -> Option<ClassId> {
        let descr = TypeDescr::Class {
            module: module.to_owned(),
            name: name.to_owned(),
            exact: false,
            args: args.to_vec(),
        };
        let class = loaded_class(&descr)?;
        Some(self.jit.classes.borrow_mut().id(class.value()))
    }

    fn class_facts(&self, id: ClassId) -> ClassFacts {
        let class = self.class_object(id);
        let (instance, exact) = self.instance_types(id, class);
        ClassFacts {
            name: class.name().to_owned(),
            instance,
            exact,
            is_final: class.has(type_flags::FINAL) || !class.has(type_flags::BASE),
            depth: u32::try_from(class.depth())
                .ok()
                .filter(|&depth| (depth as usize) < type_object::DISPLAY_LEN),
            inline_alloc: self.inline_alloc(class),
        }
    }

    fn is_subclass(&self, sub: ClassId, class: ClassId) -> bool {
        self.class_object(sub).is_subclass_of(self.class_object(class))
    }

    fn field(&self, descr: &FieldDescr) -> Option<FieldPlace> {
        let class = loaded_class(&descr.class)?;
        let class = class.get::<TypeObject>()?;
        let field = class.static_layout()?.field(&descr.name)?;
        let kind = match field.kind {
            static_class::FieldKind::Object => FieldKind::Word,
            static_class::FieldKind::Float => FieldKind::FloatSlot,
            // A single is a double in registers; nothing converts it yet.
            static_class::FieldKind::Primitive(TypeCode::Single) => return None,
            static_class::FieldKind::Primitive(_) => FieldKind::Raw,
        };
        let stand_in = stand_in(class, &descr.name);
        let id = self.class_id(class);
        let [stores_ask, reads_ask] = [static_class::STORES, static_class::READS]
            .map(|hook| static_class::has_hooked_subclass(class, hook));
        let relies = !stores_ask || !reads_ask;
        let mut unhooked = self.unhooked.borrow_mut();
        if relies && !unhooked.contains(&id) {
            unhooked.push(id);
        }
        Some(FieldPlace {
            class: id,
            offset: field.offset as u32,
            kind,
            stand_in,
            stores_ask,
            may_ask: !class.has(type_flags::FINAL),
            reads_ask,
        })
    }

    fn callee(&self, descr: &FunctionDescr, is_virtual: bool) -> Option<CalleePlace> {
        if descr.kind == MethodKind::Native {
            let func = self.jit.native_target(descr)?;
            return Some(CalleePlace { func, slot: None });
        }
        if !is_virtual {
            let func = self.jit.target(Link::Direct(descr.clone()))?;
            return Some(CalleePlace { func, slot: None });
        }
        let (Some(class), name) = descr.split_name() else { return None };
        let class = loaded_class(&TypeDescr::class(&descr.module, class))?;
        let object = class.get::<TypeObject>()?;
        let at = StaticLayout::vtable_index(object.static_layout()?.method(name, descr.kind)?);
        let is_overridden = crate::links::is_overridden(object, name, descr.kind);
        let slot = match static_class::introducer(object, name, descr.kind) {
            _ if !is_overridden => None,
            None => Some(at),
            Some(_) if static_class::is_second_base(object) => self.jit.interface(object, name, descr.kind),
            Some(_) => None,
        };
        if let Some(at) = slot {
            let func = self.jit.target(Link::Entry(descr.clone(), class))?;
            return Some(CalleePlace { func, slot: Some(at as u32) });
        }
        let func = self.jit.target(Link::Unique(descr.clone(), class.clone(), at))?;
        if is_overridden {
            self.jit.dispatch(func);
        }
        Some(CalleePlace { func, slot: None })
    }

    fn nested_callee(&self, code: FuncId, descr: u32) -> Option<NestedCallee> {
        let body = self.body(code);
        let (object, globals, builtins) = {
            let functions = self.jit.functions.borrow();
            let body = &functions.bodies[body];
            (body.code_object(), body.globals_dict(), body.builtins.clone())
        };
        let descr = &object.code().functions[descr as usize];
        let found = code_of(object, &descr.name)?;
        let fits = found.code().signature.as_ref() == Some(&descr.signature);
        if !fits || hir::needs_frame(found.code()) || found.has(CodeFlags::SUSPENDS) {
            return None;
        }
        let (func, takes_closure) = self.jit.nested_target(found, globals, builtins.value())?;
        let code = self.jit.consts.borrow_mut().id(Value::from_object(found));
        Some(NestedCallee { func, code, takes_closure })
    }

    fn needs_frame(&self, func: FuncId) -> bool {
        if !self.jit.bind(func) {
            return false;
        }
        let body = self.body(func);
        hir::needs_frame(self.jit.functions.borrow().bodies[body].code_object().code())
    }

    fn constant(&self, code: FuncId, index: u32) -> ConstId {
        let body = self.body(code);
        let object = self.jit.functions.borrow().bodies[body].code_object().consts()[index as usize].value();
        self.jit.consts.borrow_mut().id(object)
    }

    fn name(&self, code: FuncId, index: u32) -> ConstId {
        let body = self.body(code);
        let object = self.jit.functions.borrow().bodies[body].code_object().names()[index as usize].value();
        self.jit.consts.borrow_mut().id(object)
    }

    fn global_cell(&self, code: FuncId, index: u32) -> Option<CellId> {
        let body = self.body(code);
        let functions = self.jit.functions.borrow();
        let body = &functions.bodies[body];
        let name = body.code_object().names()[index as usize].value();
        name.get::<StrObject>()?;
        let is_plain = |dict: &Ref| dict.get_exact::<runtime::objects::dict::DictObject>().is_some();
        if !is_plain(&body.globals) || !is_plain(&body.builtins) {
            return None;
        }
        Some(self.jit.cells.borrow_mut().id(body.globals.value(), body.builtins.value(), name))
    }

    fn seen(&self, code: FuncId, offset: u32) -> Option<Seen> {
        use bytecode::Opcode as B;
        if self.jit.control.ignores_seen() {
            return None;
        }
        let body = self.body(code);
        let object = self.jit.functions.borrow().bodies[body].code_object();
        match object.words()[offset as usize].get().opcode() {
            B::BINARY_OP_ADD_INT
            | B::BINARY_OP_SUBTRACT_INT
            | B::BINARY_OP_MULTIPLY_INT
            | B::COMPARE_OP_INT
            | B::JUMP_IF_LESS_INT
            | B::JUMP_IF_LESS_EQUAL_INT
            | B::JUMP_IF_EQUAL_INT
            | B::JUMP_IF_NOT_EQUAL_INT
            | B::JUMP_IF_GREATER_INT
            | B::JUMP_IF_GREATER_EQUAL_INT => Some(Seen::Ints),
            B::BINARY_OP_ADD_FLOAT
            | B::BINARY_OP_SUBTRACT_FLOAT
            | B::BINARY_OP_MULTIPLY_FLOAT
            | B::BINARY_OP_DIVIDE_FLOAT
            | B::COMPARE_OP_FLOAT_JUMP => Some(Seen::Floats),
            _ => None,
        }
    }

    fn plain_callee(&self, code: FuncId, name: u32, args: usize) -> Option<PlainCallee> {
        let cell = self.global_cell(code, name)?;
        let found = self.jit.cells.borrow().value(cell)?;
        let function = taking(&found, args)?;
        let func = self.jit.target(Link::Function(found.clone(), args))?;
        let is_steady = self.jit.functions.borrow().bodies[self.body(code)].retired < STEADY;
        if !is_steady || !self.jit.bind(func) || hir::needs_frame(function.code().code()) {
            return None;
        }
        let has_code = match self.jit.functions.borrow().bodies[self.body(func)].state {
            State::Compiled(_) | State::Compiling => true,
            State::New => function.code().calls.get() >= self.jit.settings.thresholds().0.min(WARM),
            State::Refused(_) => false,
        };
        let object = self.jit.consts.borrow_mut().id(found.value());
        has_code.then(|| PlainCallee { func, object, name: function.code().code().qualname.clone() })
    }

    fn class_member(&self, code: FuncId, name: u32, attribute: u32) -> Option<ClassMember> {
        let cell = self.global_cell(code, name)?;
        let found = self.jit.cells.borrow().value(cell)?;
        let (class, body) = (found.get::<TypeObject>()?, self.body(code));
        let functions = self.jit.functions.borrow();
        let body = &functions.bodies[body];
        let attribute = body.code_object().names()[attribute as usize].value();
        let member = member_of(class, attribute).filter(|_| body.retired < STEADY)?;
        let exact = self.jit.classes.borrow_mut().id(found.value());
        let ty = self.class_facts(exact).exact;
        let mut consts = self.jit.consts.borrow_mut();
        let (class_id, member) = (consts.id(found.value()), consts.id(member.value()));
        Some(ClassMember { class: class_id, version: version_word(class), member, ty })
    }

    fn guesses(&self, code: FuncId) -> bool {
        let body = self.body(code);
        let functions = self.jit.functions.borrow();
        let body = &functions.bodies[body];
        body.retired == 0 && body.code_object().has(CodeFlags::STATIC)
    }

    fn shows_static(&self) -> bool {
        self.jit.shows_static()
    }

    fn namespaces(&self, code: FuncId) -> (ConstId, ConstId) {
        let body = self.body(code);
        let functions = self.jit.functions.borrow();
        let body = &functions.bodies[body];
        let mut consts = self.jit.consts.borrow_mut();
        (consts.id(body.globals.value()), consts.id(body.builtins.value()))
    }

    fn closure_cell(&self, code: FuncId, index: u32) -> Option<ConstId> {
        let body = self.body(code);
        let functions = self.jit.functions.borrow();
        let Closure::Always(closure) = &functions.bodies[body].closure else { return None };
        let cell = *closure.get::<TupleObject>()?.items().get(index as usize)?;
        Some(self.jit.consts.borrow_mut().id(cell))
    }

    fn code_object(&self, code: FuncId) -> ConstId {
        let body = self.body(code);
        let object = self.jit.functions.borrow().bodies[body].code.value();
        self.jit.consts.borrow_mut().id(object)
    }
}

impl FunctionSource for Env<'_> {
    fn body(&self, func: FuncId) -> Option<hir::ir::Function> {
        if self.jit.control.leaves_calls() || !self.jit.bind(func) || !self.jit.is_inlinable(func) {
            return None;
        }
        let body = self.body(func);
        let code = self.jit.functions.borrow().bodies[body].code_object();
        let built = hir::build(code.code(), func, self, hir::Start::Call).ok()?;
        self.inlined.borrow_mut().push(func);
        Some(built)
    }

    fn note_refusal(&self, callee: FuncId, why: Refusal) {
        self.refused.borrow_mut().insert((why, callee.index()));
    }
}
