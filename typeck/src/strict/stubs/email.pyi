__purity__ = "pure"

@opaque
def message_from_string(*args: object, **kwargs: object): ...
@opaque
def message_from_bytes(*args: object, **kwargs: object): ...
@effect("reads a file")
def message_from_file(*args: object, **kwargs: object): ...
@effect("reads a file")
def message_from_binary_file(*args: object, **kwargs: object): ...

base64mime: object
charset: object
encoders: object
errors: object
feedparser: object
generator: object
header: object
iterators: object
message: object
mime: object
parser: object
quoprimime: object
utils: object
