//! Calls: who is called, which argument goes to which parameter, and what comes back.

use base::suggest;
use parser::ast::{Arguments, FunctionDef, Stmt, TypeParamKind};

use super::Analyser;
use super::CALLS;
use super::finding::Call;
use super::library::CACHE;
use super::value::{Args, Body, EnvId, Eval, Flow, Function, Keywords, Kind, Stop, Value};
use crate::scope::ScopeRole;

/// Where exceptions about names keep the name that was perhaps meant; no program can write it.
pub(super) const MEANT: &str = "<meant>";

impl<'a> Analyser<'a, '_> {
    // --- Exceptions ---

    /// A Python exception with a message.
    pub(super) fn raise(&mut self, class: &'a str, message: &str) -> Stop<'a> {
        let message = self.text(message);
        self.raise_args(class, vec![message])
    }

    /// A Python exception about a name, with the one that was perhaps meant.
    pub(super) fn raise_meant(&mut self, class: &'a str, message: &str, meant: Option<&'a str>) -> Stop<'a> {
        let stop = self.raise(class, message);
        if let (Stop::Raise(Value::Object(id)), Some(meant)) = (stop, meant) {
            self.state.objects[id].attributes.set(MEANT, Value::Str(meant));
        }
        stop
    }

    pub(super) fn raise_args(&mut self, class: &'a str, args: Vec<Value<'a>>) -> Stop<'a> {
        let exception = self.object(Kind::Instance(Value::Native(class)));
        self.set_exception_args(exception, args);
        Stop::Raise(exception)
    }

    pub(super) fn set_exception_args(&mut self, exception: Value<'a>, args: Vec<Value<'a>>) {
        let args = self.tuple(args);
        if let Value::Object(id) = exception {
            self.state.objects[id].attributes.set("args", args);
        }
    }

    // --- Calls ---

    pub(super) fn call(&mut self, function: Value<'a>, args: Args<'a>) -> Eval<'a> {
        self.nested(|this| this.call_value(function, args))
    }

    fn call_value(&mut self, function: Value<'a>, args: Args<'a>) -> Eval<'a> {
        if let Value::Opaque(id) = function {
            self.keep(args.values());
            return Ok(self.inspect(id, "SP0810", "calls"));
        }
        if let Value::Native(path) = function {
            return self.call_native(path, args);
        }
        match self.kind(function).cloned() {
            Some(Kind::Function(found)) => match self.attribute_of_instance(function, CACHE) {
                Some(cache) => self.call_cached(&found, cache, args),
                None => self.call_function(&found, args),
            },
            Some(Kind::Method { function, receiver }) => self.call(function, args.with_receiver(receiver)),
            Some(Kind::Derived { function, root }) if args.positional.len() == 2 => {
                self.derived_comparison(function, root, args.positional[0], args.positional[1])
            }
            Some(Kind::NativeMethod { class, name, receiver }) => {
                self.call_method(class, name, receiver, args)
            }
            Some(Kind::StaticMethod(function)) => self.call(function, args),
            Some(Kind::Class(_)) => self.instantiate(function, args),
            Some(Kind::Partial { function, args: first, keywords }) => {
                let mut all = Args { positional: first, keywords, is_open: args.is_open };
                all.positional.extend(args.positional);
                all.keywords.retain(|(name, _)| !args.keywords.iter().any(|(given, _)| given == name));
                all.keywords.extend(args.keywords);
                self.call(function, all)
            }
            Some(Kind::Instance(_)) if self.special_method(function, "__call__").is_some() => {
                let method = self.special_method(function, "__call__").expect("just found");
                self.call(method, args)
            }
            Some(Kind::Typed(class)) => Ok(self.unsupported(&format!("a call of an object of `{class}`"))),
            _ => {
                let class = self.class_name(function);
                Err(self.raise("TypeError", &format!("'{class}' object is not callable")))
            }
        }
    }

    pub(super) fn call_function(&mut self, function: &Function<'a>, args: Args<'a>) -> Eval<'a> {
        if self.calls.len() >= CALLS {
            return Ok(self.over_budget(&format!("`{}` calls itself too often", function.name)));
        }
        if function.is_async {
            self.keep(args.values());
            return Ok(self.typed("typing.Coroutine"));
        }
        if let Some(result) = self.summed_up(function, &args) {
            return Ok(result);
        }
        let is_recorded = !function.is_generator && self.begin_summary(function, &args);
        let result = self.run_function(function, args);
        if is_recorded {
            self.end_summary(result.ok());
        }
        result
    }

    fn run_function(&mut self, function: &Function<'a>, args: Args<'a>) -> Eval<'a> {
        let receiver = args.positional.first().copied();
        let env = self.new_env(function.unit, function.scope, Some(function.env));
        self.bind(function, args, env)?;
        if function.is_generator {
            return Ok(self.object(Kind::Generator { function: function.clone(), env }));
        }
        let site = self.here.expect("calls stand somewhere");
        self.calls.push(Call { site, callee: function.name });
        let result = self.in_frame(function.unit, function.scope, env, receiver, |this| {
            let mut result = match this.run_body(function)? {
                Flow::Return(value) => value,
                _ => Value::None,
            };
            for other in std::mem::take(&mut this.frame().returns) {
                result = this.join(result, other);
            }
            Ok(result)
        });
        self.calls.pop();
        self.here = Some(site);
        result
    }

    /// Runs the body of a function in the frame that has been opened for it.
    pub(super) fn run_body(&mut self, function: &Function<'a>) -> Eval<'a, Flow<'a>> {
        match function.body {
            Body::Block(body) => self.block(body),
            Body::Value(value) => Ok(Flow::Return(self.at(value.span, |this| this.eval(value))?)),
            Body::Turns { elt, clauses, first, forgets } => self.give_turns(elt, clauses, first, forgets),
        }
    }

    /// Gives each parameter its argument.
    fn bind(&mut self, function: &Function<'a>, args: Args<'a>, env: EnvId) -> Eval<'a, ()> {
        let parameters = function.args;
        let name = function.name;
        let positional: Vec<_> = parameters.posonlyargs.iter().chain(parameters.args).collect();
        let mut keywords = args.keywords;
        let mut bound: Keywords<'a> = Vec::new();
        for (at, parameter) in positional.iter().enumerate() {
            let by_name = |keywords: &mut Keywords<'a>| {
                let at = keywords.iter().position(|(name, _)| *name == parameter.arg)?;
                Some(keywords.remove(at).1)
            };
            let named = if at < parameters.posonlyargs.len() { None } else { by_name(&mut keywords) };
            let default =
                (at + function.defaults.len()).checked_sub(positional.len()).map(|at| function.defaults[at]);
            let value = match (args.positional.get(at).copied(), named) {
                (Some(_), Some(_)) => {
                    let message = format!("{name}() got multiple values for argument '{}'", parameter.arg);
                    return Err(self.raise("TypeError", &message));
                }
                (given, named) => given.or(named).or(default),
            };
            match value {
                Some(value) => bound.push((parameter.arg, value)),
                None if args.is_open => {
                    bound.push((parameter.arg, self.opaque("it is one of the arguments behind a star")))
                }
                None => {
                    let missing = parameter.arg;
                    let message = format!("{name}() missing 1 required positional argument: '{missing}'");
                    return Err(self.raise("TypeError", &message));
                }
            }
        }
        let more = args.positional.get(positional.len()..).unwrap_or_default();
        match parameters.vararg {
            Some(star) => bound.push((star.arg, self.tuple(more.to_vec()))),
            None if !more.is_empty() => {
                let (takes, given) = (positional.len(), args.positional.len());
                let message = format!("{name}() takes {takes} positional arguments but {given} were given");
                return Err(self.raise("TypeError", &message));
            }
            None => {}
        }
        for (parameter, default) in parameters.kwonlyargs.iter().zip(&function.kw_defaults) {
            let given = keywords.iter().position(|(name, _)| *name == parameter.arg);
            match given.map(|at| keywords.remove(at).1).or(*default) {
                Some(value) => bound.push((parameter.arg, value)),
                None => {
                    let missing = parameter.arg;
                    let message = format!("{name}() missing 1 required keyword-only argument: '{missing}'");
                    return Err(self.raise("TypeError", &message));
                }
            }
        }
        match (parameters.kwarg, keywords.first()) {
            (Some(star), _) => {
                let pairs = keywords.into_iter().map(|(name, value)| (Value::Str(name), value)).collect();
                bound.push((star.arg, self.object(Kind::Dict(pairs))));
            }
            (None, Some((unexpected, _))) => {
                let message = format!("{name}() got an unexpected keyword argument '{unexpected}'");
                let named = parameters.args.iter().chain(parameters.kwonlyargs).map(|arg| arg.arg);
                let meant = suggest::likeliest(unexpected, named);
                return Err(self.raise_meant("TypeError", &message, meant));
            }
            (None, None) => {}
        }
        for (parameter, value) in bound {
            self.state.envs[env].names.set(parameter, value);
        }
        Ok(())
    }

    // --- Definitions ---

    pub(super) fn function_statement(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
        is_async: bool,
    ) -> Eval<'a, ()> {
        let mut decorators = Vec::new();
        for decorator in def.decorator_list {
            decorators.push((decorator.span, self.eval(decorator)?));
        }
        let (defaults, kw_defaults) = self.defaults(def.args)?;
        let unit = self.frame().unit;
        let env = self.type_params_env(stmt)?;
        let scope = self.units[unit].scopes.body(stmt.id);
        let is_generator = self.units[unit].scopes.table[scope].has_yield;
        let mut value = self.object(Kind::Function(Function {
            name: def.name,
            unit,
            scope,
            env,
            args: def.args,
            body: Body::Block(def.body),
            defaults,
            kw_defaults,
            is_async,
            is_generator,
        }));
        for (span, decorator) in decorators.into_iter().rev() {
            value = self.at(span, |this| this.call(decorator, Args::of(&[value])))?;
        }
        self.store_name(def.name, value)
    }

    /// Values of the defaults of parameters.
    pub(super) fn defaults(
        &mut self,
        args: &'a Arguments<'a>,
    ) -> Eval<'a, (Vec<Value<'a>>, Vec<Option<Value<'a>>>)> {
        let mut defaults = Vec::new();
        for default in args.defaults {
            defaults.push(self.eval(default)?);
        }
        let mut kw_defaults = Vec::new();
        for default in args.kw_defaults {
            kw_defaults.push(self.optional(*default)?);
        }
        Ok((defaults, kw_defaults))
    }

    /// The variables around a definition: those of its type parameters, if it has some.
    pub(super) fn type_params_env(&mut self, stmt: &'a Stmt<'a>) -> Eval<'a, EnvId> {
        use parser::ast::StmtKind;
        let (unit, env) = (self.frame().unit, self.frame().env);
        let params = match stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => def.type_params,
            StmtKind::ClassDef(def) => def.type_params,
            _ => &[],
        };
        let Some(scope) = self.units[unit].scopes.find(stmt.id, ScopeRole::TypeParams) else {
            return Ok(env);
        };
        let env = self.new_env(unit, scope, Some(env));
        for param in params {
            let (TypeParamKind::TypeVar { name, .. }
            | TypeParamKind::ParamSpec { name, .. }
            | TypeParamKind::TypeVarTuple { name, .. }) = param.kind;
            let value = self.typed("typing.TypeVar");
            self.state.envs[env].names.set(name, value);
        }
        Ok(env)
    }
}
