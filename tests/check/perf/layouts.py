"""Classes with a layout, and classes without, each with its reason."""
import __static__
from abc import ABC
from dataclasses import dataclass


class Fixed:
    def __init__(self, x: int) -> None:
        self.x: int = x

    def double(self) -> int:
        return self.x * 2


class Open(Fixed, ABC):
    pass


class Registered(Fixed, registry="shapes"):
    pass


class Below(Open):
    pass


class Failure(Exception):
    pass


class Empty(object):
    pass
