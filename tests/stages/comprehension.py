def sums(count):
    squares = [x * x for x in range(count) if x % 2]
    pairs = {k: [v + i for i in range(3)] for k, v in {}.items()}
    total = sum(abs(x) for x in squares)
    return total, pairs
