"""What main.c calls: a static module, and dynamic functions beside it."""
import __static__
from __static__ import double, int64


def add(a: int64, b: int64) -> int64:
    return a + b


def ratio(a: double, b: double) -> double:
    return a / b


def area(width: float, height: float) -> float:
    return width * height


def greet(name: str) -> str:
    return "hello, " + name


def fail(reason: str) -> None:
    raise ValueError(reason)
