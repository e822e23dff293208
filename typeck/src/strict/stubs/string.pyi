__purity__ = "pure"

ascii_letters: str
ascii_lowercase: str
ascii_uppercase: str
digits: str
hexdigits: str
octdigits: str
printable: str
punctuation: str
whitespace: str

class Template:
    template: str
    def __init__(self, template) -> None: ...
    def substitute(self, *args, **kwargs) -> str: ...
    def safe_substitute(self, *args, **kwargs) -> str: ...
class Formatter: ...
def capwords(*args) -> str: ...
