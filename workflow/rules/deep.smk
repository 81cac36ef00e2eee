# Takes a batch's manifest, the pictures and a deep model's weights; makes embeddings, the features of the methods
# embedding (compared pair by pair, as those of any other method) and deep.
#
# Under `method: deep` (SETTINGS.deep) there are no pairs. What follows the embeddings takes
#   extract/deep/<batch>.parquet       read_features(...): paths, variants[0] of (n, d) float32
#   extract/deep/<batch>.rejected.csv
# and makes cluster/<batch>.parquet (tables.CLUSTERS), represent/<batch>.parquet and merge/clusters.parquet
# (tables.MERGED) in rules of their own, cluster_deep, represent_deep and merge_deep, which the Snakefile includes in
# place of those of cluster.smk and merge.smk. Until they are here, the result of such a run is its embeddings.


rule extract_deep:
    input:
        manifest=out("split/{batch}.parquet"),
        checkpoint=deep_checkpoint,
        code=deep_code,
    output:
        features=out("extract/{method}/{batch}.parquet"),
        rejected=out("extract/{method}/{batch}.rejected.csv"),
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
