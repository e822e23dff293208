//! Branches: both arms of a test that nobody can decide run on copies of the state, which are joined.
//!
//! What is equal in both arms stays known; what differs is typed if both have the same class, else opaque. The second arm starts from the
//! state before the first, with the objects that the first has made behind it, so that no two objects share a number. An
//! exception that only one arm raises is remembered for the handlers around; a `return`, `break` or `continue` that only one arm takes is
//! taken into account by its value and otherwise left to the other arm.
//! Cost: a copy of the state, and a look at every object older than the branch.

use base::entity::EntityId;

use super::Analyser;
use super::value::{Env, EnvId, Eval, Flow, Kind, Namespace, Object, ObjectId, State, Stop, Value};

impl<'a> Analyser<'a, '_> {
    /// Runs two arms of which one will be taken.
    pub(super) fn branch(
        &mut self,
        first: impl FnOnce(&mut Self) -> Eval<'a, Flow<'a>>,
        second: impl FnOnce(&mut Self) -> Eval<'a, Flow<'a>>,
    ) -> Eval<'a, Flow<'a>> {
        self.pay(1 + (self.state.objects.len() + self.state.envs.len()) / 8)?;
        let before = self.state.clone();
        self.branches += 1;
        let one = first(self);
        let taken = self.rewind(before.clone());
        let two = second(self);
        self.branches -= 1;
        match (one, two) {
            // The state after an arm that raises matters to handlers only, which see that of the other.
            (Err(Stop::Raise(exception)), Ok(flow)) => {
                self.possible.push(exception);
                Ok(flow)
            }
            (Ok(flow), Err(Stop::Raise(exception))) => {
                self.possible.push(exception);
                self.join_state(&before, taken);
                Ok(flow)
            }
            (Err(stop), Err(_)) => {
                self.join_state(&before, taken);
                Err(stop)
            }
            (Err(Stop::Exhausted), _) | (_, Err(Stop::Exhausted)) => Err(Stop::Exhausted),
            (Err(Stop::Enough), _) | (_, Err(Stop::Enough)) => Err(Stop::Enough),
            (Ok(one), Ok(two)) => {
                self.join_state(&before, taken);
                Ok(self.join_flows(one, two))
            }
        }
    }

    /// Values of two expressions of which one will be evaluated.
    pub(super) fn branch_values(
        &mut self,
        first: impl FnOnce(&mut Self) -> Eval<'a>,
        second: impl FnOnce(&mut Self) -> Eval<'a>,
    ) -> Eval<'a> {
        let (mut one, mut two) = (None, None);
        self.branch(
            |this| {
                one = Some(first(this)?);
                Ok(Flow::Next)
            },
            |this| {
                two = Some(second(this)?);
                Ok(Flow::Next)
            },
        )?;
        Ok(match (one, two) {
            (Some(one), Some(two)) => self.join(one, two),
            (Some(value), None) | (None, Some(value)) => value,
            (None, None) => self.silent(),
        })
    }

    /// Goes back to the state before an arm, keeping the objects that it has made; gives the state behind it.
    fn rewind(&mut self, before: State<'a>) -> State<'a> {
        let taken = std::mem::replace(&mut self.state, before);
        for at in self.state.objects.len()..taken.objects.len() {
            let made = taken.objects[ObjectId::from_index(at)].clone();
            self.state.objects.push(made);
        }
        for at in self.state.envs.len()..taken.envs.len() {
            let made = taken.envs[EnvId::from_index(at)].clone();
            self.state.envs.push(made);
        }
        taken
    }

    /// Joins the state behind the first arm into that behind the second.
    fn join_state(&mut self, before: &State<'a>, taken: State<'a>) {
        for (id, object) in taken.objects.iter().take(before.objects.len()) {
            if self.state.objects[id] != *object {
                let joined = self.join_objects(&self.state.objects[id].clone(), object);
                self.state.objects[id] = joined;
            }
        }
        for (id, env) in taken.envs.iter().take(before.envs.len()) {
            if self.state.envs[id] != *env {
                let names = self.join_names(&self.state.envs[id].names.clone(), &env.names);
                self.state.envs[id] = Env { names, ..env.clone() };
            }
        }
    }

    fn join_objects(&mut self, one: &Object<'a>, two: &Object<'a>) -> Object<'a> {
        let attributes = self.join_names(&one.attributes, &two.attributes);
        let kind =
            if one.kind == two.kind { one.kind.clone() } else { self.join_kinds(&one.kind, &two.kind) };
        Object { owner: one.owner, attributes, kind }
    }

    fn join_kinds(&mut self, one: &Kind<'a>, two: &Kind<'a>) -> Kind<'a> {
        self.keep_held([one, two]);
        match (one, two) {
            (Kind::List(one), Kind::List(two)) if one.len() == two.len() => {
                Kind::List(one.iter().zip(two).map(|(one, two)| self.join(*one, *two)).collect())
            }
            (Kind::Dict(one), Kind::Dict(two))
                if one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.0 == two.0) =>
            {
                let pairs = one.iter().zip(two);
                Kind::Dict(pairs.map(|(one, two)| (one.0, self.join(one.1, two.1))).collect())
            }
            (Kind::List(_), _) => Kind::Typed("list"),
            (Kind::Dict(_), _) => Kind::Typed("dict"),
            (Kind::Set { is_frozen: false, .. }, _) => Kind::Typed("set"),
            (Kind::Iterator { .. } | Kind::Generator { .. }, _) => Kind::Typed("typing.Iterator"),
            _ => one.clone(),
        }
    }

    fn join_names(&mut self, one: &Namespace<'a>, two: &Namespace<'a>) -> Namespace<'a> {
        let mut joined = one.clone();
        for &(name, value) in two.entries() {
            let value = match one.get(name) {
                Some(other) => self.join(other, value),
                None => value,
            };
            joined.set(name, value);
        }
        joined
    }

    /// What is known of a value that is one of two.
    pub(super) fn join(&mut self, one: Value<'a>, two: Value<'a>) -> Value<'a> {
        if one == two {
            return one;
        }
        self.keep([one, two]);
        for value in [one, two] {
            if matches!(value, Value::Opaque(_)) {
                return value;
            }
        }
        match (self.plain_class(one), self.plain_class(two)) {
            (Some(one), Some(two)) if one == two => self.typed(one),
            _ => self.opaque("it depends on a condition that is not known"),
        }
    }

    fn join_flows(&mut self, one: Flow<'a>, two: Flow<'a>) -> Flow<'a> {
        match (one, two) {
            (Flow::Return(one), Flow::Return(two)) => Flow::Return(self.join(one, two)),
            _ if one == two => one,
            (Flow::Return(value), other) | (other, Flow::Return(value)) => {
                self.frame().returns.push(value);
                self.frame().may_leave = true;
                other
            }
            (Flow::Break, other) | (other, Flow::Break) => {
                self.frame().may_leave = true;
                other
            }
            _ => Flow::Next,
        }
    }
}
