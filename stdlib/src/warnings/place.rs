//! Where a warning belongs: file, line and module.

use runtime::error::traceback::FrameInfo;
use runtime::hooks;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::{PyResult, Ref, Value, protocol, raise, sys_state};

/// Where a warning belongs.
pub(super) struct Place {
    pub(super) file: Ref,
    pub(super) line: i64,
    pub(super) module: Ref,
    /// The line itself, where the module's loader gave it.
    pub(super) source: Option<String>,
}

impl Place {
    /// One that the caller knows. Without a module, it is called as the file.
    pub(super) fn given(file: &StrObject, line: i64, module: Option<Value>) -> Place {
        let file = Value::from_object(file).to_ref();
        let module = module.map_or_else(|| module_of(&file), |module| module.to_ref());
        Place { file, line, module, source: None }
    }

    /// Asks the loader of a module for the line, where it has one.
    pub(super) fn find_source(&mut self, globals: &DictObject) -> PyResult<()> {
        let Some(name) = globals.get_text("__name__") else { return Ok(()) };
        let bootstrap = protocol::import::import_absolute("importlib._bootstrap_external")?;
        let external = sys_state::modules().get_text("importlib._bootstrap_external").unwrap_or(bootstrap);
        let loader =
            protocol::call_method_text(external.value(), "_bless_my_loader", &[Value::from_object(globals)])?;
        let get = StrObject::intern("get_source");
        let Some(get) = protocol::attribute::get_optional_attr(loader.value(), get.value())? else {
            return Ok(());
        };
        let source = protocol::call_one(get.value(), name.value())?;
        let Some(source) = source.get::<StrObject>() else { return Ok(()) };
        let at = usize::try_from(self.line - 1).unwrap_or(usize::MAX);
        self.source = source.to_string_lossy().lines().nth(at).map(str::to_owned);
        Ok(())
    }
}

/// The name of a module by that of its file.
fn module_of(file: &Ref) -> Ref {
    let Some(name) = file.get::<StrObject>() else { return file.clone() };
    let length = name.len();
    if length == 0 {
        return StrObject::new("<unknown>").into();
    }
    let has_suffix = length >= 3 && name.substring(length - 3, length).eq_str(".py");
    if has_suffix { name.substring(0, length - 3).into() } else { file.clone() }
}

/// The tuple of prefixes of files whose frames are skipped.
pub(super) fn prefixes(given: Option<Value>) -> PyResult<Vec<String>> {
    let Some(given) = given else { return Ok(Vec::new()) };
    let Some(tuple) = given.get::<TupleObject>() else {
        let got = given.ty().name();
        return Err(raise!(TypeError, "warn() argument 'skip_file_prefixes' must be tuple, not {got}"));
    };
    let texts = tuple.items().iter().map(|prefix| match prefix.get::<StrObject>() {
        Some(prefix) => Ok(prefix.to_string_lossy()),
        None => {
            let got = prefix.ty().name();
            Err(raise!(TypeError, "Found non-str '{got}' in skip_file_prefixes."))
        }
    });
    texts.collect()
}

/// The place of the frame that a level means, and the registry of its module.
pub(super) fn of_caller(level: i64, prefixes: &[String]) -> PyResult<(Place, Ref)> {
    let frame = find_frame(level, prefixes);
    let (globals, file, line) = match &frame {
        Some(info) => {
            let code = info.code.get::<CodeObject>().expect("frames run code objects");
            let line = code.code().line_at(info.instruction as usize);
            (info.globals.clone(), StrObject::new(file_of(info)).into(), i64::from(line))
        }
        None => (sys_globals(), Ref::from(StrObject::new("<sys>")), 0),
    };
    let Some(globals) = globals.get::<DictObject>() else {
        return Err(raise!(TypeError, "the globals of a frame must be a dict"));
    };
    let key = StrObject::intern("__warningregistry__");
    let registry = globals.get_or_insert(key.value(), || DictObject::new().into())?;
    let module = globals
        .get_text("__name__")
        .filter(|name| objects::is_none(name.value()) || name.get::<StrObject>().is_some());
    let module = module.unwrap_or_else(|| StrObject::new("<string>").into());
    Ok((Place { file, line, module, source: None }, registry))
}

/// The namespace of `sys`, to which warnings belong that come from no frame.
fn sys_globals() -> Ref {
    let sys = sys_state::modules().get_text("sys");
    let dict = sys
        .as_ref()
        .and_then(|sys| sys.get::<ModuleObject>())
        .map(|sys| Value::from_object(sys.dict()).to_ref());
    dict.unwrap_or_else(|| DictObject::new().into())
}

/// From a frame of the import machinery every frame counts; from others, those of it and of files that are skipped do not.
fn find_frame(level: i64, prefixes: &[String]) -> Option<FrameInfo> {
    let frame_at = hooks::hooks().frame;
    let mut depth = 0;
    let mut frame = frame_at(depth)?;
    let counts_all = level <= 0 || is_internal(&frame);
    for _ in 1..level.max(1) {
        loop {
            depth += 1;
            frame = frame_at(depth)?;
            if counts_all || !(is_internal(&frame) || is_skipped(&frame, prefixes)) {
                break;
            }
        }
    }
    Some(frame)
}

fn file_of(info: &FrameInfo) -> &str {
    &info.code.get::<CodeObject>().expect("frames run code objects").code().filename
}

fn is_internal(info: &FrameInfo) -> bool {
    let file = file_of(info);
    file.contains("importlib") && file.contains("_bootstrap")
}

fn is_skipped(info: &FrameInfo, prefixes: &[String]) -> bool {
    prefixes.iter().any(|prefix| file_of(info).starts_with(prefix.as_str()))
}
