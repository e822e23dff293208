import sys
def show(d): return sorted((k, v) for k, v in d.items() if isinstance(v, (int, float, str, tuple, list)))
def ask(what):
    f = sys._getframe(1)
    out = []
    while f is not None and f.f_code.co_name != "<module>":
        out.append((f.f_code.co_name, show(f.f_locals))); f = f.f_back
    print(what, out)
def tb(e):
    t = e.__traceback__
    while t: print(t.tb_frame.f_code.co_name, show(t.tb_frame.f_locals)); t = t.tb_next
