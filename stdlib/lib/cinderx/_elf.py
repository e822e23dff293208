"""Machine code as an ELF file for x86-64, for `objdump -d`, `nm` and their like.

Each function has a section of its own at the address where it runs, since between two there may be anything, and a symbol. There is nothing to be
loaded: the file is for looking at.
"""

import struct

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")

_EXECUTABLE, _X86_64 = 2, 62
_PROGBITS, _SYMTAB, _STRTAB = 1, 2, 3
_ALLOCATED_CODE = 0x6
_GLOBAL_FUNCTION = 0x12
# Section numbers from here on mean something else.
_MOST_SECTIONS = 0xFF00 - 4


class _Strings:
    """A table of strings that end in zero; the empty one comes first."""

    def __init__(self):
        self.data = bytearray(1)

    def add(self, text):
        at = len(self.data)
        self.data += text.encode("utf-8", "surrogateescape").replace(b"\0", b"?") + b"\0"
        return at


def image(functions):
    """The bytes of a file with these functions, each a name, an address and bytes."""
    if len(functions) > _MOST_SECTIONS:
        raise OverflowError(f"too many functions for one file: {len(functions)}")
    body, names, strings = bytearray(_HEADER.size), _Strings(), _Strings()
    sections, symbols = [bytes(_SECTION.size)], [bytes(_SYMBOL.size)]

    def add(name, kind, data, flags=0, address=0, link=0, info=0, entry=0):
        body.extend(bytes(-len(body) % 16))
        sections.append(_SECTION.pack(names.add(name), kind, flags, address, len(body), len(data), link, info, 16, entry))
        body.extend(data)

    for number, (name, address, code) in enumerate(functions, 1):
        symbols.append(_SYMBOL.pack(strings.add(name), _GLOBAL_FUNCTION, 0, number, address, len(code)))
        add(".text." + name, _PROGBITS, code, _ALLOCATED_CODE, address)
    count = len(sections)
    add(".symtab", _SYMTAB, b"".join(symbols), link=count + 1, info=1, entry=_SYMBOL.size)
    add(".strtab", _STRTAB, strings.data)
    own = names.add(".shstrtab")
    body.extend(bytes(-len(body) % 16))
    sections.append(_SECTION.pack(own, _STRTAB, 0, 0, len(body), len(names.data), 0, 0, 1, 0))
    body.extend(names.data)
    body.extend(bytes(-len(body) % 16))
    ident = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    table = len(body)
    body[: _HEADER.size] = _HEADER.pack(
        ident, _EXECUTABLE, _X86_64, 1, 0, 0, table, 0, _HEADER.size, 0, 0, _SECTION.size, len(sections), len(sections) - 1
    )
    return bytes(body) + b"".join(sections)
