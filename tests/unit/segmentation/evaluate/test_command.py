"""The command `python -m icas_core.segmentation.evaluate` on small marked folders."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icas_core.segmentation.evaluate.benchmark import measure
from icas_core.segmentation.evaluate.boundaries import boundary_map
from icas_core.segmentation.evaluate.command import main


def mark(folder: Path, name: str, people: list[np.ndarray], picture: np.ndarray) -> str:
    """Store a picture and its people's label maps; its line of the index."""
    Image.fromarray(picture).save(folder / f"{name}.png")
    np.savez_compressed(folder / f"{name}.npz", segmentations=np.array(people, np.uint16))
    return f"{name}.png,{name}.npz,{len(people)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of flat areas: one that both people see as drawn, one where the second sees a third region."""
    rows, columns = np.mgrid[:60, :80]
    halves = np.where(columns < 30, 1, 2)
    thirds = np.where(rows < 20, 3, halves)
    paint = np.array([[0, 0, 0], [220, 30, 30], [20, 40, 230], [250, 250, 240]], np.uint8)
    lines = ["image,npz,annotators"]
    lines.append(mark(tmp_path, "plain", [halves, halves], paint[halves]))
    lines.append(mark(tmp_path, "parted", [halves, thirds], paint[halves]))
    (tmp_path / "index.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def rows_of(folder: Path, *arguments: str) -> list[dict]:
    assert main([str(folder), *arguments, "--json", str(folder / "out.json")]) == 0
    return json.loads((folder / "out.json").read_text())["rows"]


def test_a_segmenter_is_measured_at_its_defaults_and_over_its_levels(folder: Path) -> None:
    (row,) = rows_of(folder, "--method", "graph", "--parameter", "smallest=500", "--parameter", "sigma=0.1")
    # The first picture is right; in the second only one of two people drew the rest, which nobody found.
    assert row["precision"] == 1
    assert row["recall"] < 1
    assert row["segments"] == 2
    assert row["covering"] == pytest.approx((1 + 1 + 1 + covering_of_thirds()) / 4)
    assert row["f"] <= row["ods_f"] <= row["ois_f"]
    assert [at["level"] for at in row["levels"]] == list(range(-4, 5))
    assert row["parameters"]["smallest"] == 500
    assert row["seconds"] > 0


def covering_of_thirds() -> float:
    """Marked: 80 × 20 above, 30 × 40 and 50 × 40 below. Found: 30 × 60 and 50 × 60."""
    whole, above, left, right = 80 * 60, 80 * 20, 30 * 40, 50 * 40
    best_above = 50 * 20 / (50 * 60 + 80 * 20 - 50 * 20)
    return (above * best_above + left * left / (30 * 60) + right * right / (50 * 60)) / whole


def test_people_are_measured_against_one_another(folder: Path) -> None:
    (row,) = rows_of(folder, "--method", "human")
    assert 0.5 < row["f"] < 1
    assert row["segments"] == pytest.approx((2 + 2.5) / 2)


def test_without_other_levels_the_best_is_the_default(folder: Path) -> None:
    (row,) = rows_of(folder, "--method", "graph", "--levels", "0")
    assert row["f"] == row["ods_f"] == row["ois_f"]
    assert [at["level"] for at in row["levels"]] == [0]


def test_each_scale_has_a_row(folder: Path) -> None:
    rows = rows_of(folder, "--method", "graph", "--reduce", "1", "--reduce", "0.5")
    assert [row["reduce"] for row in rows] == [1, 0.5]


def test_a_damaged_picture_is_named_and_the_rest_measured(folder: Path, capsys) -> None:
    (folder / "parted.png").write_bytes(b"\x89PNG broken")
    (row,) = rows_of(folder, "--method", "graph")
    assert row["recall"] == 1
    assert "parted.png: truncated or damaged PNG" in capsys.readouterr().out
    assert "parted.png" in json.loads((folder / "out.json").read_text())["rejected"]


def test_marks_of_another_size_are_named(folder: Path, capsys) -> None:
    np.savez(folder / "parted.npz", segmentations=np.ones((1, 4, 4), int))
    assert main([str(folder), "--method", "graph"]) == 0
    assert "parted.npz: is (4, 4), the picture (60, 80)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--method", "grahp"], "method: found 'grahp'; accepted: human, edge"),
        (["--method", "graph", "--parameter", "scale"], "parameter: found 'scale'; accepted: name=value"),
        (["--method", "graph", "--parameter", "scales=3"], "graph.scales: no such parameter; accepted: sigma"),
        (["--method", "graph", "--reduce", "2"], "reduce: found 2; accepted: 'default' or a number above 0"),
        (["--method", "graph", "--levels", "-1"], "levels: found -1; accepted: a whole number from 0"),
        (["--methods", "graph"], "unrecognized arguments: --methods graph"),
    ],
)
def test_a_mistake_is_one_line(folder: Path, capsys, arguments: list[str], line: str) -> None:
    assert main([str(folder), *arguments]) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1


def test_a_folder_without_an_index_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "icas_core.segmentation.evaluate", str(tmp_path), "--method", "human"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "index.csv: cannot be read as csv" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """Two pictures of a red disc on noisy green, and its mask."""
    rows, columns = np.mgrid[:90, :120]
    lines = ["image,mask"]
    for number in range(2):
        mask = (rows - 45) ** 2 + (columns - 50 - 10 * number) ** 2 < 25**2
        picture = np.where(mask[:, :, None], (200, 60, 50), (60, 140, 70))
        picture = picture + np.random.default_rng(number).normal(0, 15, picture.shape)
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(tmp_path / f"{number}.png")
        Image.fromarray(mask).save(tmp_path / f"{number}_mask.png")
        lines.append(f"{number}.png,{number}_mask.png")
    (tmp_path / "index.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_grabcut_is_measured_from_the_box_on(objects: Path) -> None:
    (row,) = rows_of(objects, "--prompts", "--method", "grabcut", "--parameter", "iterations=2")
    assert row["parameters"]["iterations"] == 2
    assert row["iou_box"] > 0.95
    assert row["clicks_85"] == row["clicks_90"] == row["unreached_90"] == 0
    assert row["seconds_box"] > 0


@pytest.mark.parametrize("mode", [["--prompts"], []])
def test_without_weights_sam_has_no_numbers(objects: Path, capsys, mode: list[str]) -> None:
    lines = (objects / "index.csv").read_text().splitlines()
    if not mode:
        halves = np.repeat([[1] * 60 + [2] * 60], 90, axis=0)
        lines = ["image,npz,annotators", mark(objects, "0", [halves], np.zeros((90, 120, 3), np.uint8))]
        (objects / "index.csv").write_text("\n".join(lines) + "\n")
    assert rows_of(objects, *mode, "--method", "sam") == [{"method": "sam", "note": "no checkpoint"}]
    assert "sam             no checkpoint" in capsys.readouterr().out


def test_an_empty_mask_is_named(objects: Path, capsys) -> None:
    Image.new("L", (120, 90)).save(objects / "1_mask.png")
    rows_of(objects, "--prompts", "--method", "grabcut")
    assert "1_mask.png: an empty mask" in capsys.readouterr().out


def test_a_folder_of_masks_holds_no_segmentations(objects: Path, capsys) -> None:
    assert main([str(objects), "--method", "graph"]) == 2
    assert "index.csv: columns are image, mask; accepted: image and npz" in capsys.readouterr().err


def test_edges_count_to_the_nearest_segment() -> None:
    halves = np.repeat([[1] * 10 + [2] * 10], 8, axis=0)
    with_edges = halves.copy()
    with_edges[:, 9:11] = 0
    person = [halves]
    assert measure(with_edges, person, [boundary_map(halves)]).values["covering"] == pytest.approx(1)
