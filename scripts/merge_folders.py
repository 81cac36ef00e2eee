"""Merge a folder of batch folders into one folder of clusters, with its table and its page."""

from pathlib import Path

from icas_core.clustering.made_from import write_made_from
from icas_core.clustering.placing import place_clusters
from icas_core.logs import log_to, reporting_errors
from icas_core.merging import Comparing, merge_folders
from icas_core.report.gallery import write_gallery
from icas_core.report.summary import write_summary
from icas_core.tables import write_clusters_csv


def main(job) -> None:
    how = Comparing(**job.params.how, threads=job.threads)
    folder, output = job.config["folders"], Path(job.params.output)
    merged, rejected = merge_folders(
        folder, how, representative=job.config["representative"], merge=job.config["merge"]
    )
    write_made_from(output, folder)
    place_clusters(
        merged,
        source_root=folder,
        destination=output / "clusters",
        transfer=job.config["transfer"],
        overwrite=job.config["overwrite"],
        placement="merge_folders",
        receipt=output / "place/receipt.json",
        log=log_to(job.log[0]),
    )
    write_clusters_csv(merged, output / "clusters.csv")
    write_gallery(
        merged,
        images_root=folder,
        destination=output / "report.html",
        template=job.params.template,
        rejected=rejected,
        title=output.name,
        threads=job.threads,
    )
    write_summary(merged, rejected, output / "report.html", output / "summary.json")


if __name__ == "__main__":
    reporting_errors(main, snakemake)
