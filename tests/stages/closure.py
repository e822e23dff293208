def counter(start):
    count = start

    def step(by=1, *, sign=1):
        nonlocal count
        count += by * sign
        return count

    return step
