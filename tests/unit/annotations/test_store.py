"""What was painted is read again to the pixel, and nothing that is not the store's own is ever touched."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from annotations_of import TABLE, brushed, numbered, random_annotation, same
from PIL import Image
from read_only import only_readable

from icas_core.annotations.annotation import State, unpainted
from icas_core.annotations.classes import ClassTable
from icas_core.annotations.patch import patch_between
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "sub/ä (1).JPG", "x/y/a.segments.png", "'\n.webp"])
def test_what_was_written_is_read_again(tmp_path, seed, name) -> None:
    AnnotationStore(tmp_path).write(name, random_annotation(seed), TABLE)
    store = AnnotationStore(tmp_path)
    assert same(store.read(name), random_annotation(seed))
    assert store.names() == [name]
    assert set(store.classes_of(name)) <= set(TABLE)
    assert store.read("none.jpg") is None is store.state("none.jpg")


def test_pictures_of_one_name_but_for_the_ending_do_not_collide(tmp_path) -> None:
    store = AnnotationStore(tmp_path)
    names = ["a.jpg", "a.png", "a.jpg.png", "a.jpg.segments.png", "a.jpg.instances.png", "a/a.jpg"]
    for number, name in enumerate(names):
        store.write(name, numbered(number), TABLE)
    for number, name in enumerate(names):
        assert same(AnnotationStore(tmp_path).read(name), numbered(number)), name
    assert store.names() == sorted(names)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (30, 1)])
def test_thin_pictures_are_kept(tmp_path, shape) -> None:
    store = AnnotationStore(tmp_path)
    store.write("a.png", numbered(5, *shape), TABLE)
    assert same(AnnotationStore(tmp_path).read("a.png"), numbered(5, *shape))


def test_other_programs_see_the_classes_in_their_colours(tmp_path) -> None:
    annotation = random_annotation(0)
    AnnotationStore(tmp_path).write("a.jpg", annotation, TABLE)
    with Image.open(tmp_path / "a.jpg.png") as index:
        assert index.mode == "P"
        assert np.array_equal(np.asarray(index), annotation.classes)
        assert np.array_equal(np.asarray(index.convert("RGB")), TABLE.palette()[annotation.classes])
    segments = cv2.imread(str(tmp_path / "a.jpg.segments.png"), cv2.IMREAD_UNCHANGED)
    assert segments.dtype == np.uint16
    assert np.array_equal(segments, annotation.segments)


def test_the_sidecar_tells_people_what_is_there(tmp_path) -> None:
    classes = np.zeros((30, 40), np.uint8)
    classes[2:5, 3:9] = 7
    annotation = replace(unpainted(np.ones((30, 40), np.int32), "f" * 64), classes=classes, done=True)
    AnnotationStore(tmp_path).write("s/a.jpg", annotation, TABLE)
    told = json.loads((tmp_path / "s/a.jpg.json").read_text(encoding="utf-8"))
    assert told["picture"] == {"path": "s/a.jpg", "width": 40, "height": 30, "sha256": "f" * 64}
    assert told["state"] == "done"
    assert told["classes"] == [{"id": 7, "name": "Hintergrund: grün", "colour": [0, 128, 0]}]
    assert told["instances"] == [{"number": 1, "class_id": 7, "given": 0, "area": 18, "box": [3, 2, 6, 3]}]


def test_steps_between_two_writings_are_read_too(tmp_path) -> None:
    store = AnnotationStore(tmp_path)
    now = random_annotation(2)
    store.write("a.jpg", now, TABLE)
    for number in range(40):
        after = replace(brushed(now, number * 31), done=number % 2 == 0)
        store.append("a.jpg", patch_between(now, after))
        now = after
        assert same(AnnotationStore(tmp_path).read("a.jpg"), now)
        assert AnnotationStore(tmp_path).state("a.jpg") == now.state
    again = AnnotationStore(tmp_path)
    again.read("a.jpg")
    again.append("a.jpg", patch_between(now, brushed(now, 3)))
    assert same(AnnotationStore(tmp_path).read("a.jpg"), brushed(now, 3))
    again.write("a.jpg", numbered(1), TABLE)
    assert same(AnnotationStore(tmp_path).read("a.jpg"), numbered(1))
    assert not list(tmp_path.glob(".*"))


def test_a_step_cut_off_by_a_crash_is_dropped_and_the_next_one_is_kept(tmp_path) -> None:
    store = AnnotationStore(tmp_path)
    states = [numbered(1)]
    store.write("a.jpg", states[0], TABLE)
    for number in range(3):
        states.append(brushed(states[-1], number))
        store.append("a.jpg", patch_between(states[-2], states[-1]))
    steps = tmp_path / ".a.jpg.steps"
    whole = steps.read_bytes()
    for cut in range(1, 30):
        steps.write_bytes(whole[:-cut])
        again = AnnotationStore(tmp_path)
        assert same(again.read("a.jpg"), states[2])
        again.append("a.jpg", patch_between(states[2], brushed(states[2], 77)))
        assert same(AnnotationStore(tmp_path).read("a.jpg"), brushed(states[2], 77))


def test_unfinished_pictures_come_in_the_order_asked_for_and_a_bad_one_is_among_them(tmp_path) -> None:
    store = AnnotationStore(tmp_path)
    for name, done in {"a.jpg": True, "b.jpg": False, "c.jpg": True}.items():
        store.write(name, replace(numbered(1), done=done), TABLE)
    store.append("c.jpg", patch_between(replace(numbered(1), done=True), numbered(1)))
    (tmp_path / "d.jpg.json").write_text("{}")
    told = []
    found = AnnotationStore(tmp_path).unfinished(
        ["z.jpg", "d.jpg", "c.jpg", "b.jpg", "a.jpg"], bad=lambda name, error: told.append((name, str(error)))
    )
    assert found == ["z.jpg", "d.jpg", "c.jpg", "b.jpg"]
    assert [name for name, _ in told] == ["d.jpg"]
    assert "another program" in told[0][1]


# A crash at every single step that touches the disk.


def crash_at(step: int, action: Callable[[], object]) -> bool:
    """Run `action` in a process that is killed (-9) before its n-th call to the disk; whether it was."""
    child = os.fork()
    if not child:
        count = 0

        def counting(function):
            def call(*arguments, **named):
                nonlocal count
                if count == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1
                return function(*arguments, **named)

            return call

        try:
            os.replace, os.fsync, Path.unlink = counting(os.replace), counting(os.fsync), counting(Path.unlink)
            action()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("had_steps", [True, False])
def test_a_crash_at_any_step_of_a_writing_leaves_the_earlier_or_the_new_annotation(tmp_path, had_steps) -> None:
    earlier, new = random_annotation(2), numbered(9)
    seen = set()
    for step in range(100):
        folder = tmp_path / str(step)
        store = AnnotationStore(folder)
        store.write("a.jpg", random_annotation(4), TABLE)
        store.write("a.jpg", earlier, TABLE)
        before = earlier
        if had_steps:
            before = brushed(earlier, 5)
            store.append("a.jpg", patch_between(earlier, before))
        if not crash_at(step, lambda store=store: store.write("a.jpg", new, TABLE)):
            break
        again = AnnotationStore(folder)
        found = again.read("a.jpg")
        assert same(found, before) or same(found, new)
        seen.add(same(found, new))
        assert again.state("a.jpg") == found.state
        # A second crash on top of the first one, then work goes on.
        crash_at(step, lambda again=again: again.write("a.jpg", numbered(3), TABLE))
        again = AnnotationStore(folder)
        assert any(same(again.read("a.jpg"), each) for each in (before, new, numbered(3)))
        again.write("a.jpg", random_annotation(8), TABLE)
        assert same(AnnotationStore(folder).read("a.jpg"), random_annotation(8))
    assert 5 < step < 99
    assert seen == {True, False}


def test_a_crash_at_the_first_writing_leaves_nothing_or_all(tmp_path) -> None:
    for step in range(100):
        folder = tmp_path / str(step)
        if not crash_at(step, lambda folder=folder: AnnotationStore(folder).write("a.jpg", numbered(9), TABLE)):
            break
        store = AnnotationStore(folder)
        found = store.read("a.jpg")
        assert found is None or same(found, numbered(9))
        store.write("a.jpg", numbered(4), TABLE)
        assert same(AnnotationStore(folder).read("a.jpg"), numbered(4))
    assert 5 < step < 99


def test_kill_9_while_painting_loses_the_last_step_at_most(tmp_path) -> None:
    random = np.random.default_rng(0)
    for run in range(25):
        folder = tmp_path / str(run)
        told, tell = os.pipe()
        child = os.fork()
        if not child:
            store, now = AnnotationStore(folder), numbered(0)
            store.write("a.jpg", now, TABLE)
            for number in range(100_000):
                after = numbered(number)
                if number % 7 == 0:
                    store.write("a.jpg", after, TABLE)
                else:
                    store.append("a.jpg", patch_between(now, after))
                now = after
                os.write(tell, number.to_bytes(4, "little"))
        os.read(told, 4)
        time.sleep(random.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(tell)
        rest = os.read(told, 1 << 20)
        os.close(told)
        last = int.from_bytes(rest[-4:], "little") if rest else 0
        found = AnnotationStore(folder).read("a.jpg")
        assert same(found, numbered(last)) or same(found, numbered(last + 1))


# What is not the store's own.

FOREIGN = {
    "no JSON": b"\x00\x01",
    "JSON of another program": b'{"shapes": []}',
    "version 0": b'{"format": "icas annotation", "version": 0}',
    "version 2": b'{"format": "icas annotation", "version": 2}',
    "damaged content": b'{"format": "icas annotation", "version": 1, "picture": {}}',
}


@pytest.mark.parametrize("found", FOREIGN)
def test_an_older_or_foreign_sidecar_is_left_untouched_and_named(tmp_path, found) -> None:
    (tmp_path / "a.jpg.json").write_bytes(FOREIGN[found])
    store = AnnotationStore(tmp_path)
    for attempt in (
        lambda: store.read("a.jpg"),
        lambda: store.state("a.jpg"),
        lambda: store.write("a.jpg", numbered(1), TABLE),
        lambda: store.append("a.jpg", patch_between(numbered(1), numbered(2))),
    ):
        with pytest.raises(IcasError) as refused:
            attempt()
        for part in (str(tmp_path / "a.jpg.json"), found, "version 1", "'annotations'"):
            assert part in str(refused.value)
        assert "\n" not in str(refused.value)
    assert contents(tmp_path) == {"a.jpg.json": FOREIGN[found]}


@pytest.mark.parametrize("name", ["a.jpg.png", "a.jpg.segments.png", "a.jpg.instances.png"])
def test_a_foreign_picture_under_a_name_of_ours_is_left_untouched(tmp_path, name) -> None:
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(IcasError, match=r"left as it is"):
        AnnotationStore(tmp_path).write("a.jpg", numbered(1), TABLE)
    assert contents(tmp_path) == {name: b"mine"}


@pytest.mark.parametrize("ending", [".png", ".segments.png", ".instances.png"])
def test_a_png_that_another_program_changed_is_told_and_left_as_it_is(tmp_path, ending) -> None:
    AnnotationStore(tmp_path).write("a.jpg", numbered(1), TABLE)
    Image.new("L", (40, 30)).save(tmp_path / f"a.jpg{ending}")
    before = contents(tmp_path)
    store = AnnotationStore(tmp_path)
    for attempt in (lambda: store.read("a.jpg"), lambda: store.write("a.jpg", numbered(2), TABLE)):
        with pytest.raises(IcasError, match=r"a\.jpg.*left as it is"):
            attempt()
    assert contents(tmp_path) == before


def test_what_another_window_wrote_meanwhile_is_not_written_over(tmp_path) -> None:
    one, other = AnnotationStore(tmp_path), AnnotationStore(tmp_path)
    one.write("a.jpg", numbered(1), TABLE)
    other.read("a.jpg")
    other.write("a.jpg", numbered(2), TABLE)
    for attempt in (
        lambda: one.write("a.jpg", numbered(3), TABLE),
        lambda: one.append("a.jpg", patch_between(numbered(1), numbered(3))),
        lambda: AnnotationStore(tmp_path).write("a.jpg", numbered(3), TABLE),
    ):
        with pytest.raises(IcasError, match="another program or another window"):
            attempt()
    assert same(AnnotationStore(tmp_path).read("a.jpg"), numbered(2))
    one.read("a.jpg")
    one.write("a.jpg", numbered(3), TABLE)
    (tmp_path / "a.jpg.json").unlink()
    with pytest.raises(IcasError, match="gone"):
        one.write("a.jpg", numbered(4), TABLE)


@pytest.mark.parametrize("name", ["../a.jpg", "/a.jpg", "s/../../a.jpg", ""])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path, name) -> None:
    with pytest.raises(IcasError, match="below the picture folder"):
        AnnotationStore(tmp_path / "x").write(name, numbered(1), TABLE)
    assert not list(tmp_path.iterdir())


# A folder that cannot be written.


def test_in_a_read_only_folder_all_can_be_read_and_nothing_is_lost(open_folder) -> None:
    store = AnnotationStore(open_folder)
    store.write("s/a.jpg", numbered(1), TABLE)
    store.append("s/a.jpg", patch_between(numbered(1), numbered(2)))
    before = contents(open_folder)
    with only_readable(open_folder):
        store = AnnotationStore(open_folder)
        assert same(store.read("s/a.jpg"), numbered(2))
        for attempt in (
            lambda: store.append("s/a.jpg", patch_between(numbered(2), numbered(3))),
            lambda: store.write("s/a.jpg", numbered(3), TABLE),
            lambda: store.write("t/b.jpg", numbered(3), TABLE),
            lambda: store.write_classes(TABLE),
        ):
            with pytest.raises(IcasError, match=r"cannot be written \(Permission denied\)"):
                attempt()
        assert same(AnnotationStore(open_folder).read("s/a.jpg"), numbered(2))
    assert contents(open_folder) == before
    store.write("s/a.jpg", numbered(3), TABLE)
    assert same(AnnotationStore(open_folder).read("s/a.jpg"), numbered(3))


def test_a_crash_before_the_last_rename_is_read_even_in_a_read_only_folder(open_folder) -> None:
    store = AnnotationStore(open_folder)
    store.write("a.jpg", numbered(1), TABLE)
    step = 0
    while True:
        # Up to and with the sidecar's own rename, no further.
        crash_at(step, lambda: store.write("a.jpg", numbered(2), TABLE))
        if same(AnnotationStore(open_folder).read("a.jpg"), numbered(2)):
            break
        step += 1
    shutil.rmtree(open_folder)
    open_folder.mkdir(mode=0o755)
    store = AnnotationStore(open_folder)
    store.write("a.jpg", numbered(1), TABLE)
    crash_at(step, lambda: store.write("a.jpg", numbered(2), TABLE))
    assert (open_folder / ".a.jpg.png.new1").exists()
    with only_readable(open_folder):
        assert same(AnnotationStore(open_folder).read("a.jpg"), numbered(2))


def test_on_a_full_disk_the_earlier_annotation_stays_and_is_written_once_there_is_room(small_disk) -> None:
    random = np.random.default_rng(0)
    noise = unpainted(random.integers(1, 60_000, (300, 400), np.int32), "f" * 64)  # does not compress
    store = AnnotationStore(small_disk)
    now = numbered(1, 300, 400)
    store.write("a.jpg", now, TABLE)
    for attempt in (
        lambda: store.write("a.jpg", noise, TABLE),
        lambda: store.append("a.jpg", patch_between(now, noise)),
        # A step is missing now: the next ones must not be kept as if nothing were.
        lambda: store.append("a.jpg", patch_between(noise, brushed(noise, 1))),
    ):
        with pytest.raises(IcasError, match=r"cannot be written \(No space left on device\)|not saved"):
            attempt()
        assert same(AnnotationStore(small_disk).read("a.jpg"), now)
    after = brushed(now, 9)
    store.write("a.jpg", after, TABLE)
    store.append("a.jpg", patch_between(after, brushed(after, 10)))
    assert same(AnnotationStore(small_disk).read("a.jpg"), brushed(after, 10))
    assert not [path for path in small_disk.iterdir() if ".new" in path.name]


def test_the_class_table_is_kept_with_the_annotations(tmp_path) -> None:
    store = AnnotationStore(tmp_path)
    assert store.read_classes() == ClassTable()
    store.write_classes(TABLE)
    assert AnnotationStore(tmp_path).read_classes() == TABLE


def test_states(tmp_path) -> None:
    store = AnnotationStore(tmp_path)
    blank = unpainted(np.ones((3, 4), np.int32), "d" * 64)
    empty, full = replace(blank, done=True), replace(numbered(1), done=True)
    cases = ((blank, State.UNFINISHED), (empty, State.EMPTY), (full, State.DONE))
    for number, (annotation, state) in enumerate(cases):
        store.write(f"{number}.jpg", annotation, TABLE)
        assert AnnotationStore(tmp_path).state(f"{number}.jpg") is state
        assert same(AnnotationStore(tmp_path).read(f"{number}.jpg"), annotation)
