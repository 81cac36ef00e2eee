import logging
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from trees import digests, make_pictures, placed_files, process_dies_at

from icas_core.clustering.folders import place, read_folder_of_batches, read_placed
from icas_core.clustering.receipts import RECEIPT
from icas_core.errors import IcasError
from icas_core.tables import read_table

LOG = logging.getLogger("place")
ASSIGNMENT = [
    ("a.jpg", "cluster_0001"),
    ("beach/a.jpg", "cluster_0001"),
    ("beach/b.jpg", "cluster_0002"),
    ("line\nbreak 'quote' é.jpg", "outliers"),
]


@pytest.fixture
def photos(tmp_path):
    return make_pictures(tmp_path / "photos", *[source for source, _ in ASSIGNMENT])


def placed(photos, destination, assignment=ASSIGNMENT, **options):
    options = {"transfer": "copy", "overwrite": False, "log": LOG, **options}
    return place(assignment, source_root=photos, destination=destination, **options)


def hidden_beside(destination):
    return [name for name in os.listdir(destination.parent) if name.startswith(f".{destination.name}")]


@pytest.mark.parametrize("transfer", ["copy", "hardlink", "symlink"])
def test_every_picture_arrives_whole_under_its_own_name(photos, tmp_path, transfer):
    receipt = placed(photos, tmp_path / "out" / "clusters", transfer=transfer)
    originals = digests(photos)
    assert placed_files(tmp_path / "out" / "clusters") == {
        "cluster_0001/a.jpg": originals["a.jpg"],
        "cluster_0001/beach__a.jpg": originals["beach/a.jpg"],
        "cluster_0002/b.jpg": originals["beach/b.jpg"],
        "outliers/line\nbreak 'quote' é.jpg": originals["line\nbreak 'quote' é.jpg"],
    }
    assert read_table(tmp_path / "out/clusters/.receipt.parquet", RECEIPT).equals(receipt.table)
    assert set(receipt.table["transfer"].to_pylist()) == {transfer}
    assert receipt.vanished == []
    assert hidden_beside(tmp_path / "out" / "clusters") == []


def test_copies_keep_their_time_and_are_files_of_their_own(photos, tmp_path):
    placed(photos, tmp_path / "clusters")
    original, copy = os.stat(photos / "a.jpg"), os.stat(tmp_path / "clusters/cluster_0001/a.jpg")
    assert copy.st_mtime_ns == original.st_mtime_ns
    assert copy.st_ino != original.st_ino


@pytest.mark.parametrize("transfer", ["copy", "hardlink", "symlink"])
def test_removing_or_replacing_what_was_placed_never_touches_the_originals(photos, tmp_path, transfer):
    before = digests(photos), os.stat(photos / "a.jpg").st_mtime_ns
    placed(photos, tmp_path / "clusters", transfer=transfer)
    placed(photos, tmp_path / "clusters", [("a.jpg", "cluster_0001")], transfer=transfer)
    placed(photos, tmp_path / "clusters", transfer="none")
    assert not (tmp_path / "clusters").exists()
    placed(photos, tmp_path / "clusters", transfer=transfer)
    shutil.rmtree(tmp_path / "clusters")
    assert (digests(photos), os.stat(photos / "a.jpg").st_mtime_ns) == before
    assert os.stat(photos / "a.jpg").st_nlink == 1


def test_links_are_relative_inside_the_picture_folder_and_absolute_elsewhere(photos, tmp_path):
    placed(photos, tmp_path / "clusters", transfer="symlink")
    assert os.readlink(tmp_path / "clusters/cluster_0001/a.jpg") == str(photos / "a.jpg")
    placed(photos, photos / "icas" / "clusters", transfer="symlink")
    assert os.readlink(photos / "icas/clusters/cluster_0001/a.jpg") == "../../../a.jpg"
    photos.rename(tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/icas/clusters/cluster_0001/a.jpg").is_file()


def test_unchanged_copies_are_taken_over_and_changed_ones_copied_again(photos, tmp_path):
    placed(photos, tmp_path / "clusters")
    inode = os.stat(tmp_path / "clusters/cluster_0001/a.jpg").st_ino
    (photos / "beach/b.jpg").write_bytes(b"edited")
    moved_on = [("a.jpg", "cluster_0009"), *ASSIGNMENT[1:]]
    receipt = placed(photos, tmp_path / "clusters", moved_on)
    assert receipt.reused == 3
    taken_over = os.stat(tmp_path / "clusters/cluster_0009/a.jpg")
    assert (taken_over.st_ino, taken_over.st_nlink) == (inode, 1)
    assert (tmp_path / "clusters/cluster_0002/b.jpg").read_bytes() == b"edited"


def test_a_picture_of_another_folder_is_not_taken_for_a_copy_of_this_one(photos, tmp_path):
    placed(photos, tmp_path / "clusters")
    other = tmp_path / "others"
    shutil.copytree(photos, other)
    content = bytearray((other / "a.jpg").read_bytes())
    content[0] ^= 1
    times = os.stat(other / "a.jpg")
    (other / "a.jpg").write_bytes(content)
    os.utime(other / "a.jpg", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert placed(other, tmp_path / "clusters").reused == 0
    assert placed_files(tmp_path / "clusters")["cluster_0001/a.jpg"] == digests(other)["a.jpg"]


def test_a_vanished_source_is_named_and_the_rest_goes_on(photos, tmp_path, caplog):
    (photos / "beach/b.jpg").unlink()
    (photos / "a.jpg").unlink()
    (photos / "a.jpg").mkdir()
    receipt = placed(photos, tmp_path / "clusters")
    assert receipt.vanished == ["a.jpg", "beach/b.jpg"]
    assert receipt.table.num_rows == 2
    assert "'beach/b.jpg'" in caplog.text
    placed(photos, tmp_path / "clusters")


def move(tree):
    os.rename(tree / "cluster_0001/a.jpg", tree / "cluster_0002/a.jpg")


def rename_folder(tree):
    os.rename(tree / "cluster_0002", tree / "dogs")


def delete(tree):
    (tree / "cluster_0001/a.jpg").unlink()


def add(tree):
    (tree / "cluster_0001/mine.jpg").write_bytes(b"mine")


def edit(tree):
    (tree / "cluster_0001/a.jpg").unlink()
    (tree / "cluster_0001/a.jpg").write_bytes(b"turned by a quarter")


@pytest.mark.parametrize("transfer", ["copy", "hardlink", "symlink"])
@pytest.mark.parametrize(
    ("change", "text"),
    [
        (move, "moved cluster_0001/a.jpg to cluster_0002/a.jpg"),
        (rename_folder, "moved cluster_0002/b.jpg to dogs/b.jpg"),
        (delete, "deleted cluster_0001/a.jpg"),
        (add, "added cluster_0001/mine.jpg"),
        (edit, "edited cluster_0001/a.jpg"),
    ],
)
def test_a_folder_changed_by_hand_is_kept_until_overwrite_is_said(photos, tmp_path, transfer, change, text):
    tree = tmp_path / "clusters"
    placed(photos, tree, transfer=transfer)
    change(tree)
    before = digests(tree)
    with pytest.raises(IcasError, match="changed by hand") as refused:
        placed(photos, tree, transfer=transfer)
    assert f"(1 change, e.g. {text})" in str(refused.value)
    assert "overwrite=true" in str(refused.value)
    assert digests(tree) == before
    placed(photos, tree, transfer=transfer, overwrite=True)
    assert set(placed_files(tree).values()) == set(digests(photos).values())
    assert len(placed_files(tree)) == len(ASSIGNMENT)


def test_an_original_edited_through_its_hard_link_is_no_change_by_hand(photos, tmp_path):
    placed(photos, tmp_path / "clusters", transfer="hardlink")
    with open(photos / "a.jpg", "ab") as file:
        file.write(b"more")
    placed(photos, tmp_path / "clusters", transfer="hardlink")


def test_an_edited_original_does_not_make_its_copy_look_changed(photos, tmp_path):
    placed(photos, tmp_path / "clusters")
    (photos / "a.jpg").write_bytes(b"edited")
    placed(photos, tmp_path / "clusters")
    assert (tmp_path / "clusters/cluster_0001/a.jpg").read_bytes() == b"edited"


def test_what_file_browsers_leave_is_no_change(photos, tmp_path):
    placed(photos, tmp_path / "clusters")
    for name in (".DS_Store", "cluster_0001/Thumbs.db", "outliers/desktop.ini"):
        (tmp_path / "clusters" / name).write_bytes(b"junk")
    placed(photos, tmp_path / "clusters")


def test_a_deleted_or_emptied_result_is_placed_again(photos, tmp_path):
    tree = tmp_path / "clusters"
    placed(photos, tree)
    shutil.rmtree(tree)
    placed(photos, tree)
    for folder in [path for path in tree.iterdir() if path.is_dir()]:
        shutil.rmtree(folder)
    placed(photos, tree)
    assert len(placed_files(tree)) == len(ASSIGNMENT)


@pytest.mark.parametrize("receipt", [None, b"damaged"])
def test_a_folder_that_icas_did_not_place_is_refused(photos, tmp_path, receipt):
    tree = tmp_path / "clusters"
    make_pictures(tree, "holiday/mine.jpg")
    if receipt:
        (tree / ".receipt.parquet").write_bytes(receipt)
    with pytest.raises(IcasError, match=r"not placed by icas.*mine\.jpg.*overwrite=true"):
        placed(photos, tree)
    assert (tree / "holiday/mine.jpg").exists()
    placed(photos, tree, overwrite=True)
    assert not (tree / "holiday").exists()


def test_an_empty_folder_may_be_placed_into_and_a_file_may_not(photos, tmp_path):
    (tmp_path / "clusters").mkdir()
    placed(photos, tmp_path / "clusters")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(IcasError, match="is a file"):
        placed(photos, tmp_path / "file", overwrite=True)


@pytest.mark.parametrize("destination", [".", ".."])
def test_the_pictures_themselves_are_never_replaced(photos, destination):
    before = digests(photos)
    with pytest.raises(IcasError, match="holds the pictures"):
        placed(photos, Path(os.path.normpath(photos / destination)), overwrite=True)
    assert digests(photos) == before


def test_a_hostile_name_is_refused_before_anything_is_made(photos, tmp_path):
    with pytest.raises(IcasError):
        placed(photos, tmp_path / "clusters", [("a.jpg", "../../evil")])
    with pytest.raises(IcasError):
        placed(photos, tmp_path / "clusters", [("../photos/a.jpg", "cluster_0001")])
    assert sorted(os.listdir(tmp_path)) == ["photos"]


def test_an_unknown_transfer_names_what_is_accepted(photos, tmp_path):
    with pytest.raises(IcasError, match="transfer: found 'move', accepted are copy, hardlink, symlink, none"):
        placed(photos, tmp_path / "clusters", transfer="move")


def test_a_linked_picture_is_placed_as_the_picture_it_shows(photos, tmp_path):
    (photos / "link.jpg").symlink_to("beach/b.jpg")
    for transfer in ("copy", "hardlink"):
        placed(photos, tmp_path / transfer, [("link.jpg", "cluster_0001")], transfer=transfer)
        found = tmp_path / transfer / "cluster_0001/link.jpg"
        assert not found.is_symlink()
        assert found.read_bytes() == (photos / "beach/b.jpg").read_bytes()


def test_hard_links_across_file_systems_become_copies_and_say_so_once(photos, other_file_system, caplog):
    receipt = placed(photos, other_file_system / "clusters", transfer="hardlink")
    assert receipt.fallbacks == len(ASSIGNMENT)
    assert set(receipt.table["transfer"].to_pylist()) == {"copy"}
    assert caplog.text.count("hard links cannot be made") == 1
    again = placed(photos, other_file_system / "clusters", transfer="hardlink")
    assert again.reused == len(ASSIGNMENT)


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system to fill")
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_full_disk_is_one_line_and_leaves_the_old_tree(photos, small_disk):
    placed(photos, small_disk / "clusters")
    before = digests(small_disk)
    (photos / "large.jpg").write_bytes(os.urandom(2_000_000))
    with pytest.raises(IcasError, match="No space left on device") as refused:
        placed(photos, small_disk / "clusters", [*ASSIGNMENT, ("large.jpg", "outliers")])
    assert "large.jpg" in str(refused.value)
    assert digests(small_disk) == before
    placed(photos, small_disk / "clusters")


def test_a_destination_that_cannot_be_written_is_one_line(photos, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(IcasError, match="cannot be placed") as refused:
        placed(photos, tmp_path / "file" / "clusters")
    assert "\n" not in str(refused.value)


PLACE = """
import logging, os
from icas_core.clustering.folders import place
numbers = [int(number) for number in sys.argv[3].split(",")]
names = sorted(name for name in os.listdir(sys.argv[1]))
place([(name, f"cluster_{numbers[row % len(numbers)]:04d}") for row, name in enumerate(names)],
      source_root=sys.argv[1], destination=sys.argv[2], transfer="copy", overwrite=False, log=logging.getLogger())
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_tree(tmp_path):
    photos = make_pictures(tmp_path / "photos", "a.jpg", "b.jpg", "c.jpg")
    originals = digests(photos)
    tree = tmp_path / "clusters"
    first = list(zip(["a.jpg", "b.jpg", "c.jpg"], ["cluster_0001", "cluster_0002", "cluster_0001"], strict=True))
    placed(photos, tree, first)
    old, kills, died = placed_files(tree), 0, True
    while died:
        kills += 1
        died = process_dies_at(kills, PLACE, photos, tree, "3,4")
        trees = [tree, *tmp_path.glob(".clusters.replaced"), *tmp_path.glob(".clusters.building-*")]
        there = [placed_files(path) for path in trees]
        new = {name.replace("1/", "3/").replace("2/", "4/"): digest for name, digest in old.items()}
        assert old in there or new in there
        assert digests(photos) == originals
        # Whatever was left, the next run puts things right.
        placed(photos, tree, first)
        assert placed_files(tree) == old
        assert hidden_beside(tree) == []
    assert kills > 8


def test_read_placed_lists_what_is_there_now(photos, tmp_path):
    placed(photos, tmp_path / "clusters")
    move(tmp_path / "clusters")
    assert read_placed(tmp_path / "clusters") == [
        ("cluster_0001", "beach__a.jpg"),
        ("cluster_0002", "a.jpg"),
        ("cluster_0002", "b.jpg"),
        ("outliers", "line\nbreak 'quote' é.jpg"),
    ]


def test_a_folder_of_batches_made_by_hand_is_read(tmp_path):
    make_pictures(
        tmp_path,
        *("0001/cluster_0002/b.jpg", "0001/cluster_0002/a.jpg", "0001/my dogs/c.JPG", "0001/outliers/d.png"),
        *("spring/Zoo/deep/e.jpg", "spring/cluster_0012/f.jpg", "spring/.hidden/g.jpg", "spring/Zoo/notes.txt"),
        *("0001/.receipt.parquet", ".git/h.jpg", "notes.txt", "0001/clusters.csv"),
    )
    tables = read_folder_of_batches(tmp_path)
    assert sorted(tables) == ["0001", "spring"]
    assert tables["0001"].drop(["similarity"]).to_pydict() == {
        "path": ["0001/cluster_0002/a.jpg", "0001/cluster_0002/b.jpg", "0001/my dogs/c.JPG", "0001/outliers/d.png"],
        "cluster": [2, 2, 1, -1],
        "representative": [True, False, True, False],
    }
    assert dict(zip(*tables["spring"].select(["path", "cluster"]).to_pydict().values(), strict=True)) == {
        "spring/Zoo/deep/e.jpg": 1,
        "spring/cluster_0012/f.jpg": 12,
    }


def test_two_folders_of_one_number_are_two_clusters(tmp_path):
    make_pictures(tmp_path, "b/cluster_0001/a.jpg", "b/cluster_1/b.jpg", "b/cluster_0/c.jpg")
    numbers = read_folder_of_batches(tmp_path)["b"]["cluster"].to_pylist()
    assert sorted(numbers) == [1, 2, 3]


def test_batch_folders_of_links_are_read_like_copies(photos, tmp_path):
    placed(photos, tmp_path / "batches" / "0001", transfer="symlink")
    table = read_folder_of_batches(tmp_path / "batches")["0001"]
    assert table["cluster"].to_pylist() == [1, 1, 2, -1]


def test_a_folder_that_holds_no_batches_is_refused_in_one_line(tmp_path):
    with pytest.raises(IcasError, match="not a folder"):
        read_folder_of_batches(tmp_path / "missing")
    with pytest.raises(IcasError, match="holds no pictures"):
        read_folder_of_batches(tmp_path)
    make_pictures(tmp_path, "cluster_0001/a.jpg")
    with pytest.raises(IcasError, match=r"'cluster_0001/a\.jpg', expected .*/<batch>/<cluster>/<picture>"):
        read_folder_of_batches(tmp_path)
