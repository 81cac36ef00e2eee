"""Blocks of batches: every pair of different batches once, none of one batch, whatever the blocks are."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from icas_core.similarity.across import compare_blocks
from icas_core.similarity.features import Features, write_features
from icas_core.similarity.pairs import similar_pairs
from icas_core.tables import CLUSTERS, write_table

COMPARED = {"method": "ssim", "threshold": 0.4, "parameters": {}, "threads": 1, "what": "test"}


def near_copies(random: np.random.Generator, scenes: np.ndarray, count: int) -> np.ndarray:
    """(count, 12, 12) uint8 pictures, each one of the scenes with some noise."""
    chosen = scenes[random.integers(len(scenes), size=count)]
    return np.clip(chosen + random.normal(0, 12, chosen.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict[str, Features]]:
    """Seven batches of 0 to 30 pictures: their feature files, and what is in them."""
    folder = tmp_path_factory.mktemp("blocks")
    random = np.random.default_rng(0)
    scenes = random.integers(0, 256, (25, 12, 12)).astype(np.float64)
    files, parts = [], {}
    for number, count in enumerate([30, 7, 0, 19, 25, 1, 12], start=1):
        paths = [f"{number}_{row:02d}.png" for row in range(count)]
        parts[f"{number:04d}"] = Features(paths, (near_copies(random, scenes, count),))
        files.append(str(folder / f"{number:04d}.parquet"))
        write_features(parts[f"{number:04d}"], files[-1])
    return files, parts


def edges_of_blocks(
    files: list[str], represented: list[str], forest: bool = False, of_blocks: int = 3
) -> tuple[dict, int]:
    """All edges of all pairs of blocks, by their paths, and the number of possible pairs."""
    found: dict[frozenset[str], float] = {}
    possible = 0
    for i, j in combinations_with_replacement(range(of_blocks), 2):
        at = [k for k, file in enumerate(files) if int(Path(file).stem) % of_blocks in (i, j)]
        chosen = [represented[k] for k in at] if represented else []
        edges, paths = compare_blocks(
            [files[k] for k in at], chosen, blocks=(i, j), of_blocks=of_blocks, forest=forest, **COMPARED
        )
        possible += edges.counts["possible"]
        for a, b, similarity in zip(edges.a, edges.b, edges.similarity, strict=True):
            pair = frozenset({paths[a], paths[b]})
            assert pair not in found
            found[pair] = float(similarity)
    return found, possible


def edges_by_batch(parts: dict[str, Features]) -> tuple[dict, int]:
    """The same of each pair of batches on its own."""
    found, possible = {}, 0
    for left, right in combinations([part for part in parts.values() if len(part)], 2):
        edges = similar_pairs(left, right, method="ssim", threshold=0.4)
        possible += len(left) * len(right)
        pairs = zip(edges.a, edges.b, edges.similarity, strict=True)
        found |= {frozenset({left.paths[a], right.paths[b]}): float(value) for a, b, value in pairs}
    return found, possible


@pytest.mark.parametrize("of_blocks", [1, 2, 3, 6, 16])
def test_any_number_of_blocks_gives_the_edges_of_all_pairs_of_batches(
    batches: tuple[list[str], dict[str, Features]], of_blocks: int
) -> None:
    files, parts = batches
    expected, possible = edges_by_batch(parts)
    assert len(expected) > 100
    assert edges_of_blocks(files, [], of_blocks=of_blocks) == (expected, possible)


def test_only_the_represented_pictures_take_part(
    batches: tuple[list[str], dict[str, Features]], tmp_path: Path
) -> None:
    files, parts = batches
    kept, represented = {}, []
    for name, part in parts.items():
        kept[name] = part.take(np.arange(0, len(part), 3))
        represented.append(str(tmp_path / f"{name}.parquet"))
        columns = [pa.array(kept[name].paths, pa.string()), pa.nulls(len(kept[name]), pa.int32())]
        count = len(kept[name])
        columns += [pa.array([True] * count, pa.bool_()), pa.array([1.0] * count, pa.float32())]
        table = pa.table(columns, schema=CLUSTERS)
        write_table(table, represented[-1])
    expected, possible = edges_by_batch(kept)
    assert edges_of_blocks(files, represented) == (expected, possible)


def test_a_forest_joins_the_same_pictures_within_each_pair_of_blocks(
    batches: tuple[list[str], dict[str, Features]],
) -> None:
    files, _ = batches
    everything, possible = edges_of_blocks(files, [])
    joined, looked_at = edges_of_blocks(files, [], forest=True)
    assert joined.items() <= everything.items()
    assert len(joined) < len(everything)
    assert looked_at == possible
