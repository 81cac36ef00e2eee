"""Segment one batch's pictures where their label maps are missing; name those that cannot be read."""

from pathlib import Path

from icas_core.logs import progress, reporting_errors
from icas_core.segmentation.presegmenting import Presegmented, presegment, write_counts
from icas_core.tables import read_paths, write_rejected


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name != "version"}
    maps = Presegmented(Path(job.params.maps), Path(job.config["images"]), **stage)
    paths = read_paths(job.input.manifest)
    with progress(len(paths), f"presegment {stage['method']} {job.wildcards.batch}") as bar:
        segmented, rejected = presegment(maps, paths, threads=job.threads, progress=bar)
    write_rejected(rejected, job.output.rejected)
    write_counts(segmented, job.output.segmented)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
