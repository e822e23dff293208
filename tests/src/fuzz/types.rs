//! What the generator knows of the program that it writes: types, variables, callables, classes.
//!
//! Every expression is written for a type, so most of what is generated runs without an error and gets far. The types are those of
//! the typed language; in plain programs they only steer what is written, and now and then the generator breaks them on purpose.

/// The machine integers with their widths; the first four are signed.
pub(super) const INTEGERS: [&str; 8] =
    ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"];

/// A type of the generated language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Type {
    Int,
    Float,
    Bool,
    Text,
    Ints,
    Texts,
    Map,
    Pair,
    /// An object of a class or one of its subclasses, by the class's index.
    Object(usize),
    /// The same or `None`.
    Maybe(usize),
    /// A function from int to int.
    Callback,
    /// A machine integer, an index of [`INTEGERS`].
    Integer(usize),
    Double,
    Cbool,
    /// `CheckedList[int]`
    Checked,
    /// `Array` of a machine integer.
    Array(usize),
    Nothing,
}

impl Type {
    /// How the type is spelt as an annotation.
    pub(super) fn annotation(self) -> String {
        let text = match self {
            Type::Int => "int",
            Type::Float => "float",
            Type::Bool => "bool",
            Type::Text => "str",
            Type::Ints => "list[int]",
            Type::Texts => "list[str]",
            Type::Map => "dict[str, int]",
            Type::Pair => "tuple[int, float]",
            Type::Callback => "Callable[[int], int]",
            Type::Double => "double",
            Type::Cbool => "cbool",
            Type::Checked => "CheckedList[int]",
            Type::Nothing => "None",
            Type::Integer(kind) => INTEGERS[kind],
            Type::Object(class) => return format!("\"C{class}\""),
            Type::Maybe(class) => return format!("Optional[\"C{class}\"]"),
            Type::Array(kind) => return format!("Array[{}]", INTEGERS[kind]),
        };
        text.to_owned()
    }

    /// Whether values of the type are no objects.
    pub(super) fn is_primitive(self) -> bool {
        matches!(self, Type::Integer(_) | Type::Double | Type::Cbool)
    }
}

/// A name that expressions may use.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) ty: Type,
    /// Whether statements here may assign to it: not to what counts a loop, nor to what belongs to an outer function.
    pub(super) is_assignable: bool,
}

/// A parameter, with its default if it has one.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) ty: Type,
    pub(super) default: Option<String>,
    pub(super) is_keyword_only: bool,
}

/// What can be called with known types.
#[derive(Clone, Debug)]
pub(super) struct Callable {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) result: Type,
    /// A bound of the statements that a call runs.
    pub(super) cost: u64,
    /// Whether a call makes a generator of ints.
    pub(super) is_generator: bool,
}

impl Callable {
    /// Whether it may be passed as a [`Type::Callback`].
    pub(super) fn is_callback(&self) -> bool {
        let mut positional = self.parameters.iter().filter(|parameter| parameter.default.is_none());
        let takes_an_int =
            self.parameters.first().is_some_and(|first| first.ty == Type::Int && !first.is_keyword_only);
        let needs_one = positional.next().is_none_or(|first| first.name == self.parameters[0].name)
            && positional.next().is_none();
        self.result == Type::Int && !self.is_generator && self.cost < 60 && takes_an_int && needs_one
    }
}

/// A class; its fields and methods include what it inherits.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) base: Option<usize>,
    pub(super) fields: Vec<(String, Type)>,
    /// The constructor, with the class's name.
    pub(super) constructor: Callable,
    /// Indices of methods that objects of the class have.
    pub(super) methods: Vec<usize>,
}
