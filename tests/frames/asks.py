import sys


def ask_caller():
    frame = sys._getframe(1)
    variables = sorted((name, value) for name, value in frame.f_locals.items() if isinstance(value, int))
    print([(frame.f_code.co_name, variables)])
