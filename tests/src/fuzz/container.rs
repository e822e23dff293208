//! Expressions that give texts, lists, dicts, tuples, objects and functions.

use super::types::{Type, Variable};
use super::write::Writer;

const WORDS: &[&str] =
    &["\"\"", "\"a\"", "\"spam\"", "\"\u{e9}t\u{e9}\"", "\"x,y\"", "\"Ab\"", "\"\u{1f40d}\""];

impl Writer {
    pub(super) fn container(&mut self, ty: Type, depth: u32) -> String {
        match ty {
            Type::Text => self.text(depth),
            Type::Ints => self.ints(depth),
            Type::Texts => self.texts(depth),
            Type::Map => self.map(depth),
            Type::Pair => {
                let depth = depth.saturating_sub(1);
                format!("({}, {})", self.expression(Type::Int, depth), self.expression(Type::Float, depth))
            }
            Type::Object(class) => self.object(class, depth),
            Type::Maybe(_) if self.choice.once_in(3) => "None".to_owned(),
            Type::Maybe(class) => self.object(class, depth),
            Type::Callback => self.callback(depth),
            _ => "None".to_owned(),
        }
    }

    /// Something with a length.
    pub(super) fn sized(&mut self, depth: u32) -> String {
        let ty = self.choice.of(&[Type::Ints, Type::Text, Type::Map, Type::Texts]);
        self.expression(ty, depth)
    }

    /// A key of a dict; there are few, so that they meet.
    pub(super) fn key(&mut self) -> String {
        match self.choice.below(4) {
            0 => format!("str({} % 6)", self.simple(Type::Int)),
            _ => format!("\"{}\"", self.choice.below(6)),
        }
    }

    fn text(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.choice.of(WORDS).to_owned();
        }
        let depth = depth - 1;
        match self.choice.below(14) {
            0 | 1 => format!(
                "({} + {})[:40]",
                self.expression(Type::Text, depth),
                self.expression(Type::Text, depth)
            ),
            2 => format!("str({} % 100000)", self.expression(Type::Int, depth)),
            3 => format!("{}[{}:]", self.expression(Type::Text, depth), self.simple(Type::Int)),
            4 => format!("{}[::-1]", self.expression(Type::Text, depth)),
            5 => format!(
                "({} * ({} % 4))[:40]",
                self.expression(Type::Text, depth),
                self.expression(Type::Int, depth)
            ),
            6 => format!(
                "{}.{}()",
                self.expression(Type::Text, depth),
                self.choice.of(&["upper", "strip", "title", "swapcase"])
            ),
            7 => format!("\",\".join({})[:40]", self.expression(Type::Texts, depth)),
            8 => format!(
                "{}.replace(\"a\", {})[:40]",
                self.expression(Type::Text, depth),
                self.simple(Type::Text)
            ),
            9 => self.format_text(),
            10 => {
                format!("(\"%d-%s\" % ({} % 1000, {}[:9]))", self.simple(Type::Int), self.simple(Type::Text))
            }
            11 => format!("{}[{} % 3]", self.expression(Type::Texts, depth), self.simple(Type::Int)),
            12 => format!("chr(97 + {} % 26)", self.expression(Type::Int, depth)),
            _ => format!("repr({})[:40]", self.expression(Type::Ints, depth)),
        }
    }

    /// An f-string of variables; its expressions hold no quotes.
    fn format_text(&mut self) -> String {
        let number =
            self.variable(|variable| variable.ty == Type::Int).map_or("7".to_owned(), |found| found.name);
        let float =
            self.variable(|variable| variable.ty == Type::Float).map_or("2.5".to_owned(), |found| found.name);
        match self.choice.below(4) {
            0 => format!("f\"<{{{number} % 1000:>5}}|{{{float}:.2e}}>\""),
            1 => format!("f\"{{{number} & 255:#x}}\""),
            2 => format!("f\"{{{number} & 255!r:*^7}}\""),
            _ => format!("f\"{{{float}}}/{{{number} % 97}}\""),
        }
    }

    fn ints(&mut self, depth: u32) -> String {
        if depth == 0 {
            let count = self.choice.below(4);
            let items: Vec<String> = (0..count).map(|_| self.simple_int()).collect();
            return format!("[{}]", items.join(", "));
        }
        let depth = depth - 1;
        match self.choice.below(12) {
            0 | 1 => {
                let count = self.choice.below(5);
                let items: Vec<String> = (0..count).map(|_| self.expression(Type::Int, depth)).collect();
                format!("[{}]", items.join(", "))
            }
            2 | 3 => self.comprehension(depth),
            4 => format!("list(range({} % 8))", self.expression(Type::Int, depth)),
            5 => format!("sorted({})", self.expression(Type::Ints, depth)),
            6 => format!(
                "{}[{}:{}]",
                self.expression(Type::Ints, depth),
                self.choice.below(3),
                self.choice.between(1, 6)
            ),
            7 => format!("{}[::-1]", self.expression(Type::Ints, depth)),
            8 => format!(
                "({} + {})[:10]",
                self.expression(Type::Ints, depth),
                self.expression(Type::Ints, depth)
            ),
            9 => format!(
                "[*{}, {}][:10]",
                self.expression(Type::Ints, depth),
                self.expression(Type::Int, depth)
            ),
            10 => match self.generator_call(depth) {
                Some(call) => format!("list({call})[:10]"),
                None => format!("list({}.values())", self.expression(Type::Map, depth)),
            },
            _ if self.pay(12 * 60) => {
                format!("list(map({}, {}))", self.expression(Type::Callback, depth), self.simple(Type::Ints))
            }
            _ => format!("[{}] * ({} % 4)", self.simple(Type::Int), self.simple(Type::Int)),
        }
    }

    fn simple_int(&mut self) -> String {
        self.expression(Type::Int, 0)
    }

    /// A call of a generator function.
    pub(super) fn generator_call(&mut self, depth: u32) -> Option<String> {
        let functions: Vec<usize> =
            (0..self.functions.len()).filter(|&at| self.functions[at].is_generator).collect();
        if functions.is_empty() {
            return None;
        }
        let function = self.functions[self.choice.of(&functions)].clone();
        self.pay(function.cost).then(|| self.call(&function.name, &function, depth))
    }

    fn comprehension(&mut self, depth: u32) -> String {
        let (list, item) = (self.simple(Type::Ints), self.fresh("i"));
        if !self.pay(1) {
            return list;
        }
        self.turns *= 12;
        self.declare(&item, Type::Int, false);
        let (value, condition) = (self.expression(Type::Int, depth), self.expression(Type::Bool, depth));
        self.scope.pop();
        self.turns /= 12;
        if self.choice.once_in(2) {
            return format!("[{value} for {item} in {list}]");
        }
        format!("[{value} for {item} in {list} if {condition}]")
    }

    fn texts(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.choice.of(&["[]", "[\"b\", \"a\"]", "[\"x\"]", "[\"p\", \"q\", \"r\"]"]).to_owned();
        }
        let depth = depth - 1;
        match self.choice.below(5) {
            0 => format!("{}.split(\",\")", self.expression(Type::Text, depth)),
            1 => format!("sorted({})", self.expression(Type::Map, depth)),
            2 => format!("[{}, {}]", self.expression(Type::Text, depth), self.expression(Type::Text, depth)),
            3 => {
                let item = self.fresh("i");
                format!("[str({item} % 1000) for {item} in {}]", self.simple(Type::Ints))
            }
            _ => format!("list({})", self.expression(Type::Texts, depth)),
        }
    }

    fn map(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.choice.of(&["{}", "{\"1\": 1}", "{\"0\": 5, \"2\": -3}"]).to_owned();
        }
        let depth = depth - 1;
        match self.choice.below(4) {
            0 => format!("{{{}: {}}}", self.key(), self.expression(Type::Int, depth)),
            1 => format!(
                "{{{}: {}, {}: {}}}",
                self.key(),
                self.simple(Type::Int),
                self.key(),
                self.expression(Type::Int, depth)
            ),
            2 => {
                let item = self.fresh("i");
                format!("{{str({item} % 6): {item} for {item} in {}}}", self.simple(Type::Ints))
            }
            _ if self.is_typed() => format!("dict({})", self.expression(Type::Map, depth)),
            _ => format!("{{**{}, {}: 1}}", self.expression(Type::Map, depth), self.key()),
        }
    }

    /// An object of the class or a subclass.
    fn object(&mut self, class: usize, depth: u32) -> String {
        let classes: Vec<usize> = (0..self.classes.len()).filter(|&at| self.is_subclass(at, class)).collect();
        let constructor = self.classes[self.choice.of(&classes)].constructor.clone();
        if depth > 0
            && let Some(object) = self.variable(|variable| variable.ty == Type::Object(class))
        {
            return object.name;
        }
        self.cost += 2 * self.turns;
        self.call(&constructor.name.clone(), &constructor, 0)
    }

    pub(super) fn is_subclass(&self, class: usize, base: usize) -> bool {
        class == base || self.classes[class].base.is_some_and(|parent| self.is_subclass(parent, base))
    }

    fn callback(&mut self, depth: u32) -> String {
        let functions: Vec<String> = self
            .functions
            .iter()
            .filter(|function| function.is_callback())
            .map(|function| function.name.clone())
            .collect();
        if !functions.is_empty() && self.choice.once_in(2) {
            return self.choice.of(&functions);
        }
        if self.choice.once_in(3)
            && let Some(object) = self.variable(|variable| matches!(variable.ty, Type::Object(_)))
            && let Type::Object(class) = object.ty
        {
            let methods = self.classes[class].methods.iter().map(|&at| (at, &self.methods[at]));
            let methods = methods.filter(|(at, method)| *at < self.known_methods && method.is_callback());
            let methods: Vec<String> = methods.map(|(_, method)| method.name.clone()).collect();
            if !methods.is_empty() {
                return format!("{}.{}", object.name, self.choice.of(&methods));
            }
        }
        match self.choice.below(4) {
            0 => "abs".to_owned(),
            1 if !self.is_typed() => "(lambda x, y=3: x * y - 1)".to_owned(),
            _ => self.lambda(depth),
        }
    }

    /// What a function inside may use. The checker does not follow the types of all of it in typed programs.
    pub(super) fn captured(&self) -> Vec<Variable> {
        let is_typed = self.is_typed();
        let is_usable = |variable: &&Variable| match variable.ty {
            Type::Int | Type::Float | Type::Text | Type::Ints | Type::Map => true,
            Type::Callback => false,
            _ => !is_typed,
        };
        self.scope.iter().filter(is_usable).cloned().collect()
    }

    /// A lambda over a number and what is in scope, but no calls: its cost is that of any callback.
    fn lambda(&mut self, depth: u32) -> String {
        let name = self.fresh("a");
        let functions = std::mem::take(&mut self.functions);
        let known = std::mem::replace(&mut self.known_methods, 0);
        let scope = self.scope.clone();
        self.scope = self.captured();
        self.declare(&name, Type::Int, false);
        let body = self.expression(Type::Int, depth.min(2));
        self.scope = scope;
        self.known_methods = known;
        self.functions = functions;
        format!("(lambda {name}: {body})")
    }
}
