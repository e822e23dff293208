import __static__
from .circle import area

print(area("x"))
