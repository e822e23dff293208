import __strict__
from routes import page


@page("/cart")
def cart():
    return "cart"
