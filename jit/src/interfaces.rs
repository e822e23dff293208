//! Vtable entries for methods of classes that are one base among several.
//!
//! A class without fields can stand behind another base, whose vtable the subclass continues: the methods of the former have no index
//! there that holds for all receivers. The front of every vtable is therefore kept for such methods: an index there belongs to one
//! method of one class for good, and all subclasses have the method there, whatever their other bases are. It is given away
//! when compiled code calls the method of a class that is a second base, and filled in in all classes then and in each that is made
//! later. The idea is that of interface method tables (Alpern and others, "Efficient Implementation of Java Interfaces", 2001); there are
//! no conflicts to resolve, since methods that find no entry free are looked up by the bridge.
//!
//! Promises: a class that inherits from a static class has all entries that its bases have. Cost: an entry more per class, and one walk over
//! the subclasses, for each method.

use abi::layout::type_object::INTERFACES;
use base::entity::EntityId;
use bytecode::{FunctionDescr, MethodKind};
use runtime::static_class;
use runtime::type_object::TypeObject;
use runtime::value::Ref;

use crate::context::Jit;
use crate::functions::Link;

/// The method that an entry belongs to.
pub(crate) struct Interface {
    /// The class that introduces it.
    class: Ref,
    /// As callers know it.
    descr: FunctionDescr,
}

impl Jit {
    /// The vtable index of a method in every subclass of a class that is a second base; nothing if it has none and all are taken.
    pub(crate) fn interface(&self, class: &TypeObject, name: &str, kind: MethodKind) -> Option<usize> {
        let class = static_class::introducer(class, name, kind)?;
        let is_it = |known: &Interface| {
            known.class.value() == class.value()
                && (known.descr.split_name().1, known.descr.kind) == (name, kind)
        };
        let known = self.interfaces.borrow().iter().position(is_it);
        if known.is_some() {
            return known;
        }
        let at = self.interfaces.borrow().len();
        let method = class.static_layout()?.methods.iter().find(|method| method.is(name, kind))?;
        if at == INTERFACES || matches!(method.kind, MethodKind::Function | MethodKind::Native) {
            return None;
        }
        let descr = FunctionDescr {
            module: class.module()?,
            name: format!("{}.{name}", class.name()),
            kind: method.kind,
            signature: method.signature.clone(),
            given: Box::default(),
        };
        self.fill_below(class, at, &descr)?;
        self.interfaces.borrow_mut().push(Interface { class: class.value().to_ref(), descr });
        Some(at)
    }

    /// Fills the entries of a class that has been made or changed.
    pub(crate) fn fill_interfaces(&self, class: &TypeObject) {
        for at in 0..self.interfaces.borrow().len() {
            let descr = {
                let interfaces = self.interfaces.borrow();
                let owner = interfaces[at].class.get::<TypeObject>();
                owner.is_some_and(|owner| class.is_subclass_of(owner)).then(|| interfaces[at].descr.clone())
            };
            if let Some(descr) = descr {
                self.fill_entry(class, at, &descr);
            }
        }
    }

    /// Fills an entry of a class and of all its subclasses; nothing if there is no room for the code.
    fn fill_below(&self, class: &TypeObject, at: usize, descr: &FunctionDescr) -> Option<()> {
        self.fill_entry(class, at, descr)?;
        class.subclasses().iter().try_for_each(|sub| self.fill_below(sub, at, descr))
    }

    /// Points a vtable entry of a class at what the class has under the name of the method; nothing if there is no room for the code.
    pub(crate) fn fill_entry(&self, class: &TypeObject, at: usize, descr: &FunctionDescr) -> Option<()> {
        let func = self.target(Link::Entry(descr.clone(), class.value().to_ref()))?;
        let slot = self.functions.borrow().funcs[func.index()].slot;
        class.vtable(at).set(slot as *const u8);
        Some(())
    }
}
