//! The leak audit at the end of a process finds what somebody forgot, says what it is, and is silent otherwise.

use std::path::PathBuf;

use runtime::audit;
use runtime::objects::list::ListObject;
use runtime::value::Ref;

/// Modules, closures, cycles through classes and instances, suspended generators, changed builtins, compiled code.
const PROGRAM: &str = r#"
import builtins, dataclasses, functools, io, sys
class A:
    def __init__(self, x=None): self.x = x
a = A(); a.x = A(a)
A.itself = A
builtins.added = A(a)
sys.added = [A(a)]
def generate():
    with io.StringIO() as file: yield A(file)
suspended = generate()
next(suspended)
def outer():
    kept = []
    def inner(): kept.append(inner)
    return inner
for _ in range(100): outer()()
try: raise ValueError(a)
except ValueError as error: sys.error = error
namespace = {}
exec("def f(x): return [x, f]", namespace)
for i in range(100): namespace["f"](i)
"#;

#[test]
fn what_is_forgotten_is_found() {
    let _attached = runtime::attach();
    let jit = jit::Settings { mode: jit::Mode::Always, ..jit::Settings::default() };
    let settings = host::Settings { jit, path: vec![PathBuf::new()], ..host::Settings::default() };
    host::start(&settings).expect("the process is set up");
    let program = host::Program::Command(PROGRAM.to_owned());
    assert_eq!(host::run_program(&program, &settings.options), 0);
    assert_eq!(host::run::finish(0), 0, "nothing is left over");
    std::mem::forget(ListObject::new(vec![Ref::small(1), ListObject::empty().into()]));
    let report = audit::leaks().expect("a list is left over");
    let wanted = "objects left over: 2\n  list: 2, references forgotten: 1\n    [1, []] (count 1)\n";
    assert_eq!(report, wanted);
}
