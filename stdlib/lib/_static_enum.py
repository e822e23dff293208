"""`Enum`, `IntEnum` and `StringEnum` of `__static__`: enumerations without the freedom, and the cost, of the module `enum`.

Names that a class body binds to plain values become members. A class has one base, a class with members has no subclasses, and
members stay as they are.
"""

__all__ = ["Enum", "IntEnum", "StringEnum", "unique"]


def _is_member(name, value):
    if name.startswith("_"):
        return False
    kind = type(value)
    return not any(hasattr(kind, hook) for hook in ("__get__", "__set__", "__delete__"))


class EnumMeta(type):
    """Makes members of what the body binds."""

    def __new__(metacls, name, bases, namespace):
        is_kind = namespace.get("__module__") == __name__
        if len(bases) > 1 and not is_kind:
            raise TypeError("Multiple inheritance is not supported for Enums")
        if bases and getattr(bases[0], "__members__", None):
            raise TypeError(f"cannot extend enumeration '{bases[0].__name__}'")
        values = {key: value for key, value in namespace.items() if _is_member(key, value)}
        rest = {key: value for key, value in namespace.items() if key not in values}
        cls = super().__new__(metacls, name, bases, rest)
        members, by_value = {}, {}
        for key, value in values.items():
            member = cls._make(key, value)
            members[key] = member
            by_value.setdefault(member.value, member)
            type.__setattr__(cls, key, member)
        type.__setattr__(cls, "__members__", members)
        type.__setattr__(cls, "__reversed_map__", by_value)
        # Members that share a value are equal, although they are not one.
        type.__setattr__(cls, "_has_aliases", len(by_value) < len(members))
        return cls

    def __call__(cls, value):
        if type(value) is cls:
            return value
        return cls._find(value)

    def __getitem__(cls, name):
        return cls.__members__[name]

    def __iter__(cls):
        return iter(cls.__members__.values())

    def __len__(cls):
        return len(cls.__members__)

    def __bool__(cls):
        return True

    def __contains__(cls, value):
        return type(value) is cls

    def __setattr__(cls, name, value):
        if name in cls.__dict__.get("__members__", ()):
            raise AttributeError("Enum values cannot be reassigned")
        super().__setattr__(name, value)

    def __delattr__(cls, name):
        if name in cls.__dict__.get("__members__", ()):
            raise AttributeError("Enum values cannot be deleted")
        super().__delattr__(name)

    def __repr__(cls):
        return f"<enum {cls.__name__!r}>"


class Enum(metaclass=EnumMeta):
    """An enumeration of any values."""

    @classmethod
    def _make(cls, name, value):
        member = cls._new(value)
        member.name, member.value = name, value
        return member

    @classmethod
    def _new(cls, value):
        return object.__new__(cls)

    @classmethod
    def _find(cls, value):
        try:
            return cls.__reversed_map__[value]
        except (KeyError, TypeError):
            raise ValueError(f"{value!r} is not a valid {cls.__name__}") from None

    def __str__(self):
        return f"{type(self).__name__}.{self.name}"

    def __repr__(self):
        return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

    def __eq__(self, other):
        if self is other or type(self) is not type(other):
            return self is other
        return type(self)._has_aliases and self.value == other.value

    def __hash__(self):
        return hash(self.value) if type(self)._has_aliases else object.__hash__(self)

    def __reduce_ex__(self, protocol):
        return type(self), (self.value,)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


class IntEnum(Enum, int):
    """An enumeration of integers, which its members are."""

    @classmethod
    def _new(cls, value):
        if not isinstance(value, int):
            raise TypeError(f"{value!r} is not an int")
        return int.__new__(cls, value)

    __eq__ = int.__eq__
    __hash__ = int.__hash__


class StringEnum(Enum, str):
    """An enumeration of strings, which its members are."""

    @classmethod
    def _new(cls, value):
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not a str")
        return str.__new__(cls, value)

    @classmethod
    def _find(cls, value):
        if isinstance(value, bytes):
            value = value.decode("utf-8")
        return super()._find(value)

    __eq__ = str.__eq__
    __hash__ = str.__hash__

    def __str__(self):
        return self.value


def unique(enumeration):
    """The enumeration, if no two of its members share a value."""
    seen = {}
    for name, member in enumeration.__members__.items():
        if member.value in seen:
            raise ValueError(f"duplicate values found in {enumeration!r}: {name} -> {seen[member.value]}")
        seen[member.value] = name
    return enumeration
