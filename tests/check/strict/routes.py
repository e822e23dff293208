import __strict__

PAGES = {}


def keep(path, view):
    PAGES[path] = view
    return view


def page(path):
    def add(view):
        return keep(path, view)
    return add
