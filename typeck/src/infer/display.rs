//! Displays and comprehensions: the types of what they hold, and the checked containers that some become. (`static-python.md` 1.12, 1.15)

use parser::ast::{self, Expr, ExprKind};

use super::mismatch::Destination;
use super::{Checker, Env};
use crate::facts::Coercion;
use crate::program::{ClassId, ClassKind, Member};
use crate::ty::{Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// A tuple keeps the types of its elements only where its place asks for them.
    pub(super) fn tuple_display(
        &mut self,
        env: &mut Env<'a>,
        elts: &'a [Expr<'a>],
        want: Option<TypeId>,
    ) -> Ty {
        let tuple = self.program.known.tuple;
        let wanted = self.arguments_of(want, tuple, elts.len());
        let has_star = elts.iter().any(|elt| matches!(elt.kind, ExprKind::Starred { .. }));
        let Some(wanted) = wanted.filter(|_| !has_star) else {
            elts.iter().for_each(|elt| self.element(env, elt));
            return Ty::sure(self.exact(tuple));
        };
        for (elt, &item) in elts.iter().zip(&wanted) {
            self.check(env, elt, item, Destination::Place);
        }
        Ty::sure(self.program.types.intern(Type::Instance { class: tuple, args: wanted.into(), exact: true }))
    }

    /// The type arguments, so many, of an instance type of this class.
    pub(super) fn arguments_of(
        &self,
        id: Option<TypeId>,
        class: ClassId,
        count: usize,
    ) -> Option<Vec<TypeId>> {
        match self.program.types.as_instance(id?) {
            Some((found, args, _)) if found == class && args.len() == count && count > 0 => {
                Some(args.to_vec())
            }
            _ => None,
        }
    }

    /// The only member of a union that instances of a builtin container can be of.
    fn sole_member(&self, members: &[TypeId], plain: ClassId) -> Option<TypeId> {
        let (program, known) = (&*self.program, self.program.known);
        let may_be = |member: &&TypeId| match program.types.get(**member) {
            Type::Instance { class, .. } => {
                let is_protocol = program.classes[*class].kind == ClassKind::Protocol;
                is_protocol || *class == known.object || *class == plain
            }
            Type::None | Type::Literal(_) | Type::Primitive(_) => false,
            _ => true,
        };
        match members.iter().filter(may_be).collect::<Vec<_>>()[..] {
            [&sole] if program.types.as_instance(sole).is_some_and(|(class, ..)| class == plain) => {
                Some(sole)
            }
            _ => None,
        }
    }

    /// A list or dict that is written down. Where a checked one is wanted, it becomes one.
    pub(super) fn display(&mut self, env: &mut Env<'a>, expr: &'a Expr<'a>, want: Option<TypeId>) -> Ty {
        self.facts().displays.remove(&expr.id);
        let members = want.map(|want| self.program.types.members(want)).unwrap_or_default();
        let record = members.iter().find_map(|&member| self.typed_dict_of(member));
        if let (ExprKind::Dict { keys, values }, Some(class)) = (expr.kind, record) {
            return self.typed_dict_display(env, expr, keys, values, class);
        }
        let is_list = matches!(expr.kind, ExprKind::List { .. } | ExprKind::ListComp { .. });
        let known = self.program.known;
        let (plain, checked) =
            if is_list { (known.list, known.checked_list) } else { (known.dict, known.checked_dict) };
        let sole = self.sole_member(&members, plain).or(want);
        let wanted = members.into_iter().find_map(|member| match self.program.types.as_instance(member) {
            Some((class, args, _)) if class == checked => Some((member, args.to_vec())),
            _ => None,
        });
        let (inner, checked) = match wanted {
            Some((member, args)) => {
                let args = args.into();
                let plain = self.program.types.intern(Type::Instance { class: plain, args, exact: false });
                (Some(plain), Some(member))
            }
            None => (sole, None),
        };
        let ty = match expr.kind {
            ExprKind::List { elts, .. } => self.list_display(env, elts, inner),
            ExprKind::Dict { keys, values } => self.dict_display(env, keys, values, inner),
            _ => self.comprehension(env, expr, inner),
        };
        let is_plain = want.is_some_and(|want| {
            self.program.types.as_instance(want).is_some_and(|(class, ..)| class == plain)
        });
        let checked = match checked {
            None if !is_plain && self.makes_checked(is_list) => Some(self.checked_display(expr, ty)),
            checked => checked,
        };
        let Some(checked) = checked else { return ty };
        self.facts().displays.insert(expr.id, checked);
        Ty::sure(checked)
    }

    /// Whether displays of the module become checked containers.
    pub(super) fn makes_checked(&self, is_list: bool) -> bool {
        let (builtin, checked) = if is_list { ("list", "CheckedList") } else { ("dict", "CheckedDict") };
        let member = self.program.modules[self.module].members.get(builtin);
        matches!(member, Some(Member::Imported { module: "__static__", name }) if *name == checked)
    }

    /// The type of a checked container that holds what a display does.
    pub(super) fn checked_display(&mut self, expr: &'a Expr<'a>, plain: Ty) -> TypeId {
        let known = self.program.known;
        let args = match expr.kind {
            ExprKind::Dict { keys, values } => {
                let is_open = keys.iter().any(Option::is_none);
                let key = self.joined_type(keys.iter().flatten().copied().filter(|_| !is_open));
                vec![key, self.joined_type(values.iter().filter(|_| !is_open))]
            }
            _ => self.program.types.as_instance(plain.id).map_or(Vec::new(), |(_, args, _)| args.to_vec()),
        };
        let is_list = matches!(expr.kind, ExprKind::List { .. } | ExprKind::ListComp { .. });
        let (class, count) = if is_list { (known.checked_list, 1) } else { (known.checked_dict, 2) };
        let object = self.instance(known.object);
        let args = (0..count).map(|at| args.get(at).copied().filter(|&arg| self.is_element_type(arg)));
        let args = args.map(|arg| arg.unwrap_or(object)).collect();
        self.program.types.intern(Type::Instance { class, args, exact: true })
    }

    /// What all of these expressions are.
    pub(super) fn joined_type(&mut self, exprs: impl Iterator<Item = &'a Expr<'a>>) -> TypeId {
        let types: Vec<_> = exprs.map(|expr| self.subject_type(expr)).collect();
        let types: Vec<_> = types.into_iter().map(|ty| self.program.inexact(ty)).collect();
        let union = self.program.types.union(types);
        self.program.simplify_union(union)
    }

    /// Whether a checked container can hold elements of a type: a class, or an optional one.
    pub(super) fn is_element_type(&self, ty: TypeId) -> bool {
        let is_class = |&member: &TypeId| {
            self.program.types.as_instance(member).is_some_and(|(_, args, _)| args.is_empty())
        };
        let members = self.program.types.members(ty);
        let rest: Vec<_> = members.iter().filter(|&&member| member != self.program.types.none).collect();
        matches!(rest[..], [one] if is_class(one))
    }

    pub(super) fn list_display(
        &mut self,
        env: &mut Env<'a>,
        elts: &'a [Expr<'a>],
        want: Option<TypeId>,
    ) -> Ty {
        let list = self.program.known.list;
        let wanted = want.and_then(|want| match self.program.types.as_instance(want) {
            Some((class, [item], _)) if class == list => Some(*item),
            _ => None,
        });
        let mut items = Vec::new();
        for elt in elts {
            match (wanted, elt.kind) {
                (_, ExprKind::Starred { .. }) => {
                    self.element(env, elt);
                    items.push(self.program.types.dynamic);
                }
                (Some(item), _) => {
                    self.check(env, elt, item, Destination::Place);
                }
                (None, _) => {
                    let ty = self.object(env, elt);
                    items.push(self.program.inexact(ty.id));
                }
            }
        }
        let item = match wanted {
            Some(item) => item,
            None if elts.is_empty() => return Ty::sure(self.exact(list)),
            None => {
                let union = self.program.types.union(items);
                self.program.simplify_union(union)
            }
        };
        // What holds nothing but None is there to be filled with something else.
        if wanted.is_none() && item == self.program.types.none {
            return Ty::sure(self.exact(list));
        }
        Ty::sure(self.program.types.intern(Type::Instance {
            class: list,
            args: Box::new([item]),
            exact: true,
        }))
    }

    pub(super) fn dict_display(
        &mut self,
        env: &mut Env<'a>,
        keys: &'a [Option<&'a Expr<'a>>],
        values: &'a [Expr<'a>],
        want: Option<TypeId>,
    ) -> Ty {
        let dict = self.program.known.dict;
        let wanted = want.and_then(|want| match self.program.types.as_instance(want) {
            Some((class, [key, value], _)) if class == dict => Some((*key, *value)),
            _ => None,
        });
        for (key, value) in keys.iter().zip(values) {
            match (key, wanted) {
                (Some(key), Some((key_type, value_type))) => {
                    self.check(env, key, key_type, Destination::Place);
                    self.check(env, value, value_type, Destination::Place);
                }
                (Some(key), None) => {
                    self.object(env, key);
                    self.object(env, value);
                }
                (None, _) => {
                    self.object(env, value);
                }
            }
        }
        match wanted {
            Some((key, value)) => Ty::sure(self.program.types.intern(Type::Instance {
                class: dict,
                args: Box::new([key, value]),
                exact: true,
            })),
            None => Ty::sure(self.exact(dict)),
        }
    }

    pub(super) fn comprehension(
        &mut self,
        env: &mut Env<'a>,
        expr: &'a Expr<'a>,
        want: Option<TypeId>,
    ) -> Ty {
        let scope = self.program.modules[self.module].scopes.body(expr.id);
        let known = self.program.known;
        let (class, generators, count) = match expr.kind {
            ExprKind::ListComp { generators, .. } => (known.list, generators, 1),
            ExprKind::SetComp { generators, .. } => (known.set, generators, 1),
            ExprKind::DictComp { generators, .. } => (known.dict, generators, 2),
            _ => unreachable!("only comprehensions are sent here"),
        };
        self.object(env, generators[0].iter);
        if !self.program.modules[self.module].scopes.table[scope].is_inlined {
            return Ty::sure(self.exact(class));
        }
        let wanted = self.arguments_of(want, class, count);
        let args = self.inline_comprehension(env, expr, scope, generators, wanted);
        let dynamic = self.program.types.dynamic;
        if args.iter().any(|&arg| arg == dynamic || arg == self.program.types.none) {
            return Ty::sure(self.exact(class));
        }
        Ty::sure(self.program.types.intern(Type::Instance { class, args: args.into(), exact: true }))
    }

    /// A comprehension asks an array for objects, of which its variable is the primitive.
    fn unbox_item(&mut self, target: &Expr<'a>, item: Ty) {
        let Some(primitive) = self.primitive_of(item) else { return };
        if target.as_name().is_none() {
            self.as_object(target, item);
            return;
        }
        let primitive = match self.facts().coercions.get(&target.id) {
            Some(&Coercion::Convert(_, to)) => to,
            _ => primitive,
        };
        self.set_coercion(target.id, Some(Coercion::Unbox(primitive)));
    }

    /// The types of the elements.
    pub(super) fn inline_comprehension(
        &mut self,
        env: &mut Env<'a>,
        expr: &'a Expr<'a>,
        scope: crate::scope::ScopeId,
        generators: &'a [ast::Comprehension<'a>],
        wanted: Option<Vec<TypeId>>,
    ) -> Vec<TypeId> {
        self.scopes.push(scope);
        let mut inner = env.clone();
        inner.forget_fields();
        for (at, clause) in generators.iter().enumerate() {
            if at > 0 {
                self.object(&mut inner, clause.iter);
            }
            let item =
                if clause.is_async { self.async_item(clause.iter) } else { self.item_type(clause.iter) };
            self.bind_element(&mut inner, clause.target, item);
            self.unbox_item(clause.target, item);
            for condition in clause.ifs {
                inner = self.condition(inner, condition).0;
            }
        }
        let (first, second) = match expr.kind {
            ExprKind::ListComp { elt, .. }
            | ExprKind::SetComp { elt, .. }
            | ExprKind::GeneratorExp { elt, .. } => (elt, None),
            ExprKind::DictComp { key, value, .. } => (key, Some(value)),
            _ => unreachable!("only comprehensions are sent here"),
        };
        let mut types = Vec::new();
        for (at, part) in [Some(first), second].into_iter().flatten().enumerate() {
            types.push(match &wanted {
                Some(wanted) => {
                    self.check(&mut inner, part, wanted[at], Destination::Place);
                    wanted[at]
                }
                None => {
                    let ty = self.object(&mut inner, part);
                    self.program.inexact(ty.id)
                }
            });
        }
        self.scopes.pop();
        // What assignment expressions in it bind, they bind in the block around it, for each element or never.
        let before = std::mem::replace(env, inner);
        env.join_interrupted(&before, self.program);
        env.forget_fields();
        types
    }
}
