"""`compileall` of CinderX: what the library's does, for typed and strict modules, too."""

import sys
from compileall import compile_dir, compile_file, compile_path, main

__all__ = ["compile_dir", "compile_file", "compile_path"]

if __name__ == "__main__":
    sys.exit(not main())
