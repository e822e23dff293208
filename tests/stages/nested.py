import __static__
from __static__ import int64


def total(n: int64) -> int64:
    def add(x: int64) -> int64:
        return add(x - n) if x > n else x

    return add(n)
