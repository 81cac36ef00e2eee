# Takes clusters; makes folders of pictures. The folders are no outputs: Snakemake would delete them, and with them
# what a person corrected, before the job could look.


rule place_batch:
    input:
        clusters=out("cluster/{batch}.parquet"),
    output:
        receipt=out("place_batch/{batch}.json"),
    log:
        logged("place_batch", "{batch}"),
    benchmark:
        timed("place_batch", "{batch}")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=place_batch_stage,
        folder=out("batches/{batch}"),
    script:
        "../../scripts/place_batch.py"


rule place:
    input:
        clusters=out("merge/clusters.parquet"),
    output:
        receipt=out("place/receipt.json"),
        table=report(
            out("clusters.csv"),
            caption="../report/clusters.rst",
            category="Clusters",
        ),
    log:
        logged("place"),
    benchmark:
        timed("place")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=place_all_stage,
        folder=clusters_folder,
    script:
        "../../scripts/place.py"
