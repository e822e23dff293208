def is_one(x):
    assert (x, "message")
    return x is 1
