//! Calls in modules that tests may patch (`spc run --patching`): they reach what stands under the names that the source has.
//!
//! Elsewhere a call knows its callee, and an instance is made without asking anybody. Here the descriptor of a call has the names by
//! which the source reaches the callee ([`MethodKind::Named`]) and the shape of the call ([`Given`]): what a test has put there is called as the
//! source calls it, and what it gives is checked against what the checker knows. A stand-in for a class may make instances of a subclass, so
//! that methods are looked up even where the class of the receiver is known.

use bytecode::{FunctionDescr, Given, Intrinsic, MethodKind, Opcode, Rest, Signature, TypeDescr};
use parser::ast::{Expr, ExprKind};
use typeck::facts::Argument;
use typeck::program::{ClassId, FunctionId, Member};
use typeck::ty::Type;

use super::argument::StaticCall;
use super::call::Site;
use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    /// Adds the shape of a call to its descriptor, and the names that lead to a callee that is reached through the module: then no receiver is
    /// passed. Returns how many are.
    pub(super) fn keep_shape(
        &mut self,
        site: Site<'a>,
        descr: &mut FunctionDescr,
        receivers: usize,
        arguments: &[Argument],
    ) -> usize {
        if !self.options.patching || matches!(descr.kind, MethodKind::Native | MethodKind::Nested) {
            return receivers;
        }
        let receivers = match self.callee_path(site) {
            Some((module, name)) => {
                descr.signature.params = descr.signature.params[receivers..].into();
                (descr.module, descr.name, descr.kind) = (module, name, MethodKind::Named);
                0
            }
            None => receivers,
        };
        let passed = std::iter::repeat_n(Given::Receiver, receivers);
        descr.given = passed.chain(arguments.iter().filter_map(|argument| given(site, argument))).collect();
        receivers
    }

    /// The module and the names there by which a call reaches its callee, if it may be patched and the first name is one of the module.
    pub(super) fn callee_path(&self, site: Site<'a>) -> Option<(String, String)> {
        let ExprKind::Call { func, .. } = site.expr.kind else { return None };
        let checked = self.checked.filter(|_| self.options.patching)?;
        let path = self.path_of(func)?;
        Some((checked.program.modules[checked.module].name.to_owned(), path))
    }

    /// Names that lead through modules and classes.
    fn path_of(&self, expr: &'a Expr<'a>) -> Option<String> {
        match expr.kind {
            ExprKind::Name { id, .. } => self.module_name(id),
            ExprKind::Attribute { value, attr, .. } => {
                let checked = self.checked?;
                let ty = checked.facts().types[value.id]?;
                let leads = matches!(checked.program.types.get(ty.id), Type::Class { .. } | Type::Module(_));
                let owner = leads.then(|| self.path_of(value))??;
                Some(format!("{owner}.{}", self.mangled(attr)))
            }
            _ => None,
        }
    }

    /// Sees to it that a function or class on top that another module has defined is what a test has put in its place there.
    pub(crate) fn see_patch(&mut self, expr: &'a Expr<'a>, name: &str) {
        let Some(checked) = self.checked.filter(|_| self.options.patching) else { return };
        let members = &checked.program.modules[checked.module].members;
        let is_imported = self
            .module_name(name)
            .is_some_and(|name| matches!(members.get(&*name), Some(Member::Imported { .. })));
        let ty = checked.facts().types[expr.id].map(|ty| checked.program.types.get(ty.id));
        if is_imported && matches!(ty, Some(Type::Function(_) | Type::Class { .. })) {
            self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::StandIn as u32);
        }
    }

    /// The call that asks what stands in the place of a class for an instance.
    pub(super) fn constructor_call<'f>(
        &mut self,
        site: Site<'a>,
        class: ClassId,
        init: Option<FunctionId>,
        arguments: &'f [Argument],
    ) -> StaticCall<'a, 'f> {
        let checked = self.checked.expect("plans come from a checked module");
        let ret = checked.class_descr(class);
        let (module, name) = self.callee_path(site).unwrap_or_else(|| match &ret {
            TypeDescr::Class { module, name, .. } => (module.clone(), name.clone()),
            _ => unreachable!("the descriptor of a class is that of a class"),
        });
        let signature = match init.map(|init| checked.signature(init)) {
            Some(init) => Signature { params: init.params[1..].into(), ret, ..init },
            None => {
                Signature { params: Box::default(), keyword_only: Box::default(), rest: Rest::default(), ret }
            }
        };
        let given = arguments.iter().filter_map(|argument| given(site, argument)).collect();
        let descr = FunctionDescr { module, name, kind: MethodKind::Named, signature, given };
        let descr = self.block().function(descr);
        let params = init.map_or(Vec::new(), |init| checked.program.functions[init].params[1..].to_vec());
        StaticCall { site, descr, function: init, receivers: 0, params, arguments, is_virtual: false }
    }

    /// Whether a method must be looked up although the class of the receiver is known.
    pub(super) fn may_be_fake(&self, function: FunctionId) -> bool {
        let Some(checked) = self.checked.filter(|_| self.options.patching) else { return false };
        let method = &checked.program.functions[function];
        let is_open = |class: ClassId| {
            let class = &checked.program.classes[class];
            class.is_static && !class.is_final
        };
        let is_special = matches!(method.name, "__init__" | "__new__" | "__init_subclass__");
        !method.is_final && !is_special && method.class.is_some_and(is_open)
    }
}

/// How an argument is given; those that are collected are spread again.
fn given(site: Site<'_>, argument: &Argument) -> Option<Given> {
    match argument {
        Argument::Positional(_) | Argument::Unpacked { .. } => Some(Given::Position),
        Argument::Keyword(at) => {
            let name = site.keywords[*at].arg.expect("the checker maps names");
            Some(Given::Keyword(name.to_owned()))
        }
        Argument::Default => Some(Given::Default),
        Argument::Rest(_) | Argument::Keywords(_) => None,
    }
}
