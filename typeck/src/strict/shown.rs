//! The text of a value: what `str` and `repr` give, and what is put into other texts.
//!
//! Addresses, and the order of sets, differ from run to run, and so does every text with one of them in it.

use super::Analyser;
use super::value::{Args, Eval, Kind, Value};

impl<'a> Analyser<'a, '_> {
    /// `str` or `repr` of a value.
    pub(super) fn text_of(&mut self, value: Value<'a>, method: &'static str) -> Eval<'a> {
        Ok(match value {
            Value::Opaque(id) => self.inspect(id, "SP0813", "makes a text of"),
            Value::Str(text) if method == "__str__" => Value::Str(text),
            Value::Str(text) if is_plain_text(text) => self.text(&format!("'{text}'")),
            Value::Int(number) => self.text(&number.to_string()),
            Value::Bool(value) => Value::Str(if value { "True" } else { "False" }),
            Value::None => Value::Str("None"),
            _ => match self.kind(value) {
                Some(Kind::Instance(_)) => return self.text_of_instance(value, method),
                Some(
                    Kind::Function(_) | Kind::Method { .. } | Kind::Iterator { .. } | Kind::Generator { .. },
                ) => self.varying("the text of an object without a text of its own has its address"),
                Some(Kind::List(_) | Kind::Tuple(_) | Kind::Dict(_) | Kind::Set { .. }) => {
                    return self.text_of_container(value);
                }
                _ => self.typed("str"),
            },
        })
    }

    /// The text of a container is as well known as those of its elements.
    fn text_of_container(&mut self, value: Value<'a>) -> Eval<'a> {
        let Value::Object(id) = value else { return Ok(self.typed("str")) };
        let has_own_name = self.given_class(value).is_some() || self.plain_class(value).is_none();
        if has_own_name || self.shown.contains(&id) {
            return Ok(self.typed("str"));
        }
        self.shown.push(id);
        let text = self.text_of_parts(value);
        self.shown.pop();
        text
    }

    fn text_of_parts(&mut self, value: Value<'a>) -> Eval<'a> {
        let (before, parts, after, arity) = match self.kind(value).cloned() {
            Some(Kind::List(items)) => ("[", items, "]", 1),
            Some(Kind::Tuple(items)) if items.len() == 1 => ("(", items, ",)", 1),
            Some(Kind::Tuple(items)) => ("(", items, ")", 1),
            Some(Kind::Dict(pairs)) => {
                ("{", pairs.into_iter().flat_map(|(key, value)| [key, value]).collect(), "}", 2)
            }
            Some(Kind::Set { items, is_frozen: false }) if items.len() == 1 => ("{", items, "}", 1),
            Some(Kind::Set { items, .. }) if items.len() > 1 => {
                return Ok(self.varying("the order of a set differs from run to run"));
            }
            _ => return Ok(self.typed("str")),
        };
        let mut text = before.to_owned();
        let mut is_known = true;
        for (at, part) in parts.into_iter().enumerate() {
            text.push_str(if at == 0 {
                ""
            } else if at % arity == 1 {
                ": "
            } else {
                ", "
            });
            match self.nested(|this| this.text_of(part, "__repr__"))? {
                Value::Str(part) => text.push_str(part),
                unknown @ Value::Opaque(_) => return Ok(unknown),
                _ => is_known = false,
            }
        }
        text.push_str(after);
        Ok(if is_known { self.text(&text) } else { self.typed("str") })
    }

    fn text_of_instance(&mut self, value: Value<'a>, method: &'static str) -> Eval<'a> {
        for name in [method, "__repr__"] {
            if let Some(method) = self.special_method(value, name) {
                return self.call(method, Args::default());
            }
        }
        if let Some(text) = self.text_of_member(value, method)? {
            return Ok(text);
        }
        let class = self.class_of(value);
        let has_text = self.has_native_base(class) || self.fields_of(class).is_some();
        Ok(if has_text {
            self.typed("str")
        } else {
            self.varying("the text of an object without a text of its own has its address")
        })
    }
}

/// Whether the `repr` of a text is that text between quotation marks.
fn is_plain_text(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'\'' && byte != b'\\')
}
