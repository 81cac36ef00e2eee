"""What the rules need, derived from a configuration that was judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icas_core.competition.models import known
from icas_core.deep.choices import check_loss_model, choice_of
from icas_core.errors import IcasError
from icas_core.segmentation.registry import segmenter_of
from icas_core.similarity.method import blocks_of_all
from icas_core.similarity.registry import method_of
from icas_core.similarity.sizes import settled_size

# The methods whose features are those of a deep model: deep clusters them, embedding compares them.
_OF_DEEP = ("deep", "embedding")
DEEP_VERSION = 1
_TRAINING = ("model", "loss", "loss_model", "loss_checkpoint", "code", "epochs", "patience", "validation")
_TRAINING += ("learning_rate", "batch", "pictures", "warp", "seed")


@dataclass(frozen=True)
class Settings:
    """What the rules need, derived from a judged configuration."""

    config: dict[str, Any]
    images: Path
    output: Path
    methods: tuple[str, ...]
    operator: str
    thresholds: dict[str, float]

    @property
    def interactive(self) -> tuple[str, ...]:
        """The methods whose threshold a person chooses; until then `thresholds` holds their defaults."""
        given = self.config["threshold"]
        values = {name: given.get(name) if isinstance(given, Mapping) else given for name in self.thresholds}
        return tuple(name for name, value in values.items() if value == "interactive")

    @property
    def blocks(self) -> int:
        """How many blocks the batches are joined to for the merge; with several methods fewer."""
        return blocks_of_all([method_of(name) for name in self.thresholds])

    def extract(self, method: str) -> dict[str, Any]:
        """What decides a picture's feature: when it changes, pictures are read again."""
        if method in _OF_DEEP:
            return self._embed(method)
        return {
            "method": method,
            "version": method_of(method).version,
            "size": _of_method(self.config["size"], method, method_of(method).default_size),
            "variants": self.config["variants"],
            "decode": self.config["decode"],
            "parameters": dict(sorted(self.config.get(method, {}).items())),
        }

    def _embed(self, method: str) -> dict[str, Any]:
        """What decides a picture's embedding, beside the files of the model."""
        return {
            "method": method,
            "version": DEEP_VERSION,
            "model": self.config["deep"]["model"],
            "size": _of_method(self.config["size"], method, "default"),
            "variants": self.config["variants"] if method == "embedding" else "none",
            "decode": self.config["decode"],
        }

    def train(self) -> dict[str, Any]:
        """What decides a training; the pictures do only where they are asked for."""
        size = _of_method(self.config["size"], "embedding", "default")
        return {"size": size, **{name: self.config["deep"][name] for name in _TRAINING}}

    @property
    def trains(self) -> bool:
        """Whether the deep model learns from the pictures first."""
        of_deep = bool(set(self.methods) & set(_OF_DEEP))
        given = self.config["deep"]["checkpoint"] or self.config["deep"]["train"] == "never"
        return of_deep and not given and choice_of(self.config["deep"]["model"]).trainable

    @property
    def annotations(self) -> Path:
        """The folder of what was painted."""
        return _annotations(self.config, self.images)

    @property
    def deep(self) -> bool:
        """Whether pictures are clustered by their embeddings themselves, not by pairs."""
        return self.methods == ("deep",)

    def compare(self, method: str) -> dict[str, Any]:
        """What decides which pairs are kept: when it changes, pairs are compared again."""
        threshold = self.thresholds[method]
        forest = self.config["edges"] == "forest" and self.operator == "+"
        if self.config["floor"] != "threshold" and not forest:
            threshold = min(threshold, float(self.config["floor"]))
        return {
            "method": method,
            "version": method_of(method).version,
            "threshold": threshold,
            "forest": forest,
            "parameters": dict(sorted(self.config.get(method, {}).items())),
        }

    def comparing(self) -> dict[str, Any]:
        """How folders of pictures are merged."""
        stages = {method: dict(self.extract(method)) for method in self.methods}
        for method, stage in stages.items():
            stage.pop("version")
            if method in _OF_DEEP:
                checkpoint = self.config["deep"]["checkpoint"] or None
                stage["deep"] = {"model": stage.pop("model"), "checkpoint": checkpoint, "device": self.config["device"]}
                stage["parameters"] = {}
        return {"extract": stages, "thresholds": self.thresholds, "operator": self.operator}

    def presegment(self) -> dict[str, Any]:
        """What decides a picture's label map: when it changes, pictures are segmented again."""
        method = self.config["segment_method"]
        return {
            "method": method,
            "version": segmenter_of(method).version,
            "parameters": dict(sorted(self.config.get(method, {}).items())),
            "reduce": self.config["reduce"],
        }

    def cluster(self) -> dict[str, Any]:
        """What decides the clusters, given the pairs."""
        return {
            "thresholds": self.thresholds,
            "operator": self.operator,
            "representative": self.config["representative"],
            "parameters": {method: self.compare(method)["parameters"] for method in self.methods},
        }

    def compete(self) -> dict[str, Any]:
        """What decides which clustering model's clusters are taken, and at how many components."""
        deep = self.config["deep"]
        names = [deep["compete"]] if isinstance(deep["compete"], str) else deep["compete"]
        rules = {"grids": {name: deep[name] for name in known(names)}, "selection": deep["selection"]}
        return {"rules": {**rules, "seed": deep["seed"]}, "components": deep["components"]}


def folders_to_merge(config: Mapping[str, Any]) -> str:
    """The folder of batch folders that merge_folders was asked for."""
    if not config.get("folders"):
        raise IcasError("config key 'folders': merge_folders needs it; accepted: the path of a folder of batch folders")
    if not Path(config["folders"]).is_dir():
        raise IcasError(f"config key 'folders': {config['folders']}: not a folder; accepted: a folder of batch folders")
    if config["method"] == "deep":
        raise IcasError(
            "config key 'method': found deep, which clusters all pictures anew; accepted by merge_folders: methods "
            "that compare pairs, as embedding, its features"
        )
    return config["folders"]


def derive(config: dict[str, Any], *, merged: bool = False) -> Settings:
    """Settings from a judged configuration with its defaults filled in; IcasError where keys contradict.

    merged: `images` is a folder of batch folders to merge, which decides the output folder where none is given.
    """
    images = Path(config["images"])
    if not images.is_dir():
        found = "a file" if images.exists() else "no such folder"
        raise IcasError(f"config key 'images': {images}: {found}; accepted: the path of a folder of pictures")
    output = Path(config["output"] or Path("results") / _result_name(images.resolve(), merged))
    _check_folders(images.resolve(), output.resolve(), _annotations(config, images).resolve())
    methods = tuple(dict.fromkeys(re.split(r"[+&]", config["method"])))
    if set(methods) & set(_OF_DEEP):
        _check_deep(config, methods)
    if methods == ("deep",):
        return Settings(config, images, output, methods, "+", {})
    thresholds = {name: _threshold(config["threshold"], name) for name in methods}
    for name in methods:
        settled_size(_of_method(config["size"], name, "default"), method_of(name))
    if len(methods) > 1 and isinstance(config["threshold"], int | float):
        raise IcasError(
            f"config key 'threshold': found {config['threshold']}, one number for {config['method']}; "
            "accepted: 'default' or a table, as {" + ", ".join(f"{name}: 0.7" for name in methods) + "}"
        )
    return Settings(config, images, output, methods, "&" if "&" in config["method"] else "+", thresholds)


def _result_name(images: Path, merged: bool) -> str:
    if not merged:
        return images.name
    # Every project's batch folders lie in a folder of this name: the project's own says whose they are.
    project = images.parent.name if images.name == "batches" else ""
    return f"{project or images.name}_merged"


def _check_deep(config: Mapping[str, Any], methods: tuple[str, ...]) -> None:
    deep = config["deep"]
    choice = choice_of(deep["model"])
    check_loss_model(deep["loss_model"])
    for key in ("checkpoint", "loss_checkpoint"):
        if deep[key] and not Path(deep[key]).is_file():
            raise IcasError(f"config key 'deep.{key}': {deep[key]}: no such file; accepted: a checkpoint, or ''")
    if choice.kind == "autoencoder" and deep["train"] == "never" and not deep["checkpoint"]:
        raise IcasError(
            "config key 'deep.train': found never, but the autoencoder has to learn first; "
            "accepted: once or changes, or a deep.checkpoint"
        )
    size = _of_method(config["size"], next(name for name in methods if name in _OF_DEEP), "default")
    if size != "default" and not isinstance(settled_size(size, method_of("embedding")), tuple):
        raise IcasError(f"config key 'size': found {size}; accepted by {config['method']}: default or [width, height]")


def _annotations(config: Mapping[str, Any], images: Path) -> Path:
    images = images.resolve()
    return Path(config["annotations"] or images.with_name(f"{images.name}_segmented"))


def _check_folders(images: Path, output: Path, annotations: Path) -> None:
    if images == output or output in images.parents:
        raise IcasError(f"config key 'images': {images} lies inside the output {output}; accepted: a folder outside it")
    there = next(path for path in (output, *output.parents) if path.exists())
    if not there.is_dir():
        raise IcasError(f"config key 'output': {there} is a file; accepted: the path of a folder")
    for key, folder in (("images", images), ("output", output)):
        # Results are replaced and deleted, what was painted never: the two must not mix.
        if annotations == folder or (key == "output" and folder in annotations.parents):
            raise IcasError(
                f"config key 'annotations': {annotations} is or lies in the folder of '{key}'; accepted: another folder"
            )


def _threshold(value: Any, method: str) -> float:
    default = method_of(method).default_threshold
    value = _of_method(value, method, default)
    return float(default if value == "interactive" else value)


def _of_method(value: Any, method: str, default: Any) -> Any:
    if isinstance(value, Mapping):
        value = value.get(method, "default")
    return default if value == "default" else value
