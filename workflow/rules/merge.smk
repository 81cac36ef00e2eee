# Takes all batches' clusters and all cross edges; makes the clusters of the whole folder.


rule merge:
    input:
        clusters=of_batches("cluster/{batch}.parquet"),
        represented=of_batches("represent/{batch}.parquet") if MERGES else [],
        edges=of_block_pairs(),
        features=of_batches_and_methods("extract/{method}/{batch}.parquet"),
    output:
        clusters=out("merge/clusters.parquet"),
    log:
        logged("merge"),
    benchmark:
        timed("merge")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=merge_stage,
        numbers=out("numbers/merged.parquet"),
    script:
        "../../scripts/merge.py"
