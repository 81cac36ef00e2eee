# Targets that a person asks for by name, each time anew: none has an output.


rule move_images:
    input:
        # All that tells of the pictures is made before they go; once they have, none of it is looked at again.
        (
            []
            if MOVED
            else [
                out("merge/clusters.parquet"),
                out("place/receipt.json"),
                out("report.html"),
                out("summary.json"),
            ]
        ),
    log:
        logged("move_images"),
    conda:
        "../../envs/icas.yaml"
    params:
        clusters=merged_clusters,
        journal=str(JOURNAL),
    script:
        "../../scripts/move_images.py"


rule undo_move:
    log:
        logged("undo_move"),
    conda:
        "../../envs/icas.yaml"
    params:
        journal=str(JOURNAL),
    script:
        "../../scripts/undo_move.py"


rule merge_folders:
    log:
        logged("merge_folders"),
    conda:
        "../../envs/icas.yaml"
    threads: share_of_cores(1)
    params:
        how=SETTINGS.comparing(),
        output=str(SETTINGS.output),
        template=str(ROOT / "workflow/report/gallery.html.j2"),
    script:
        "../../scripts/merge_folders.py"
