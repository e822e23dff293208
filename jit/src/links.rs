//! Links between call targets and what occupies them, and what breaks them.
//!
//! - A module's name or a class's attribute changes: targets that go through it fall back to their stubs, which bind anew.
//! - A class gets a vtable: its entries become the slots of what it has under the names of the methods.
//! - A subclass overrides a method that callers reach without dispatch: the target's slot becomes a dispatcher.
//! - A subclass has a `__setattr__` or `__getattribute__` of its own: code that accesses the fields of its bases is retired.
//! - Code that has been built into other code goes stale: the other code is retired. Activations of it run to their end.

use base::entity::EntityId;
use bytecode::{CodeFlags, FunctionDescr, MethodKind};
use hir::env::FuncId;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::static_class::{self, StaticLayout};
use runtime::static_method;
use runtime::type_object::{TypeObject, type_flags};
use runtime::value::{Ref, Value};

use crate::context::{Jit, jit};
use crate::continuation::Progress;
use crate::functions::{Closure, Link, State};
use crate::thunk;

impl Jit {
    /// The target of a link.
    pub(crate) fn target(&self, link: Link) -> Option<FuncId> {
        self.functions.borrow_mut().func(link, &self.memory, self.islands.bridge)
    }

    /// The target of the code that nested functions have, and whether it takes their closure.
    pub(crate) fn nested_target(
        &self,
        code: &CodeObject,
        globals: &DictObject,
        builtins: Value,
    ) -> Option<(FuncId, bool)> {
        let mut functions = self.functions.borrow_mut();
        let body = functions.body_of_code(code, globals, builtins, &self.memory, self.islands.bridge)?;
        let body = &mut functions.bodies[body];
        if matches!(body.closure, Closure::Unknown) {
            body.closure = if code.code().free_count() > 0 { Closure::PerCall } else { Closure::None };
        }
        match body.closure {
            Closure::PerCall => Some((body.func, true)),
            Closure::None => Some((body.func, false)),
            Closure::Always(_) | Closure::Unknown => None,
        }
    }

    /// The target that is a function of a C library; nothing if there is no such function, as the interpreter will say.
    pub(crate) fn native_target(&self, descr: &FunctionDescr) -> Option<FuncId> {
        let Ok(symbol) = runtime::native_library::symbol(&descr.module, &descr.name) else {
            drop(runtime::thread::thread().fetch_raised());
            return None;
        };
        let func = self.target(Link::Native(descr.clone()))?;
        if !self.native_entries.borrow().contains_key(&func) {
            let entry = thunk::native_entry(&self.memory, symbol)?;
            self.native_entries.borrow_mut().insert(func, entry);
            self.functions.borrow().point(func, entry, &self.memory);
        }
        Some(func)
    }

    /// What a target stands for now.
    pub(crate) fn occupant(&self, func: FuncId) -> Option<Ref> {
        let link = self.functions.borrow().funcs[func.index()].link.clone();
        let found = match &link {
            Link::Body | Link::Native(_) => return None,
            Link::Function(function, _) => Some(function.clone()),
            Link::Direct(descr) | Link::Unique(descr, ..) => interp::resolve_function(descr).ok(),
            Link::Entry(descr, class) => {
                let name = StrObject::intern(descr.split_name().1);
                static_method::find(class.get::<TypeObject>()?, name.value(), descr.kind).map(Value::to_ref)
            }
        };
        if found.is_none() {
            drop(runtime::thread::thread().fetch_raised());
        }
        found
    }

    /// Finds the occupant of a target; true if it is a body that takes the typed arguments.
    pub(crate) fn bind(&self, func: FuncId) -> bool {
        if self.functions.borrow().funcs[func.index()].body.is_some() {
            return true;
        }
        let link = self.functions.borrow().funcs[func.index()].link.clone();
        if link.is_overridden() {
            return false;
        }
        let Some(occupant) = self.occupant(func) else { return false };
        let function = match (&link, link.descr()) {
            (Link::Function(function, args), _) => taking(function, *args),
            (_, Some(descr)) => interp::static_target(occupant.value(), descr, link.class()),
            _ => None,
        };
        let Some(function) = function else { return false };
        let Some(body) = self.body_of(function) else { return false };
        if self.functions.borrow().bodies[body].takes_closure() {
            return false;
        }
        if let Some(descr) = link.descr() {
            watch_module(descr);
        }
        self.functions.borrow_mut().occupy(func, body);
        true
    }

    /// Whether calls of a target may be replaced by its body: nothing but a change of a module or of a final class can alter what
    /// it means.
    pub(crate) fn is_inlinable(&self, func: FuncId) -> bool {
        matches!(self.functions.borrow().funcs[func.index()].link, Link::Body | Link::Direct(_))
    }

    /// A watched namespace has changed at a name, or everywhere for null.
    fn namespace_changed(&self, dict: Value, name: Value) {
        let text = name.get::<StrObject>().map(StrObject::to_string_lossy);
        let concerns = |link: &Link| {
            if let Link::Function(function, _) = link {
                return text.is_none() && globals_of(function) == Some(dict);
            }
            let Some(descr) = link.descr() else { return false };
            let first = descr.name.split('.').next();
            text.as_deref().is_none_or(|text| first == Some(text)) && module_dict(descr) == Some(dict)
        };
        self.rebind(|link| concerns(link));
    }

    /// A class with a vtable has been made or changed.
    fn class_changed(&self, class: &TypeObject) {
        self.rebind(|link| {
            link.class().is_some_and(|owner| std::ptr::eq(owner, class)) || names_class(link, class)
        });
        self.fill_vtable(class);
        self.fill_interfaces(class);
        let overridden: Vec<FuncId> = {
            let functions = self.functions.borrow();
            let is_overridden_by = |link: &Link| match link {
                Link::Unique(descr, owner, _) => owner.get::<TypeObject>().is_some_and(|owner| {
                    class.is_subclass_of(owner) && is_overridden(owner, descr.split_name().1, descr.kind)
                }),
                _ => false,
            };
            functions.linked().filter(|(_, func)| is_overridden_by(&func.link)).map(|(id, _)| id).collect()
        };
        overridden.into_iter().for_each(|func| self.dispatch(func));
        if class.has_any(type_flags::STORES_ASK | type_flags::READS_ASK) {
            self.retire_accesses(class);
        }
    }

    /// Retires what accesses the fields of the bases of a class, whose `__setattr__` or `__getattribute__` it has not asked.
    fn retire_accesses(&self, class: &TypeObject) {
        for &base in class.mro() {
            let base = self.classes.borrow_mut().id(base);
            let users = self.accessing.borrow_mut().remove(&base).unwrap_or_default();
            users.into_iter().for_each(|body| self.retire(body));
        }
    }

    /// Makes calls of a target, which a subclass overrides, ask the receiver: its vtable or, if that has no entry for the method or the
    /// receiver is not the first argument, its class.
    pub(crate) fn dispatch(&self, func: FuncId) {
        let link = self.functions.borrow().funcs[func.index()].link.clone();
        let index = match &link {
            Link::Unique(descr, class, at) if descr.kind != MethodKind::Static => {
                class.get::<TypeObject>().and_then(|class| match static_class::is_second_base(class) {
                    true => self.interface(class, descr.split_name().1, descr.kind),
                    false => Some(*at),
                })
            }
            _ => None,
        };
        let mut functions = self.functions.borrow_mut();
        match index {
            Some(at) => functions.dispatch(func, at, &self.memory),
            None => functions.unbind(func, &self.memory),
        }
    }

    /// Targets whose link is concerned by a change, and whose occupant is another one now, fall back to their stubs.
    fn rebind(&self, concerns: impl Fn(&Link) -> bool) {
        let concerned: Vec<(FuncId, Value)> = {
            let functions = self.functions.borrow();
            let code = |body: usize| functions.bodies[body].code.value();
            let bound = functions.linked().filter(|(_, func)| concerns(&func.link));
            bound.filter_map(|(id, func)| func.body.map(|body| (id, code(body)))).collect()
        };
        for (func, code) in concerned {
            let occupant = self.occupant(func);
            let same = occupant
                .as_ref()
                .and_then(|found| found.get_exact::<FunctionObject>())
                .is_some_and(|function| Value::from_object::<CodeObject>(function.code()) == code);
            if !same {
                self.functions.borrow_mut().unbind(func, &self.memory);
                self.retire_users_of(func);
            }
        }
    }

    /// Retires all code into which the occupant of a target has been built.
    fn retire_users_of(&self, func: FuncId) {
        let users = self.inlined_in.borrow_mut().remove(&func).unwrap_or_default();
        for body in users {
            self.retire(body);
        }
    }

    /// Stops entering the code of a body.
    pub(crate) fn retire(&self, body: usize) {
        let (machine, occupied) = {
            let mut functions = self.functions.borrow_mut();
            let entry = &mut functions.bodies[body];
            for (_, progress) in std::mem::take(&mut entry.continuations) {
                if let Progress::Compiled(machine) = progress {
                    machine.is_retired.set(true);
                }
            }
            let State::Compiled(machine) = entry.state else { return };
            entry.state = State::New;
            entry.retired += 1;
            entry.code_object().jit.set(std::ptr::null_mut());
            entry.code_object().calls.set(0);
            (machine, entry.occupies.clone())
        };
        machine.is_retired.set(true);
        for func in occupied {
            let stub_only = self.functions.borrow().funcs[func.index()].body == Some(body);
            if stub_only {
                let mut functions = self.functions.borrow_mut();
                functions.unbind(func, &self.memory);
            }
        }
    }

    /// Points the vtable of a class at what it has under the names of the methods.
    pub(crate) fn fill_vtable(&self, class: &TypeObject) {
        let Some((owner, layout)) = nearest_layout(class) else { return };
        let indices = StaticLayout::vtable_index(0)..class.vtable_len();
        for (at, method) in indices.zip(&layout.methods) {
            if matches!(method.kind, MethodKind::Function | MethodKind::Native) {
                continue;
            }
            let definer = static_class::definer(owner, &method.name);
            let Some(module) = definer.module() else { return };
            let descr = FunctionDescr {
                module,
                name: format!("{}.{}", definer.name(), method.name),
                kind: method.kind,
                signature: method.signature.clone(),
                given: Box::default(),
            };
            if self.fill_entry(class, at, &descr).is_none() {
                return;
            }
        }
    }
}

/// An untyped function that takes exactly so many arguments, as they are.
pub(crate) fn taking(function: &Ref, args: usize) -> Option<&FunctionObject> {
    let function = function.get_exact::<FunctionObject>()?;
    let code = function.code().code();
    let others = CodeFlags(CodeFlags::VARARGS.0 | CodeFlags::VARKEYWORDS.0 | CodeFlags::STATIC.0);
    let is_plain = code.kwonly_count == 0 && !code.flags.intersects(others);
    let bodies = CodeFlags(CodeFlags::CLASS_BODY.0 | CodeFlags::MODULE_BODY.0 | CodeFlags::SUSPENDS.0);
    let runs = is_plain && !code.flags.intersects(bodies) && code.flags.contains(CodeFlags::NEWLOCALS);
    (runs && code.arg_count as usize == args).then_some(function)
}

fn globals_of(function: &Ref) -> Option<Value> {
    function.get_exact::<FunctionObject>().map(|function| Value::from_object(function.globals()))
}

/// Whether a subclass has another method under a name than the class has.
pub(crate) fn is_overridden(class: &TypeObject, name: &str, kind: MethodKind) -> bool {
    let name = StrObject::intern(name);
    let own = class.lookup(name.value());
    fn differs(class: &TypeObject, name: Value, own: Option<Value>, kind: MethodKind) -> bool {
        let subclasses = class.subclasses();
        subclasses
            .iter()
            .any(|sub| static_method::differs(sub, name, own, kind) || differs(sub, name, own, kind))
    }
    differs(class, name.value(), own, kind)
}

/// The static layout of a class or of its nearest static base, with the class that has it.
fn nearest_layout(class: &TypeObject) -> Option<(&TypeObject, &StaticLayout)> {
    let mut next = Some(class);
    while let Some(class) = next {
        if let Some(layout) = class.static_layout() {
            return Some((class, layout));
        }
        next = class.base();
    }
    None
}

/// Whether a direct link goes through a class.
fn names_class(link: &Link, class: &TypeObject) -> bool {
    let Link::Direct(descr) = link else { return false };
    let (Some(owner), _) = descr.split_name() else { return false };
    owner.rsplit('.').next() == Some(class.name())
}

fn module_dict(descr: &FunctionDescr) -> Option<Value> {
    let module = runtime::sys_state::modules().get_text(&descr.module)?;
    module.get::<ModuleObject>().map(|module| Value::from_object(module.dict()))
}

/// Asks to be told when the module's names change.
fn watch_module(descr: &FunctionDescr) {
    if let Some(module) = runtime::sys_state::modules().get_text(&descr.module)
        && let Some(module) = module.get::<ModuleObject>()
    {
        module.dict().watch();
    }
}

/// The hook for watched dicts.
pub(crate) fn dict_changed(dict: &runtime::objects::dict::DictObject, key: Value, is_definition: bool) {
    let jit = jit();
    if jit.is_released.get() {
        return;
    }
    let dict = Value::from_object(dict);
    jit.cells.borrow().dict_changed(dict, key);
    if is_definition {
        interp::invalidate();
        jit.namespace_changed(dict, key);
    }
}

/// The hook for classes.
pub(crate) fn class_changed(class: &TypeObject) {
    let jit = jit();
    if !jit.is_released.get() {
        jit.class_changed(class);
    }
}

/// The hook for functions whose code or defaults have changed.
pub(crate) fn function_changed(function: &FunctionObject) {
    interp::invalidate();
    function.typed_entry.set(std::ptr::null());
    let globals = Value::from_object(function.globals());
    let jit = jit();
    if !jit.is_released.get() {
        jit.namespace_changed(globals, Value::NULL);
    }
}

/// Events are to be reported, which compiled code does not: every call of compiled code asks the bridge from here on.
pub(crate) fn leave_compiled() {
    let jit = jit();
    let mut functions = jit.functions.borrow_mut();
    for at in 0..functions.funcs.len() {
        functions.unbind(FuncId::from_index(at), &jit.memory);
    }
}
