"""Merge the batches' clusters through the similar pairs between batches."""

from pathlib import Path

from icas_core.clustering.merge import merge_clusters, without_merge
from icas_core.logs import reporting_errors
from icas_core.similarity.stored import SimilarityOf, combine_files, files_by_method
from icas_core.tables import CLUSTERS, read_numbers, read_table, write_table


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name not in ("stage", "merge")}
    representative = stage.pop("representative")
    batches = {Path(file).stem: read_table(file, CLUSTERS) for file in job.input.clusters}
    methods = list(stage["thresholds"])
    similarity_of = SimilarityOf.stored(files_by_method(job.input.features, len(methods)), **stage)
    previous = read_numbers(job.params.numbers)
    if job.params.stage["merge"] == "none":
        merged = without_merge(batches, similarity_of=similarity_of, previous=previous)
    else:
        groups = files_by_method(job.input.edges, len(methods))
        among = {path for table in batches.values() for path in table["path"].to_pylist()}
        edges = (combine_files(group, stage["thresholds"], stage["operator"], among) for group in groups)
        merged = merge_clusters(
            batches, edges, representative=representative, similarity_of=similarity_of, previous=previous
        )
    write_table(merged, job.params.numbers)
    write_table(merged, job.output.clusters)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
