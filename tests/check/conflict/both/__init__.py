import __strict__
