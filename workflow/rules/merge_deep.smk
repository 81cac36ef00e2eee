# Takes all batches' embeddings, their clusters and what stands for these; makes the clusters of the whole folder, and
# the drawings of them. In place of merge.smk where the method is deep.


rule merge_deep:
    input:
        clusters=of_batches("cluster/{batch}.parquet"),
        scores=of_batches("cluster/{batch}.model_scores.csv"),
        represented=represented_deep,
        features=of_batches("extract/deep/{batch}.parquet"),
    output:
        clusters=out("merge/clusters.parquet"),
        scores=report(
            out("model_scores.csv"),
            caption="../report/model_scores.rst",
            category="Clusters",
        ),
    log:
        logged("merge_deep"),
    benchmark:
        timed("merge_deep")
    conda:
        "../../envs/icas.yaml"
    threads: share_of_cores(1)
    params:
        stage=merge_deep_stage,
        numbers=out("numbers/merged.parquet"),
    script:
        "../../scripts/merge_deep.py"


rule draw_deep:
    input:
        clusters=out("merge/clusters.parquet"),
        scores=out("model_scores.csv"),
        features=of_batches("extract/deep/{batch}.parquet"),
    output:
        map=report(
            out("draw_deep/map.png"),
            caption="../report/map.rst",
            category="Clusters",
        ),
        scores=report(
            out("draw_deep/scores.png"),
            caption="../report/scores.rst",
            category="Clusters",
        ),
    log:
        logged("draw_deep"),
    benchmark:
        timed("draw_deep")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=draw_deep_stage,
    script:
        "../../scripts/draw_deep.py"
