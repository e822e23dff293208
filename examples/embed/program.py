"""What main.c runs as a program."""
import sys

print("program.py runs as", __name__, "with", sys.argv[1:])
answer = 6 * 7
