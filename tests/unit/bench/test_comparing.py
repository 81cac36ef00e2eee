from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from icas_core.bench.comparing import compare_all, pictures_needed
from icas_core.bench.figures import GROUPS
from icas_core.bench.others import errors_of, extracted
from icas_core.bench.pictures import Photographs
from icas_core.errors import IcasError

PHOTOS = Path(__file__).parents[2] / "data" / "photos"


@pytest.mark.parametrize("key", GROUPS)
def test_every_figure_has_both_rates_and_the_numbers_of_the_library(key):
    group = replace(GROUPS[key], tile=(6, 5))
    pictures = islice(Photographs(PHOTOS).endless(), pictures_needed(group, 2))
    features = extracted(pictures, group.method, group.side, group.settled)
    rows = compare_all(group, features, 2, quick=False)
    assert [row.name for row in rows][: len(group.figures)] == [f"{group.title}, {f.name}" for f in group.figures]
    for row in rows:
        assert row.ratio == pytest.approx(row.ours / row.theirs)
        assert row.error is None or row.error <= (1e-5 if group.method in ("ssim", "tm") else 5e-8)


def test_a_wrong_similarity_and_a_missing_edge_show_as_errors(monkeypatch):
    from icas_core.bench import comparing

    group = replace(GROUPS["imagehash_256"], tile=(6, 5))
    true = comparing.compared_by

    def library(*given):
        values, spent = true(*given)
        return values - 0.25, spent

    pictures = islice(Photographs(PHOTOS).endless(), pictures_needed(group, 1))
    features = extracted(pictures, group.method, group.side, group.settled)
    monkeypatch.setattr(comparing, "compared_by", library)
    found = {row.name: row.error for row in compare_all(group, features, 1, quick=False)}
    assert found["imagehash 256 bit, no pruning"] == pytest.approx(0.25)
    monkeypatch.setattr(comparing, "compared_by", lambda *given: (np.full(30, 0.9), 1.0))
    found = {row.name: row.error for row in compare_all(group, features, 1, quick=False)}
    assert found["imagehash 256 bit, edges at 0.75"] == np.inf


def test_parts_of_a_few_photographs_are_all_different_and_the_same_each_time():
    first = list(islice(Photographs(PHOTOS).endless(), 300))
    assert len({picture.tobytes() for picture in first}) > 0.97 * len(first)
    for one, other in zip(first, islice(Photographs(PHOTOS).endless(), 300), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("key", ["ssim_24", "tm_100", "orb_100"])
def test_flat_pictures_and_noise_are_compared_too(key):
    rows = errors_of(key, Photographs(PHOTOS), quick=True)
    assert [row.pairs for row in rows] == [400, 100]
    assert all(row.error <= 1e-5 for row in rows)


def test_a_folder_without_pictures_is_named(tmp_path):
    with pytest.raises(IcasError, match="no pictures found"):
        Photographs(tmp_path)


def test_the_command_for_pruning_tells_edges_that_are_lost(monkeypatch, capsys):
    from icas_core.bench import pruned

    monkeypatch.setattr(pruned, "THRESHOLDS", (0.5,))
    assert pruned.main([str(PHOTOS), "--most", "30"]) == 0
    assert "DIFFERENT" not in capsys.readouterr().out
    true = pruned.similar_pairs
    monkeypatch.setattr(pruned, "similar_pairs", lambda *given, **named: true(*given, **{**named, "threshold": 0.9}))
    assert pruned.main([str(PHOTOS), "--most", "30"]) == 1
    assert "DIFFERENT" in capsys.readouterr().out
