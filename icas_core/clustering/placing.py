"""Place a table of clusters as folders of pictures, with a receipt for the workflow."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pyarrow as pa

from icas_core.clustering.folders import place
from icas_core.clustering.naming import folder_name
from icas_core.logs import progress
from icas_core.tables import written_atomically


def assignment_of(clusters: pa.Table) -> list[tuple[str, str]]:
    """Each picture of a table with the columns path and cluster, and the name of its folder."""
    columns = (clusters[name].to_pylist() for name in ("path", "cluster"))
    return [(path, folder_name(cluster)) for path, cluster in zip(*columns, strict=True)]


def placement_file(receipt: Path | str) -> Path:
    """Where the workflow's word for a placing is kept: beside the receipt, which Snakemake deletes before the job."""
    return Path(receipt).with_suffix(".placement")


def place_clusters(
    clusters: pa.Table,
    *,
    source_root: Path | str,
    destination: Path | str,
    transfer: str,
    overwrite: bool,
    placement: str,
    receipt: Path | str,
    log: logging.Logger,
) -> None:
    """Place every picture of `clusters` (columns path, cluster) below `destination`, then write the receipt.

    The receipt is JSON: the counts of pictures placed, reused, copied instead of linked, and vanished with their names.
    `placement`, the word that the workflow gave this placing, goes into `placement_file(receipt)`. Raises IcasError as
    `folders.place` does.
    """
    assignment = assignment_of(clusters)
    with progress(len(assignment), f"place {Path(destination).name}") as bar:
        placed = place(
            assignment,
            source_root=source_root,
            destination=destination,
            transfer=transfer,
            overwrite=overwrite,
            log=log,
            progress=bar,
        )
    counts = {
        "placed": placed.table.num_rows,
        "reused": placed.reused,
        "copied_instead_of_linked": placed.fallbacks,
        "vanished": placed.vanished,
    }
    with written_atomically(placement_file(receipt), "w", encoding="utf-8") as file:
        file.write(placement)
    with written_atomically(receipt, "w", encoding="utf-8") as file:
        json.dump(counts, file, indent=2)
