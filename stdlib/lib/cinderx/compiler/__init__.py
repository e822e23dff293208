"""The compiler of CinderX as a package; modules are compiled when they are imported, without being asked."""
