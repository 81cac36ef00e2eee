"""What is read brings no code along: checkpoints, stored arrays and tables that are pickles of a command."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from icas_core.batches import read_ledger
from icas_core.errors import IcasError
from icas_core.tables import EDGES, read_notes, read_table
from tests.hostile.pictures import MARK, Payload


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the command would leave its mark."""
    monkeypatch.chdir(tmp_path)


def test_the_command_would_leave_its_mark(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload()))
    assert (tmp_path / MARK).exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_runs_nothing(tmp_path: Path, zipped: bool) -> None:
    torch = pytest.importorskip("torch")
    from icas_core.weights import read_checkpoint

    torch.save({"layer.weight": Payload()}, tmp_path / "model.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(IcasError, match="not a checkpoint of weights"):
        read_checkpoint(tmp_path / "model.pt")
    assert not (tmp_path / MARK).exists()


def test_a_stored_embedding_runs_nothing_and_is_made_anew(tmp_path: Path) -> None:
    from icas_core.segmentation.sam.embeddings import Embeddings

    np.save(tmp_path / "abc.npy", np.array([Payload()], dtype=object), allow_pickle=True)
    assert Embeddings(tmp_path, 10).read("abc") is None
    assert not (tmp_path / MARK).exists()


def test_a_table_and_the_ledger_run_nothing(tmp_path: Path) -> None:
    (tmp_path / "table.parquet").write_bytes(pickle.dumps(Payload()))
    for reading in (lambda path: read_table(path, EDGES), read_ledger):
        with pytest.raises(IcasError, match="not a readable table"):
            reading(tmp_path / "table.parquet")
    with pytest.raises((IcasError, OSError, ValueError)):
        read_notes(tmp_path / "table.parquet")
    assert not (tmp_path / MARK).exists()
