//! Trees of small programs, for what the comparison with CPython 3.13 cannot cover: the syntax that 3.14 added, the other styles
//! of printing, and the promises of the tree.

use bumpalo::Bump;
use parser::ast::{Constant, ExprKind, Int, NodeId, StmtKind};
use parser::print::{Style, dump_expression, dump_interactive, dump_module};
use parser::visit::{Visitor, walk_body, walk_expr};
use parser::{SourceText, parse_expression, parse_interactive, parse_module};

fn dumped(text: &str, style: Style) -> String {
    let source = SourceText::new(text);
    let arena = Bump::new();
    match parse_module(&source, &arena) {
        Ok(module) => dump_module(&module, source.lines(), style),
        Err(error) => error.to_string(),
    }
}

const INDENTED: Style = Style { include_attributes: false, indent: Some(1) };

#[test]
fn template_strings() {
    insta::assert_snapshot!(dumped("t'a{ x + 1 !r:>{w}}{{' t\"{y=}\"", INDENTED));
}

#[test]
fn handlers_without_parentheses() {
    insta::assert_snapshot!(dumped("try: pass\nexcept A, B: pass\ntry: pass\nexcept* A, B: pass", INDENTED));
}

#[test]
fn type_parameters_with_defaults() {
    insta::assert_snapshot!(dumped("type X[T: int = str, *Ts = *tuple[int], **P = [int]] = T", INDENTED));
}

#[test]
fn places_of_compound_statements() {
    let text = "if x:\n  pass;\nelif y:\n  def f(): pass  # c\n\n\n";
    insta::assert_snapshot!(dumped(text, Style { include_attributes: true, indent: Some(1) }));
}

#[test]
fn match_statement() {
    let text = "match x, *y:\n case [1, *_] | {'k': -1+2j, **r} if z: pass\n case A.B(c, d=None) as e: pass\n case _: pass";
    insta::assert_snapshot!(dumped(text, INDENTED));
}

#[test]
fn soft_keywords_stay_names() {
    let text = "match = case = type = _ = 1\nmatch(case, type)\nmatch[type]: int = 1\ntype (match)\nprint(match * case)";
    assert!(dumped(text, Style::default()).starts_with("Module(body=[Assign("));
}

#[test]
fn parentheses_behind_with() {
    let count = |text: &str| dumped(text, Style::default()).matches("withitem(").count();
    assert_eq!(["with (a, b): pass", "with (a, b,): pass", "with (a as b, c): pass"].map(count), [2, 2, 2]);
    let single =
        ["with ((a, b)): pass", "with (a, b) as c: pass", "with (a, *b): pass", "with (a, b := c): pass"];
    assert_eq!(single.map(count), [1, 1, 1, 1]);
}

#[test]
fn other_inputs() {
    let arena = Bump::new();
    let source = SourceText::new("1 if x else 2\n\n");
    let expression = parse_expression(&source, &arena).expect("an expression");
    let shown = dump_expression(&expression, source.lines(), Style::default());
    assert_eq!(
        shown,
        "Expression(body=IfExp(test=Name(id='x', ctx=Load()), body=Constant(value=1), orelse=Constant(value=2)))"
    );
    let source = SourceText::new("x; pass\n");
    let input = parse_interactive(&source, &arena).expect("one line");
    let shown = dump_interactive(&input, source.lines(), Style::default());
    assert_eq!(shown, "Interactive(body=[Expr(value=Name(id='x', ctx=Load())), Pass()])");
    let error = parse_interactive(&SourceText::new("x\ny\n"), &arena).expect_err("two lines");
    assert_eq!(error.message, "multiple statements found while compiling a single statement");
    let is_incomplete =
        |text| parse_interactive(&SourceText::new(text), &arena).is_err_and(|error| error.is_incomplete);
    assert!(["if x:\n", "f(", "x = '''", "@d\n", "try:\n  x\n"].into_iter().all(is_incomplete));
    assert!(!["x y\n", "if x\n", "f(]\n", "'abc\n"].into_iter().any(is_incomplete));
    assert!(parse_expression(&SourceText::new("x = 1"), &arena).is_err());
}

#[test]
fn nodes_are_small() {
    assert!(size_of::<parser::ast::Expr<'_>>() <= 64);
    assert!(size_of::<parser::ast::Stmt<'_>>() <= 72);
}

#[test]
fn equal_names_are_one_address_and_normalized() {
    let source = SourceText::new("ﬁ = fi");
    let arena = Bump::new();
    let module = parse_module(&source, &arena).expect("both are names");
    let StmtKind::Assign { targets, value } = module.body[0].kind else { panic!("an assignment") };
    let (left, right) = (targets[0].as_name().expect("a name"), value.as_name().expect("a name"));
    assert_eq!(left, "fi");
    assert!(std::ptr::eq(left, right));
}

#[test]
fn constants_keep_their_values() {
    let source = SourceText::new(
        r"'\ud800é', b'\xff', 0xffff_ffff_ffff_ffff, 9_223_372_036_854_775_807, 1e400, 2j, ...",
    );
    let arena = Bump::new();
    let module = parse_module(&source, &arena).expect("constants");
    let StmtKind::Expr { value } = module.body[0].kind else { panic!("an expression") };
    let ExprKind::Tuple { elts, .. } = value.kind else { panic!("a tuple") };
    let values: Vec<Constant<'_>> = elts
        .iter()
        .map(|elt| match elt.kind {
            ExprKind::Constant { value, .. } => value,
            _ => panic!("a constant"),
        })
        .collect();
    let [Constant::Str(text), Constant::Bytes(bytes), Constant::Int(big), Constant::Int(small), rest @ ..] =
        &values[..]
    else {
        panic!("strings and integers")
    };
    assert_eq!((text.as_bytes(), text.as_str(), *bytes), (&b"\xed\xa0\x80\xc3\xa9"[..], None, &b"\xff"[..]));
    assert_eq!((*big, *small), (Int::Big("18446744073709551615"), Int::Small(i64::MAX)));
    assert_eq!(rest, [Constant::Float(f64::INFINITY), Constant::Complex(2.0), Constant::Ellipsis]);
}

#[test]
fn warnings_are_located() {
    let source = SourceText::new("x = '\\d' if 1else 2\n");
    let arena = Bump::new();
    let module = parse_module(&source, &arena).expect("doubtful but right");
    let warnings: Vec<_> =
        module.warnings.iter().map(|warning| (warning.span.text(source.text()), warning.message)).collect();
    assert_eq!(
        warnings,
        [
            (
                "\\d",
                "\"\\d\" is an invalid escape sequence. Such sequences will not work in the future. \
                 Did you mean \"\\\\d\"? A raw string is also an option."
            ),
            ("1", "invalid decimal literal"),
        ]
    );
}

/// Collects the ids of expressions and names.
#[derive(Default)]
struct Ids<'a> {
    ids: Vec<NodeId>,
    names: Vec<&'a str>,
}

impl<'a> Visitor<'a> for Ids<'a> {
    fn visit_expr(&mut self, expr: &'a parser::ast::Expr<'a>) {
        self.ids.push(expr.id);
        self.names.extend(expr.as_name());
        walk_expr(self, expr);
    }
}

#[test]
fn visitors_see_every_expression_once() {
    let text = "@d\ndef f(a: A = b, *c: C, **e) -> g:\n  return [h for i in j if k], f'{l:{m}}'\nwith n as o: p[q:r] = s.t";
    let source = SourceText::new(text);
    let arena = Bump::new();
    let module = parse_module(&source, &arena).expect("right");
    let mut seen = Ids::default();
    walk_body(&mut seen, module.body);
    seen.names.sort_unstable();
    assert_eq!(
        seen.names,
        ["A", "C", "b", "d", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s"]
    );
    let mut ids = seen.ids.clone();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), seen.ids.len());
    use base::entity::EntityId;
    assert!(ids.iter().all(|id| id.index() < module.node_count as usize));
}
