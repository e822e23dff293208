//! What may be called as a `Callable` says. (PEP 484, decision 5)
//!
//! Parameters are contravariant, results covariant; what the checker does not know of fits. At run time only that a value may be called
//! is checked, so that results are only expected, and primitives, which are boxed on such ways, count as dynamic.

use super::{Type, TypeId};
use crate::program::{ClassMember, FunctionId, ParamKind, Program};

impl<'a> Program<'a> {
    /// Whether every value of `sub` may be called with `params`, which `None` leaves open, and then gives a `ret`.
    pub(crate) fn is_callable_as(&mut self, sub: &Type, params: Option<&[TypeId]>, ret: TypeId) -> bool {
        match *sub {
            Type::Callable { params: ref own, ret: result } => {
                let fits = match (own.as_deref(), params) {
                    (Some(own), Some(params)) => {
                        own.len() == params.len()
                            && own.iter().zip(params).all(|(&own, &param)| self.is_subtype(param, own))
                    }
                    _ => true,
                };
                fits && self.is_subtype(result, ret)
            }
            Type::Function(function) => self.function_fits(function, 0, params, ret),
            Type::Method(function) => self.function_fits(function, 1, params, ret),
            Type::Class { class, .. } => {
                let result = self.types.instance(class);
                let makes = self.classes[class].is_dynamic || self.is_subtype(result, ret);
                let init = match self.class_member(class, "__init__") {
                    Some((owner, ClassMember::Method(init))) if owner != self.known.object => Some(*init),
                    _ => None,
                };
                let dynamic = self.types.dynamic;
                let is_checked = self.classes[class].is_static && !self.is_dynamic_class(class);
                makes
                    && match init {
                        Some(init) if is_checked => self.function_fits(init, 1, params, dynamic),
                        _ => true,
                    }
            }
            Type::Instance { class, .. } => {
                match self.class_member(class, "__call__").map(|(_, member)| member.clone()) {
                    Some(ClassMember::Method(function)) => self.function_fits(function, 1, params, ret),
                    Some(_) => true,
                    None => class == self.known.type_ || self.is_dynamic_class(class),
                }
            }
            Type::Special(_) | Type::PrimitiveName(_) => true,
            _ => false,
        }
    }

    /// What a callable takes by place, and gives, as far as it is known.
    pub(crate) fn shape(&mut self, callable: &Type) -> Option<(Vec<TypeId>, TypeId)> {
        let (function, bound) = match *callable {
            Type::Callable { ref params, ret } => {
                return Some((params.as_deref().unwrap_or_default().to_vec(), ret));
            }
            Type::Function(function) => (function, 0),
            Type::Method(function) => (function, 1),
            Type::Class { class, .. } => return Some((Vec::new(), self.types.instance(class))),
            _ => return None,
        };
        self.bind_function(function);
        let entry = &self.functions[function];
        let is_known = !entry.is_dynamic && !entry.is_async && !entry.is_generator;
        let dynamic = self.types.dynamic;
        let boxed = |ty: TypeId| if self.types.as_primitive(ty).is_some() { dynamic } else { ty };
        let params = entry.params.iter().skip(bound).map(|param| boxed(param.ty)).collect();
        is_known.then(|| (params, boxed(entry.ret)))
    }

    /// Whether a function takes arguments by place, behind the first `bound` ones, and gives the result.
    fn function_fits(
        &mut self,
        function: FunctionId,
        bound: usize,
        params: Option<&[TypeId]>,
        ret: TypeId,
    ) -> bool {
        self.bind_function(function);
        let entry = &self.functions[function];
        if entry.is_dynamic {
            return true;
        }
        let (own, result) = (entry.params.clone(), entry.ret);
        let is_plain = !entry.is_async && !entry.is_generator;
        let gives = !is_plain || self.is_boxed_subtype(result, ret);
        let Some(params) = params else { return gives };
        let places: Vec<_> = own.iter().filter(|param| param.kind.is_by_place()).skip(bound).collect();
        let takes_more = own.iter().any(|param| param.kind == ParamKind::Star);
        let needs_name =
            own.iter().any(|param| param.kind == ParamKind::KeywordOnly && param.default.is_none());
        let required = places.iter().filter(|param| param.default.is_none()).count();
        let takes = params.len() >= required && (takes_more || params.len() <= places.len()) && !needs_name;
        gives
            && takes
            && params.iter().zip(places).all(|(&param, place)| {
                self.types.as_primitive(place.ty).is_some() || self.is_subtype(param, place.ty)
            })
    }

    fn is_boxed_subtype(&mut self, sub: TypeId, sup: TypeId) -> bool {
        self.types.as_primitive(sub).is_some() || self.is_subtype(sub, sup)
    }
}
