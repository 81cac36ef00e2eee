"""Draw the map of the pictures, and the scores of the clustering models."""

from pathlib import Path

from icas_core.competition.merging import Embedded
from icas_core.competition.plane import in_plane
from icas_core.competition.scores_table import read_scores
from icas_core.logs import reporting_errors
from icas_core.report.map import draw_map
from icas_core.report.model_scores import plot_scores
from icas_core.tables import MERGED, read_table


def main(job) -> None:
    merged = read_table(job.input.clusters, MERGED)
    paths, rows = Embedded({Path(file).stem: file for file in job.input.features}).sample()
    cluster_of = dict(zip(merged["path"].to_pylist(), merged["cluster"].to_pylist(), strict=True))
    places, name = in_plane(rows)
    draw_map(
        places, [cluster_of[path] for path in paths], paths, job.params.stage["images"], job.output.map, axes_of=name
    )
    plot_scores(read_scores(job.input.scores), job.output.scores)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
