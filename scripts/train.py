"""Train the deep model on the folder's pictures; draw how its training went."""

from pathlib import Path

from icas_core.batches import read_all_paths
from icas_core.deep.train import train_model
from icas_core.logs import reporting_errors
from icas_core.report.training import draw_reconstructions, plot_losses, write_losses


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name not in ("version", "digest")}
    paths = read_all_paths(job.params.ledger)
    trained = train_model(
        job.config["images"],
        paths,
        **stage,
        state=job.params.state,
        device=job.config["device"],
        threads=job.threads,
    )
    write_losses(trained.losses, job.output.losses)
    plot_losses(trained.losses, trained.best_epoch, job.output.curve, name=stage["loss"])
    draw_reconstructions(trained.originals, trained.rebuilt, job.output.reconstructions)
    trained.write(job.output.checkpoint)
    Path(job.params.state).unlink(missing_ok=True)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
