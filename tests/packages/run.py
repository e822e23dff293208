#!/usr/bin/env python3
"""Runs the test suites of pure-Python packages by `spc -m pytest`: `run.py [--spc PATH] [--jit MODE] [--failures] [PACKAGE ...]`.

The packages and their tests are those of the package index, at the versions below, and lie in FOLDER (`target/packages`), which the first
run fills by pip: `site` is what is installed, `sources` are the source distributions. Nothing of them is changed, but extension modules
are removed, so that markupsafe shows its Python form. The distribution of rich has no tests: the tree of its repository comes from
Debian's archive. The table counts test cases as pytest's report
does, and a module that cannot be imported as one error; a run that ends without a report has crashed. `--python PYTHON` measures another Python by the same tests.
"""

import argparse
import collections
import glob
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
STAND_IN = os.path.join(HERE, "stand_in")
ROOT = os.path.dirname(os.path.dirname(HERE))

PACKAGES = {
    "attrs": "26.1.0",
    "click": "8.5.1",
    "packaging": "26.3",
    "sqlparse": "0.6.1",
    "markupsafe": "3.0.4",
    "jinja2": "3.1.6",
    "rich": "13.9.4",
    "pytest": "9.2.0",
}
"""In the order in which they are run: the longest last."""

TREES = {
    "rich": (
        "http://deb.debian.org/debian/pool/main/r/rich/rich_13.9.4.orig.tar.xz",
        "5ba60e86750b4520ea44d7adedf3a554ab16112dbfa3c90f506760f8e6411632",
    ),
}
"""Trees with tests, and their SHA-256, of packages whose distributions have none."""

NEEDED = ["hypothesis==6.140.2", "cloudpickle", "pretend", "tomli_w", "pygments", "mock", "xmlschema", "setuptools"]
"""What the tests import besides; this hypothesis is the last one or so that is all Python."""

OUTCOMES = ["passed", "failed", "error", "skipped"]


def install(options):
    """Fills the folder with what is not there yet."""
    site, sources = os.path.join(options.folder, "site"), os.path.join(options.folder, "sources")
    os.makedirs(sources, exist_ok=True)
    pip = [options.pip, "-m", "pip", "--disable-pip-version-check", "-q"]
    if not os.path.isdir(site):
        pinned = [f"{name}=={version}" for name, version in PACKAGES.items()]
        subprocess.run([*pip, "install", "--no-compile", "--target", site, *pinned, *NEEDED], check=True)
        for extension in glob.glob(os.path.join(site, "**", "*.so"), recursive=True):
            os.remove(extension)
    for name, version in PACKAGES.items():
        tree = f"{name}-{version}"
        if os.path.isdir(os.path.join(sources, tree)):
            continue
        if name in TREES:
            fetch(*TREES[name], sources)
            continue
        subprocess.run([*pip, "download", "--no-deps", "--no-binary", name, "-d", sources, f"{name}=={version}"], check=True)
        with tarfile.open(os.path.join(sources, tree + ".tar.gz")) as archive:
            archive.extractall(sources, filter="data")
    return site, sources


def fetch(address, digest, folder):
    """Unpacks an archive from the net, if it is the one that is meant."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != digest:
        sys.exit(f"{address} is not what it was")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder, filter="data")


def run_package(tree, site, options):
    """How many test cases ended how, the names of those that did not pass, and what went wrong with the run itself."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        environment = dict(os.environ, PYTHONPATH=site + os.pathsep + STAND_IN, PYTHONDONTWRITEBYTECODE="1")
        command = [*options.command, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", f"--junitxml={report}",
                   f"--basetemp={os.path.join(folder, 'made')}"]
        try:
            done = subprocess.run(command, cwd=tree, env=environment, timeout=options.timeout, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            return collections.Counter(), [], f"no end after {options.timeout} s"
        if done.returncode not in (0, 1) or not os.path.exists(report):
            last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
            return collections.Counter(), [], f"exit code {done.returncode}: {''.join(last)[:200]}"
        return read(report)


def read(report):
    count, bad = collections.Counter(), []
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        kind = next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "passed")
        kind = {"failure": "failed"}.get(kind, kind)
        count[kind] += 1
        if kind in ("failed", "error"):
            message = next(child.get("message") or "" for child in case if child.tag in ("failure", "error"))
            bad.append(f"{kind} {case.get('classname')}.{case.get('name')}: {message.splitlines()[0][:200] if message else ''}")
    return count, bad, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*", default=list(PACKAGES), metavar="PACKAGE")
    parser.add_argument("--spc", default=os.path.join(ROOT, "target/release/spc"))
    parser.add_argument("--python", help="another Python to measure instead")
    parser.add_argument("--pip", default=sys.executable, help="the Python whose pip fills the folder")
    parser.add_argument("--folder", default=os.path.join(ROOT, "target/packages"))
    parser.add_argument("--jit", default="on", choices=["off", "on", "always"])
    parser.add_argument("--timeout", type=int, default=3600)
    parser.add_argument("--failures", action="store_true", help="name the test cases that do not pass")
    options = parser.parse_args()
    options.command = [options.python] if options.python else [os.path.abspath(options.spc), "--jit=" + options.jit]
    site, sources = install(options)
    is_short = False
    print(f"{'package':<20}" + "".join(f"{name:>9}" for name in OUTCOMES) + f"{'rate':>8}")
    for package in options.packages:
        tree = f"{package}-{PACKAGES[package]}"
        count, bad, trouble = run_package(os.path.join(sources, tree), site, options)
        ran = sum(count[kind] for kind in ("passed", "failed", "error"))
        rate = 100 * count["passed"] / ran if ran else 0
        is_short |= rate < 95
        print(f"{tree:<20}" + "".join(f"{count[kind]:>9}" for kind in OUTCOMES) + f"{rate:>7.1f}%", trouble, flush=True)
        for line in bad if options.failures else ():
            print("   ", line, flush=True)
    return is_short


if __name__ == "__main__":
    sys.exit(main())
