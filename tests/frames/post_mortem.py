import __static__
import io
import pdb
import sys


def fails(n: int) -> int:
    kept = ("kept", n)
    return n // (n - n) + len(kept)


def main() -> None:
    try:
        fails(3)
    except ZeroDivisionError as error:
        debugger = pdb.Pdb(stdin=io.StringIO("p kept\n"), stdout=sys.stdout)
        debugger.reset()
        debugger.interaction(None, error)


main()
