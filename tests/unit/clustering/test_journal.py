import pytest

from icas_core.clustering.journal import Move, journal_is_open, open_journal, read_journal
from icas_core.errors import IcasError

MOVE = Move("a\n'é'.jpg", "cluster_0001/a.jpg", 5, 7, 9)


@pytest.fixture
def journal(tmp_path):
    return open_journal(tmp_path / "moved.journal", source_root="/photos", destination="/out/moved")


def test_what_was_written_is_read_again(journal):
    other = Move("b.jpg", "cluster_0001/b.jpg", 1, 2, 3)
    journal.intend([MOVE, other])
    journal.finish(MOVE.source)
    again = read_journal(journal.path)
    assert (again.moves, again.done) == ({MOVE.source: MOVE, "b.jpg": other}, {MOVE.source})
    journal.take_back(MOVE.source)
    again = read_journal(journal.path)
    assert (again.moves, again.done) == ({"b.jpg": other}, set())
    assert journal_is_open(journal.path)


def test_at_every_length_a_cut_journal_reads_as_its_whole_lines(journal):
    journal.intend([MOVE])
    journal.finish(MOVE.source)
    content = journal.path.read_bytes()
    header, intent = (content.split(b"\n")[line] for line in (0, 1))
    for length in range(len(header) + 1, len(content)):
        journal.path.write_bytes(content[:length])
        again = read_journal(journal.path)
        assert len(again.moves) == (length > len(header) + len(intent) + 1)
        assert again.done == set()
        again.intend([Move("next.jpg", "f/next.jpg", 1, 1, 1)])
        assert "next.jpg" in read_journal(journal.path).moves


@pytest.mark.parametrize(
    "damage", [b"", b"[]\n", b'["icas", 99, "a", "b"]\n', b'["icas", 1, "a", "b"]\n["done"]\n', b"\xff\n"]
)
def test_a_damaged_journal_is_refused_in_one_line(tmp_path, damage):
    (tmp_path / "journal").write_bytes(damage)
    with pytest.raises(IcasError, match=r"journal: line \d is damaged") as refused:
        read_journal(tmp_path / "journal")
    assert "\n" not in str(refused.value)


def test_a_journal_of_other_folders_is_refused(journal):
    with pytest.raises(IcasError, match="run undo_move for them first"):
        open_journal(journal.path, source_root="/other", destination="/out/moved")


def test_a_missing_journal_is_no_open_one(tmp_path):
    assert not journal_is_open(tmp_path / "none")
    with pytest.raises(IcasError, match="no such journal"):
        read_journal(tmp_path / "none")
