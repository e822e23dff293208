__purity__ = "pure"


