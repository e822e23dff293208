//! `_json.Encoder`: writes a value as a document, in one go, under the options of an encoder.

use std::collections::HashSet;

use runtime::args::Args;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Raised, Ref, TypeObject, Value, error, protocol, raise, sys_state, thread};

use super::escape::push_quoted;

/// How texts are put into quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// As `encode_basestring_ascii` does.
    Ascii,
    /// As `encode_basestring` does.
    Plain,
    /// By a function of the program.
    Function,
}

/// The options.
#[repr(C)]
pub struct EncoderObject {
    header: Header,
    markers: Ref,
    default: Ref,
    encoder: Ref,
    indent: Ref,
    key_separator: Ref,
    item_separator: Ref,
    sort_keys: bool,
    skipkeys: bool,
    allow_nan: bool,
    quoting: Quoting,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for EncoderObject {
    fn type_object() -> &'static TypeObject {
        &ENCODER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        let fields = [
            &self.markers,
            &self.default,
            &self.encoder,
            &self.indent,
            &self.key_separator,
            &self.item_separator,
        ];
        fields.into_iter().for_each(|field| visit(field.value()));
    }
}

const PARAMETERS: [&str; 9] = [
    "markers",
    "default",
    "encoder",
    "indent",
    "key_separator",
    "item_separator",
    "sort_keys",
    "skipkeys",
    "allow_nan",
];

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let mut given = [None; PARAMETERS.len()];
    if args.positional.len() > given.len() {
        let count = args.positional.len();
        return Err(raise!(TypeError, "make_encoder() takes exactly 9 arguments ({count} given)"));
    }
    for (slot, &value) in given.iter_mut().zip(args.positional) {
        *slot = Some(value);
    }
    for (name, value) in args.keywords() {
        let name = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        match PARAMETERS.iter().position(|&known| known == name) {
            Some(at) => given[at] = Some(value),
            None => {
                return Err(raise!(TypeError, "make_encoder() got an unexpected keyword argument '{name}'"));
            }
        }
    }
    let argument = |at: usize| {
        given[at].ok_or_else(|| {
            raise!(
                TypeError,
                "make_encoder() missing required argument '{}' (pos {})",
                PARAMETERS[at],
                at + 1
            )
        })
    };
    let text = |at: usize| {
        let value = argument(at)?;
        match value.get::<StrObject>() {
            Some(_) => Ok(value.to_ref()),
            None => Err(raise!(
                TypeError,
                "make_encoder() argument {} must be str, not {}",
                at + 1,
                value.ty().name()
            )),
        }
    };
    let markers = argument(0)?;
    if !objects::is_none(markers) && !markers.is_instance::<DictObject>() {
        let name = markers.ty().name();
        return Err(raise!(TypeError, "make_encoder() argument 1 must be dict or None, not {name}"));
    }
    let indent = argument(3)?;
    let contents = EncoderObject {
        header: Header::new(ty),
        markers: markers.to_ref(),
        default: argument(1)?.to_ref(),
        encoder: argument(2)?.to_ref(),
        indent: if objects::is_none(indent) { indent.to_ref() } else { text(3)? },
        key_separator: text(4)?,
        item_separator: text(5)?,
        sort_keys: protocol::is_true(argument(6)?)?,
        skipkeys: protocol::is_true(argument(7)?)?,
        allow_nan: protocol::is_true(argument(8)?)?,
        quoting: quoting_of(argument(2)?),
    };
    Ok(object::new_object_of(ty, contents).into())
}

/// Recognises the functions of this module.
fn quoting_of(encoder: Value) -> Quoting {
    let module = sys_state::modules().get_text("_json");
    let own = |name: &str| {
        let module = module.as_ref().and_then(|module| module.get::<ModuleObject>());
        let function = module.and_then(|module| module.dict().get_text(name));
        function.is_some_and(|function| function.value() == encoder)
    };
    if own("encode_basestring_ascii") {
        Quoting::Ascii
    } else if own("encode_basestring") {
        Quoting::Plain
    } else {
        Quoting::Function
    }
}

fn this<'a>(value: Value) -> &'a EncoderObject {
    value.get::<EncoderObject>().expect("slots and attributes are asked of instances")
}

fn call(value: Value, args: Args<'_>) -> PyResult {
    let [object, level] = args.positional else {
        return Err(raise!(TypeError, "_iterencode() takes exactly 2 arguments ({} given)", args.len()));
    };
    let level = usize::try_from(int::to_isize(*level)?).unwrap_or(0);
    let mut writer = Writer { options: this(value), out: StrBuilder::new(), open: HashSet::new() };
    writer.value(*object, level)?;
    Ok(TupleObject::of([writer.out.try_finish()?.into()]).into())
}

/// A document that is being written.
struct Writer<'a> {
    options: &'a EncoderObject,
    out: StrBuilder,
    /// Containers that are being written, if cycles are looked for.
    open: HashSet<u64>,
}

impl Writer<'_> {
    fn value(&mut self, value: Value, level: usize) -> PyResult<()> {
        if objects::is_none(value) {
            self.out.push_str("null");
        } else if value == objects::bool(true) {
            self.out.push_str("true");
        } else if value == objects::bool(false) {
            self.out.push_str("false");
        } else if value.get::<StrObject>().is_some() {
            self.text(value)?;
        } else if let Some(number) = int::IntRef::of(value) {
            self.out.push_str(&int::parse::to_decimal(number)?);
        } else if let Some(number) = float::of(value) {
            let text = self.float_text(number)?;
            self.out.push_str(&text);
        } else {
            thread().check_stack(" while encoding a JSON object")?;
            let is_marked = self.enter(value)?;
            if value.is_instance::<ListObject>() || value.is_instance::<TupleObject>() {
                self.array(value, level)?;
            } else if let Some(dict) = value.get::<DictObject>() {
                self.object(dict, level)?;
            } else {
                let made = protocol::call_one(self.options.default.value(), value)?;
                self.value(made.value(), level).map_err(|raised| {
                    noted(raised, &format!("when serializing {} object", shown_type(value)))
                })?;
            }
            if is_marked {
                self.open.remove(&value.bits());
            }
        }
        self.out.check()
    }

    /// Notes that a value is being written, if anybody cares.
    fn enter(&mut self, value: Value) -> PyResult<bool> {
        if objects::is_none(self.options.markers.value()) {
            return Ok(false);
        }
        if !self.open.insert(value.bits()) {
            return Err(raise!(ValueError, "Circular reference detected"));
        }
        Ok(true)
    }

    fn text(&mut self, value: Value) -> PyResult<()> {
        let text = value.get::<StrObject>().expect("asked of texts");
        if self.options.quoting != Quoting::Function {
            push_quoted(&mut self.out, text, self.options.quoting == Quoting::Ascii);
            return Ok(());
        }
        let made = protocol::call_one(self.options.encoder.value(), value)?;
        match made.get::<StrObject>() {
            Some(text) => self.out.push_object(text),
            None => {
                return Err(raise!(TypeError, "encoder() must return a string, not {}", made.ty().name()));
            }
        }
        Ok(())
    }

    fn float_text(&self, number: f64) -> PyResult<String> {
        if number.is_finite() {
            return Ok(float::repr_text(number));
        }
        if !self.options.allow_nan {
            let shown = float::repr_text(number);
            return Err(raise!(ValueError, "Out of range float values are not JSON compliant: {shown}"));
        }
        Ok(match number {
            f64::INFINITY => "Infinity",
            f64::NEG_INFINITY => "-Infinity",
            _ => "NaN",
        }
        .to_owned())
    }

    /// A new line at this level, if lines are indented.
    fn new_line(&mut self, level: usize) {
        if let Some(indent) = self.options.indent.get::<StrObject>() {
            self.out.push('\n' as u32);
            (0..level).for_each(|_| self.out.push_object(indent));
        }
    }

    fn separate(&mut self, level: usize) {
        if let Some(separator) = self.options.item_separator.get::<StrObject>() {
            self.out.push_object(separator);
        }
        self.new_line(level);
    }

    fn array(&mut self, value: Value, level: usize) -> PyResult<()> {
        // The function for other objects may shorten the list meanwhile.
        let item_at = |at: usize| match value.get::<ListObject>() {
            Some(list) => list.get(at),
            None => value.get::<TupleObject>()?.items().get(at).map(|item| item.to_ref()),
        };
        let mut at = 0;
        while let Some(item) = item_at(at) {
            if at == 0 {
                self.out.push('[' as u32);
                self.new_line(level + 1)
            } else {
                self.separate(level + 1)
            }
            self.value(item.value(), level + 1).map_err(|raised| {
                noted(raised, &format!("when serializing {} item {at}", shown_type(value)))
            })?;
            at += 1;
        }
        if at == 0 {
            self.out.push_str("[]");
        } else {
            self.new_line(level);
            self.out.push(']' as u32);
        }
        Ok(())
    }

    fn object(&mut self, dict: &DictObject, level: usize) -> PyResult<()> {
        if dict.is_empty() {
            self.out.push_str("{}");
            return Ok(());
        }
        self.out.push('{' as u32);
        let mut is_first = true;
        for (key, value) in self.pairs(dict)? {
            let Some(name) = self.name(key.value())? else { continue };
            if is_first {
                self.new_line(level + 1)
            } else {
                self.separate(level + 1)
            }
            is_first = false;
            self.text(name.value())?;
            if let Some(separator) = self.options.key_separator.get::<StrObject>() {
                self.out.push_object(separator);
            }
            if let Err(raised) = self.value(value.value(), level + 1) {
                let exception = thread().take_raised(raised);
                let key = protocol::repr_string(key.value())?;
                let raised = error::exception::restore(exception);
                let container = shown_type(Value::from_object(dict));
                return Err(noted(raised, &format!("when serializing {container} item {key}")));
            }
        }
        if !is_first {
            self.new_line(level);
        }
        self.out.push('}' as u32);
        Ok(())
    }

    /// The members in the order in which they are written.
    fn pairs(&self, dict: &DictObject) -> PyResult<Vec<(Ref, Ref)>> {
        let object = Value::from_object(dict);
        if object.get_exact::<DictObject>().is_some() && !self.options.sort_keys {
            return Ok(dict.to_pairs());
        }
        let items = protocol::call_method_text(object, "items", &[])?;
        let mut items = protocol::collect(items.value())?;
        if self.options.sort_keys {
            runtime::sort::sort_items(&mut items, None, false)?;
        }
        items
            .into_iter()
            .map(|item| match item.get::<TupleObject>().map(TupleObject::items) {
                Some([key, value]) => Ok((key.to_ref(), value.to_ref())),
                _ => Err(raise!(ValueError, "items must return 2-tuples")),
            })
            .collect()
    }

    /// What a member is called; `None` if it is left out.
    fn name(&self, key: Value) -> PyResult<Option<Ref>> {
        let text = if key.get::<StrObject>().is_some() {
            return Ok(Some(key.to_ref()));
        } else if let Some(number) = float::of(key) {
            self.float_text(number)?
        } else if key == objects::bool(true) {
            "true".to_owned()
        } else if key == objects::bool(false) {
            "false".to_owned()
        } else if objects::is_none(key) {
            "null".to_owned()
        } else if let Some(number) = int::IntRef::of(key) {
            int::parse::to_decimal(number)?
        } else if self.options.skipkeys {
            return Ok(None);
        } else {
            let name = key.ty().name();
            return Err(raise!(TypeError, "keys must be str, int, float, bool or None, not {name}"));
        };
        Ok(Some(StrObject::new(&text).into()))
    }
}

/// A type as notes name it.
fn shown_type(value: Value) -> String {
    let name = value.ty().full_name();
    name.strip_prefix("__main__.").map(str::to_owned).unwrap_or(name)
}

/// Adds a note to what has been raised.
fn noted(raised: Raised, note: &str) -> Raised {
    let exception = thread().take_raised(raised);
    let added = protocol::call_method_text(exception.value(), "add_note", &[StrObject::new(note).value()]);
    if let Err(raised) = added {
        drop(thread().take_raised(raised));
    }
    error::exception::restore(exception)
}

macro_rules! options {
    ($($name:literal $field:ident)*) => {
        &[$(GetSetDef { name: $name, doc: $name, get: |value| Ok(this(value).$field.clone()), set: None },)*
          GetSetDef { name: "sort_keys", doc: "sort_keys", get: |value| Ok(objects::bool(this(value).sort_keys).to_ref()), set: None },
          GetSetDef { name: "skipkeys", doc: "skipkeys", get: |value| Ok(objects::bool(this(value).skipkeys).to_ref()), set: None }]
    };
}

static GETSET: &[GetSetDef] = options! {
    "markers" markers "default" default "encoder" encoder "indent" indent "key_separator" key_separator
    "item_separator" item_separator
};

/// `_json.make_encoder`.
pub static ENCODER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_json",
    doc: "Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
    flags: type_flags::GC | type_flags::BASE,
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), call: Some(call), ..Slots::EMPTY },
    getset: GETSET,
    ..TypeSpec::of::<EncoderObject>("Encoder")
};
