"""The incremental and stream classes of the encodings that `_codecs_cn` and its like provide.

The state of an encoding is a number, which the codec's `_encode_step` and `_decode_step` take and give back; what is kept here beside it
are bytes that a character begins with. A subclass names its codec in the attribute `codec`.
"""

import _codecs_cn

_MultibyteCodec = type(_codecs_cn.getcodec("gbk"))
_MAX_PENDING = 8
_STATE_BITS = 64


class _Errors:
    """The attribute `errors` and the codec of the class."""

    codec = None

    def __init__(self, errors):
        if not isinstance(self.codec, _MultibyteCodec):
            raise TypeError("codec is unexpected type")
        if not isinstance(errors, str):
            kind = next(base.__name__ for base in type(self).__mro__ if base.__module__ == __name__)
            raise TypeError(f"{kind.removeprefix('Multibyte')}() argument 1 must be str, not {type(errors).__name__}")
        self.errors = errors

    @property
    def errors(self):
        return self._errors

    @errors.setter
    def errors(self, value):
        if not isinstance(value, str):
            raise TypeError("errors must be a string")
        self._errors = value

    @errors.deleter
    def errors(self):
        raise AttributeError("cannot delete attribute")


class MultibyteIncrementalEncoder(_Errors):
    def __init__(self, errors="strict"):
        super().__init__(errors)
        self._state = 0

    def encode(self, input, final=False):
        made, _, self._state = self.codec._encode_step(input, self._errors, self._state, bool(final))
        return made

    def reset(self):
        self._state = 0

    def getstate(self):
        return self._state

    def setstate(self, state, /):
        self._state = _checked(state)


def _checked(state):
    if not isinstance(state, int):
        raise TypeError(f"an integer is required, not {type(state).__name__}")
    if not 0 <= state < 1 << _STATE_BITS:
        raise OverflowError("int too big to convert")
    return state & 0xffffffff


class _Decoding(_Errors):
    """Decodes pieces; what the last one ended with waits for the next."""

    def __init__(self, errors):
        super().__init__(errors)
        self._state = 0
        self._pending = b""

    def _decode(self, data, final):
        data = self._pending + data
        text, taken, self._state = self.codec._decode_step(data, self._errors, self._state, final)
        self._pending = data[taken:]
        return text

    def reset(self):
        self._state = 0
        self._pending = b""


class MultibyteIncrementalDecoder(_Decoding):
    def __init__(self, errors="strict"):
        super().__init__(errors)

    def decode(self, input, final=False):
        return self._decode(bytes(memoryview(input)), bool(final))

    def getstate(self):
        return self._pending, self._state

    def setstate(self, state, /):
        if not isinstance(state, tuple):
            raise TypeError(f"setstate() argument 1 must be tuple, not {type(state).__name__}")
        pending, number = state
        if not isinstance(pending, bytes):
            raise TypeError("setstate(): illegal state argument")
        number = _checked(number)
        if len(pending) > _MAX_PENDING:
            raise UnicodeDecodeError("codec", pending, 0, len(pending), "pending buffer too large")
        self._pending, self._state = pending, number


class MultibyteStreamReader(_Decoding):
    def __init__(self, stream, errors="strict"):
        super().__init__(errors)
        self.stream = stream

    def _read(self, method, size):
        if size == 0:
            return ""
        while True:
            # A size that would give no character for sure is raised.
            data = getattr(self.stream, method)() if size < 0 else getattr(self.stream, method)(size)
            if not isinstance(data, bytes):
                raise TypeError(f"stream function returned a non-bytes object ({type(data).__name__})")
            is_end = not data or size < 0
            text = self._decode(data, is_end)
            if text or is_end:
                return text
            size = 1

    def read(self, sizeobj=None, /):
        return self._read("read", _size(sizeobj))

    def readline(self, sizeobj=None, /):
        return self._read("readline", _size(sizeobj))

    def readlines(self, sizehintobj=None, /):
        return self._read("read", _size(sizehintobj)).splitlines(True)


def _size(size):
    if size is None:
        return -1
    if not isinstance(size, int):
        raise TypeError("arg 1 must be an integer")
    return size


class MultibyteStreamWriter(_Errors):
    def __init__(self, stream, errors="strict"):
        super().__init__(errors)
        self.stream = stream
        self._state = 0

    def write(self, strobj, /):
        made, _, self._state = self.codec._encode_step(strobj, self._errors, self._state, False)
        self.stream.write(made)

    def writelines(self, lines, /):
        for line in lines:
            self.write(line)

    def reset(self):
        """Nothing waits to be written: every character is written when it comes."""
