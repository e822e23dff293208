class Base[T]:
    limit: int = 3

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)

    @property
    def first(self) -> T:
        return self.items[0]


type Pair[A] = tuple[A, A]
