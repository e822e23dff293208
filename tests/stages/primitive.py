import __static__
from __static__ import box, double, int64


def mean(n: int64) -> double:
    total: double = 0.0
    step: double = 0.5
    i: int64 = 0
    while i < n:
        total += step * step
        i += 1
    return total


def boxed(x: int) -> int:
    return box(int64(x) + 1)
