//! Typed dictionaries and named tuples where they are made and read. (PEP 589, `typing.NamedTuple`; decision 5)

use base::{Diagnostic, suggest};
use parser::ast::{Constant, Expr, ExprKind};

use super::call::Actuals;
use super::mismatch::Destination;
use super::{Checker, Env};
use crate::program::{ClassId, ClassKind};
use crate::structural::Entry;
use crate::ty::{Ty, TypeId};

impl<'a> Checker<'_, 'a> {
    /// The typed dictionary that a type is an instance of.
    pub(super) fn typed_dict_of(&self, ty: TypeId) -> Option<ClassId> {
        let (class, ..) = self.program.types.as_instance(ty)?;
        (self.program.classes[class].kind == ClassKind::TypedDict).then_some(class)
    }

    /// A display where a typed dictionary is wanted: its keys are known, and those that are required are there.
    pub(super) fn typed_dict_display(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        keys: &'a [Option<&'a Expr<'a>>],
        values: &'a [Expr<'a>],
        class: ClassId,
    ) -> Ty {
        let entries = self.program.entries(class);
        let (mut given, mut is_open) = (Vec::new(), false);
        for (key, value) in keys.iter().zip(values) {
            key.iter().for_each(|key| _ = self.object(env, key));
            match key.and_then(text_of) {
                Some(name) => {
                    given.push(name);
                    match self.entry(&entries, class, key.unwrap_or(value), name) {
                        Some(ty) => _ = self.check(env, value, ty, Destination::Place),
                        None => self.element(env, value),
                    }
                }
                None => {
                    is_open = true;
                    self.element(env, value);
                }
            }
        }
        if !is_open {
            self.check_missing(expr, &entries, class, &given);
        }
        Ty::sure(self.instance(class))
    }

    /// The type of a key; reports one that is not there.
    fn entry(&mut self, entries: &[Entry<'a>], class: ClassId, at: &Expr<'a>, name: &str) -> Option<TypeId> {
        let found = entries.iter().find(|entry| entry.name == name);
        if found.is_none() {
            let shown = self.program.classes[class].name;
            let what = match self.program.classes[class].kind {
                ClassKind::TypedDict => format!("TypedDict '{shown}' has no key '{name}'"),
                _ => format!("{shown} has no field '{name}'"),
            };
            let meant = suggest::likeliest(name, entries.iter().map(|entry| entry.name));
            self.report(Diagnostic::error("SP0134", at.span, what).with_suggestion(meant));
        }
        found.map(|entry| entry.ty)
    }

    fn check_missing(&mut self, expr: &Expr<'a>, entries: &[Entry<'a>], class: ClassId, given: &[&str]) {
        let missing = entries.iter().filter(|entry| entry.is_required && !given.contains(&entry.name));
        let missing: Vec<_> = missing.map(|entry| format!("'{}'", entry.name)).collect();
        if !missing.is_empty() {
            let (shown, missing) = (self.program.classes[class].name, missing.join(", "));
            self.error("SP0144", expr.span, format!("{shown} expects a value for {missing}"));
        }
    }

    /// What `d["key"]` gives or takes; nothing if the key is not known.
    pub(super) fn typed_item(&mut self, class: ClassId, slice: &Expr<'a>) -> Option<TypeId> {
        if self.program.classes[class].kind != ClassKind::TypedDict {
            return None;
        }
        let entries = self.program.entries(class);
        self.entry(&entries, class, slice, text_of(slice)?)
    }

    /// The arguments of a call that makes a typed dictionary or a named tuple.
    pub(super) fn record_arguments(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        class: ClassId,
        actuals: Actuals<'a>,
    ) -> Ty {
        let entries = self.program.entries(class);
        let is_tuple = self.program.classes[class].kind == ClassKind::NamedTuple;
        let is_open = actuals.has_stars() || (!is_tuple && !actuals.args.is_empty());
        let mut given = Vec::new();
        for (at, arg) in actuals.args.iter().enumerate() {
            match entries.get(at).filter(|_| is_tuple && !is_open) {
                Some(entry) => {
                    given.push(entry.name);
                    let what = format!("positional arg '{}'", entry.name);
                    self.check(env, arg, entry.ty, Destination::Described(&what));
                }
                None => self.element(env, arg),
            }
        }
        if is_tuple && !is_open && actuals.args.len() > entries.len() {
            let (shown, takes) = (self.program.classes[class].name, entries.len());
            let message = format!(
                "Mismatched number of args for {shown}. Expected {takes}, got {}",
                actuals.args.len()
            );
            self.error("SP0144", actuals.span, message);
        }
        for keyword in actuals.keywords {
            let found = keyword.arg.and_then(|name| self.entry(&entries, class, keyword.value, name));
            given.extend(keyword.arg);
            match (found, keyword.arg) {
                (Some(ty), Some(name)) => {
                    let what = format!("keyword arg '{name}'");
                    self.check(env, keyword.value, ty, Destination::Described(&what));
                }
                _ => self.element(env, keyword.value),
            }
        }
        if !is_open {
            self.check_missing(expr, &entries, class, &given);
        }
        Ty::expected(self.instance(class))
    }
}

/// The text of a string constant.
fn text_of<'a>(expr: &Expr<'a>) -> Option<&'a str> {
    match expr.kind {
        ExprKind::Constant { value: Constant::Str(text), .. } => text.as_str(),
        _ => None,
    }
}
