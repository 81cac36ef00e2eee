"""Cluster one batch's pictures by their similar pairs."""

from icas_core.clustering.components import cluster_batch
from icas_core.logs import reporting_errors
from icas_core.similarity.stored import SimilarityOf, combine_files
from icas_core.tables import read_numbers, read_paths, read_rejected, write_table


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name != "stage"}
    rejected = {path for file in job.input.rejected for path, _ in read_rejected(file)}
    representative = stage.pop("representative")
    paths = [path for path in read_paths(job.input.manifest) if path not in rejected]
    clusters = cluster_batch(
        paths,
        combine_files(job.input.edges, stage["thresholds"], stage["operator"], set(paths)),
        representative=representative,
        similarity_of=SimilarityOf.stored([job.input.features], **stage),
        previous=read_numbers(job.params.numbers),
    )
    write_table(clusters, job.params.numbers)
    write_table(clusters, job.output.clusters)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
