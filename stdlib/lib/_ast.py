"""The classes of syntax trees, made from the abstract grammar below.

A line names a class, its base and its fields. A field is `type name`; `*` marks a list, `?` what may be None. What stands behind `;`
are attributes, which subclasses inherit. Trees themselves are made by `compile(..., PyCF_ONLY_AST)`.
"""

import sys as _sys

PyCF_ONLY_AST = 0x400
PyCF_TYPE_COMMENTS = 0x1000
PyCF_ALLOW_TOP_LEVEL_AWAIT = 0x2000
PyCF_OPTIMIZED_AST = 0x8000 | PyCF_ONLY_AST

_PLACE = "int lineno, int col_offset, int? end_lineno, int? end_col_offset"
_FULL_PLACE = "int lineno, int col_offset, int end_lineno, int end_col_offset"

_GRAMMAR = f"""
mod(AST)
Module(mod): stmt* body, type_ignore* type_ignores
Interactive(mod): stmt* body
Expression(mod): expr body
FunctionType(mod): expr* argtypes, expr returns
stmt(AST) ; {_PLACE}
FunctionDef(stmt): identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params
AsyncFunctionDef(stmt): identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params
ClassDef(stmt): identifier name, expr* bases, keyword* keywords, stmt* body, expr* decorator_list, type_param* type_params
Return(stmt): expr? value
Delete(stmt): expr* targets
Assign(stmt): expr* targets, expr value, string? type_comment
TypeAlias(stmt): expr name, type_param* type_params, expr value
AugAssign(stmt): expr target, operator op, expr value
AnnAssign(stmt): expr target, expr annotation, expr? value, int simple
For(stmt): expr target, expr iter, stmt* body, stmt* orelse, string? type_comment
AsyncFor(stmt): expr target, expr iter, stmt* body, stmt* orelse, string? type_comment
While(stmt): expr test, stmt* body, stmt* orelse
If(stmt): expr test, stmt* body, stmt* orelse
With(stmt): withitem* items, stmt* body, string? type_comment
AsyncWith(stmt): withitem* items, stmt* body, string? type_comment
Match(stmt): expr subject, match_case* cases
Raise(stmt): expr? exc, expr? cause
Try(stmt): stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody
TryStar(stmt): stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody
Assert(stmt): expr test, expr? msg
Import(stmt): alias* names
ImportFrom(stmt): identifier? module, alias* names, int? level
Global(stmt): identifier* names
Nonlocal(stmt): identifier* names
Expr(stmt): expr value
Pass(stmt)
Break(stmt)
Continue(stmt)
expr(AST) ; {_PLACE}
BoolOp(expr): boolop op, expr* values
NamedExpr(expr): expr target, expr value
BinOp(expr): expr left, operator op, expr right
UnaryOp(expr): unaryop op, expr operand
Lambda(expr): arguments args, expr body
IfExp(expr): expr test, expr body, expr orelse
Dict(expr): expr?* keys, expr* values
Set(expr): expr* elts
ListComp(expr): expr elt, comprehension* generators
SetComp(expr): expr elt, comprehension* generators
DictComp(expr): expr key, expr value, comprehension* generators
GeneratorExp(expr): expr elt, comprehension* generators
Await(expr): expr value
Yield(expr): expr? value
YieldFrom(expr): expr value
Compare(expr): expr left, cmpop* ops, expr* comparators
Call(expr): expr func, expr* args, keyword* keywords
FormattedValue(expr): expr value, int conversion, expr? format_spec
Interpolation(expr): expr value, constant str, int conversion, expr? format_spec
JoinedStr(expr): expr* values
TemplateStr(expr): expr* values
Constant(expr): constant value, string? kind
Attribute(expr): expr value, identifier attr, expr_context ctx
Subscript(expr): expr value, expr slice, expr_context ctx
Starred(expr): expr value, expr_context ctx
Name(expr): identifier id, expr_context ctx
List(expr): expr* elts, expr_context ctx
Tuple(expr): expr* elts, expr_context ctx
Slice(expr): expr? lower, expr? upper, expr? step
expr_context(AST)
Load(expr_context)
Store(expr_context)
Del(expr_context)
boolop(AST)
And(boolop)
Or(boolop)
operator(AST)
Add(operator)
Sub(operator)
Mult(operator)
MatMult(operator)
Div(operator)
Mod(operator)
Pow(operator)
LShift(operator)
RShift(operator)
BitOr(operator)
BitXor(operator)
BitAnd(operator)
FloorDiv(operator)
unaryop(AST)
Invert(unaryop)
Not(unaryop)
UAdd(unaryop)
USub(unaryop)
cmpop(AST)
Eq(cmpop)
NotEq(cmpop)
Lt(cmpop)
LtE(cmpop)
Gt(cmpop)
GtE(cmpop)
Is(cmpop)
IsNot(cmpop)
In(cmpop)
NotIn(cmpop)
comprehension(AST): expr target, expr iter, expr* ifs, int is_async
excepthandler(AST) ; {_PLACE}
ExceptHandler(excepthandler): expr? type, identifier? name, stmt* body
arguments(AST): arg* posonlyargs, arg* args, arg? vararg, arg* kwonlyargs, expr?* kw_defaults, arg? kwarg, expr* defaults
arg(AST): identifier arg, expr? annotation, string? type_comment ; {_PLACE}
keyword(AST): identifier? arg, expr value ; {_PLACE}
alias(AST): identifier name, identifier? asname ; {_PLACE}
withitem(AST): expr context_expr, expr? optional_vars
match_case(AST): pattern pattern, expr? guard, stmt* body
pattern(AST) ; {_FULL_PLACE}
MatchValue(pattern): expr value
MatchSingleton(pattern): constant value
MatchSequence(pattern): pattern* patterns
MatchMapping(pattern): expr* keys, pattern* patterns, identifier? rest
MatchClass(pattern): expr cls, pattern* patterns, identifier* kwd_attrs, pattern* kwd_patterns
MatchStar(pattern): identifier? name
MatchAs(pattern): pattern? pattern, identifier? name
MatchOr(pattern): pattern* patterns
type_ignore(AST)
TypeIgnore(type_ignore): int lineno, string tag
type_param(AST) ; {_FULL_PLACE}
TypeVar(type_param): identifier name, expr? bound, expr? default_value
ParamSpec(type_param): identifier name, expr? default_value
TypeVarTuple(type_param): identifier name, expr? default_value
"""


def _default(node, name, types):
    """The value of a field that is not given; raises KeyError if there is none."""
    kind = types[name]
    if kind is expr_context:
        return Load()
    if getattr(kind, "__origin__", None) is list:
        return []
    if None.__class__ in getattr(kind, "__args__", ()):
        return None
    raise KeyError(name)


class AST:
    __module__ = "ast"
    _fields = ()
    _attributes = ()
    _field_types = {}
    __match_args__ = ()

    def __init__(self, /, *args, **kwargs):
        fields = self._fields
        name = type(self).__name__
        if len(args) > len(fields):
            plural = "" if len(fields) == 1 else "s"
            raise TypeError(f"{name} constructor takes at most {len(fields)} positional argument{plural}")
        for field, value in zip(fields, args):
            setattr(self, field, value)
        given = set(fields[: len(args)])
        for key, value in kwargs.items():
            if key in given and key in fields[: len(args)]:
                raise TypeError(f"{name} got multiple values for argument {key!r}")
            if key in fields:
                given.add(key)
            elif key not in self._attributes:
                _warn(f"{name}.__init__ got an unexpected keyword argument {key!r}. "
                      "Support for arbitrary keyword arguments is deprecated and will be removed in Python 3.15.")
            setattr(self, key, value)
        types = self._field_types
        for field in fields:
            if field in given or field not in types:
                continue
            try:
                setattr(self, field, _default(self, field, types))
            except KeyError:
                _warn(f"{name}.__init__ missing 1 required positional argument: {field!r}. "
                      "This will become an error in Python 3.15.")

    def __reduce_ex__(self, protocol):
        return type(self), (), dict(self.__dict__)

    def __replace__(self, /, **changes):
        known = (*self._fields, *self._attributes)
        wrong = [name for name in changes if name not in known]
        if wrong:
            raise TypeError(f"{type(self).__name__}.__replace__ got an unexpected keyword argument {wrong[0]!r}.")
        values = dict(self.__dict__)
        values.update(changes)
        missing = [name for name in self._fields if name not in values
                   and None.__class__ not in getattr(self._field_types.get(name), "__args__", ())
                   and getattr(self._field_types.get(name), "__origin__", None) is not list
                   and self._field_types.get(name) is not expr_context]
        if missing:
            plural = "" if len(missing) == 1 else "s"
            names = ", ".join(map(repr, missing))
            raise TypeError(f"{type(self).__name__}.__replace__ missing {len(missing)} keyword argument{plural}: {names}.")
        return type(self)(**values)

    def __repr__(self):
        return _show(self, 3)


def _show(node, depth):
    if depth <= 0:
        return f"{type(node).__name__}(...)"
    parts = [f"{field}={_show_value(getattr(node, field), depth - 1)}" for field in node._fields if hasattr(node, field)]
    return f"{type(node).__name__}({', '.join(parts)})"


def _show_value(value, depth):
    if isinstance(value, AST):
        return _show(value, depth)
    if isinstance(value, (list, tuple)):
        shown = [_show_value(item, depth) for item in (value if len(value) <= 2 else (value[0], value[-1]))]
        if len(value) > 2:
            shown.insert(1, "...")
        return f"[{', '.join(shown)}]" if isinstance(value, list) else f"({', '.join(shown)})"
    return repr(value)


def _warn(message):
    import warnings
    warnings.warn(message, DeprecationWarning, stacklevel=3)


def _parts(text):
    return [part.strip().split(" ") for part in text.split(",") if part.strip()]


def _make_classes(namespace):
    lines = [line for line in _GRAMMAR.split("\n") if line]
    # Builtin kinds of fields; classes join them as they are made, and a second pass gives the types.
    kinds = {"identifier": str, "string": str, "constant": object, "int": int}
    typed = []
    for line in lines:
        head, _, attributes = line.partition(";")
        signature, _, fields = head.partition(":")
        name, _, base = signature.strip().removesuffix(")").partition("(")
        fields, attributes = _parts(fields), _parts(attributes)
        shown = ", ".join(" ".join(field) for field in fields)
        names = tuple(field[1] for field in fields)
        body = {"__module__": "ast", "_fields": names, "__match_args__": names, "__doc__": f"{name}({shown})" if fields else name}
        if attributes:
            body["_attributes"] = tuple(attribute[1] for attribute in attributes)
        for kind, field in fields + attributes:
            if kind.endswith("?"):
                body[field] = None
        kinds[name] = namespace[name] = type(name, (namespace[base],), body)
        typed.append((kinds[name], fields))
    for cls, fields in typed:
        cls._field_types = {field: _kind(kind, kinds) for kind, field in fields}
    for cls in namespace["AST"].__subclasses__():
        if members := [member.__doc__ for member in cls.__subclasses__()]:
            has_fields = any("(" in member for member in members)
            bar = f"\n{' ' * (len(cls.__name__) + 1)}| " if has_fields else " | "
            cls.__doc__ = f"{cls.__name__} = {bar.join(members)}"


def _kind(text, kinds):
    known = kinds[text.rstrip("?*")]
    if text.endswith("*"):
        return list[known | None] if "?" in text else list[known]
    return known | None if text.endswith("?") else known


_make_classes(globals())
