"""Choose what stands for one batch's pictures in the merge: means of their embeddings, or a picture a cluster."""

from icas_core.competition.condensing import represent
from icas_core.logs import reporting_errors
from icas_core.similarity.features import read_features
from icas_core.tables import CLUSTERS, read_table


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name != "version"}
    clusters = read_table(job.input.clusters, CLUSTERS)
    represent(read_features(job.input.features), clusters, job.output.represented, **stage)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
