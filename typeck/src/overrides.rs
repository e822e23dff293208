//! Overrides: what a class may put in the place of what it inherits. (`static-python.md` 1.17, 1.19)
//!
//! Code that knows only the base must stay right: a method keeps its kind and takes and gives what the base's does (Liskov's rule), a
//! field or class variable keeps its type, and neither takes the place of the other. Runs once all members are bound; one pass over the
//! members of each class, each looked up along its method resolution order.

use base::{Diagnostic, Span};

use crate::program::{Binding, ClassId, ClassMember, Field, FunctionId, Param, ParamKind, Program};
use crate::ty::TypeId;

impl<'a> Program<'a> {
    /// Liskov's rule for methods and fields. (`static-python.md` 1.19)
    pub(crate) fn check_overrides(&mut self, class: ClassId) {
        let members: Vec<(&'a str, ClassMember<'a>)> = self.classes[class].members.clone();
        let bases = self.classes[class].mro[1..].to_vec();
        for (name, member) in members {
            let inherited = bases.iter().find_map(|&base| {
                let at = *self.classes[base].by_name.get(name)?;
                Some((base, self.classes[base].members[at].1.clone()))
            });
            // Of what builtins have, nothing is relied on: it is looked at again when it is used.
            let is_typed = |owner: ClassId| !self.modules[self.classes[owner].module].kind.is_stub();
            let Some((owner, inherited)) = inherited.filter(|(owner, _)| is_typed(*owner)) else { continue };
            match (member, inherited) {
                (ClassMember::Method(new), ClassMember::Method(old)) => self.check_override(class, new, old),
                (ClassMember::Field(new), ClassMember::Field(old)) => {
                    self.check_kept(class, name, (new.ty, new.span), (owner, old.ty, old.is_final, old.span));
                }
                (
                    ClassMember::Variable { ty, span, .. },
                    ClassMember::Variable { ty: old, is_final, span: other },
                ) => {
                    self.check_kept(class, name, (ty, span), (owner, old, is_final, other));
                }
                (ClassMember::Field(new), ClassMember::Method(old)) if self.may_become_field(old) => {
                    let (getter, other) = (&self.functions[old], self.functions[old].def.name_span);
                    let kept = (owner, getter.ret, false, other);
                    self.check_kept(class, name, (new.ty, new.span), kept);
                }
                (ClassMember::Method(new), ClassMember::Field(old)) if self.may_stand_in(new, &old) => {
                    let (ret, span) = (self.functions[new].ret, self.functions[new].def.name_span);
                    self.check_kept(class, name, (ret, span), (owner, old.ty, false, old.span));
                }
                // What an unknown decorator has made of it is nothing that is relied on.
                (_, ClassMember::Method(old)) if self.functions[old].is_dynamic => {}
                (ClassMember::Dynamic, ClassMember::Method(_)) if name.starts_with("__") => {}
                // An abstract one wants something in its place, which is reached through the class of the receiver.
                (ClassMember::Dynamic, ClassMember::Method(old)) if self.functions[old].is_abstract => {}
                (ClassMember::Method(_), ClassMember::Dynamic)
                | (ClassMember::Dynamic, ClassMember::Field(_) | ClassMember::Variable { .. })
                | (ClassMember::Field(_) | ClassMember::Variable { .. }, ClassMember::Dynamic)
                | (ClassMember::Dynamic, ClassMember::Dynamic) => {}
                (member, inherited) => {
                    let (span, other) =
                        (self.member_place(class, &member), self.member_place(owner, &inherited));
                    self.report_hidden(class, name, span, owner, other);
                }
            }
        }
        if self.classes[class].bases.len() > 1 && self.classes[class].is_static {
            self.check_merged(class, &bases);
            self.check_super_calls(class);
        }
    }

    /// Whether a field of a subclass may take the place of a method: it is a property, which is reached through the class of the receiver.
    fn may_become_field(&self, method: FunctionId) -> bool {
        let entry = &self.functions[method];
        entry.binding == Binding::Property && entry.cache.is_none() && !entry.is_final && entry.is_plain()
    }

    /// Whether a property may take the place of a field: one that has a default, and that others may assign to.
    fn may_stand_in(&self, method: FunctionId, field: &Field<'a>) -> bool {
        field.has_default && !field.is_final && self.may_become_field(method)
    }

    /// `super()` calls what follows the class in its own order of bases, so that of several bases no other may come in between.
    fn check_super_calls(&mut self, class: ClassId) {
        let order = self.classes[class].mro.clone();
        for at in 1..order.len() {
            for (name, member) in self.classes[order[at]].members.clone() {
                let ClassMember::Method(method) = member else { continue };
                let next = |bases: &[ClassId]| {
                    bases.iter().copied().find(|&base| self.classes[base].by_name.contains_key(name))
                };
                let Some(called) = next(&self.classes[order[at]].mro[1..]) else { continue };
                let meant = next(&order[at + 1..]);
                if meant == Some(called) || called == self.known.object || !self.calls_super(method) {
                    continue;
                }
                let shown = |class: ClassId| self.classes[class].name;
                let (own, meant) = (shown(order[at]), meant.map_or("", shown));
                let message = format!(
                    "{}: {own}.{name} calls {}.{name} through super(), not {meant}.{name}",
                    shown(class),
                    shown(called)
                );
                let (module, span) = (self.classes[class].module, self.classes[class].span);
                self.report(module, Diagnostic::error("SP0106", span, message));
            }
        }
    }

    /// Whether the text of a method mentions `super()`.
    fn calls_super(&self, method: FunctionId) -> bool {
        let entry = &self.functions[method];
        let source = self.modules[entry.module].source;
        let end = entry.def.body.last().map_or(0, |stmt| stmt.span.end as usize);
        source.get(entry.def.name_span.end as usize..end).is_some_and(|text| text.contains("super()"))
    }

    /// Of several bases, those that come first override those that come later. (decision 20)
    fn check_merged(&mut self, class: ClassId, bases: &[ClassId]) {
        let object = self.known.object;
        for &owner in bases.iter().filter(|&&owner| owner != object) {
            for (name, old) in self.classes[owner].members.clone() {
                let Some((winner, new)) = self.class_member(class, name) else { continue };
                if self.is_subclass(winner, owner) && winner != class {
                    continue;
                }
                match (new.clone(), old) {
                    (ClassMember::Method(new), ClassMember::Method(old)) => {
                        self.check_merged_method(class, new, old);
                    }
                    (ClassMember::Field(_), ClassMember::Method(_))
                    | (ClassMember::Method(_), ClassMember::Field(_)) => {
                        let (span, other) = (self.classes[class].span, self.classes[owner].span);
                        self.report_hidden(class, name, span, owner, other);
                    }
                    _ => {}
                }
            }
        }
    }

    fn check_merged_method(&mut self, class: ClassId, new: FunctionId, old: FunctionId) {
        if self.functions[new].class == Some(class) {
            return self.check_override(class, new, old);
        }
        if matches!(self.functions[new].name, "__init__" | "__new__" | "__init_subclass__") {
            return;
        }
        self.erase_overridden(new, old);
        let Some(problem) = self.override_problem(class, new, old) else { return };
        let owner = |function: FunctionId| {
            self.functions[function].class.map_or("", |owner| self.classes[owner].name)
        };
        let (name, first, second) = (self.functions[new].name, owner(new), owner(old));
        let shown = self.classes[class].name;
        let message = format!("{shown}: {first}.{name} overrides {second}.{name} inconsistently. {problem}");
        let (module, there) = (self.classes[class].module, self.functions[old].module);
        let diagnostic = Diagnostic::error("SP0106", self.classes[class].span, message);
        let other = self.functions[old].def.name_span;
        let diagnostic = self.label(diagnostic, module, there, other, "overridden method");
        self.report(module, diagnostic);
    }

    /// Where a member of a class stands.
    fn member_place(&self, class: ClassId, member: &ClassMember<'a>) -> Span {
        match member {
            ClassMember::Method(function) => self.functions[*function].def.name_span,
            ClassMember::Field(field) => field.span,
            ClassMember::Variable { span, .. } => *span,
            ClassMember::Dynamic => self.classes[class].span,
        }
    }

    fn report_hidden(&mut self, class: ClassId, name: &str, span: Span, base: ClassId, other: Span) {
        let (module, there) = (self.classes[class].module, self.classes[base].module);
        let message = format!("class cannot hide inherited member: '{name}'");
        let diagnostic = Diagnostic::error("SP0105", span, message);
        let diagnostic = self.label(diagnostic, module, there, other, "inherited from here");
        self.report(module, diagnostic);
    }

    /// A field or a class variable keeps the type that it has in a base; one that is final stays altogether.
    fn check_kept(
        &mut self,
        class: ClassId,
        name: &str,
        (ty, span): (TypeId, Span),
        (owner, old, is_final, other): (ClassId, TypeId, bool, Span),
    ) {
        let module = self.classes[class].module;
        let (code, message) = if is_final {
            let owner = self.classes[owner].name;
            ("SP0104", format!("Cannot assign to a Final attribute of {owner}:{name}"))
        } else if ty != old && ty != self.types.dynamic {
            let shown = self.show(old);
            ("SP0105", format!("cannot change type of inherited attribute '{name}', which is {shown}"))
        } else {
            return;
        };
        let there = self.classes[owner].module;
        let diagnostic = Diagnostic::error(code, span, message);
        let diagnostic = self.label(diagnostic, module, there, other, "inherited from here");
        self.report(module, diagnostic);
    }

    fn check_override(&mut self, class: ClassId, new: FunctionId, old: FunctionId) {
        if matches!(self.functions[new].name, "__init__" | "__new__" | "__init_subclass__") {
            return;
        }
        self.erase_overridden(new, old);
        let Some(problem) = self.override_problem(class, new, old) else { return };
        let (module, owner) = (self.classes[class].module, self.functions[old].class);
        let other = self.functions[old].def.name_span;
        let there = self.functions[old].module;
        let base = owner.map_or("", |owner| self.classes[owner].name);
        let (class, name) = (self.classes[class].name, self.functions[new].name);
        let message = format!("{class}.{name} overrides {base}.{name} inconsistently. {problem}");
        let diagnostic = Diagnostic::error("SP0106", self.functions[new].def.name_span, message);
        let diagnostic = self.label(diagnostic, module, there, other, "overridden method");
        self.report(module, diagnostic);
    }

    /// Callers through the base pass what a type parameter of the base admits, which is anything, so that the method itself checks.
    fn erase_overridden(&mut self, new: FunctionId, old: FunctionId) {
        for at in 1..self.functions[new].params.len().min(self.functions[old].params.len()) {
            let (ty, is_erased) =
                (self.functions[old].params[at].ty, self.functions[old].params[at].is_erased);
            let is_generic = self.types.substitute(ty, &[]) != ty;
            self.functions[new].params[at].is_erased |= is_generic || is_erased;
        }
    }

    /// Why `new` may not override `old`.
    fn override_problem(&mut self, class: ClassId, new: FunctionId, old: FunctionId) -> Option<String> {
        if self.functions[new].is_dynamic || self.functions[old].is_dynamic {
            return None;
        }
        if self.functions[old].is_final {
            return Some("The overridden method is final".to_owned());
        }
        let (new_kind, old_kind) = (self.kind_of(new), self.kind_of(old));
        if new_kind != old_kind {
            return Some(format!("A {old_kind} is overridden as a {new_kind}"));
        }
        let takes_any = self.functions[old].params.iter().any(|param| param.kind == ParamKind::DoubleStar);
        let mut old_params = self.functions[old].params.clone();
        let own = self.own_params(class);
        let args = match self.functions[old].class {
            Some(base) => self.arguments_of(class, &own, base),
            None => Vec::new(),
        };
        for param in &mut old_params {
            param.ty = self.types.substitute(param.ty, &args);
        }
        let is_known = |param: &Param<'a>| {
            let is_extra = takes_any && param.kind == ParamKind::KeywordOnly;
            !is_extra || old_params.iter().any(|old| old.name == param.name)
        };
        let new_params: Vec<_> = self.functions[new].params.iter().filter(|p| is_known(p)).cloned().collect();
        if new_params.len() != old_params.len() {
            return Some("Number of arguments differ".to_owned());
        }
        let receivers = usize::from(self.functions[old].binding != Binding::Static);
        for (at, (new, old)) in new_params.iter().zip(&old_params).enumerate().skip(receivers) {
            if new.name != old.name && matches!(old.kind, ParamKind::Ordinary | ParamKind::KeywordOnly) {
                return Some(format!(
                    "Positional argument {} named `{}` is overridden as `{}`",
                    at + 1,
                    old.name,
                    new.name
                ));
            }
            let is_opened = (old.kind, new.kind) == (ParamKind::PositionalOnly, ParamKind::Ordinary);
            if new.kind != old.kind && !is_opened {
                return Some(format!("Parameter `{}` differs in kind", old.name));
            }
            if !self.is_subtype_or_dynamic(old.ty, new.ty) {
                let (new, old) = (self.show(new.ty), self.show(old.ty));
                return Some(format!(
                    "Parameter of type `{new}` is not a supertype of the overridden parameter `{old}`"
                ));
            }
        }
        let (new_ret, old_ret) = (self.functions[new].ret, self.functions[old].ret);
        let old_ret = self.types.substitute(old_ret, &args);
        if !self.is_subtype_or_dynamic(new_ret, old_ret) {
            let (new, old) = (self.show(new_ret), self.show(old_ret));
            return Some(format!("Returned type `{new}` is not a subtype of the overridden return `{old}`"));
        }
        None
    }

    /// What a method is, in messages.
    fn kind_of(&self, function: FunctionId) -> &'static str {
        let entry = &self.functions[function];
        match entry.binding {
            Binding::Property => "property",
            Binding::Class => "class method",
            Binding::Static => "static method",
            Binding::Instance | Binding::None if entry.is_async && !entry.is_generator => "coroutine",
            Binding::Instance | Binding::None => "method",
        }
    }

    fn is_subtype_or_dynamic(&mut self, sub: TypeId, sup: TypeId) -> bool {
        let primitive = self.types.as_primitive(sub).is_some() || self.types.as_primitive(sup).is_some();
        if primitive { sub == sup } else { self.is_subtype(sub, sup) }
    }
}
