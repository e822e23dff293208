"""The prompt where there is no terminal: lines from standard input as they come."""

import code
import linecache
import sys


class Prompt(code.InteractiveConsole):
    """Keeps the text of what it runs, so that tracebacks and `inspect` find it."""

    def runsource(self, source, filename="<stdin>", symbol="single"):
        try:
            compiled = self.compile(source, filename, symbol)
        except (OverflowError, SyntaxError, ValueError):
            self.showsyntaxerror(filename, source=source)
            return False
        if compiled is None:
            return True
        linecache._register_code(compiled, source, filename)
        self.runcode(compiled)
        return False

    def raw_input(self, prompt=""):
        try:
            return self.read_line(prompt)
        except EOFError:
            if not self.buffer:
                raise
        self.end_input()
        return self.read_line(sys.ps1)

    def read_line(self, prompt):
        """The next line. Who is no terminal is prompted on the stream of errors."""
        if sys.stdin.isatty():
            return super().raw_input(prompt)
        sys.stdout.flush()
        sys.stderr.write(str(prompt))
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.removesuffix("\n")

    def end_input(self):
        """The input ends inside a statement: a block ends with it, anything else is wrong."""
        self.write("\n")
        source = "\n".join(self.buffer) + "\n"
        self.resetbuffer()
        if self.runsource(source, self.filename):
            try:
                compile(source, self.filename, "single")
            except SyntaxError:
                self.showsyntaxerror(self.filename, source=source)


def run_startup(path, namespace):
    """Runs the file that PYTHONSTARTUP names; what goes wrong in it does not keep the prompt from coming."""
    import tokenize

    try:
        with tokenize.open(path) as file:
            text = file.read()
    except OSError as error:
        sys.stderr.write("Could not open PYTHONSTARTUP\n")
        report(error, None)
        return
    try:
        exec(compile(text, path, "exec"), namespace)
    except SystemExit:
        raise
    except BaseException as error:
        report(error, error.__traceback__.tb_next)


def report(error, traceback):
    sys.excepthook(type(error), error.with_traceback(traceback), traceback)


def run(namespace):
    Prompt(namespace, filename="<stdin>").interact("", "")
