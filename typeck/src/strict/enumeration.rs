//! Enumerations: members, aliases, what `auto` stands for, flags, members that are numbers or texts, and enumerations that a call makes.
//!
//! The rules are those of CPython's `enum.EnumType`, of which only what a body or a call shows is followed.

use super::Analyser;
use super::operator::integer;
use super::value::{Args, Class, EnvId, Eval, Kind, Namespace, ObjectId, Pairs, Value};

/// What the hidden name in the variables of a class body says: the body makes an enumeration.
const OPEN: &str = "<enum>";

impl<'a> Analyser<'a, '_> {
    pub(super) fn is_enum(&self, class: &Class<'a>) -> bool {
        class.mro.contains(&Value::Native("enum.Enum"))
    }

    fn is_flag(&self, class: &Class<'a>) -> bool {
        class.mro.contains(&Value::Native("enum.Flag"))
    }

    fn class_entry(&self, class: Value<'a>) -> Option<&Class<'a>> {
        match self.kind(class) {
            Some(Kind::Class(entry)) => Some(entry),
            _ => None,
        }
    }

    // --- Bodies ---

    /// Notes in the variables of a class body that it makes an enumeration, so that `auto` counts there.
    pub(super) fn open_enum(&mut self, env: EnvId, bases: &[Value<'a>]) {
        for base in bases {
            let mro = self.mro(*base);
            if mro.contains(&Value::Native("enum.Enum")) {
                self.state.envs[env].names.set(OPEN, *base);
                return;
            }
        }
    }

    pub(super) fn close_enum(&mut self, env: EnvId) {
        self.state.envs[env].names.remove(OPEN);
    }

    /// The value that `auto()` stands for where a body binds it to a name.
    pub(super) fn automatic(&mut self, env: EnvId, name: &'a str, value: Value<'a>) -> Eval<'a> {
        if !matches!(self.kind(value), Some(Kind::Typed("enum.auto"))) {
            return Ok(value);
        }
        let names = &self.state.envs[env].names;
        let Some(base) = names.get(OPEN) else { return Ok(value) };
        let before: Vec<_> = names
            .entries()
            .iter()
            .filter(|(name, value)| !name.starts_with(['_', '<']) && !self.is_descriptor(*value))
            .map(|(_, value)| *value)
            .collect();
        let own = names.get("_generate_next_value_");
        let hook = own.or_else(|| self.class_attribute(base, "_generate_next_value_"));
        if let Some(hook) = hook.filter(|hook| self.is_written(*hook)) {
            let function = match self.kind(hook) {
                Some(Kind::StaticMethod(function)) => *function,
                _ => hook,
            };
            let (count, last) = (before.len() as i64, self.list(before));
            return self
                .call(function, Args::of(&[Value::Str(name), Value::Int(1), Value::Int(count), last]));
        }
        Ok(self.next_value(base, name, &before, 1))
    }

    /// What follows the values before it.
    fn next_value(&mut self, base: Value<'a>, name: &str, before: &[Value<'a>], start: i64) -> Value<'a> {
        let mro = self.mro(base);
        if mro.contains(&Value::Native("enum.StrEnum")) {
            return self.text(&name.to_lowercase());
        }
        let highest = before.iter().filter_map(|value| integer(*value)).max();
        if !mro.contains(&Value::Native("enum.Flag")) {
            return highest.map_or(Value::Int(start), |last| Value::Int(last.saturating_add(1)));
        }
        match highest {
            None => Value::Int(start),
            Some(last) if last <= 0 => Value::Int(1),
            Some(last) if last < 1 << 61 => Value::Int(1 << (64 - last.leading_zeros())),
            Some(_) => self.typed("int"),
        }
    }

    fn is_descriptor(&self, value: Value<'a>) -> bool {
        self.is_written(value)
            || matches!(
                self.kind(value),
                Some(Kind::Property { .. } | Kind::Class(_) | Kind::Typed("enum.nonmember"))
            )
    }

    /// Makes members of the plain values in the body of an enumeration.
    pub(super) fn make_members(&mut self, class: Value<'a>) -> Eval<'a, ()> {
        let Value::Object(id) = class else { return Ok(()) };
        let mut before = Vec::new();
        for (name, value) in self.state.objects[id].attributes.entries().to_vec() {
            if name.starts_with(['_', '<']) || self.is_descriptor(value) {
                continue;
            }
            let value = match self.kind(value) {
                Some(Kind::Typed("enum.auto")) => self.next_value(class, name, &before, 1),
                _ => value,
            };
            before.push(value);
            self.make_member(class, id, name, value)?;
        }
        Ok(())
    }

    /// Makes one member, or another name for the one that has the value.
    fn make_member(
        &mut self,
        class: Value<'a>,
        id: ObjectId,
        name: &'a str,
        value: Value<'a>,
    ) -> Eval<'a, ()> {
        let Some(entry) = self.class_entry(class).cloned() else { return Ok(()) };
        for (_, known) in self.member_names(&entry) {
            let own = self.attribute_of_instance(known, "_value_").unwrap_or(Value::None);
            if self.plain_equals(own, value)? {
                self.state.objects[id].attributes.set(name, known);
                return Ok(());
            }
        }
        let args = match self.known_items(value) {
            Some(items) if matches!(self.kind(value), Some(Kind::Tuple(_))) => Args::of(&items),
            _ => Args::of(&[value]),
        };
        let member = match self.class_attribute(class, "__new__").filter(|new| self.is_written(*new)) {
            Some(new) => self.call(new, args.with_receiver(class))?,
            None => self.object(Kind::Instance(class)),
        };
        if self.attribute_of_instance(member, "_value_").is_none() {
            self.write_attribute(member, "_value_", Some(value))?;
        }
        let value = self.attribute_of_instance(member, "_value_").unwrap_or(value);
        for (key, value) in [("name", Value::Str(name)), ("_name_", Value::Str(name)), ("value", value)] {
            self.write_attribute(member, key, Some(value))?;
        }
        self.state.objects[id].attributes.set(name, member);
        if let Some(init) = self.class_attribute(class, "__init__").filter(|init| self.is_written(*init)) {
            self.call(init, args.with_receiver(member))?;
        }
        Ok(())
    }

    /// Whether two values of members are known to be equal.
    fn plain_equals(&mut self, one: Value<'a>, two: Value<'a>) -> Eval<'a, bool> {
        if let (Value::Opaque(_), _) | (_, Value::Opaque(_)) = (one, two) {
            return Ok(one == two);
        }
        Ok(self.equals(one, two)? == Some(true))
    }

    /// Refuses what derives from an enumeration with members.
    pub(super) fn refuse_extension(&mut self, name: &str, bases: &[Value<'a>]) -> Eval<'a, ()> {
        for base in bases {
            let Some(entry) = self.class_entry(*base).cloned() else { continue };
            if self.is_enum(&entry) && !self.member_names(&entry).is_empty() {
                let message = format!("<enum '{name}'> cannot extend <enum '{}'>", entry.name);
                return Err(self.raise("TypeError", &message));
            }
        }
        Ok(())
    }

    /// `@unique`
    pub(super) fn require_unique(&mut self, class: Value<'a>) -> Eval<'a> {
        let Some(entry) = self.class_entry(class).cloned() else { return Ok(class) };
        let mut aliases = Vec::new();
        for (name, member) in self.member_names(&entry) {
            let own = self.attribute_of_instance(member, "name");
            if let (Value::Str(name), Some(Value::Str(own))) = (name, own)
                && name != own
            {
                aliases.push(format!("{name} -> {own}"));
            }
        }
        if aliases.is_empty() {
            return Ok(class);
        }
        let message = format!("duplicate values found in <enum '{}'>: {}", entry.name, aliases.join(", "));
        Err(self.raise("ValueError", &message))
    }

    // --- Members ---

    /// Members of an enumeration by name, other names for them included.
    pub(super) fn member_names(&self, class: &Class<'a>) -> Pairs<'a> {
        let Some(Value::Object(id)) = class.mro.first() else { return Vec::new() };
        let own = self.state.objects[*id].attributes.entries().iter();
        own.filter(|(name, value)| {
            !name.starts_with('<')
                && matches!(self.kind(*value), Some(Kind::Instance(of)) if *of == class.mro[0])
        })
        .map(|(name, value)| (Value::Str(name), *value))
        .collect()
    }

    /// Members in their order; of flags those with one bit.
    pub(super) fn members(&self, class: &Class<'a>) -> Vec<Value<'a>> {
        let mut found = Vec::new();
        for (_, member) in self.member_names(class) {
            let is_part = match self.attribute_of_instance(member, "_value_") {
                Some(Value::Int(bits)) if self.is_flag(class) => bits.count_ones() == 1,
                _ => true,
            };
            if is_part && !found.contains(&member) {
                found.push(member);
            }
        }
        found
    }

    pub(super) fn member_of_value(&mut self, class: &Class<'a>, value: Value<'a>) -> Eval<'a> {
        for (_, member) in self.member_names(class) {
            if member == value {
                return Ok(member);
            }
            let own = self.attribute_of_instance(member, "_value_").unwrap_or(Value::None);
            match self.equals(own, value)? {
                Some(true) => return Ok(member),
                Some(false) => {}
                None => return Ok(self.opaque("a member of an enumeration, by a value that is not known")),
            }
        }
        if self.is_flag(class)
            && let Some(bits) = integer(value)
        {
            return Ok(self.flags(class.mro[0], bits));
        }
        if let Some(hook) =
            self.class_attribute(class.mro[0], "_missing_").filter(|hook| self.is_written(*hook))
        {
            let hook = self.bind_method(hook, class.mro[0], class.mro[0])?;
            let found = self.call(hook, Args::of(&[value]))?;
            if found != Value::None {
                return Ok(found);
            }
        }
        let message = format!("not a valid {}", class.name);
        Err(self.raise("ValueError", &message))
    }

    /// The number or text that an object is by its class: of a member of `IntEnum`, `IntFlag` or `StrEnum`, or of one with such a base.
    pub(super) fn plain_member(&self, value: Value<'a>) -> Option<Value<'a>> {
        const PLAIN: [Value<'static>; 5] = [
            Value::Native("enum.IntEnum"),
            Value::Native("enum.IntFlag"),
            Value::Native("enum.StrEnum"),
            Value::Native("int"),
            Value::Native("str"),
        ];
        let Some(&Kind::Instance(class)) = self.kind(value) else { return None };
        let entry = self.class_entry(class)?;
        let is_plain = self.is_enum(entry) && entry.mro.iter().any(|base| PLAIN.contains(base));
        if is_plain { self.attribute_of_instance(value, "_value_") } else { None }
    }

    /// `str` or `repr` of a member without a method for it.
    pub(super) fn text_of_member(&mut self, value: Value<'a>, method: &str) -> Eval<'a, Option<Value<'a>>> {
        let Some(&Kind::Instance(class)) = self.kind(value) else { return Ok(None) };
        let Some(entry) = self.class_entry(class).filter(|entry| self.is_enum(entry)).cloned() else {
            return Ok(None);
        };
        let own = self.attribute_of_instance(value, "_value_").unwrap_or(Value::None);
        let is_plain = ["enum.IntEnum", "enum.IntFlag", "enum.StrEnum"]
            .iter()
            .any(|base| entry.mro.contains(&Value::Native(base)));
        if method == "__str__" && is_plain {
            return self.text_of(own, "__str__").map(Some);
        }
        let Some(Value::Str(name)) = self.attribute_of_instance(value, "name") else {
            return Ok(Some(self.typed("str")));
        };
        if method == "__str__" {
            return Ok(Some(self.text(&format!("{}.{name}", entry.name))));
        }
        Ok(Some(match self.text_of(own, "__repr__")? {
            Value::Str(own) => self.text(&format!("<{}.{name}: {own}>", entry.name)),
            other => other,
        }))
    }

    // --- Flags ---

    /// The flags with these bits; each set of flags is one object.
    fn flags(&mut self, class: Value<'a>, bits: i64) -> Value<'a> {
        let Some(entry) = self.class_entry(class).cloned() else { return self.silent() };
        for (_, member) in self.member_names(&entry) {
            if self.attribute_of_instance(member, "_value_") == Some(Value::Int(bits)) {
                return member;
            }
        }
        let Value::Object(id) = class else { return self.silent() };
        let place = &*self.arena.alloc_str(&format!("<{bits}>"));
        if let Some(known) = self.state.objects[id].attributes.get(place) {
            return known;
        }
        let member = self.object(Kind::Instance(class));
        if let Value::Object(member) = member {
            let attributes = &mut self.state.objects[member].attributes;
            for name in ["value", "_value_"] {
                attributes.set(name, Value::Int(bits));
            }
            let name = self.typed("str");
            self.state.objects[member].attributes.set("name", name);
        }
        self.state.objects[id].attributes.set(place, member);
        member
    }

    /// `|`, `&` and `^` of flags of one class, or of flags that are numbers and a number.
    pub(super) fn combined_flags(
        &mut self,
        op: parser::ast::Operator,
        left: Value<'a>,
        right: Value<'a>,
    ) -> Option<Value<'a>> {
        use parser::ast::Operator;
        let of = |this: &Self, value: Value<'a>| match this.kind(value) {
            Some(&Kind::Instance(class))
                if this.class_entry(class).is_some_and(|entry| this.is_flag(entry)) =>
            {
                Some(class)
            }
            _ => None,
        };
        let class = match (of(self, left), of(self, right)) {
            (Some(one), Some(two)) if one == two => one,
            (Some(class), None) if integer(right).is_some() => class,
            (None, Some(class)) if integer(left).is_some() => class,
            _ => return None,
        };
        let bits = |this: &Self, value: Value<'a>| {
            integer(value).or_else(|| this.attribute_of_instance(value, "_value_").and_then(integer))
        };
        let (left, right) = (bits(self, left)?, bits(self, right)?);
        let bits = match op {
            Operator::BitOr => left | right,
            Operator::BitAnd => left & right,
            Operator::BitXor => left ^ right,
            _ => return None,
        };
        Some(self.flags(class, bits))
    }

    /// `~flags`: all the others.
    pub(super) fn other_flags(&mut self, value: Value<'a>) -> Option<Value<'a>> {
        let Some(&Kind::Instance(class)) = self.kind(value) else { return None };
        let entry = self.class_entry(class).filter(|entry| self.is_flag(entry)).cloned()?;
        let bits = integer(self.attribute_of_instance(value, "_value_")?)?;
        let all = self.members(&entry).into_iter().fold(0, |all, member| {
            all | self.attribute_of_instance(member, "_value_").and_then(integer).unwrap_or(0)
        });
        Some(self.flags(class, all & !bits))
    }

    /// The single flags of a combination.
    pub(super) fn parts_of_flags(&mut self, value: Value<'a>) -> Option<Vec<Value<'a>>> {
        let Some(&Kind::Instance(class)) = self.kind(value) else { return None };
        let entry = self.class_entry(class).filter(|entry| self.is_flag(entry)).cloned()?;
        let bits = integer(self.attribute_of_instance(value, "_value_")?)?;
        let has = |member: &Value<'a>| {
            self.attribute_of_instance(*member, "_value_")
                .and_then(integer)
                .is_some_and(|own| own & bits != 0)
        };
        Some(self.members(&entry).into_iter().filter(has).collect())
    }

    /// Whether one combination of flags contains another; nothing if the values are no flags.
    pub(super) fn contains_flags(&mut self, all: Value<'a>, part: Value<'a>) -> Option<bool> {
        let Some(&Kind::Instance(class)) = self.kind(all) else { return None };
        self.class_entry(class).filter(|entry| self.is_flag(entry))?;
        let all = integer(self.attribute_of_instance(all, "_value_")?)?;
        let part = integer(part).or_else(|| self.attribute_of_instance(part, "_value_").and_then(integer))?;
        Some(all & part == part)
    }

    // --- Calls ---

    /// `Enum("Name", names)`: an enumeration that a call makes.
    pub(super) fn functional_enum(&mut self, base: Value<'a>, args: &Args<'a>) -> Eval<'a> {
        let (name, names) = (args.get(0, "value"), args.get(1, "names"));
        let (Some(Value::Str(name)), Some(names)) = (name, names) else {
            return Ok(self.unsupported("an enumeration whose name or members are not known"));
        };
        let start = match args.keywords.iter().find(|(key, _)| *key == "start") {
            Some((_, start)) => integer(*start).unwrap_or(1),
            None => 1,
        };
        let Some(pairs) = self.functional_members(base, names, start)? else {
            return Ok(self.unsupported("an enumeration whose members are not known"));
        };
        let mut body = Namespace::default();
        for (name, value) in pairs {
            body.set(name, value);
        }
        let mixin = args.keywords.iter().find(|(key, _)| *key == "type").map(|(_, mixin)| *mixin);
        let bases = mixin.into_iter().chain([base]).collect();
        self.make_class(name, bases, Value::Native("type"), body)
    }

    /// Names and values of the members of an enumeration that a call makes.
    fn functional_members(
        &mut self,
        base: Value<'a>,
        names: Value<'a>,
        start: i64,
    ) -> Eval<'a, Option<Vec<(&'a str, Value<'a>)>>> {
        if let Some(Kind::Dict(pairs)) = self.kind(names) {
            let named = |(key, value): &(Value<'a>, Value<'a>)| match key {
                Value::Str(key) => Some((*key, *value)),
                _ => None,
            };
            return Ok(pairs.iter().map(named).collect());
        }
        let items = match names {
            Value::Str(text) => {
                text.split([',', ' ']).filter(|part| !part.is_empty()).map(Value::Str).collect()
            }
            _ => match self.items(names)? {
                Some(items) => items,
                None => return Ok(None),
            },
        };
        let (mut found, mut before) = (Vec::new(), Vec::new());
        for item in items {
            let (name, value) = match (item, self.known_items(item).as_deref()) {
                (Value::Str(name), _) => (name, self.next_value(base, name, &before, start)),
                (_, Some(&[Value::Str(name), value])) => (name, value),
                _ => return Ok(None),
            };
            before.push(value);
            found.push((name, value));
        }
        Ok(Some(found))
    }
}
