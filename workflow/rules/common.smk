# What the rules share: the settings, the plan, and the functions that name inputs and params.
import json
import os
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))
import workflow.plan as planning
import workflow.settings as configuration
from icas_core import batches as ledger_of
from icas_core.clustering.moving import journal_is_open
from icas_core.errors import IcasError
from workflow.progress import show_progress, stop_progress

planning.make_importable(ROOT)

# A stage's version goes into its jobs' params: raise it when a change alters what the stage writes.
VERSION = dict(split=1, cluster=1, represent=1, across=1, merge=1, place=1, gallery=1)


def or_end(function, *arguments):
    """Call a function; a user's mistake ends the run with one line."""
    try:
        return function(*arguments)
    except IcasError as error:
        sys.exit(f"icas: {error}")


def read_settings():
    schema = configuration.load_schema()
    given = workflow.config_settings
    typed = configuration.as_typed(
        config, given.config_args or [], [*workflow.configfiles, *given.configfiles]
    )
    judged = configuration.judge(typed, schema)
    if "merge_folders" in ASKED and workflow.is_main_process:
        judged["images"] = configuration.folders_to_merge(judged)
    config.clear()
    config.update(judged)
    validate(config, str(configuration.SCHEMA))
    return configuration.derive(
        config, suffix="_merged" if ASKED == {"merge_folders"} else ""
    )


# The targets asked for by name; a process that runs a single job for another does not come here.
ASKED = set(sys.argv) & {"move_images", "undo_move", "merge_folders"}
SETTINGS = or_end(read_settings)
METHODS = SETTINGS.methods
JOURNAL = SETTINGS.output / "moved" / "journal.jsonl"


def out(path):
    """A path below the output folder, its own braces kept from Snakemake."""
    folder = str(SETTINGS.output).replace("{", "{{").replace("}", "}}")
    return f"{folder}/{path}"


def logged(rule, name="all"):
    return out(f"logs/{rule}/{name}.log")


def timed(rule, name="all"):
    return out(f"benchmarks/{rule}/{name}.tsv")


# With no plan of its own (a job on another machine, or while pictures are moved) a process reads the ledger's.
PLAN = None
SEEN = planning.ledger_time(SETTINGS.output)
MOVED = journal_is_open(JOURNAL)
if MOVED and workflow.is_main_process and not ASKED:
    sys.exit(
        f"icas: {JOURNAL}: the pictures have been moved into {JOURNAL.parent}; "
        "bring them back with 'snakemake undo_move', or choose another output"
    )
if "merge_folders" in ASKED:
    BATCHES = []
elif workflow.is_main_process and not MOVED:
    PLAN = or_end(planning.plan_run, SETTINGS)
    BATCHES = planning.names(PLAN)
else:
    BATCHES = or_end(ledger_of.read_batch_names, SETTINGS.output / "ledger.parquet")
BLOCKS = planning.blocks_of(BATCHES)
MERGES = config["merge"] != "none"
PAIRS = planning.block_pairs(BATCHES) if MERGES else []


wildcard_constraints:
    batch=r"\d\d\d\d+",
    method="|".join(METHODS),
    i=r"\d\d",
    j=r"\d\d",


def split_stage(wildcards):
    """A batch's digest, so that a job whose pictures changed runs again."""
    if PLAN is None:
        return {}
    batch = PLAN.batches.get(int(wildcards.batch))
    return dict(version=VERSION["split"], digest=ledger_of.digest(batch or []))


def extract_stage(wildcards):
    return SETTINGS.extract(wildcards.method)


def compare_stage(wildcards):
    return SETTINGS.compare(wildcards.method)


def across_stage(wildcards):
    return dict(SETTINGS.compare(wildcards.method), across=VERSION["across"])


def cluster_stage(wildcards):
    return dict(SETTINGS.cluster(), stage=VERSION["cluster"])


def represent_stage(wildcards):
    return dict(version=VERSION["represent"], merge=config["merge"])


def merge_stage(wildcards):
    return dict(SETTINGS.cluster(), stage=VERSION["merge"], merge=config["merge"])


def place_batch_stage(wildcards):
    return place_stage(
        config["batch_transfer"],
        f"place_batch/{wildcards.batch}.json",
        f"batches/{wildcards.batch}",
    )


def place_all_stage(wildcards):
    return place_stage(config["transfer"], "place/receipt.json", "clusters")


def place_stage(transfer, receipt, folder):
    placement = planning.placement(SETTINGS.output / receipt, SETTINGS.output / folder)
    return dict(version=VERSION["place"], transfer=transfer, placement=placement)


def gallery_stage(wildcards):
    """What the page says of its run; the folders and ways of placing have no part in it."""
    shown = {name: config[name] for name in ("method", "size", "variants", "merge")}
    shown["threshold"] = SETTINGS.thresholds
    shown["representative"] = config["representative"]
    return dict(version=VERSION["gallery"], images=str(SETTINGS.images), shown=shown)


def clusters_folder(wildcards):
    return str(SETTINGS.output / "clusters")


def merged_clusters(wildcards):
    return str(SETTINGS.output / "merge/clusters.parquet")


def of_methods(path):
    """A path for each method, {batch} still open; for use as an input."""
    return expand(out(path), method=METHODS, allow_missing=True)


def of_batches(path):
    return expand(out(path), batch=BATCHES)


def of_batches_and_methods(path):
    return expand(out(path), method=METHODS, batch=BATCHES)


def of_block_pairs():
    return [
        out(f"compare_across/{method}/{i}_{j}.parquet")
        for method in METHODS
        for i, j in PAIRS
    ]


def batches_of_blocks(wildcards):
    return sorted({*BLOCKS.get(wildcards.i, []), *BLOCKS.get(wildcards.j, [])})


def represented(wildcards):
    # Where every picture takes part the features alone decide: another threshold then compares nothing again.
    # (As ancient inputs the clusters would hide a job's own reasons to run from Snakemake.)
    if config["merge"] == "all":
        return []
    return expand(out("represent/{batch}.parquet"), batch=batches_of_blocks(wildcards))


def features_of_blocks(wildcards):
    return expand(
        out("extract/{method}/{batch}.parquet"),
        method=wildcards.method,
        batch=batches_of_blocks(wildcards),
    )


def results(wildcards):
    placed = expand(out("place_batch/{batch}.json"), batch=batches_to_place())
    return [out("clusters.csv"), out("report.html"), *placed]


def batches_to_place():
    """All batches; with batch_transfer none those whose folders an earlier run placed, so that they are removed."""
    if config["batch_transfer"] != "none":
        return BATCHES
    return [
        batch for batch in BATCHES if (SETTINGS.output / "batches" / batch).exists()
    ]


def share_of_cores(jobs):
    """Threads for one of so many jobs that may run at once: few batches must not leave cores idle."""
    return max(1, (workflow.cores or 1) // max(1, jobs))


def start_run():
    """Take the output folder, then write the ledger: after Snakemake has planned, and never under -n."""
    global HELD
    HELD = planning.hold(SETTINGS.output)
    if planning.ledger_time(SETTINGS.output) != SEEN:
        raise IcasError(
            f"output: {SETTINGS.output} was changed by another run meanwhile; run again"
        )
    ledger_of.write_ledger(PLAN, SETTINGS.output / "ledger.parquet")


def end_run():
    """Remove the files of batches that are gone and say what came out."""
    planning.prune(SETTINGS.output, BATCHES)
    for line in planning.remarks(SETTINGS.output):
        print(f"icas: {line}", file=sys.stderr)
    summary = SETTINGS.output / "summary.json"
    if summary.exists():
        print(f"icas: {json.loads(summary.read_text())['line']}", file=sys.stderr)


onstart:
    if PLAN is not None:
        or_end(start_run)
        show_progress(SETTINGS.output / ".progress")


onsuccess:
    stop_progress()
    if PLAN is not None:
        end_run()


onerror:
    stop_progress()
