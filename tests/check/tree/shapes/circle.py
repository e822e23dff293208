import __static__


class Circle:
    def __init__(self, radius: int) -> None:
        self.radius: int = radius


def area(radius: int) -> float:
    return 3.14 * radius * radius
