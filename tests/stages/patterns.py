def describe(value):
    match value:
        case [x, y, *rest] if rest:
            return x + y
        case {"name": str(name), **others}:
            return name, others
        case 1 | 2 as small:
            return small
        case _:
            return None
