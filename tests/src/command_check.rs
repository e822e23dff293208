//! `spc check` over trees that change: what is kept, what is checked again, and watching.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::RecvTimeoutError::Disconnected;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use crate::command::{interruptible, signal, spc, with_signals};

/// A temporary tree with a cache of its own.
struct Tree {
    spc: PathBuf,
    folder: PathBuf,
}

impl Tree {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("spc-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("tree")).expect("a temporary folder can be made");
        Self { spc: spc(), folder }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.join("tree").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let place = self.place(name);
        std::fs::create_dir_all(place.parent().expect("files lie in folders")).expect("folders can be made");
        std::fs::write(place, text).expect("a temporary file can be written");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.spc);
        let cache = self.folder.join("cache");
        command.args(args).current_dir(self.folder.join("tree")).env("XDG_CACHE_HOME", cache);
        command.env_remove("PYTHONPYCACHEPREFIX").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What `spc check` finds, and how many of the files it has checked.
    fn check(&self, args: &[&str]) -> (String, usize) {
        let concise = ["check", "--output-format=concise", "--statistics"];
        let output = self.command(&[&concise[..], args].concat()).output().expect("spc starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (found, said) = (text(&output.stdout), text(&output.stderr));
        let code = i32::from(found.contains(" error["));
        assert_eq!(output.status.code(), Some(code), "{found}{said}");
        let last = said.lines().last().and_then(|line| line.strip_prefix("checked "));
        let number = last.and_then(|line| line.split(' ').next()).and_then(|number| number.parse().ok());
        (found, number.unwrap_or_else(|| panic!("how many were checked: {said}")))
    }

    /// The files of the cache.
    fn kept(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.join("cache/staticpy")).expect("the cache has been made");
        let mut kept: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
        kept.sort();
        kept
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

const BASE: &str =
    "import __static__\nclass P:\n    def __init__(self, x: int) -> None:\n        self.x: int = x\n";
const MIDDLE: &str = "import __static__\nfrom base import P\ndef make(x: int) -> P:\n    return P(x)\n";
const TOP: &str =
    "import __static__\nfrom middle import make\nimport nowehre\ndef f() -> int:\n    return make('a').x\n";

/// Four files: a chain of imports with an error and a warning at its end, and one that stands alone.
fn chain(name: &str) -> Tree {
    let tree = Tree::new(name);
    tree.write("base.py", BASE);
    tree.write("middle.py", MIDDLE);
    tree.write("top.py", TOP);
    tree.write("alone.py", "import __static__\nprint('a' is 'a')\n");
    tree
}

#[test]
fn unchanged_modules_are_not_checked_again() {
    let tree = chain("check-kept");
    let (found, checked) = tree.check(&["."]);
    assert_eq!(checked, 4, "{found}");
    for wanted in ["top.py:5:17: error[SP0131]", "warning[SP0152]", "alone.py:2:7: warning[SP0004]"] {
        assert!(found.contains(wanted), "{wanted}: {found}");
    }
    assert_eq!(tree.check(&["."]), (found.clone(), 0), "kept, with errors and warnings");
    assert_eq!(tree.check(&["--no-cache", "."]), (found.clone(), 4), "nothing is kept for it");
    assert_eq!(tree.check(&["--strict", "."]).1, 4, "another question");
    assert_eq!(tree.check(&["."]).1, 0, "the first answer is still there");

    let count = |name: &str, text: &str| {
        tree.write(name, text);
        let (again, checked) = tree.check(&["."]);
        assert_eq!(tree.check(&["."]), (again.clone(), 0), "{name}");
        (again, checked)
    };
    assert_eq!(count("alone.py", "import __static__\n"), (found.replace(line(&found, "alone.py"), ""), 1));
    assert_eq!(count("top.py", &format!("{TOP}\n")).1, 1, "nothing imports it");
    assert_eq!(count("middle.py", &format!("{MIDDLE}\n")).1, 2, "it and what imports it");
    let (found, checked) = count("base.py", &BASE.replace('x', "y"));
    assert_eq!(checked, 3, "it and what imports it, however far away");
    assert!(found.contains("has no attribute 'x'"), "{found}");
    assert_eq!(count("nowhere.py", "").1, 2, "it, and the module that looks for one with such a name");
    assert_eq!(count("nowehre.py", "").1, 2, "it, and the module that has looked for it in vain");
    assert_eq!(count("middle/__init__.py", MIDDLE).1, 2, "a package comes before a module of its name");
    std::fs::remove_file(tree.place("base.py")).expect("it can be removed");
    assert_eq!(tree.check(&["."]).1, 3, "what has rested on it");
}

/// The line of a file's finding.
fn line<'t>(found: &'t str, file: &str) -> &'t str {
    found.split_inclusive('\n').find(|line| line.starts_with(file)).unwrap_or_default()
}

#[test]
fn kept_findings_are_only_used_as_they_were_written() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new("check-broken");
    tree.write("base.py", BASE);
    tree.write("wrong.py", "import __static__\nfrom base import P\nP('a')\n");
    let first = tree.check(&["wrong.py"]);
    assert!(first.1 == 1 && first.0.contains("SP0131"), "{first:?}");
    let [file] = &tree.kept()[..] else { panic!("one file was checked: {:?}", tree.kept()) };
    let written = std::fs::read(file).expect("it can be read");
    let again = |why: &str| {
        assert_eq!(tree.check(&["wrong.py"]), first, "{why}");
        assert_eq!(std::fs::read(file).expect("it can be read"), written, "written anew: {why}");
        assert_eq!(tree.check(&["wrong.py"]).1, 0, "and kept: {why}");
    };
    for at in (0..written.len()).step_by(41) {
        let mut changed = written.clone();
        changed[at] ^= 0x10;
        std::fs::write(file, &changed).expect("it can be written");
        again("a flipped bit");
    }
    for end in [0, 1, 50, written.len() - 1] {
        std::fs::write(file, &written[..end]).expect("it can be written");
        again("cut off");
    }
    std::fs::write(file, [&written[..], b"x"].concat()).expect("it can be written");
    again("too long");
    let elsewhere = tree.folder.join("elsewhere");
    std::fs::write(&elsewhere, &written).expect("it can be written");
    std::fs::remove_file(file).expect("it can be removed");
    std::os::unix::fs::symlink(&elsewhere, file).expect("a link can be made");
    again("behind a link");
    std::fs::remove_file(file).expect("it can be removed");
    assert!(Command::new("mkfifo").arg(file).status().expect("mkfifo starts").success());
    again("a pipe");
    let sparse =
        std::fs::OpenOptions::new().write(true).truncate(true).open(file).expect("it can be written");
    sparse.set_len(1 << 40).expect("a file may have holes");
    again("longer than the memory");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o666)).expect("it is ours");
    again("writable by others");
    // The findings about one file are not those about another one, even of the same text.
    tree.write("copy.py", "import __static__\nfrom base import P\nP('a')\n");
    assert_eq!(tree.check(&["copy.py"]).1, 1);
    let other = tree.kept().into_iter().find(|kept| kept != file).expect("a second file is kept");
    std::fs::write(&other, &written).expect("it can be written");
    assert_eq!(tree.check(&["copy.py"]).1, 1, "foreign");
}

/// `[tool.spc.strict]`: the same for checking and for importing, and a premise of what is kept.
#[test]
fn settings_say_what_is_wanted_of_strict_modules() {
    let tree = Tree::new("check-settings");
    tree.write("plain.py", "def double(x):\n    return x * 2\n");
    tree.write("loud.py", "import __strict__\nprint('loud')\n");
    tree.write("typed.py", "import __static__\nprint('typed')\n");
    tree.write("user.py", "import __strict__\nfrom plain import double\nFOUR = double(2)\n");
    tree.write("stubs/plain.pyi", "@pure\ndef double(x: int) -> int: ...\n");
    let run = |program: &str| {
        let output = tree.command(&["-c", program]).output().expect("spc starts");
        let (printed, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        format!("{printed}{errors}")
    };
    let settings = |text: &str| {
        tree.write("pyproject.toml", &format!("[project]\nname = 'x'\n[tool.spc.strict]\n{text}"));
        tree.check(&["."]).0
    };
    let found = tree.check(&["."]).0;
    assert_eq!(found.lines().count(), 2, "{found}");
    assert!(found.contains("loud.py:2:1: error[SP0804]") && found.contains("user.py:3:8: error[SP0810]"));
    assert!(run("import loud").contains("StrictModuleError"), "{}", run("import loud"));
    assert!(run("import user").contains("StrictModuleError"), "{}", run("import user"));

    let found = settings("stubs = ['stubs']\nstatic = 'warn'\neffects = 'warn'\n");
    assert_eq!(found.lines().count(), 2, "{found}");
    assert!(
        found.contains("loud.py:2:1: warning[SP0804]") && found.contains("typed.py:2:1: warning[SP0804]")
    );
    assert_eq!(run("import loud, user; print(user.FOUR)"), "loud\n4\n");
    let found = settings("stubs = ['stubs']\n[tool.spc.strict.paths]\n'loud.py' = { effects = 'off' }\n");
    assert_eq!(found, "");
    assert_eq!(tree.check(&["."]), (String::new(), 0), "kept");
    tree.write("stubs/plain.pyi", "");
    let (found, checked) = tree.check(&["."]);
    assert!(found.contains("user.py:3:8: error[SP0871]") && checked == 1, "{checked} {found}");
    assert!(run("import user").contains("says nothing of `double`"), "what is kept has rested on the stub");
    let found = settings("stub = 'stubs'\n");
    assert!(found.contains("pyproject.toml: error[SP0001] can't read: unknown field `stub`"), "{found}");
    assert_eq!(found.lines().count(), 1, "said once: {found}");
}

#[test]
fn what_other_platforms_do_is_found_on_request() {
    let tree = Tree::new("platforms");
    tree.write(
        "m.py",
        "import __strict__\nimport sys\n\nif sys.platform == 'win32':\n    print('windows')\n",
    );
    assert_eq!(tree.check(&["."]), (String::new(), 1), "this is no such machine");
    let (found, checked) = tree.check(&["--all-platforms", "."]);
    assert_eq!(checked, 1, "another question");
    assert!(found.starts_with("m.py:5:5: error[SP0804]"), "{found:?}");
    assert_eq!(tree.check(&["--all-platforms", "."]), (found, 0), "kept");
    assert_eq!(tree.check(&["."]), (String::new(), 0), "the first answer is still there");
}

#[test]
fn places_with_one_cause_are_counted() {
    let tree = Tree::new("repeats");
    tree.write(
        "m.py",
        "import __strict__\ndef f(n):\n    print(n)\n\nf(1)\nf(2)\nfor n in range(3):\n    f(n)\nprint(4)\n",
    );
    let output = tree.command(&["check", "."]).output().expect("spc starts");
    let found = String::from_utf8_lossy(&output.stdout);
    assert_eq!(found.matches("error[SP0804]").count(), 2, "{found}");
    assert!(found.contains("note: 2 more places have this cause"), "{found}");
}

#[test]
fn claims_of_stubs_are_compared_with_sources() {
    let tree = Tree::new("check-stubs");
    tree.write("pack/__init__.py", "");
    tree.write(
        "pack/part.py",
        "SEEN = []\ndef f(x):\n    return x + 1\ndef g(x):\n    SEEN.append(x)\n    return x\n",
    );
    let verify = |claims: &str| {
        tree.write("stubs/pack/part.pyi", claims);
        let output = tree.command(&["stubs", "verify", "--output-format=concise", "stubs"]).output();
        let output = output.expect("spc starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, found, said) = verify("@pure\ndef f(x: int) -> int: ...\n@mutates('x')\ndef g(x): ...\n");
    assert_eq!((code, &*found), (Some(0), ""), "{said}");
    assert_eq!(said, "called 1 functions, found 0 claims that are not true\n");
    let (code, found, _) = verify("__purity__ = 'opaque'\ndef f(x): ...\ndef g(x: int): ...\ndef h(): ...\n");
    assert_eq!(code, Some(1));
    let wanted = "stubs/pack/part.pyi:3:1: error[SP0870] `pack.part.g` is declared without effects, but changes a list";
    assert!(found.starts_with(wanted) && found.lines().count() == 1, "{found}");
    let (code, found, _) = verify("def f(\n");
    assert!(code == Some(1) && found.contains("error[SP0003]"), "{found}");
    tree.write("stubs/absent.pyi", "@pure\ndef f(): ...\n");
    let (code, _, said) = verify("");
    assert!(code == Some(0) && said.contains("no source of `absent` is found"), "{said}");
}

/// A running `spc check --watch`.
struct Watching {
    child: Child,
    /// What it prints on both streams, line by line.
    lines: Receiver<String>,
}

/// How long a check may take that is to come.
const PATIENCE: Duration = Duration::from_secs(60);

impl Watching {
    fn start(tree: &Tree, args: &[&str]) -> Self {
        let checks = tree.command(&[&["check", "--watch"], args].concat());
        let mut child = interruptible(&checks).spawn().expect("spc starts");
        let (sender, lines) = mpsc::channel();
        follow(child.stdout.take().expect("piped"), sender.clone());
        follow(child.stderr.take().expect("piped"), sender);
        Self { child, lines }
    }

    /// Waits for a check that finds all this. There may be others before it: a change is made in several steps.
    fn shows(&mut self, wanted: &[&str]) {
        let (mut found, mut before) = (String::new(), String::new());
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => found.push_str(&line),
                Err(stopped) => panic!("{stopped}: {wanted:?} are not found:\n{before}{found}"),
            }
            if found.lines().last().is_some_and(|line| line.starts_with("found ")) {
                if wanted.iter().all(|wanted| found.contains(wanted)) {
                    return;
                }
                before.push_str(&std::mem::take(&mut found));
            }
        }
    }

    fn interrupt(mut self) -> Option<i32> {
        signal(&self.child, "-INT");
        // Both streams end when it does.
        let end = Instant::now() + PATIENCE;
        while self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) != Err(Disconnected) {
            assert!(Instant::now() < end, "it does not end");
        }
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Sends the lines of a stream until it ends.
fn follow(stream: impl std::io::Read + Send + 'static, sender: Sender<String>) {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|read| read > 0) && sender.send(line.clone()).is_ok() {
            line.clear();
        }
    });
}

#[test]
fn watching_checks_again_when_files_change() {
    let tree = chain("check-watch");
    let mut watching = Watching::start(&tree, &["."]);
    watching.shows(&["SP0131", "found 1 error and 2 warnings in 4 files"]);
    tree.write("top.py", &TOP.replace("'a'", "1"));
    watching.shows(&["found 2 warnings in 4 files"]);
    tree.write("base.py", &BASE.replace('x', "y"));
    watching.shows(&["has no attribute 'x'", "in 4 files"]);
    tree.write("deep/er/new.py", "def f(:\n");
    watching.shows(&["SP0003", "in 5 files"]);
    std::fs::remove_dir_all(tree.place("deep")).expect("it can be removed");
    watching.shows(&["in 4 files"]);
    for file in ["top.py", "alone.py"] {
        std::fs::remove_file(tree.place(file)).expect("it can be removed");
    }
    watching.shows(&["found nothing in 2 files"]);
    assert_eq!(watching.interrupt(), Some(130));
}

/// A folder is watched before it is looked into, however late files come into it, and again when another takes its place.
#[test]
fn watching_sees_what_comes_into_new_folders() {
    let tree = Tree::new("check-watch-folders");
    tree.write("one.py", "x = 1\n");
    let mut watching = Watching::start(&tree, &["."]);
    watching.shows(&["found nothing in 1 file\n"]);
    for _ in 0..3 {
        std::fs::create_dir_all(tree.place("v1.0/deep")).expect("folders can be made");
        watching.shows(&["found nothing in 1 file\n"]);
        tree.write("v1.0/deep/two.py", "x = 2\n");
        watching.shows(&["found nothing in 2 files"]);
        std::fs::rename(tree.place("v1.0"), tree.place("v2.0")).expect("it can be renamed");
        watching.shows(&["found nothing in 2 files"]);
        tree.write("v2.0/deep/three.py", "f(\n");
        watching.shows(&["three.py:1", "in 3 files"]);
        std::fs::rename(tree.place("v2.0"), tree.folder.join("elsewhere")).expect("it can be moved");
        watching.shows(&["found nothing in 1 file\n"]);
        std::fs::remove_dir_all(tree.folder.join("elsewhere")).expect("it can be removed");
    }
    assert_eq!(watching.interrupt(), Some(130));
}

/// A shell that starts something in the background has it ignore interrupts, and nobody gets to change that.
#[test]
fn watching_in_the_background_is_not_interrupted() {
    let tree = Tree::new("check-watch-background");
    tree.write("one.py", "x = 1\n");
    let checks = tree.command(&["check", "--watch", "."]);
    let mut child = with_signals("--ignore-signal=INT", &checks).spawn().expect("spc starts");
    let (sender, lines) = mpsc::channel();
    follow(child.stderr.take().expect("piped"), sender);
    let waits = || lines.recv_timeout(PATIENCE).expect("it says that it waits");
    assert_eq!(waits(), "watching for changes; Ctrl-C ends\n");
    signal(&child, "-INT");
    tree.write("two.py", "x = 2\n");
    assert!(waits().ends_with("two.py has changed\n"));
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("it ends").code(), None, "ended by a signal");
}

/// A file is checked again when what it imports changes, and when it is put in place anew, as editors do.
#[test]
fn watching_a_file_sees_what_it_imports() {
    let tree = chain("check-watch-file");
    tree.write("pack/__init__.py", "");
    tree.write("pack/part.py", "import __static__\ndef f() -> int:\n    return 1\n");
    tree.write("user.py", "import __static__\nfrom pack.part import f\nx: int = f()\n");
    let mut watching = Watching::start(&tree, &["user.py"]);
    watching.shows(&["found nothing in 1 file"]);
    tree.write("pack/part.py", "import __static__\ndef f() -> str:\n    return ''\n");
    watching.shows(&["user.py:3", "SP0131"]);
    tree.write("fresh", "import __static__\nfrom pack.part import f\nx: str = f()\n");
    std::fs::rename(tree.place("fresh"), tree.place("user.py")).expect("it can be renamed");
    watching.shows(&["found nothing in 1 file"]);
    assert_eq!(watching.interrupt(), Some(130));
    assert_eq!(kept_temporaries(&tree.folder.join("cache/staticpy")), 0, "nothing is left half written");
}

fn kept_temporaries(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("the cache has been made").flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".new")).count()
}

/// A tree may contain anything: what is no text is left out, what cannot be read is told, and nothing is waited for.
#[test]
fn trees_with_pipes_and_broken_links_are_checked() {
    let tree = Tree::new("check-odd-files");
    tree.write("fine.py", "x = 1\n");
    tree.write("folder.py/inner.py", "y = (\n");
    let made = Command::new("mkfifo").arg(tree.place("pipe.py")).status().expect("mkfifo starts");
    assert!(made.success());
    for (name, target) in
        [("gone.py", "nowhere"), ("self.py", "self.py"), ("again", "."), ("linked.py", "fine.py")]
    {
        std::os::unix::fs::symlink(target, tree.place(name)).expect("a link can be made");
    }
    let (found, checked) = tree.check(&[]);
    let told = ["folder.py/inner.py:1:5: error[SP0003]", "gone.py: error[SP0001]", "self.py: error[SP0001]"];
    assert!(told.iter().zip(found.lines()).all(|(told, line)| line.starts_with(told)), "{found}");
    assert_eq!((found.lines().count(), checked), (3, 5), "{found}");
    // Nor do names break lines, or give orders to terminals.
    tree.write("named/two\nlines\u{1b}[31m.py", "z = (\n");
    let (found, _) = tree.check(&["named"]);
    assert!(found.starts_with("named/two\\nlines\\u{1b}[31m.py:1:5: error[SP0003]"), "{found}");
}
