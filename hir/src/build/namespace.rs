//! Names of class and module bodies.
//!
//! The namespace of a module body is its globals: whoever enters compiled code of one makes sure of that. That of a class body is in the
//! interpreter's frame.

use abi::helper::HelperId as H;
use bytecode::{CodeFlags, Opcode as B, Word};

use super::Builder;
use crate::ir::{Type, Value};

impl Builder<'_> {
    pub(super) fn translate_namespace(&mut self, word: Word) -> bool {
        let n = word.index();
        match word.opcode() {
            B::LOAD_FROM_DICT_OR_GLOBALS => {
                let mapping = self.pop_object();
                let (globals, builtins) = self.scopes();
                let args = [mapping, globals, builtins, self.name(n)];
                let value = self.object_helper(H::LoadFromDictOrGlobals, &args);
                self.push(value);
            }
            B::LOAD_FROM_DICT_OR_DEREF => {
                let mapping = self.pop_object();
                let (code, slot) = (self.code_object(), self.const_int(n as i64, Type::I64));
                let args = [mapping, code, slot, self.cell(n)];
                let value = self.object_helper(H::LoadFromDictOrDeref, &args);
                self.push(value);
            }
            B::LOAD_BUILD_CLASS => {
                let (_, builtins) = self.scopes();
                let value = self.object_helper(H::LoadBuildClass, &[builtins]);
                self.push(value);
            }
            B::LOAD_NAME if self.is_module() => self.push_global(n),
            B::STORE_NAME if self.is_module() => self.store_global(n),
            B::DELETE_NAME if self.is_module() => self.delete_global(n),
            _ => return self.frame.is_some_and(|frame| self.translate_local_name(word, frame)),
        }
        true
    }

    fn is_module(&self) -> bool {
        self.code.flags.contains(CodeFlags::MODULE_BODY)
    }

    /// What a module or class body binds its names in; null in a function.
    pub(super) fn own_namespace(&mut self) -> Value {
        match self.frame {
            _ if self.is_module() => self.globals(),
            Some(frame) if !self.code.flags.contains(CodeFlags::OPTIMIZED) => {
                self.object_helper(H::LoadLocals, &[frame])
            }
            _ => self.null(),
        }
    }

    fn translate_local_name(&mut self, word: Word, frame: Value) -> bool {
        let n = word.index();
        match word.opcode() {
            B::LOAD_NAME => {
                let args = [frame, self.name(n)];
                let value = self.object_helper(H::LoadName, &args);
                self.push(value);
            }
            B::STORE_NAME => {
                let args = [frame, self.name(n), self.pop_object()];
                self.status_helper(H::StoreName, &args);
            }
            B::DELETE_NAME => {
                let args = [frame, self.name(n)];
                self.status_helper(H::DeleteName, &args);
            }
            B::LOAD_LOCALS => {
                let value = self.object_helper(H::LoadLocals, &[frame]);
                self.push(value);
            }
            B::SETUP_ANNOTATIONS => self.status_helper(H::SetupAnnotations, &[frame]),
            _ => return false,
        }
        true
    }
}
