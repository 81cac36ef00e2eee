from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icas_core.images import read_rgb
from icas_core.segmentation.preview import coloured, main, outlined, sheet, try_methods
from icas_core.segmentation.registry import SEGMENTERS

PHOTO = Path(__file__).parents[2] / "data" / "photos" / "things" / "coffee.jpg"


def test_the_sheet_shows_every_method_without_prompts_with_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    Image.fromarray(read_rgb(PHOTO)).resize((150, 100)).save(tmp_path / "photos/cup.jpg")
    monkeypatch.chdir(tmp_path)
    assert main(["photos/cup.jpg"]) == 0
    assert [path.name for path in Path("photos").iterdir()] == ["cup.jpg"], "a sheet there would count as a picture"
    *lines, written = capsys.readouterr().out.splitlines()
    wanted = [name for name, segmenter in SEGMENTERS.items() if not segmenter.prompted and name != "sam"]
    assert next(line for line in lines if line.startswith("sam: ")).startswith("sam: sam.checkpoint: found none")
    assert [line.split(":")[0] for line in lines if re.fullmatch(r"\w+: [\d,]+ segments, [\d.]+ CPU-s", line)] == wanted
    assert written == "cup_segmenters.png"
    assert Image.open(written).size[0] > 1900


def test_outlines_lie_on_borders_and_segments_have_their_mean_colour() -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:, 3:] = 100
    picture[0, 3:] = 200
    labels = np.repeat([[1, 1, 1, 2, 2, 2]], 4, axis=0).astype(np.int32)
    lines = outlined(picture, labels) != picture
    assert lines[:, 3].any(axis=1).all()
    assert not lines[:, [0, 1, 5]].any()
    assert (coloured(picture, labels)[:, 3:] == 125).all()
    assert (coloured(picture, labels)[:, :3] == 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (70, 1), (900, 5)])
def test_narrow_pictures_have_a_sheet_too(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert sheet(picture, try_methods(picture, ["graph", "superpixel"])).dtype == np.uint8


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{photo}", "--methods", "grahp"], "segment_method: found 'grahp'; accepted"),
        (["{photo}", "--reduce", "half", "--methods", "graph"], "reduce: found 'half'"),
        (["{folder}/gone.jpg"], "gone.jpg: vanished"),
        (["{folder}/text.jpg"], "text.jpg: not a picture"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    (tmp_path / "text.jpg").write_text("words")
    filled_in = [each.format(photo=PHOTO, folder=tmp_path) for each in arguments]
    assert main([*filled_in, "--output", str(tmp_path / "sheet.png")]) == 1
    assert re.fullmatch(rf"icas: .*{re.escape(says)}.*\n", capsys.readouterr().err)
    assert not (tmp_path / "sheet.png").exists()
