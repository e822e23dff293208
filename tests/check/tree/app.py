import __static__
import jsno, os.path
import shapes.circle as circle
from __static__ import int64
from shapes.circle import Circel, Circle, area

NAMES: list[str] = ["数", 3]


class Label(Circle):
	def __init__(self, text: str) -> None:
		self.text: str = text

	def widht(self, factor: int64) -> str:
		return self.txet


def show(label: Label, scale: int = 1) -> int:
    prnit(label)
    area(
        "a long text, "
        "in two lines",
    )
    label.text = 3
    if scale:
        return show(label, scael=2)


try:
    import no_such_accelerator
except ImportError:
    pass

circle.aera(1)
circle.len([])
