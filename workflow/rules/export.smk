# Takes what a person painted, which is no rule's output; makes the folder of exports, each time it is asked.


rule export_masks:
    log:
        logged("export_masks"),
    conda:
        "../../envs/export.yaml"
    threads: share_of_cores(1)
    params:
        annotations=str(SETTINGS.annotations),
        folder=str(SETTINGS.output / "export"),
        summary=str(SETTINGS.output / "export_masks/summary.json"),
    script:
        "../../scripts/export_masks.py"
