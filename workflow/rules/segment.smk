# Opens the windows over the pictures, each time it is asked. What a person paints is no rule's output.


localrules:
    segment,


rule segment:
    log:
        logged("segment"),
    conda:
        "../../envs/icas.yaml"
    params:
        stage=presegment_stage,
        maps=out(f"presegment/{config['segment_method']}/segments"),
        annotations=str(SETTINGS.annotations),
        summary=str(SETTINGS.output / "segment/summary.json"),
    script:
        "../../scripts/segment.py"
