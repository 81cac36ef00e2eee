# Takes a batch's manifest and the pictures; makes the method's features, the pictures that could not be read, and
# thumbnails: no picture is read again for the page.


rule extract:
    input:
        manifest=out("split/{batch}.parquet"),
    output:
        features=out("extract/{method}/{batch}.parquet"),
        rejected=out("extract/{method}/{batch}.rejected.csv"),
        thumbnails=out("extract/{method}/{batch}.thumbnails.arrow"),
    log:
        logged("extract", "{method}.{batch}"),
    benchmark:
        timed("extract", "{method}.{batch}")
    wildcard_constraints:
        method="(?!deep|embedding)[a-z]+",
    conda:
        "../../envs/icas.yaml"
    threads: share_of_cores(len(BATCHES) * len(METHODS))
    params:
        stage=extract_stage,
    script:
        "../../scripts/extract.py"
