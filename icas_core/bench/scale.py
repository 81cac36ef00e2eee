"""The command: python -m icas_core.bench.scale FOLDER: what a whole run over very many small pictures uses.

The pictures are different parts of the photographs in FOLDER. Each stage's processor time and its largest job's memory
come from the jobs' own logs; beside them stands what the comparing alone takes in one process.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from icas_core.bench.children import output_of
from icas_core.bench.pictures import Photographs
from icas_core.errors import IcasError
from icas_core.similarity.registry import METHODS
from icas_core.usage import added, usage_so_far
from icas_core.workload.finished import used_by

_ROOT = Path(__file__).parents[2]
_SIDE = 48
_A_FOLDER = 1000


def main(arguments: Sequence[str]) -> int:
    """Make the pictures where they are not there yet, run the workflow over them, and print the table."""
    given = _parser().parse_args(arguments)
    try:
        if given.alone:
            print(*_alone(given.alone, given.method, given.threshold))
            return 0
        pictures = given.work / f"pictures_{given.count}"
        if not pictures.exists():
            _make(Photographs(given.pictures), given.count, pictures)
        _measure(given, pictures)
    except IcasError as error:
        print(f"icas: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m icas_core.bench.scale", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pictures", type=Path, help="a folder of photographs")
    parser.add_argument("--method", default="imagehash", choices=sorted(METHODS))
    parser.add_argument("--count", type=int, default=100_000, help="pictures to run over")
    parser.add_argument("--batch-size", type=int, default=2000)
    parser.add_argument("--size", default="", help="another size than the method's own, as the workflow takes it")
    parser.add_argument("--merge", default="all")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--work", type=Path, required=True, help="a folder for the pictures and the results, kept")
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    return parser


def _make(photographs: Photographs, count: int, folder: Path) -> None:
    """`count` small JPEGs, a thousand in each subfolder; the folder is there once all of them are."""
    import cv2

    making = folder.with_name(folder.name + ".making")
    for number, picture in enumerate(islice(photographs.endless(), count)):
        place = making / f"{number // _A_FOLDER:04}"
        if number % _A_FOLDER == 0:
            place.mkdir(parents=True, exist_ok=True)
        small = cv2.resize(picture[..., ::-1], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(place / f"{number:07}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 95])
    making.rename(folder)


def _measure(given: argparse.Namespace, pictures: Path) -> None:
    output = given.work / f"{given.method}_{given.count}_{given.merge}_{given.batch_size}"
    config = [f"images={pictures}", f"output={output}", f"method={given.method}", f"merge={given.merge}"]
    config += [f"batch_size={given.batch_size}"]
    config += [f"threshold={given.threshold}"] if given.threshold is not None else []
    config += [f"size={given.size}"] if given.size else []
    start = time.perf_counter()
    run = [sys.executable, "-m", "snakemake", "--cores", str(given.cores), "--quiet", "--config", *config]
    output_of(run, "the whole run", cwd=_ROOT)
    spent = time.perf_counter() - start
    batches = sorted(path.stem for path in (output / "split").glob("*.parquet"))
    used = used_by(output, [given.method], batches, of_blocks=METHODS[given.method].blocks)
    threshold = given.threshold if given.threshold is not None else METHODS[given.method].default_threshold
    features = output / "extract" / given.method
    again = [sys.executable, "-m", "icas_core.bench.scale", str(given.pictures), "--work", str(given.work)]
    again += ["--method", given.method, "--threshold", str(threshold), "--alone", str(features)]
    seconds, megabytes = map(float, output_of(again, "comparing alone", cwd=_ROOT).split())
    comparing = added([usage for stage, usage in used.items() if stage.startswith("compare")])
    for stage, usage in {**used, "all jobs": added(list(used.values()))}.items():
        print(f"| {stage} | {usage.seconds:,.1f} | {usage.megabytes:,.0f} |")
    print(f"| comparing alone, in one process | {seconds:,.1f} | {megabytes:,.0f} |")
    print(
        f"{given.count:,} pictures, {given.method}, merge: {given.merge}, {len(batches)} batches, {spent:,.0f} s by "
        f"the clock on {given.cores} cores; comparing took {comparing.seconds / seconds:.2f} times what it takes alone"
    )


def _alone(folder: Path, method: str, threshold: float) -> tuple[float, float]:
    """Processor seconds of one search among all features of a run, and this process's MB."""
    from icas_core.similarity.features import concatenate, read_features
    from icas_core.similarity.pairs import similar_pairs

    features = concatenate([read_features(file) for file in sorted(folder.glob("*.parquet"))])
    similar_pairs(features.take(np.arange(min(300, len(features)))), method=method, threshold=threshold)
    start = time.process_time()
    similar_pairs(features, method=method, threshold=threshold)
    return time.process_time() - start, usage_so_far().megabytes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
