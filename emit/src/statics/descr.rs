//! The checker's entities as descriptors that travel in code.

use bytecode::{
    ClassDecl, FieldDecl, FieldDescr, FunctionDescr, MethodDecl, MethodKind, Rest, Signature, TypeCode,
    TypeDescr,
};
use typeck::program::{
    Accessor, Binding, ClassId, ClassKind, ClassMember, Function, FunctionId, Param, ParamKind,
};
use typeck::ty::{Literal, Primitive, Type, TypeId};

use super::Checked;

/// The type code of a primitive.
pub(crate) fn type_code(primitive: Primitive) -> TypeCode {
    match primitive {
        Primitive::Int8 => TypeCode::Int8,
        Primitive::Int16 => TypeCode::Int16,
        Primitive::Int32 => TypeCode::Int32,
        Primitive::Int64 => TypeCode::Int64,
        Primitive::UInt8 => TypeCode::UInt8,
        Primitive::UInt16 => TypeCode::UInt16,
        Primitive::UInt32 => TypeCode::UInt32,
        Primitive::UInt64 => TypeCode::UInt64,
        Primitive::Char => TypeCode::Char,
        Primitive::Double => TypeCode::Double,
        Primitive::CBool => TypeCode::CBool,
    }
}

impl Checked<'_, '_> {
    /// The descriptor of a type; what the run-time cannot check is `object`.
    pub(crate) fn type_descr(&self, ty: TypeId) -> TypeDescr {
        match self.program.types.get(ty) {
            Type::None => TypeDescr::None,
            Type::Primitive(primitive) => TypeDescr::Primitive(type_code(*primitive)),
            Type::Instance { class, args, exact } => self.instance_descr(*class, args, *exact),
            Type::Literal(Literal::Member { class, name, .. }) => {
                let entry = &self.program.classes[*class];
                TypeDescr::Member {
                    module: self.program.modules[entry.module].name.to_owned(),
                    class: entry.qualname.clone(),
                    name: name.to_string(),
                }
            }
            Type::Literal(value) => literal_descr(value).map_or(TypeDescr::Object, TypeDescr::Literal),
            Type::Never => TypeDescr::Never,
            Type::Callable { .. } => TypeDescr::Callable,
            Type::Var(var) => self.type_descr(self.program.type_vars[*var].bound),
            Type::Class { .. } => TypeDescr::builtin("type"),
            Type::Union(members) => TypeDescr::union(members.iter().map(|&member| self.type_descr(member))),
            _ => TypeDescr::Object,
        }
    }

    fn instance_descr(&self, class: ClassId, args: &[TypeId], exact: bool) -> TypeDescr {
        let known = &self.program.known;
        if class == known.object || self.program.is_of_library(class) {
            return TypeDescr::Object;
        }
        let entry = &self.program.classes[class];
        match entry.kind {
            ClassKind::Protocol => return TypeDescr::Object,
            ClassKind::TypedDict => return TypeDescr::builtin("dict"),
            ClassKind::Nominal | ClassKind::NamedTuple => {}
        }
        // Only checked containers and arrays have type arguments at run time.
        let has_args = [known.checked_list, known.checked_dict].contains(&class) || known.is_row(class);
        let args = if has_args { args } else { &[] };
        TypeDescr::Class {
            module: self.program.modules[entry.module].name.to_owned(),
            name: entry.qualname.clone(),
            exact: exact || has_args,
            args: args.iter().map(|&arg| self.type_descr(arg)).collect(),
        }
    }

    /// The descriptor of a class.
    pub(crate) fn class_descr(&self, class: ClassId) -> TypeDescr {
        let entry = &self.program.classes[class];
        TypeDescr::class(self.program.modules[entry.module].name, &entry.qualname)
    }

    /// The descriptor of a field reached through `class`.
    pub(crate) fn field_descr(&self, class: ClassId, name: &str) -> Option<FieldDescr> {
        match self.program.class_member(class, name)?.1 {
            ClassMember::Field(field) => Some(FieldDescr {
                class: self.class_descr(field.class),
                name: name.to_owned(),
                ty: self.type_descr(field.ty),
            }),
            _ => None,
        }
    }

    /// Parameters and result of a function.
    pub(crate) fn signature(&self, function: FunctionId) -> Signature {
        let entry = &self.program.functions[function];
        let descr = |param: &Param<'_>| match param.is_erased {
            true => TypeDescr::Object,
            false => self.type_descr(param.ty),
        };
        let params = entry.params.iter().map(descr).collect();
        let is_plain = !entry.is_async && !entry.is_generator;
        let ret = if is_plain { self.type_descr(entry.ret) } else { TypeDescr::Object };
        let named = entry.params.iter().filter(|param| param.kind == ParamKind::KeywordOnly);
        let keyword_only = named.map(|param| param.name.to_owned()).collect();
        let has = |kind| entry.params.iter().any(|param| param.kind == kind);
        let rest = Rest { positional: has(ParamKind::Star), keywords: has(ParamKind::DoubleStar) };
        Signature { params, keyword_only, rest, ret }
    }

    /// The descriptor of a callee.
    pub(crate) fn function_descr(&self, function: FunctionId) -> FunctionDescr {
        let entry = &self.program.functions[function];
        if let Some(library) = self.program.natives.get(&function) {
            return self.native_descr(entry, library);
        }
        FunctionDescr {
            module: self.program.modules[entry.module].name.to_owned(),
            name: entry.qualname.clone(),
            kind: self.method_kind(entry, function),
            signature: self.signature(function),
            given: Box::default(),
        }
    }

    /// A C function gives a double or a word, of which some bits count.
    fn native_descr(&self, entry: &Function<'_>, library: &str) -> FunctionDescr {
        let ret = match self.program.types.as_primitive(entry.ret) {
            Some(Primitive::Double) => TypeCode::Double,
            _ => TypeCode::Int64,
        };
        let params = entry.params.iter().map(|param| self.type_descr(param.ty)).collect();
        FunctionDescr {
            module: library.to_owned(),
            name: entry.name.to_owned(),
            kind: MethodKind::Native,
            signature: Signature {
                params,
                keyword_only: Box::default(),
                rest: Rest { positional: false, keywords: false },
                ret: TypeDescr::Primitive(ret),
            },
            given: Box::default(),
        }
    }

    /// What `BUILD_STATIC_CLASS` makes.
    pub(crate) fn class_decl(&self, class: ClassId) -> ClassDecl {
        let entry = &self.program.classes[class];
        let mut decl = ClassDecl {
            name: entry.qualname.clone(),
            is_final: entry.is_final,
            fields: Vec::new(),
            methods: Vec::new(),
        };
        for (name, member) in &entry.members {
            match member {
                ClassMember::Field(field) if field.class == class => decl.fields.push(FieldDecl {
                    name: (*name).to_owned(),
                    ty: self.type_descr(field.ty),
                    has_default: field.has_default,
                }),
                ClassMember::Method(function) => {
                    decl.methods.extend(self.method_decl(name, *function));
                }
                _ => {}
            }
        }
        let setters = entry.accessors.iter().filter(|accessor| accessor.is_setter);
        decl.methods.extend(setters.filter_map(|setter| self.method_decl(setter.name, setter.function)));
        decl
    }

    /// A method that has a typed signature.
    fn method_decl(&self, name: &str, function: FunctionId) -> Option<MethodDecl> {
        let method = &self.program.functions[function];
        (!method.is_dynamic && !method.is_generated).then(|| MethodDecl {
            name: name.to_owned(),
            kind: self.method_kind(method, function),
            is_final: method.is_final,
            signature: self.signature(function),
        })
    }

    /// How a function binds its first argument; a setter is decorated as a getter is.
    fn method_kind(&self, entry: &Function<'_>, function: FunctionId) -> MethodKind {
        let is_it = |accessor: &Accessor<'_>| accessor.is_setter && accessor.function == function;
        match entry.binding {
            Binding::None if entry.is_nested => MethodKind::Nested,
            Binding::None => MethodKind::Function,
            Binding::Instance => MethodKind::Instance,
            Binding::Class => MethodKind::Class,
            Binding::Static => MethodKind::Static,
            Binding::Property => match entry.class {
                Some(class) if self.program.classes[class].accessors.iter().any(is_it) => MethodKind::Setter,
                _ => MethodKind::Getter,
            },
        }
    }
}

fn literal_descr(value: &Literal) -> Option<bytecode::descr::Literal> {
    use bytecode::descr::Literal as Descr;
    Some(match value {
        Literal::Int(value) => Descr::Int(*value),
        Literal::Bool(value) => Descr::Bool(*value),
        Literal::Str(text) => Descr::Str(text.clone()),
        Literal::Bytes(bytes) => Descr::Bytes(bytes.clone()),
        Literal::Member { .. } => return None,
    })
}
