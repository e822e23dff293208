"""Calls that are direct, and calls that are not, each with its reason."""
import __static__
import os
from typing import final

from layouts import Fixed, Open

FALLBACK = [0]


def plain(x: int, y: int = 1) -> int:
    return x + y


def open_ended(*values: int) -> int:
    return len(values)


def named(x: int, **options: int) -> int:
    return x


def computed(x: int, default: list[int] = FALLBACK) -> int:
    return x


async def later(x: int) -> int:
    return x


class Shape:
    def __init__(self, scale: int) -> None:
        self.scale: int = scale

    def area(self) -> int:
        return 0

    def name(self) -> str:
        return "shape"


class Square(Shape):
    def area(self) -> int:
        return 1


@final
class Sealed:
    def area(self) -> int:
        return 2

    def scaled(self, by, *, offset=0) -> int:
        return self.area()


def use(shape: Shape, sealed: Sealed, values: list[int], options: dict[str, int], anything) -> None:
    plain(1)
    plain(*values)
    plain(1, **options)
    open_ended(1, 2)
    named(1)
    computed(1)
    computed(1, values)
    later(*values)
    shape.area()
    shape.name()
    shape.name()
    sealed.area()
    Shape(*values)
    Fixed(1).double()
    Open(1).double()
    os.path.join("a", "b")
    anything.name
    anything.other
    os.environ.copy().items

    def nested(untyped):
        return untyped.attribute


use.__name__
