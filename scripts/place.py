"""Place all pictures into folders, one a cluster, and write the table of clusters."""

from icas_core.clustering.placing import place_clusters
from icas_core.logs import log_to, reporting_errors
from icas_core.tables import MERGED, read_table, write_clusters_csv


def main(job) -> None:
    merged = read_table(job.input.clusters, MERGED)
    place_clusters(
        merged,
        source_root=job.config["images"],
        destination=job.params.folder,
        transfer=job.params.stage["transfer"],
        overwrite=job.config["overwrite"],
        placement=job.params.stage["placement"],
        receipt=job.output.receipt,
        log=log_to(job.log[0]),
    )
    write_clusters_csv(merged, job.output.table)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
