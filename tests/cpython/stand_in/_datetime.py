"""Stands in for the C module of that name, which CPython's tests import before they run: here `datetime` is the one in Python."""

from _pydatetime import *
