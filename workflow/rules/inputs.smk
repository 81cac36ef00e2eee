# The functions that name the rules' inputs and params: what decides a job, so that it runs again when that changes.

# A stage's version goes into its jobs' params: raise it when a change alters what the stage writes.
VERSION = dict(
    split=1, train=1, cluster=2, represent=2, across=1, merge=2, place=1, gallery=4
)
VERSION |= dict(cluster_deep=2, represent_deep=2, merge_deep=2, draw_deep=1)


def split_stage(wildcards):
    """A batch's digest, so that a job whose pictures changed runs again."""
    if PLAN is None:
        return {}
    batch = PLAN.batches.get(int(wildcards.batch))
    return dict(version=VERSION["split"], digest=ledger_of.digest(batch or []))


def extract_stage(wildcards):
    return SETTINGS.extract(wildcards.method)


def train_stage(wildcards):
    """What decides the training. Its pictures do only if they were asked for: a few more must not train anew."""
    stage = dict(SETTINGS.train(), version=VERSION["train"])
    if config["deep"]["train"] == "changes" and PLAN is not None:
        stage["digest"] = [ledger_of.digest(batch) for batch in PLAN.batches.values()]
    return stage


def train_code(wildcards):
    """The files of Python that define the user's own model and loss."""
    own = [
        choice_of(config["deep"]["model"]).file,
        check_loss_model(config["deep"]["loss_model"]),
    ]
    return [str(file) for file in own if file]


def deep_checkpoint(wildcards):
    """The weights of the deep model, where it does not bring its own."""
    given = config["deep"]["checkpoint"] or (
        out("train/model.pt") if SETTINGS.trains else ""
    )
    return [given] if given else []


def deep_code(wildcards):
    """The file of Python that defines the user's own model: when it changes, pictures are embedded again."""
    file = choice_of(config["deep"]["model"]).file
    return [str(file)] if file else []


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


def cluster_deep_stage(wildcards):
    return dict(
        SETTINGS.compete(),
        version=VERSION["cluster_deep"],
        representative=config["representative"],
    )


def represent_deep_stage(wildcards):
    deep = config["deep"]
    return dict(
        version=VERSION["represent_deep"],
        merge=config["merge"],
        through=deep["merge"],
        components=deep["components"],
        seed=deep["seed"],
    )


def merge_deep_stage(wildcards):
    return dict(
        SETTINGS.compete(),
        version=VERSION["merge_deep"],
        merge=config["merge"],
        through=config["deep"]["merge"],
        representative=config["representative"],
    )


def draw_deep_stage(wildcards):
    return dict(version=VERSION["draw_deep"], images=str(SETTINGS.images))


def represented_deep(wildcards):
    """What stands for each batch; a single batch, and every picture, stand for themselves."""
    if config["merge"] in ("none", "all") or len(BATCHES) < 2:
        return []
    return of_batches("represent/{batch}.parquet")


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
    if SETTINGS.deep:
        keys = ("model", "compete", "components", "selection", "merge")
        shown["deep"] = {name: config["deep"][name] for name in keys}
    return dict(version=VERSION["gallery"], images=str(SETTINGS.images), shown=shown)


def gallery_figures(wildcards):
    """Drawings (PNG) for the page; scripts/gallery.py has a title for each."""
    names = ["train/losses", "train/reconstructions"] if SETTINGS.trains else []
    names += ["draw_deep/map", "draw_deep/scores"] if SETTINGS.deep else []
    return [out(f"{name}.png") for name in names]


def edges_of_batches(wildcards):
    """The pairs within batches; clusters of embeddings have none."""
    if SETTINGS.deep:
        return []
    return of_batches_and_methods("compare/{method}/{batch}.parquet")


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
    if SETTINGS.deep:
        return []
    return [
        out(f"compare_across/{method}/{i}_{j}_of_{SETTINGS.blocks}.parquet")
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


def presegment_stage(wildcards):
    return SETTINGS.presegment()


def estimate_sample(wildcards):
    """Pictures from all over the folder to measure on."""
    return planning.sample_of(PLAN)


def estimate_how(wildcards):
    """How the sampled pictures are extracted, compared and placed: as all of them would be."""
    if SETTINGS.deep:
        sys.exit(
            "icas: config key 'method': found deep; accepted by estimate: methods that compare pairs"
        )
    how = SETTINGS.comparing()
    return dict(
        extract=how["extract"],
        compare={method: SETTINGS.compare(method) for method in METHODS},
        operator=how["operator"],
        transfer=config["transfer"],
        batch_transfer=config["batch_transfer"],
        template=str(ROOT / "workflow/report/gallery.html.j2"),
    )


def estimate_plan(wildcards):
    """The run that is to be predicted."""
    return dict(
        batches={number: len(batch) for number, batch in PLAN.batches.items()},
        of_blocks=SETTINGS.blocks,
        merge=config["merge"],
        representative=config["representative"],
        placed_batches=config["batch_transfer"] != "none",
        cores=workflow.cores or 1,
        main=time.process_time(),
        forked=FORKS,
    )
