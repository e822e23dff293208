"""Strict modules, by the names that CinderX gives them."""

from __strict__ import StrictModule, StrictModuleError

__all__ = ["StrictModule", "StrictModuleError"]
