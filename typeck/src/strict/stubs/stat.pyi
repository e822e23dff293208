__purity__ = "pure"

FILE_ATTRIBUTE_ARCHIVE: int = 32
FILE_ATTRIBUTE_COMPRESSED: int = 2048
FILE_ATTRIBUTE_DEVICE: int = 64
FILE_ATTRIBUTE_DIRECTORY: int = 16
FILE_ATTRIBUTE_ENCRYPTED: int = 16384
FILE_ATTRIBUTE_HIDDEN: int = 2
FILE_ATTRIBUTE_INTEGRITY_STREAM: int = 32768
FILE_ATTRIBUTE_NORMAL: int = 128
FILE_ATTRIBUTE_NOT_CONTENT_INDEXED: int = 8192
FILE_ATTRIBUTE_NO_SCRUB_DATA: int = 131072
FILE_ATTRIBUTE_OFFLINE: int = 4096
FILE_ATTRIBUTE_READONLY: int = 1
FILE_ATTRIBUTE_REPARSE_POINT: int = 1024
FILE_ATTRIBUTE_SPARSE_FILE: int = 512
FILE_ATTRIBUTE_SYSTEM: int = 4
FILE_ATTRIBUTE_TEMPORARY: int = 256
FILE_ATTRIBUTE_VIRTUAL: int = 65536
SF_APPEND: int = 262144
SF_ARCHIVED: int = 65536
SF_DATALESS: int = 1073741824
SF_FIRMLINK: int = 8388608
SF_IMMUTABLE: int = 131072
SF_NOUNLINK: int = 1048576
SF_RESTRICTED: int = 524288
SF_SETTABLE: int = 4294901760
SF_SNAPSHOT: int = 2097152
ST_ATIME: int = 7
ST_CTIME: int = 9
ST_DEV: int = 2
ST_GID: int = 5
ST_INO: int = 1
ST_MODE: int = 0
ST_MTIME: int = 8
ST_NLINK: int = 3
ST_SIZE: int = 6
ST_UID: int = 4
S_ENFMT: int = 1024
S_IEXEC: int = 64
S_IFBLK: int = 24576
S_IFCHR: int = 8192
S_IFDIR: int = 16384
S_IFDOOR: int = 0
S_IFIFO: int = 4096
S_IFLNK: int = 40960
S_IFPORT: int = 0
S_IFREG: int = 32768
S_IFSOCK: int = 49152
S_IFWHT: int = 0
S_IREAD: int = 256
S_IRGRP: int = 32
S_IROTH: int = 4
S_IRUSR: int = 256
S_IRWXG: int = 56
S_IRWXO: int = 7
S_IRWXU: int = 448
S_ISGID: int = 1024
S_ISUID: int = 2048
S_ISVTX: int = 512
S_IWGRP: int = 16
S_IWOTH: int = 2
S_IWRITE: int = 128
S_IWUSR: int = 128
S_IXGRP: int = 8
S_IXOTH: int = 1
S_IXUSR: int = 64
UF_APPEND: int = 4
UF_COMPRESSED: int = 32
UF_DATAVAULT: int = 128
UF_HIDDEN: int = 32768
UF_IMMUTABLE: int = 2
UF_NODUMP: int = 1
UF_NOUNLINK: int = 16
UF_OPAQUE: int = 8
UF_SETTABLE: int = 65535
UF_TRACKED: int = 64
def S_ISBLK(*args, **kwargs) -> bool: ...
def S_ISCHR(*args, **kwargs) -> bool: ...
def S_ISDIR(*args, **kwargs) -> bool: ...
def S_ISDOOR(*args, **kwargs) -> bool: ...
def S_ISFIFO(*args, **kwargs) -> bool: ...
def S_ISLNK(*args, **kwargs) -> bool: ...
def S_ISPORT(*args, **kwargs) -> bool: ...
def S_ISREG(*args, **kwargs) -> bool: ...
def S_ISSOCK(*args, **kwargs) -> bool: ...
def S_ISWHT(*args, **kwargs) -> bool: ...
def S_IMODE(*args, **kwargs) -> int: ...
def S_IFMT(*args, **kwargs) -> int: ...
def filemode(*args, **kwargs) -> str: ...
