//! Functions, generators, recursion and classes, and the program around them.
//!
//! Order keeps programs finite: functions that know no classes, then methods by number, then functions that may use all of
//! it, then the calls of the module. Whatever is defined calls only what came before.

use super::types::{Callable, Class, Parameter, Type};
use super::write::Writer;

const TYPED_HEAD: &str = "\
import __static__
from __static__ import Array, CheckedList, box, cbool, clen, crange, double
from __static__ import int8, int16, int32, int64, uint8, uint16, uint32, uint64
from typing import Callable, Iterator, Optional
";

/// What all programs share: a context manager, and calls by untyped code that tell what comes of them and from which lines.
const COMMON: &str = "
class Guard:
    def __init__(self, kind):
        self.kind = kind

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        return kind is self.kind


def lines(error):
    place, found = error.__traceback__.tb_next, []
    while place is not None:
        if place.tb_frame.f_globals is globals():
            found.append(place.tb_lineno)
        place = place.tb_next
    return found


def show(function, *args, **named):
    try:
        result = function(*args, **named)
    except Exception as error:
        print(function.__name__, \"raises\", type(error).__name__, lines(error))
    else:
        print(function.__name__, \"callable\" if callable(result) else repr(result)[:200])


def quiet(function, *args, **named):
    try:
        return function(*args, **named)
    except Exception:
        return None

";

impl Writer {
    /// The whole program.
    pub(super) fn program(mut self) -> String {
        for _ in 0..self.choice.between(0, 1) {
            self.definition();
        }
        self.classes_and_methods();
        for _ in 0..self.choice.between(1, 3) {
            self.definition();
        }
        self.calls();
        let head = if self.is_typed() { TYPED_HEAD } else { "" };
        format!("{head}{COMMON}\n{}\n", self.lines.join("\n"))
    }

    fn definition(&mut self) {
        match self.choice.below(6) {
            0 => self.generator(),
            1 => self.recursive(),
            _ => self.plain_function(),
        }
    }

    fn parameters(&mut self, count: usize) -> Vec<Parameter> {
        let mut found: Vec<Parameter> = Vec::new();
        let (mut has_default, mut is_keyword_only) = (false, false);
        for _ in 0..count {
            let (name, ty) = (self.fresh("p"), self.some_type());
            has_default |= self.choice.once_in(4);
            is_keyword_only |= self.choice.once_in(8) && !found.is_empty();
            let default = has_default.then(|| self.default_of(ty)).flatten();
            // What has no default may only follow a default by name.
            is_keyword_only |= has_default && default.is_none();
            found.push(Parameter { name, ty, default, is_keyword_only });
        }
        found
    }

    fn default_of(&mut self, ty: Type) -> Option<String> {
        match ty {
            Type::Int | Type::Float | Type::Bool | Type::Text => Some(self.expression(ty, 0)),
            Type::Maybe(_) => Some("None".to_owned()),
            _ => None,
        }
    }

    /// The parameters between the parentheses.
    fn spelt(&self, first: &str, parameters: &[Parameter]) -> String {
        let mut parts = if first.is_empty() { Vec::new() } else { vec![first.to_owned()] };
        let mut is_by_name = false;
        for parameter in parameters {
            if parameter.is_keyword_only && !is_by_name {
                parts.push("*".to_owned());
                is_by_name = true;
            }
            let name = self.annotated(&parameter.name, parameter.ty);
            parts.push(match &parameter.default {
                Some(default) if self.is_typed() => format!("{name} = {default}"),
                Some(default) => format!("{name}={default}"),
                None => name,
            });
        }
        parts.join(", ")
    }

    fn head(&self, name: &str, first: &str, parameters: &[Parameter], result: &str) -> String {
        let arrow = if self.is_typed() { format!(" -> {result}") } else { String::new() };
        format!("def {name}({}){arrow}:", self.spelt(first, parameters))
    }

    fn body(&mut self, parameters: &[Parameter], result: Type) {
        for parameter in parameters {
            self.declare(&parameter.name, parameter.ty, true);
        }
        for _ in 0..self.choice.between(1, 3) {
            let ty = self.some_type();
            self.new_variable(ty);
        }
        let count = self.choice.between(2, 6);
        self.block(count);
        if result != Type::Nothing {
            let value = self.expression(result, 2);
            self.line(format!("return {value}"));
        }
    }

    fn plain_function(&mut self) {
        let count = self.choice.between(1, 5);
        let (parameters, result) = (self.parameters(count), self.some_type());
        let name = self.fresh("f");
        let head = self.head(&name, "", &parameters, &result.annotation());
        let scope = Vec::new();
        let cost = self.function(head, result, scope, |writer| writer.body(&parameters, result));
        self.line("\n");
        self.functions.push(Callable { name, parameters, result, cost, is_generator: false });
    }

    fn generator(&mut self) {
        let count = self.choice.between(1, 3);
        self.has_primitives = false;
        let (parameters, name) = (self.parameters(count), self.fresh("f"));
        let head = self.head(&name, "", &parameters, "Iterator[int]");
        let cost = self.function(head, Type::Nothing, Vec::new(), |writer| {
            // Whoever loops over it assumes forty values at most.
            writer.is_generator = true;
            writer.cost = 2960;
            writer.body(&parameters, Type::Nothing);
            let value = writer.simple(Type::Int);
            writer.line(format!("yield {value}"));
        });
        self.line("\n");
        self.has_primitives = self.is_typed();
        let cost = cost - 2960 + 40;
        self.functions.push(Callable { name, parameters, result: Type::Nothing, cost, is_generator: true });
    }

    /// A function that calls itself until its first argument is used up.
    fn recursive(&mut self) {
        let (name, depth) = (self.fresh("f"), self.fresh("p"));
        let mut parameters =
            vec![Parameter { name: depth.clone(), ty: Type::Int, default: None, is_keyword_only: false }];
        let count = self.choice.between(1, 3);
        parameters.extend(self.parameters(count));
        let result = self.some_type();
        let head = self.head(&name, "", &parameters, &result.annotation());
        let calls = self.choice.between(1, 2);
        let own = Callable {
            name: name.clone(),
            parameters: parameters.clone(),
            result,
            cost: 0,
            is_generator: false,
        };
        let cost = self.function(head, result, Vec::new(), |writer| {
            for parameter in &parameters[1..] {
                writer.declare(&parameter.name, parameter.ty, true);
            }
            let value = writer.expression(result, 2);
            writer.suite(format!("if {depth} <= 0 or {depth} > 5:"), |writer| {
                writer.line(format!("return {value}"))
            });
            writer.declare(&depth, Type::Int, false);
            writer.cost = 2900;
            for _ in 0..calls {
                writer.block(2);
                let inner = writer.fresh("v");
                let call = writer.call(
                    &name,
                    &Callable { parameters: own.parameters[1..].to_vec(), ..own.clone() },
                    1,
                );
                let call = call.replacen('(', &format!("({depth} - 1, "), 1).replace(", )", ")");
                writer.line(format!("{} = {call}", writer.annotated(&inner, result)));
                writer.declare(&inner, result, true);
            }
            writer.block(2);
            let value = writer.expression(result, 2);
            writer.line(format!("return {value}"));
        });
        self.line("\n");
        let levels = if calls == 1 { 6 } else { 63 };
        self.functions.push(Callable { cost: (cost - 2900 + 2) * levels, ..own });
    }

    /// Classes with their constructors, then methods in the order of their numbers, so that each calls only lower ones.
    fn classes_and_methods(&mut self) {
        let count = self.choice.between(1, 2);
        for class in 0..count {
            self.class_head(class);
        }
        let mut bodies: Vec<Vec<String>> = vec![Vec::new(); count];
        for number in 0..self.choice.between(1, 3) {
            let arity = self.choice.between(0, 3);
            let (mut parameters, result) = (self.parameters(arity), self.some_type());
            if self.choice.once_in(3) {
                parameters.insert(
                    0,
                    Parameter { name: self.fresh("p"), ty: Type::Int, default: None, is_keyword_only: false },
                );
                parameters.truncate(1);
            }
            self.method(
                number,
                Callable { name: format!("m{number}"), parameters, result, cost: 0, is_generator: false },
                &mut bodies,
            );
            self.known_methods = number + 1;
        }
        for (class, methods) in bodies.into_iter().enumerate() {
            self.class_text(class, methods);
        }
    }

    fn class_head(&mut self, class: usize) {
        let base = (class > 0 && !self.choice.once_in(4)).then(|| self.choice.below(class));
        let mut fields = base.map_or(Vec::new(), |base| self.classes[base].fields.clone());
        for _ in 0..self.choice.between(1, 3) {
            let ty = self.some_type();
            fields
                .push((self.fresh("a"), if let Type::Object(class) = ty { Type::Maybe(class) } else { ty }));
        }
        if base.is_none() {
            fields.push((self.fresh("a"), Type::Int));
        }
        let has_own_constructor = base.is_none() || self.choice.once_in(2);
        let parameters = if has_own_constructor {
            let count = self.choice.between(0, 3);
            let mut parameters = self.parameters(count);
            parameters.retain(|parameter| !matches!(parameter.ty, Type::Object(_)));
            parameters
        } else {
            self.classes[base.unwrap_or(0)].constructor.parameters.clone()
        };
        if !has_own_constructor {
            fields = self.classes[base.unwrap_or(0)].fields.clone();
        }
        let result = Type::Object(class);
        let constructor =
            Callable { name: format!("C{class}"), parameters, result, cost: 3, is_generator: false };
        self.classes.push(Class { base, fields, constructor, methods: Vec::new() });
    }

    /// One method: in classes without a base mostly, in others at times to override it.
    fn method(&mut self, number: usize, signature: Callable, bodies: &mut [Vec<String>]) {
        self.methods.push(signature.clone());
        let mut cost = 1;
        for (class, methods) in bodies.iter_mut().enumerate() {
            let inherits =
                self.classes[class].base.is_some_and(|base| self.classes[base].methods.contains(&number));
            let is_defined = if inherits { self.choice.once_in(2) } else { !self.choice.once_in(4) };
            if inherits || is_defined {
                self.classes[class].methods.push(number);
            }
            if !is_defined {
                continue;
            }
            let outer = std::mem::take(&mut self.lines);
            let (parameters, result) = (signature.parameters.clone(), signature.result);
            let head = self.head(&signature.name, "self", &parameters, &result.annotation());
            self.indent += 1;
            let own = self.function(head, result, Vec::new(), |writer| {
                writer.declare("self", Type::Object(class), false);
                if inherits && writer.choice.once_in(2) && writer.pay(cost) {
                    let call = writer.call(&format!("super().{}", signature.name), &signature, 1);
                    let name = writer.fresh("v");
                    writer.line(format!("{} = {call}", writer.annotated(&name, result)));
                    writer.declare(&name, result, true);
                }
                writer.body(&parameters, result);
            });
            self.indent -= 1;
            cost = cost.max(own);
            methods.append(&mut self.lines);
            methods.push(String::new());
            self.lines = outer;
        }
        self.methods[number].cost = cost;
    }

    fn class_text(&mut self, class: usize, methods: Vec<String>) {
        let Class { base, fields, constructor, .. } = self.classes[class].clone();
        let bases = base.map_or(String::new(), |base| format!("(C{base})"));
        self.suite(format!("class C{class}{bases}:"), |writer| {
            let inherited = base.map_or(0, |base| writer.classes[base].fields.len());
            let is_inherited = base.is_some_and(|base| {
                let names = |class: &Class| -> Vec<String> {
                    class.constructor.parameters.iter().map(|parameter| parameter.name.clone()).collect()
                };
                names(&writer.classes[base]) == names(&writer.classes[class]) && fields.len() == inherited
            });
            if !is_inherited {
                let head = writer.head("__init__", "self", &constructor.parameters, "None");
                writer.function(head, Type::Nothing, Vec::new(), |writer| {
                    for parameter in &constructor.parameters {
                        writer.declare(&parameter.name, parameter.ty, false);
                    }
                    if let Some(base) = base {
                        let callee = writer.classes[base].constructor.clone();
                        let call = writer.call("super().__init__", &callee, 1);
                        writer.line(call);
                    }
                    writer.known_methods = 0;
                    for (field, ty) in &fields[inherited..] {
                        // Objects that make objects of their class would go on for ever.
                        let is_object = matches!(ty, Type::Maybe(_));
                        let value = if is_object { "None".to_owned() } else { writer.expression(*ty, 1) };
                        writer.line(format!("self.{} = {value}", writer.annotated(field, *ty)));
                    }
                });
                writer.known_methods = writer.methods.len();
                writer.line("");
            }
            writer.lines.extend(methods);
            writer.representation(class);
        });
        self.line("\n");
    }

    /// What objects print as: the fields whose values print without an address.
    fn representation(&mut self, class: usize) {
        let is_shown = |ty: Type| {
            matches!(ty, Type::Int | Type::Float | Type::Bool | Type::Text | Type::Ints | Type::Map)
        };
        let fields = self.classes[class].fields.iter().filter(|field| is_shown(field.1));
        let shown: Vec<String> = fields.map(|field| format!("self.{}", field.0)).collect();
        let arrow = if self.is_typed() { " -> str" } else { "" };
        self.line(format!("def __repr__(self){arrow}:"));
        self.line(format!("    return f\"C{class}{{({})}}\"", shown.join(", ") + ","));
    }

    /// The calls of the module: each function some times, with other arguments, and often enough to be compiled.
    fn calls(&mut self) {
        let functions = self.functions.clone();
        for function in &functions {
            let shown = function.cost.max(1);
            for _ in 0..self.choice.between(1, 3) {
                self.module_call("show", function);
            }
            let turns = (12_000 / shown).min(12);
            if turns > 1 {
                self.suite(format!("for turn in range({turns}):"), |writer| {
                    writer.module_call("quiet", function)
                });
                self.module_call("show", function);
            }
        }
        for class in 0..self.classes.len() {
            let constructor = self.classes[class].constructor.clone();
            let name = format!("o{class}");
            let value = self.call_from_outside(&constructor.name, &constructor);
            self.suite("try:", |writer| writer.line(format!("{name} = {value}")));
            self.suite("except Exception as error:", |writer| {
                writer.line(format!("{name} = None"));
                writer.line("print(type(error).__name__)");
            });
            for number in self.classes[class].methods.clone() {
                let method = self.methods[number].clone();
                let named = Callable { name: format!("{name}.{}", method.name), ..method };
                self.module_call("show", &named);
                if named.cost < 1000 {
                    self.suite("for turn in range(6):", |writer| writer.module_call("quiet", &named));
                }
            }
            self.line(format!("print({name})"));
        }
    }

    fn module_call(&mut self, how: &str, function: &Callable) {
        let call = self.call_from_outside("", function);
        let arguments =
            call.strip_prefix('(').and_then(|call| call.strip_suffix(')')).unwrap_or_default().to_owned();
        // Objects are made before the call, which may fail, too.
        if call.contains("(C") || call.contains(" C") || call.contains("=C") {
            self.suite("try:", |writer| writer.spelt_call(how, function, &arguments));
            return self
                .suite("except Exception as error:", |writer| writer.line("print(type(error).__name__)"));
        }
        self.spelt_call(how, function, &arguments);
    }

    fn spelt_call(&mut self, how: &str, function: &Callable, arguments: &str) {
        let comma = if arguments.is_empty() { "" } else { ", " };
        if function.is_generator {
            return self.line(format!("{how}(lambda: list({}({arguments})))", function.name));
        }
        // A method of what could not be made is looked up when it is called.
        if function.name.contains('.') {
            return self.line(format!(
                "{how}(lambda *args, **named: {}(*args, **named){comma}{arguments})",
                function.name
            ));
        }
        self.line(format!("{how}({}{comma}{arguments})", function.name));
    }

    /// A call by untyped code: what is a primitive inside is an int or a float here.
    fn call_from_outside(&mut self, name: &str, callee: &Callable) -> String {
        let outside = |ty: Type| match ty {
            Type::Integer(_) => Type::Int,
            Type::Double => Type::Float,
            Type::Cbool => Type::Bool,
            other => other,
        };
        let mut parts = Vec::new();
        let mut is_left_out = false;
        for parameter in &callee.parameters {
            if parameter.default.is_some() && self.choice.once_in(2) {
                is_left_out = true;
                continue;
            }
            let value = match parameter.ty {
                Type::Integer(_) => self.choice.below(100).to_string(),
                Type::Object(class) | Type::Maybe(class) => {
                    let constructor = self.classes[class].constructor.clone();
                    self.call_from_outside(&constructor.name, &constructor)
                }
                Type::Callback => {
                    self.choice.of(&["abs", "(lambda x: x * 3 - 1)", "(lambda x: 7 // x)"]).to_owned()
                }
                ty => self.expression(outside(ty), 0),
            };
            let is_named = parameter.is_keyword_only || is_left_out;
            parts.push(if is_named { format!("{}={value}", parameter.name) } else { value });
        }
        format!("{name}({})", parts.join(", "))
    }
}
