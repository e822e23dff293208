name, width = "x", 8
text = f"{name!r:>{width}} {width = } {'nested' f'{name}'}"
template = t"{name} and {width:03}"
