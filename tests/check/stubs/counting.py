NUMBERS = []


def next_number():
    NUMBERS.append(len(NUMBERS))
    return NUMBERS[-1]


def square(x):
    return x * x
