def open_bracket():
    return (1,


x = 2
