"""Cluster one batch's embeddings by the best of several clustering models."""

from icas_core.competition.batch import cluster_embeddings
from icas_core.competition.competing import Rules
from icas_core.competition.scores_table import table_of, write_scores
from icas_core.competition.similarity import cosine_of
from icas_core.logs import progress, reporting_errors
from icas_core.similarity.features import read_features
from icas_core.tables import read_numbers, write_table


def main(job) -> None:
    stage, rules = job.params.stage, Rules(**job.params.stage["rules"])
    with progress(len(rules.grids), f"cluster {job.wildcards.batch}", "models") as bar:
        clusters, outcome = cluster_embeddings(
            read_features(job.input.features),
            rules,
            components=stage["components"],
            representative=stage["representative"],
            similarity_of=cosine_of([job.input.features]),
            previous=read_numbers(job.params.numbers),
            progress=bar,
        )
    write_scores(table_of(outcome.rows, job.wildcards.batch), job.output.scores)
    write_table(clusters, job.params.numbers)
    write_table(clusters, job.output.clusters)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
