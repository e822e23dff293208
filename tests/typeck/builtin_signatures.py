"""Compares the methods of the stub of the builtins with what `inspect.signature` says of them. Prints each difference.

The checker refuses a call with more, fewer or other arguments than the stub says, so that the stub has to say exactly which there are.
"""

import ast
import builtins
import inspect
import sys

KINDS = inspect.Parameter
# They are read for names and kinds alone: `bytes.hex` has a default that no expression shows, so that it has no signature.
WITHOUT = ("bytes.hex",)


def shape(params):
    """Kinds of parameters, whether they may be left out, and the names of those that have one for callers."""
    named = (KINDS.POSITIONAL_OR_KEYWORD, KINDS.KEYWORD_ONLY)
    return [(param.kind.name, param.default is not KINDS.empty, param.name if param.kind in named else "") for param in params]


def declared(node):
    """The parameters that a function of a stub declares."""
    space = {}
    copy = ast.FunctionDef(node.name, node.args, [ast.Pass()], [], None, type_params=[])
    for arg in ast.walk(copy.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    exec(compile(ast.fix_missing_locations(ast.Module([copy], [])), "stub", "exec"), space)
    return list(inspect.signature(space[node.name]).parameters.values())


seen = 0
with open(sys.argv[1]) as stub:
    classes = [node for node in ast.parse(stub.read()).body if isinstance(node, ast.ClassDef)]
for node in classes:
    kind = getattr(builtins, node.name)
    for method in node.body:
        if not isinstance(method, ast.FunctionDef) or method.name.startswith("__"):
            continue
        decorators = [name.id for name in method.decorator_list]
        name = f"{node.name}.{method.name}"
        if "property" in decorators or name in WITHOUT:
            continue
        receiver = 0 if "staticmethod" in decorators else 1
        real = list(inspect.signature(getattr(kind, method.name)).parameters.values())
        found, wanted = shape(declared(method)[receiver:]), shape(real["classmethod" not in decorators and receiver :])
        if found != wanted:
            print(name, "is", found, "for", wanted)
        seen += 1
print("methods", seen >= 150)
