"""Scanning, planning and the ledger: a picture keeps its batch for life."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icas_core.batches import (
    Others,
    Picture,
    Plan,
    batch_name,
    digest,
    manifest,
    plan_batches,
    read_batch_names,
    read_ledger,
    scan,
    write_ledger,
)
from icas_core.errors import IcasError


def pictures(*names: str) -> list[Picture]:
    return [Picture(name, 1, 1) for name in sorted(names)]


def planned(names, ledger=None, batch_size=3) -> Plan:
    return plan_batches(pictures(*names), ledger, folder="/photos", batch_size=batch_size)


def paths(plan: Plan) -> dict[int, list[str]]:
    return {number: [picture.path for picture in batch] for number, batch in plan.batches.items()}


def test_first_filling_goes_in_path_order():
    assert paths(planned("gfedcba")) == {1: ["a", "b", "c"], 2: ["d", "e", "f"], 3: ["g"]}


def test_new_pictures_fill_holes_then_open_new_batches():
    first = planned("abcdefg")
    second = planned("bcdefg" + "hijk", first)
    assert paths(second) == {1: ["b", "c", "h"], 2: ["d", "e", "f"], 3: ["g", "i", "j"], 4: ["k"]}


def test_an_emptied_batch_goes_and_its_number_is_never_used_again():
    first = planned("abcdefg")
    second = planned("abcdef", first)
    assert list(second.batches) == [1, 2]
    third = planned("abcdefxyz", second)
    assert list(third.batches) == [1, 2, 4]


def test_a_ledger_of_another_folder_is_refused_with_both_names():
    with pytest.raises(IcasError, match=r"/photos.*/other"):
        plan_batches(pictures("a"), planned("a"), folder="/other", batch_size=3)


names_of_pictures = st.sets(st.text("abcdefghij", min_size=1, max_size=2), max_size=40)


@given(st.lists(names_of_pictures, min_size=1, max_size=6), st.integers(2, 7))
def test_whatever_comes_and_goes_every_picture_has_one_batch_and_keeps_it(folders, batch_size):
    ledger = None
    for names in folders:
        plan = planned(names, ledger, batch_size)
        home = {path: number for number, batch in paths(plan).items() for path in batch}
        assert sorted(home) == sorted(names)
        assert sum(len(batch) for batch in plan.batches.values()) == len(names)
        assert all(0 < len(batch) <= batch_size for batch in plan.batches.values())
        if ledger is not None:
            old = {path: number for number, batch in paths(ledger).items() for path in batch}
            assert all(home[path] == old[path] for path in home.keys() & old.keys())
            assert plan.next_id >= ledger.next_id
        ledger = plan


def test_the_ledger_is_read_back_as_written(tmp_path):
    plan = planned("abcdefg")
    write_ledger(plan, tmp_path / "ledger.parquet")
    assert read_ledger(tmp_path / "ledger.parquet") == plan
    assert read_batch_names(tmp_path / "ledger.parquet") == ["0001", "0002", "0003"]
    assert manifest(tmp_path / "ledger.parquet", "0002")["path"].to_pylist() == ["d", "e", "f"]


def test_a_batch_that_the_ledger_lacks_is_named(tmp_path):
    write_ledger(planned("abc"), tmp_path / "ledger.parquet")
    with pytest.raises(IcasError, match="no batch 0009"):
        manifest(tmp_path / "ledger.parquet", "0009")


def test_no_ledger_is_none_and_a_damaged_one_is_named(tmp_path):
    assert read_ledger(tmp_path / "ledger.parquet") is None
    (tmp_path / "ledger.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(IcasError, match=r"ledger\.parquet: not a readable table"):
        read_ledger(tmp_path / "ledger.parquet")


def test_scan_finds_pictures_of_subfolders_and_leaves_out_the_rest(tmp_path):
    for name in ("b.JPG", "a/x.png", "a/.hidden.png", ".git/y.png", "notes.txt", "results/z.jpg", "a/ü ö.webp"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"1234")
    (tmp_path / "folder.jpg").mkdir()
    os.symlink(tmp_path / "b.JPG", tmp_path / "link.jpg")
    os.symlink(tmp_path / "nowhere.jpg", tmp_path / "broken.jpg")
    os.symlink(tmp_path, tmp_path / "loop")
    others = Others()
    found = scan(tmp_path, leave_out=[tmp_path / "results"], others=others)
    assert others == Others({".txt": 1}, {".txt": "notes.txt"})
    assert [picture.path for picture in found] == ["a/x.png", "a/ü ö.webp", "b.JPG", "broken.jpg", "link.jpg"]
    assert {picture.path: picture.size for picture in found}["broken.jpg"] == -1
    assert {picture.path: picture.size for picture in found}["link.jpg"] == 4


def test_results_inside_the_folder_are_left_out_but_not_the_folder_itself(tmp_path):
    names = ("ledger.parquet", "a.jpg", "out/ledger.parquet", "out/clusters/cluster_0001/b.jpg", "made_from.json/c.jpg")
    for name in (*names, "merged/made_from.json", "merged/clusters.csv", "merged/clusters/d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"1234")
    assert [picture.path for picture in scan(tmp_path)] == ["a.jpg", "made_from.json/c.jpg"]


def test_a_name_that_is_not_utf_8_is_kept_in_the_count(tmp_path):
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))).write_bytes(b"1")
    found = scan(tmp_path)
    assert [picture.path for picture in found] == ["caf\\xe9.jpg"]
    write_ledger(plan_batches(found, None, folder="/p", batch_size=3), tmp_path / "ledger.parquet")


def test_the_digest_changes_with_path_size_and_time():
    base = [Picture("a", 1, 1), Picture("b", 1, 1)]
    others = [[Picture("a", 1, 1), Picture("b", 2, 1)], [Picture("a", 1, 2), Picture("b", 1, 1)], base[:1]]
    assert len({digest(batch) for batch in [base, *others]}) == 4
    assert digest(base) == digest(list(base))


def test_batch_names_have_at_least_four_digits():
    assert batch_name(7) == "0007"
    assert batch_name(123456) == "123456"
