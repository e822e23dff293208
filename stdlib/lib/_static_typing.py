"""Types of `__static__` that only annotations mention."""

from typing import Callable, TypeVar

TClass = TypeVar("TClass", bound=type)
ClassDecorator = Callable[[TClass], TClass]
