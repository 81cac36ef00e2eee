# Takes the ledger; makes each batch's manifest: path, size, mtime_ns.


rule split:
    output:
        manifest=out("split/{batch}.parquet"),
    log:
        logged("split", "{batch}"),
    benchmark:
        timed("split", "{batch}")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=split_stage,
        ledger=out("ledger.parquet"),
    script:
        "../../scripts/split.py"
