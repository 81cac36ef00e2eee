import json
import logging
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from trees import REPOSITORY, digests, fork_dies_at, make_pictures

from icas_core.clustering import carrying
from icas_core.clustering.moving import journal_is_open, move_images, undo_move
from icas_core.errors import IcasError

LOG = logging.getLogger("move")
ASSIGNMENT = [
    ("a.jpg", "cluster_0001"),
    ("beach/a.jpg", "cluster_0001"),
    ("beach/b.jpg", "cluster_0002"),
    ("line\nbreak.jpg", "outliers"),
]


@pytest.fixture(params=["one file system", "two file systems"])
def output(request, tmp_path):
    return tmp_path if request.param == "one file system" else request.getfixturevalue("other_file_system")


@pytest.fixture
def photos(tmp_path):
    return make_pictures(tmp_path / "photos", *[source for source, _ in ASSIGNMENT])


def moved(photos, output, assignment=ASSIGNMENT):
    places = {"destination": output / "moved", "journal": output / "moved.journal"}
    return move_images(assignment, source_root=photos, log=LOG, **places)


def undone(output):
    return undo_move(output / "moved.journal", log=LOG)


def times(root):
    return {path.relative_to(root): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def test_originals_move_into_their_clusters_and_come_back(photos, output):
    before, clock = digests(photos), times(photos)
    result = moved(photos, output)
    assert (result.moved, result.already, result.vanished, result.left) == (4, 0, [], [])
    assert digests(photos) == {}
    assert digests(output / "moved") == {
        "cluster_0001/a.jpg": before["a.jpg"],
        "cluster_0001/beach__a.jpg": before["beach/a.jpg"],
        "cluster_0002/b.jpg": before["beach/b.jpg"],
        "outliers/line\nbreak.jpg": before["line\nbreak.jpg"],
    }
    assert journal_is_open(output / "moved.journal")
    result = undone(output)
    assert (result.returned, result.occupied, result.missing) == (4, [], [])
    assert (digests(photos), times(photos)) == (before, clock)
    assert not journal_is_open(output / "moved.journal")
    assert not (output / "moved").exists()


def test_a_second_move_goes_on_with_what_is_new(photos, output):
    moved(photos, output)
    make_pictures(photos, "c.jpg")
    before = digests(photos)
    result = moved(photos, output, [*ASSIGNMENT, ("c.jpg", "cluster_0001")])
    assert (result.moved, result.already) == (1, 4)
    assert digests(output / "moved")["cluster_0001/c.jpg"] == before["c.jpg"]
    assert undone(output).returned == 5


def test_nothing_in_the_way_is_ever_overwritten_by_a_move(photos, output):
    make_pictures(output / "moved", "cluster_0001/a.jpg", "cluster_0001/beach__a.jpg")
    there, before = digests(output / "moved"), digests(photos)
    moved(photos, output)
    after = digests(output / "moved")
    assert after.items() >= there.items()
    assert set(after.values()) == set(there.values()) | set(before.values())
    undone(output)
    assert digests(photos) == before
    assert digests(output / "moved") == there


def test_something_new_in_an_old_place_is_left_and_named(photos, output, caplog):
    before = digests(photos)
    moved(photos, output)
    (photos / "a.jpg").write_bytes(b"new")
    result = undone(output)
    assert (result.returned, result.occupied, result.missing) == (3, ["a.jpg"], [])
    assert (photos / "a.jpg").read_bytes() == b"new"
    assert digests(output / "moved") == {"cluster_0001/a.jpg": before["a.jpg"]}
    assert journal_is_open(output / "moved.journal")
    assert "'a.jpg'" in caplog.text
    (photos / "a.jpg").unlink()
    assert undone(output).returned == 1
    assert digests(photos) == before
    assert not journal_is_open(output / "moved.journal")


def test_a_new_picture_in_the_place_of_a_moved_one_is_left_by_the_next_move(photos, output):
    moved(photos, output)
    (photos / "a.jpg").write_bytes(b"new")
    assert moved(photos, output).left == ["a.jpg"]
    assert (photos / "a.jpg").read_bytes() == b"new"


def test_pictures_sorted_on_by_hand_after_the_move_come_back_too(photos, output):
    before = digests(photos)
    moved(photos, output)
    (output / "moved/cluster_0001").rename(output / "moved/dogs")
    same_disk = os.stat(photos).st_dev == os.stat(output).st_dev
    # A file of another name can be told for sure by its inode only, which a copy to another disk does not keep.
    new_name = "better name.jpg" if same_disk else "b.jpg"
    (output / "moved/cluster_0002/b.jpg").rename(output / "moved/dogs" / new_name)
    assert undone(output).returned == 4
    assert digests(photos) == before
    assert not (output / "moved").exists()


def test_a_moved_picture_that_was_deleted_is_named_and_keeps_the_journal_open(photos, output):
    moved(photos, output)
    (output / "moved/cluster_0002/b.jpg").unlink()
    result = undone(output)
    assert (result.returned, result.missing) == (3, ["beach/b.jpg"])
    assert journal_is_open(output / "moved.journal")


def test_a_picture_that_is_gone_and_a_link_are_named_and_the_rest_moves(photos, output):
    (photos / "a.jpg").unlink()
    (photos / "link.jpg").symlink_to("beach/b.jpg")
    result = moved(photos, output, [*ASSIGNMENT, ("link.jpg", "outliers")])
    assert (result.moved, result.vanished, result.left) == (3, ["a.jpg"], ["link.jpg"])
    assert (photos / "link.jpg").is_symlink()


def test_when_nothing_moved_no_journal_stays(photos, tmp_path):
    assert moved(photos, tmp_path, []).moved == 0
    assert not journal_is_open(tmp_path / "moved.journal")


def test_a_second_undo_and_a_hostile_name_are_refused(photos, tmp_path):
    with pytest.raises(IcasError, match="no such journal"):
        undone(tmp_path)
    with pytest.raises(IcasError, match="expected a path below"):
        moved(photos, tmp_path, [("../photos/a.jpg", "cluster_0001")])
    with pytest.raises(IcasError, match="expected one visible name"):
        moved(photos, tmp_path, [("a.jpg", "../photos")])
    assert not journal_is_open(tmp_path / "moved.journal")


def test_a_move_that_cannot_go_on_says_so_in_one_line_and_can_be_taken_up(photos, output):
    before = digests(photos)
    (output / "moved").mkdir(parents=True)
    (output / "moved/cluster_0002").write_bytes(b"in the way")
    with pytest.raises(IcasError, match="cannot be moved to") as refused:
        moved(photos, output, [pair for pair in ASSIGNMENT if "\n" not in pair[0]])
    assert "\n" not in str(refused.value)
    (output / "moved/cluster_0002").unlink()
    moved(photos, output)
    assert undone(output).returned == 4
    assert digests(photos) == before


def test_a_file_system_without_hard_links_renames(photos, tmp_path, monkeypatch):
    def no_links(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(carrying.os, "link", no_links)
    before = digests(photos)
    make_pictures(tmp_path / "moved", "cluster_0001/a.jpg")
    moved(photos, tmp_path)
    assert digests(photos) == {}
    undone(tmp_path)
    assert digests(photos) == before


def whole(photos, output, before):
    """Every picture is there with its content, in the old place or the new one."""
    copies = sorted([*digests(photos).values(), *digests(output / "moved").values()])
    return set(before.values()) <= set(copies)


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["move", "undo"])
@pytest.mark.parametrize("then", ["go on", "turn round"])
def test_a_kill_before_any_step_loses_nothing_and_can_be_taken_up(photos, output, direction, then):
    assignment, before = ASSIGNMENT[:2], digests(photos)
    for call in range(1, 200):
        if direction == "undo":
            moved(photos, output, assignment)
        died = fork_dies_at(call, lambda: moved(photos, output, assignment) if direction == "move" else undone(output))
        assert whole(photos, output, before), call
        if (direction == "move") == (then == "go on") or not journal_is_open(output / "moved.journal"):
            moved(photos, output, assignment)
            assert len(digests(output / "moved")) == 2, call
            assert set(digests(photos)) == {source for source, _ in ASSIGNMENT[2:]}
        undone(output)
        assert digests(photos) == before, call
        assert not (output / "moved").exists()
        assert not journal_is_open(output / "moved.journal")
        if not died:
            break
    assert 4 < call < 100


MOVE = """
import json, logging, sys
from icas_core.clustering.moving import move_images, undo_move
root, output, undo = sys.argv[1:4]
print("go", flush=True)
if undo == "yes":
    undo_move(output + "/moved.journal", log=logging.getLogger())
else:
    move_images(json.loads(sys.argv[4]), source_root=root, destination=output + "/moved",
                journal=output + "/moved.journal", log=logging.getLogger())
"""


@pytest.mark.slow
def test_kills_at_random_times_over_hundreds_of_pictures_lose_nothing(tmp_path, output):
    names = [f"{number % 7}/{number:03d}.jpg" for number in range(300)]
    photos = make_pictures(tmp_path / "photos", *names)
    before = digests(photos)
    assignment = json.dumps([(name, f"cluster_{row % 5 + 1:04d}") for row, name in enumerate(names)])
    clock = random.Random(5)
    died = 0
    for turn in range(12):
        undo = turn % 3 == 2 and journal_is_open(output / "moved.journal")
        arguments = [str(photos), str(output), "yes" if undo else "no", assignment]
        running = subprocess.Popen([sys.executable, "-c", MOVE, *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE)
        running.stdout.readline()
        time.sleep(clock.uniform(0, 0.06))
        os.kill(running.pid, signal.SIGKILL)
        running.stdout.close()
        died += running.wait() == -signal.SIGKILL
        assert whole(photos, output, before)
    assert died > 0
    moved(photos, output, json.loads(assignment))
    assert len(digests(output / "moved")) == len(names)
    undone(output)
    assert digests(photos) == before
    assert not (output / "moved").exists()
