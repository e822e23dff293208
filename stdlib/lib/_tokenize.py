"""The tokenizer behind `tokenize`: the program's own lexer, which reads a whole text at once."""

import _imp
import token as _token

_KINDS = {name: number for number, name in _token.tok_name.items()}
# Kinds that are not told apart from operators unless asked for.
_OWN = {"NAME", "NUMBER", "STRING", "NEWLINE", "INDENT", "DEDENT", "COMMENT", "NL", "ENDMARKER", "FSTRING_START",
        "FSTRING_MIDDLE", "FSTRING_END", "TSTRING_START", "TSTRING_MIDDLE", "TSTRING_END"}

_ERRORS = {error.__name__: error for error in (SyntaxError, IndentationError, TabError)}


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
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    tokens, error = _imp.tokens(text, extra_tokens)
    for name, string, start, end in tokens:
        if not extra_tokens:
            if name in ("COMMENT", "NL"):
                continue
            string, start, end = _bare(name, string, start, end, len(lines) - (not lines[-1]))
        elif string == "\n" and lines[start[0] - 1].endswith("\r\n"):
            string, end = "\r\n", (end[0], end[1] + 1)
        kind = _KINDS[name] if name in _OWN or not extra_tokens else _token.OP
        yield kind, string, start, end, "".join(lines[start[0] - 1:end[0]])
    if error is not None:
        kind, message, line, column = error
        if extra_tokens and message.endswith((" was never closed", "EOF while parsing")):
            message, line, column = "unexpected EOF in multi-line statement", len(lines) - (not lines[-1]), 0
        shown = lines[line - 1].rstrip("\n") if 0 < line <= len(lines) else ""
        raise _ERRORS[kind](message, ("<string>", line, column, shown))


def _bare(name, string, start, end, last):
    """A token as the parser sees it: what is not in the text has neither a text nor a column, and no line behind the last one."""
    if name == "NEWLINE":
        return "", start, start
    if name in ("INDENT", "DEDENT", "ENDMARKER"):
        place = min(start[0], last), -1
        return "", place, place
    return string, start, end
