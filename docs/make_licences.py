"""Write docs/licences.md: the licence of every package that requirements/*.lock names, as its own metadata says.

    .venv/bin/python docs/make_licences.py

All locks must be installed where it runs (`make setup-test`); packages for other systems are told in ELSEWHERE.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCKS = ("base", "deep", "export", "test")
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
# Not installed here, or their metadata says nothing; from the packages' own pages.
ELSEWHERE = {
    "colorama": "BSD License (Windows only)",
    "pyreadline3": "BSD License (Windows only)",
    "win32-setctime": "MIT License (Windows only)",
    "cuda-toolkit": "NVIDIA's end user licence agreement",
}
INTRODUCTION = """\
# Licences

icas is under the MIT licence (`LICENSE`). It installs these packages and bundles none of them.
`docs/make_licences.py` writes this page from what each package says of itself; a test holds that every locked package
is in it. *lock*: the first of `requirements/base.lock`, `deep.lock` (`make setup-deep`), `export.lock` and `test.lock`
(what the tests compare with, as labelme: no part of an installation) that names it.

The photographs in `tests/data/photos` are in the public domain or CC0, each with its source and its licence in
[tests/data/SOURCES.md](../tests/data/SOURCES.md). The pictures in `docs/images` are made of them.

**Known vulnerabilities.** `pip-audit` asks PyPI about the very versions that are locked:

    python3 -m venv audit && audit/bin/pip install pip-audit
    for lock in requirements/*.lock; do audit/bin/pip-audit --disable-pip --require-hashes -r $lock; done

It ends with "No known vulnerabilities found", or names each with the version that mends it; "could not be audited" says
that a package was not looked at, as where PyPI itself cannot be reached (so it was for all of them where we ran it: we
have no result to state).

| package | locked | licence | lock |
|---|---|---|---|
"""


def locked() -> dict[str, tuple[list[str], str]]:
    """Each locked package's versions (several where they depend on Python's), and the first lock that names it."""
    found: dict[str, tuple[list[str], str]] = {}
    for lock in LOCKS:
        for name, version in _LOCKED.findall((ROOT / f"requirements/{lock}.lock").read_text(encoding="utf-8")):
            versions = found.setdefault(name.lower(), ([], lock))[0]
            if version not in versions:
                versions.append(version)
    return dict(sorted(found.items()))


def licence_of(name: str) -> str:
    """A package's licence in the words of its metadata, or of the first line of its licence file.

    An SPDX expression comes first, then the classifiers, then a one-line field `License`; SystemExit where none says.
    """
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    try:
        package = distribution(name)
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed: `make setup-test` first, or add it to ELSEWHERE")
    fields = package.metadata
    if expression := fields.get("License-Expression"):
        return expression
    classifiers = [line.split(" :: ")[-1] for line in fields.get_all("Classifier", []) if line.startswith("License ::")]
    written = (fields.get("License") or "").strip()
    if classifiers:
        return ", ".join(line for line in classifiers if line != "DFSG approved")
    if written and "\n" not in written and written != "UNKNOWN":
        return written
    return _first_line(package) or sys.exit(f"{name}: no licence in its metadata; add it to ELSEWHERE")


def _first_line(package: Distribution) -> str:
    for file in package.files or []:
        if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")):
            lines = file.read_text(encoding="utf-8").split("\n")
            return next((line.strip() for line in lines if line.strip()), "")
    return ""


def page() -> str:
    """The whole page."""
    rows = (
        f"| {name} | {', '.join(versions)} | {licence_of(name)} | {lock} |"
        for name, (versions, lock) in locked().items()
    )
    return INTRODUCTION + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
