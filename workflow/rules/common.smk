# The settings, the plan, and what is done before and after a run.
import atexit
import gc
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))
import workflow.choosing as choosing
import workflow.judging as judging
import workflow.plan as planning
import workflow.settings as configuration
from icas_core import batches as ledger_of
from icas_core.absent import leave_out
from icas_core.clustering.folders import require_replaceable
from icas_core.clustering.made_from import check_made_from
from icas_core.clustering.moving import journal_is_open
from icas_core.deep.choices import check_loss_model, choice_of, require_installed
from icas_core.errors import IcasError
from icas_core.runner import announce_runner
from workflow.failures import say_last
from workflow.progress import show_progress, stop_progress
from workflow.starting import fork_jobs, leave_promptly, may_fork

planning.make_importable(ROOT)
announce_runner(os.environ)
FORKS = workflow.is_main_process and may_fork()
if FORKS:
    fork_jobs()
# At the end Python would look through all that was made, for what could be freed: as long as planning took.
atexit.register(gc.freeze)


def or_end(function, *arguments):
    """Call a function; a user's mistake ends the run with one line."""
    try:
        return function(*arguments)
    except IcasError as error:
        sys.exit(f"icas: {error}")


def read_settings():
    schema = judging.load_schema()
    given = workflow.config_settings
    typed = judging.as_typed(
        config, given.config_args or [], [*workflow.configfiles, *given.configfiles]
    )
    judged = judging.judge(typed, schema)
    if "merge_folders" in ASKED and workflow.is_main_process:
        judged["images"] = configuration.folders_to_merge(judged)
    config.clear()
    config.update(judged)
    # Snakemake would load pandas to see whether the configuration, and later a job's params, are data frames.
    leave_out("pandas")
    validate(config, str(judging.SCHEMA))
    return configuration.derive(config, merged=ASKED == {"merge_folders"})


# The targets asked for by name; a process that runs a single job for another does not come here.
ASKED = set(sys.argv) & {
    "move_images",
    "undo_move",
    "merge_folders",
    "export_masks",
    "presegment",
    "segment",
    "estimate",
}
SETTINGS = or_end(read_settings)
METHODS = SETTINGS.methods


def check_installed():
    """What jobs need beyond the base must be there before anything runs, unless each has an environment of its own."""
    if workflow.deployment_settings.deployment_method:
        return
    if {"deep", "embedding"} & set(METHODS):
        require_installed(choice_of(config["deep"]["model"]))
    # Imported where they are used: every other run does without OpenCV and scipy in this process.
    if "export_masks" in ASKED:
        from icas_core.export.coco import require_pycocotools

        require_pycocotools()
    if "presegment" in ASKED:
        from icas_core.segmentation.presegmenting import require_able

        require_able(config["segment_method"], config[config["segment_method"]])
    if "segment" in ASKED and choosing.runs_jobs(sys.argv[1:]):
        from icas_core.painter.window import check_screen

        check_screen()


def check_export():
    """What a person has to do first is told in one line, not among those of a job that fails."""
    if "export_masks" in ASKED and choosing.runs_jobs(sys.argv[1:]):
        from icas_core.export.exporting import require_exportable

        require_exportable(
            SETTINGS.annotations, SETTINGS.output / "export", config["overwrite"]
        )


if workflow.is_main_process:
    or_end(check_installed)
    or_end(check_export)
    if "merge_folders" in ASKED:
        or_end(check_made_from, SETTINGS.output, config["folders"])
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
OTHERS = ledger_of.Others()
SEEN = planning.ledger_time(SETTINGS.output)
MOVED = journal_is_open(JOURNAL)
if (
    MOVED
    and workflow.is_main_process
    and ASKED <= {"presegment", "segment", "estimate"}
):
    sys.exit(
        f"icas: {JOURNAL}: the pictures have been moved into {JOURNAL.parent}; "
        "bring them back with 'snakemake undo_move', or choose another output"
    )
if "merge_folders" in ASKED or ASKED == {"segment"}:
    BATCHES = []
elif workflow.is_main_process and not MOVED:
    PLAN = or_end(planning.plan_run, SETTINGS, OTHERS)
    BATCHES = planning.names(PLAN)
else:
    BATCHES = or_end(ledger_of.read_batch_names, SETTINGS.output / "ledger.parquet")


def all_paths():
    """Every picture found, in path order; of merge_folders those that it merges."""
    if PLAN is None:
        return [picture.path for picture in ledger_of.scan(SETTINGS.images)]
    return sorted(picture.path for batch in PLAN.batches.values() for picture in batch)


def chosen_thresholds():
    """The settings with the thresholds that a person chose, or chooses now; jobs are told them as numbers."""
    needed = not ASKED & {
        "presegment",
        "segment",
        "export_masks",
        "estimate",
        "undo_move",
    }
    ask = needed and not MOVED and choosing.runs_jobs(sys.argv[1:])
    if needed and not ask:
        for method in choosing.unchosen(SETTINGS):
            print(
                f"icas: the threshold of {method} is not chosen yet: planned with "
                f"{SETTINGS.thresholds[method]:g}, its default",
                file=sys.stderr,
            )
    settled = choosing.settle(SETTINGS, all_paths, ask=ask, cores=workflow.cores or 1)
    given = workflow.config_settings
    given.config_args = choosing.as_config(given.config_args, settled)
    return settled


if SETTINGS.interactive and workflow.is_main_process:
    SETTINGS = or_end(chosen_thresholds)
BLOCKS = planning.blocks_of(BATCHES, SETTINGS.blocks)
MERGES = config["merge"] != "none"
PAIRS = planning.block_pairs(BATCHES, SETTINGS.blocks) if MERGES else []


wildcard_constraints:
    batch=r"\d\d\d\d+",
    method="|".join(METHODS),
    segmenter=config["segment_method"],
    i=r"\d\d",
    j=r"\d\d",
    blocks=str(SETTINGS.blocks),


# An estimate looks at the plan and writes nothing.
WRITES = PLAN is not None and "estimate" not in ASKED


def start_run():
    """Take the output folder, then write the ledger: after Snakemake has planned, and never under -n."""
    global HELD
    with planning.writing(SETTINGS.output):
        HELD = planning.hold(SETTINGS.output)
    if planning.ledger_time(SETTINGS.output) != SEEN:
        raise IcasError(
            f"output: {SETTINGS.output} was changed by another run meanwhile; run again"
        )
    with planning.writing(SETTINGS.output):
        planning.date_back(SETTINGS.output)
        ledger_of.write_ledger(PLAN, SETTINGS.output / "ledger.parquet")


# What a run makes beside its folders; Snakemake deletes each before the job that makes it, whoever made it before.
RESULTS = ("clusters.csv", "report.html", "summary.json", "model_scores.csv")


def check_before_writing():
    """Refuse at once what placing would refuse in the end, when other results have been replaced already."""
    if config["overwrite"]:
        return
    if not (SETTINGS.output / "ledger.parquet").exists():
        for name in RESULTS:
            if (SETTINGS.output / name).exists():
                raise IcasError(
                    f"output: {SETTINGS.output / name} is not of an earlier run; choose another output, or move it away"
                )
    moves = "move_images" in ASKED
    if moves:
        require_replaceable(
            SETTINGS.output / "clusters",
            "move_images goes by clusters.csv, not by these folders; set overwrite=true to move them so all the same",
        )
    for job in workflow.dag.needrun_jobs():
        if job.rule.name == "place" and not moves:
            require_replaceable(SETTINGS.output / "clusters")
        if job.rule.name == "place_batch":
            require_replaceable(SETTINGS.output / "batches" / job.wildcards.batch)


def end_run():
    """Remove the files of batches that are gone and say what came out."""
    with planning.writing(SETTINGS.output):
        planning.prune(SETTINGS.output, BATCHES)
        if "presegment" in ASKED:
            planning.prune_maps(SETTINGS.output, PLAN)
    if line := planning.endings(OTHERS):
        print(f"icas: not looked at in {SETTINGS.images}: {line}", file=sys.stderr)
    for line in planning.remarks(SETTINGS.output):
        print(f"icas: {line}", file=sys.stderr)
    if SETTINGS.deep and (line := planning.unclustered(SETTINGS.output)):
        print(f"icas: {line}", file=sys.stderr)
    summary = SETTINGS.output / "summary.json"
    if summary.exists() and not ASKED & {"export_masks", "presegment", "segment"}:
        print(f"icas: {json.loads(summary.read_text())['line']}", file=sys.stderr)


def end_of_asked():
    """Say what came of a target that a person asked for by name."""
    if "presegment" in ASKED:
        from icas_core.segmentation.presegmenting import summary_line

        folder = SETTINGS.output / "presegment" / config["segment_method"]
        return summary_line(folder, BATCHES)
    if "segment" in ASKED:
        summary = SETTINGS.output / "segment/summary.json"
        return json.loads(summary.read_text())["line"]
    if "export_masks" in ASKED:
        summary = SETTINGS.output / "export_masks/summary.json"
        return f"{json.loads(summary.read_text())['line']}; see {SETTINGS.output / 'export'}"
    if "merge_folders" in ASKED:
        summary = SETTINGS.output / "summary.json"
        return json.loads(summary.read_text())["line"]
    if "undo_move" in ASKED:
        if journal_is_open(JOURNAL):
            return f"not all pictures could be brought back, see {logged('undo_move')}"
        return "all pictures are back in their places"
    moved = f"the pictures are in {JOURNAL.parent}; 'snakemake undo_move' with the same --config brings them back"
    return moved if journal_is_open(JOURNAL) else "no picture was moved"


STARTED = time.time()


onstart:
    if WRITES:
        or_end(check_before_writing)
        or_end(start_run)
    show_progress(SETTINGS.output / ".progress")


onsuccess:
    stop_progress()
    leave_promptly()
    if WRITES:
        or_end(end_run)
    if ASKED - {"estimate"}:
        print(f"icas: {end_of_asked()}", file=sys.stderr)


onerror:
    stop_progress()
    leave_promptly()
    say_last(SETTINGS.output / "logs", since=STARTED)
