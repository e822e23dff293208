"""The tokenizer behind `tokenize`: the program's own lexer, which reads a whole text at once."""

import _imp
import token as _token

_KINDS = {name: number for number, name in _token.tok_name.items()}
# Kinds that are not told apart from operators unless asked for.
_OWN = {"NAME", "NUMBER", "STRING", "NEWLINE", "INDENT", "DEDENT", "COMMENT", "NL", "ENDMARKER", "FSTRING_START",
        "FSTRING_MIDDLE", "FSTRING_END", "TSTRING_START", "TSTRING_MIDDLE", "TSTRING_END"}


class TokenizerIter:
    def __init__(self, readline, *, encoding=None, extra_tokens=False):
        self._items = _tokens(readline, encoding, extra_tokens)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._items)


def _read(readline, encoding):
    lines = []
    while True:
        try:
            line = readline()
        except StopIteration:
            break
        if not line:
            break
        lines.append(line if encoding is None else line.decode(encoding))
    return "".join(lines)


def _tokens(readline, encoding, extra_tokens):
    text = _read(readline, encoding)
    lines = text.splitlines(keepends=True)
    tokens, error = _imp.tokens(text)
    for name, string, start, end in tokens:
        if not extra_tokens and name in ("COMMENT", "NL"):
            continue
        kind = _KINDS[name] if name in _OWN or not extra_tokens else _token.OP
        yield kind, string, start, end, "".join(lines[start[0] - 1:end[0]]) if start[0] <= len(lines) else ""
    if error is not None:
        message, line, column = error
        shown = lines[line - 1] if 0 < line <= len(lines) else ""
        raise SyntaxError(message, ("<string>", line, column, shown))
