//! The command line on bad input: located messages, exit codes, no panics.

use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::harness::root;

/// The `spc` of this build, made on demand.
pub(crate) fn spc() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo)
        .args(["build", "-q", "-p", "spc"])
        .current_dir(root())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "spc builds");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("debug/spc")
}

fn run(spc: &Path, args: &[&str]) -> Output {
    Command::new(spc).args(args).output().expect("spc starts")
}

/// Exit code 2, nothing on standard output, and a message that contains `wanted`.
fn rejects(spc: &Path, args: &[&str], wanted: &str) {
    let output = run(spc, args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {errors}");
    assert!(output.stdout.is_empty(), "{args:?}");
    assert!(errors.contains(wanted), "{args:?}: {errors}");
    assert!(!errors.contains("panicked"), "{args:?}: {errors}");
}

/// `check` with exit code 1, nothing on standard error, and findings that contain `wanted`.
fn finds(spc: &Path, args: &[&str], wanted: &str) {
    let output = run(spc, &[&["check"], args].concat());
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {found}");
    assert!(output.stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(found.contains(wanted), "{args:?}: {found}");
}

#[test]
fn bad_input_is_reported() {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-command-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a temporary file can be written");
        path.display().to_string()
    };
    let broken = file("broken.py", b"def f(:\n    pass\n");
    let types = file("types.py", b"import __static__\nx: int = 'a'\ndef f() -> int:\n    return 'b'\n");
    let nul = file("nul.py", b"x = 1\0\n");
    let utf8 = file("utf8.py", b"x = '\xff'\n");
    let nested =
        file("nested.py", format!("x = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000)).as_bytes());
    let shown = folder.display().to_string();
    finds(&spc, &["/no/such/file.py"], "error[SP0001]: can't read: [Errno 2] No such file");
    finds(&spc, &[&shown], "found 6 errors in 5 files");
    finds(&spc, &[&broken], "invalid syntax");
    finds(&spc, &["--syntax-only", &broken], "broken.py:1:7");
    finds(&spc, &[&types], "expected int because of return type, found str instead");
    finds(&spc, &[&nul], "source code cannot contain null bytes");
    finds(&spc, &[&utf8], "Non-UTF-8 code starting with '\\xff' on line 1");
    finds(&spc, &[&nested], "too many nested parentheses");
    rejects(&spc, &["dump", "--stage=types", &types], "error[SP0131]");
    rejects(&spc, &["run", &types], "error[SP0131]");
    rejects(&spc, &["explain", "SP1031"], "there is no code 'SP1031'. Did you mean 'SP0131'?");
    rejects(&spc, &["explain", "type-missmatch"], "Did you mean 'type-mismatch'?");
    rejects(&spc, &["frobnicate"], "can't open file 'frobnicate': [Errno 2] No such file");
    rejects(&spc, &["-Z"], "Unknown option: -Z\nusage: spc");
    rejects(&spc, &["-W"], "Argument expected for the -W option");
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

#[test]
fn good_input_is_accepted() {
    let spc = spc();
    let program = root().join("examples/richards.py").display().to_string();
    for args in [
        &["check", &program][..],
        &["dump", "--stage=types", &program],
        &["dis", &program, "Packet.__init__"],
    ] {
        let output = run(&spc, args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
    let listing = run(&spc, &["dis", &program, "Task.is_blocked"]);
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    let opcodes: Vec<_> = listing
        .split_whitespace()
        .filter(|word| word.chars().all(|c| c.is_uppercase() || c == '_'))
        .collect();
    assert_eq!(&opcodes[..3], ["CHECK_ARGS", "LOAD_FAST", "LOAD_FIELD"]);
}

/// Runs with this on standard input; gives exit code, output, errors.
fn run_with_input(spc: &Path, folder: &Path, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(spc);
    command
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("spc starts");
    let written = child.stdin.take().expect("piped").write_all(input.as_bytes());
    // A program that does not read its input may have ended.
    drop(written);
    let output = child.wait_with_output().expect("spc ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// What follows the message about a command line that is wrong.
const USAGE: &str =
    "usage: spc [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `spc -h' for more information.\n";

#[test]
fn programs_are_started_as_python_starts_them() {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-start-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("pack/inner")).expect("temporary folders can be made");
    let show = "import sys\nprint(__name__, sys.argv, __package__)\n";
    for name in
        ["prog.py", "pack/__init__.py", "pack/mod.py", "pack/inner/__init__.py", "pack/inner/__main__.py"]
    {
        let text = if name.ends_with("__init__.py") { "" } else { show };
        std::fs::write(folder.join(name), text).expect("temporary files can be written");
    }
    let here = std::fs::canonicalize(&folder).expect("the folder exists").display().to_string();
    let check = |args: &[&str], input: &str, code: i32, out: &str, errors: &str| {
        let (got, stdout, stderr) = run_with_input(&spc, &folder, args, input);
        assert_eq!((got, stdout.replace(&here, "HERE")), (Some(code), out.to_owned()), "{args:?}: {stderr}");
        assert!(stderr.ends_with(errors) && (!errors.is_empty() || stderr.is_empty()), "{args:?}: {stderr}");
    };
    check(
        &["-c", "import sys; print(sys.argv, repr(sys.path[0]))", "-x", "y"],
        "",
        0,
        "['-c', '-x', 'y'] ''\n",
        "",
    );
    check(&["-cprint(1)"], "", 0, "1\n", "");
    check(&["-c", "1/0"], "", 1, "", "    1/0\n    ~^~\nZeroDivisionError: division by zero\n");
    check(&["-c", "x = ("], "", 1, "", "    x = (\n        ^\nSyntaxError: '(' was never closed\n");
    check(&["-c", "raise SystemExit(7)"], "", 7, "", "");
    check(&["-c", "raise SystemExit('bye')"], "", 1, "", "bye\n");
    check(&["-c"], "", 2, "", &format!("Argument expected for the -c option\n{USAGE}"));
    check(&["-m"], "", 2, "", &format!("Argument expected for the -m option\n{USAGE}"));
    check(&["prog.py", "-a", "--", "b"], "", 0, "__main__ ['prog.py', '-a', '--', 'b'] None\n", "");
    check(&["run", "prog.py", "a"], "", 0, "__main__ ['prog.py', 'a'] None\n", "");
    check(&["--jit=off", "prog.py"], "", 0, "__main__ ['prog.py'] None\n", "");
    check(&["-m", "pack.mod", "-a"], "", 0, "__main__ ['HERE/pack/mod.py', '-a'] pack\n", "");
    check(&["-m", "pack.inner"], "", 0, "__main__ ['HERE/pack/inner/__main__.py'] pack.inner\n", "");
    check(&["-m", "nope"], "", 1, "", ": No module named nope\n");
    check(&["-m", "math"], "", 1, "", ": No code object available for math\n");
    check(&["-m", ".mod"], "", 1, "", ": Relative module names not supported\n");
    let advice = "Try using 'pack.mod' instead of 'pack.mod.py' as the module name.\n";
    check(&["-m", "pack.mod.py"], "", 1, "pack.mod ['-m'] pack\n", advice);
    check(&["pack/inner"], "", 0, "__main__ ['pack/inner'] \n", "");
    let executable = "'pack' is a package and cannot be directly executed\n";
    check(&["-m", "pack"], "", 1, "", executable);
    check(&["-"], "import sys\nprint(sys.argv, __name__)", 0, "['-'] __main__\n", "");
    check(
        &["-"],
        "print(__file__)\nreturn 1\n",
        1,
        "",
        "  File \"<stdin>\", line 2\nSyntaxError: 'return' outside function\n",
    );
    check(
        &["-c", "return 1"],
        "",
        1,
        "",
        "  File \"<string>\", line 1\nSyntaxError: 'return' outside function\n",
    );
    check(&["-"], "print(__file__, __cached__)\n", 0, "<stdin> None\n", "");
    let warning = "BytesWarning: Comparison between bytes and string\n";
    check(&["-b", "-c", "print(b'a' == 'a')"], "", 0, "False\n", warning);
    check(&["-bb", "-c", "print('a' == b'a')"], "", 1, "", warning);
    check(&["-bb", "-c", "b'a' != 97"], "", 1, "", "BytesWarning: Comparison between bytes and int\n");
    check(&["-bb", "-c", "str(bytearray())"], "", 1, "", "BytesWarning: str() on a bytearray instance\n");
    check(&["-bb", "-c", "f'{b\"a\"}'"], "", 1, "", "BytesWarning: str() on a bytes instance\n");
    check(
        &[],
        "def f():\n    1/0\nf()\n",
        1,
        "",
        "  File \"<stdin>\", line 2, in f\nZeroDivisionError: division by zero\n",
    );
    check(&["no_such.py"], "", 2, "", "[Errno 2] No such file or directory\n");
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

/// What a command line prints with a cache of its own.
fn with_cache(spc: &Path, cache: &Path, args: &[&str]) -> String {
    let output = Command::new(spc)
        .args(args)
        .env("XDG_CACHE_HOME", cache)
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .output()
        .expect("spc starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn options_stand_before_a_program() {
    let (spc, cache) = (spc(), std::env::temp_dir());
    for (args, wanted) in [
        (&["-O", "-c", "assert False; print(__debug__)"][..], "False\n"),
        (&["-OO", "-c", "def f(): 'doc'\nprint(f.__doc__)"], "None\n"),
        (
            &["-IBc", "import sys; print(sys.flags.isolated, sys.dont_write_bytecode, sys.argv)", "-x"],
            "1 True ['-c', '-x']\n",
        ),
        (
            &["-Wignore", "-X", "a=b", "-Xc", "-c", "import sys; print(sys.warnoptions, sys._xoptions)"],
            "['ignore'] {'a': 'b', 'c': True}\n",
        ),
        (&["-S", "-c", "import builtins; print(hasattr(builtins, 'exit'))"], "False\n"),
        (
            &["-c", "print(exit, help)"],
            "Use exit() or Ctrl-D (i.e. EOF) to exit Type help() for interactive help, or help(object) for help about object.\n",
        ),
        (&["-X", "int_max_str_digits=640", "-c", "import sys; print(sys.get_int_max_str_digits())"], "640\n"),
    ] {
        assert_eq!(with_cache(&spc, &cache, args), wanted, "{args:?}");
    }
    assert!(with_cache(&spc, &cache, &["-V"]).starts_with("Python 3.14"));
}

#[test]
fn arguments_that_are_no_text_keep_their_bytes() {
    let show = "import os, sys; print(ascii(sys.argv[1:]), os.fsencode(sys.argv[1]), sys.orig_argv[-2] == sys.argv[1])";
    let word = std::ffi::OsStr::from_bytes(b"a\xff\xc3\xa9");
    let output =
        Command::new(spc()).args(["-c", show]).args([word, "-x".as_ref()]).output().expect("spc starts");
    let wanted = "['a\\udcff\\xe9', '-x'] b'a\\xff\\xc3\\xa9' True\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), wanted);
}

#[test]
fn hashes_are_random_unless_a_seed_is_chosen() {
    let hash = |args: &[&str]| {
        let mut command = Command::new(spc());
        command.args(args).args(["-c", "import sys; print(hash('text'), sys.flags.hash_randomization)"]);
        command.env("PYTHONHASHSEED", "0").output().expect("spc starts").stdout
    };
    let fixed = hash(&[]);
    assert_eq!(fixed, hash(&[]));
    for option in ["-R", "-E"] {
        let random = hash(&[option]);
        assert_ne!(fixed, random, "{option}");
        assert!(random.ends_with(b" 1\n"), "{option}");
    }
}

#[test]
fn the_first_line_may_be_left_out() {
    let (spc, folder) = (spc(), std::env::temp_dir().join(format!("spc-first-line-{}", std::process::id())));
    std::fs::create_dir_all(&folder).expect("temporary folders can be made");
    let file = folder.join("batch.py");
    std::fs::write(&file, "@spc -x %0 & exit /b\nprint('second')\n1 / 0\n").expect("files can be written");
    let shown = file.display().to_string();
    let (code, output, errors) = run_with_input(&spc, &folder, &["-x", &shown], "");
    assert_eq!((code, output.as_str()), (Some(1), "second\n"));
    assert!(errors.contains("line 3, in <module>\n    1 / 0\n"), "{errors}");
    let (code, output, _) = run_with_input(&spc, &folder, &[&shown], "");
    assert_eq!((code, output.as_str()), (Some(1), ""));
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}

#[test]
fn imports_are_told_and_checks_of_hashes_are_chosen() {
    let (spc, folder) = (spc(), std::env::temp_dir());
    let (code, _, errors) = run_with_input(&spc, &folder, &["-v", "-c", "import colorsys, math"], "");
    let wanted = "# code object from '<stdlib>/colorsys.py'\nimport 'colorsys' # <_frozen_importlib_external.SourceFileLoader object>\n\
                  import 'math' # <class '_frozen_importlib.BuiltinImporter'>\n";
    assert!(code == Some(0) && errors.contains(wanted), "{errors}");
    let show = "import _imp; print(_imp.check_hash_based_pycs)";
    for when in ["always", "default", "never"] {
        let (_, output, _) =
            run_with_input(&spc, &folder, &["--check-hash-based-pycs", when, "-c", show], "");
        assert_eq!(output.trim(), when);
    }
    let (code, _, errors) =
        run_with_input(&spc, &folder, &["--check-hash-based-pycs", "often", "-c", show], "");
    let message = "--check-hash-based-pycs must be one of 'default', 'always', or 'never'\n";
    assert_eq!((code, errors), (Some(2), message.to_owned() + USAGE));
}

#[test]
fn the_prompt_reads_statements() {
    let input =
        "print(1 + 1)\ndef f(x):\n    return (x *\n            2)\n\nf(21)\n_ + 1\n1 / 0\n'still here'\n";
    let (code, output, errors) = run_with_input(&spc(), &std::env::temp_dir(), &["-i"], input);
    assert_eq!((code, output.as_str()), (Some(0), "2\n42\n43\n'still here'\n"), "{errors}");
    assert!(
        errors.starts_with("Python 3.14") && errors.contains("ZeroDivisionError: division by zero"),
        "{errors}"
    );
}

/// What the prompt says on standard error, behind its greeting.
fn told_by_prompt(args: &[&str], input: &str) -> String {
    let args = [&["-q", "-i"], args].concat();
    run_with_input(&spc(), &std::env::temp_dir(), &args, input).2
}

#[test]
fn the_prompt_shows_the_source_of_what_fails() {
    let failed = ">>> Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\n    1 / 0\n    ~~^~~\n\
                  ZeroDivisionError: division by zero\n";
    assert!(told_by_prompt(&[], "1 / 0\n").starts_with(failed));
    assert!(told_by_prompt(&[], "f(\n").contains("    f(\n     ^\nSyntaxError: '(' was never closed\n"));
    // `SystemExit` does not keep the prompt from coming.
    let left = told_by_prompt(&["-c", "v = 1; raise SystemExit(2)"], "v\n");
    assert!(
        left.ends_with(
            "    v = 1; raise SystemExit(2)\n           ^^^^^^^^^^^^^^^^^^^\nSystemExit: 2\n>>> >>> \n"
        ),
        "{left}"
    );
}

#[test]
fn colours_are_for_those_who_want_them() {
    let shown = |colours: &str| {
        let mut command = Command::new(spc());
        command.args(["-c", "1 / 0"]).env("PYTHON_COLORS", colours);
        String::from_utf8_lossy(&command.output().expect("spc starts").stderr).into_owned()
    };
    let plain = "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\n    1 / 0\n    ~~^~~\n\
                 ZeroDivisionError: division by zero\n";
    assert_eq!(shown("0"), plain);
    let coloured = shown("1");
    assert!(coloured.contains("\x1b[35m\"<string>\"\x1b[0m"), "{coloured}");
    let mut without = coloured;
    while let Some(start) = without.find('\x1b') {
        let end = start + without[start..].find('m').expect("a colour ends");
        without.replace_range(start..=end, "");
    }
    assert_eq!(without, plain);
}

#[test]
fn files_hide_native_modules_that_are_not_built_in() {
    let folder = std::env::temp_dir().join(format!("spc-hidden-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("zlib")).expect("a temporary folder can be made");
    for name in ["math.py", "errno.py"] {
        std::fs::write(folder.join(name), "mine = True\n").expect("a temporary file can be written");
    }
    let program = "import array, errno, math, zlib\nprint(hasattr(math, 'mine'), hasattr(errno, 'mine'), array, zlib)\n\
                   import importlib.util, sys\nprint(math.__spec__.origin == math.__file__, errno.__spec__.origin)\n\
                   for name in 'math', 'array': del sys.modules[name]\n\
                   print(hasattr(importlib.import_module('math'), 'mine'), importlib.import_module('array'))\n";
    let (code, output, errors) = run_with_input(&spc(), &folder, &["-c", program], "");
    let wanted = "True False <module 'array' (built-in)> <module 'zlib' (built-in)>\nTrue built-in\n\
                  True <module 'array' (built-in)>\n";
    assert_eq!((code, output.as_str()), (Some(0), wanted), "{errors}");
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

/// Kept code is used while it fits, and whatever is wrong with it, it is compiled anew.
#[test]
fn kept_modules_are_only_used_as_they_were_written() {
    use std::os::unix::fs::PermissionsExt;
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-cache-{}", std::process::id()));
    let (cache, kept) = (folder.join("cache"), folder.join("cache/staticpy"));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let (module, program) = (folder.join("module_of_mine.py"), folder.join("program.py"));
    let write = |text: &str| std::fs::write(&module, text).expect("a temporary file can be written");
    std::fs::write(&program, "import module_of_mine as m; print(m.f(1))")
        .expect("a temporary file can be written");
    let files = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&kept).expect("the cache has been made");
        entries.map(|entry| entry.expect("it can be read").path()).collect()
    };
    let program = program.display().to_string();
    let answer = |wanted: &str, why: &str| assert_eq!(with_cache(&spc, &cache, &[&program]), wanted, "{why}");

    write("def f(x): return x + 1\n");
    answer("2\n", "compiled");
    let [file] = &files()[..] else { panic!("one module was imported: {:?}", files()) };
    let written = std::fs::read(file).expect("it can be read");
    answer("2\n", "kept");
    for at in (0..written.len()).step_by(23) {
        let mut changed = written.clone();
        changed[at] ^= 0x10;
        std::fs::write(file, &changed).expect("it can be written");
        answer("2\n", "a flipped bit");
        assert_eq!(std::fs::read(file).expect("it can be read"), written, "written anew");
    }
    for end in [0, 1, 50, written.len() - 1] {
        std::fs::write(file, &written[..end]).expect("it can be written");
        answer("2\n", "cut off");
    }
    write("def f(x): return x + 2\n");
    answer("3\n", "another source");
    std::fs::write(file, &written).expect("it can be written");
    answer("3\n", "stale");
    // Code that others may have written is not believed, nor what lies elsewhere.
    write("def f(x): return x + 1\n");
    let trap = folder.join("trap");
    std::fs::write(&trap, &written).expect("it can be written");
    std::fs::remove_file(file).expect("it can be removed");
    std::os::unix::fs::symlink(&trap, file).expect("a link can be made");
    answer("2\n", "behind a link");
    assert!(!std::fs::symlink_metadata(file).expect("it is there").is_symlink(), "written anew");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o666)).expect("it is ours");
    answer("2\n", "writable by others");
    let mode = std::fs::metadata(file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "written anew");
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

/// Code of static modules is kept as long as everything holds that checking it has rested on.
#[test]
fn kept_static_modules_rest_on_what_they_import() {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-premises-{}", std::process::id()));
    let (cache, kept) = (folder.join("cache"), folder.join("cache/staticpy"));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let write = |name: &str, text: &str| {
        let text = format!("import __static__\n{text}");
        std::fs::write(folder.join(name), text).expect("a temporary file can be written");
    };
    let program = folder.join("program.py").display().to_string();
    let stamps = || -> Vec<_> {
        let entries = std::fs::read_dir(&kept).expect("the cache has been made").map(|entry| {
            let entry = entry.expect("it can be read");
            let meta = entry.metadata().expect("it is there");
            (entry.file_name(), meta.modified().expect("files have times"))
        });
        entries.collect()
    };
    let answer = |wanted: &str, why: &str| assert_eq!(with_cache(&spc, &cache, &[&program]), wanted, "{why}");

    write("base.py", "class P:\n    def __init__(self, x: int) -> None:\n        self.x: int = x\n");
    write("middle.py", "from base import P\ndef make(x: int) -> P:\n    return P(x)\n");
    write("program.py", "from middle import make\ndef run() -> int:\n    return make(3).x\nprint(run())\n");
    answer("3\n", "compiled");
    let first = stamps();
    assert_eq!(first.len(), 3, "the program and what it imports");
    answer("3\n", "kept");
    assert_eq!(stamps(), first, "nothing is written anew");

    write("base.py", "class P:\n    def __init__(self, x: int) -> None:\n        self.x: int = x * 2\n");
    answer("6\n", "another source two imports away");
    let second = stamps();
    assert!(first.iter().all(|file| !second.contains(file)), "all three rest on it");

    write("base.py", "class P:\n    def __init__(self, y: int) -> None:\n        self.y: int = y\n");
    let output = Command::new(&spc).arg(&program).env("XDG_CACHE_HOME", &cache).output().expect("spc starts");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && errors.contains("has no attribute 'x'"), "{errors}");

    // A package comes before a module of its name.
    write("base.py", "class P:\n    def __init__(self, x: int) -> None:\n        self.x: int = x\n");
    answer("3\n", "as it was");
    std::fs::create_dir(folder.join("base")).expect("a temporary folder can be made");
    write(
        "base/__init__.py",
        "class P:\n    def __init__(self, x: int) -> None:\n        self.x: int = x * 5\n",
    );
    answer("15\n", "found elsewhere");
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

/// Decision 28: primitives wrap, and raise where they would with `--trap-overflow`, in code that is kept, too.
#[test]
fn overflow_traps_if_asked() {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-overflow-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let path = folder.join("program.py");
    std::fs::write(&path, OVERFLOWING).expect("a temporary file can be written");
    let path = path.display().to_string();
    let wrapped = "-128 -1 -2 0 -9223372036854775808 -128 0 9 ";
    let trapped = "int8 uint32 int64 uint8 int64 int8 int16 9 ";
    for mode in ["--jit=off", "--jit=on", "--jit=always"] {
        assert_eq!(with_cache(&spc, &folder, &[mode, &path]), wrapped, "{mode}");
        for _ in ["compiled", "kept"] {
            assert_eq!(with_cache(&spc, &folder, &[mode, "--trap-overflow", &path]), trapped, "{mode}");
        }
        assert_eq!(with_cache(&spc, &folder, &["run", mode, "--trap-overflow", &path]), trapped, "{mode}");
    }
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

/// Prints for each operation its result, or which type overflowed.
const OVERFLOWING: &str = "import __static__
from __static__ import box, int8, int16, int64, uint8, uint32

def add(a: int8) -> int:
    return box(a + int8(1))

def subtract(a: uint32) -> int:
    b: uint32 = a - uint32(1)
    return -1 if b == uint32(4294967295) else 0

def multiply(a: int64) -> int:
    return box(a * int64(2))

def shift(a: uint8) -> int:
    return box(a << uint8(7))

def divide(a: int64) -> int:
    return box(a // int64(-1))

def negate(a: int8) -> int:
    return box(-a)

def accumulate(n: int64) -> int:
    total: int16 = 1
    i: int64 = 0
    while i < n:
        total *= 2
        i += 1
    return box(total)

def inside(a: int8) -> int:
    return box(a * int8(3) + int8(3) - int8(0) << int8(0))

for f, x in (
    (add, 127), (subtract, 0), (multiply, 2**63 - 1), (shift, 2), (divide, -(2**63)), (negate, -128),
    (accumulate, 16), (inside, 2),
):
    try:
        print(f(x), end=' ')
    except OverflowError as error:
        print(str(error).removesuffix(' overflow'), end=' ')
";

/// The command with what it does about a signal set from outside, by `env` and an option of it; its streams are piped.
pub(crate) fn with_signals(option: &str, command: &Command) -> Command {
    let mut outer = Command::new("env");
    outer.arg(option).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    outer.stdout(Stdio::piped()).stderr(Stdio::piped());
    outer
}

/// The command as if it had been started in the foreground: tests that a shell runs in the background inherit that interrupts are ignored.
pub(crate) fn interruptible(command: &Command) -> Command {
    with_signals("--default-signal=INT", command)
}

/// Sends a signal by the name that `kill` knows.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// The number of the signal that Ctrl-C sends.
const SIGINT: i32 = 2;

/// Starts a program that prints a line, sends it SIGINT, and gives the signal that ends it and what it leaves.
fn interrupted(spc: &Path, program: &str) -> (Option<i32>, String) {
    let mut command = Command::new(spc);
    command.args(["-c", program]);
    let mut child = interruptible(&command).spawn().expect("spc starts");
    let mut first = [0u8; 3];
    child.stdout.as_mut().expect("piped").read_exact(&mut first).expect("the program prints");
    assert_eq!(&first, b"go\n");
    std::thread::sleep(std::time::Duration::from_millis(100));
    signal(&child, "-INT");
    let output = child.wait_with_output().expect("spc ends");
    (output.status.signal(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_interrupt_ends_what_runs() {
    let spc = spc();
    let cases = [
        ("print('go', flush=True)\nwhile True:\n    pass\n", "line 2, in <module>"),
        (
            "def f(n): return f(n - 1) + f(n - 2) if n > 1 else n\nprint('go', flush=True)\nf(60)\n",
            "line 1, in f",
        ),
        ("import time\nprint('go', flush=True)\ntime.sleep(60)\n", "line 3, in <module>"),
        ("print('go', flush=True)\nsum(iter(int, 1))\n", "line 2, in <module>"),
        (
            "def f():\n try: f()\n except RecursionError: f()\nimport sys\nsys.setrecursionlimit(40)\nprint('go', flush=True)\nf()\n",
            "in f",
        ),
    ];
    for (program, place) in cases {
        let (signal, errors) = interrupted(&spc, program);
        assert_eq!(signal, Some(SIGINT), "{program}: {errors}");
        assert!(errors.starts_with("Traceback (most recent call last):\n"), "{program}: {errors}");
        assert!(errors.contains(place) && errors.ends_with("\nKeyboardInterrupt\n"), "{program}: {errors}");
    }
}

#[test]
fn running_out_of_memory_is_an_exception() {
    let spc = spc();
    let cases = [
        "try: 10**(10**12)\nexcept MemoryError: print('ME')",
        "l = [0]\ntry:\n    while True: l = l + l\nexcept MemoryError: l = 0; print('ME')",
        "s = 'a' * 4000000\ntry:\n    while True: s = f'{s}{s}'\nexcept MemoryError: s = 0; print('ME')",
        "s = 'a' * 4000000\ntry: s.replace('a', 'b' * 999)\nexcept MemoryError: print('ME')",
        "x = 3**100000\ntry:\n    while True: x = x * x\nexcept MemoryError: x = 0; print('ME')",
        "d = b'a' * 4000000\ntry:\n    while True: d += d\nexcept MemoryError: d = 0; print('ME')",
        "l = [0] * 4000000\ntry:\n    while True: l.extend(l)\nexcept MemoryError: l = 0; print('ME')",
    ];
    for program in cases {
        let mut command = Command::new("sh");
        command.arg("-c").arg("ulimit -v 1300000; exec \"$0\" --jit=off -c \"$1\"").arg(&spc).arg(program);
        let output = command.output().expect("a shell starts");
        let (out, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((output.status.code(), &*out, &*errors), (Some(0), "ME\n", ""), "{program}");
    }
}

/// In a process of its own: the audit of debug builds says nothing about what is left there.
#[test]
fn everything_that_lives_can_be_made_to_live_for_ever() {
    const PROGRAM: &str = "\
import gc
from cinderx import immortalize_heap, is_immortal
class Node: pass
node = Node()
node.items = [Node(), 'text' * 3, 2**100, 1.5]
print(is_immortal(node), is_immortal(node.items), end=' ')
print(immortalize_heap() > 100, is_immortal(node), *map(is_immortal, node.items), is_immortal(Node()))
node.items.append(Node())
node.items.clear()
del node
print(gc.collect() >= 0, immortalize_heap() < 1000, sum(range(1000)))
";
    for mode in ["--jit=off", "--jit=on", "--jit=always"] {
        let output = run(&spc(), &[mode, "-c", PROGRAM]);
        let (printed, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let wanted = "False False True True True True True True False\nTrue True 499500\n";
        assert_eq!((&*printed, &*errors, output.status.code()), (wanted, "", Some(0)), "{mode}");
    }
}

/// The audit of debug builds goes on for what comes later.
#[test]
fn leaks_are_found_beside_what_lives_for_ever() {
    const PROGRAM: &str = "\
from cinderx import immortalize_heap
class Node: pass
immortalize_heap()
for number in range(40000):
    Node()
";
    let run = |leak: &str| {
        let mut command = Command::new(spc());
        let output =
            command.args(["--jit=off", "-c", PROGRAM]).env("SPC_STRESS", leak).output().expect("spc starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run(""), (Some(0), String::new()));
    let (code, said) = run("leak:35000");
    assert!(code == Some(99) && said.starts_with("leak audit: objects left over: 1\n"), "{code:?} {said}");
}
