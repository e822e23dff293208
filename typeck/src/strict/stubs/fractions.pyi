__purity__ = "pure"

class Fraction:
    numerator: int
    denominator: int
    def __init__(self, *args) -> None: ...
    def limit_denominator(self, *args) -> Fraction: ...
