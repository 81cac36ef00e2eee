"""Loading a checkpoint: what fits, and what is told in one line where it does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from icas_core.errors import IcasError
from icas_core.segmentation.sam.model import load_model
from tests.unit.segmentation.sam.conftest import write_checkpoint


def test_a_described_model_is_built_in_its_own_sizes(model) -> None:
    assert sum(weights.numel() for weights in model.sam.parameters()) < 400_000
    assert model.sam.image_encoder.img_size == 128
    assert not model.sam.training


def test_the_last_model_stays_in_memory(checkpoint: Path) -> None:
    first = load_model(checkpoint, "described", "cpu")
    assert load_model(checkpoint, "described", "cpu") is first


def test_other_weights_are_another_model(checkpoint: Path, tmp_path: Path) -> None:
    other = load_model(write_checkpoint(tmp_path / "other.pth", seed=1), "described", "cpu")
    assert other.digest != load_model(checkpoint, "described", "cpu").digest


@pytest.mark.parametrize("given", ["", "nowhere.pth"])
def test_a_missing_checkpoint_is_told_with_the_place_to_get_one(given: str) -> None:
    with pytest.raises(IcasError, match=r"sam.checkpoint: .*facebookresearch/segment-anything#model-checkpoints"):
        load_model(given)


def test_a_checkpoint_of_another_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sam.pth"
    torch.save({"image_encoder.pos_embed": torch.zeros(1, 64, 64, 1024)}, path)
    with pytest.raises(IcasError, match=r"is of the model vit_l, sam.model is vit_b; accepted: sam.model=vit_l"):
        load_model(path, "vit_b", "cpu")


def test_weights_that_do_not_fit_are_named(checkpoint: Path, tmp_path: Path) -> None:
    weights = torch.load(checkpoint, weights_only=True)
    del weights["image_encoder.neck.0.weight"]
    path = tmp_path / "less.pth"
    torch.save(weights, path)
    (tmp_path / "less.pth.json").write_text(checkpoint.with_name("tiny.pth.json").read_text())
    with pytest.raises(IcasError, match=r"less.pth: does not fit the model: it has no weights 'image_encoder.neck.0"):
        load_model(path, "described", "cpu")


def test_a_file_that_is_no_checkpoint_is_named_and_runs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    path.write_bytes(b"cos\nsystem\n(S'touch " + bytes(tmp_path / "ran") + b"'\ntR.")
    with pytest.raises(IcasError, match=r"evil.pth: not a checkpoint of weights"):
        load_model(path, "vit_b", "cpu")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (None, "json: cannot be read"),
        ({"decoder_heads": 3}, "do not go together"),
        ({"width": 62}, "does not fit the model"),
        ({"width": "64"}, "no whole number"),
        ({"colour": 1}, "accepted: beside a described model's checkpoint a JSON table of image, patch"),
    ],
)
def test_sizes_that_are_none_are_named(checkpoint: Path, tmp_path: Path, change: dict | None, line: str) -> None:
    path = tmp_path / "odd.pth"
    path.write_bytes(checkpoint.read_bytes())
    if change is not None:
        sizes = json.loads(checkpoint.with_name("tiny.pth.json").read_text())
        path.with_name("odd.pth.json").write_text(json.dumps(sizes | change))
    with pytest.raises(IcasError, match=line):
        load_model(path, "described", "cpu")


def test_without_the_packages_one_line_says_what_to_install(checkpoint: Path) -> None:
    hidden = (
        "import sys; sys.modules['segment_anything'] = sys.modules['torchvision'] = None\n"
        "from icas_core.errors import IcasError\n"
        "from icas_core.segmentation.sam.model import load_model\n"
        f"try: load_model({str(checkpoint)!r}, 'described', 'cpu')\n"
        "except IcasError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=True)
    assert "sam: needs segment_anything, torchvision, not installed here; run 'pip install .[sam]'" in done.stdout


def test_torch_is_not_imported_before_a_model_is_loaded() -> None:
    looked = (
        "import sys\nfrom icas_core.segmentation.registry import SEGMENTERS\n"
        "assert 'sam' in SEGMENTERS\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", looked], check=True)


@pytest.mark.slow
def test_vit_b_is_built_and_takes_its_own_weights(tmp_path: Path) -> None:
    from segment_anything import sam_model_registry

    with torch.device("meta"):
        shapes = {name: weights.shape for name, weights in sam_model_registry["vit_b"]().state_dict().items()}
    path = tmp_path / "vit_b.pth"
    torch.save({name: torch.rand(shape) for name, shape in shapes.items()}, path)
    model = load_model(path, "vit_b", "cpu")
    assert model.sam.image_encoder.img_size == 1024
    assert sum(weights.numel() for weights in model.sam.parameters()) > 90_000_000
    with pytest.raises(IcasError, match=r"is of the model vit_b, sam.model is vit_h"):
        load_model(path, "vit_h", "cpu")
