__purity__ = "pure"

typecodes: str = "bBuwhHiIlLqQfd"
class array:
    def __init__(self, typecode, *initial) -> None: ...
ArrayType = array.array
