//! Work that is done again and again leaves no more objects behind, in compiled code as little as elsewhere.
//!
//! The work runs until everything is compiled, then once between two censuses. What this does not see: what is left by the
//! first runs (the compiler keeps code objects and constants), immortal objects, memory that is no object, and work that the program below does not do.

use jit::{Mode, Settings as JitSettings};
use runtime::objects::function::FunctionObject;
use runtime::value::Ref;
use runtime::{audit, protocol, sys_state};

const WORK: &str = r#"
class T:
    def __init__(self, x=None):
        self.x = x

class P(T):
    def __add__(self, other): return P(other)
    def __iadd__(self, other): raise KeyError(T())
    def __enter__(self): return T()
    def __exit__(self, *args): return False
    def __iter__(self):
        yield T()
        raise ValueError(T())
    def __bool__(self): raise ValueError(T())
    def method(self, a, b=None): return a
    def __getattr__(self, name): raise AttributeError(name, T())

def plain():
    a = T(); b = [a, T()]; d = {"k": (a, b)}
    return d

def raising():
    a, (b, c) = T(), (T(), T())
    raise ValueError(a)

def finishing(x=3):
    a = T()
    try:
        return x.foo
    finally:
        b = T()

def indexing():
    items = []
    for i in range(5):
        t = T(items[:])
        items.append(t)
        items[0] = t
    items[17] = t

def collect(*args, k=None, **kw): return args, k, kw
def calling(): return collect(T(), T(), k=T(), z=T(), **{"y": T()}), collect(*[T(), T()])
def twice(): return collect(T(), k=T(), **{"k": T()})
def operators():
    p = P(); q = p + T(); q += T()
def truth():
    if P(T()): return T()
def missing(): P(T()).zork(T())
def methods():
    p = P(); return p.method(T()), p.method(T(), b=T())
def managed():
    with P() as x, P() as y: raise ValueError(x)
def iterating():
    for x in P(): y = x
def unpacking():
    a, b = [T(), T(), T()]
def overflowing():
    i = 2**62 - 3
    for _ in range(10): t = T(); i = i + 1
    return i + 0.5, t
def recursing(n=3):
    t = T()
    if n == 0: raise ValueError(t)
    return recursing(n - 1), t
def text():
    t = T()
    return f"{t.x!r:>10}{t.x}" + str(t.x) + "%s" % t.x
def accumulator(t):
    total = [t]
    def add(x, *more):
        nonlocal total
        total = total + [x, T(t)]
        if len(total) > 8: raise ValueError(total)
        return total
    return add
def local_class(t):
    class Local(P):
        def method(self, a, b=None): return super().method(t, b=self)
    return Local
def capturing():
    first, second = accumulator(T()), accumulator(T())
    first(T()); second(T()); second(T(), T())
    local_class(T())().method(1)
    return [f for f in map(accumulator, range(5))] and [first(T()) for _ in range(9)]
def chained():
    try: raise ValueError(T())
    except ValueError as e: raise KeyError(T()) from e

def work():
    for f in (plain, raising, finishing, indexing, calling, twice, operators, truth, missing, methods, managed, iterating,
              unpacking, overflowing, recursing, text, capturing, chained):
        try: f()
        except Exception: pass

def closures():
    for n in range(10000):
        add = accumulator(T())
        kept = add(n) + add(n)
"#;

#[test]
fn compiled_work_leaves_nothing_behind() {
    let _attached = runtime::attach();
    let file = std::env::temp_dir().join(format!("spc-leaks-{}.py", std::process::id()));
    std::fs::write(&file, WORK).expect("a temporary file can be written");
    let jit = JitSettings { mode: Mode::Always, ..JitSettings::default() };
    let settings = host::Settings { jit, ..host::Settings::default() };
    host::start(&settings).expect("the process is set up");
    host::run::run_main(&file).expect("the program defines its functions");
    std::fs::remove_file(&file).expect("the temporary file can be removed");
    let main = sys_state::modules().get_text("__main__").expect("the program is the main module");
    let function = |name| protocol::get_attr_text(main.value(), name).expect("the program defines its work");
    let [work, closures] = ["work", "closures"].map(function);
    let function = work.get::<FunctionObject>().expect("the work is a function");
    let call =
        |work: &Ref| drop(protocol::call(work.value(), &[], None).expect("the work handles its exceptions"));
    let run = || call(&work);
    call(&closures);
    // Guards that fail retire code a few times; then the code stays.
    (0..1200).for_each(|_| run());
    assert!(jit::report::is_compiled(function), "the work has machine code");
    let mark = audit::census();
    (0..10).for_each(|_| run());
    call(&closures);
    let growth = audit::census().growth_since(&mark);
    assert!(growth.is_empty(), "objects left over: {growth:?}");
}
