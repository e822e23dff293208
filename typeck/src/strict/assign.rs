//! Targets: binding names, taking values apart, writing to attributes and items. Each write asks who owns what it changes.

use parser::ast::{Expr, ExprKind, Operator};

use super::Analyser;
use super::value::{Args, Eval, Kind, Value};

impl<'a> Analyser<'a, '_> {
    pub(super) fn assign(&mut self, target: &'a Expr<'a>, value: Value<'a>) -> Eval<'a, ()> {
        match target.kind {
            ExprKind::Name { id, .. } => self.at(target.span, |this| this.store_name(id, value)),
            ExprKind::Attribute { value: object, attr, .. } => {
                let object = self.eval(object)?;
                let attr = self.mangled(attr);
                self.at(target.span, |this| this.set_attribute(object, attr, Some(value)))
            }
            ExprKind::Subscript { value: object, slice, .. } => {
                let (object, key) = (self.eval(object)?, self.eval(slice)?);
                self.at(target.span, |this| this.set_item(object, key, Some(value)))
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => self.unpack(target, elts, value),
            ExprKind::Starred { value: inner, .. } => self.assign(inner, value),
            _ => Ok(()),
        }
    }

    pub(super) fn delete(&mut self, target: &'a Expr<'a>) -> Eval<'a, ()> {
        match target.kind {
            ExprKind::Name { id, .. } => self.at(target.span, |this| this.delete_name(id)),
            ExprKind::Attribute { value, attr, .. } => {
                let object = self.eval(value)?;
                let attr = self.mangled(attr);
                self.at(target.span, |this| this.set_attribute(object, attr, None))
            }
            ExprKind::Subscript { value, slice, .. } => {
                let (object, key) = (self.eval(value)?, self.eval(slice)?);
                self.at(target.span, |this| this.set_item(object, key, None))
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                elts.iter().try_for_each(|elt| self.delete(elt))
            }
            _ => Ok(()),
        }
    }

    /// Takes a value apart.
    fn unpack(&mut self, target: &'a Expr<'a>, elts: &'a [Expr<'a>], value: Value<'a>) -> Eval<'a, ()> {
        let Some(items) = self.at(target.span, |this| this.items(value))? else {
            let element = self.element(value).unwrap_or_else(|| self.silent());
            return elts.iter().try_for_each(|elt| self.assign(elt, element));
        };
        let star = elts.iter().position(|elt| matches!(elt.kind, ExprKind::Starred { .. }));
        let wanted = elts.len() - usize::from(star.is_some());
        let fits = if star.is_some() { items.len() >= wanted } else { items.len() == wanted };
        if !fits {
            let message = if items.len() > wanted {
                format!("too many values to unpack (expected {wanted}, got {})", items.len())
            } else {
                let least = if star.is_some() { "at least " } else { "" };
                format!("not enough values to unpack (expected {least}{wanted}, got {})", items.len())
            };
            return Err(self.raise("ValueError", &message));
        }
        let mut rest = items.as_slice();
        for (at, elt) in elts.iter().enumerate() {
            let taken = if Some(at) == star { items.len() - wanted } else { 1 };
            let (now, later) = rest.split_at(taken);
            rest = later;
            let part = if Some(at) == star { self.list(now.to_vec()) } else { now[0] };
            self.assign(elt, part)?;
        }
        Ok(())
    }

    /// `target op= value`: lists, dicts and sets change in place.
    pub(super) fn augmented(
        &mut self,
        target: &'a Expr<'a>,
        op: Operator,
        value: &'a Expr<'a>,
    ) -> Eval<'a, ()> {
        let old = self.eval(target)?;
        let value = self.eval(value)?;
        let new = self.at(target.span, |this| this.in_place(op, old, value))?;
        self.assign(target, new)
    }

    fn in_place(&mut self, op: Operator, old: Value<'a>, value: Value<'a>) -> Eval<'a> {
        let foreign = |this: &mut Self| match (this.kind(old), op) {
            // Sets and bytes change in place, whatever the operator.
            (Some(Kind::Set { is_frozen: false, .. }), Operator::BitXor) => Some("a set"),
            (Some(Kind::Typed(class @ ("bytearray" | "set" | "list"))), _) => Some(*class),
            _ => None,
        };
        if let Some(what) = foreign(self) {
            self.note_change(old, what);
        }
        let method = match (self.kind(old), op) {
            (Some(Kind::List(_) | Kind::Typed("list")), Operator::Add) => "extend",
            (Some(Kind::Dict(_) | Kind::Typed("dict")), Operator::BitOr)
            | (Some(Kind::Set { is_frozen: false, .. } | Kind::Typed("set")), Operator::BitOr) => "update",
            (Some(Kind::Set { is_frozen: false, .. }), Operator::Sub) => "difference_update",
            (Some(Kind::Set { is_frozen: false, .. }), Operator::BitAnd) => "intersection_update",
            (Some(Kind::Instance(_)), _) => {
                let name = in_place_name(op);
                if let Some(method) = self.special_method(old, name) {
                    let result = self.call(method, Args::of(&[value]))?;
                    if result != Value::NotImplemented {
                        return Ok(result);
                    }
                }
                return self.binary(op, old, value);
            }
            _ => return self.binary(op, old, value),
        };
        let method = self.attribute(old, method)?;
        self.call(method, Args::of(&[value]))?;
        Ok(old)
    }

    // --- Attributes ---

    /// Sets or deletes an attribute.
    pub(super) fn set_attribute(
        &mut self,
        object: Value<'a>,
        name: &'a str,
        value: Option<Value<'a>>,
    ) -> Eval<'a, ()> {
        let id = match object {
            Value::Object(id) => id,
            Value::Opaque(opaque) => {
                self.inspect(opaque, "SP0811", &format!("sets the attribute `{name}` of"));
                return Ok(());
            }
            Value::Native(path) => {
                self.report("SP0802", &format!("sets the attribute `{name}` of `{path}`"));
                return Ok(());
            }
            _ => {
                let class = self.class_name(object);
                let message = format!("'{class}' object has no attribute '{name}'");
                return Err(self.raise("AttributeError", &message));
            }
        };
        let what = match &self.state.objects[id].kind {
            Kind::Module(unit) => {
                let module = self.units[*unit].name;
                self.report(
                    "SP0802",
                    &format!("sets the attribute `{name}` of the strict module `{module}`"),
                );
                return Ok(());
            }
            Kind::Class(class)
                if self.is_enum(class)
                    && self.member_names(class).iter().any(|(known, _)| *known == Value::Str(name)) =>
            {
                let what = if value.is_some() { "reassign" } else { "delete" };
                return Err(self.raise("AttributeError", &format!("cannot {what} member '{name}'")));
            }
            Kind::Class(class) => format!("the class `{}`", class.name),
            Kind::Function(function) => format!("the function `{}`", function.name),
            Kind::Instance(_) => {
                return self.set_instance_attribute(object, name, value);
            }
            Kind::Typed(class) => format!("the attribute `{name}` of an object of `{class}`"),
            _ => {
                let class = self.class_name(object);
                let message = format!("'{class}' object has no attribute '{name}'");
                return Err(self.raise("AttributeError", &message));
            }
        };
        let owner = self.state.objects[id].owner;
        self.spoil_summary();
        self.note_write(owner, &what);
        self.write_attribute(object, name, value)
    }

    fn set_instance_attribute(
        &mut self,
        object: Value<'a>,
        name: &'a str,
        value: Option<Value<'a>>,
    ) -> Eval<'a, ()> {
        let hook = if value.is_some() { "__setattr__" } else { "__delattr__" };
        if let Some(method) = self.special_method(object, hook) {
            let mut given = vec![Value::Str(name)];
            given.extend(value);
            return self.call(method, Args::of(&given)).map(drop);
        }
        let class = self.class_of(object);
        if let Some(descriptor) = self.class_attribute(class, name) {
            if let Some(&Kind::Property { setter, deleter, .. }) = self.kind(descriptor) {
                let setter = if value.is_some() { setter } else { deleter };
                if setter == Value::None {
                    let class = self.class_name(object);
                    let what = if value.is_some() { "setter" } else { "deleter" };
                    let message = format!("property '{name}' of '{class}' object has no {what}");
                    return Err(self.raise("AttributeError", &message));
                }
                let given: Vec<_> = [object].into_iter().chain(value).collect();
                return self.call(setter, Args::of(&given)).map(drop);
            }
            let has_hook = matches!(self.kind(descriptor), Some(Kind::Instance(_)));
            let slot = if value.is_some() { "__set__" } else { "__delete__" };
            if has_hook && let Some(method) = self.special_method(descriptor, slot) {
                let given: Vec<_> = [object].into_iter().chain(value).collect();
                return self.call(method, Args::of(&given)).map(drop);
            }
        }
        if self.is_frozen_instance(class) {
            let message = format!("cannot assign to field '{name}'");
            return Err(self.raise("dataclasses.FrozenInstanceError", &message));
        }
        let shown = self.class_name(object);
        if value.is_some() && !self.has_room_for(class, name) {
            let message = format!(
                "'{shown}' object has no attribute '{name}' and no __dict__ for setting new attributes"
            );
            return Err(self.raise("AttributeError", &message));
        }
        self.note_change(object, &format!("an object of the class `{shown}`"));
        self.write_attribute(object, name, value)
    }

    /// Writes to the attributes of an object itself.
    pub(super) fn write_attribute(
        &mut self,
        object: Value<'a>,
        name: &'a str,
        value: Option<Value<'a>>,
    ) -> Eval<'a, ()> {
        let Value::Object(id) = object else { return Ok(()) };
        match value {
            Some(value) => self.state.objects[id].attributes.set(name, value),
            None => {
                if self.state.objects[id].attributes.remove(name).is_none() {
                    let class = self.class_name(object);
                    let message = format!("'{class}' object has no attribute '{name}'");
                    return Err(self.raise("AttributeError", &message));
                }
            }
        }
        Ok(())
    }

    // --- Items ---

    /// Sets or deletes an item.
    pub(super) fn set_item(
        &mut self,
        object: Value<'a>,
        key: Value<'a>,
        value: Option<Value<'a>>,
    ) -> Eval<'a, ()> {
        let id = match object {
            Value::Object(id) => id,
            Value::Opaque(opaque) => {
                self.inspect(opaque, "SP0812", "sets an item of");
                return Ok(());
            }
            _ => {
                let class = self.class_name(object);
                let message = format!("'{class}' object does not support item assignment");
                return Err(self.raise("TypeError", &message));
            }
        };
        let what = match &self.state.objects[id].kind {
            Kind::List(_) => "a list",
            Kind::Dict(_) => "a dict",
            Kind::Names(names) => {
                let names = *names;
                if !self.set_shown_name(names, key, value) && value.is_none() {
                    return Err(self.raise_args("KeyError", vec![key]));
                }
                return Ok(());
            }
            Kind::Typed(class) => *class,
            Kind::Instance(_) => {
                let hook = if value.is_some() { "__setitem__" } else { "__delitem__" };
                let given: Vec<_> = [key].into_iter().chain(value).collect();
                return match self.special_method(object, hook) {
                    Some(method) => self.call(method, Args::of(&given)).map(drop),
                    None => self.native_write(object),
                };
            }
            _ => {
                let class = self.class_name(object);
                let message = format!("'{class}' object does not support item assignment");
                return Err(self.raise("TypeError", &message));
            }
        };
        self.note_change(object, what);
        match (self.kind(object).cloned(), value) {
            (Some(Kind::Dict(mut pairs)), Some(value)) => {
                match self.find_equal_key(&pairs, key)? {
                    Some(at) => pairs[at].1 = value,
                    None => pairs.push((key, value)),
                }
                *self.kind_mut(id) = Kind::Dict(pairs);
            }
            (Some(Kind::Dict(mut pairs)), None) => match self.find_equal_key(&pairs, key)? {
                Some(at) => {
                    pairs.remove(at);
                    *self.kind_mut(id) = Kind::Dict(pairs);
                }
                None => return Err(self.raise_args("KeyError", vec![key])),
            },
            (Some(Kind::List(mut items)), value) => match self.list_index(key, items.len()) {
                Some(Some(at)) => {
                    match value {
                        Some(value) => items[at] = value,
                        None => drop(items.remove(at)),
                    }
                    *self.kind_mut(id) = Kind::List(items);
                }
                Some(None) => return Err(self.raise("IndexError", "list assignment index out of range")),
                None => {
                    self.keep_contents(object);
                    self.keep(value);
                    *self.kind_mut(id) = Kind::Typed("list");
                }
            },
            _ => {}
        }
        Ok(())
    }

    /// An instance of a subclass of a builtin container changes.
    fn native_write(&mut self, object: Value<'a>) -> Eval<'a, ()> {
        let shown = self.class_name(object);
        self.note_change(object, &format!("an object of the class `{shown}`"));
        Ok(())
    }
}

fn in_place_name(op: Operator) -> &'static str {
    match op {
        Operator::Add => "__iadd__",
        Operator::Sub => "__isub__",
        Operator::Mult => "__imul__",
        Operator::MatMult => "__imatmul__",
        Operator::Div => "__itruediv__",
        Operator::Mod => "__imod__",
        Operator::Pow => "__ipow__",
        Operator::LShift => "__ilshift__",
        Operator::RShift => "__irshift__",
        Operator::BitOr => "__ior__",
        Operator::BitXor => "__ixor__",
        Operator::BitAnd => "__iand__",
        Operator::FloorDiv => "__ifloordiv__",
    }
}
