"""The native module of CinderX's compiler under its name: what `cinderx.jit` has."""

from cinderx.jit import *
from cinderx.jit import _deopt_gen, _would_tag_if_deferred
