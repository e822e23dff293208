"""Names that parts of the strict compiler of CinderX share."""

from __strict__ import StrictModuleError

FIXED_MODULES = {"typing", "__strict__", "strict_modules"}
