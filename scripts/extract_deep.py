"""Embed one batch's pictures by a deep model; name those that cannot be read."""

from icas_core.deep.embedding import embed_pictures
from icas_core.logs import progress, reporting_errors
from icas_core.similarity.features import write_features
from icas_core.tables import read_paths, write_rejected
from icas_core.thumbnails import writing_thumbnails


def main(job) -> None:
    stage = {name: value for name, value in job.params.stage.items() if name not in ("method", "version")}
    paths = read_paths(job.input.manifest)
    checkpoint = next(iter(job.input.checkpoint), None)
    what = f"embed {stage['model']} {job.wildcards.batch}"
    with writing_thumbnails(job.output.thumbnails) as thumbnails, progress(len(paths), what) as bar:
        features, rejected = embed_pictures(
            job.config["images"],
            paths,
            **stage,
            checkpoint=checkpoint,
            device=job.config["device"],
            threads=job.threads,
            progress=bar,
            thumbnails=thumbnails,
        )
    write_rejected(rejected, job.output.rejected)
    write_features(features, job.output.features)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
