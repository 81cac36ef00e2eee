"""Write one batch's manifest from the ledger."""

from icas_core.batches import manifest
from icas_core.logs import reporting_errors
from icas_core.tables import write_table


def main(job) -> None:
    write_table(manifest(job.params.ledger, job.wildcards.batch), job.output.manifest)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
