//! The public names of modules of the library, so that a misspelt import is found before it fails.
//!
//! A table that the modules themselves have shown (`tests/typeck/library_exports.py`; a test compares), since stubs may leave names out. A module
//! that is not in it is not judged, nor is a name with an underscore in front, nor a module of the project with the name of one
//! here. Cost: the text is searched for the module, then for the name, once for each name imported.

use crate::program::Program;

/// Blocks with an empty line behind them: the module with a colon, then its names.
const EXPORTS: &str = include_str!("stubs/exports.txt");

/// The names of a module, if all of them are known.
fn names(module: &str) -> Option<impl Iterator<Item = &'static str>> {
    let head = format!("{module}:\n");
    let block = EXPORTS.split("\n\n").find_map(|block| block.trim_start().strip_prefix(&head))?;
    Some(block.split_whitespace())
}

impl Program<'_> {
    /// The public names of a module of the library, if all of them are known.
    pub(crate) fn exports(&self, module: &str) -> Option<Vec<&'static str>> {
        let names = names(module)?;
        self.loader.load(module).is_none().then(|| names.collect())
    }
}
