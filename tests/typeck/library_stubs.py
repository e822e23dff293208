"""Compares stubs of the library with the modules that they describe. Prints each difference, and each file that has been read.

A name that is not there, an attribute that a class has and the stub has not, or an argument that a function takes and the stub does not, would
make the checker report what is right. A stub may say less of arguments than there is to say.
"""

import ast
import builtins
import importlib
import inspect
import os
import sys

KINDS = inspect.Parameter
BY_PLACE = (KINDS.POSITIONAL_ONLY, KINDS.POSITIONAL_OR_KEYWORD)
BY_NAME = (KINDS.POSITIONAL_OR_KEYWORD, KINDS.KEYWORD_ONLY)
RECEIVERS = ("self", "cls", "type")

# Its Python source takes more than the classes of CPython do: names of positional arguments, and bytes of pickles.
LENIENT = ("datetime.pyi",)


def compare(where, node, real):
    """Prints which arguments of `real` the function of the stub does not take; whether there is a signature to compare."""
    if where.startswith(LENIENT) or any(getattr(name, "id", None) == "overload" for name in node.decorator_list):
        return False
    try:
        params = list(inspect.signature(real).parameters.values())
    except (TypeError, ValueError):
        return False
    params = [param for param in params if param.name not in RECEIVERS]
    if {KINDS.VAR_POSITIONAL, KINDS.VAR_KEYWORD} <= {param.kind for param in params}:
        return False
    args = node.args
    places = args.posonlyargs + args.args
    optional = {arg.arg for arg in places[len(places) - len(args.defaults):]}
    optional |= {arg.arg for arg, default in zip(args.kwonlyargs, args.kw_defaults) if default}
    places = [arg.arg for arg in places if arg.arg not in RECEIVERS]
    named = {arg.arg for arg in args.args + args.kwonlyargs}
    for at, param in enumerate(param for param in params if param.kind in BY_PLACE):
        if at < len(places):
            if param.default is not KINDS.empty and places[at] not in optional:
                print(where, "asks for", places[at])
        elif not args.vararg:
            print(where, "takes too few arguments:", param.name)
    for param in params:
        if param.kind in BY_NAME and param.name not in named and not args.kwarg:
            print(where, "has no", param.name)
        if param.kind == KINDS.KEYWORD_ONLY and param.default is not KINDS.empty and param.name in named - optional:
            print(where, "asks for", param.name)
        if param.kind == KINDS.VAR_POSITIONAL and not args.vararg or param.kind == KINDS.VAR_KEYWORD and not args.kwarg:
            print(where, "collects nothing for", param.name)
    return True


def public(names):
    return {name for name in names if not name.startswith("_")}


def fields(node):
    return {part.target.id for part in node.body if isinstance(part, ast.AnnAssign)}


def declared(node, classes):
    """The public attributes that a class of a stub has, bases included."""
    found = public(fields(node)) | public(part.name for part in node.body if hasattr(part, "name"))
    for base in node.bases:
        name = (base.value if isinstance(base, ast.Subscript) else base).id
        found |= declared(classes[name], classes) if name in classes else public(dir(getattr(builtins, name)))
    return found


def compare_class(file, node, kind, classes):
    """Prints what a class of a stub gets wrong; how many signatures have been compared."""
    found, wanted = declared(node, classes), public(dir(kind))
    # What `__init__` gives an instance, its class does not show.
    if found - fields(node) - wanted or wanted - found:
        print(file, node.name, "lacks", sorted(wanted - found), "and has", sorted(found - wanted))
    if any(isinstance(part, ast.Assign) for part in node.body) and kind.__dictoffset__:
        print(file, node.name, "has a dictionary")
    seen = 0
    for part in node.body:
        if not isinstance(part, ast.FunctionDef) or any(isinstance(name, ast.Name) and name.id == "property" for name in part.decorator_list):
            continue
        if part.name in ("__init__", "__new__"):
            seen += compare(f"{file} {node.name}", part, kind)
        elif not part.name.startswith("__"):
            seen += compare(f"{file} {node.name}.{part.name}", part, getattr(kind, part.name))
    return seen


def is_described(node):
    """Whether something of a stub is to be found in its module."""
    is_protocol = isinstance(node, ast.ClassDef) and any(getattr(base, "id", None) == "Protocol" for base in node.bases)
    return not is_protocol and not isinstance(node, (ast.ImportFrom, ast.TypeAlias, ast.Expr))


def compare_module(file, nodes):
    module = importlib.import_module(file.removesuffix(".pyi"))
    classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
    seen = 0
    for node in filter(is_described, nodes):
        name = node.target.id if isinstance(node, ast.AnnAssign) else node.name
        if not hasattr(module, name):
            print(file, "names", name)
        elif isinstance(node, ast.AnnAssign):
            kind = eval(ast.unparse(node.annotation))
            if not isinstance(getattr(module, name), getattr(kind, "__origin__", kind)):
                print(file, "is wrong about", name)
        elif isinstance(node, ast.ClassDef):
            seen += compare_class(file, node, getattr(module, name), classes)
        elif callable(getattr(module, name)):
            seen += compare(f"{file} {name}", node, getattr(module, name))
        else:
            print(file, "calls", name, "a function")
    return seen


folder, total = sys.argv[1], 0
for file in sorted(os.listdir(folder)):
    with open(os.path.join(folder, file)) as stub:
        nodes = ast.parse(stub.read()).body
    total += compare_module(file, nodes)
    print(file, len(nodes) > 1)
print("signatures", total >= 300)
