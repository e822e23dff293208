import __static__
import importlib


def f(x: int, ask: object) -> int:
    seen = x * 2
    if ask is not None:
        ask()
    return seen


def warm() -> int:
    total = 0
    for i in range(2000):
        total += f(i, None)
    return total


def late(ask: object) -> None:
    for i in range(2):
        f(i, ask)


warm()
late(importlib.import_module("asks").ask_caller)
