"""Compare the segmenters on a picture of one's own: python -m icas_core.segmentation.preview PICTURE."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icas_core.errors import IcasError, RejectedPicture
from icas_core.images import read_rgb
from icas_core.segmentation.reducing import scale_of
from icas_core.segmentation.regions import means
from icas_core.segmentation.registry import SEGMENTERS, segmenter_of
from icas_core.segmentation.segmenting import segment
from icas_core.tables import written_atomically

_WIDTH, _COLUMNS, _CAPTION, _GAP = 480, 2, 30, 8
_LINE, _PAPER = (255, 225, 0), 255


@dataclass(frozen=True)
class Trial:
    """One method on one picture: (h, w) int32 labels, seconds of CPU time, or why it gave none."""

    method: str
    labels: np.ndarray | None
    seconds: float = 0.0
    reason: str = ""

    @property
    def caption(self) -> str:
        """The line over its pictures."""
        if self.labels is None:
            return f"{self.method}: {self.reason}"
        return f"{self.method}: {int(self.labels.max()):,} segments, {self.seconds:.2f} CPU-s"


def try_methods(picture: np.ndarray, methods: Sequence[str], reduce: float | str = "default") -> list[Trial]:
    """Segment a (h, w, 3) uint8 RGB picture by every method with its defaults; one that fails says why."""
    trials = []
    for method in methods:
        # Once small, so that loading its library does not count.
        try:
            segment(picture[:64, :64], method)
            began = time.process_time()
            labels = segment(picture, method, reduce=reduce)
            trials.append(Trial(method, labels, time.process_time() - began))
        except IcasError as error:
            trials.append(Trial(method, None, reason=str(error)))
    return trials


def sheet(picture: np.ndarray, trials: Sequence[Trial]) -> np.ndarray:
    """(H, W, 3) uint8 RGB: for each trial the picture with its segments outlined, beside their mean colours."""
    cells = [_captioned("the picture", [_fitted(picture)])]
    for trial in trials:
        shown = [] if trial.labels is None else [outlined(picture, trial.labels), coloured(picture, trial.labels)]
        cells.append(_captioned(trial.caption, [_fitted(each) for each in shown]))
    height, width = (max(cell.shape[side] for cell in cells) for side in (0, 1))
    rows = -(-len(cells) // _COLUMNS)
    page = np.full((rows * (height + _GAP), _COLUMNS * (width + _GAP), 3), _PAPER, np.uint8)
    for place, cell in enumerate(cells):
        top, left = (place // _COLUMNS) * (height + _GAP), (place % _COLUMNS) * (width + _GAP)
        page[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return page


def outlined(picture: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The picture with the borders of its segments, and edges, drawn as lines that stay visible when it is fitted."""
    import cv2

    lines = (labels == 0).astype(np.uint8)
    lines[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    lines[1:] |= labels[1:] != labels[:-1]
    thickness = max(1, round(picture.shape[1] / _WIDTH))
    shown = picture.copy()
    shown[cv2.dilate(lines, np.ones((thickness, thickness), np.uint8)) > 0] = _LINE
    return shown


def coloured(picture: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Every segment in its mean colour, edges black."""
    colours = np.rint(means(picture, labels)).astype(np.uint8)
    colours[0] = 0
    return colours[labels]


def _fitted(picture: np.ndarray) -> np.ndarray:
    import cv2

    height = max(1, round(picture.shape[0] * _WIDTH / picture.shape[1]))
    way = cv2.INTER_AREA if picture.shape[1] > _WIDTH else cv2.INTER_NEAREST
    return cv2.resize(picture, (_WIDTH, min(height, 4 * _WIDTH)), interpolation=way)


def _captioned(text: str, pictures: Sequence[np.ndarray]) -> np.ndarray:
    from PIL import Image, ImageDraw, ImageFont

    height = max((picture.shape[0] for picture in pictures), default=0)
    cell = np.full((_CAPTION + height, 2 * _WIDTH + _GAP, 3), _PAPER, np.uint8)
    for place, picture in enumerate(pictures):
        left = place * (_WIDTH + _GAP)
        cell[_CAPTION : _CAPTION + picture.shape[0], left : left + picture.shape[1]] = picture
    image = Image.fromarray(cell)
    ImageDraw.Draw(image).text((4, 5), text[:110], fill=(0, 0, 0), font=ImageFont.load_default(18))
    return np.asarray(image)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the contact sheet of a picture and say each method's figures; 1 after a mistake, told in one line."""
    given = _parser().parse_args(arguments)
    try:
        methods = [segmenter_of(name).name for name in given.methods or _unprompted()]
        reduce = given.reduce if given.reduce == "default" else _number(given.reduce)
        picture = read_rgb(given.picture)
        scale_of(picture.shape, segmenter_of(methods[0]), reduce)
        trials = try_methods(picture, methods, reduce)
        output = given.output or Path(f"{given.picture.stem}_segmenters.png")
        _write(sheet(picture, trials), output)
    except RejectedPicture as error:
        return _refused(f"{given.picture}: {error}")
    except (IcasError, OSError) as error:
        return _refused(str(error))
    print("\n".join(trial.caption for trial in trials))
    print(output)
    return 0


def _unprompted() -> list[str]:
    return [name for name, segmenter in SEGMENTERS.items() if not segmenter.prompted]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _write(page: np.ndarray, output: Path) -> None:
    from PIL import Image

    with written_atomically(output) as file:
        Image.fromarray(page).save(file, "PNG")


def _refused(line: str) -> int:
    print(f"icas: {line}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m icas_core.segmentation.preview", description="Every segmenter on one picture, on one sheet."
    )
    parser.add_argument("picture", type=Path)
    parser.add_argument("--output", type=Path, help="the sheet, a PNG (default: in the current folder)")
    parser.add_argument("--methods", nargs="+", metavar="METHOD", help="only these (default: all without prompts)")
    parser.add_argument("--reduce", default="default", help="default, or a scale above 0 and up to 1")
    return parser


if __name__ == "__main__":
    sys.exit(main())
