"""Enumerations of typed code."""

from _static_enum import Enum, IntEnum, StringEnum
