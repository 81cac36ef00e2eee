# Takes edges; makes each batch's clusters, and the pictures that stand for them in the merge.


rule cluster:
    input:
        manifest=out("split/{batch}.parquet"),
        features=of_methods("extract/{method}/{batch}.parquet"),
        rejected=of_methods("extract/{method}/{batch}.rejected.csv"),
        edges=of_methods("compare/{method}/{batch}.parquet"),
    output:
        clusters=out("cluster/{batch}.parquet"),
    log:
        logged("cluster", "{batch}"),
    benchmark:
        timed("cluster", "{batch}")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=cluster_stage,
        numbers=out("numbers/{batch}.parquet"),
    script:
        "../../scripts/cluster.py"


rule represent:
    input:
        clusters=out("cluster/{batch}.parquet"),
    output:
        represented=out("represent/{batch}.parquet"),
    log:
        logged("represent", "{batch}"),
    benchmark:
        timed("represent", "{batch}")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=represent_stage,
    script:
        "../../scripts/represent.py"
