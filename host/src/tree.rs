//! Syntax trees as objects: what `compile(source, ..., ast.PyCF_ONLY_AST)` gives.
//!
//! The classes are those of the module `_ast`, found by name. The events of a walk make objects on a stack: a node is made when it
//! starts, and its fields become attributes. The first error ends the work; what follows is ignored.

use base::LineIndex;
use parser::ast::{Constant, Expression, FunctionType, Module};
use parser::describe::{self, Sink};
use parser::type_comments::TypeComments;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::protocol;
use runtime::value::{Py, PyResult, Ref};

/// A module as an object of class `Module` or `Interactive`.
pub(crate) fn of_module(
    class: &'static str,
    module: &Module<'_>,
    comments: &TypeComments<'_>,
    lines: &LineIndex,
) -> PyResult {
    build(|builder| describe::walk_commented(class, module, comments, lines, true, builder))
}

/// An expression as an object of class `Expression`.
pub(crate) fn of_expression(expression: &Expression<'_>, lines: &LineIndex) -> PyResult {
    build(|builder| describe::walk_expression(expression, lines, true, builder))
}

/// The type of a function as an object of class `FunctionType`.
pub(crate) fn of_function_type(ty: &FunctionType<'_>, lines: &LineIndex) -> PyResult {
    build(|builder| describe::walk_function_type(ty, lines, true, builder))
}

fn build(walk: impl FnOnce(&mut Builder)) -> PyResult {
    let classes = protocol::import::import_absolute("_ast")?;
    let mut builder = Builder { classes, open: Vec::new(), result: Ok(None) };
    walk(&mut builder);
    builder.result.map(|root| root.expect("a walk has a root"))
}

/// What is being filled.
enum Open {
    /// A node and the field that the next value is for.
    Node(Ref, &'static str),
    /// A list.
    List(Py<ListObject>),
}

struct Builder {
    /// The module `_ast`.
    classes: Ref,
    open: Vec<Open>,
    /// The root when it is complete, or the first error.
    result: PyResult<Option<Ref>>,
}

impl Builder {
    /// Makes a value unless something has failed.
    fn make(&mut self, value: impl FnOnce(&Self) -> PyResult) {
        if self.result.is_ok() {
            match value(self) {
                Ok(value) => self.place(value),
                Err(raised) => self.result = Err(raised),
            }
        }
    }

    /// Puts a complete value where it belongs.
    fn place(&mut self, value: Ref) {
        match self.open.last() {
            None => self.result = Ok(Some(value)),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Node(node, field)) => {
                let field = StrObject::intern(field);
                if let Err(raised) = protocol::set_attr(node.value(), field.value(), value.value()) {
                    self.result = Err(raised);
                }
            }
        }
    }

    /// An instance of a class without a call of its `__init__`.
    fn instance(&self, class: &str) -> PyResult {
        let class = protocol::get_attr_text(self.classes.value(), class)?;
        protocol::call_method_text(class.value(), "__new__", &[class.value()])
    }
}

impl Sink for Builder {
    fn open(&mut self, class: &'static str) {
        if self.result.is_ok() {
            match self.instance(class) {
                Ok(node) => self.open.push(Open::Node(node, "")),
                Err(raised) => self.result = Err(raised),
            }
        }
    }

    fn close(&mut self) {
        if self.result.is_ok()
            && let Some(Open::Node(node, _)) = self.open.pop()
        {
            self.place(node);
        }
    }

    fn field(&mut self, name: &'static str) {
        if let Some(Open::Node(_, field)) = self.open.last_mut() {
            *field = name;
        }
    }

    fn absent(&mut self, name: &'static str, is_list: bool) {
        self.field(name);
        self.make(|_| {
            Ok(if is_list { ListObject::new(Vec::new()).into() } else { objects::none().to_ref() })
        });
    }

    fn open_list(&mut self) {
        self.open.push(Open::List(ListObject::new(Vec::new())));
    }

    fn item(&mut self) {}

    fn close_list(&mut self) {
        if self.result.is_ok()
            && let Some(Open::List(list)) = self.open.pop()
        {
            self.place(list.into());
        }
    }

    fn text(&mut self, text: &str) {
        self.make(|_| Ok(StrObject::intern(text).into()));
    }

    fn number(&mut self, number: i64) {
        self.make(|_| Ok(int::from_i64(number)));
    }

    fn nothing(&mut self) {
        self.make(|_| Ok(objects::none().to_ref()));
    }

    fn constant(&mut self, value: &Constant<'_>) {
        self.make(|_| Ok(runtime::objects::code::constant(&emit::constant(*value))));
    }
}
