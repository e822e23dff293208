"""In place of trio, which needs `ctypes`: test cases that run in its loop are skipped, and the others of their modules run."""

import unittest


def run(function, *args):
    raise unittest.SkipTest("trio needs ctypes")
