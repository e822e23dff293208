//! What runs when objects die: `__del__`, and callbacks of weak references.
//!
//! CPython runs them as soon as nothing refers to an object any more. Here that is asked after each statement at the top level of a module,
//! where no value is left in the middle of an expression: objects with a finaliser or a callback that no variable leads to have died by
//! then, and what they leave to be run is run, with the statement as its place. What still lives when the module ends is finalised at another
//! time, and is free.
//!
//! Method: marking from the variables of all modules, the frames that run, and everything that other modules own. Objects that
//! go where their holder is not followed (a function of the library, a container that is not known any more) are taken to live on.
//! Cost: nothing as long as there is no such object; else a walk over all objects per statement, which is paid for in steps.

use base::Span;
use base::entity::EntityId;

use super::Analyser;
use super::value::{
    Args, Body, Class, EnvId, Eval, Function, Kind, Names, ObjectId, Opaque, Place, Stop, UnitId, Value,
};

/// An object whose death is noticed.
#[derive(Clone, Copy)]
pub(super) struct Mortal<'a> {
    object: ObjectId,
    end: End<'a>,
}

/// What runs then.
#[derive(Clone, Copy)]
enum End<'a> {
    /// `__del__`.
    Finaliser,
    /// A callback, if the weak reference still lives.
    Callback { reference: Value<'a>, function: Value<'a> },
}

/// What can be reached.
#[derive(Default)]
struct Marks<'a> {
    objects: Vec<bool>,
    envs: Vec<bool>,
    values: Vec<Value<'a>>,
    blocks: Vec<EnvId>,
}

impl<'a> Marks<'a> {
    /// The values that an object of a kind leads to.
    fn held(kind: &Kind<'a>) -> Vec<Value<'a>> {
        let mut held = Self::default();
        held.kind(kind);
        held.values
    }

    fn names(&mut self, names: Names) {
        match names {
            Names::Env(env) => self.blocks.push(env),
            Names::Object(object) => self.values.push(Value::Object(object)),
        }
    }

    fn function(&mut self, function: &Function<'a>) {
        self.blocks.push(function.env);
        if let Body::Turns { first, .. } = function.body {
            self.values.push(first);
        }
        self.values.extend(&function.defaults);
        self.values.extend(function.kw_defaults.iter().flatten());
    }

    fn class(&mut self, class: &Class<'a>) {
        self.values.extend(&class.bases);
        self.values.extend(&class.mro);
        self.values.push(class.metaclass);
        let fields = class.fields.iter().flatten();
        self.values.extend(fields.flat_map(|field| [field.default, field.factory]).flatten());
    }

    /// Everything that an object leads to, apart from its attributes.
    fn kind(&mut self, kind: &Kind<'a>) {
        match kind {
            Kind::List(items) | Kind::Tuple(items) | Kind::Set { items, .. } => self.values.extend(items),
            Kind::Iterator { items, at } => self.values.extend(items.get(*at..).unwrap_or_default()),
            Kind::Dict(pairs) => self.values.extend(pairs.iter().flat_map(|(key, value)| [*key, *value])),
            Kind::Function(function) => self.function(function),
            Kind::Generator { function, env } => {
                self.function(function);
                self.blocks.push(*env);
            }
            Kind::Method { function, receiver } => self.values.extend([*function, *receiver]),
            Kind::NativeMethod { receiver: value, .. }
            | Kind::StaticMethod(value)
            | Kind::ClassMethod(value)
            | Kind::View { dict: value, .. }
            | Kind::Instance(value) => self.values.push(*value),
            Kind::Property { getter, setter, deleter } => self.values.extend([*getter, *setter, *deleter]),
            Kind::Class(class) => self.class(class),
            Kind::Names(names) => self.names(*names),
            Kind::Super { class, receiver } => self.values.extend([Value::Object(*class), *receiver]),
            Kind::Partial { function, args, keywords } => {
                self.values.push(*function);
                self.values.extend(args);
                self.values.extend(keywords.iter().map(|(_, value)| *value));
            }
            // The names of a module are reached from the module.
            Kind::Module(_) | Kind::Range { .. } | Kind::Derived { .. } | Kind::Typed(_) => {}
        }
    }
}

impl<'a> Analyser<'a, '_> {
    /// An instance has been made: its class may have a finaliser.
    pub(super) fn note_mortal(&mut self, instance: Value<'a>, class: Value<'a>) {
        let Value::Object(object) = instance else { return };
        let is_known = |known: &Mortal<'a>| known.object == object && matches!(known.end, End::Finaliser);
        if self.mortals.iter().any(is_known) {
            return;
        }
        if self.class_attribute(class, "__del__").is_some_and(|method| self.is_written(method)) {
            self.spoil_summary();
            self.mortals.push(Mortal { object, end: End::Finaliser });
        }
    }

    /// `weakref.ref(object, function)`.
    pub(super) fn weak_reference(&mut self, object: ObjectId, function: Value<'a>) -> Value<'a> {
        self.spoil_summary();
        let reference = self.typed("weakref.ref");
        self.mortals.push(Mortal { object, end: End::Callback { reference, function } });
        reference
    }

    /// Values go where their holder is not followed: they are taken to live on.
    pub(super) fn keep(&mut self, values: impl IntoIterator<Item = Value<'a>>) {
        if !self.mortals.is_empty() {
            self.kept.extend(values.into_iter().filter(|value| matches!(value, Value::Object(_))));
        }
    }

    /// The variables of a block may live on.
    pub(super) fn keep_variables(&mut self, env: EnvId) {
        if !self.mortals.is_empty() {
            let names = self.state.envs[env].names.entries();
            let values: Vec<_> = names.iter().map(|(_, value)| *value).collect();
            self.keep(values);
        }
    }

    /// What a container held is not known any more.
    pub(super) fn keep_contents(&mut self, container: Value<'a>) {
        if self.mortals.is_empty() {
            return;
        }
        let held = self.kind(container).map(Marks::held);
        self.keep(held.unwrap_or_default());
    }

    /// What objects of these kinds hold is not known any more.
    pub(super) fn keep_held(&mut self, kinds: [&Kind<'a>; 2]) {
        if !self.mortals.is_empty() {
            self.keep(kinds.into_iter().flat_map(Marks::held));
        }
    }

    /// Runs what objects of a module leave to be run that have died in a statement of it.
    pub(super) fn bury(&mut self, unit: UnitId, span: Span) -> Eval<'a, ()> {
        while !self.mortals.is_empty() {
            let dead = self.dead(unit)?;
            if dead.is_empty() {
                break;
            }
            self.here = Some(Place { unit, span });
            for mortal in dead {
                self.end(mortal)?;
            }
        }
        Ok(())
    }

    /// Takes out what runs next: the finalisers of objects that have died, or else the callbacks; a finaliser may bring an object back.
    fn dead(&mut self, unit: UnitId) -> Eval<'a, Vec<Mortal<'a>>> {
        self.pay(1 + self.state.objects.len() / 4)?;
        let alive = self.reached(unit);
        let is_dead = |mortal: &Mortal<'a>| {
            self.state.objects[mortal.object].owner == unit && !alive[mortal.object.index()]
        };
        let is_finaliser = |mortal: &Mortal<'a>| matches!(mortal.end, End::Finaliser);
        let finalises = self.mortals.iter().any(|mortal| is_dead(mortal) && is_finaliser(mortal));
        let is_next = |mortal: &Mortal<'a>| is_dead(mortal) && (is_finaliser(mortal) || !finalises);
        let (mut dead, others): (Vec<_>, Vec<_>) = self.mortals.iter().copied().partition(is_next);
        dead.retain(|mortal| match mortal.end {
            End::Callback { reference: Value::Object(reference), .. } => alive[reference.index()],
            End::Callback { .. } | End::Finaliser => true,
        });
        self.mortals = others;
        Ok(dead)
    }

    fn end(&mut self, mortal: Mortal<'a>) -> Eval<'a, ()> {
        let object = Value::Object(mortal.object);
        let (function, args) = match mortal.end {
            End::Finaliser => (self.special_method(object, "__del__"), Args::default()),
            End::Callback { reference, function } => (Some(function), Args::of(&[reference])),
        };
        let Some(function) = function else { return Ok(()) };
        match self.call(function, args) {
            Ok(_) => Ok(()),
            Err(Stop::Raise(exception)) => {
                self.ignored(exception, mortal);
                Ok(())
            }
            Err(stop) => Err(stop),
        }
    }

    /// An exception that goes nowhere is written to standard error.
    fn ignored(&mut self, exception: Value<'a>, mortal: Mortal<'a>) {
        let is_silent = matches!(exception, Value::Opaque(id) if matches!(self.opaques[id], Opaque { is_silent: true, .. }));
        if is_silent {
            return;
        }
        let class = self.class_name(Value::Object(mortal.object));
        let whose = match mortal.end {
            End::Finaliser => format!("`__del__` of `{class}`"),
            End::Callback { .. } => format!("the callback of a weak reference to an object of `{class}`"),
        };
        let raised = self.class_name(exception);
        self.report("SP0804", &format!("writes to standard error: {whose} raises {raised}"));
    }

    /// Which objects can be reached while a module runs.
    fn reached(&self, unit: UnitId) -> Vec<bool> {
        let mut marks = Marks {
            objects: vec![false; self.state.objects.len()],
            envs: vec![false; self.state.envs.len()],
            values: self.kept.iter().chain(&self.possible).copied().collect(),
            blocks: Vec::new(),
        };
        for known in self.units.values() {
            marks.values.push(known.value);
            marks.blocks.push(known.env);
        }
        for frame in &self.frames {
            marks.blocks.push(frame.env);
            marks.values.extend(frame.receiver.iter().chain(&frame.returns).chain(&frame.handled));
            marks.values.extend(frame.yields.iter().flatten());
        }
        let of_others = self.state.objects.iter().filter(|(_, object)| object.owner != unit);
        marks.values.extend(of_others.map(|(id, _)| Value::Object(id)));
        let of_others = self.state.envs.iter().filter(|(_, env)| env.owner != unit);
        marks.blocks.extend(of_others.map(|(id, _)| id));
        self.spread(&mut marks);
        marks.objects
    }

    fn spread(&self, marks: &mut Marks<'a>) {
        loop {
            if let Some(value) = marks.values.pop() {
                let Value::Object(id) = value else { continue };
                if !std::mem::replace(&mut marks.objects[id.index()], true) {
                    let object = &self.state.objects[id];
                    marks.kind(&object.kind);
                    marks.values.extend(object.attributes.entries().iter().map(|(_, value)| *value));
                }
            } else if let Some(block) = marks.blocks.pop() {
                if !std::mem::replace(&mut marks.envs[block.index()], true) {
                    let env = &self.state.envs[block];
                    marks.blocks.extend(env.parent);
                    marks.values.extend(env.names.entries().iter().map(|(_, value)| *value));
                }
            } else {
                return;
            }
        }
    }
}
