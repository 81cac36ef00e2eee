# Takes the ledger and the pictures; makes the weights of a deep model that learns from them. Once: its inputs are the
# user's own code alone, so that pictures that come and go do not train anew.


rule train:
    input:
        code=train_code,
    output:
        checkpoint=out("train/model.pt"),
        losses=out("train/losses.csv"),
        curve=report(
            out("train/losses.png"),
            caption="../report/losses.rst",
            category="Training",
        ),
        reconstructions=report(
            out("train/reconstructions.png"),
            caption="../report/reconstructions.rst",
            category="Training",
        ),
    log:
        logged("train"),
    benchmark:
        timed("train")
    conda:
        "../../envs/deep.yaml"
    threads: share_of_cores(1)
    params:
        stage=train_stage,
        ledger=out("ledger.parquet"),
        # No output: Snakemake would delete what a killed training goes on from.
        state=out("train/state.pt"),
    script:
        "../../scripts/train.py"
