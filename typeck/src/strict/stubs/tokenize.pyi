__purity__ = "pure"

class TokenInfo(tuple): ...
class TokenError(Exception): ...
class StopTokenizing(Exception): ...
@opaque
def tokenize(*args: object, **kwargs: object): ...
@opaque
def generate_tokens(*args: object, **kwargs: object): ...
@opaque
def untokenize(*args: object, **kwargs: object): ...
@opaque
def detect_encoding(*args: object, **kwargs: object): ...
@effect("opens a file")
def open(*args: object, **kwargs: object): ...
cookie_re: object
blank_re: object
COMMENT: int
NL: int
ENCODING: int

tok_name: object
@opaque
def ISTERMINAL(*args: object, **kwargs: object): ...
@opaque
def ISNONTERMINAL(*args: object, **kwargs: object): ...
@opaque
def ISEOF(*args: object, **kwargs: object): ...
EXACT_TOKEN_TYPES: object
ENDMARKER: int
NAME: int
NUMBER: int
STRING: int
NEWLINE: int
INDENT: int
DEDENT: int
LPAR: int
RPAR: int
LSQB: int
RSQB: int
COLON: int
COMMA: int
SEMI: int
PLUS: int
MINUS: int
STAR: int
SLASH: int
VBAR: int
AMPER: int
LESS: int
GREATER: int
EQUAL: int
DOT: int
PERCENT: int
LBRACE: int
RBRACE: int
EQEQUAL: int
NOTEQUAL: int
LESSEQUAL: int
GREATEREQUAL: int
TILDE: int
CIRCUMFLEX: int
LEFTSHIFT: int
RIGHTSHIFT: int
DOUBLESTAR: int
PLUSEQUAL: int
MINEQUAL: int
STAREQUAL: int
SLASHEQUAL: int
PERCENTEQUAL: int
AMPEREQUAL: int
VBAREQUAL: int
CIRCUMFLEXEQUAL: int
LEFTSHIFTEQUAL: int
RIGHTSHIFTEQUAL: int
DOUBLESTAREQUAL: int
DOUBLESLASH: int
DOUBLESLASHEQUAL: int
AT: int
ATEQUAL: int
RARROW: int
ELLIPSIS: int
COLONEQUAL: int
EXCLAMATION: int
OP: int
TYPE_IGNORE: int
TYPE_COMMENT: int
SOFT_KEYWORD: int
FSTRING_START: int
FSTRING_MIDDLE: int
FSTRING_END: int
TSTRING_START: int
TSTRING_MIDDLE: int
TSTRING_END: int
ERRORTOKEN: int
N_TOKENS: int
NT_OFFSET: int
