"""Load a Segment Anything model from the user's checkpoint; what is missing or does not fit is told in one line."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from icas_core.errors import IcasError

MODELS = ("vit_b", "vit_l", "vit_h", "described")
_WIDTHS = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
_WHERE = "https://github.com/facebookresearch/segment-anything#model-checkpoints"
_ACCEPTED = f"accepted: the path of a Segment Anything checkpoint, to be had at {_WHERE}"
_KEY = "sam.checkpoint"
# Threads that ask for the same model at once must not load it twice.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True)
class Sizes:
    """The sizes of a model of its own, as they stand in the JSON beside its checkpoint (model: described)."""

    image: int
    patch: int
    width: int
    depth: int
    heads: int
    global_attention: tuple[int, ...]
    window: int
    prompt_width: int
    decoder_depth: int
    decoder_heads: int
    decoder_width: int
    score_width: int


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model: segment_anything's Sam in evaluation mode on its device, and the digest of what it is."""

    sam: Any
    digest: str


def check(*, checkpoint: Path | str, model: str, **_: Any) -> None:
    """IcasError if there is no such checkpoint or model, or what runs it is not installed; imports none of it."""
    if not checkpoint:
        raise IcasError(f"{_KEY}: found none; {_ACCEPTED}")
    if model not in MODELS:
        raise IcasError(f"sam.model: found {model!r}; accepted: {', '.join(MODELS)}")
    if not Path(checkpoint).is_file():
        raise IcasError(f"{_KEY}: {checkpoint}: no such file; {_ACCEPTED}")
    absent = [name for name in ("segment_anything", "torch", "torchvision") if not _is_there(name)]
    if absent:
        raise IcasError(
            f"sam: needs {', '.join(absent)}, not installed here; run 'pip install .[sam]' in the folder of icas"
        )


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # imported, but without a spec
        return False


def load_model(checkpoint: Path | str, model: str = "vit_b", device: str = "auto") -> Model:
    """The model of a checkpoint; the last one is kept in memory. model: one of MODELS. device: auto, cpu or cuda.

    IcasError if something is not installed, the checkpoint is missing, is no such file or does not fit the model.
    """
    check(checkpoint=checkpoint, model=model)
    path = Path(checkpoint)
    status = path.stat()
    with _ONE_AT_A_TIME:
        return _loaded(path, model, device, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=1)
def _loaded(path: Path, model: str, device: str, _size: int, _mtime_ns: int) -> Model:
    import segment_anything

    from icas_core.weights import device_of, fit, read_checkpoint

    place = device_of(device)
    weights = read_checkpoint(path, _KEY)
    found = _WIDTHS.get(_width_of(weights))
    if model != "described" and found not in (None, model):
        raise IcasError(f"{_KEY}: {path}: is of the model {found}, sam.model is {model}; accepted: sam.model={found}")
    sizes = _sizes(path) if model == "described" else None
    sam = _built(sizes) if sizes else segment_anything.sam_model_registry[model]()
    try:
        fit(sam, weights, path, _KEY)
    except IcasError as error:
        raise IcasError(f"{error}; {_ACCEPTED}") from error
    digest = hashlib.blake2b(f"{model} {sizes} ".encode(), digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return Model(sam.eval().to(place), digest.hexdigest())


def _width_of(weights: dict[str, Any]) -> int:
    shape: tuple[int, ...] = tuple(getattr(weights.get("image_encoder.pos_embed"), "shape", ()))
    return shape[-1] if shape else 0


def _sizes(checkpoint: Path) -> Sizes:
    path = checkpoint.with_name(checkpoint.name + ".json")
    names = [field.name for field in fields(Sizes)]
    accepted = f"accepted: beside a described model's checkpoint a JSON table of {', '.join(names)}"
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IcasError(f"{path}: cannot be read ({error}); {accepted}") from error
    if not isinstance(given, dict) or sorted(given) != sorted(names):
        raise IcasError(f"{path}: found {', '.join(given) if isinstance(given, dict) else given!r}; {accepted}")
    blocks = given.pop("global_attention")
    if not isinstance(blocks, list) or any(type(one) is not int for one in [*blocks, *given.values()]):
        raise IcasError(f"{path}: found a value that is no whole number; {accepted} (global_attention: a list)")
    return Sizes(**given, global_attention=tuple(blocks))


def _built(sizes: Sizes) -> Any:
    """A model of segment_anything's own parts; IcasError where the sizes do not go together."""
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
    from torch import nn

    side = sizes.image // max(sizes.patch, 1)
    try:
        encoder = ImageEncoderViT(
            img_size=sizes.image,
            patch_size=sizes.patch,
            embed_dim=sizes.width,
            depth=sizes.depth,
            num_heads=sizes.heads,
            out_chans=sizes.prompt_width,
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=sizes.window,
            global_attn_indexes=sizes.global_attention,
        )
        prompts = PromptEncoder(
            embed_dim=sizes.prompt_width,
            image_embedding_size=(side, side),
            input_image_size=(sizes.image, sizes.image),
            mask_in_chans=16,
        )
        decoder = MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(
                depth=sizes.decoder_depth,
                embedding_dim=sizes.prompt_width,
                mlp_dim=sizes.decoder_width,
                num_heads=sizes.decoder_heads,
            ),
            transformer_dim=sizes.prompt_width,
            iou_head_depth=3,
            iou_head_hidden_dim=sizes.score_width,
        )
    except (AssertionError, RuntimeError, ValueError, ZeroDivisionError) as error:
        raise IcasError(f"sam.model: the described sizes do not go together ({error}): {sizes}") from error
    return Sam(image_encoder=encoder, prompt_encoder=prompts, mask_decoder=decoder)
