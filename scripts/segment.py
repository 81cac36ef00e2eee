"""Open the windows in which a person paints the pictures, at the first that is not done."""

import json
from pathlib import Path

from icas_core.annotations.classes import parsed_colour
from icas_core.logs import reporting_errors
from icas_core.painter.command import paint
from icas_core.segmentation.presegmenting import Presegmented
from icas_core.tables import written_atomically


def main(job) -> None:
    config, stage = job.config, {name: value for name, value in job.params.stage.items() if name != "version"}
    line = paint(
        Path(config["images"]),
        annotations=Path(job.params.annotations),
        **stage,
        presegmented=Presegmented(Path(job.params.maps), Path(config["images"]), **stage),
        sam=config["sam"],
        classes={name: parsed_colour(colour) for name, colour in config["classes"].items()},
        picker=Path(config["picker"]) if config["picker"] else None,
        **{name: config[name] for name in ("templates", "segments", "attentions", "masks", "mask_name")},
        template_error=None if config["template_error"] == "best" else config["template_error"],
        configured=True,
    )
    with written_atomically(Path(job.params.summary), "w", encoding="utf-8") as file:
        json.dump({"line": line}, file)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
