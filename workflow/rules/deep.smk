# Takes a batch's manifest, the pictures and a deep model's weights; makes embeddings, the features of the methods
# embedding (compared pair by pair, as those of any other method) and deep (clustered: cluster_deep.smk).


rule extract_deep:
    input:
        manifest=out("split/{batch}.parquet"),
        checkpoint=deep_checkpoint,
        code=deep_code,
    output:
        features=out("extract/{method}/{batch}.parquet"),
        rejected=out("extract/{method}/{batch}.rejected.csv"),
        thumbnails=out("extract/{method}/{batch}.thumbnails.arrow"),
    log:
        logged("extract_deep", "{method}.{batch}"),
    benchmark:
        timed("extract_deep", "{method}.{batch}")
    wildcard_constraints:
        method="deep|embedding",
    conda:
        "../../envs/deep.yaml"
    threads: share_of_cores(len(BATCHES))
    params:
        stage=extract_stage,
    script:
        "../../scripts/extract_deep.py"
