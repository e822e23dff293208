//! Operators, comparisons and truth.
//!
//! Numbers and texts that are known are computed; where a result would not fit a machine word, or an operand is known by its class alone, so
//! is the result. Instances are asked by their special methods, the right one too.

use parser::ast::{CmpOp, Operator, UnaryOp};

use base::Span;

use super::Analyser;
use super::SIZE;
use super::iterate::number_of;
use super::sequence::range_len;
use super::value::{Args, Eval, Kind, Value};

/// Elements of a container, and bytes of a text, that a module may make.
const ELEMENTS: usize = 1_000_000;
const BYTES: usize = 16 << 20;

/// Operators whose results are of the class of their operands.
const CLOSED: [&str; 3] = ["decimal.Decimal", "fractions.Fraction", "datetime.timedelta"];

impl<'a> Analyser<'a, '_> {
    pub(super) fn binary(&mut self, op: Operator, left: Value<'a>, right: Value<'a>) -> Eval<'a> {
        for operand in [left, right] {
            if let Value::Opaque(id) = operand {
                return Ok(self.inspect(id, "SP0813", &format!("uses `{}` on", op.symbol())));
            }
        }
        if let Some(flags) = self.combined_flags(op, left, right) {
            return Ok(flags);
        }
        let plain = (self.plain_member(left), self.plain_member(right));
        if plain != (None, None) {
            return match self.overloaded(op, left, right)? {
                Some(result) => Ok(result),
                None => self.binary(op, plain.0.unwrap_or(left), plain.1.unwrap_or(right)),
            };
        }
        if let (Some(one), other) | (other, Some(one)) = (self.view_as_set(left)?, self.view_as_set(right)?) {
            let is_left = matches!(self.kind(left), Some(Kind::View { .. }));
            return if is_left {
                self.binary(op, one, other.unwrap_or(right))
            } else {
                self.binary(op, left, one)
            };
        }
        if let Some(result) = self.known_binary(op, left, right)? {
            return Ok(result);
        }
        if let Some(result) = self.overloaded(op, left, right)? {
            return Ok(result);
        }
        match self.typed_binary(op, left, right) {
            Some(class) => Ok(self.typed(class)),
            None => {
                let (one, two) = (self.class_name(left), self.class_name(right));
                if self.has_no_rule(left) && self.has_no_rule(right) {
                    let symbol = op.symbol();
                    let message = format!("unsupported operand type(s) for {symbol}: '{one}' and '{two}'");
                    return Err(self.raise("TypeError", &message));
                }
                Ok(self.unsupported(&format!("`{}` between {one} and {two}", op.symbol())))
            }
        }
    }

    /// Whether an operator that no rule and no method provides for is an error for a value.
    fn has_no_rule(&mut self, value: Value<'a>) -> bool {
        if self.plain_class(value).is_some() {
            return is_builtin(&self.class_name(value));
        }
        let class = self.class_of(value);
        let is_instance = matches!(self.kind(value), Some(Kind::Instance(_)));
        is_instance && !self.has_native_base(class) && !self.has_open_base(class)
    }

    /// A view of keys or items as the set that operators take it for.
    fn view_as_set(&mut self, value: Value<'a>) -> Eval<'a, Option<Value<'a>>> {
        if !matches!(self.kind(value), Some(Kind::View { part: "keys" | "items", .. })) {
            return Ok(None);
        }
        let items = self.unordered_items(value)?;
        self.new_set(items, false).map(Some)
    }

    /// The result, if both operands are known.
    fn known_binary(
        &mut self,
        op: Operator,
        left: Value<'a>,
        right: Value<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        if let (Some(left), Some(right)) = (integer(left), integer(right)) {
            return self.integers(op, left, right);
        }
        if let (Some(left), Some(right)) = (number_of(left), number_of(right)) {
            return self.floats(op, left, right);
        }
        Ok(match (op, left, right) {
            (Operator::Add, Value::Str(left), Value::Str(right)) if left.len() + right.len() <= SIZE => {
                Some(self.text(&format!("{left}{right}")))
            }
            (Operator::Mult, Value::Str(text), Value::Int(count))
            | (Operator::Mult, Value::Int(count), Value::Str(text)) => {
                let count = usize::try_from(count).unwrap_or(0);
                match text.len().saturating_mul(count) {
                    0..=SIZE => Some(self.text(&text.repeat(count))),
                    size if size > BYTES => Some(self.over_budget("a text is too long")),
                    _ => Some(self.typed("str")),
                }
            }
            (Operator::BitOr, left, right) if self.is_type_like(left) && self.is_type_like(right) => {
                Some(self.typed("types.UnionType"))
            }
            _ => self.containers(op, left, right),
        })
    }

    fn integers(&mut self, op: Operator, left: i64, right: i64) -> Eval<'a, Option<Value<'a>>> {
        if right == 0 && matches!(op, Operator::Div | Operator::FloorDiv | Operator::Mod) {
            return Err(self.raise("ZeroDivisionError", "division by zero"));
        }
        let shift = u32::try_from(right).ok().filter(|shift| *shift < 62);
        let result = match op {
            Operator::Add => left.checked_add(right),
            Operator::Sub => left.checked_sub(right),
            Operator::Mult => left.checked_mul(right),
            // Python rounds down.
            Operator::FloorDiv => left.checked_div_euclid(right).map(|quotient| {
                if right < 0 && left.wrapping_rem(right) != 0 { quotient - 1 } else { quotient }
            }),
            Operator::Mod => left
                .checked_rem_euclid(right)
                .map(|rest| if right < 0 && rest != 0 { rest + right } else { rest }),
            Operator::Pow => u32::try_from(right).ok().and_then(|power| left.checked_pow(power)),
            Operator::LShift => shift.and_then(|shift| left.checked_mul(1 << shift)),
            Operator::RShift => shift.map(|shift| left >> shift),
            Operator::BitOr => Some(left | right),
            Operator::BitXor => Some(left ^ right),
            Operator::BitAnd => Some(left & right),
            Operator::Div => return Ok(Some(Value::Float(left as f64 / right as f64))),
            Operator::MatMult => return Ok(None),
        };
        if op == Operator::Pow && right < 0 {
            return Ok(Some(self.typed("float")));
        }
        Ok(Some(match result {
            Some(result) => Value::Int(result),
            None => self.large_integer(op, left, right),
        }))
    }

    fn floats(&mut self, op: Operator, left: f64, right: f64) -> Eval<'a, Option<Value<'a>>> {
        if right == 0.0 && matches!(op, Operator::Div | Operator::FloorDiv | Operator::Mod) {
            return Err(self.raise("ZeroDivisionError", "division by zero"));
        }
        Ok(match op {
            Operator::Add => Some(Value::Float(left + right)),
            Operator::Sub => Some(Value::Float(left - right)),
            Operator::Mult => Some(Value::Float(left * right)),
            Operator::Div => Some(Value::Float(left / right)),
            Operator::Pow if left == 0.0 && right < 0.0 => {
                return Err(self.raise("ZeroDivisionError", "zero to a negative power"));
            }
            // What differs among machines is not computed.
            Operator::FloorDiv | Operator::Mod | Operator::Pow => Some(self.typed("float")),
            _ => None,
        })
    }

    fn containers(&mut self, op: Operator, left: Value<'a>, right: Value<'a>) -> Option<Value<'a>> {
        match (op, self.kind(left).cloned(), self.kind(right).cloned()) {
            (Operator::Add, Some(Kind::List(left)), Some(Kind::List(right))) => {
                Some(self.list([left, right].concat()))
            }
            (Operator::Add, Some(Kind::Tuple(left)), Some(Kind::Tuple(right))) => {
                Some(self.tuple([left, right].concat()))
            }
            (Operator::Mult, Some(Kind::List(items)), None) => {
                let count = integer(right)?;
                if is_huge(items.len(), count) {
                    return Some(self.over_budget("a list is too long"));
                }
                let items = repeated(&items, count);
                Some(self.list_of(items))
            }
            (Operator::Mult, Some(Kind::Tuple(items)), None) => {
                let count = integer(right)?;
                if is_huge(items.len(), count) {
                    return Some(self.over_budget("a tuple is too long"));
                }
                let items = repeated(&items, count);
                Some(self.tuple_of(items))
            }
            (Operator::BitOr, Some(Kind::Dict(mut left)), Some(Kind::Dict(right))) => {
                right.into_iter().for_each(|(key, value)| self.put(&mut left, key, value));
                Some(self.object(Kind::Dict(left)))
            }
            (op, Some(Kind::Set { items: left, is_frozen }), Some(Kind::Set { items: right, .. })) => {
                let has = |items: &[Value<'a>], item: Value<'a>| {
                    items.iter().any(|known| self.is_same_key(*known, item))
                };
                let mut items: Vec<_> = match op {
                    Operator::BitOr => left.clone(),
                    Operator::BitAnd => left.iter().copied().filter(|item| has(&right, *item)).collect(),
                    Operator::Sub | Operator::BitXor => {
                        left.iter().copied().filter(|item| !has(&right, *item)).collect()
                    }
                    _ => return None,
                };
                if matches!(op, Operator::BitOr | Operator::BitXor) {
                    items.extend(right.iter().copied().filter(|item| !has(&left, *item)));
                }
                Some(self.object(Kind::Set { items, is_frozen }))
            }
            _ => None,
        }
    }

    /// The result of special methods of instances.
    fn overloaded(&mut self, op: Operator, left: Value<'a>, right: Value<'a>) -> Eval<'a, Option<Value<'a>>> {
        let name = op.name();
        for (receiver, other, prefix) in [(left, right, "__"), (right, left, "__r")] {
            if !matches!(self.kind(receiver), Some(Kind::Instance(_))) {
                continue;
            }
            let name = &*self.arena.alloc_str(&format!("{prefix}{}__", method_stem(name)));
            if let Some(method) = self.special_method(receiver, name) {
                let result = self.call(method, Args::of(&[other]))?;
                if result != Value::NotImplemented {
                    return Ok(Some(result));
                }
            }
        }
        Ok(None)
    }

    /// The class of a value, of an instance of a subclass of a builtin class that class.
    fn builtin_base(&mut self, value: Value<'a>) -> Option<&'a str> {
        if let Some(class) = self.plain_class(value) {
            return Some(class);
        }
        let class = self.class_of(value);
        self.mro(class).into_iter().find_map(|entry| match entry {
            Value::Native(path) if path != "object" && !path.contains('.') => Some(path),
            _ => None,
        })
    }

    /// The class of a result, by the classes of the operands.
    fn typed_binary(&mut self, op: Operator, left: Value<'a>, right: Value<'a>) -> Option<&'a str> {
        let (one, two) = (self.builtin_base(left)?, self.builtin_base(right)?);
        let (one, two) = (origin(one), origin(two));
        if let (Some(first), Some(second)) = (rank(one), rank(two)) {
            let class = if op == Operator::Div { first.max(second).max(2) } else { first.max(second).max(1) };
            return Some(RANKS[class]);
        }
        match (op, one, two) {
            (Operator::Add, _, _) if one == two => Some(one),
            (Operator::Mult, _, "int" | "bool") if matches!(one, "str" | "list" | "tuple" | "bytes") => {
                Some(one)
            }
            (Operator::Mod, "str" | "bytes", _) => Some(one),
            (Operator::Div, "pathlib.Path", _) | (Operator::Div, _, "pathlib.Path") => Some("pathlib.Path"),
            (
                Operator::BitOr | Operator::BitAnd | Operator::Sub | Operator::BitXor,
                "set" | "frozenset",
                _,
            ) => Some(one),
            (Operator::BitOr, "dict", "dict") => Some("dict"),
            (Operator::BitOr, _, _) if one.starts_with("re.") || one.starts_with("types.") => Some(one),
            _ if CLOSED.contains(&one) => Some(one),
            _ if CLOSED.contains(&two) => Some(two),
            _ => None,
        }
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: Value<'a>) -> Eval<'a> {
        if let Value::Opaque(id) = operand {
            let code = if op == UnaryOp::Not { "SP0814" } else { "SP0813" };
            return Ok(self.inspect(id, code, &format!("uses `{}` on", op.symbol().trim())));
        }
        if op == UnaryOp::Not {
            let truth = self.truth(operand)?;
            return Ok(truth.map_or_else(|| self.typed("bool"), |truth| Value::Bool(!truth)));
        }
        if let Some(number) = integer(operand) {
            let result = match op {
                UnaryOp::USub => number.checked_neg(),
                UnaryOp::Invert => Some(!number),
                _ => Some(number),
            };
            return Ok(result.map_or_else(|| self.typed("int"), Value::Int));
        }
        if let Some(flags) = (op == UnaryOp::Invert).then(|| self.other_flags(operand)).flatten() {
            return Ok(flags);
        }
        if let Some(plain) = self.plain_member(operand) {
            return self.unary(op, plain);
        }
        if let Value::Float(number) = operand {
            return Ok(Value::Float(if op == UnaryOp::USub { -number } else { number }));
        }
        let name = match op {
            UnaryOp::USub => "__neg__",
            UnaryOp::UAdd => "__pos__",
            _ => "__invert__",
        };
        if let Some(method) = self.special_method(operand, name) {
            return self.call(method, Args::default());
        }
        match self.plain_class(operand) {
            Some(class) => Ok(self.typed(class)),
            None if self.has_no_rule(operand) => {
                let (symbol, class) = (op.symbol().trim(), self.class_name(operand));
                Err(self.raise("TypeError", &format!("bad operand type for unary {symbol}: '{class}'")))
            }
            None => Ok(self.unsupported("a unary operator on an object of a class without a rule for it")),
        }
    }

    // --- Comparisons ---

    pub(super) fn compare(&mut self, op: CmpOp, left: Value<'a>, right: Value<'a>) -> Eval<'a> {
        if let CmpOp::Is | CmpOp::IsNot = op {
            return Ok(match self.is_identical(left, right) {
                Some(same) => Value::Bool(same == (op == CmpOp::Is)),
                None => self.typed("bool"),
            });
        }
        if let CmpOp::In | CmpOp::NotIn = op {
            return self.membership(op, left, right);
        }
        for operand in [left, right] {
            if let Value::Opaque(id) = operand {
                return Ok(self.inspect(id, "SP0813", &format!("uses `{}` on", op.symbol())));
            }
        }
        let truth = match op {
            CmpOp::Eq => self.equals(left, right)?,
            CmpOp::NotEq => match self.written_difference(left, right)? {
                Some(answer) => return Ok(answer),
                None => self.equals(left, right)?.map(|same| !same),
            },
            _ => return self.ordering(op, left, right),
        };
        Ok(truth.map_or_else(|| self.typed("bool"), Value::Bool))
    }

    /// What `__ne__` answers, if a class writes it; others have the opposite of `__eq__`.
    fn written_difference(&mut self, left: Value<'a>, right: Value<'a>) -> Eval<'a, Option<Value<'a>>> {
        for (receiver, other) in [(left, right), (right, left)] {
            let class = self.class_of(receiver);
            let is_written = matches!(self.kind(receiver), Some(Kind::Instance(_)))
                && self.class_attribute(class, "__ne__").is_some_and(|method| self.is_written(method));
            if is_written && let Some(method) = self.special_method(receiver, "__ne__") {
                let answer = self.call(method, Args::of(&[other]))?;
                if answer != Value::NotImplemented {
                    return Ok(Some(answer));
                }
            }
        }
        Ok(None)
    }

    /// Whether two values are one; nothing if it is not known.
    pub(super) fn is_identical(&self, left: Value<'a>, right: Value<'a>) -> Option<bool> {
        let is_typed = |value| matches!(self.kind(value), Some(Kind::Typed(_)));
        match (left, right) {
            (Value::Opaque(left), Value::Opaque(right)) if left == right => Some(true),
            (Value::Opaque(_), _) | (_, Value::Opaque(_)) => None,
            _ if is_typed(left) || is_typed(right) => {
                let is_none = left == Value::None || right == Value::None;
                (left == right).then_some(true).or(is_none.then_some(false))
            }
            _ => Some(left == right),
        }
    }

    fn membership(&mut self, op: CmpOp, item: Value<'a>, container: Value<'a>) -> Eval<'a> {
        if let (Value::Str(part), Value::Str(text)) = (item, container) {
            return Ok(Value::Bool(text.contains(part) == (op == CmpOp::In)));
        }
        if let Some(found) = self.contains_flags(container, item) {
            return Ok(Value::Bool(found == (op == CmpOp::In)));
        }
        if let Some(method) = self.special_method(container, "__contains__") {
            let result = self.call(method, Args::of(&[item]))?;
            return if op == CmpOp::In { Ok(result) } else { self.unary(UnaryOp::Not, result) };
        }
        let Some(items) = self.unordered_items(container)? else {
            let is_opaque = matches!(container, Value::Opaque(_));
            return Ok(if is_opaque { self.silent() } else { self.typed("bool") });
        };
        // Of keys hashes are looked at first.
        let compares =
            !matches!(self.kind(container), Some(Kind::Set { .. } | Kind::Dict(_) | Kind::Names(_)));
        let mut found = Some(false);
        for known in items {
            self.pay(1)?;
            if known == item && matches!(item, Value::Opaque(_)) {
                return Ok(Value::Bool(op == CmpOp::In));
            }
            if let (Value::Opaque(id), _) | (_, Value::Opaque(id)) = (known, item) {
                if compares {
                    return Ok(self.inspect(id, "SP0813", &format!("uses `{}` on", op.symbol())));
                }
                found = None;
                continue;
            }
            match self.equals(known, item)? {
                Some(true) => return Ok(Value::Bool(op == CmpOp::In)),
                Some(false) => {}
                None => found = None,
            }
        }
        Ok(found.map_or_else(|| self.typed("bool"), |found| Value::Bool(found == (op == CmpOp::In))))
    }

    /// Whether two values are equal; nothing if it is not known.
    pub(super) fn equals(&mut self, left: Value<'a>, right: Value<'a>) -> Eval<'a, Option<bool>> {
        self.pay(1)?;
        if left == right && !matches!(left, Value::Float(_)) {
            return Ok(Some(true));
        }
        if let (Some(left), Some(right)) = (number_of(left), number_of(right)) {
            return Ok(Some(left == right));
        }
        let plain = (self.plain_member(left), self.plain_member(right));
        if plain != (None, None) {
            return self.equals(plain.0.unwrap_or(left), plain.1.unwrap_or(right));
        }
        match (self.kind(left).cloned(), self.kind(right).cloned()) {
            (Some(Kind::List(left)), Some(Kind::List(right)))
            | (Some(Kind::Tuple(left)), Some(Kind::Tuple(right))) => {
                if left.len() != right.len() {
                    return Ok(Some(false));
                }
                for (left, right) in left.into_iter().zip(right) {
                    match self.nested(|this| this.equals(left, right))? {
                        Some(true) => {}
                        other => return Ok(other),
                    }
                }
                Ok(Some(true))
            }
            (Some(Kind::Instance(_)), _) | (_, Some(Kind::Instance(_))) => {
                for (receiver, other) in [(left, right), (right, left)] {
                    if let Some(method) = self.special_method(receiver, "__eq__") {
                        let result = self.call(method, Args::of(&[other]))?;
                        if result != Value::NotImplemented {
                            return self.truth(result);
                        }
                    }
                }
                if let (Some(left), Some(right)) = (self.sequence_of(left), self.sequence_of(right)) {
                    let (left, right) = (self.tuple(left), self.tuple(right));
                    return self.nested(|this| this.equals(left, right));
                }
                if let (Some((record, class, left)), Some((_, other, right))) =
                    (self.compared_fields(left), self.compared_fields(right))
                    && record.is_equal
                    && class == other
                {
                    let (left, right) = (self.tuple(left), self.tuple(right));
                    return self.nested(|this| this.equals(left, right));
                }
                let (one, two) = (self.class_of(left), self.class_of(right));
                let is_open =
                    |this: &mut Self, class| this.has_native_base(class) || this.has_open_base(class);
                Ok(if is_open(self, one) || is_open(self, two) { None } else { Some(false) })
            }
            (Some(Kind::Set { items: left, .. }), Some(Kind::Set { items: right, .. })) => {
                let has = |item: &Value<'a>| right.iter().any(|known| self.is_same_key(*known, *item));
                Ok(Some(left.len() == right.len() && left.iter().all(has)))
            }
            (Some(Kind::Dict(left)), Some(Kind::Dict(right))) => {
                if left.len() != right.len() {
                    return Ok(Some(false));
                }
                for (key, value) in left {
                    let Some(at) = self.find_key(&right, key) else { return Ok(Some(false)) };
                    match self.nested(|this| this.equals(value, right[at].1))? {
                        Some(true) => {}
                        other => return Ok(other),
                    }
                }
                Ok(Some(true))
            }
            (Some(Kind::Typed(_)), _) | (_, Some(Kind::Typed(_))) => {
                let (one, two) = (self.class_name(left), self.class_name(right));
                let differ = one != two && is_builtin(&one) && is_builtin(&two);
                let are_numbers = rank(&one).is_some() && rank(&two).is_some();
                Ok((differ && !are_numbers).then_some(false))
            }
            (Some(Kind::View { part: "keys" | "items", .. }), _)
            | (_, Some(Kind::View { part: "keys" | "items", .. })) => {
                let one = self.view_as_set(left)?.unwrap_or(left);
                let two = self.view_as_set(right)?.unwrap_or(right);
                self.nested(|this| this.equals(one, two))
            }
            (Some(Kind::Names(_)), _) | (_, Some(Kind::Names(_))) => {
                let mut sides = [left, right];
                for side in &mut sides {
                    if let Some(&Kind::Names(names)) = self.kind(*side) {
                        *side = self.dict_of_names(names);
                    }
                }
                self.nested(|this| this.equals(sides[0], sides[1]))
            }
            (Some(Kind::Range { .. }), Some(Kind::Range { .. })) => {
                let (one, two) = (self.unordered_items(left)?, self.unordered_items(right)?);
                Ok(one.zip(two).map(|(one, two)| one == two))
            }
            // Two objects that are made anew at each access.
            (
                Some(Kind::Method { function: one, receiver: of_one }),
                Some(Kind::Method { function: two, receiver: of_two }),
            ) => Ok(Some(one == two && of_one == of_two)),
            (Some(Kind::NativeMethod { .. }), Some(Kind::NativeMethod { .. })) => Ok(None),
            (Some(Kind::Partial { .. }), _) | (_, Some(Kind::Partial { .. })) => Ok(None),
            _ => Ok(Some(false)),
        }
    }

    fn ordering(&mut self, op: CmpOp, left: Value<'a>, right: Value<'a>) -> Eval<'a> {
        use std::cmp::Ordering;
        let order = match (left, right) {
            (Value::Str(left), Value::Str(right)) => Some(left.cmp(right)),
            _ => match (number_of(left), number_of(right)) {
                (Some(left), Some(right)) => left.partial_cmp(&right),
                _ => None,
            },
        };
        let plain = (self.plain_member(left), self.plain_member(right));
        if plain != (None, None) {
            return self.ordering(op, plain.0.unwrap_or(left), plain.1.unwrap_or(right));
        }
        if let Some(result) = self.sequence_order(op, left, right)? {
            return Ok(result);
        }
        if let Some(order) = order {
            return Ok(Value::Bool(match op {
                CmpOp::Lt => order == Ordering::Less,
                CmpOp::LtE => order != Ordering::Greater,
                CmpOp::Gt => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }));
        }
        let (name, reflected) = match op {
            CmpOp::Lt => ("__lt__", "__gt__"),
            CmpOp::LtE => ("__le__", "__ge__"),
            CmpOp::Gt => ("__gt__", "__lt__"),
            _ => ("__ge__", "__le__"),
        };
        for (receiver, other, name) in [(left, right, name), (right, left, reflected)] {
            if let Some(method) = self.special_method(receiver, name) {
                let result = self.call(method, Args::of(&[other]))?;
                if result != Value::NotImplemented {
                    return Ok(result);
                }
            }
        }
        if let (Some((record, class, one)), Some((_, other, two))) =
            (self.compared_fields(left), self.compared_fields(right))
            && record.is_ordered
            && class == other
        {
            let (one, two) = (self.tuple(one), self.tuple(two));
            return self.ordering(op, one, two);
        }
        let is_open = |this: &mut Self, value: Value<'a>| {
            let class = this.class_of(value);
            this.plain_class(value).is_some() || this.has_native_base(class) || this.has_open_base(class)
        };
        match is_open(self, left) && is_open(self, right) {
            true => Ok(self.typed("bool")),
            false => {
                let (one, two) = (self.class_name(left), self.class_name(right));
                let symbol = op.symbol();
                let message = format!("'{symbol}' not supported between instances of '{one}' and '{two}'");
                Err(self.raise("TypeError", &message))
            }
        }
    }

    /// The order of two lists or tuples by their first elements that differ; nothing if they are none.
    fn sequence_order(
        &mut self,
        op: CmpOp,
        left: Value<'a>,
        right: Value<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        let (Some(one), Some(two)) = (self.sequence_of(left), self.sequence_of(right)) else {
            return Ok(None);
        };
        for (one, two) in one.iter().zip(&two) {
            for operand in [*one, *two] {
                if let Value::Opaque(id) = operand {
                    return Ok(Some(self.inspect(id, "SP0813", &format!("uses `{}` on", op.symbol()))));
                }
            }
            match self.nested(|this| this.equals(*one, *two))? {
                Some(true) => {}
                Some(false) => return self.nested(|this| this.ordering(op, *one, *two)).map(Some),
                None => return Ok(Some(self.typed("bool"))),
            }
        }
        let (one, two) = (Value::Int(one.len() as i64), Value::Int(two.len() as i64));
        self.ordering(op, one, two).map(Some)
    }

    // --- Truth and text ---

    /// Whether a value is true; nothing if it is not known. Opaque ones are the caller's business.
    pub(super) fn truth(&mut self, value: Value<'a>) -> Eval<'a, Option<bool>> {
        Ok(Some(match value {
            Value::None => false,
            Value::Bool(value) => value,
            Value::Int(value) => value != 0,
            Value::Float(value) => value != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::Opaque(_) => return Ok(None),
            _ => match self.kind(value) {
                Some(Kind::List(items) | Kind::Tuple(items) | Kind::Set { items, .. }) => !items.is_empty(),
                Some(Kind::Dict(pairs)) => !pairs.is_empty(),
                Some(&Kind::Range { start, stop, step }) => range_len(start, stop, step) > 0,
                Some(Kind::View { .. } | Kind::Names(_)) => {
                    return Ok(self.unordered_items(value)?.map(|items| !items.is_empty()));
                }
                Some(Kind::Typed(class)) => {
                    let is_plain = class.starts_with("re.") || *class == "typing.TypeVar";
                    return Ok(is_plain.then_some(true));
                }
                Some(Kind::Instance(_)) => return self.truth_of_instance(value),
                _ => true,
            },
        }))
    }

    fn truth_of_instance(&mut self, value: Value<'a>) -> Eval<'a, Option<bool>> {
        for name in ["__bool__", "__len__"] {
            if let Some(method) = self.special_method(value, name) {
                let result = self.call(method, Args::default())?;
                return self.truth(result);
            }
        }
        if let Some(flags) = self.parts_of_flags(value) {
            return Ok(Some(!flags.is_empty()));
        }
        if let Some(plain) = self.plain_member(value) {
            return self.truth(plain);
        }
        if let Some(items) = self.sequence_of(value) {
            return Ok(Some(!items.is_empty()));
        }
        let class = self.class_of(value);
        Ok((!self.has_native_base(class)).then_some(true))
    }

    /// [`Self::truth`] at a place, where an opaque value is a finding.
    pub(super) fn truth_of(&mut self, value: Value<'a>, span: Span) -> Eval<'a, Option<bool>> {
        match value {
            Value::Opaque(id) => {
                self.at(span, |this| Ok(this.inspect(id, "SP0814", "tests")))?;
                Ok(None)
            }
            _ => self.at(span, |this| this.truth(value)),
        }
    }
}

/// Classes of numbers, each of which takes the ones before it.
const RANKS: [&str; 4] = ["bool", "int", "float", "complex"];

fn rank(class: &str) -> Option<usize> {
    RANKS.iter().position(|known| *known == class)
}

/// `list` for `list[str]`.
pub(super) fn origin(class: &str) -> &str {
    class.split('[').next().unwrap_or(class)
}

fn is_builtin(class: &str) -> bool {
    matches!(
        class,
        "int" | "str" | "float" | "bool" | "list" | "tuple" | "dict" | "set" | "bytes" | "NoneType"
    )
}

pub(super) fn integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(value) => Some(value),
        Value::Bool(value) => Some(i64::from(value)),
        _ => None,
    }
}

/// Whether a container has more elements than one may have.
fn is_huge(len: usize, count: i64) -> bool {
    len.saturating_mul(usize::try_from(count).unwrap_or(0)) > ELEMENTS
}

fn repeated<'a>(items: &[Value<'a>], count: i64) -> Option<Vec<Value<'a>>> {
    let count = usize::try_from(count).unwrap_or(0);
    (items.len().checked_mul(count)? <= SIZE).then(|| items.repeat(count))
}

/// `add` for `Add`, as in `__add__`.
fn method_stem(name: &str) -> &'static str {
    match name {
        "Add" => "add",
        "Sub" => "sub",
        "Mult" => "mul",
        "MatMult" => "matmul",
        "Div" => "truediv",
        "Mod" => "mod",
        "Pow" => "pow",
        "LShift" => "lshift",
        "RShift" => "rshift",
        "BitOr" => "or",
        "BitXor" => "xor",
        "BitAnd" => "and",
        _ => "floordiv",
    }
}
