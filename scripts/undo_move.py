"""Play the journal of move_images back: every picture returns to where it was."""

from icas_core.clustering.moving import undo_move
from icas_core.logs import log_to, reporting_errors


def main(job) -> None:
    undo_move(job.params.journal, log=log_to(job.log[0]))


if __name__ == "__main__":
    reporting_errors(main, snakemake)
