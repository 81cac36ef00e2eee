"""Run the rules' scripts with jobs made by hand, as Snakemake would hand them over."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace as Named
from typing import Any

SCRIPTS = Path(__file__).parents[2] / "scripts"
SIMILARITY: dict[str, Any] = {"method": "ssim", "version": 1, "parameters": {}}
CLUSTERING: dict[str, Any] = {
    "thresholds": {"ssim": 0.6},
    "operator": "+",
    "representative": "medoid",
    "parameters": {"ssim": {}},
    "stage": 1,
}


def run_script(name: str, job: Named) -> None:
    """Run scripts/<name>.py as Snakemake does."""
    runpy.run_path(str(SCRIPTS / f"{name}.py"), init_globals={"snakemake": job}, run_name="__main__")


def job_of(name: str, folder: Path, **config: Any) -> Named:
    """The job of one rule for batch 0001 of pictures in folder/pictures, its results below folder/out."""
    out = folder / "out"
    at = {
        "split": str(out / "split/0001.parquet"),
        "features": str(out / "extract/ssim/0001.parquet"),
        "rejected": str(out / "extract/ssim/0001.rejected.csv"),
        "thumbnails": str(out / "extract/ssim/0001.thumbnails.arrow"),
        "edges": str(out / "compare/ssim/0001.parquet"),
        "clusters": str(out / "cluster/0001.parquet"),
        "represented": str(out / "represent/0001.parquet"),
        "merged": str(out / "merge/clusters.parquet"),
    }
    placing = {"version": 1, "transfer": "copy", "placement": "first"}
    rules: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
        "split": ({}, {"manifest": at["split"]}, {"stage": {}, "ledger": str(out / "ledger.parquet")}),
        "extract": (
            {"manifest": at["split"]},
            {name: at[name] for name in ("features", "rejected", "thumbnails")},
            {"stage": {**SIMILARITY, "size": [16, 16], "variants": "none", "decode": "exact"}},
        ),
        "compare": (
            {"features": at["features"]},
            {"edges": at["edges"]},
            {"stage": {**SIMILARITY, "threshold": 0.6, "forest": False}},
        ),
        "cluster": (
            {
                "manifest": at["split"],
                "features": [at["features"]],
                "rejected": [at["rejected"]],
                "edges": [at["edges"]],
            },
            {"clusters": at["clusters"]},
            {"stage": CLUSTERING, "numbers": str(out / "numbers/0001.parquet")},
        ),
        "represent": (
            {"clusters": at["clusters"]},
            {"represented": at["represented"]},
            {"stage": {"version": 1, "merge": "representatives"}},
        ),
        "merge": (
            {"clusters": [at["clusters"]], "features": [at["features"]], "edges": []},
            {"clusters": at["merged"]},
            {"stage": {**CLUSTERING, "merge": "outliers"}, "numbers": str(out / "numbers/merged.parquet")},
        ),
        "place": (
            {"clusters": at["merged"]},
            {"receipt": str(out / "place/receipt.json"), "table": str(out / "clusters.csv")},
            {"stage": placing, "folder": str(out / "clusters")},
        ),
    }
    inputs, outputs, params = rules[name]
    for path in outputs.values():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Named(
        input=Named(**inputs),
        output=Named(**outputs),
        params=Named(**params),
        wildcards=Named(batch="0001", method="ssim"),
        log=[str(out / f"logs/{name}/0001.log")],
        threads=1,
        config={"images": str(folder / "pictures"), "overwrite": False, **config},
    )
