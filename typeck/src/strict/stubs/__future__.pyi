__purity__ = "pure"

nested_scopes: object
generators: object
division: object
absolute_import: object
with_statement: object
print_function: object
unicode_literals: object
barry_as_FLUFL: object
generator_stop: object
annotations: object
all_feature_names: list[str]
class _Feature: ...
