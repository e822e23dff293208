//! The parser of the text form; it reads in the order in which the printer beside it writes.

use std::sync::Arc;

use base::text::{Cursor, TextError};

use crate::code::{CellKind, Code, CodeFlags, Const, Handler, Local, SourceRange};
use crate::descr::{
    ClassDecl, FieldDecl, FieldDescr, FunctionDescr, Given, Literal, MethodDecl, MethodKind, Rest, Signature,
    TypeDescr,
};
use crate::opcode::{Opcode, OperandKind};
use crate::operator::TypeCode;
use crate::word::Word;

/// Result of one parsing step.
type Parse<T> = Result<T, TextError>;

/// Reads one code object and nothing else.
pub fn parse(text: &str) -> Parse<Code> {
    let mut cursor = Cursor::new(text);
    cursor.skip_lines();
    let code = code(&mut cursor)?;
    if cursor.is_at_end() { Ok(code) } else { Err(cursor.error("expected the end of the text")) }
}

/// Reads a type as [`TypeDescr`] prints it.
pub fn parse_type(cursor: &mut Cursor<'_>) -> Parse<TypeDescr> {
    let mut members = vec![optional_type(cursor)?];
    while cursor.eat("|") {
        members.push(optional_type(cursor)?);
    }
    Ok(TypeDescr::union(members))
}

fn optional_type(cursor: &mut Cursor<'_>) -> Parse<TypeDescr> {
    let ty = single_type(cursor)?;
    Ok(if cursor.eat("?") { ty.optional() } else { ty })
}

fn single_type(cursor: &mut Cursor<'_>) -> Parse<TypeDescr> {
    if cursor.eat("#") {
        return Ok(TypeDescr::Primitive(type_code(cursor)?));
    }
    if cursor.eat("=@") {
        return member(cursor);
    }
    if cursor.eat("=") {
        return literal(cursor).map(TypeDescr::Literal);
    }
    let path =
        cursor.take_while("a type", |c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '<' | '>'))?;
    // A colon that ends the path belongs to what follows: `field C.x: T`.
    let (module, name) = path.split_once(':').unwrap_or(("builtins", path));
    match path {
        "object" => return Ok(TypeDescr::Object),
        "None" => return Ok(TypeDescr::None),
        "Callable" => return Ok(TypeDescr::Callable),
        "Never" => return Ok(TypeDescr::Never),
        _ => {}
    }
    let mut args = Vec::new();
    if cursor.eat("[") {
        loop {
            args.push(parse_type(cursor)?);
            if !cursor.eat(",") {
                break;
            }
        }
        cursor.expect("]")?;
    }
    let exact = cursor.eat("!");
    Ok(TypeDescr::Class { module: module.to_owned(), name: name.to_owned(), exact, args })
}

fn member(cursor: &mut Cursor<'_>) -> Parse<TypeDescr> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '<' | '>');
    let path = cursor.take_while("a member", is_part)?;
    let (module, rest) = path.split_once(':').unwrap_or(("builtins", path));
    let (class, name) = rest.rsplit_once('.').unwrap_or((rest, ""));
    Ok(TypeDescr::Member { module: module.to_owned(), class: class.to_owned(), name: name.to_owned() })
}

fn literal(cursor: &mut Cursor<'_>) -> Parse<Literal> {
    Ok(match cursor.rest().chars().next() {
        Some('"') => Literal::Str(cursor.quoted()?.into_boxed_str()),
        Some('<') => Literal::Bytes(hex(cursor)?.into_boxed_slice()),
        _ if cursor.eat("True") => Literal::Bool(true),
        _ if cursor.eat("False") => Literal::Bool(false),
        _ => Literal::Int(cursor.integer()?),
    })
}

fn type_code(cursor: &mut Cursor<'_>) -> Parse<TypeCode> {
    let mark = cursor.clone();
    TypeCode::from_text(cursor.word()?).ok_or_else(|| mark.error("expected a type code"))
}

fn code(cursor: &mut Cursor<'_>) -> Parse<Code> {
    let mut code = header(cursor)?;
    loop {
        cursor.skip_lines();
        if cursor.eat("}") {
            return Ok(code);
        }
        if cursor.rest().starts_with(|c: char| c.is_ascii_digit()) {
            instruction(cursor, &mut code)?;
        } else {
            entry(cursor, &mut code)?;
        }
        if !cursor.is_at_line_end() {
            return Err(cursor.error("expected the end of the line"));
        }
    }
}

fn header(cursor: &mut Cursor<'_>) -> Parse<Code> {
    let mut code = Code::default();
    cursor.expect("code")?;
    code.name = cursor.quoted()?;
    cursor.expect("qualname=")?;
    code.qualname = cursor.quoted()?;
    cursor.expect("file=")?;
    code.filename = Arc::from(cursor.quoted()?);
    cursor.expect("line=")?;
    code.first_line = cursor.integer()?;
    cursor.expect("flags=")?;
    code.flags = flags(cursor)?;
    cursor.expect("args=")?;
    code.arg_count = cursor.integer()?;
    cursor.expect("posonly=")?;
    code.posonly_count = cursor.integer()?;
    cursor.expect("kwonly=")?;
    code.kwonly_count = cursor.integer()?;
    cursor.expect("stack=")?;
    code.stack_size = cursor.integer()?;
    cursor.expect("{")?;
    Ok(code)
}

fn flags(cursor: &mut Cursor<'_>) -> Parse<CodeFlags> {
    let mut flags = CodeFlags::default();
    if cursor.eat("none") {
        return Ok(flags);
    }
    loop {
        let mark = cursor.clone();
        let word = cursor.word()?;
        let (flag, _) = CodeFlags::ALL
            .iter()
            .find(|(_, name)| *name == word)
            .ok_or_else(|| mark.error(format!("unknown flag `{word}`")))?;
        flags |= *flag;
        if !cursor.eat(",") {
            return Ok(flags);
        }
    }
}

/// One line of a pool, or of the exception table.
fn entry(cursor: &mut Cursor<'_>, code: &mut Code) -> Parse<()> {
    let mark = cursor.clone();
    match cursor.word()? {
        "signature" => code.signature = Some(signature(cursor)?),
        "local" => code.locals.push(local(cursor)?),
        "name" => code.names.push(cursor.quoted()?),
        "type" => code.types.push(parse_type(cursor)?),
        "field" => code.fields.push(field(cursor)?),
        "callee" => code.functions.push(function(cursor)?),
        "class" => code.classes.push(class(cursor)?),
        "const" => code.consts.push(constant(cursor)?),
        "handler" => code.handlers.push(handler(cursor)?),
        other => return Err(mark.error(format!("unknown entry `{other}`"))),
    }
    Ok(())
}

fn local(cursor: &mut Cursor<'_>) -> Parse<Local> {
    let name = cursor.quoted()?;
    let ty = type_code(cursor)?;
    let cell = if cursor.eat("cell") {
        CellKind::Cell
    } else if cursor.eat("free") {
        CellKind::Free
    } else {
        CellKind::None
    };
    Ok(Local { name, ty, cell })
}

fn signature(cursor: &mut Cursor<'_>) -> Parse<Signature> {
    cursor.expect("(")?;
    let (mut params, mut keyword_only, mut is_named) = (Vec::new(), Vec::new(), false);
    let mut rest = Rest::default();
    while !cursor.eat(")") {
        is_named |= cursor.eat("*,");
        if cursor.eat("**") {
            rest.keywords = true;
        } else if cursor.eat("*") {
            rest.positional = true;
        } else if is_named {
            keyword_only.push(identifier(cursor)?.to_owned());
            cursor.expect(":")?;
        }
        params.push(parse_type(cursor)?);
        cursor.eat(",");
    }
    cursor.expect("->")?;
    Ok(Signature { params: params.into(), keyword_only: keyword_only.into(), rest, ret: parse_type(cursor)? })
}

fn field(cursor: &mut Cursor<'_>) -> Parse<FieldDescr> {
    let path = cursor.take_while("a field", |c| !matches!(c, ' ' | '\n'))?;
    let path = path.strip_suffix(':').ok_or_else(|| cursor.error("expected `:` behind the field"))?;
    let (class, name) = path.rsplit_once('.').ok_or_else(|| cursor.error("expected `class.field`"))?;
    let class = parse_type(&mut Cursor::new(class))?;
    let ty = parse_type(cursor)?;
    Ok(FieldDescr { class, name: name.to_owned(), ty })
}

fn method_kind(cursor: &mut Cursor<'_>) -> Parse<MethodKind> {
    let mark = cursor.clone();
    let word = cursor.word()?;
    let kind = MethodKind::ALL.iter().find(|(_, text)| *text == word);
    kind.map(|(kind, _)| *kind).ok_or_else(|| mark.error("expected a kind of function"))
}

fn identifier<'t>(cursor: &mut Cursor<'t>) -> Parse<&'t str> {
    cursor.take_while("a name", |c| c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>'))
}

fn function(cursor: &mut Cursor<'_>) -> Parse<FunctionDescr> {
    let kind = method_kind(cursor)?;
    let module = match kind {
        MethodKind::Native => cursor.take_while("a library", |c| !matches!(c, ':' | '\n'))?,
        _ => identifier(cursor)?,
    };
    let module = module.to_owned();
    cursor.expect(":")?;
    let name = identifier(cursor)?.to_owned();
    let signature = signature(cursor)?;
    let mut given = Vec::new();
    if cursor.eat("given ") {
        given.push(given_argument(cursor)?);
        while cursor.eat(",") {
            given.push(given_argument(cursor)?);
        }
    }
    Ok(FunctionDescr { module, name, kind, signature, given: given.into() })
}

fn given_argument(cursor: &mut Cursor<'_>) -> Parse<Given> {
    if cursor.eat("-") {
        return Ok(Given::Default);
    }
    let name = identifier(cursor)?;
    Ok(match name {
        _ if cursor.eat("=") => Given::Keyword(name.to_owned()),
        "self" => Given::Receiver,
        _ => Given::Position,
    })
}

fn class(cursor: &mut Cursor<'_>) -> Parse<ClassDecl> {
    let name = identifier(cursor)?.to_owned();
    let is_final = cursor.eat("final");
    cursor.expect("{")?;
    let (mut fields, mut methods) = (Vec::new(), Vec::new());
    while !cursor.eat("}") {
        if cursor.eat("field ") {
            let name = identifier(cursor)?.to_owned();
            cursor.expect(":")?;
            let ty = parse_type(cursor)?;
            let has_default = cursor.eat("default");
            fields.push(FieldDecl { name, ty, has_default });
        } else {
            let kind = method_kind(cursor)?;
            let name = identifier(cursor)?.to_owned();
            let signature = signature(cursor)?;
            methods.push(MethodDecl { name, kind, is_final: cursor.eat("final"), signature });
        }
        cursor.expect(",")?;
    }
    Ok(ClassDecl { name, is_final, fields, methods })
}

fn constant(cursor: &mut Cursor<'_>) -> Parse<Const> {
    let mark = cursor.clone();
    Ok(match cursor.word()? {
        "None" => Const::None,
        "Ellipsis" => Const::Ellipsis,
        "True" => Const::Bool(true),
        "False" => Const::Bool(false),
        "int" => Const::Int(cursor.integer()?),
        "bigint" => {
            Const::BigInt(cursor.take_while("digits", |c| c.is_ascii_digit() || c == '-')?.to_owned())
        }
        "float" => Const::Float(float(cursor)?),
        "complex" => Const::Complex(float(cursor)?, float(cursor)?),
        "str" => Const::Str(cursor.quoted()?.into_bytes()),
        "wtf8" => Const::Str(hex(cursor)?),
        "bytes" => Const::Bytes(hex(cursor)?),
        "tuple" => Const::Tuple(const_list(cursor)?),
        "frozenset" => Const::FrozenSet(const_list(cursor)?),
        "slice" => {
            let items = const_list(cursor)?;
            Const::Slice(Box::new(items.try_into().map_err(|_| mark.error("a slice has three parts"))?))
        }
        "code" => {
            cursor.skip_lines();
            Const::Code(Arc::new(code(cursor)?.into()))
        }
        other => return Err(mark.error(format!("unknown constant `{other}`"))),
    })
}

fn const_list(cursor: &mut Cursor<'_>) -> Parse<Vec<Const>> {
    cursor.expect("(")?;
    let mut items = Vec::new();
    while !cursor.eat(")") {
        items.push(constant(cursor)?);
        cursor.eat(",");
    }
    Ok(items)
}

fn float(cursor: &mut Cursor<'_>) -> Parse<f64> {
    if cursor.eat("bits") {
        return Ok(f64::from_bits(cursor.integer()?));
    }
    let mark = cursor.clone();
    let digits =
        cursor.take_while("a float", |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))?;
    digits.parse().map_err(|_| mark.error("not a float"))
}

fn hex(cursor: &mut Cursor<'_>) -> Parse<Vec<u8>> {
    cursor.expect("<")?;
    if cursor.eat(">") {
        return Ok(Vec::new());
    }
    let mark = cursor.clone();
    let digits = cursor.take_while("hexadecimal digits", |c| c.is_ascii_hexdigit())?;
    cursor.expect(">")?;
    if digits.len() % 2 == 1 {
        return Err(mark.error("an odd number of hexadecimal digits"));
    }
    let byte =
        |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("two hexadecimal digits are a byte");
    Ok((0..digits.len()).step_by(2).map(byte).collect())
}

fn instruction(cursor: &mut Cursor<'_>, code: &mut Code) -> Parse<()> {
    let mark = cursor.clone();
    if cursor.integer::<usize>()? != code.words.len() {
        return Err(mark.error(format!("expected instruction {}", code.words.len())));
    }
    cursor.expect(":")?;
    let mark = cursor.clone();
    let name = cursor.word()?;
    let opcode = Opcode::from_name(name).ok_or_else(|| mark.error(format!("unknown opcode `{name}`")))?;
    let mark = cursor.clone();
    let operand = if opcode.info().operand == OperandKind::None { 0 } else { cursor.integer::<u32>()? };
    if operand > Word::MAX_OPERAND {
        return Err(mark.error("an operand has 24 bits"));
    }
    code.words.push(Word::new(opcode, operand));
    code.ranges.push(source_range(cursor)?);
    Ok(())
}

fn source_range(cursor: &mut Cursor<'_>) -> Parse<SourceRange> {
    if !cursor.eat("@") {
        return Ok(SourceRange::default());
    }
    let line = cursor.integer()?;
    cursor.expect(":")?;
    let column = cursor.integer()?;
    cursor.expect("-")?;
    let end_line = cursor.integer()?;
    cursor.expect(":")?;
    Ok(SourceRange { line, column, end_line, end_column: cursor.integer()? })
}

fn handler(cursor: &mut Cursor<'_>) -> Parse<Handler> {
    let start = cursor.integer()?;
    cursor.expect("..")?;
    let end = cursor.integer()?;
    cursor.expect("->")?;
    let target = cursor.integer()?;
    cursor.expect("depth")?;
    Ok(Handler { start, end, target, depth: cursor.integer()? })
}
