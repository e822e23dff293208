"""Numbers of primitive types, and the decorator that gives one to a class."""

from cinderx import static as _static

globals().update((name, getattr(_static, name)) for name in _static.__all__ if name.startswith("TYPED_"))


def type_code(code):
    """Gives a class the number of a primitive type."""

    def mark(cls):
        _static.set_type_code(cls, code)
        return cls

    return mark


@type_code(_static.TYPED_SINGLE)
class single(float):
    """A float of 32 bits, as far as there is one: no instruction knows it."""
