"""Write the page that shows the result, and its counts in one line."""

from pathlib import Path

from icas_core.logs import progress, reporting_errors
from icas_core.report.gallery import write_gallery
from icas_core.report.summary import read_histograms, write_summary
from icas_core.tables import MERGED, read_all_rejected, read_table
from icas_core.thumbnails import StoredThumbnails
from icas_core.workload.counted import expected_of, read_counts

# What the page says above each figure, by the name of its file.
FIGURES = {
    "losses": "How the model learnt: its loss on the pictures it learns from, and on others",
    "reconstructions": "Pictures it did not learn from, each with what it rebuilds from its code to its right",
    "map": "Map of the pictures: alike are near one another",
    "scores": "Scores of the clustering models over the number of clusters",
}


def main(job) -> None:
    stage = job.params.stage
    merged = read_table(job.input.clusters, MERGED)
    rejected = read_all_rejected(job.input.rejected)
    thresholds = stage["shown"]["threshold"]
    expected = expected_of(merged, stage["shown"]["merge"])
    with progress(merged.num_rows, "gallery") as bar:
        write_gallery(
            merged,
            images_root=stage["images"],
            destination=job.output.page,
            template=job.input.template,
            thumbnails=StoredThumbnails(job.input.thumbnails),
            rejected=rejected,
            histograms=read_histograms([*job.input.edges, *job.input.across], thresholds),
            counts=read_counts(job.input.edges, job.input.across, list(thresholds), expected),
            settings=stage["shown"],
            figures=[(FIGURES[Path(file).stem], file) for file in job.input.figures],
            title=Path(stage["images"]).name,
            progress=bar,
        )
    write_summary(merged, rejected, job.output.page, job.output.summary)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
