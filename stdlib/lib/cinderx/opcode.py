"""Names and numbers of instructions, typed ones among them: what the library's `opcode` has."""

from opcode import *
