from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from icas_core.tables import MERGED

TEMPLATE = Path(__file__).parents[3] / "workflow" / "report" / "gallery.html.j2"


@pytest.fixture
def template() -> Path:
    return TEMPLATE


@pytest.fixture
def merged_of():
    """A table of tables.MERGED from {cluster: [(path, similarity), …]}, the first of each its representative."""

    def table(clusters: dict[int, list[tuple[str, float | None]]]) -> pa.Table:
        rows = [
            (path, number, "0001", number, number != -1 and i == 0, similarity)
            for number, members in clusters.items()
            for i, (path, similarity) in enumerate(members)
        ]
        columns = zip(*rows, strict=True) if rows else [()] * len(MERGED)
        arrays = [pa.array(list(column), type=field.type) for column, field in zip(columns, MERGED, strict=True)]
        return pa.Table.from_arrays(arrays, schema=MERGED)

    return table


@pytest.fixture
def pictures(tmp_path):
    """Draw small pictures of these names into a folder and give the folder."""

    def draw(*names: str) -> Path:
        for i, name in enumerate(names):
            path = tmp_path / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(i).integers(0, 255, (40, 60, 3), dtype=np.uint8)
            Image.fromarray(noise).save(path, format="JPEG")
        (tmp_path / "pictures").mkdir(exist_ok=True)
        return tmp_path / "pictures"

    return draw
