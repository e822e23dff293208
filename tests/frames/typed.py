import __static__
import sys
from typing import Optional
from __static__ import int64, box
import ask

class P:
    def __init__(self, x: int) -> None:
        self.x = x
        ask.ask("init")
    def m(self, y: float, z: Optional["P"] = None) -> float:
        t = y * 2
        u = ask.ask("m")
        if z is not None:
            w = z.x
            ask.ask("m2")
        return t

def leaf(a: int, b: str) -> int:
    c = [a, b]
    d = a + 1
    ask.ask("leaf")
    return d

def loop(n: int) -> int:
    total = 0
    name = "n"
    for i in range(n):
        j = i * i
        total += leaf(j, name)
        k = (i, j)
    ask.ask("after")
    return total

def prim(n: int64) -> int64:
    s: int64 = 0
    o = "obj"
    i: int64 = 0
    while i < n:
        q = box(i) * 3
        s += i
        i += 1
        ask.ask("prim")
    return s

def fails(d: dict[str, int], key: str) -> int:
    before = 1
    x = d[key]
    after = 2
    return x

def caught(d: dict[str, int]) -> int:
    local = "here"
    try:
        r = fails(d, "k")
    except KeyError as error:
        kind = "key"
        ask.ask("handler")
        return 1
    return r

def main() -> None:
    p = P(1)
    print(p.m(1.5), p.m(2.5, P(3)))
    print(loop(3), box(prim(2)), caught({}))
    try:
        fails({}, "z")
    except KeyError as error:
        ask.tb(error)

main()
