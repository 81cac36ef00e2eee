# A target asked for by name: it measures a sample of the pictures and says what a run would take. Nothing is written.


localrules:
    estimate,


rule estimate:
    log:
        logged("estimate"),
    conda:
        "../../envs/icas.yaml"
    params:
        sample=estimate_sample,
        how=estimate_how,
        plan=estimate_plan,
        output=str(SETTINGS.output),
    script:
        "../../scripts/estimate.py"
