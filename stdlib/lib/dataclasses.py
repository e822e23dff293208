"""Classes whose methods follow from their annotated fields (PEP 557, 681 aside).

The methods are generated as source text with the signatures that users see, as errors about missing arguments name them.
"""

import sys
import types
import typing

from __static__ import is_type_static as _is_type_static, typed_descriptor as _TypedSlotType

__all__ = [
    "dataclass", "field", "Field", "FrozenInstanceError", "InitVar", "KW_ONLY", "MISSING",
    "fields", "asdict", "astuple", "make_dataclass", "replace", "is_dataclass",
]


class FrozenInstanceError(AttributeError):
    """An attempt to change a field of a frozen dataclass."""


class _HAS_DEFAULT_FACTORY_CLASS:
    def __repr__(self):
        return "<factory>"


_FACTORY = _HAS_DEFAULT_FACTORY_CLASS()


class _MISSING_TYPE:
    pass


MISSING = _MISSING_TYPE()


class _KW_ONLY_TYPE:
    pass


KW_ONLY = _KW_ONLY_TYPE()


class _FIELD_BASE:
    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


_FIELD = _FIELD_BASE("_FIELD")
_FIELD_CLASSVAR = _FIELD_BASE("_FIELD_CLASSVAR")
_FIELD_INITVAR = _FIELD_BASE("_FIELD_INITVAR")

_FIELDS = "__dataclass_fields__"
_PARAMS = "__dataclass_params__"
_POST_INIT = "__post_init__"

_FunctionType = type(lambda: None)
_CellType = type((lambda value: lambda: value)(0).__closure__[0])
_MappingProxy = type(type.__dict__)
_GenericAlias = type(list[int])
_NoneType = type(None)
_KEYWORDS = frozenset(
    "False None True and as assert async await break class continue def del elif else except finally for from global if "
    "import in is lambda nonlocal not or pass raise return try while with yield".split()
)


class InitVar:
    """The annotation of a pseudo-field that only `__init__` and `__post_init__` see."""

    __slots__ = ("type",)

    def __init__(self, type):
        self.type = type

    def __repr__(self):
        if isinstance(self.type, type) and not isinstance(self.type, _GenericAlias):
            return f"dataclasses.InitVar[{self.type.__name__}]"
        return f"dataclasses.InitVar[{self.type!r}]"

    def __class_getitem__(cls, type):
        return InitVar(type)


_running = set()


def _recursive(function):
    """`...` for an object that is being shown already."""
    def __repr__(self):
        key = id(self)
        if key in _running:
            return "..."
        _running.add(key)
        try:
            return function(self)
        finally:
            _running.discard(key)
    __repr__.__qualname__, __repr__.__module__ = function.__qualname__, function.__module__
    __repr__.__wrapped__ = function
    return __repr__


class Field:
    """What a dataclass knows about one field."""

    __slots__ = (
        "name", "type", "default", "default_factory", "repr", "hash", "init", "compare", "metadata", "kw_only", "doc",
        "_field_type",
    )

    def __init__(self, default, default_factory, init, repr, hash, compare, metadata, kw_only, doc):
        self.name = None
        self.type = None
        self.default = default
        self.default_factory = default_factory
        self.init = init
        self.repr = repr
        self.hash = hash
        self.compare = compare
        self.metadata = _MappingProxy({} if metadata is None else metadata)
        self.kw_only = kw_only
        self.doc = doc
        self._field_type = None

    @_recursive
    def __repr__(self):
        shown = [
            "name", "type", "default", "default_factory", "init", "repr", "hash", "compare", "metadata", "kw_only", "doc",
        ]
        parts = [f"{name}={getattr(self, name)!r}" for name in shown]
        return f"Field({','.join(parts)},_field_type={self._field_type})"

    def __set_name__(self, owner, name):
        function = getattr(type(self.default), "__set_name__", None)
        if function:
            function(self.default, owner, name)

    __class_getitem__ = classmethod(_GenericAlias)


class _DataclassParams:
    __slots__ = (
        "init", "repr", "eq", "order", "unsafe_hash", "frozen", "match_args", "kw_only", "slots", "weakref_slot",
    )

    def __init__(self, **params):
        for name, value in params.items():
            setattr(self, name, value)

    def __repr__(self):
        return f"_DataclassParams({','.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


def field(*, default=MISSING, default_factory=MISSING, init=True, repr=True, hash=None, compare=True, metadata=None,
          kw_only=MISSING, doc=None):
    """Return an object to identify dataclass fields."""
    if default is not MISSING and default_factory is not MISSING:
        raise ValueError("cannot specify both default and default_factory")
    return Field(default, default_factory, init, repr, hash, compare, metadata, kw_only, doc)


# --- What the annotations say ---


class _Unresolved:
    """Stands for a name that an annotation uses before it exists."""

    def __init__(self, name):
        self.__forward_arg__ = name

    def __repr__(self):
        return f"ForwardRef({self.__forward_arg__!r})"

    def __or__(self, other):
        return typing.Union[self.__forward_arg__, other]

    def __ror__(self, other):
        return typing.Union[other, self.__forward_arg__]

    def __getitem__(self, parameters):
        return self


def _annotations(cls):
    """The class's own annotations; names that do not exist yet stand for themselves."""
    try:
        return cls.__annotations__ if "__annotations__" in cls.__dict__ or cls.__annotate__ else {}
    except NameError as error:
        missing = error.name or _name_in_message(error)
    annotate, extra = cls.__annotate__, {}
    while True:
        if missing is None or missing in extra:
            return annotate(1)
        extra[missing] = _Unresolved(missing)
        cells = []
        for name, cell in zip(annotate.__code__.co_freevars, annotate.__closure__ or ()):
            cells.append(_CellType(extra[name]) if name in extra and _is_empty(cell) else cell)
        namespace = {**annotate.__globals__, **extra}
        function = _FunctionType(annotate.__code__, namespace, annotate.__name__, None, tuple(cells) or None)
        try:
            return function(1)
        except NameError as error:
            missing = error.name or _name_in_message(error)


def _is_empty(cell):
    try:
        cell.cell_contents
    except ValueError:
        return True
    return False


def _name_in_message(error):
    parts = str(error).split("'")
    return parts[1] if len(parts) > 2 else None


def _is_classvar(annotation):
    return annotation is typing.ClassVar or getattr(annotation, "__origin__", None) is typing.ClassVar


def _is_initvar(annotation):
    return annotation is InitVar or type(annotation) is InitVar


def _named(annotation, cls, wanted):
    """Whether the text of an annotation begins with a name, perhaps of a module, that means something wanted."""
    text = annotation.strip()
    first, rest = _word(text)
    if not first:
        return False
    namespace = sys.modules.get(cls.__module__).__dict__ if cls.__module__ in sys.modules else {}
    if rest.startswith("."):
        module, (first, rest) = namespace.get(first), _word(rest[1:].lstrip())
        namespace = getattr(module, "__dict__", {})
    return first in namespace and wanted(namespace[first])


def _word(text):
    end = 0
    while end < len(text) and (text[end] == "_" or text[end].isalnum()):
        end += 1
    return text[:end], text[end:].lstrip()


def _kind_is(annotation, cls, wanted):
    return wanted(annotation) or (isinstance(annotation, str) and _named(annotation, cls, wanted))


def _get_field(cls, name, annotation, kw_only):
    """The Field of one annotation, with its checks."""
    default = getattr(cls, name, MISSING)
    if isinstance(default, Field):
        made = default
    else:
        if isinstance(default, (_SlotType, _TypedSlotType)):
            default = MISSING
        made = field(default=default)
    made.name, made.type = name, annotation
    made._field_type = _FIELD
    if _kind_is(annotation, cls, _is_classvar):
        made._field_type = _FIELD_CLASSVAR
    elif _kind_is(annotation, cls, _is_initvar):
        made._field_type = _FIELD_INITVAR
    if made._field_type in (_FIELD_CLASSVAR, _FIELD_INITVAR) and made.default_factory is not MISSING:
        raise TypeError(f"field {made.name} cannot have a default factory")
    if made._field_type in (_FIELD, _FIELD_INITVAR):
        if made.kw_only is MISSING:
            made.kw_only = kw_only
    elif made.kw_only is not MISSING:
        raise TypeError(f"field {made.name} is a ClassVar but specifies kw_only")
    if made._field_type is _FIELD and made.default.__class__.__hash__ is None:
        raise ValueError(f"mutable default {type(made.default)} for field {made.name} is not allowed: use default_factory")
    return made


class _Slotted:
    __slots__ = ("slot",)


_SlotType = type(_Slotted.slot)


# --- Generated methods ---


def _make(cls, name, parameters, body, values, result=None, annotations=None):
    """A function of this source, as if it had been written in the class."""
    lines = "\n".join(f"  {line}" for line in body)
    source = f"def __create_fn__({', '.join(values)}):\n def {name}({parameters}):\n{lines}\n return {name}"
    module = sys.modules.get(cls.__module__)
    namespace = {}
    exec(source, module.__dict__ if module else {}, namespace)
    function = namespace["__create_fn__"](**values)
    function.__qualname__ = f"{cls.__qualname__}.{name}"
    function.__module__ = cls.__module__
    if annotations is not None:
        function.__annotations__ = annotations
    return function


def _init_parameter(made):
    if made.default is MISSING and made.default_factory is MISSING:
        default = ""
    elif made.default is not MISSING:
        default = f"=__dataclass_dflt_{made.name}__"
    else:
        default = "=__dataclass_HAS_DEFAULT_FACTORY__"
    return made.name + default


def _init_line(made, frozen, self_name):
    factory = f"__dataclass_dflt_{made.name}__()"
    if made.default_factory is not MISSING:
        if made.init:
            value = f"{factory} if {made.name} is __dataclass_HAS_DEFAULT_FACTORY__ else {made.name}"
        else:
            value = factory
    elif made.init:
        value = made.name
    else:
        return None
    if made._field_type is _FIELD_INITVAR:
        return None
    if frozen:
        return f"__dataclass_builtins_object__.__setattr__({self_name}, {made.name!r}, {value})"
    return f"{self_name}.{made.name} = {value}"


def _init_function(cls, all_fields, frozen, has_post_init, has_slots):
    inits = [made for made in all_fields if made.init]
    positional = [made for made in inits if not made.kw_only]
    keyword = [made for made in inits if made.kw_only]
    seen_default = None
    for made in positional:
        if not (made.default is MISSING and made.default_factory is MISSING):
            seen_default = made
        elif seen_default:
            raise TypeError(f"non-default argument {made.name!r} follows default argument {seen_default.name!r}")
    self_name = "__dataclass_self__" if any(made.name == "self" for made in all_fields) else "self"
    values = {"__dataclass_HAS_DEFAULT_FACTORY__": _FACTORY, "__dataclass_builtins_object__": object}
    body = []
    for made in all_fields:
        default = made.default if made.default is not MISSING else made.default_factory
        if default is not MISSING:
            values[f"__dataclass_dflt_{made.name}__"] = default
        line = _init_line(made, frozen, self_name)
        if line is None and has_slots and made._field_type is _FIELD and made.default is not MISSING and not made.init:
            target = f"__dataclass_builtins_object__.__setattr__({self_name}, {made.name!r}, __dataclass_dflt_{made.name}__)"
            line = target if frozen else f"{self_name}.{made.name} = __dataclass_dflt_{made.name}__"
        if line:
            body.append(line)
    if has_post_init:
        given = ", ".join(made.name for made in all_fields if made._field_type is _FIELD_INITVAR)
        body.append(f"{self_name}.{_POST_INIT}({given})")
    parameters = [self_name, *map(_init_parameter, positional)]
    if keyword:
        parameters += ["*", *map(_init_parameter, keyword)]
    annotations = {made.name: made.type for made in inits}
    annotations["return"] = None
    return _make(cls, "__init__", ", ".join(parameters), body or ["pass"], values, annotations=annotations)


def _repr_function(cls, shown):
    parts = ", ".join(f"{made.name}={{self.{made.name}!r}}" for made in shown)
    made = _make(cls, "__repr__", "self", [f'return f"{{self.__class__.__qualname__}}({parts})"'], {})
    shown = _recursive(made)
    # By this name `pprint` and its like know that a class shows itself as dataclasses do.
    made.__qualname__ = f"__create_fn__.<locals>.{made.__name__}"
    return shown


def _tuple(name, compared):
    return f"({''.join(f'{name}.{made.name},' for made in compared)})"


def _eq_function(cls, compared):
    terms = " and ".join(f"self.{made.name}==other.{made.name}" for made in compared) or "True"
    body = [
        "if self is other:", " return True",
        "if other.__class__ is self.__class__:", f" return {terms}",
        "return NotImplemented",
    ]
    return _make(cls, "__eq__", "self, other", body, {})


def _order_function(cls, name, operator, compared):
    body = [
        "if other.__class__ is self.__class__:",
        f" return {_tuple('self', compared)}{operator}{_tuple('other', compared)}",
        "return NotImplemented",
    ]
    return _make(cls, name, "self, other", body, {})


def _hash_function(cls, hashed):
    return _make(cls, "__hash__", "self", [f"return hash({_tuple('self', hashed)})"], {})


def _frozen_functions(cls, own):
    names = "(" + "".join(f"{made.name!r}," for made in own) + ")"
    condition = f"if type(self) is cls or name in {names}:" if own else "if type(self) is cls:"
    values = {"cls": cls, "FrozenInstanceError": FrozenInstanceError}
    store = [condition, ' raise FrozenInstanceError(f"cannot assign to field {name!r}")',
             "super(cls, self).__setattr__(name, value)"]
    remove = [condition, ' raise FrozenInstanceError(f"cannot delete field {name!r}")',
              "super(cls, self).__delattr__(name)"]
    return (_make(cls, "__setattr__", "self, name, value", store, values),
            _make(cls, "__delattr__", "self, name", remove, values))


def _set_new(cls, function):
    """Adds a method unless the class has its own; says whether it has."""
    if function.__name__ in cls.__dict__:
        return True
    setattr(cls, function.__name__, function)
    return False


def _replace(self, /, **changes):
    for made in getattr(self, _FIELDS).values():
        if made._field_type is _FIELD_CLASSVAR:
            continue
        if not made.init:
            if made.name in changes:
                raise TypeError(f"field {made.name} is declared with init=False, it cannot be specified with replace()")
            continue
        if made.name not in changes:
            if made._field_type is _FIELD_INITVAR and made.default is MISSING:
                raise TypeError(f"InitVar {made.name!r} must be specified with replace()")
            changes[made.name] = getattr(self, made.name)
    return self.__class__(**changes)


# --- Hashing: what `eq`, `frozen` and `unsafe_hash` mean for it ---


def _apply_hash(cls, params, has_explicit_hash, all_fields):
    if params.unsafe_hash:
        if has_explicit_hash:
            raise TypeError(f"Cannot overwrite attribute __hash__ in class {cls.__name__}")
    elif not params.eq or has_explicit_hash:
        return
    elif not params.frozen:
        cls.__hash__ = None
        return
    hashed = [made for made in all_fields if (made.compare if made.hash is None else made.hash)]
    cls.__hash__ = _hash_function(cls, hashed)


# --- The decorator ---


def _collect_own(cls, params):
    """The fields that the class itself declares, in order."""
    own, seen_marker, kw_only = [], False, params.kw_only
    annotations = _annotations(cls)
    for name, annotation in annotations.items():
        if _kind_is(annotation, cls, lambda value: value is _KW_ONLY_TYPE or value is KW_ONLY):
            if seen_marker:
                raise TypeError(f"{name!r} is KW_ONLY, but KW_ONLY has already been specified")
            seen_marker = kw_only = True
        else:
            own.append(_get_field(cls, name, annotation, kw_only))
    for name, value in cls.__dict__.items():
        if isinstance(value, Field) and name not in annotations:
            raise TypeError(f"{name!r} is a field but has no type annotation")
    return own


def _collect_inherited(cls, frozen):
    """The fields of the bases; checks that all agree about being frozen."""
    inherited, any_frozen, all_frozen, has_bases = {}, False, None, False
    for base in cls.__mro__[-1:0:-1]:
        base_fields = getattr(base, _FIELDS, None)
        if base_fields is None:
            continue
        has_bases = True
        inherited.update(base_fields)
        is_frozen = getattr(base, _PARAMS).frozen
        all_frozen = is_frozen if all_frozen is None else all_frozen and is_frozen
        any_frozen = any_frozen or is_frozen
    if has_bases:
        if any_frozen and not frozen:
            raise TypeError("cannot inherit non-frozen dataclass from a frozen one")
        if all_frozen is False and frozen:
            raise TypeError("cannot inherit frozen dataclass from a non-frozen one")
    return inherited


def _process(cls, params):
    all_fields = _collect_inherited(cls, params.frozen)
    own = _collect_own(cls, params)
    setattr(cls, _PARAMS, params)
    for made in own:
        all_fields[made.name] = made
        if isinstance(getattr(cls, made.name, None), Field):
            if made.default is MISSING:
                delattr(cls, made.name)
            else:
                setattr(cls, made.name, made.default)
    class_hash = cls.__dict__.get("__hash__", MISSING)
    has_explicit_hash = not (class_hash is MISSING or (class_hash is None and "__eq__" in cls.__dict__))
    if params.order and not params.eq:
        raise ValueError("eq must be true if order is true")
    setattr(cls, _FIELDS, all_fields)
    plain = [made for made in all_fields.values() if made._field_type is _FIELD]
    for_init = [made for made in all_fields.values() if made._field_type is not _FIELD_CLASSVAR]
    if params.init:
        has_post_init = hasattr(cls, _POST_INIT)
        _set_new(cls, _init_function(cls, for_init, params.frozen, has_post_init, params.slots))
    _set_new(cls, _renamed_replace())
    if params.repr:
        _set_new(cls, _repr_function(cls, [made for made in plain if made.repr]))
    compared = [made for made in plain if made.compare]
    if params.eq:
        _set_new(cls, _eq_function(cls, compared))
    if params.order:
        for name, operator in [("__lt__", "<"), ("__le__", "<="), ("__gt__", ">"), ("__ge__", ">=")]:
            if _set_new(cls, _order_function(cls, name, operator, compared)):
                message = f"Cannot overwrite attribute {name} in class {cls.__name__}"
                raise TypeError(f"{message} Consider using functools.total_ordering")
    if params.frozen:
        for function in _frozen_functions(cls, plain):
            if _set_new(cls, function):
                raise TypeError(f"Cannot overwrite attribute {function.__name__} in class {cls.__name__}")
    _apply_hash(cls, params, has_explicit_hash, plain)
    positional = [made for made in for_init if made.init and not made.kw_only]
    if params.match_args and "__match_args__" not in cls.__dict__:
        cls.__match_args__ = tuple(made.name for made in positional)
    if params.weakref_slot and not params.slots:
        raise TypeError("weakref_slot is True but slots is False")
    if params.slots and not _is_type_static(cls):
        cls = _with_slots(cls, params, plain)
    if not getattr(cls, "__doc__"):
        cls.__doc__ = cls.__name__ + _signature(cls, for_init)
    _update_abstract_methods(cls)
    return cls


def _update_abstract_methods(cls):
    """Methods that were generated may have implemented abstract ones (`abc` need not be imported to find that out)."""
    abc = sys.modules.get("abc")
    if abc is not None and hasattr(cls, "__abstractmethods__"):
        abc.update_abstractmethods(cls)


def _renamed_replace():
    copy = _FunctionType(_replace.__code__, _replace.__globals__, "__replace__")
    copy.__qualname__ = "_replace"
    return copy


def _signature(cls, for_init):
    """The parameters of the class as `inspect.signature` prints them; nothing where it finds none."""
    has_own_call = type(cls).__call__ is not type.__call__
    if has_own_call or "__init__" not in cls.__dict__ or not getattr(cls, _PARAMS).init:
        return _inspected_signature(cls)
    def shown(made):
        text = made.name
        annotation = made.type
        if isinstance(annotation, type) and not isinstance(annotation, _GenericAlias):
            module = annotation.__module__
            name = annotation.__qualname__ if module == "builtins" else f"{module}.{annotation.__qualname__}"
        elif isinstance(annotation, (_GenericAlias, _NoneType)):
            name = str(annotation)
        else:
            name = repr(annotation).replace("typing.", "")
        text += f": {name}"
        if made.default is not MISSING:
            text += f" = {made.default!r}"
        elif made.default_factory is not MISSING:
            text += f" = {_FACTORY!r}"
        return text
    inits = [made for made in for_init if made.init]
    parts = [shown(made) for made in inits if not made.kw_only]
    keyword = [shown(made) for made in inits if made.kw_only]
    if keyword:
        parts += ["*", *keyword]
    return f"({', '.join(parts)})"


def _inspected_signature(cls):
    """The signature of a class that is not called through an `__init__` made here."""
    import annotationlib
    import inspect
    try:
        signature = inspect.signature(cls, annotation_format=annotationlib.Format.FORWARDREF)
    except (TypeError, ValueError):
        return ""
    return str(signature).replace(" -> None", "")


# --- Slots: a class with them has to be made anew ---


def _slots_of(cls):
    """The slots of a base, with those that a class without `__slots__` adds by itself."""
    found = cls.__dict__.get("__slots__", ())
    if found is None:
        return []
    if isinstance(found, str):
        return [found]
    if hasattr(found, "__next__"):
        raise TypeError(f"Slots of '{cls.__name__}' cannot be determined")
    automatic = ["__weakref__"] if "__slots__" not in cls.__dict__ and getattr(cls, "__weakrefoffset__", 0) else []
    return [*found, *automatic]


def _getstate(self):
    return [getattr(self, made.name) for made in fields(self)]


def _setstate(self, state):
    for made, value in zip(fields(self), state):
        object.__setattr__(self, made.name, value)


def _with_slots(cls, params, plain):
    if "__slots__" in cls.__dict__:
        raise TypeError(f"{cls.__name__} already specifies __slots__")
    inherited = {name for base in cls.__mro__[1:-1] for name in _slots_of(base)}
    names = [made.name for made in plain if made.name not in inherited]
    if params.weakref_slot and "__weakref__" not in inherited:
        names.append("__weakref__")
    docs = {made.name: made.doc for made in plain}
    namespace = dict(cls.__dict__)
    if any(docs.get(name) is not None for name in names):
        namespace["__slots__"] = {name: docs.get(name) for name in names}
    else:
        namespace["__slots__"] = tuple(names)
    for made in plain:
        namespace.pop(made.name, None)
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    made_class = type(cls)(cls.__name__, cls.__bases__, namespace)
    made_class.__qualname__ = cls.__qualname__
    if params.frozen:
        if "__getstate__" not in namespace:
            made_class.__getstate__ = _getstate
        if "__setstate__" not in namespace:
            made_class.__setstate__ = _setstate
    for value in made_class.__dict__.values():
        for function in _functions_of(value):
            _point_at(function, cls, made_class)
    # The annotations of the methods may keep the first class's namespace alive, and these in it the class.
    sys._clear_type_descriptors(cls)
    return made_class


def _functions_of(value):
    """The functions that a class attribute may hide."""
    if isinstance(value, property):
        candidates = (value.fget, value.fset, value.fdel)
    else:
        candidates = (getattr(value, "__func__", None), getattr(value, "__wrapped__", None), value)
    return [function for function in candidates if isinstance(function, _FunctionType)]


def _point_at(function, old, new):
    """Makes `__class__`, and so `super()`, mean the class that has the slots."""
    for cell in function.__closure__ or ():
        if not _is_empty(cell) and cell.cell_contents is old:
            cell.cell_contents = new


def dataclass(cls=None, /, *, init=True, repr=True, eq=True, order=False, unsafe_hash=False, frozen=False,
              match_args=True, kw_only=False, slots=False, weakref_slot=False):
    """Add dunder methods based on the fields defined in the class."""
    params = _DataclassParams(
        init=init, repr=repr, eq=eq, order=order, unsafe_hash=unsafe_hash, frozen=frozen, match_args=match_args,
        kw_only=kw_only, slots=slots, weakref_slot=weakref_slot,
    )
    def wrap(cls):
        return _process(cls, params)
    return wrap if cls is None else wrap(cls)


# --- Using dataclasses ---


def fields(class_or_instance):
    """Return a tuple describing the fields of this dataclass."""
    try:
        found = getattr(class_or_instance, _FIELDS)
    except AttributeError:
        raise TypeError("must be called with a dataclass type or instance") from None
    return tuple(made for made in found.values() if made._field_type is _FIELD)


def _is_dataclass_instance(value):
    return hasattr(type(value), _FIELDS)


def is_dataclass(obj):
    """Returns True if obj is a dataclass or an instance of a dataclass."""
    cls = obj if isinstance(obj, type) else type(obj)
    return hasattr(cls, _FIELDS)


_ATOMIC = {
    _NoneType, bool, int, float, str, complex, bytes, type(Ellipsis), type(NotImplemented), _FunctionType,
    type(len), type, range, property,
}


def _converted(value, convert):
    """`value` with every dataclass in it given to `convert`, containers rebuilt."""
    cls = type(value)
    if cls in _ATOMIC:
        return value
    if _is_dataclass_instance(value):
        return convert(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return cls(*[_converted(item, convert) for item in value])
    if isinstance(value, (list, tuple)):
        return cls(_converted(item, convert) for item in value)
    if isinstance(value, dict):
        pairs = [(_converted(key, convert), _converted(item, convert))
                 for key, item in value.items()]
        if hasattr(cls, "default_factory"):
            made = cls(value.default_factory)
            for key, item in pairs:
                made[key] = item
            return made
        return cls(pairs)
    from copy import deepcopy
    return deepcopy(value)


def asdict(obj, *, dict_factory=dict):
    """Return the fields of a dataclass instance as a new dictionary mapping field names to field values."""
    if not _is_dataclass_instance(obj):
        raise TypeError("asdict() should be called on dataclass instances")
    def convert(value):
        return dict_factory(
            [(made.name, _converted(getattr(value, made.name), convert)) for made in fields(value)]
        )
    return convert(obj)


def astuple(obj, *, tuple_factory=tuple):
    """Return the fields of a dataclass instance as a new tuple of field values."""
    if not _is_dataclass_instance(obj):
        raise TypeError("astuple() should be called on dataclass instances")
    def convert(value):
        return tuple_factory(
            [_converted(getattr(value, made.name), convert) for made in fields(value)]
        )
    return convert(obj)


def make_dataclass(cls_name, fields, *, bases=(), namespace=None, init=True, repr=True, eq=True, order=False,
                   unsafe_hash=False, frozen=False, match_args=True, kw_only=False, slots=False, weakref_slot=False,
                   module=None, decorator=dataclass):
    """Return a new dynamically created dataclass."""
    body = dict(namespace or {})
    annotations, seen = {}, set()
    for item in fields:
        if isinstance(item, str):
            name, annotation = item, typing.Any
        elif len(item) == 2:
            name, annotation = item
        elif len(item) == 3:
            name, annotation, body[item[0]] = item
        else:
            raise TypeError(f"Invalid field: {item!r}")
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"Field names must be valid identifiers: {name!r}")
        if name in _KEYWORDS:
            raise TypeError(f"Field names must not be keywords: {name!r}")
        if name in seen:
            raise TypeError(f"Field name duplicated: {name!r}")
        seen.add(name)
        annotations[name] = annotation
    body["__annotations__"] = annotations
    cls = types.new_class(cls_name, bases, {}, lambda namespace: namespace.update(body))
    if module is None:
        module = sys._getframemodulename(1) or "__main__"
    cls.__module__ = module
    return decorator(
        cls, init=init, repr=repr, eq=eq, order=order, unsafe_hash=unsafe_hash, frozen=frozen, match_args=match_args,
        kw_only=kw_only, slots=slots, weakref_slot=weakref_slot,
    )


def replace(obj, /, **changes):
    """Return a new object replacing specified fields with new values."""
    if not _is_dataclass_instance(obj):
        raise TypeError("replace() should be called on dataclass instances")
    return _replace(obj, **changes)
