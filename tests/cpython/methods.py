"""Runs the methods of one of CPython's test modules and reports each: `methods.py REPORT MODULE [SKIPPED ...]`.

The report has a line when a method starts and one when it ends, so that whoever started this program knows which method a crash or a
hang belongs to. Methods named as SKIPPED are left out.
"""

import importlib
import sys
import types
import unittest


class StandIn(types.ModuleType):
    """In place of a module by which CPython tests its C API: who calls one of its functions is skipped, and the rest of a test module runs."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def missing(*args, **kwargs):
            raise unittest.SkipTest(f"{self.__name__}.{name} is CPython's own")

        return missing


def stand_in(*names):
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = StandIn(name)


def without_watchers():
    """The tests of asyncio ask for child watchers, which 3.14 has not any more, when they set up and clean up: there are none."""
    import asyncio
    from unittest import mock

    policy = type(asyncio.events._get_event_loop_policy())
    if not hasattr(policy, "get_child_watcher"):
        policy.get_child_watcher = mock.Mock(side_effect=NotImplementedError)
        asyncio.SafeChildWatcher, asyncio.set_child_watcher = mock.Mock, mock.Mock()


class Reporter(unittest.TestResult):
    def __init__(self, report):
        super().__init__()
        self.report = report
        self.outcome = None
        self.detail = ""

    def line(self, *parts):
        self.report.write("\t".join(part.replace("\t", " ").replace("\n", "\\n") for part in parts) + "\n")
        self.report.flush()

    def startTest(self, test):
        super().startTest(test)
        self.outcome, self.detail = "passed", ""
        self.line("start", test.id())

    def stopTest(self, test):
        super().stopTest(test)
        self.line(self.outcome, test.id(), self.detail)

    def worse(self, outcome, detail=""):
        """A failure of a part is one of the method; an error weighs more than a failure."""
        if self.outcome != "error":
            self.outcome, self.detail = outcome, detail

    def addFailure(self, test, err):
        self.worse("failed", self.last_line(err))

    def addError(self, test, err):
        if self.outcome is None:
            # A fixture of a class or module: its methods never start.
            self.line("error", test.id(), self.last_line(err))
            return
        self.worse("error", self.last_line(err))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            kind = "failed" if issubclass(err[0], test.failureException) else "error"
            self.worse(kind, self.last_line(err))

    def addSkip(self, test, reason):
        if self.outcome is None:
            self.line("skipped", test.id(), reason)
        elif self.outcome == "passed":
            self.outcome, self.detail = "skipped", reason

    def addUnexpectedSuccess(self, test):
        self.worse("failed", "unexpected success")

    @staticmethod
    def last_line(err):
        text = f"{err[0].__name__}: {err[1]}"
        return text if len(text) <= 300 else text[:300] + "..."


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def main():
    report, module, *skipped = sys.argv[1:]
    stand_in("_testlimitedcapi", "_testinternalcapi")
    if module.startswith("test.test_asyncio"):
        without_watchers()
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
    except unittest.SkipTest as reason:
        with open(report, "a", encoding="utf-8") as file:
            file.write(f"start\t{module}\nskipped\t{module}\t{reason}\nend\t{module}\n")
        return
    tests = [test for test in flatten(suite) if test.id() not in skipped]
    with open(report, "a", encoding="utf-8") as file:
        reporter = Reporter(file)
        reporter.line("count", str(len(tests)))
        # A suite of its own keeps the fixtures of classes and modules together.
        unittest.TestSuite(tests).run(reporter)
        reporter.line("end", module)


if __name__ == "__main__":
    main()
