"""Stands in for the C module of that name, which CPython's tests import before they run: here `pickle` is the one in Python."""

from pickle import _dump as dump, _dumps as dumps, _load as load, _loads as loads, _Pickler as Pickler, _Unpickler as Unpickler
from pickle import PickleError, PicklingError, UnpicklingError
