"""Find the similar pairs within one batch."""

from icas_core.logs import reporting_errors
from icas_core.similarity.across import compare_batch
from icas_core.similarity.pairs import write_edges


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name != "version"}
    edges, paths = compare_batch(job.input.features, **stage, threads=job.threads, what=job.wildcards.batch)
    write_edges(edges, paths, paths, job.output.edges)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
