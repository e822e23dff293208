//! What is known of variables at one point of a block.

use rustc_hash::FxHashMap;

use crate::program::Program;
use crate::scope::ScopeId;
use crate::ty::{Ty, TypeId};

/// Number of a variable of the block being checked.
pub(crate) type Variable = usize;

/// Fields one behind the other, from a variable on: `["next", "value"]` in `node.next.value`.
pub(crate) type FieldPath<'a> = Vec<&'a str>;

/// The variables of a block: numbers, names and declarations.
#[derive(Default)]
pub(crate) struct Variables<'a> {
    numbers: FxHashMap<(ScopeId, &'a str), Variable>,
    entries: Vec<(ScopeId, &'a str, Option<TypeId>)>,
}

impl<'a> Variables<'a> {
    /// The number of a variable.
    pub(crate) fn intern(&mut self, scope: ScopeId, name: &'a str) -> Variable {
        *self.numbers.entry((scope, name)).or_insert_with(|| {
            self.entries.push((scope, name, None));
            self.entries.len() - 1
        })
    }

    /// The declared type of a variable.
    pub(crate) fn declared(&self, var: Variable) -> Option<TypeId> {
        self.entries[var].2
    }

    /// Declares a variable.
    pub(crate) fn declare(&mut self, var: Variable, ty: TypeId) {
        self.entries[var].2 = Some(ty);
    }

    /// Scope, name and declared type of every variable.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ScopeId, &'a str, Option<TypeId>)> + '_ {
        self.entries.iter().copied()
    }
}

/// Types at one point: of variables that are bound, and of fields that are narrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Env<'a> {
    types: Vec<Option<Ty>>,
    fields: Vec<(Variable, FieldPath<'a>, TypeId)>,
    /// Variables of which `hasattr` has said that they have more than their type tells, with that type.
    opened: Vec<(Variable, Ty)>,
    /// Variables that are what an object has said of itself, with what they are otherwise.
    claimed: Vec<(Variable, TypeId)>,
    /// Whether control can get here.
    pub(crate) is_reachable: bool,
}

impl<'a> Env<'a> {
    /// Nothing is known.
    pub(crate) fn new() -> Self {
        Self {
            types: Vec::new(),
            fields: Vec::new(),
            opened: Vec::new(),
            claimed: Vec::new(),
            is_reachable: true,
        }
    }

    /// The type of a variable, if it is bound on every path.
    pub(crate) fn get(&self, var: Variable) -> Option<Ty> {
        self.types.get(var).copied().flatten()
    }

    /// A variable gets a new value.
    pub(crate) fn set(&mut self, var: Variable, ty: Ty) {
        self.set_narrowed(var, ty);
        self.fields.retain(|(owner, _, _)| *owner != var);
        self.opened.retain(|(opened, _)| *opened != var);
        self.claimed.retain(|(claimed, _)| *claimed != var);
    }

    /// A variable has some attribute that its type does not tell: until paths meet, anything may be asked of it.
    pub(crate) fn open(&mut self, var: Variable, known: Ty, dynamic: TypeId) {
        if !self.opened.iter().any(|(opened, _)| *opened == var) {
            self.opened.push((var, known));
        }
        self.set_narrowed(var, Ty::sure(dynamic));
    }

    /// What a variable has just been narrowed to rests on the answer of an object or of a class, which code written in Python may have given.
    pub(crate) fn claim(&mut self, var: Variable, proved: TypeId) {
        if self.proved(var).is_none() {
            self.claimed.push((var, proved));
        }
    }

    /// What a variable is for sure, whatever has been claimed of it, if something has.
    pub(crate) fn proved(&self, var: Variable) -> Option<TypeId> {
        self.claimed.iter().find(|(claimed, _)| *claimed == var).map(|(_, proved)| *proved)
    }

    /// What is claimed where two paths meet whose types are still there, beside what is known then.
    fn joined_claims(
        &self,
        other: &Self,
        joined: &[Option<Ty>],
        program: &mut Program<'a>,
    ) -> Vec<(Variable, TypeId)> {
        let mut found = Vec::new();
        for (var, known) in joined.iter().enumerate() {
            let (mine, theirs) = (self.proved(var), other.proved(var));
            let Some(known) = known.filter(|_| mine.is_some() || theirs.is_some()) else { continue };
            let sides = [(self, mine), (other, theirs)];
            let sides = sides.map(|(env, proved)| proved.or_else(|| env.get(var).map(|ty| ty.id)));
            let proved = program.types.union(sides.into_iter().flatten().collect::<Vec<_>>());
            let proved = program.simplify_union(proved);
            if proved != known.id {
                found.push((var, proved));
            }
        }
        found
    }

    /// What a variable is where nothing is said of its attributes.
    fn closed(&self, var: Variable, dynamic: TypeId) -> Option<Ty> {
        let now = self.get(var)?;
        let opened = self.opened.iter().find(|(opened, _)| *opened == var && now.id == dynamic);
        Some(opened.map_or(now, |(_, known)| *known))
    }

    /// More is known about the same value.
    pub(crate) fn set_narrowed(&mut self, var: Variable, ty: Ty) {
        if var >= self.types.len() {
            self.types.resize(var + 1, None);
        }
        self.types[var] = Some(ty);
    }

    /// A variable is unbound.
    pub(crate) fn unset(&mut self, var: Variable) {
        if let Some(slot) = self.types.get_mut(var) {
            *slot = None;
        }
        self.fields.retain(|(owner, _, _)| *owner != var);
        self.opened.retain(|(opened, _)| *opened != var);
        self.claimed.retain(|(claimed, _)| *claimed != var);
    }

    /// What a path of fields of a variable is narrowed to.
    pub(crate) fn field(&self, var: Variable, path: &[&str]) -> Option<TypeId> {
        self.fields.iter().find(|(owner, field, _)| *owner == var && field == path).map(|(_, _, ty)| *ty)
    }

    /// Narrows a path of fields of a variable.
    pub(crate) fn narrow_field(&mut self, var: Variable, path: FieldPath<'a>, ty: TypeId) {
        self.fields.retain(|(owner, field, _)| !(*owner == var && *field == path));
        self.fields.push((var, path, ty));
    }

    /// A field of this name may have changed in any object.
    pub(crate) fn forget_field(&mut self, name: &str) {
        self.fields.retain(|(_, path, _)| !path.contains(&name));
    }

    /// Any field may have changed.
    pub(crate) fn forget_fields(&mut self) {
        self.fields.clear();
    }

    /// Control cannot get here.
    pub(crate) fn stop(&mut self) {
        self.is_reachable = false;
    }

    /// What is known behind a block that may have been left early, `before` which this was known. What only the block binds counts as
    /// bound: reading it finds out.
    pub(crate) fn join_interrupted(&mut self, before: &Self, program: &mut Program<'a>) {
        let bound = self.clone();
        self.join(before, program);
        for (var, slot) in self.types.iter_mut().enumerate() {
            if slot.is_none() && bound.is_reachable && before.get(var).is_none() {
                *slot = bound.get(var);
            }
        }
    }

    /// What is known where this path and another one meet.
    pub(crate) fn join(&mut self, other: &Self, program: &mut Program<'a>) {
        if !other.is_reachable {
            return;
        }
        if !self.is_reachable {
            *self = other.clone();
            return;
        }
        let count = self.types.len().max(other.types.len());
        self.types.resize(count, None);
        let dynamic = program.types.dynamic;
        let both =
            |var: Variable| self.opened.iter().find(|entry| entry.0 == var && other.opened.contains(entry));
        let opened: Vec<(Variable, Ty)> = (0..count).filter_map(both).copied().collect();
        let is_open = |var: Variable| opened.iter().any(|entry| entry.0 == var);
        let known = |env: &Self, var| if is_open(var) { env.get(var) } else { env.closed(var, dynamic) };
        let pairs: Vec<_> = (0..count).map(|var| (known(self, var), known(other, var))).collect();
        let mut joined = Vec::with_capacity(count);
        for pair in pairs {
            joined.push(match pair {
                (Some(a), Some(b)) if a == b => Some(a),
                (Some(a), Some(b)) => {
                    let id = program.types.union([a.id, b.id]);
                    let id = program.simplify_union(id);
                    Some(Ty { id, is_sure: a.is_sure && b.is_sure })
                }
                _ => None,
            });
        }
        self.claimed = self.joined_claims(other, &joined, program);
        self.types = joined;
        self.fields.retain(|(var, path, ty)| other.field(*var, path) == Some(*ty));
        self.opened = opened;
    }
}

/// `into` joined by `from`, where `into` may be empty yet.
pub(crate) fn join_into<'a>(into: &mut Option<Env<'a>>, from: &Env<'a>, program: &mut Program<'a>) {
    match into {
        Some(known) => known.join(from, program),
        None => *into = Some(from.clone()),
    }
}
