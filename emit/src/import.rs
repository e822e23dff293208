//! `import` and `from ... import`.

use bytecode::{Const, Intrinsic, Opcode};
use parser::ast::{Alias, Stmt};
use typeck::scope::ScopeKind;

use crate::error::Emit;
use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    pub(crate) fn import(&mut self, names: &'a [Alias<'a>]) -> Emit {
        for alias in names {
            self.load_const(Const::Int(0));
            self.load_const(Const::None);
            self.name_op(Opcode::IMPORT_NAME, alias.name);
            match alias.asname {
                None => {
                    let first = alias.name.split('.').next().expect("splitting yields at least one part");
                    self.store_name(first);
                }
                Some(asname) => self.import_as(alias.name, asname),
            }
        }
        Ok(())
    }

    /// `import a.b.c as x` binds the last part, found through the packages.
    fn import_as(&mut self, name: &str, asname: &str) {
        for part in name.split('.').skip(1) {
            self.name_op(Opcode::IMPORT_FROM, part);
            self.block().op(Opcode::SWAP, 2);
            self.block().op0(Opcode::POP_TOP);
        }
        self.store_name(asname);
    }

    pub(crate) fn import_from(
        &mut self,
        stmt: &Stmt<'a>,
        module: Option<&'a str>,
        names: &'a [Alias<'a>],
        level: u32,
    ) -> Emit {
        if module == Some("__future__") && level == 0 {
            self.check_future(stmt, names)?;
        }
        self.load_const(Const::Int(level.into()));
        let wanted = names.iter().map(|alias| Const::str(alias.name)).collect();
        self.load_const(Const::Tuple(wanted));
        self.name_op(Opcode::IMPORT_NAME, module.unwrap_or(""));
        if let [Alias { name: "*", span, .. }] = names {
            if self.unit_scope().kind != ScopeKind::Module {
                return self.error(*span, "import * only allowed at module level");
            }
            self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::ImportStar as u32);
            self.block().op0(Opcode::POP_TOP);
            return Ok(());
        }
        for alias in names {
            self.name_op(Opcode::IMPORT_FROM, alias.name);
            self.store_name(alias.asname.unwrap_or(alias.name));
        }
        self.block().op0(Opcode::POP_TOP);
        if self.checked.is_some() {
            names.iter().for_each(|alias| self.import_checked(module.unwrap_or(""), alias.name));
        }
        Ok(())
    }

    /// A switch of a typed module puts a checked container in the place of a builtin one.
    fn import_checked(&mut self, module: &str, name: &str) {
        let Some((builtin, checked)) = typeck::checked_container(module, name) else { return };
        self.load_const(Const::Int(0u32.into()));
        self.load_const(Const::Tuple([Const::str(checked)].into_iter().collect()));
        self.name_op(Opcode::IMPORT_NAME, "__static__");
        self.name_op(Opcode::IMPORT_FROM, checked);
        self.name_op(Opcode::STORE_GLOBAL, builtin);
        self.block().op0(Opcode::POP_TOP);
    }

    fn check_future(&self, stmt: &Stmt<'a>, names: &[Alias<'a>]) -> Emit {
        const FEATURES: &[&str] = &[
            "nested_scopes",
            "generators",
            "division",
            "absolute_import",
            "with_statement",
            "print_function",
            "unicode_literals",
            "barry_as_FLUFL",
            "generator_stop",
            "annotations",
        ];
        if stmt.span.end > self.future_end {
            let message = "from __future__ imports must occur at the beginning of the file";
            return self.error(stmt.span, message);
        }
        for alias in names {
            if alias.name == "braces" {
                return self.error(alias.span, "not a chance");
            }
            if !FEATURES.contains(&alias.name) {
                return self.error(stmt.span, format!("future feature {} is not defined", alias.name));
            }
        }
        Ok(())
    }
}
