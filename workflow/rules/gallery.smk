# Takes the merged clusters, the edges' counts and the rejected pictures; makes the page to look at.


rule gallery:
    input:
        clusters=out("merge/clusters.parquet"),
        thumbnails=of_batches(f"extract/{METHODS[0]}/{{batch}}.thumbnails.arrow"),
        rejected=of_batches_and_methods("extract/{method}/{batch}.rejected.csv"),
        edges=edges_of_batches,
        across=of_block_pairs(),
        figures=gallery_figures,
        template=str(ROOT / "workflow/report/gallery.html.j2"),
        look=str(ROOT / "workflow/report/gallery.css"),
        behaviour=str(ROOT / "workflow/report/gallery.js"),
    output:
        page=report(
            out("report.html"),
            caption="../report/gallery.rst",
            category="Clusters",
        ),
        summary=out("summary.json"),
    log:
        logged("gallery"),
    benchmark:
        timed("gallery")
    conda:
        "../../envs/icas.yaml"
    params:
        stage=gallery_stage,
    script:
        "../../scripts/gallery.py"
