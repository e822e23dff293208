def last(values):
    fro value in values:
        pass
    return value
