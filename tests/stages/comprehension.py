squares = [x * x for x in range(10) if x % 2]
pairs = {k: [v + i for i in range(3)] for k, v in {}.items()}
total = sum(lambda_(x) for x in squares)
