"""Classes with a layout, and classes without, each with its reason."""
import __static__
from abc import ABC
from collections.abc import Sized
from dataclasses import dataclass


class Fixed:
    def __init__(self, x: int) -> None:
        self.x: int = x

    def double(self) -> int:
        return self.x * 2


class Open(Fixed, Sized):
    pass


class Registered(Fixed, registry="shapes"):
    pass


class Below(Open):
    pass


class Failure(Exception):
    pass


class Empty(object):
    pass


class Shape(ABC):
    """An abstract base class has a layout."""
