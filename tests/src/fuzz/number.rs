//! Expressions that give ints, floats and bools, and the calls that all types share.

use super::types::{Callable, Type};
use super::write::Writer;

/// Ints around the places where representations change: tagged words, machine words, and what is behind them.
const EDGES: &[&str] = &[
    "4611686018427387903",
    "4611686018427387904",
    "-4611686018427387904",
    "-4611686018427387905",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "2147483647",
    "1000000000000000000000",
    "-65536",
    "255",
];

const FLOATS: &[&str] =
    &["0.0", "-0.0", "1.0", "0.5", "-2.5", "3.75", "1e10", "1e308", "-1e-300", "1e400", "0.1", "7.0"];

impl Writer {
    /// An expression of a type; in plain programs now and then of another.
    pub(super) fn expression(&mut self, ty: Type, depth: u32) -> String {
        if !self.is_typed() && self.choice.once_in(90) {
            let other = self.other_type();
            return format!("({})", self.typed(other, depth));
        }
        self.typed(ty, depth)
    }

    fn typed(&mut self, ty: Type, depth: u32) -> String {
        if depth > 0
            && self.choice.once_in(5)
            && let Some(call) = self.call_for(ty, depth - 1)
        {
            return call;
        }
        if depth > 0 && !ty.is_primitive() && self.choice.once_in(14) {
            let condition = self.expression(Type::Bool, depth - 1);
            let (yes, no) = (self.expression(ty, depth - 1), self.expression(ty, depth - 1));
            return format!("({yes} if {condition} else {no})");
        }
        if self.choice.once_in(3)
            && let Some(variable) = self.variable(|variable| variable.ty == ty)
        {
            return variable.name;
        }
        if self.choice.once_in(6)
            && let Some(field) = self.field_of_type(ty)
        {
            return field;
        }
        match ty {
            Type::Int => self.int(depth),
            Type::Float => self.float(depth),
            Type::Bool => self.bool(depth),
            _ if ty.is_primitive() || matches!(ty, Type::Checked | Type::Array(_)) => self.machine(ty, depth),
            _ => self.container(ty, depth),
        }
    }

    /// A variable of the type if there is one, else something simple.
    pub(super) fn simple(&mut self, ty: Type) -> String {
        match self.variable(|variable| variable.ty == ty) {
            Some(variable) if !self.choice.once_in(4) => variable.name,
            _ => self.expression(ty, 0),
        }
    }

    /// A field of an object in scope.
    fn field_of_type(&mut self, ty: Type) -> Option<String> {
        let object = self.variable(|variable| matches!(variable.ty, Type::Object(_)))?;
        let Type::Object(class) = object.ty else { return None };
        let fields: Vec<String> = self.classes[class]
            .fields
            .iter()
            .filter(|field| field.1 == ty)
            .map(|field| field.0.clone())
            .collect();
        (!fields.is_empty()).then(|| format!("{}.{}", object.name, self.choice.of(&fields)))
    }

    /// A call of a function, method or constructor that gives the type.
    pub(super) fn call_for(&mut self, ty: Type, depth: u32) -> Option<String> {
        if ty == Type::Int
            && self.choice.once_in(4)
            && let Some(callback) = self.variable(|variable| variable.ty == Type::Callback)
            && self.pay(60)
        {
            return Some(format!("{}({})", callback.name, self.expression(Type::Int, depth)));
        }
        if self.choice.once_in(2)
            && let Some(object) = self.variable(|variable| matches!(variable.ty, Type::Object(_)))
            && let Type::Object(class) = object.ty
        {
            let known = self.known_methods;
            let methods = &self.classes[class].methods;
            let methods = methods.iter().filter(|&&at| at < known && self.methods[at].result == ty);
            let methods: Vec<usize> = methods.copied().collect();
            if !methods.is_empty() {
                let method = self.methods[self.choice.of(&methods)].clone();
                return self
                    .pay(method.cost)
                    .then(|| self.call(&format!("{}.{}", object.name, method.name), &method, depth));
            }
        }
        let functions = (0..self.functions.len()).filter(|&at| {
            let function = &self.functions[at];
            function.result == ty && !function.is_generator
        });
        let functions: Vec<usize> = functions.collect();
        if functions.is_empty() {
            return None;
        }
        let function = self.functions[self.choice.of(&functions)].clone();
        self.pay(function.cost).then(|| self.call(&function.name, &function, depth))
    }

    /// A call with arguments by place and by name; defaults may be left to the callee.
    pub(super) fn call(&mut self, name: &str, callee: &Callable, depth: u32) -> String {
        let first_named = self.choice.between(0, callee.parameters.len() * 2);
        let (mut arguments, mut named, mut is_left_out) = (Vec::new(), Vec::new(), false);
        for (at, parameter) in callee.parameters.iter().enumerate() {
            if parameter.default.is_some() && self.choice.once_in(2) {
                is_left_out = true;
                continue;
            }
            let value = self.expression(parameter.ty, depth.min(1));
            if parameter.is_keyword_only || is_left_out || at >= first_named {
                named.push(format!("{}={value}", parameter.name));
            } else {
                arguments.push(value);
            }
        }
        if self.choice.once_in(2) {
            named.reverse();
        }
        arguments.extend(named);
        format!("{name}({})", arguments.join(", "))
    }

    fn int(&mut self, depth: u32) -> String {
        if depth == 0 || self.choice.once_in(5) {
            return match self.choice.below(8) {
                0 => self.choice.of(EDGES).to_owned(),
                1 => format!("-{}", self.choice.below(100)),
                2 => self.choice.below(100_000).to_string(),
                _ => self.choice.below(10).to_string(),
            };
        }
        let left = self.expression(Type::Int, depth - 1);
        match self.choice.below(26) {
            0..=5 => {
                let right = self.same_or(&left, Type::Int, depth - 1);
                format!("({left} {} {right})", self.choice.of(&["+", "-", "&", "|", "^", "+", "-"]))
            }
            6..=8 => self.product(left, depth),
            9 | 10 => {
                let right = self.same_or(&left, Type::Int, depth - 1);
                format!("({left} {} {right})", self.choice.of(&["//", "%"]))
            }
            11 => format!(
                "({left} {} {})",
                self.choice.of(&["//", "%"]),
                self.choice.of(&["2", "3", "-4", "8", "-7", "1000"])
            ),
            12 => {
                let count = self.expression(Type::Int, depth - 1);
                format!("({left} {} ({count} % 70))", self.choice.of(&["<<", ">>"]))
            }
            13 => format!("({}{left})", self.choice.of(&["-", "~", "+"])),
            14 => format!("({left} % 9) ** ({} % 5)", self.expression(Type::Int, depth - 1)),
            15 => {
                let right = self.expression(Type::Int, depth - 1);
                format!("{}({left}, {right})", self.choice.of(&["min", "max"]))
            }
            16 => format!("abs({left})"),
            17 => format!("int({})", self.expression(Type::Float, depth - 1)),
            18 => format!("len({})", self.sized(depth - 1)),
            19 => self.item_of_ints(depth - 1),
            20 => self.value_of_map(depth - 1),
            21 => format!("{}[0]", self.expression(Type::Pair, depth - 1)),
            22 => self.sum(depth - 1),
            23 => {
                format!("divmod({left}, {})[{}]", self.expression(Type::Int, depth - 1), self.choice.below(2))
            }
            24 if self.is_typed() => self.boxed_integer(depth - 1),
            24 => format!("({left} + {})", self.expression(Type::Bool, depth - 1)),
            _ => self.walrus(left),
        }
    }

    /// Products grow fast in loops, so a factor is small or the product is cut.
    fn product(&mut self, left: String, depth: u32) -> String {
        match self.choice.below(3) {
            0 => format!("({left} * {})", self.choice.of(&["2", "3", "-5", "10", "255"])),
            1 => {
                let right = self.expression(Type::Int, depth - 1);
                format!("({left} * {right} % {})", self.choice.of(&["1000003", "9223372036854775783", "-97"]))
            }
            _ => {
                let right = self.expression(Type::Int, depth - 1);
                format!("(({left} & 4294967295) * ({right} & 2147483647))")
            }
        }
    }

    /// Binds a new name inside an expression, where that is what the name is for from now on.
    fn walrus(&mut self, value: String) -> String {
        if self.is_typed() || self.nesting == 0 {
            return format!("round({value})");
        }
        let name = self.fresh("w");
        format!("(({name} := {value}) ^ {name} >> 1)")
    }

    fn item_of_ints(&mut self, depth: u32) -> String {
        let list = self.expression(Type::Ints, depth);
        match self.choice.below(4) {
            0 => format!("{list}[-1]"),
            1 => format!("{list}[{} % 4]", self.expression(Type::Int, depth)),
            2 => format!("{list}[{}]", self.simple(Type::Int)),
            _ => format!("{list}[{}]", self.choice.below(3)),
        }
    }

    fn value_of_map(&mut self, depth: u32) -> String {
        let (map, key) = (self.expression(Type::Map, depth), self.key());
        match self.choice.below(3) {
            0 => format!("{map}[{key}]"),
            _ => format!("{map}.get({key}, {})", self.expression(Type::Int, depth)),
        }
    }

    fn sum(&mut self, depth: u32) -> String {
        if !self.pay(12) {
            return self.simple(Type::Int);
        }
        // What a comprehension loops over must not bind names.
        let (list, item) = (self.simple(Type::Ints), self.fresh("i"));
        match self.choice.below(4) {
            0 => format!("sum({})", self.expression(Type::Ints, depth)),
            1 => format!("sum({item} * 2 for {item} in {list})"),
            2 => format!("sum([{item} & 7 for {item} in {list} if {item} > {}])", self.simple(Type::Int)),
            _ => format!("max({list}, default={})", self.simple(Type::Int)),
        }
    }

    fn float(&mut self, depth: u32) -> String {
        if depth == 0 || self.choice.once_in(5) {
            return self.choice.of(FLOATS).to_owned();
        }
        let left = self.expression(Type::Float, depth - 1);
        match self.choice.below(14) {
            0..=5 => {
                let right = self.expression(Type::Float, depth - 1);
                format!("({left} {} {right})", self.choice.of(&["+", "-", "*", "/", "*", "-"]))
            }
            6 => format!(
                "({left} {} {})",
                self.choice.of(&["+", "-", "*"]),
                self.expression(Type::Int, depth - 1)
            ),
            7 => {
                let (left, right) =
                    (self.expression(Type::Int, depth - 1), self.expression(Type::Int, depth - 1));
                format!("({left} / {right})")
            }
            8 => format!("float({})", self.expression(Type::Int, depth - 1)),
            9 => format!(
                "({left} {} {})",
                self.choice.of(&["//", "%"]),
                self.expression(Type::Float, depth - 1)
            ),
            10 => format!("(-{left})"),
            11 => format!("abs({left}) ** {}", self.choice.of(&["0.5", "2", "-1.5"])),
            12 if self.is_typed() => format!("box({})", self.expression(Type::Double, depth - 1)),
            12 => format!("round({left}, {})", self.choice.below(4)),
            _ => format!("{}[1]", self.expression(Type::Pair, depth - 1)),
        }
    }

    fn bool(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.choice.of(&["True", "False"]).to_owned();
        }
        const SIGNS: &[&str] = &["<", "<=", "==", "!=", ">", ">="];
        match self.choice.below(16) {
            0..=6 => self.comparison(depth - 1),
            7 | 8 => {
                let (left, right) =
                    (self.expression(Type::Bool, depth - 1), self.expression(Type::Bool, depth - 1));
                format!("({left} {} {right})", self.choice.of(&["and", "or"]))
            }
            9 => format!("(not {})", self.expression(Type::Bool, depth - 1)),
            10 => {
                let (low, high) =
                    (self.expression(Type::Int, depth - 1), self.expression(Type::Int, depth - 1));
                let (first, second) = (self.choice.of(SIGNS), self.choice.of(SIGNS));
                format!("({low} {first} {} {second} {high})", self.simple(Type::Int))
            }
            11 => {
                let (item, list) =
                    (self.expression(Type::Int, depth - 1), self.expression(Type::Ints, depth - 1));
                format!("({item} {} {list})", self.choice.of(&["in", "not in"]))
            }
            12 => format!("({} in {})", self.key(), self.expression(Type::Map, depth - 1)),
            13 => match self.variable(|variable| matches!(variable.ty, Type::Maybe(_))) {
                Some(maybe) => format!("({} {} None)", maybe.name, self.choice.of(&["is", "is not"])),
                None => format!("bool({})", self.expression(Type::Int, depth - 1)),
            },
            14 => match self.instance_check() {
                Some(check) => check,
                None => format!("bool({})", self.expression(Type::Text, depth - 1)),
            },
            _ if self.is_typed() => format!("box({})", self.expression(Type::Cbool, depth - 1)),
            _ => format!("bool({})", self.expression(Type::Ints, depth - 1)),
        }
    }

    /// `isinstance`; in typed programs with a subclass, because the checker sees through what cannot be.
    fn instance_check(&mut self) -> Option<String> {
        let object = self.variable(|variable| matches!(variable.ty, Type::Object(_)))?;
        let Type::Object(declared) = object.ty else { return None };
        let is_typed = self.is_typed();
        let is_asked = |&class: &usize| !is_typed || (class != declared && self.is_subclass(class, declared));
        let classes: Vec<usize> = (0..self.classes.len()).filter(is_asked).collect();
        (!classes.is_empty()).then(|| format!("isinstance({}, C{})", object.name, self.choice.of(&classes)))
    }

    fn comparison(&mut self, depth: u32) -> String {
        let ty = self.choice.of(&[Type::Int, Type::Int, Type::Int, Type::Float, Type::Text, Type::Ints]);
        let (left, right) = (self.expression(ty, depth), self.expression(ty, depth));
        format!("({left} {} {right})", self.choice.of(&["<", "<=", "==", "!=", ">", ">="]))
    }
}
