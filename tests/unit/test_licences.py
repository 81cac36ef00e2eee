"""The page of licences: every locked package is in it, with what it says of itself."""

import runpy
from pathlib import Path

MAKING = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "make_licences.py"))


def rows() -> dict[str, list[str]]:
    """The page's table: package → locked versions, licence, lock."""
    table = MAKING["PAGE"].read_text(encoding="utf-8").partition("|---|---|---|---|\n")[2]
    lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
    return {name: cells for name, *cells in lines}


def test_every_locked_package_is_listed_in_its_locked_versions_and_no_other():
    listed = {name: (versions.split(", "), lock) for name, (versions, _, lock) in rows().items()}
    assert len(listed) > 150
    assert listed == MAKING["locked"]()


def test_each_has_a_licence():
    assert [name for name, (_, licence, _) in rows().items() if not licence] == []


def test_a_licence_is_what_the_installed_package_says():
    # By an SPDX expression, a classifier, and the first line of a licence file.
    for name, licence in {"numpy": "BSD-3-Clause AND ", "pyyaml": "MIT License", "segment-anything": "Apache"}.items():
        assert rows()[name][1].startswith(licence)
        assert MAKING["licence_of"](name) == rows()[name][1]
