"""Export the annotations as masks, index PNGs, COCO, labelme and YOLO."""

import json
from pathlib import Path

from icas_core.annotations.classes import parsed_colour
from icas_core.export.exporting import export_annotations
from icas_core.logs import log_to, reporting_errors
from icas_core.tables import written_atomically


def main(job) -> None:
    exports = export_annotations(
        job.params.annotations,
        images=job.config["images"],
        destination=job.params.folder,
        classes={name: parsed_colour(colour) for name, colour in job.config["classes"].items()},
        mask_name=job.config["mask_name"],
        overwrite=job.config["overwrite"],
        threads=job.threads,
        log=log_to(job.log[0]),
    )
    with written_atomically(Path(job.params.summary), "w", encoding="utf-8") as file:
        json.dump({"line": exports.line, "left_out": exports.left_out}, file, indent=2)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
