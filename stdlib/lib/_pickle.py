"""What CPython's C module has, by its names: `PickleBuffer` is native, the rest is that of `pickle`, which is in Python here."""

from _picklebuffer import PickleBuffer

_OF_PICKLE = {
    "Pickler": "_Pickler", "Unpickler": "_Unpickler", "dump": "_dump", "dumps": "_dumps", "load": "_load", "loads": "_loads",
    "PickleError": "PickleError", "PicklingError": "PicklingError", "UnpicklingError": "UnpicklingError",
}


def __getattr__(name):
    if name not in _OF_PICKLE:
        raise AttributeError(f"module '_pickle' has no attribute '{name}'")
    import pickle
    return getattr(pickle, _OF_PICKLE[name])


def __dir__():
    return sorted([*globals(), *_OF_PICKLE])
