__purity__ = "pure"


platform: str = "linux"
byteorder: str = "little"
maxsize: int = 9223372036854775807
maxunicode: int = 1114111
version: str
version_info: tuple[int]
hexversion: int
api_version: int
copyright: str
float_info: tuple
int_info: tuple
hash_info: tuple
implementation: object
flags: object
argv: opaque("the arguments differ from run to run")
path: opaque("the search path differs from run to run")
modules: opaque("it depends on what has been imported before")
executable: opaque("the machine differs from run to run")
stdout: opaque("the streams belong to the program")
stderr: opaque("the streams belong to the program")
stdin: opaque("the streams belong to the program")

def intern(text) -> str: ...
@opaque
def getsizeof(value: object, *args: object): ...
def getrecursionlimit() -> int: ...
@opaque
def _getframe(*args): ...
def getdefaultencoding() -> str: ...
@effect("changes the interpreter")
def setrecursionlimit(*args: object): ...
@effect("changes the interpreter")
def settrace(*args: object): ...
@effect("changes the interpreter")
def setprofile(*args: object): ...
@effect("changes the interpreter")
def setswitchinterval(*args: object): ...
@effect("changes the interpreter")
def addaudithook(*args: object): ...
@effect("changes the interpreter")
def exit(*args: object): ...
