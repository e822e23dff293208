__purity__ = "pure"

HIGHEST_PROTOCOL: int = 5
DEFAULT_PROTOCOL: int = 5
class PickleError(Exception): ...
class PicklingError(PickleError): ...
class UnpicklingError(PickleError): ...
class Pickler: ...
class Unpickler: ...
class PickleBuffer: ...
@opaque
def dumps(*args: object, **kwargs: object) -> bytes: ...
@effect("runs what a pickle says")
def loads(*args: object, **kwargs: object): ...
@effect("runs what a pickle says")
def load(*args: object, **kwargs: object): ...
@effect("writes to a file")
def dump(*args: object, **kwargs: object): ...

ADDITEMS: bytes
APPEND: bytes
APPENDS: bytes
BINBYTES: bytes
BINBYTES8: bytes
BINFLOAT: bytes
BINGET: bytes
BININT: bytes
BININT1: bytes
BININT2: bytes
BINPERSID: bytes
BINPUT: bytes
BINSTRING: bytes
BINUNICODE: bytes
BINUNICODE8: bytes
BUILD: bytes
BYTEARRAY8: bytes
DICT: bytes
DUP: bytes
EMPTY_DICT: bytes
EMPTY_LIST: bytes
EMPTY_SET: bytes
EMPTY_TUPLE: bytes
EXT1: bytes
EXT2: bytes
EXT4: bytes
FALSE: bytes
FLOAT: bytes
FRAME: bytes
FROZENSET: bytes
GET: bytes
GLOBAL: bytes
INST: bytes
INT: bytes
LIST: bytes
LONG: bytes
LONG1: bytes
LONG4: bytes
LONG_BINGET: bytes
LONG_BINPUT: bytes
MARK: bytes
MEMOIZE: bytes
NEWFALSE: bytes
NEWOBJ: bytes
NEWOBJ_EX: bytes
NEWTRUE: bytes
NEXT_BUFFER: bytes
NONE: bytes
OBJ: bytes
PERSID: bytes
POP: bytes
POP_MARK: bytes
PROTO: bytes
PUT: bytes
READONLY_BUFFER: bytes
REDUCE: bytes
SETITEM: bytes
SETITEMS: bytes
SHORT_BINBYTES: bytes
SHORT_BINSTRING: bytes
SHORT_BINUNICODE: bytes
STACK_GLOBAL: bytes
STOP: bytes
STRING: bytes
TRUE: bytes
TUPLE: bytes
TUPLE1: bytes
TUPLE2: bytes
TUPLE3: bytes
UNICODE: bytes
