"""Writes ast.dump of files to a directory: dump_with_cpython.py DIRECTORY < LIST. The n-th file's dump is DIRECTORY/n."""

import ast
import sys
import warnings

warnings.simplefilter("ignore")
sys.setrecursionlimit(100_000)
for number, path in enumerate(sys.stdin.read().splitlines()):
    with open(path, "rb") as file:
        source = file.read()
    try:
        text = ast.dump(ast.parse(source), include_attributes=True)
    except SyntaxError as error:
        text = f"{type(error).__name__} {error.lineno}"
    except ValueError:
        text = "SyntaxError None"
    with open(f"{sys.argv[1]}/{number}", "w", encoding="utf-8", errors="surrogatepass") as out:
        out.write(text)
