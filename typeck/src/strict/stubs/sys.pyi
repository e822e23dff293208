__purity__ = "pure"


platform: str = "linux"
byteorder: str = "little"
maxsize: int = 9223372036854775807
maxunicode: int = 1114111
version: str
version_info: VersionInfo
hexversion: int
api_version: int
copyright: str
float_info: FloatInfo
int_info: IntInfo
hash_info: HashInfo
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

class VersionInfo(tuple):
    major: int = 3
    minor: int = 14
    micro: int
    releaselevel: str
    serial: int
class FloatInfo(tuple):
    max: float
    min: float
    epsilon: float
    max_exp: int
    max_10_exp: int
    min_exp: int
    min_10_exp: int
    dig: int
    mant_dig: int
    radix: int
    rounds: int
class IntInfo(tuple):
    bits_per_digit: int
    sizeof_digit: int
    default_max_str_digits: int
    str_digits_check_threshold: int
class HashInfo(tuple):
    width: int
    modulus: int
    inf: int
    nan: int
    imag: int
    algorithm: str
    hash_bits: int
    seed_bits: int
    cutoff: int

abiflags: str
base_prefix: opaque("the machine differs from run to run")
base_exec_prefix: opaque("the machine differs from run to run")
prefix: opaque("the machine differs from run to run")
exec_prefix: opaque("the machine differs from run to run")
platlibdir: str
float_repr_style: str = "short"
builtin_module_names: tuple[str]
stdlib_module_names: frozenset[str]
dont_write_bytecode: bool
pycache_prefix: opaque("the command line differs from run to run")
orig_argv: opaque("the arguments differ from run to run")
warnoptions: opaque("the arguments differ from run to run")
meta_path: opaque("it depends on what has been imported before")
path_hooks: opaque("it depends on what has been imported before")
path_importer_cache: opaque("it depends on what has been imported before")
monitoring: object
thread_info: tuple
__stdout__: opaque("the streams belong to the program")
__stderr__: opaque("the streams belong to the program")
__stdin__: opaque("the streams belong to the program")
def getfilesystemencoding() -> str: ...
def getfilesystemencodeerrors() -> str: ...
def getswitchinterval() -> float: ...
def get_int_max_str_digits() -> int: ...
@opaque("the interpreter differs from run to run")
def exc_info(*args: object, **kwargs: object): ...
@opaque("the interpreter differs from run to run")
def exception(*args: object, **kwargs: object): ...
@opaque("the interpreter differs from run to run")
def gettrace(*args: object, **kwargs: object): ...
@opaque("the interpreter differs from run to run")
def getprofile(*args: object, **kwargs: object): ...
@opaque("the interpreter differs from run to run")
def getrefcount(*args: object, **kwargs: object): ...
@opaque("the interpreter differs from run to run")
def getallocatedblocks(*args: object, **kwargs: object): ...
@opaque("the interpreter differs from run to run")
def get_asyncgen_hooks(*args: object, **kwargs: object): ...
@opaque("the interpreter differs from run to run")
def get_coroutine_origin_tracking_depth(*args: object, **kwargs: object): ...
@opaque("the interpreter differs from run to run")
def is_finalizing(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def audit(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def breakpointhook(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def call_tracing(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def displayhook(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def excepthook(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def unraisablehook(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def set_asyncgen_hooks(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def set_coroutine_origin_tracking_depth(*args: object, **kwargs: object): ...
@effect("changes the interpreter")
def set_int_max_str_digits(*args: object, **kwargs: object): ...
