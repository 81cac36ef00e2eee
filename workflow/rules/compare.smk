# Takes features; makes edges: every pair of one batch, and of two blocks of batches, that is similar enough.


rule compare:
    input:
        features=out("extract/{method}/{batch}.parquet"),
    output:
        edges=out("compare/{method}/{batch}.parquet"),
    log:
        logged("compare", "{method}.{batch}"),
    benchmark:
        timed("compare", "{method}.{batch}")
    conda:
        "../../envs/icas.yaml"
    threads: share_of_cores(len(BATCHES) * len(METHODS))
    params:
        stage=compare_stage,
    script:
        "../../scripts/compare.py"


rule compare_across:
    input:
        represented=represented,
        features=features_of_blocks,
    output:
        edges=out("compare_across/{method}/{i}_{j}_of_{blocks}.parquet"),
    log:
        logged("compare_across", "{method}.{i}_{j}_of_{blocks}"),
    benchmark:
        timed("compare_across", "{method}.{i}_{j}_of_{blocks}")
    conda:
        "../../envs/icas.yaml"
    threads: share_of_cores(len(PAIRS) * len(METHODS))
    params:
        stage=across_stage,
    script:
        "../../scripts/compare_across.py"
