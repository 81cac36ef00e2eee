from snakemake.utils import min_version, validate

min_version("9.11")


configfile: Path(workflow.basedir) / "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/split.smk"
include: "workflow/rules/extract.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/deep.smk"
include: "workflow/rules/compare.smk"
include: f"workflow/rules/{'cluster_deep' if SETTINGS.deep else 'cluster'}.smk"
include: f"workflow/rules/{'merge_deep' if SETTINGS.deep else 'merge'}.smk"
include: "workflow/rules/place.smk"
include: "workflow/rules/gallery.smk"
include: "workflow/rules/estimate.smk"
include: "workflow/rules/move.smk"
include: "workflow/rules/presegment.smk"
include: "workflow/rules/segment.smk"
include: "workflow/rules/export.smk"


rule all:
    default_target: True
    input:
        results,
