//! Type parameters and type aliases (PEP 695, PEP 696).
//!
//! A generic definition is wrapped in a function of its own, called at once, whose locals are the type parameters.

use bytecode::code::CellKind;
use bytecode::{Code, CodeFlags, Const, Intrinsic, Opcode, TypeCode};
use parser::ast::{ClassDef, Expr, FunctionDef, Stmt, TypeParam, TypeParamKind};
use typeck::scope::ScopeRole;

use crate::block::LocalOwner;
use crate::error::Emit;
use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    /// The defaults that `attributes` names are on the stack; leaves the function.
    pub(crate) fn generic_function(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
        is_async: bool,
        first_line: u32,
        attributes: u32,
    ) -> Emit {
        let passed: Vec<_> = [(1, ".defaults"), (2, ".kwdefaults")]
            .into_iter()
            .filter_map(|(flag, name)| (attributes & flag != 0).then_some(name))
            .collect();
        self.open_type_params(stmt, def.name, first_line, &passed);
        self.type_params(def.type_params)?;
        for slot in 0..passed.len() as u32 {
            self.block().op(Opcode::LOAD_FAST_CHECK, slot);
        }
        let attributes = attributes | self.signature_annotations(stmt, def)?;
        self.function_body(stmt, def, is_async, first_line)?;
        self.make_function(attributes)?;
        self.block().op(Opcode::SWAP, 2);
        self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::SetFunctionTypeParams as u32);
        self.block().op0(Opcode::RETURN_VALUE);
        self.make_function(0)?;
        // defaults..., function -- function, defaults...
        let count = passed.len() as u32;
        for depth in (2..=count + 1).rev() {
            self.block().op(Opcode::SWAP, depth);
        }
        self.block().op(Opcode::CALL, count);
        Ok(())
    }

    /// Leaves the class.
    pub(crate) fn generic_class(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a ClassDef<'a>,
        first_line: u32,
    ) -> Emit {
        self.open_type_params(stmt, def.name, first_line, &[]);
        self.type_params(def.type_params)?;
        self.block().op(Opcode::COPY, 1);
        self.store_name(".type_params");
        self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::SubscriptGeneric as u32);
        self.store_name(".generic_base");
        self.build_class(stmt, def, first_line, true)?;
        self.block().op0(Opcode::RETURN_VALUE);
        self.make_function(0)?;
        self.block().op(Opcode::CALL, 0);
        Ok(())
    }

    pub(crate) fn type_alias(
        &mut self,
        stmt: &'a Stmt<'a>,
        name: &'a Expr<'a>,
        type_params: &'a [TypeParam<'a>],
        value: &'a Expr<'a>,
    ) -> Emit {
        let label = name.as_name().unwrap_or("");
        if type_params.is_empty() {
            self.load_const(Const::str(label));
            self.load_const(Const::None);
            self.alias_value(stmt, label, value)?;
        } else {
            let first_line = self.lines.line(stmt.span.start);
            self.open_type_params(stmt, label, first_line, &[]);
            self.load_const(Const::str(label));
            self.type_params(type_params)?;
            self.alias_value(stmt, label, value)?;
            self.block().op0(Opcode::RETURN_VALUE);
            self.make_function(0)?;
            self.block().op(Opcode::CALL, 0);
        }
        self.at(stmt.span);
        self.store(name)
    }

    /// `name, params -- alias`
    fn alias_value(&mut self, stmt: &'a Stmt<'a>, label: &str, value: &'a Expr<'a>) -> Emit {
        let scope = self.scopes.find(stmt.id, ScopeRole::Value).expect("the collector saw the value");
        self.deferred_function(scope, label, value.span, |emitter| emitter.expr(value))?;
        self.at(stmt.span);
        self.block().op(Opcode::BUILD_TUPLE, 3);
        self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::TypeAlias as u32);
        Ok(())
    }

    fn open_type_params(&mut self, stmt: &'a Stmt<'a>, name: &str, first_line: u32, params: &[&str]) {
        let scope =
            self.scopes.find(stmt.id, ScopeRole::TypeParams).expect("the collector saw the parameters");
        let name = format!("<generic parameters of {name}>");
        let code = Code {
            qualname: self.nested_qualname(&name),
            name,
            filename: self.options.filename.clone(),
            first_line,
            flags: CodeFlags::OPTIMIZED | CodeFlags::NEWLOCALS,
            arg_count: params.len() as u32,
            ..Code::default()
        };
        self.open_unit(scope, code);
        for param in params {
            self.block().add_local(LocalOwner::Hidden, param, TypeCode::Object, CellKind::None);
        }
        self.at(stmt.span);
        self.open_frame(false);
    }

    /// Binds the type parameters; leaves their tuple.
    fn type_params(&mut self, params: &'a [TypeParam<'a>]) -> Emit {
        for param in params {
            self.at(param.span);
            let (name, default) = match param.kind {
                TypeParamKind::TypeVar { name, bound, default_value } => {
                    self.load_const(Const::str(name));
                    self.type_var(param, name, bound)?;
                    (name, default_value)
                }
                TypeParamKind::ParamSpec { name, default_value } => {
                    self.load_const(Const::str(name));
                    self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::ParamSpec as u32);
                    (name, default_value)
                }
                TypeParamKind::TypeVarTuple { name, default_value } => {
                    self.load_const(Const::str(name));
                    self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::TypeVarTuple as u32);
                    (name, default_value)
                }
            };
            if let Some(default) = default {
                let scope =
                    self.scopes.find(param.id, ScopeRole::Default).expect("the collector saw the default");
                self.deferred_function(scope, name, default.span, |emitter| {
                    emitter.annotation_value(default)
                })?;
                self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::SetTypeParamDefault as u32);
            }
            self.block().op(Opcode::COPY, 1);
            self.store_name(name);
        }
        self.block().op(Opcode::BUILD_TUPLE, params.len() as u32);
        Ok(())
    }

    /// `name -- typevar`
    fn type_var(&mut self, param: &TypeParam<'a>, name: &str, bound: Option<&'a Expr<'a>>) -> Emit {
        let Some(bound) = bound else {
            self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::TypeVar as u32);
            return Ok(());
        };
        let scope = self.scopes.find(param.id, ScopeRole::Value).expect("the collector saw the bound");
        self.deferred_function(scope, name, bound.span, |emitter| emitter.expr(bound))?;
        let is_tuple = matches!(bound.kind, parser::ast::ExprKind::Tuple { .. });
        let intrinsic =
            if is_tuple { Intrinsic::TypeVarWithConstraints } else { Intrinsic::TypeVarWithBound };
        self.block().op(Opcode::CALL_INTRINSIC, intrinsic as u32);
        Ok(())
    }
}
