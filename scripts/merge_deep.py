"""Cluster the whole folder's embeddings through what stands for each batch, by the best of the clustering models."""

from pathlib import Path

from icas_core.competition.competing import Rules
from icas_core.competition.merging import Embedded
from icas_core.competition.scores_table import join_scores
from icas_core.competition.similarity import cosine_of
from icas_core.competition.whole import merge_embeddings
from icas_core.logs import progress, reporting_errors
from icas_core.tables import CLUSTERS, read_numbers, read_table, write_table


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name not in ("version", "rules")}
    rules = Rules(**job.params.stage["rules"])
    by_batch = {Path(file).stem: file for file in job.input.features}
    with progress(len(rules.grids), "merge", "models") as bar:
        merged, outcome = merge_embeddings(
            {Path(file).stem: read_table(file, CLUSTERS) for file in job.input.clusters},
            Embedded(by_batch),
            {Path(file).stem: file for file in job.input.represented},
            rules,
            **stage,
            similarity_of=cosine_of(job.input.features),
            previous=read_numbers(job.params.numbers),
            progress=bar,
        )
    join_scores(outcome, job.input.scores, job.output.scores)
    write_table(merged, job.params.numbers)
    write_table(merged, job.output.clusters)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
