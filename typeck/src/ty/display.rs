//! How types are shown to people.

use super::{Type, TypeId};
use crate::program::Program;

impl Program<'_> {
    /// The type as a user would write it; `Exact[...]` only where exactness is asked for.
    pub fn show(&self, id: TypeId) -> String {
        self.show_with(id, false)
    }

    /// As [`Self::show`], but exactness is visible.
    pub fn show_exact(&self, id: TypeId) -> String {
        self.show_with(id, true)
    }

    fn show_with(&self, id: TypeId, exactness: bool) -> String {
        let list = |ids: &[TypeId]| {
            ids.iter().map(|&id| self.show_with(id, exactness)).collect::<Vec<_>>().join(", ")
        };
        match self.types.get(id) {
            Type::Dynamic => "dynamic".to_owned(),
            Type::Never => "Never".to_owned(),
            Type::None => "None".to_owned(),
            Type::Primitive(primitive) => primitive.name().to_owned(),
            Type::Instance { class, args, exact } => {
                let name = &self.classes[*class].name;
                let full =
                    if args.is_empty() { (*name).to_owned() } else { format!("{name}[{}]", list(args)) };
                if *exact && exactness { format!("Exact[{full}]") } else { full }
            }
            Type::Class { class, args } => {
                let name = &self.classes[*class].name;
                if args.is_empty() {
                    format!("Type[{name}]")
                } else {
                    format!("Type[{name}[{}]]", list(args))
                }
            }
            Type::PrimitiveName(primitive) => format!("Type[{}]", primitive.name()),
            Type::Literal(value) => format!("Literal[{value}]"),
            Type::Union(members) => self.show_union(members, exactness),
            Type::Function(function) | Type::Method(function) => {
                format!("function {}", self.functions[*function].qualname)
            }
            Type::Callable { params, ret } => {
                let params = params.as_ref().map_or("...".to_owned(), |params| format!("[{}]", list(params)));
                format!("Callable[{params}, {}]", self.show_with(*ret, exactness))
            }
            Type::Iteration { kind, args } => format!("{}[{}]", kind.name(), list(args)),
            Type::Awaitable(result) => format!("Awaitable[{}]", self.show_with(*result, exactness)),
            Type::Module(module) => format!("module {}", self.modules[*module].name),
            Type::Special(special) => format!("function {}", special.name()),
            Type::Param(_, name) => name.to_string(),
            Type::Var(var) => self.type_vars[*var].name.to_owned(),
        }
    }

    fn show_union(&self, members: &[TypeId], exactness: bool) -> String {
        let none = self.types.none;
        let (mut literals, mut rest) = (Vec::new(), Vec::new());
        for &member in members.iter().filter(|&&member| member != none) {
            match self.types.get(member) {
                Type::Literal(value) => literals.push(value.to_string()),
                _ => rest.push(self.show_with(member, exactness)),
            }
        }
        // The order of the members is that in which they were first mentioned anywhere.
        literals.sort();
        if !literals.is_empty() {
            rest.push(format!("Literal[{}]", literals.join(", ")));
        }
        rest.sort();
        match (members.contains(&none), rest.as_slice()) {
            (false, [one]) => one.clone(),
            (true, [one]) => format!("Optional[{one}]"),
            (true, _) => format!("Optional[Union[{}]]", rest.join(", ")),
            (false, _) => format!("Union[{}]", rest.join(", ")),
        }
    }
}
