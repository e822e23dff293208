"""Runs generated programs under CPython, with a stand-in for what `__static__` gives.

    python3 stand_in.py FOLDER NAME...

Machine integers are ints that wrap at their width; doubles and cbools are floats and bools. What the compiler does by
annotations, conversion of arguments and initial values, is written into the tree before it is compiled.
"""

import ast
import sys
import types

SHAPES = {f"{sign}int{width}": (sign == "", width) for sign in ("", "u") for width in (8, 16, 32, 64)}


def truncated(a, b):
    if b == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


class Machine(int):
    """A machine integer; the subclasses know sign and width."""

    def __new__(cls, value=0):
        number = int(value)
        wrapped = number & ((1 << cls.width) - 1)
        if cls.signed and wrapped >> (cls.width - 1):
            wrapped -= 1 << cls.width
        if not isinstance(value, Machine) and wrapped != number:
            raise OverflowError("int overflow")
        return int.__new__(cls, wrapped)

    @classmethod
    def wrap(cls, number):
        return cls(UNBOUNDED(number))

    def __repr__(self):
        return int.__repr__(int(self))

    __str__ = __repr__


class UNBOUNDED(Machine):
    """A result that is about to be wrapped."""

    def __new__(cls, value):
        return int.__new__(cls, value)


def operator(compute):
    def method(self, other):
        return type(self).wrap(compute(int(self), int(other)))

    return method


def shifted(compute):
    def method(self, other):
        count = int(other)
        if count < 0:
            raise ValueError("negative shift count")
        return type(self).wrap(compute(int(self), min(count, type(self).width)))

    return method


BINARY = {
    "add": operator(lambda a, b: a + b),
    "sub": operator(lambda a, b: a - b),
    "mul": operator(lambda a, b: a * b),
    "and": operator(lambda a, b: a & b),
    "or": operator(lambda a, b: a | b),
    "xor": operator(lambda a, b: a ^ b),
    "floordiv": operator(truncated),
    "truediv": operator(truncated),
    "mod": operator(lambda a, b: a - b * truncated(a, b)),
    "lshift": shifted(lambda a, b: a << b),
    "rshift": shifted(lambda a, b: a >> b),
}
for name, method in BINARY.items():
    setattr(Machine, f"__{name}__", method)
Machine.__neg__ = lambda self: type(self).wrap(-int(self))
Machine.__invert__ = lambda self: type(self).wrap(~int(self))

MACHINE = {name: type(name, (Machine,), {"signed": s, "width": w}) for name, (s, w) in SHAPES.items()}


class Array:
    """`Array[int8](3)`: zeroes."""

    def __class_getitem__(cls, kind):
        return lambda length: ArrayOf(kind, length)


class ArrayOf:
    def __init__(self, kind, length):
        self.kind, self.items = kind, [kind(0)] * length

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]

    def __setitem__(self, index, value):
        self.items[index] = self.kind(value)

    def __repr__(self):
        return f"Array[{self.kind.__name__}]({self.items!r})"


class CheckedList:
    """`CheckedList[int](items)`: a list."""

    def __class_getitem__(cls, kind):
        return list


def box(value):
    return int(value) if isinstance(value, Machine) else value


def crange(*bounds):
    return (MACHINE["int64"](number) for number in range(*map(int, bounds)))


CONVERTED = {*SHAPES, "double", "cbool"}


class Conversions(ast.NodeTransformer):
    """Spells the conversions that annotations ask for."""

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        for argument in reversed(arguments):
            kind = argument.annotation
            if isinstance(kind, ast.Name) and kind.id in CONVERTED:
                call = ast.parse(f"{argument.arg} = {kind.id}({argument.arg})").body[0]
                for part in ast.walk(call):
                    part.lineno = part.end_lineno = node.lineno
                node.body.insert(0, call)
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        kind = node.annotation
        if isinstance(kind, ast.Name) and kind.id in CONVERTED and node.value is not None:
            node.value = ast.copy_location(ast.Call(ast.Name(kind.id, ast.Load()), [node.value], []), node.value)
        return node


def main(folder, names):
    static = types.ModuleType("__static__")
    vars(static).update(MACHINE, double=float, cbool=bool, box=box, clen=len, crange=crange)
    vars(static).update(Array=Array, CheckedList=CheckedList)
    sys.modules["__static__"] = static
    for name in names:
        print("===", name, flush=True)
        path = f"{folder}/{name}.py"
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        code = compile(ast.fix_missing_locations(Conversions().visit(tree)), path, "exec")
        module = types.ModuleType(name)
        sys.modules[name] = module
        try:
            exec(code, vars(module))
        except Exception as error:
            print("ends with", type(error).__name__)


main(sys.argv[1], sys.argv[2:])
