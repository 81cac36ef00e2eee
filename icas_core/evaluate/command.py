"""What the command line of icas_core.evaluate takes and prints."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from icas_core.commands import Parser, number_or_text, run, write_json
from icas_core.errors import IcasError
from icas_core.evaluate.groundtruth import files_of, matched, read_clusters, read_groups
from icas_core.evaluate.measure import Rule, measure, methods_in
from icas_core.evaluate.scores import Score, scores_of_clusters
from icas_core.similarity.registry import method_of
from icas_core.tables import OUTLIER

_NAMED = 3  # of the marked pictures that the run does not have


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0, or 2 after one line that tells what was wrong."""
    return run("evaluate", _command, arguments)


def _command(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    return _score_run(given) if given.clusters else _score_method(given)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m icas_core.evaluate",
        description="Score a similarity method over all thresholds, or a finished run, against marked groups.",
    )
    parser.add_argument("images", nargs="?", help="the folder of the pictures (not with --clusters)")
    parser.add_argument("groundtruth", help="a csv with the columns path and group (or label)")
    parser.add_argument("--clusters", help="score this clusters.csv of a finished run instead")
    parser.add_argument("--method", help="one method, or several joined by + or &")
    parser.add_argument("--threshold", action="append", default=[], help="a number, or method=number for several")
    parser.add_argument("--size", default="default", help="default, original, WIDTHxHEIGHT or a factor up to 1")
    parser.add_argument("--variants", default="none", help="none, mirror or all")
    parser.add_argument("--parameter", action="append", default=[], help="name=value, or method.name=value")
    parser.add_argument("--model", default="efficientnet_lite0", help="of the method embedding, as deep.model")
    parser.add_argument("--checkpoint", help="weights for this model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plot", help="write the curve as this picture")
    parser.add_argument("--json", help="write the numbers to this file")
    return parser


def _score_run(given: argparse.Namespace) -> int:
    groups = read_groups(given.groundtruth)
    clusters = read_clusters(given.clusters)
    pairs = matched(list(clusters), list(groups))
    if not pairs:
        raise IcasError(f"{given.clusters}: no picture of it is named in {given.groundtruth}")
    number_of = {marked: clusters[found] for found, marked in pairs.items()}
    # An outlier, and a picture the run rejected, is a cluster of its own.
    numbers = [number_of.get(path, OUTLIER) for path in groups]
    numbers = [-2 - row if number == OUTLIER else number for row, number in enumerate(numbers)]
    scores = scores_of_clusters(numbers, list(groups.values()))
    missing, unknown = [path for path in groups if path not in number_of], len(clusters) - len(pairs)
    absent = len(missing)
    print(f"{len(number_of)} pictures" + (f", {absent} not in the run (alone)" if absent else ""), end="")
    print(f", {unknown} of the run not marked (left out)" if unknown else "")
    for path in missing[:_NAMED]:
        print(f"not in the run: {path}")
    for name, value in scores.items():
        print(f"{name:<9} {value:.4f}")
    if given.json:
        write_json(given.json, {**scores, "pictures": len(number_of), "absent": absent, "unmarked": unknown})
    return 0


def _score_method(given: argparse.Namespace) -> int:
    if not given.images or not given.method:
        raise IcasError("give IMAGES GROUNDTRUTH.csv --method NAME, or --clusters CLUSTERS.csv GROUNDTRUTH.csv")
    rule = _rule(given)
    groups = read_groups(given.groundtruth)
    files = files_of(Path(given.images), Path(given.groundtruth), list(groups))
    scores, rejected = measure(files, list(groups.values()), rule, threads=given.threads)
    own = next(score for score in scores if score.threshold == round(float(np.float32(rule.at)), 6))
    _print_scores(given, rule, scores, own, len(files), rejected)
    if given.json:
        settings = {"method": given.method, "thresholds": dict(rule.thresholds), "size": rule.size}
        settings |= {"variants": rule.variants, "parameters": rule.parameters}
        content = {**settings, "pictures": len(files), "rejected": rejected, "default": asdict(own)}
        write_json(given.json, {**content, "curve": [asdict(score) for score in scores]})
    if given.plot:
        from icas_core.evaluate.plot import plot_curve

        plot_curve(scores, own, given.plot, title=given.method, axis="threshold" if rule.single else "margin")
    return 0


def _print_scores(
    given: argparse.Namespace, rule: Rule, scores: list[Score], own: Score, pictures: int, rejected: list[Any]
) -> None:
    at = ", ".join(
        (f"{threshold:g}" if rule.single else f"{name} {threshold:g}") for name, threshold in rule.thresholds.items()
    )
    print(f"{pictures} pictures, {given.method} at {at}")
    for path, reason in rejected:
        print(f"rejected: {path}: {reason}")
    print(f"precision {own.precision:.4f}\nrecall    {own.recall:.4f}\nF1        {own.f1:.4f}")
    print(f"false pairs {own.false_pairs:.2g}\nlargest cluster {own.largest}\n")
    print(f"{'threshold' if rule.single else 'margin':>9}  precision  recall      F1  false pairs  largest")
    best = max(score.f1 for score in scores)
    for score in scores:
        # The far ends, where everything or nothing is one cluster, are in the JSON only.
        if score.f1 < best / 2 and score is not own:
            continue
        mark = "  <" if score is own else ""
        shown = f"{score.precision:9.4f}  {score.recall:6.4f}  {score.f1:6.4f}  {score.false_pairs:11.2e}"
        print(f"{score.threshold:9.3g}  {shown}  {score.largest:7d}{mark}")


def _rule(given: argparse.Namespace) -> Rule:
    names, operator = methods_in(given.method)
    thresholds = {name: method_of(name).default_threshold for name in names}
    for text in given.threshold:
        name, _, value = text.rpartition("=")
        number = number_or_text(value)
        if isinstance(number, str) or not 0 <= number <= 1:
            raise IcasError(f"threshold: found {value!r}; accepted: a number from 0 to 1")
        for method in [_known(name, names, "threshold")] if name else names:
            thresholds[method] = float(number)
    parameters: dict[str, dict[str, Any]] = {name: {} for name in names}
    for text in given.parameter:
        key, equals, value = text.partition("=")
        name, _, parameter = key.rpartition(".")
        if not equals or (not name and len(names) > 1):
            raise IcasError(f"parameter: found {text!r}; accepted: name=value, with several methods method.name=value")
        parameters[_known(name or names[0], names, "parameter")][parameter] = number_or_text(value)
    settled = {name: method_of(name).settled(own) for name, own in parameters.items()}
    deep = {"model": given.model, "checkpoint": given.checkpoint}
    return Rule(thresholds, operator, _size(given.size), given.variants, settled, deep)


def _known(name: str, names: list[str], key: str) -> str:
    if name.lower() not in names:
        raise IcasError(f"{key}: found {name!r}; accepted: {', '.join(names)}")
    return name.lower()


def _size(text: str) -> object:
    sides = text.strip("[]()").replace("x", ",").split(",")
    if len(sides) == 2 and all(side.strip().isdigit() for side in sides):
        return tuple(int(side) for side in sides)
    return number_or_text(text)
