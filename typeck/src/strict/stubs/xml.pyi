__purity__ = "pure"

dom: object
parsers: object
sax: object
etree: object
