"""`-m __static__ script.py args`: runs a program; typed modules need no loader, so that this is what the command does by itself."""

import importlib.util
import os
import sys


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: -m __static__ script.py [args]")
    del sys.argv[0]
    path = sys.argv[0]
    if not os.path.isfile(path):
        sys.exit(f"can't open file {path!r}: no such file")
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    spec = importlib.util.spec_from_file_location("__main__", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["__main__"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    main()
