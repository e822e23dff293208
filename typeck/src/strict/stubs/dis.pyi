__purity__ = "pure"

@opaque
def Bytecode(*args: object, **kwargs: object): ...
@opaque
def Instruction(*args: object, **kwargs: object): ...
@opaque
def code_info(*args: object, **kwargs: object): ...
@opaque
def findlinestarts(*args: object, **kwargs: object): ...
@opaque
def findlabels(*args: object, **kwargs: object): ...
@opaque
def stack_effect(*args: object, **kwargs: object): ...
@opaque
def get_instructions(*args: object, **kwargs: object): ...
@effect("writes to the output")
def dis(*args: object, **kwargs: object): ...
@effect("writes to the output")
def disassemble(*args: object, **kwargs: object): ...
@effect("writes to the output")
def distb(*args: object, **kwargs: object): ...
@effect("writes to the output")
def disco(*args: object, **kwargs: object): ...
@effect("writes to the output")
def show_code(*args: object, **kwargs: object): ...
opname: list[str]
opmap: dict[str, int]
cmp_op: tuple[str]
hasarg: list[int]
hasconst: list[int]
hasname: list[int]
hasjump: list[int]
hasjrel: list[int]
hasjabs: list[int]
haslocal: list[int]
hascompare: list[int]
hasfree: list[int]
hasexc: list[int]
EXTENDED_ARG: int
hasnargs: list[int]

HAVE_ARGUMENT: int
