"""What main.c calls: a static module, and dynamic functions beside it."""
import __static__
from __static__ import box, double, int8, int32, int64, uint32


def add(a: int64, b: int64) -> int64:
    return a + b


def ratio(a: double, b: double) -> double:
    return a / b


def weigh(
    a: int64, b: int64, c: int64, d: int64, e: int64, f: int64, g: int32, h: int8, i: uint32, j: int64,
    p: double, q: double, r: double, s: double, t: double, u: double, v: double, w: double, x: double, y: double,
) -> double:
    """More arguments than there are registers, narrow ones among them."""
    n = a + b + c + d + e + f + int64(g) * 10 + int64(h) * 100 + int64(i) * 1000 + j * 10000
    return double(float(box(n))) + (p + q + r + s + t + u + v + w - x) / y


def area(width: float, height: float) -> float:
    return width * height


def greet(name: str) -> str:
    return "hello, " + name


def fail(reason: str) -> None:
    raise ValueError(reason)
