"""Names and numbers of the instructions that code objects show: CPython's, and behind them those that only static code has.

The numbers come from the table by which code objects are shown. Specialised instructions never show, and so there are none.
"""

import _imp

_specializations = {}
_specialized_opmap = {}

opmap = _imp.instruction_numbers()

# Instructions with greater numbers have an argument.
HAVE_ARGUMENT = opmap["WITH_EXCEPT_START"]
MIN_INSTRUMENTED_OPCODE = min(number for name, number in opmap.items() if name.startswith("INSTRUMENTED_"))
