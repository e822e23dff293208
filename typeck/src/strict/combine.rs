//! Exact rules for `itertools`, and for `operator`, whose functions are the operators.

use parser::ast::{CmpOp, Operator};

use super::Analyser;
use super::SIZE;
use super::operator::integer;
use super::value::{Args, Eval, Kind, Value};

/// Functions of `operator` that take two operands, and so, between underscores, the methods that do what the operators say.
pub(crate) const OPERATORS: [(&str, Operator); 13] = [
    ("add", Operator::Add),
    ("sub", Operator::Sub),
    ("mul", Operator::Mult),
    ("matmul", Operator::MatMult),
    ("truediv", Operator::Div),
    ("floordiv", Operator::FloorDiv),
    ("mod", Operator::Mod),
    ("pow", Operator::Pow),
    ("lshift", Operator::LShift),
    ("rshift", Operator::RShift),
    ("or_", Operator::BitOr),
    ("xor", Operator::BitXor),
    ("and_", Operator::BitAnd),
];

/// Functions of `operator` that compare.
const COMPARISONS: [(&str, CmpOp); 8] = [
    ("eq", CmpOp::Eq),
    ("ne", CmpOp::NotEq),
    ("lt", CmpOp::Lt),
    ("le", CmpOp::LtE),
    ("gt", CmpOp::Gt),
    ("ge", CmpOp::GtE),
    ("is_", CmpOp::Is),
    ("is_not", CmpOp::IsNot),
];

impl<'a> Analyser<'a, '_> {
    /// A function of `operator`, by its name there.
    pub(super) fn operator_function(&mut self, name: &str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let &[left, right] = &args.positional[..] else { return Ok(None) };
        if let Some((_, op)) = OPERATORS.iter().find(|(known, _)| *known == name) {
            return self.binary(*op, left, right).map(Some);
        }
        if let Some((_, op)) = COMPARISONS.iter().find(|(known, _)| *known == name) {
            return self.compare(*op, left, right).map(Some);
        }
        match name {
            "getitem" => self.item(left, right).map(Some),
            "contains" => self.compare(CmpOp::In, right, left).map(Some),
            _ => Ok(None),
        }
    }

    /// A function of `itertools`, by its name there, over what is known.
    pub(super) fn iterator_function(&mut self, name: &str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        if !args.keywords.is_empty() || args.is_open {
            return Ok(None);
        }
        let items = match (name, &args.positional[..]) {
            ("islice", [source, bounds @ ..]) => return self.first_items(*source, bounds),
            ("repeat", [item, Value::Int(count)]) if (0..=SIZE as i64).contains(count) => {
                vec![*item; *count as usize]
            }
            ("chain" | "product" | "pairwise" | "accumulate", sources) => {
                let mut columns = Vec::new();
                for source in sources
                    .iter()
                    .filter(|_| name != "accumulate")
                    .chain(sources.first().filter(|_| name == "accumulate"))
                {
                    let Some(items) = self.items(*source)? else { return Ok(None) };
                    columns.push(items);
                }
                match (name, columns.first()) {
                    ("chain", _) => columns.concat(),
                    ("product", _) => match self.products(&columns)? {
                        Some(items) => items,
                        None => return Ok(None),
                    },
                    ("pairwise", Some(items)) => {
                        items.windows(2).map(|pair| self.tuple(pair.to_vec())).collect()
                    }
                    (_, Some(items)) => {
                        let items = items.clone();
                        self.accumulated(items, sources.get(1).copied())?
                    }
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        self.pay(items.len() / 16)?;
        Ok(Some(self.object(Kind::Iterator { items, at: 0 })))
    }

    /// `islice(source, stop)`, `islice(source, start, stop, step)`: no more is asked of the source than that.
    fn first_items(&mut self, source: Value<'a>, bounds: &[Value<'a>]) -> Eval<'a, Option<Value<'a>>> {
        let bounds: Option<Vec<i64>> = bounds.iter().map(|bound| integer(*bound)).collect();
        let (start, stop, step) = match bounds.as_deref() {
            Some(&[stop]) => (0, stop, 1),
            Some(&[start, stop]) => (start, stop, 1),
            Some(&[start, stop, step]) if step > 0 => (start, stop, step),
            _ => return Ok(None),
        };
        let iterator = self.call_native("iter", Args::of(&[source]))?;
        let mut items = Vec::new();
        for at in 0..stop {
            self.pay(1)?;
            match self.next_item(iterator)? {
                Some(Some(item)) if at >= start && (at - start) % step == 0 => items.push(item),
                Some(Some(_)) => {}
                Some(None) => break,
                None => return Ok(None),
            }
        }
        Ok(Some(self.object(Kind::Iterator { items, at: 0 })))
    }

    fn products(&mut self, columns: &[Vec<Value<'a>>]) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let mut rows: Vec<Vec<Value<'a>>> = vec![Vec::new()];
        for column in columns {
            if rows.len().saturating_mul(column.len()) > SIZE {
                return Ok(None);
            }
            self.pay(rows.len() * column.len())?;
            let longer = |row: &Vec<Value<'a>>| {
                column.iter().map(|item| [row.as_slice(), &[*item]].concat()).collect::<Vec<_>>()
            };
            rows = rows.iter().flat_map(longer).collect();
        }
        Ok(Some(rows.into_iter().map(|row| self.tuple(row)).collect()))
    }

    fn accumulated(
        &mut self,
        items: Vec<Value<'a>>,
        function: Option<Value<'a>>,
    ) -> Eval<'a, Vec<Value<'a>>> {
        let mut totals: Vec<Value<'a>> = Vec::new();
        for item in items {
            let total = match (totals.last().copied(), function) {
                (None, _) => item,
                (Some(total), None | Some(Value::None)) => self.binary(Operator::Add, total, item)?,
                (Some(total), Some(function)) => self.call(function, Args::of(&[total, item]))?,
            };
            totals.push(total);
        }
        Ok(totals)
    }
}
