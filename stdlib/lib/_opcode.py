"""What tests and tools ask of CPython's `_opcode`; this program's bytecode has an encoding of its own."""

ENABLE_SPECIALIZATION = False
ENABLE_SPECIALIZATION_FT = False


def _missing(name):
    def function(*args, **kwargs):
        raise NotImplementedError(f"not supported yet: _opcode.{name}")
    function.__name__ = name
    return function


for _name in ("stack_effect", "is_valid", "has_arg", "has_const", "has_name", "has_jump", "has_free", "has_local", "has_exc",
              "get_executor", "get_specialization_stats", "get_nb_ops", "get_intrinsic1_descs", "get_intrinsic2_descs",
              "get_special_method_names"):
    globals()[_name] = _missing(_name)
