//! Instances of dataclasses, made without a call of the constructor.
//!
//! The checker plans this where the constructor stores its arguments and constants, makes empty containers and calls `__post_init__` with nothing but
//! the instance ([`Filling`]). Nobody else sees the instance before that, so that the order of the stores is free: arguments are stored from the
//! stack, the last one first, then what factories make.

use bytecode::Opcode;
use typeck::facts::{Argument, Filling, Maker};
use typeck::program::{ClassId, FunctionId, Param};

use super::call::Site;
use crate::error::Emit;
use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    /// `-- instance`
    pub(super) fn fill(
        &mut self,
        site: Site<'a>,
        class: ClassId,
        init: FunctionId,
        arguments: &[Argument],
        filling: &Filling,
    ) -> Emit {
        let checked = self.checked.expect("plans come from a checked module");
        let at = self.block().ty(checked.class_descr(class).exactly());
        self.at(site.expr.span);
        self.block().op(Opcode::TP_ALLOC, at);
        let is_made =
            |(param, _): &(Param<'a>, Argument)| filling.made.iter().any(|(name, _)| name == param.name);
        let mut call = self.static_call(site, init, (1, false), arguments);
        let pairs = call.params.into_iter().zip(arguments.iter().cloned()).filter(|pair| !is_made(pair));
        let (params, arguments): (Vec<Param<'a>>, Vec<Argument>) = pairs.unzip();
        (call.params, call.arguments) = (params, &arguments);
        self.arguments(&call, None)?;
        self.at(site.expr.span);
        for (at, param) in call.params.iter().enumerate().rev() {
            self.fill_field(class, param.name, at as u32 + 2);
        }
        for (name, maker) in &filling.made {
            match maker {
                Maker::List => self.block().op(Opcode::BUILD_LIST, 0),
                Maker::Dict => self.block().op(Opcode::BUILD_MAP, 0),
                Maker::Set => self.block().op(Opcode::BUILD_SET, 0),
            }
            self.fill_field(class, name, 2);
        }
        if let Some(after) = filling.after {
            let descr = self.block().function(checked.function_descr(after));
            self.block().op(Opcode::COPY, 1);
            self.block().op(Opcode::INVOKE_FUNCTION, descr);
            self.block().op0(Opcode::POP_TOP);
        }
        Ok(())
    }

    /// `instance, others..., value -- instance, others...`; the instance is so deep, the value counted.
    fn fill_field(&mut self, class: ClassId, name: &str, depth: u32) {
        let checked = self.checked.expect("plans come from a checked module");
        let field = checked.field_descr(class, name).expect("the checker plans fields only");
        let field = self.block().field(field);
        self.block().op(Opcode::COPY, depth);
        self.block().op(Opcode::STORE_FIELD, field);
    }
}
