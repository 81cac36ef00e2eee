# Takes a batch's manifest and the pictures; makes each picture's label map, and the batch's table of them.


rule presegment:
    input:
        of_batches(f"presegment/{config['segment_method']}/{{batch}}.csv"),


rule presegment_batch:
    input:
        manifest=out("split/{batch}.parquet"),
    # The maps are no outputs: Snakemake would delete those that are there before the job could leave them as they are.
    output:
        segmented=out("presegment/{segmenter}/{batch}.csv"),
        rejected=out("presegment/{segmenter}/{batch}.rejected.csv"),
    log:
        logged("presegment_batch", "{segmenter}.{batch}"),
    benchmark:
        timed("presegment_batch", "{segmenter}.{batch}")
    conda:
        "../../envs/icas.yaml"
    threads: share_of_cores(len(BATCHES))
    params:
        stage=presegment_stage,
        maps=out("presegment/{segmenter}/segments"),
    script:
        "../../scripts/presegment_batch.py"
