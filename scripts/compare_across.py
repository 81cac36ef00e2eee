"""Find the similar pairs of representatives between the batches of two blocks."""

from icas_core.logs import reporting_errors
from icas_core.similarity.across import compare_blocks
from icas_core.similarity.pairs import write_edges


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name not in ("version", "across")}
    what = f"{job.wildcards.i} and {job.wildcards.j}"
    edges, paths = compare_blocks(
        job.input.features,
        job.input.represented,
        **stage,
        blocks=(int(job.wildcards.i), int(job.wildcards.j)),
        of_blocks=int(job.wildcards.blocks),
        threads=job.threads,
        what=what,
    )
    write_edges(edges, paths, paths, job.output.edges)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
