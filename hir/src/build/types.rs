//! Types as the bytecode describes them, in terms of the lattice.

use bytecode::{Code, TypeCode, TypeDescr};

use crate::env::{BUILTINS, ClassId, CompileEnv};
use crate::ir::Type;
use crate::ir::types::Spec;
use base::entity::EntityId;

/// The lattice type of a primitive type code; `None` for objects.
pub fn code_type(code: TypeCode) -> Option<Type> {
    Some(match code {
        TypeCode::UInt8 => Type::U8,
        TypeCode::Int8 | TypeCode::Char => Type::I8,
        TypeCode::UInt16 => Type::U16,
        TypeCode::Int16 => Type::I16,
        TypeCode::UInt32 => Type::U32,
        TypeCode::Int32 => Type::I32,
        TypeCode::UInt64 => Type::U64,
        TypeCode::Int64 => Type::I64,
        TypeCode::Double | TypeCode::Single => Type::F64,
        TypeCode::CBool => Type::CBOOL,
        TypeCode::Object | TypeCode::Void => return None,
    })
}

/// What a value of a described type can be.
pub fn type_of(descr: &TypeDescr, env: &dyn CompileEnv) -> Type {
    match descr {
        TypeDescr::Object | TypeDescr::Callable | TypeDescr::Never => Type::OBJECT,
        TypeDescr::None => Type::NONE,
        TypeDescr::Primitive(code) => code_type(*code).unwrap_or(Type::OBJECT),
        TypeDescr::Union(members) => {
            members.iter().fold(Type::EMPTY, |ty, member| ty.union(type_of(member, env)))
        }
        TypeDescr::Literal(value) => builtin_type(value.class(), true),
        TypeDescr::Member { module, class, .. } => class_type(module, class, &[], false, env),
        TypeDescr::Class { module, name, exact, args } => class_type(module, name, args, *exact, env),
    }
}

/// Whether [`type_of`] says all that a check of the described type asks. The lattice knows one class at a time beside the builtins, and
/// neither values nor type arguments.
pub(super) fn is_precise(descr: &TypeDescr, env: &dyn CompileEnv) -> bool {
    match descr {
        TypeDescr::Object | TypeDescr::None | TypeDescr::Primitive(_) => true,
        TypeDescr::Literal(_) | TypeDescr::Member { .. } | TypeDescr::Callable | TypeDescr::Never => false,
        TypeDescr::Class { args, .. } => args.is_empty() && !Type::OBJECT.is_subtype(type_of(descr, env)),
        TypeDescr::Union(members) => {
            let classes = members
                .iter()
                .filter(|member| matches!(member, TypeDescr::Class { module, .. } if module != "builtins"));
            classes.count() <= 1 && members.iter().all(|member| is_precise(member, env))
        }
    }
}

fn class_type(module: &str, name: &str, args: &[TypeDescr], exact: bool, env: &dyn CompileEnv) -> Type {
    if module == "builtins" {
        return builtin_type(name, exact);
    }
    match (module, name) {
        ("__static__", "CheckedList") => return Type::CHECKED_LIST,
        ("__static__", "CheckedDict") => return Type::CHECKED_DICT,
        ("__static__", "Array") => return Type::ARRAY,
        ("__static__", "Vector") => return Type::VECTOR,
        _ => {}
    }
    match env.class(module, name, args) {
        Some(class) => {
            let facts = env.class_facts(class);
            if exact || facts.is_final { facts.exact } else { facts.instance }
        }
        None => Type::OBJECT,
    }
}

fn builtin_type(name: &str, exact: bool) -> Type {
    let inexact = match name {
        "int" => Type::INT,
        // PEP 484: an int will do for a float.
        "float" => Type::FLOAT.union(Type::INT),
        "str" => Type::STR,
        "bytes" => Type::BYTES,
        "list" => Type::LIST,
        "tuple" => Type::TUPLE,
        "dict" => Type::DICT,
        "set" => Type::SET,
        "type" => Type::TYPE,
        "bool" => Type::BOOL,
        "range" => Type::RANGE,
        "slice" => Type::SLICE,
        "NoneType" => Type::NONE,
        "function" => Type::FUNC,
        _ => return Type::OBJECT,
    };
    let found = BUILTINS.iter().find(|(known, _)| *known == name && exact);
    found.map_or(inexact, |&(_, ty)| ty)
}

/// The class of a described type, if it is one class, None aside.
pub(super) fn class_of(descr: &TypeDescr, env: &dyn CompileEnv) -> Option<ClassId> {
    match descr {
        TypeDescr::Class { module, name, args, .. } if module == "builtins" => {
            let at = BUILTINS.iter().position(|(known, _)| known == name);
            at.map(ClassId::from_index).or_else(|| env.class(module, name, args))
        }
        TypeDescr::Class { module, name, args, .. } => env.class(module, name, args),
        TypeDescr::Union(members) => match members.as_slice() {
            [TypeDescr::None, other] | [other, TypeDescr::None] => class_of(other, env),
            _ => None,
        },
        _ => None,
    }
}

/// Types of the parameters of the typed entry.
pub fn param_types(code: &Code, env: &dyn CompileEnv) -> Vec<Type> {
    let known = code.signature.as_ref();
    let ty = |slot: usize| match known.and_then(|sig| sig.params.get(slot)) {
        Some(descr) => type_of(descr, env),
        None => code_type(code.locals[slot].ty).unwrap_or(Type::OBJECT),
    };
    (0..code.param_count()).map(ty).collect()
}

/// Result type of the typed entry.
pub fn return_type(code: &Code, env: &dyn CompileEnv) -> Type {
    let ty = code.signature.as_ref().map_or(Type::OBJECT, |sig| type_of(&sig.ret, env));
    // Every object result is the same to a caller's registers, and exact claims are the caller's to make.
    if ty.is_subtype(Type::OBJECT) { Type::OBJECT.with_spec(Spec::None) } else { ty }
}
