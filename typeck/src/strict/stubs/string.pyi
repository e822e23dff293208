__purity__ = "pure"

ascii_letters: str = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
ascii_lowercase: str = 'abcdefghijklmnopqrstuvwxyz'
ascii_uppercase: str = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
digits: str = '0123456789'
hexdigits: str = '0123456789abcdefABCDEF'
octdigits: str = '01234567'
printable: str = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\x0b\x0c'
punctuation: str = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'
whitespace: str = ' \t\n\r\x0b\x0c'

class Template:
    template: str
    def __init__(self, template) -> None: ...
    def substitute(self, *args, **kwargs) -> str: ...
    def safe_substitute(self, *args, **kwargs) -> str: ...
class Formatter: ...
def capwords(*args) -> str: ...
