"""The native module of CinderX under its name: what `cinderx.static` has."""

from cinderx.static import *
