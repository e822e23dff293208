//! Tables of native functions, and the macros that make an entry from a Python signature and a Rust function.
//!
//! A builtin method is written once: signature text, documentation and body. The macro adds the conversion thunk, so bodies see
//! Rust types and return Rust types ([`FromArg`](crate::convert::FromArg), [`IntoResult`](crate::convert::IntoResult)).

use crate::args::Args;
use crate::signature::Signature;
use crate::value::{PyResult, Ref, Value};

/// How a native function binds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MethodKind {
    /// First argument is the instance.
    Instance,
    /// First argument is the class.
    Class,
    /// No implicit argument.
    Static,
}

/// One native function.
pub struct MethodDef {
    /// Name, parameters and owner.
    pub signature: Signature,
    /// Documentation without the signature.
    pub doc: &'static str,
    /// How it binds.
    pub kind: MethodKind,
    /// Converts arguments, calls, converts the result.
    pub native: fn(Args<'_>) -> PyResult,
}

/// Writes an attribute of the first value, or deletes it without a new value.
pub type Setter = fn(Value, Option<Value>) -> PyResult<()>;

/// One computed attribute.
pub struct GetSetDef {
    /// Attribute name.
    pub name: &'static str,
    /// Documentation.
    pub doc: &'static str,
    /// Reads it.
    pub get: fn(Value) -> PyResult<Ref>,
    /// Writes it, or deletes it without a value; absent for read-only attributes.
    pub set: Option<Setter>,
}

/// Declares instance methods: `py_methods! { static NAME for "type", &Layout; "sig" fn f(this, ...) -> R { } ... }`.
#[macro_export]
macro_rules! py_methods {
    ($vis:vis static $table:ident for $owner:literal, $this_ty:ty; $($rest:tt)*) => {
        $crate::native_table! { @with_self [$vis $table] $owner, Instance, $this_ty; $($rest)* }
    };
}

/// Declares class methods; the first parameter is the class, a `&TypeObject`.
#[macro_export]
macro_rules! py_class_methods {
    ($vis:vis static $table:ident for $owner:literal; $($rest:tt)*) => {
        $crate::native_table! { @with_self [$vis $table] $owner, Class, &$crate::type_object::TypeObject; $($rest)* }
    };
}

/// Declares functions without an implicit argument: module functions, or static methods of a type.
#[macro_export]
macro_rules! py_functions {
    ($vis:vis static $table:ident; $($rest:tt)*) => {
        $crate::native_table! { @plain [$vis $table] ""; $($rest)* }
    };
    ($vis:vis static $table:ident for $owner:literal; $($rest:tt)*) => {
        $crate::native_table! { @plain [$vis $table] $owner; $($rest)* }
    };
}

/// Declares a `new` slot: `py_new! { fn new(class, arg: Type, ...) "Name(sig)" { ... } }`. Subclasses share it; `class` is the one
/// that an instance is wanted of.
#[macro_export]
macro_rules! py_new {
    ($(#[doc = $doc:expr])* $vis:vis fn $name:ident($class:ident $(, $arg:ident: $arg_ty:ty)* $(,)?) $signature:literal $body:block) => {
        $(#[doc = $doc])*
        $vis fn $name($class: &$crate::type_object::TypeObject, args: $crate::args::Args<'_>) -> $crate::PyResult {
            static SIGNATURE: $crate::signature::Signature = $crate::signature::Signature::parse("", $signature, false);
            let mut slots = [$crate::value::Value::NULL; SIGNATURE.count()];
            let mut bound = SIGNATURE.bind(args, &mut slots)?;
            $(let $arg = <$arg_ty as $crate::convert::FromArg>::from_arg(&mut bound)?;)*
            $body
        }
    };
}

/// The common part of the declaring macros.
#[macro_export]
#[doc(hidden)]
macro_rules! native_table {
    (@with_self [$vis:vis $table:ident] $owner:literal, $kind:ident, $this_ty:ty;
        $($(#[doc = $doc:expr])* $signature:literal
        fn $name:ident($this:ident $(, $arg:ident: $arg_ty:ty)* $(,)?) $(-> $result:ty)? $body:block)*
    ) => {
        $($(#[doc = $doc])* pub(crate) fn $name($this: $this_ty $(, $arg: $arg_ty)*) $(-> $result)? $body)*

        $vis static $table: &[$crate::methods::MethodDef] = &[$($crate::methods::MethodDef {
            signature: $crate::signature::Signature::parse($owner, $signature, true),
            doc: concat!($($doc, "\n"),*),
            kind: $crate::methods::MethodKind::$kind,
            native: |args| {
                static SIGNATURE: $crate::signature::Signature =
                    $crate::signature::Signature::parse($owner, $signature, true);
                let mut slots = [$crate::value::Value::NULL; SIGNATURE.count()];
                let mut bound = SIGNATURE.bind(args, &mut slots)?;
                let $this = <$this_ty as $crate::convert::FromSelf>::from_self(&mut bound)?;
                $(let $arg = <$arg_ty as $crate::convert::FromArg>::from_arg(&mut bound)?;)*
                $crate::convert::IntoResult::into_result($name($this $(, $arg)*))
            },
        }),*];
    };
    (@plain [$vis:vis $table:ident] $owner:literal;
        $($(#[doc = $doc:expr])* $signature:literal
        fn $name:ident($($arg:ident: $arg_ty:ty),* $(,)?) $(-> $result:ty)? $body:block)*
    ) => {
        $($(#[doc = $doc])* pub(crate) fn $name($($arg: $arg_ty),*) $(-> $result)? $body)*

        $vis static $table: &[$crate::methods::MethodDef] = &[$($crate::methods::MethodDef {
            signature: $crate::signature::Signature::parse($owner, $signature, false),
            doc: concat!($($doc, "\n"),*),
            kind: $crate::methods::MethodKind::Static,
            native: |args| {
                static SIGNATURE: $crate::signature::Signature =
                    $crate::signature::Signature::parse($owner, $signature, false);
                let mut slots = [$crate::value::Value::NULL; SIGNATURE.count()];
                #[allow(unused_mut, unused_variables, reason = "functions without parameters take nothing")]
                let mut bound = SIGNATURE.bind(args, &mut slots)?;
                $(let $arg = <$arg_ty as $crate::convert::FromArg>::from_arg(&mut bound)?;)*
                $crate::convert::IntoResult::into_result($name($($arg),*))
            },
        }),*];
    };
}
