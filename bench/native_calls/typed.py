"""A typed function that C calls by pointer, and one with a loop that polls."""
import __static__
from __static__ import int64


def add(a: int64, b: int64) -> int64:
    return a + b


def count(a: int64, b: int64) -> int64:
    s: int64 = 0
    i: int64 = a
    while i < b:
        s += i
        i += 1
    return s
