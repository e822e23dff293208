//! Which files a check is about, what the modules in them are called, and which other modules exist.
//!
//! Here because nothing is run: `sys.path` is guessed. A file belongs to the packages whose folders have an `__init__.py`; the folder above
//! them is where its imports are looked for, then the folder that is checked, `PYTHONPATH`, and the folders of installed packages.
//!
//! Needs: paths as the user named them, which findings repeat. Cost: each folder is read once; a module that is asked for is looked up in
//! each folder of the path.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::suggest;
use host::compile::SearchPath;
use stdlib::library;
use typeck::{Missing, ModuleLoader};

/// Folders that hold what programs are made of or leave behind, not programs.
const SKIPPED: &[&str] = &["__pycache__", "node_modules"];

/// One file to check.
pub(crate) struct Target {
    /// As findings show it.
    pub(crate) path: PathBuf,
    /// The folder by which it has been found, if it was not named itself.
    pub(crate) folder: Option<PathBuf>,
}

/// What a path names.
#[derive(Default)]
pub(crate) struct Tree {
    /// The path itself, or all sources in the tree below it, in the order of their paths.
    pub(crate) targets: Vec<Target>,
    /// The folders that have been looked into.
    pub(crate) folders: Vec<PathBuf>,
    /// Those that cannot be read, and why.
    pub(crate) unreadable: Vec<(PathBuf, io::Error)>,
}

impl Tree {
    /// Looks at a path, and at what lies below it.
    pub(crate) fn of(path: &Path) -> Self {
        let mut tree = Self::default();
        if !path.is_dir() {
            tree.targets.push(Target { path: path.to_owned(), folder: None });
            return tree;
        }
        let mut found = Vec::new();
        tree.walk(path, &mut found);
        let target = |file: PathBuf| Target { path: file, folder: Some(path.to_owned()) };
        tree.targets.extend(found.into_iter().map(target));
        tree
    }

    fn walk(&mut self, folder: &Path, found: &mut Vec<PathBuf>) {
        self.folders.push(folder.to_owned());
        let read = || -> io::Result<Vec<std::fs::DirEntry>> { std::fs::read_dir(folder)?.collect() };
        match read() {
            Ok(entries) => self.walk_entries(entries, found),
            Err(error) => self.unreadable.push((folder.to_owned(), error)),
        }
    }

    fn walk_entries(&mut self, mut entries: Vec<std::fs::DirEntry>, found: &mut Vec<PathBuf>) {
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            // Links to folders are not followed: they may lead in a circle.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let (name, path) = (entry.file_name(), clean(&entry.path()));
            let name = name.to_string_lossy();
            if !is_folder {
                // Reading from a pipe or a device may never end; what cannot be looked at is told as such.
                let is_text = || std::fs::metadata(&path).map_or(true, |about| about.is_file());
                found.extend((name.ends_with(".py") && is_text()).then_some(path));
            } else if !name.starts_with('.')
                && !SKIPPED.contains(&&*name)
                && !path.join("pyvenv.cfg").is_file()
            {
                self.walk(&path, found);
            }
        }
    }
}

/// `a.py` for `./a.py`.
fn clean(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// The dotted name of the module in a file, and the folder from which it is imported by that name.
pub(crate) fn module_of(path: &Path) -> (String, PathBuf) {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let stem = whole.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let is_package = stem == "__init__";
    let mut parts = if is_package { Vec::new() } else { vec![stem] };
    let mut folder = whole.parent();
    while let Some(here) = folder.filter(|here| here.join("__init__.py").is_file()) {
        parts.extend(here.file_name().map(|name| name.to_string_lossy().into_owned()));
        folder = here.parent();
    }
    parts.reverse();
    let name = if parts.is_empty() { "__init__".to_owned() } else { parts.join(".") };
    let root = folder.map(Path::to_owned).unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_default();
    let shown = root.strip_prefix(&here).map(Path::to_owned).unwrap_or(root);
    (name, shown)
}

/// The modules that a program which is not run could import.
pub(crate) struct Modules {
    /// Where modules of the program are.
    own: SearchPath,
    /// Where others are.
    installed: Vec<PathBuf>,
    /// Folders that modules have been read from.
    read: Mutex<BTreeSet<PathBuf>>,
}

impl Modules {
    /// Those that a file in `root`, found by way of `folder`, sees.
    pub(crate) fn new(root: PathBuf, folder: Option<PathBuf>) -> Self {
        let mut directories = vec![root];
        directories.extend(folder.filter(|folder| *folder != directories[0]).map(|folder| clean(&folder)));
        let variable = |name: &str| std::env::var_os(name).unwrap_or_default();
        let mut installed: Vec<PathBuf> = std::env::split_paths(&variable("PYTHONPATH")).collect();
        let packages = ["VIRTUAL_ENV", "HOME"].map(|name| PathBuf::from(variable(name)));
        let [environment, home] = packages;
        installed.extend(
            [environment, home.join(".local"), PathBuf::from("/usr/local")]
                .map(|prefix| prefix.join(PACKAGES)),
        );
        let read = Mutex::new(directories.iter().cloned().collect());
        Self { own: SearchPath { directories }, installed, read }
    }

    /// Folders that modules come from, or would be looked for first.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        self.read().iter().cloned().collect()
    }

    fn read(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names of all modules that are in reach by a plain name.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = stdlib::names().into_iter().map(str::to_owned).collect();
        names.extend(library::files().filter_map(|file| {
            let mut parts = file.trim_start_matches(library::ROOT).trim_start_matches('/').split('/');
            let (first, second) = (parts.next()?, parts.next());
            second.map_or_else(|| first.strip_suffix(".py"), |_| Some(first)).map(str::to_owned)
        }));
        for folder in self.own.directories.iter().chain(&self.installed) {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            names.extend(entries.filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let is_package = entry.path().join("__init__.py").is_file();
                if is_package { Some(name) } else { name.strip_suffix(".py").map(str::to_owned) }
            }));
        }
        names.retain(|name| !name.starts_with('_'));
        names
    }

    /// Whether somebody has a module of a name without dots.
    fn is_top_level(&self, name: &str) -> bool {
        let lies_in = |folder: &PathBuf| {
            // Extensions have all kinds of suffixes.
            let prefix = format!("{name}.");
            folder.join(name).is_dir()
                || std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
                    let file = entry.file_name();
                    let file = file.to_string_lossy();
                    file.starts_with(&prefix) && [".py", ".pyc", ".so"].iter().any(|end| file.ends_with(end))
                })
        };
        let library = SearchPath { directories: vec![PathBuf::from(library::ROOT)] };
        stdlib::names().contains(&name)
            || library.find(name).is_some()
            || self.own.is_module(name)
            || self.own.directories.iter().chain(&self.installed).any(lies_in)
    }
}

/// Below a prefix.
const PACKAGES: &str = "lib/python3.14/site-packages";

impl ModuleLoader for Modules {
    fn load(&self, name: &str) -> Option<(String, String)> {
        let found = self.own.load(name)?;
        self.read().extend(Path::new(&found.0).parent().map(Path::to_owned));
        Some(found)
    }

    fn stub(&self, folder: Option<&str>, name: &str) -> Option<(String, String)> {
        let found = self.own.stub(folder, name)?;
        self.read().extend(Path::new(&found.0).parent().map(Path::to_owned));
        Some(found)
    }

    fn is_module(&self, name: &str) -> bool {
        self.own.is_module(name)
    }

    /// Modules inside packages that are not the program's own are left to them: they may be made when they are imported.
    fn missing(&self, name: &str) -> Option<Missing> {
        let first = name.split('.').next().unwrap_or(name);
        if !self.is_top_level(first) {
            let names = self.names();
            let nearest = suggest::likeliest(first, names.iter().map(String::as_str));
            return Some(Missing { name: first.to_owned(), meant: nearest.map(str::to_owned) });
        }
        if !self.own.is_module(first) || self.own.is_module(name) {
            return None;
        }
        let ends = name.match_indices('.').map(|(at, _)| at).skip(1).chain([name.len()]);
        let absent = ends.map(|end| &name[..end]).find(|part| !self.own.is_module(part))?;
        let (package, last) = absent.rsplit_once('.')?;
        // A module that makes its parts itself says so by what it is: no package.
        let folders = self.own.folders(package);
        let names: Vec<String> = folders.iter().flat_map(|folder| submodules(folder)).collect();
        let nearest = suggest::likeliest(last, names.iter().map(String::as_str));
        let meant = nearest.map(|nearest| format!("{package}.{nearest}"));
        (!folders.is_empty()).then(|| Missing { name: absent.to_owned(), meant })
    }
}

/// Names of the modules in the folder of a package.
fn submodules(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        if entry.path().is_dir() { Some(name) } else { name.strip_suffix(".py").map(str::to_owned) }
    };
    entries.filter_map(name).filter(|name| !name.starts_with('_')).collect()
}
