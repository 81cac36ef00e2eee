"""Move the original pictures into folders, one a cluster, under a journal that can be played back."""

from pathlib import Path

from icas_core.clustering.moving import move_images
from icas_core.clustering.placing import assignment_of
from icas_core.logs import log_to, reporting_errors
from icas_core.tables import MERGED, read_table


def main(job) -> None:
    move_images(
        assignment_of(read_table(job.params.clusters, MERGED)),
        source_root=job.config["images"],
        destination=Path(job.params.journal).parent,
        journal=job.params.journal,
        log=log_to(job.log[0]),
    )


if __name__ == "__main__":
    reporting_errors(main, snakemake)
