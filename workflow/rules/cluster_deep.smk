# Takes a batch's embeddings; makes its clusters, by the best of several clustering models, and what stands for them in
# the merge. In place of cluster.smk where the method is deep.


rule cluster_deep:
    input:
        features=out("extract/deep/{batch}.parquet"),
    output:
        clusters=out("cluster/{batch}.parquet"),
        scores=out("cluster/{batch}.model_scores.csv"),
    log:
        logged("cluster_deep", "{batch}"),
    benchmark:
        timed("cluster_deep", "{batch}")
    conda:
        "../../envs/icas.yaml"
    threads: share_of_cores(len(BATCHES))
    params:
        stage=cluster_deep_stage,
        numbers=out("numbers/{batch}.parquet"),
    script:
        "../../scripts/cluster_deep.py"


rule represent_deep:
    input:
        features=out("extract/deep/{batch}.parquet"),
        clusters=out("cluster/{batch}.parquet"),
    output:
        represented=out("represent/{batch}.parquet"),
    log:
        logged("represent_deep", "{batch}"),
    benchmark:
        timed("represent_deep", "{batch}")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=represent_deep_stage,
    script:
        "../../scripts/represent_deep.py"
