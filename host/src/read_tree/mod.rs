//! Syntax trees from objects: what `compile(tree, ...)` is given, as the parser would have made it.
//!
//! A program may have put anything into the fields, so everything is checked on the way: classes, lists, identifiers, places, and what every tree
//! of the parser promises and the emitter relies on. The sentences are CPython's (`Python-ast.c`, `ast.c`).
//!
//! Places are lines and columns without a text. They become offsets into a text of lines that are all [`WIDTH`] bytes long; what lies outside of
//! that is moved to its edge, which only shows in carets.

mod expr;
mod pattern;
mod stmt;

use base::{LineIndex, Span};
use bumpalo::Bump;
use parser::Nodes;
use parser::ast::{Expression, Module};
use runtime::objects;
use runtime::objects::dict::DictObject;
use runtime::objects::int::IntRef;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::value::{PyResult, Ref, Value};
use runtime::{TypeObject, protocol, raise, thread};
use rustc_hash::FxHashMap;

/// How wide the lines are that places lie in.
const WIDTH: u32 = 4096;
/// How many lines there are at most.
const LINES: u32 = 1 << 20;

/// The root of a tree.
pub(crate) enum Root<'a> {
    /// `Module` or `Interactive`.
    Module(Module<'a>),
    /// `Expression`
    Expression(Expression<'a>),
}

/// Whether an object is a node of some tree.
pub(crate) fn is_node(object: Value) -> PyResult<bool> {
    let classes = protocol::import::import_absolute("_ast")?;
    let base = protocol::get_attr_text(classes.value(), "AST")?;
    protocol::is_instance(object, base.value())
}

/// Raises unless an object is a node of class `wanted`.
pub(crate) fn expect_root(root: Value, wanted: &str) -> PyResult<()> {
    let classes = protocol::import::import_absolute("_ast")?;
    let class = protocol::get_attr_text(classes.value(), wanted)?;
    if protocol::is_instance(root, class.value())? {
        return Ok(());
    }
    let got = root.ty().name();
    Err(raise!(TypeError, "expected {wanted} node, got {got}"))
}

/// Reads a tree whose root must be of class `wanted`.
pub(crate) fn read<'a>(root: Value, wanted: &str, arena: &'a Bump) -> PyResult<(Root<'a>, LineIndex)> {
    expect_root(root, wanted)?;
    let mut reader = Reader::new(arena)?;
    let read = if wanted == "Expression" {
        let body = reader.child(root, "Expression", "body")?;
        Root::Expression(Expression { body, node_count: reader.nodes.node_count(), warnings: &[] })
    } else {
        let body = reader.stmts(root, wanted, "body")?;
        Root::Module(Module { body, node_count: reader.nodes.node_count(), warnings: &[] })
    };
    match reader.nodes.depth_error() {
        Some(error) => Err(raise!(RecursionError, "{}", error.message)),
        None => Ok((read, LineIndex::uniform(WIDTH, reader.last_line))),
    }
}

/// A tree under construction.
struct Reader<'a> {
    arena: &'a Bump,
    nodes: Nodes<'a>,
    /// The names of the classes of `_ast`, by their addresses.
    classes: FxHashMap<*const TypeObject, &'a str>,
    last_line: u32,
}

impl<'a> Reader<'a> {
    fn new(arena: &'a Bump) -> PyResult<Self> {
        let module = protocol::import::import_absolute("_ast")?;
        let names =
            module.get::<ModuleObject>().map(ModuleObject::dict).map_or_else(Vec::new, DictObject::to_pairs);
        let mut classes = FxHashMap::default();
        for (name, class) in &names {
            if let (Some(name), Some(class)) = (name.get::<StrObject>(), class.get::<TypeObject>()) {
                classes.insert(std::ptr::from_ref(class), &*arena.alloc_str(&name.to_string_lossy()));
            }
        }
        Ok(Self { arena, nodes: Nodes::new(arena), classes, last_line: 1 })
    }

    /// The class of `_ast` that an object is an instance of, perhaps through a subclass.
    fn class(&self, object: Value) -> Option<&'a str> {
        let classes = object.ty().mro().iter().filter_map(|class| class.get::<TypeObject>());
        classes.map(std::ptr::from_ref).find_map(|class| self.classes.get(&class).copied())
    }

    fn check_depth(&self) -> PyResult<()> {
        thread().check_stack(" during ast construction")
    }

    /// An object where a node of another kind was expected.
    fn unexpected<T>(&self, kind: &str, object: Value) -> PyResult<T> {
        let shown = protocol::repr_string(object)?;
        Err(raise!(TypeError, "expected some sort of {kind}, but got {shown}"))
    }

    // --- Fields ---

    /// A field that may be missing or None.
    fn optional_field(&self, node: Value, name: &str) -> PyResult<Option<Ref>> {
        let found = protocol::get_optional_attr(node, StrObject::intern(name).value())?;
        Ok(found.filter(|value| !objects::is_none(value.value())))
    }

    /// A field that must be there, though it may be None.
    fn field(&self, node: Value, class: &str, name: &str) -> PyResult<Ref> {
        match protocol::get_optional_attr(node, StrObject::intern(name).value())? {
            Some(value) => Ok(value),
            None => Err(raise!(TypeError, "required field \"{name}\" missing from {class}")),
        }
    }

    /// A field that must have a value.
    fn required(&self, node: Value, class: &str, name: &str) -> PyResult<Ref> {
        let value = self.field(node, class, name)?;
        if objects::is_none(value.value()) {
            return Err(raise!(ValueError, "field '{name}' is required for {class}"));
        }
        Ok(value)
    }

    /// The items of a list field; one that is missing is empty.
    fn items(&self, node: Value, class: &str, name: &str) -> PyResult<Vec<Ref>> {
        let Some(value) = protocol::get_optional_attr(node, StrObject::intern(name).value())? else {
            return Ok(Vec::new());
        };
        match value.get::<ListObject>() {
            Some(list) => Ok(list.to_vec()),
            None => {
                let got = value.ty().name();
                Err(raise!(TypeError, "{class} field \"{name}\" must be a list, not a {got}"))
            }
        }
    }

    /// The items of a list field, each read by `read`.
    fn list<T: Copy>(
        &mut self,
        node: Value,
        class: &str,
        name: &str,
        mut read: impl FnMut(&mut Self, Value) -> PyResult<T>,
    ) -> PyResult<&'a [T]> {
        let items = self.items(node, class, name)?;
        let read: Vec<T> = items.iter().map(|item| read(self, item.value())).collect::<PyResult<_>>()?;
        Ok(self.arena.alloc_slice_copy(&read))
    }

    /// A list that must not be empty; `what` is how the complaint calls it.
    fn filled<T>(items: &'a [T], what: &str, class: &str) -> PyResult<&'a [T]> {
        if items.is_empty() {
            return Err(raise!(ValueError, "empty {what} on {class}"));
        }
        Ok(items)
    }

    fn text(&mut self, value: Value) -> PyResult<&'a str> {
        let Some(text) = value.get::<StrObject>() else {
            return Err(raise!(TypeError, "AST identifier must be of type str"));
        };
        let text = text.to_utf8()?;
        Ok(self.nodes.name(&text))
    }

    /// An identifier that is no keyword of a constant.
    fn identifier(&mut self, value: Value) -> PyResult<&'a str> {
        let name = self.text(value)?;
        if matches!(name, "None" | "True" | "False") {
            return Err(raise!(ValueError, "identifier field can't represent '{name}' constant"));
        }
        Ok(name)
    }

    fn name_field(&mut self, node: Value, class: &str, name: &str) -> PyResult<&'a str> {
        let value = self.required(node, class, name)?;
        self.identifier(value.value())
    }

    fn optional_name(&mut self, node: Value, name: &str) -> PyResult<Option<&'a str>> {
        match self.optional_field(node, name)? {
            Some(value) => self.identifier(value.value()).map(Some),
            None => Ok(None),
        }
    }

    fn number(&self, value: Value) -> PyResult<i64> {
        match IntRef::of(value) {
            Some(number) => Ok(number.to_i64().unwrap_or(i64::MAX)),
            None => {
                let shown = protocol::repr_string(value)?;
                Err(raise!(ValueError, "invalid integer value: {shown}"))
            }
        }
    }

    // --- Places ---

    /// Where a node says that it stands; `class` is the kind of node.
    fn place(&mut self, node: Value, class: &str) -> PyResult<Span> {
        let line = self.field(node, class, "lineno")?;
        let column = self.field(node, class, "col_offset")?;
        let (line, column) = (self.number(line.value())?, self.number(column.value())?);
        let end_line = self.optional_field(node, "end_lineno")?;
        let end_column = self.optional_field(node, "end_col_offset")?;
        let end_line = end_line.map_or(Ok(line), |value| self.number(value.value()))?;
        let end_column = end_column.map_or(Ok(column), |value| self.number(value.value()))?;
        if line > end_line {
            return Err(raise!(ValueError, "AST node line range ({line}, {end_line}) is not valid"));
        }
        if line == end_line && column > end_column {
            return Err(raise!(ValueError, "line {line}, column {column}-{end_column} is not a valid range"));
        }
        if line < 0 && end_line != line || column < 0 && end_column != column {
            return Err(raise!(
                ValueError,
                "AST node column range ({column}, {end_column}) for line range ({line}, {end_line}) is not valid"
            ));
        }
        Ok(Span::new(self.offset(line, column), self.offset(end_line, end_column)))
    }

    fn offset(&mut self, line: i64, column: i64) -> u32 {
        let line = line.clamp(1, i64::from(LINES)) as u32;
        self.last_line = self.last_line.max(line);
        (line - 1) * WIDTH + column.clamp(0, i64::from(WIDTH) - 1) as u32
    }
}

/// The text of a str in the encoding that trees have, in which lone surrogates are three bytes like their neighbours.
fn wtf8(text: &StrObject) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for at in 0..text.len() {
        let point = text.code_point(at);
        match char::from_u32(point) {
            Some(letter) => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            None => bytes.extend([
                0xe0 | (point >> 12) as u8,
                0x80 | (point >> 6 & 0x3f) as u8,
                0x80 | (point & 0x3f) as u8,
            ]),
        }
    }
    bytes
}
