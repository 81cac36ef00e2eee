"""Extract one method's features of one batch's pictures; name those that cannot be read."""

from icas_core.logs import progress, reporting_errors
from icas_core.similarity.extraction import extract_features
from icas_core.similarity.features import write_features
from icas_core.tables import read_paths, write_rejected
from icas_core.thumbnails import writing_thumbnails


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name != "version"}
    paths = read_paths(job.input.manifest)
    what = f"extract {stage['method']} {job.wildcards.batch}"
    with writing_thumbnails(job.output.thumbnails) as thumbnails, progress(len(paths), what) as bar:
        features, rejected = extract_features(
            job.config["images"], paths, **stage, threads=job.threads, progress=bar, thumbnails=thumbnails
        )
    write_rejected(rejected, job.output.rejected)
    write_features(features, job.output.features)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
