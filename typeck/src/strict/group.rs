//! `except*`: each handler gets those exceptions of a group that fit it; what no handler takes is raised again. (PEP 654)
//!
//! Groups inside groups are taken apart: handlers see the exceptions in them as one flat group, which is what their classes are asked about.

use parser::ast::{ExceptHandler, Try};

use super::Analyser;
use super::value::{Eval, Flow, Kind, Stop, Value};

impl<'a> Analyser<'a, '_> {
    pub(super) fn try_star_statement(&mut self, parts: &'a Try<'a>) -> Eval<'a, Flow<'a>> {
        let result = self.try_star_handlers(parts);
        if matches!(result, Err(Stop::Exhausted | Stop::Enough)) || parts.finalbody.is_empty() {
            return result;
        }
        match self.block(parts.finalbody)? {
            Flow::Next => result,
            other => Ok(other),
        }
    }

    fn try_star_handlers(&mut self, parts: &'a Try<'a>) -> Eval<'a, Flow<'a>> {
        let before = self.possible.len();
        let flow = match self.block(parts.body) {
            Err(Stop::Raise(exception)) => return self.handle_group(parts.handlers, exception),
            Ok(Flow::Next) => self.block(parts.orelse)?,
            other => other?,
        };
        for exception in self.possible.split_off(before.min(self.possible.len())) {
            self.branch(|_| Ok(Flow::Next), |this| this.handle_group(parts.handlers, exception))?;
        }
        Ok(flow)
    }

    fn handle_group(
        &mut self,
        handlers: &'a [ExceptHandler<'a>],
        exception: Value<'a>,
    ) -> Eval<'a, Flow<'a>> {
        let Some(members) = self.members_of_group(exception) else {
            return Err(Stop::Raise(exception));
        };
        let is_naked = members == [exception];
        let (mut rest, mut raised) = (members, Vec::new());
        for handler in handlers {
            let class = self.optional(handler.type_)?.unwrap_or(Value::Native("BaseException"));
            let mut fitting = Vec::new();
            for member in std::mem::take(&mut rest) {
                let is_silent = matches!(member, Value::Opaque(_));
                let fits = is_silent || self.is_instance(member, class)? != Some(false);
                if fits { fitting.push(member) } else { rest.push(member) }
            }
            if fitting.is_empty() {
                continue;
            }
            match self.run_star_handler(handler, fitting) {
                Err(Stop::Raise(exception)) => raised.push(exception),
                other => drop(other?),
            }
        }
        if is_naked && raised.is_empty() && rest == [exception] {
            return Err(Stop::Raise(exception));
        }
        raised.append(&mut rest);
        match raised[..] {
            [] => Ok(Flow::Next),
            _ => Err(Stop::Raise(self.group_of(raised))),
        }
    }

    fn run_star_handler(
        &mut self,
        handler: &'a ExceptHandler<'a>,
        fitting: Vec<Value<'a>>,
    ) -> Eval<'a, Flow<'a>> {
        let group = self.group_of(fitting);
        if let Some(name) = handler.name {
            self.store_name(name, group)?;
        }
        let outer = self.frame().handled.replace(group);
        let flow = self.block(handler.body);
        self.frame().handled = outer;
        if let Some(name) = handler.name {
            // The body may have deleted it.
            self.store_name(name, Value::None)?;
            self.delete_name(name)?;
        }
        flow
    }

    /// The exceptions in a group; an exception that is none is its only one. Nothing if they are not known.
    fn members_of_group(&mut self, exception: Value<'a>) -> Option<Vec<Value<'a>>> {
        if !self.is_group(exception) {
            return Some(vec![exception]);
        }
        let args = self.attribute_of_instance(exception, "args")?;
        let listed = *self.known_items(args)?.get(1)?;
        let mut members = Vec::new();
        for member in self.known_items(listed)? {
            members.extend(self.members_of_group(member)?);
        }
        Some(members)
    }

    fn is_group(&mut self, exception: Value<'a>) -> bool {
        let class = self.class_of(exception);
        self.mro(class).contains(&Value::Native("BaseExceptionGroup"))
    }

    fn group_of(&mut self, members: Vec<Value<'a>>) -> Value<'a> {
        let group = self.object(Kind::Instance(Value::Native("ExceptionGroup")));
        let members = self.list(members);
        self.set_exception_args(group, vec![Value::Str(""), members]);
        self.name_group_parts(group);
        group
    }

    /// `message` and `exceptions` of a group, as its arguments say.
    pub(super) fn name_group_parts(&mut self, group: Value<'a>) {
        if !self.is_group(group) {
            return;
        }
        let args = self.attribute_of_instance(group, "args").and_then(|args| self.known_items(args));
        let Some([message, members]) = args.as_deref() else { return };
        let members = self.known_items(*members);
        let members = self.tuple_of(members);
        if let Value::Object(id) = group {
            let attributes = &mut self.state.objects[id].attributes;
            attributes.set("message", *message);
            attributes.set("exceptions", members);
        }
    }
}
