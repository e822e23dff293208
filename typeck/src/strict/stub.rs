//! Stubs: what importing code may expect of builtins and library modules.
//!
//! A stub is a `.pyi` file whose decorators say what a function does: `@pure` (no effect, a fresh result), `@opaque` (no effect, a
//! result that may be kept, not looked into; with a word, one that differs from run to run), `@mutates("self")` (changes its receiver), and
//! `@effect("...")` (acts on the world: refused). `__purity__ = "pure"` at the top sets what holds without a decorator. Return annotations
//! are what is known of results; a result annotated with the type variable of a parameter is that argument itself. A parameter that is
//! annotated `object` is only kept; all others may be looked into.

use base::suggest;
use parser::SourceText;
use parser::ast::{ClassDef, Constant, Expr, ExprKind, FunctionDef, Operator, Stmt, StmtKind};
use rustc_hash::FxHashMap;

use super::Analyser;
use super::value::{UnitId, Value};
use crate::declare::BUILTINS;

macro_rules! stubs {
    ($($module:literal)+) => {
        /// The stubs by module, in the order of their names.
        const STUBS: &[(&str, &str)] = &[$(($module, include_str!(concat!("stubs/", $module, ".pyi"))),)+];
    };
}

stubs! {
    "__future__" "__static__" "__strict__" "abc" "argparse" "array" "ast" "asyncio" "atexit" "base64" "binascii" "bisect" "builtins"
    "calendar" "cinderx" "cmath" "cmd" "code" "codecs" "collections" "collections.abc" "concurrent" "concurrent.futures" "configparser"
    "contextlib" "contextvars" "copy" "csv" "dataclasses" "datetime" "decimal" "difflib" "dis" "email" "email.message" "email.utils"
    "enum" "errno" "filecmp" "fnmatch" "fractions" "functools" "gc" "getopt" "getpass" "gettext" "glob" "graphlib" "gzip" "hashlib"
    "heapq" "hmac" "html" "html.entities" "html.parser" "http" "http.client" "http.server" "importlib" "importlib.abc"
    "importlib.machinery" "importlib.metadata" "importlib.resources" "importlib.util" "inspect" "io" "ipaddress" "itertools" "json"
    "keyword" "linecache" "locale" "logging" "logging.config" "logging.handlers" "marshal" "math" "mimetypes" "multiprocessing"
    "numbers" "operator" "os" "os.path" "pathlib" "pickle" "platform" "pprint" "queue" "random" "re" "reprlib" "sched" "secrets"
    "select" "selectors" "shlex" "shutil" "signal" "socket" "socketserver" "stat" "statistics" "string" "struct" "subprocess"
    "sys" "sysconfig" "tempfile" "textwrap" "threading" "time" "timeit" "token" "tokenize" "tomllib" "traceback" "types" "typing"
    "unicodedata" "unittest" "unittest.mock" "urllib" "urllib.error" "urllib.parse" "urllib.request" "uuid" "warnings" "weakref" "xml"
    "xml.etree" "xml.etree.ElementTree" "zipfile" "zlib" "zoneinfo"
}

/// What is another one on other machines.
const PLATFORM: [&str; 7] =
    ["sys.platform", "sys.byteorder", "sys.maxsize", "os.name", "os.sep", "os.linesep", "os.pathsep"];

/// What calling something does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Purity<'a> {
    Pure,
    Opaque,
    /// The result differs from run to run: why.
    Varying(&'a str),
    Mutates,
    /// What it does.
    Effect(&'a str),
    /// What its source says.
    Source,
    /// Nothing is claimed.
    Unknown,
}

/// What a name of a stub is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    Function(&'a FunctionDef<'a>, Purity<'a>),
    Class(&'a ClassDef<'a>, Purity<'a>),
    Value(&'a Expr<'a>, Option<&'a Expr<'a>>),
    /// Another name for something.
    Alias(&'a str),
}

/// One stub.
pub(super) struct Stub<'a> {
    items: FxHashMap<&'a str, Item<'a>>,
    default: Purity<'a>,
}

impl<'a> Stub<'a> {
    /// Nothing if the source does not parse.
    fn read(arena: &'a bumpalo::Bump, source: &str) -> Option<Self> {
        let tree = parser::parse_module(&SourceText::new(source), arena).ok()?;
        let mut stub = Self { items: FxHashMap::default(), default: default_purity(tree.body) };
        for stmt in tree.body {
            match stmt.kind {
                StmtKind::Assign { targets: [target], value } => {
                    if let (Some(name), Some(path)) = (target.as_name(), dotted(arena, value)) {
                        stub.items.insert(name, Item::Alias(path));
                    }
                }
                StmtKind::AnnAssign { target, annotation, value, .. } => {
                    if let Some(name) = target.as_name() {
                        stub.items.insert(name, Item::Value(annotation, value));
                    }
                }
                StmtKind::ImportFrom { module: Some(module), names, .. } => {
                    for alias in names {
                        let path = &*arena.alloc_str(&format!("{module}.{}", alias.name));
                        stub.items.insert(alias.asname.unwrap_or(alias.name), Item::Alias(path));
                    }
                }
                StmtKind::FunctionDef(def) => {
                    let purity = purity(def.decorator_list, stub.default);
                    stub.items.insert(def.name, Item::Function(def, purity));
                }
                StmtKind::ClassDef(def) => {
                    let purity = purity(def.decorator_list, stub.default);
                    stub.items.insert(def.name, Item::Class(def, purity));
                }
                _ => {}
            }
        }
        Some(stub)
    }
}

/// `__purity__ = "pure"`: what a stub claims of all that has no decorator.
pub(super) fn default_purity<'a>(body: &'a [Stmt<'a>]) -> Purity<'a> {
    let claim = |stmt: &'a Stmt<'a>| match stmt.kind {
        StmtKind::Assign { targets: [target], value } if target.as_name() == Some("__purity__") => {
            match text_of(value)? {
                "pure" => Some(Purity::Pure),
                "opaque" => Some(Purity::Opaque),
                "source" => Some(Purity::Source),
                _ => None,
            }
        }
        _ => None,
    };
    body.iter().find_map(claim).unwrap_or(Purity::Unknown)
}

impl<'a> Stub<'a> {
    /// Adds the classes of another stub that are missing here; making their instances has no effect.
    fn add_classes(&mut self, other: Self) {
        let mut items: Vec<_> = other.items.into_iter().collect();
        items.sort_by_key(|(name, _)| *name);
        for (name, item) in items {
            if let Item::Class(def, _) = item {
                self.items.entry(name).or_insert(Item::Class(def, Purity::Pure));
            }
        }
    }
}

/// What decorators claim.
pub(super) fn purity<'a>(decorators: &'a [Expr<'a>], default: Purity<'a>) -> Purity<'a> {
    let claim = |decorator: &'a Expr<'a>| match decorator.kind {
        ExprKind::Name { id: "pure", .. } => Some(Purity::Pure),
        ExprKind::Name { id: "opaque", .. } => Some(Purity::Opaque),
        ExprKind::Name { id: "source" | "implicit", .. } => Some(Purity::Source),
        ExprKind::Call { func, args, .. } => match (func.as_name()?, args.first().and_then(text_of)) {
            ("opaque", Some(word)) => Some(Purity::Varying(word)),
            ("mutates", _) => Some(Purity::Mutates),
            ("effect", Some(word)) => Some(Purity::Effect(word)),
            _ => None,
        },
        _ => None,
    };
    decorators.iter().find_map(claim).unwrap_or(default)
}

fn text_of<'a>(expr: &'a Expr<'a>) -> Option<&'a str> {
    match expr.kind {
        ExprKind::Constant { value: Constant::Str(text), .. } => text.as_str(),
        _ => None,
    }
}

fn dotted<'a>(arena: &'a bumpalo::Bump, expr: &Expr<'a>) -> Option<&'a str> {
    match expr.kind {
        ExprKind::Name { id, .. } => Some(id),
        ExprKind::Attribute { value, attr, .. } => {
            Some(arena.alloc_str(&format!("{}.{attr}", dotted(arena, value)?)))
        }
        _ => None,
    }
}

fn is_shipped(module: &str) -> bool {
    shipped(module).is_some()
}

/// A stub of the table, which is in order.
fn shipped(module: &str) -> Option<(&'static str, &'static str)> {
    STUBS.binary_search_by(|(name, _)| name.cmp(&module)).ok().map(|at| STUBS[at])
}

impl<'a> Analyser<'a, '_> {
    /// Whether the project has a stub for a module, which goes before everything else.
    pub(super) fn has_own_stub(&mut self, module: &'a str) -> bool {
        if let Some(known) = self.own_stubs.get(module) {
            return known.is_some();
        }
        let options = self.options;
        let found = options.stubs.iter().find_map(|folder| self.loader.stub(Some(folder), module));
        let text = found.map(|(_, text)| &*self.arena.alloc_str(&text));
        if is_shipped(module) && text.is_none() {
            return false;
        }
        self.own_stubs.insert(module, text);
        text.is_some()
    }

    /// Whether a module that is not strict has a stub: of the project, one that is shipped, or one beside it.
    pub(super) fn has_stub(&mut self, module: &'a str) -> bool {
        if self.is_stub(module) {
            return true;
        }
        let beside = self.loader.stub(None, module).map(|(_, text)| &*self.arena.alloc_str(&text));
        self.own_stubs.insert(module, beside);
        beside.is_some()
    }

    fn is_stub(&self, module: &str) -> bool {
        is_shipped(module) || self.own_stubs.get(module).is_some_and(Option::is_some)
    }

    /// `os.path` and the like, of which the last part is no attribute of a class.
    fn module_of<'p>(&self, path: &'p str) -> (&'p str, &'p str) {
        let ends = path.match_indices('.').map(|(at, _)| at).rev();
        let of = |end: usize| (&path[..end], &path[end + 1..]);
        ends.map(of).find(|(module, _)| self.is_stub(module)).unwrap_or(("builtins", path))
    }

    fn stub(&mut self, module: &str) -> Option<&Stub<'a>> {
        let arena = self.arena;
        let own = self.own_stubs.get_key_value(module).and_then(|(name, text)| Some((*name, (*text)?)));
        let (name, source) = own.or_else(|| shipped(module))?;
        let read = || {
            let mut stub = Stub::read(arena, source)?;
            if name == "builtins" {
                stub.add_classes(Stub::read(arena, BUILTINS)?);
            }
            Some(stub)
        };
        self.stubs.entry(name).or_insert_with(read).as_ref()
    }

    /// The source of a module, if its stub says that all of it counts.
    pub(super) fn declared_source(&mut self, module: &'a str) -> Option<UnitId> {
        let is_source = self.stub(module).is_some_and(|stub| stub.default == Purity::Source);
        if is_source { self.source_unit(module) } else { None }
    }

    /// What stands under a path, aliases followed.
    pub(super) fn declared(&mut self, path: &str) -> Option<Item<'a>> {
        let mut path = path.to_owned();
        for _ in 0..4 {
            let (module, rest) = self.module_of(&path);
            let (module, rest) = (module.to_owned(), rest.to_owned());
            let (first, member) =
                rest.split_once('.').map_or((&*rest, None), |(first, rest)| (first, Some(rest)));
            let stub = self.stub(&module)?;
            let default = stub.default;
            let item = *stub.items.get(first)?;
            match (item, member) {
                (Item::Alias(target), None) => path = target.to_owned(),
                (Item::Alias(target), Some(member)) => path = format!("{target}.{member}"),
                (item, None) => return Some(item),
                (Item::Class(def, _), Some(member)) => return member_of(def, member, default),
                _ => return None,
            }
        }
        None
    }

    /// The path that an alias of a stub stands for.
    fn followed(&mut self, path: &'a str) -> &'a str {
        let mut path = path;
        for _ in 0..4 {
            let (module, rest) = self.module_of(path);
            match self.stub(module).and_then(|stub| stub.items.get(rest)) {
                Some(Item::Alias(target)) => path = target,
                _ => break,
            }
        }
        path
    }

    /// What a stub declares, but for what is private.
    pub(super) fn names_of_stub(&mut self, module: &str) -> Vec<&'a str> {
        let Some(stub) = self.stub(module) else { return Vec::new() };
        stub.items.keys().copied().filter(|name| !name.starts_with('_')).collect()
    }

    /// What the stub of a class declares in it.
    pub(super) fn members_of_native(&mut self, path: &str) -> Vec<&'a str> {
        let Some(Item::Class(def, _)) = self.declared(path) else { return Vec::new() };
        let name = |stmt: &'a Stmt<'a>| match stmt.kind {
            StmtKind::FunctionDef(def) => Some(def.name),
            StmtKind::AnnAssign { target, .. } => target.as_name(),
            _ => None,
        };
        def.body.iter().filter_map(name).collect()
    }

    pub(super) fn builtin(&mut self, name: &str) -> Option<Value<'a>> {
        if name == "__debug__" {
            let is_known = !self.options.all_platforms;
            return Some(if is_known { Value::Bool(true) } else { self.typed("bool") });
        }
        match name {
            "NotImplemented" => return Some(Value::NotImplemented),
            "Ellipsis" => return Some(Value::Ellipsis),
            _ => {}
        }
        let name = *self.stub("builtins")?.items.get_key_value(name)?.0;
        Some(Value::Native(name))
    }

    pub(super) fn is_native_class(&mut self, path: &str) -> bool {
        matches!(self.declared(path), Some(Item::Class(..)))
    }

    /// The classes that a native class derives from, itself first.
    pub(super) fn native_mro(&mut self, path: &'a str) -> Vec<Value<'a>> {
        let mut order = vec![Value::Native(path)];
        let mut next = Some(path);
        while let Some(path) = next {
            next = match self.declared(path) {
                Some(Item::Class(def, _)) => def.bases.first().and_then(|base| self.type_path(base, path)),
                _ => None,
            };
            match next {
                Some(base) if !order.contains(&Value::Native(base)) => order.push(Value::Native(base)),
                _ => break,
            }
        }
        if !order.contains(&Value::Native("object")) {
            order.push(Value::Native("object"));
        }
        order
    }

    /// An attribute of a native module or class.
    pub(super) fn native_attribute(&mut self, path: &'a str, name: &'a str) -> Value<'a> {
        let full = &*self.arena.alloc_str(&format!("{path}.{name}"));
        let full = self.followed(full);
        if self.is_stub(full) {
            return Value::Native(full);
        }
        match self.declared(full) {
            Some(Item::Value(..)) if full == "sys.version_info" && !self.options.all_platforms => {
                self.version_info()
            }
            Some(Item::Value(annotation, value)) => self.declared_value(full, annotation, value),
            Some(Item::Function(_, Purity::Source) | Item::Class(_, Purity::Source))
                if self.is_stub(path) =>
            {
                self.of_source(path, name)
            }
            Some(Item::Function(..)) if !self.is_stub(path) => {
                let receiver = Value::Native(path);
                self.object(super::Kind::NativeMethod { class: path, name, receiver })
            }
            Some(_) => Value::Native(full),
            None if name == "register" && path.starts_with("collections.abc.") => {
                Value::Native("abc.register_in_library")
            }
            None if matches!(name, "__name__" | "__qualname__") => {
                Value::Str(path.rsplit('.').next().unwrap_or(path))
            }
            None => match self.inherited(path, name) {
                Some(found) => found,
                None if self.is_stub(path) => {
                    let meant = suggest::likeliest(name, self.names_of_stub(path));
                    self.undeclared(path, name, meant)
                }
                None => self.opaque(format!("nothing is known of `{name}` of `{path}`")),
            },
        }
    }

    /// `sys.version_info`: the version that is spoken here.
    fn version_info(&mut self) -> Value<'a> {
        const PARTS: [(&str, Value<'static>); 5] = [
            ("major", Value::Int(3)),
            ("minor", Value::Int(14)),
            ("micro", Value::Int(0)),
            ("releaselevel", Value::Str("final")),
            ("serial", Value::Int(0)),
        ];
        let items = PARTS.map(|(_, value)| value).to_vec();
        let version = self.tuple(items);
        if let Value::Object(id) = version {
            for (name, value) in PARTS {
                self.state.objects[id].attributes.set(name, value);
            }
        }
        version
    }

    /// A name of a module that its stub leaves to the source.
    fn of_source(&mut self, module: &'a str, name: &'a str) -> Value<'a> {
        let unit = self.source_unit(module);
        let found = unit.and_then(|unit| self.state.envs[self.units[unit].env].names.get(name));
        found.unwrap_or_else(|| self.opaque(format!("the source of `{module}` has no `{name}`")))
    }

    /// A member that a native class has from a base.
    fn inherited(&mut self, path: &'a str, name: &'a str) -> Option<Value<'a>> {
        let bases = self.native_mro(path);
        bases.into_iter().skip(1).find_map(|base| match base {
            Value::Native(base) => match self.native_member(base, name)? {
                Value::Object(id) => match self.state.objects[id].kind {
                    super::Kind::NativeMethod { class, name, .. } => {
                        let receiver = Value::Native(path);
                        Some(self.object(super::Kind::NativeMethod { class, name, receiver }))
                    }
                    _ => Some(Value::Object(id)),
                },
                found => Some(found),
            },
            _ => None,
        })
    }

    /// An attribute that a native class itself has, not bound to anything.
    pub(super) fn native_member(&mut self, path: &'a str, name: &'a str) -> Option<Value<'a>> {
        if self.is_stub(path) {
            return None;
        }
        match self.declared(&format!("{path}.{name}"))? {
            Item::Value(annotation, value) => Some(self.declared_value(path, annotation, value)),
            Item::Function(..) => {
                Some(self.object(super::Kind::NativeMethod { class: path, name, receiver: Value::None }))
            }
            _ => None,
        }
    }

    /// A value that a stub declares: known if it is written there.
    fn declared_value(
        &mut self,
        path: &'a str,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
    ) -> Value<'a> {
        if let ExprKind::Call { args: [word], .. } = annotation.kind
            && let Some(word) = text_of(word)
        {
            return self.varying(word);
        }
        let value = value.filter(|_| !(self.options.all_platforms && PLATFORM.contains(&path)));
        match value.map(|value| value.kind) {
            Some(ExprKind::Constant { value: Constant::Str(text), .. }) => {
                Value::Str(text.as_str().unwrap_or_default())
            }
            Some(ExprKind::Constant { value: Constant::Bool(value), .. }) => Value::Bool(value),
            Some(ExprKind::Constant { value: Constant::Int(parser::ast::Int::Small(value)), .. }) => {
                Value::Int(value)
            }
            Some(ExprKind::Constant { value: Constant::Float(value), .. }) => Value::Float(value),
            _ => match self.type_path(annotation, path) {
                Some(class) => self.typed(class),
                None => self.opaque(format!("nothing is known of `{path}`")),
            },
        }
    }

    /// The class that an annotation of a stub means; nothing for `object`, unions and type variables.
    pub(super) fn type_path(&mut self, annotation: &'a Expr<'a>, path: &str) -> Option<&'a str> {
        match annotation.kind {
            ExprKind::Constant { value: Constant::None, .. } => Some("None"),
            ExprKind::Name { id: "object", .. } => None,
            ExprKind::Name { id, .. } => {
                let (module, _) = self.module_of(path);
                let local = self.arena.alloc_str(&format!("{module}.{id}"));
                if module != "builtins" && self.is_native_class(local) {
                    return Some(self.followed(local));
                }
                self.is_native_class(id).then_some(id)
            }
            ExprKind::Attribute { .. } => {
                let path = dotted(self.arena, annotation)?;
                self.is_native_class(path).then_some(path)
            }
            ExprKind::Subscript { value, slice, .. } => {
                let class = self.type_path(value, path)?;
                Some(match self.type_path(slice, path) {
                    Some(element) => self.arena.alloc_str(&format!("{class}[{element}]")),
                    None => class,
                })
            }
            ExprKind::BinOp { op: Operator::BitOr, .. } => None,
            _ => None,
        }
    }
}

fn member_of<'a>(def: &'a ClassDef<'a>, name: &str, default: Purity<'a>) -> Option<Item<'a>> {
    def.body.iter().find_map(|stmt| match stmt.kind {
        StmtKind::FunctionDef(method) if method.name == name => {
            Some(Item::Function(method, purity(method.decorator_list, default)))
        }
        StmtKind::AnnAssign { target, annotation, value, .. } if target.as_name() == Some(name) => {
            Some(Item::Value(annotation, value))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_are_in_order_and_well_formed() {
        assert!(STUBS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let arena = bumpalo::Bump::new();
        for (name, source) in STUBS {
            assert!(Stub::read(&arena, source).is_some(), "{name}");
        }
    }
}
