//! What typed instructions say about types, fields, callees and classes.
//!
//! Descriptors are symbolic: they name things by module and qualified name and are resolved when code is linked into a
//! process, so that code can be stored in a file. What the checker proved travels to the later stages only through them.
//!
//! Spelling of a type: `int`, `m:C`, `m:Outer.Inner`; `!` exact, `?` or None, `A|B` union, `[...]` arguments,
//! `#int64` primitive, `=1`, `=True`, `="r"` and `=<72>` (bytes) literals, `object` anything, `Callable` what can
//! be called, `Never` nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::operator::{Repr, TypeCode};

/// A type as instructions carry it: everything a run-time check can decide in constant time.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum TypeDescr {
    /// Anything; never checked. Also what is only known dynamically.
    Object,
    /// `None`.
    None,
    /// A primitive; the value is not an object.
    Primitive(TypeCode),
    /// A class. `builtins.float`, not exact, also admits `int` (PEP 484), so a value of it need not be a float.
    Class {
        /// Dotted name of the defining module.
        module: String,
        /// Dotted name inside the module.
        name: String,
        /// Whether instances of subclasses are excluded.
        exact: bool,
        /// Type arguments; checked only for checked containers and arrays.
        args: Vec<TypeDescr>,
    },
    /// One of at least two types; neither nested nor repeated, sorted, never containing `Object` or a primitive.
    Union(Vec<TypeDescr>),
    /// One value, exactly of its class.
    Literal(Literal),
    /// One member of an enumeration.
    Member {
        /// Dotted name of the module of the enumeration.
        module: String,
        /// Dotted name of the enumeration inside the module.
        class: String,
        /// The member's name.
        name: String,
    },
    /// Anything that can be called.
    Callable,
    /// Nothing at all.
    Never,
}

/// The value of a literal type.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Literal {
    /// An `int` of a machine word.
    Int(i64),
    /// A `bool`.
    Bool(bool),
    /// A `str` without lone surrogates.
    Str(Box<str>),
    /// A `bytes` object.
    Bytes(Box<[u8]>),
}

impl Literal {
    /// The name of its class among the builtins.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Bool(_) => "bool",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Bool(value) => f.write_str(if *value { "True" } else { "False" }),
            Self::Str(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => {
                f.write_str("<")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(">")
            }
        }
    }
}

impl TypeDescr {
    /// A class of `builtins`.
    pub fn builtin(name: &str) -> Self {
        Self::class("builtins", name)
    }

    /// A class and its subclasses.
    pub fn class(module: &str, name: &str) -> Self {
        Self::Class { module: module.to_owned(), name: name.to_owned(), exact: false, args: Vec::new() }
    }

    /// This class without its subclasses; other types are unchanged.
    #[must_use]
    pub fn exactly(mut self) -> Self {
        if let Self::Class { exact, .. } = &mut self {
            *exact = true;
        }
        self
    }

    /// The union of the members, simplified.
    pub fn union(members: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for member in members {
            match member {
                Self::Union(inner) => flat.extend(inner),
                Self::Object => return Self::Object,
                other => flat.push(other),
            }
        }
        flat.sort();
        flat.dedup();
        match flat.len() {
            1 => flat.remove(0),
            _ => Self::Union(flat),
        }
    }

    /// This type or None.
    #[must_use]
    pub fn optional(self) -> Self {
        Self::union([self, Self::None])
    }

    /// How a value of this type sits in a slot.
    pub fn repr(&self) -> Repr {
        match self {
            Self::Primitive(code) => code.repr(),
            _ => Repr::Object,
        }
    }

    /// The type code: the primitive's own, else `Object`.
    pub fn type_code(&self) -> TypeCode {
        match self {
            Self::Primitive(code) => *code,
            _ => TypeCode::Object,
        }
    }

    /// Whether the class of a value decides whether it is of this type.
    pub fn is_by_class(&self) -> bool {
        match self {
            Self::Union(members) => members.iter().all(Self::is_by_class),
            _ => !matches!(self, Self::Literal(_) | Self::Member { .. }),
        }
    }

    /// Whether this is the named builtin class, exact or not.
    pub fn is_builtin(&self, builtin: &str) -> bool {
        matches!(self, Self::Class { module, name, .. } if module == "builtins" && name == builtin)
    }
}

impl fmt::Display for TypeDescr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object => f.write_str("object"),
            Self::None => f.write_str("None"),
            Self::Primitive(code) => write!(f, "#{}", code.text()),
            Self::Class { module, name, exact, args } => {
                if module != "builtins" {
                    write!(f, "{module}:")?;
                }
                f.write_str(name)?;
                if !args.is_empty() {
                    f.write_str("[")?;
                    write_list(f, args, ",")?;
                    f.write_str("]")?;
                }
                if *exact { f.write_str("!") } else { Ok(()) }
            }
            Self::Union(members) => match members.as_slice() {
                [Self::None, other] | [other, Self::None] => write!(f, "{other}?"),
                _ => write_list(f, members, "|"),
            },
            Self::Literal(value) => write!(f, "={value}"),
            Self::Member { module, class, name } => write!(f, "=@{module}:{class}.{name}"),
            Self::Callable => f.write_str("Callable"),
            Self::Never => f.write_str("Never"),
        }
    }
}

/// Writes `items` with `separator` between them.
fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

/// A field of a static class.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FieldDescr {
    /// The class through which the field is reached.
    pub class: TypeDescr,
    /// Its name.
    pub name: String,
    /// Its declared type.
    pub ty: TypeDescr,
}

impl fmt::Display for FieldDescr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: {}", self.class, self.name, self.ty)
    }
}

/// Parameter and return types of a statically resolved callee; a call passes exactly these parameters, in this order.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Signature {
    /// Parameter types; for methods the receiver comes first.
    pub params: Box<[TypeDescr]>,
    /// Names of the last parameters before the rest, which untyped callees are passed by name.
    pub keyword_only: Box<[String]>,
    /// What the last parameters collect.
    pub rest: Rest,
    /// Return type.
    pub ret: TypeDescr,
}

/// Parameters that collect the arguments which no other takes: a tuple, a dict, or both in this order. A static caller passes them made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Rest {
    /// `*args`
    pub positional: bool,
    /// `**kwargs`
    pub keywords: bool,
}

impl Rest {
    /// How many parameters these are.
    pub fn len(self) -> usize {
        usize::from(self.positional) + usize::from(self.keywords)
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Signature {
    /// The representations of parameters and result as one number, equal for signatures that agree in them and in what the last parameters
    /// collect; 0 if there are too many parameters for that. An object that is checked differs from one that may be anything: who relies on the check must not
    /// meet a function that does without.
    pub fn representation(&self) -> u64 {
        /// Behind the codes of the primitives.
        const CHECKED: u64 = 14;
        if self.params.len() > 14 {
            return 0;
        }
        let code = |ty: &TypeDescr| match (ty.type_code(), ty) {
            (TypeCode::Object, TypeDescr::Object) => TypeCode::Object as u64,
            (TypeCode::Object, _) => CHECKED,
            (primitive, _) => primitive as u64,
        };
        let first = 4 | u64::from(self.rest.positional) << 1 | u64::from(self.rest.keywords);
        self.params.iter().chain([&self.ret]).fold(first, |number, ty| number << 4 | code(ty))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (params, rest) = self.params.split_at(self.params.len() - self.rest.len());
        let (positional, named) = params.split_at(params.len() - self.keyword_only.len());
        let mut shown: Vec<String> = positional.iter().map(TypeDescr::to_string).collect();
        shown.extend((!named.is_empty()).then(|| "*".to_owned()));
        shown.extend(self.keyword_only.iter().zip(named).map(|(name, ty)| format!("{name}: {ty}")));
        let marks = [("*", self.rest.positional), ("**", self.rest.keywords)];
        let marks = marks.iter().filter(|(_, is_there)| *is_there);
        shown.extend(marks.zip(rest).map(|((mark, _), ty)| format!("{mark}{ty}")));
        write!(f, "({}) -> {}", shown.join(", "), self.ret)
    }
}

/// How a callee binds its first argument.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum MethodKind {
    /// A module-level function.
    Function,
    /// A method that takes the instance.
    Instance,
    /// A method that takes the class.
    Class,
    /// A method that takes neither.
    Static,
    /// A function of a C library, whose name or path stands in the place of the module.
    Native,
    /// Whatever stands under the names: what tests may patch is asked for at each call, and called as it is.
    Named,
    /// What a property of this name calls with the instance when it is read.
    Getter,
    /// What a property of this name calls with the instance and a value when it is set.
    Setter,
    /// A function that is defined in another one: what a variable holds there.
    Nested,
}

impl MethodKind {
    /// Every kind with its spelling.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Function, "function"),
        (Self::Instance, "method"),
        (Self::Class, "classmethod"),
        (Self::Static, "staticmethod"),
        (Self::Native, "native"),
        (Self::Named, "named"),
        (Self::Getter, "getter"),
        (Self::Setter, "setter"),
        (Self::Nested, "nested"),
    ];

    /// The spelling in listings.
    pub fn text(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Whether it is a part of a property.
    pub fn is_accessor(self) -> bool {
        matches!(self, Self::Getter | Self::Setter)
    }
}

/// How a call has given an argument, as a callee that a test has put there is to see it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Given {
    /// It is what the method is called through.
    Receiver,
    /// By its place.
    Position,
    /// By this name.
    Keyword(String),
    /// Not at all: it is the default.
    Default,
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Receiver => f.write_str("self"),
            Given::Position => f.write_str("_"),
            Given::Keyword(name) => write!(f, "{name}="),
            Given::Default => f.write_str("-"),
        }
    }
}

/// A statically known callee: the operand of `INVOKE_FUNCTION`, `INVOKE_NATIVE`, `LOAD_METHOD_STATIC`, `INVOKE_METHOD` and `INVOKE_CLOSURE`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FunctionDescr {
    /// Dotted name of the module that holds it.
    pub module: String,
    /// Dotted name inside the module: `f`, `C.m`.
    pub name: String,
    /// How it binds its first argument.
    pub kind: MethodKind,
    /// What it takes and returns.
    pub signature: Signature,
    /// How the call has given the arguments that are not collected; empty where nobody but the checked callee is called.
    pub given: Box<[Given]>,
}

impl MethodDecl {
    /// Whether it is what calls of a method of this name and kind reach: a getter and a setter have one name.
    pub fn is(&self, name: &str, kind: MethodKind) -> bool {
        self.name == name && (self.kind == MethodKind::Setter) == (kind == MethodKind::Setter)
    }
}

impl FunctionDescr {
    /// The class part of a method's name, and its last part.
    pub fn split_name(&self) -> (Option<&str>, &str) {
        match self.name.rsplit_once('.') {
            Some((class, name)) => (Some(class), name),
            None => (None, &self.name),
        }
    }
}

impl fmt::Display for FunctionDescr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:{}{}", self.kind.text(), self.module, self.name, self.signature)?;
        if !self.given.is_empty() {
            let given: Vec<String> = self.given.iter().map(Given::to_string).collect();
            write!(f, " given {}", given.join(", "))?;
        }
        Ok(())
    }
}

/// A field that a static class declares.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FieldDecl {
    /// Its name.
    pub name: String,
    /// Its declared type.
    pub ty: TypeDescr,
    /// Whether the class body gives it a default, which instances read until they store one.
    pub has_default: bool,
}

/// A method that a static class declares.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct MethodDecl {
    /// Its name.
    pub name: String,
    /// How it binds its first argument.
    pub kind: MethodKind,
    /// Whether subclasses may not override it.
    pub is_final: bool,
    /// What it takes and returns.
    pub signature: Signature,
}

/// What `BUILD_STATIC_CLASS` makes: the layout and the typed members of a class.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ClassDecl {
    /// Dotted name inside the module.
    pub name: String,
    /// Whether it may not be subclassed.
    pub is_final: bool,
    /// Fields that this class adds to its bases', in declaration order.
    pub fields: Vec<FieldDecl>,
    /// Methods that this class defines or overrides, in declaration order.
    pub methods: Vec<MethodDecl>,
}

impl fmt::Display for ClassDecl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} {{", self.name, if self.is_final { " final" } else { "" })?;
        for field in &self.fields {
            write!(f, " field {}: {}", field.name, field.ty)?;
            if field.has_default {
                f.write_str(" default")?;
            }
            f.write_str(",")?;
        }
        for method in &self.methods {
            write!(f, " {} {}{}", method.kind.text(), method.name, method.signature)?;
            if method.is_final {
                f.write_str(" final")?;
            }
            f.write_str(",")?;
        }
        f.write_str(" }")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unions_are_canonical() {
        let (int, text) = (TypeDescr::builtin("int"), TypeDescr::builtin("str"));
        let one = TypeDescr::union([int.clone(), TypeDescr::union([text.clone(), int.clone()])]);
        assert_eq!(one, TypeDescr::union([text, int.clone()]));
        assert_eq!(one.to_string(), "int|str");
        assert_eq!(TypeDescr::union([int.clone(), int.clone()]), int);
        assert_eq!(int.optional().to_string(), "int?");
    }

    #[test]
    fn types_print_as_they_are_spelled() {
        let list = TypeDescr::Class {
            module: "__static__".into(),
            name: "CheckedList".into(),
            exact: true,
            args: vec![TypeDescr::class("m", "A.B").optional()],
        };
        assert_eq!(list.to_string(), "__static__:CheckedList[m:A.B?]!");
        assert_eq!(TypeDescr::Primitive(TypeCode::Int64).to_string(), "#int64");
    }
}
