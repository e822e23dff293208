def greet(name, width):
    text = f"{name!r:>{width}} {width = } {'nested' f'{name}'}"
    template = t"{name} and {width:03}"
