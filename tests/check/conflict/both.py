import __strict__

VALUE = 1
