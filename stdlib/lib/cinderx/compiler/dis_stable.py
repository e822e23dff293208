"""Listings without addresses, which stay the same from run to run."""

import re
import sys

from . import get_disassembly_as_string

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Disassembler:
    """Prints code with everything inside."""

    def dump_code(self, co, file=None):
        print(_ADDRESS.sub("", get_disassembly_as_string(co, recurse=True)), end="", file=sys.stdout if file is None else file)


def disassemble(co, file=None):
    Disassembler().dump_code(co, file)
