"""Place one batch's pictures into folders, one a cluster."""

from icas_core.clustering.placing import place_clusters
from icas_core.logs import log_to, reporting_errors
from icas_core.tables import CLUSTERS, read_table


def main(job) -> None:
    place_clusters(
        read_table(job.input.clusters, CLUSTERS),
        source_root=job.config["images"],
        destination=job.params.folder,
        transfer=job.params.stage["transfer"],
        overwrite=job.config["overwrite"],
        placement=job.params.stage["placement"],
        receipt=job.output.receipt,
        log=log_to(job.log[0]),
    )


if __name__ == "__main__":
    reporting_errors(main, snakemake)
