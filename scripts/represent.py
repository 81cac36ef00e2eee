"""Choose the pictures of one batch that take part in the merge."""

from icas_core.clustering.representatives import representatives_of
from icas_core.logs import reporting_errors
from icas_core.tables import CLUSTERS, read_table, write_table


def main(job) -> None:
    clusters = read_table(job.input.clusters, CLUSTERS)
    write_table(representatives_of(clusters, merge=job.params.stage["merge"]), job.output.represented)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
