import __static__
from __static__ import Array, box, int64


def sieve(n: int64) -> int:
    flags: Array[int64] = Array[int64](box(n))
    flags[2] = 1
    flags[3] += flags[2]
    return box(flags[3])
