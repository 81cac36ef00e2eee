"""Ask a Segment Anything model for masks: of the objects that a person prompts for, or of all there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from icas_core.segmentation.prompts import Box, Point, Prompts
from icas_core.segmentation.sam.embeddings import Embeddings
from icas_core.segmentation.sam.model import Model

# Points at once in the generator: each makes three masks of the whole copy in memory, 12 MB at 1024 × 1024.
_POINTS_TOGETHER = 16


@dataclass(frozen=True, eq=False)
class Mask:
    """One object: its pixels as a bool array of (height, width), and the model's own estimate of their IoU."""

    pixels: np.ndarray
    score: float


def embed(model: Model, picture: np.ndarray, embeddings: Embeddings | None = None) -> None:
    """Make the embedding of a picture and keep it, so that the first prompt is answered at once."""
    _predictor(model, embeddings).set_image(_wide_enough(picture, model))


def predict(model: Model, picture: np.ndarray, prompts: Prompts, embeddings: Embeddings | None = None) -> list[Mask]:
    """The best-scoring mask for each object that is prompted for in a (height, width, 3) uint8 RGB picture.

    Objects are those of Prompts.objects: each box with its own points, and the points without a box. Strokes say
    nothing here. IcasError for prompts without an object, or a box outside the picture.
    """
    asked = [(box and box.within(picture.shape), points) for box, points in prompts.objects()]
    predictor = _predictor(model, embeddings)
    predictor.set_image(_wide_enough(picture, model))
    return [_best(predictor, box, points, picture.shape) for box, points in asked]


def generate(
    model: Model,
    copy: np.ndarray,
    embeddings: Embeddings | None = None,
    *,
    points: int = 32,
    quality: float = 0.88,
    stability: float = 0.95,
) -> list[Mask]:
    """The masks of everything in a (height, width, 3) uint8 RGB picture, by SamAutomaticMaskGenerator; they overlap.

    copy: the picture as as_seen gives it, or a smaller one: the masks are made in memory at its size. points: prompts a
    side of the grid. quality, stability: the least estimated IoU and stability of a mask, 0 keeps all.
    """
    from segment_anything import SamAutomaticMaskGenerator

    generator = SamAutomaticMaskGenerator(
        model.sam,
        points_per_side=points,
        points_per_batch=_POINTS_TOGETHER,
        pred_iou_thresh=quality,
        stability_score_thresh=stability,
    )
    generator.predictor = _predictor(model, embeddings)
    height, width = copy.shape[:2]
    found = generator.generate(_wide_enough(copy, model))
    masks = [Mask(one["segmentation"][:height, :width], float(one["predicted_iou"])) for one in found]
    return [mask for mask in masks if mask.pixels.any()]


def as_seen(model: Model, picture: np.ndarray) -> np.ndarray:
    """The copy of a picture that the model itself looks at; the picture where that would be larger."""
    side = model.sam.image_encoder.img_size
    if max(picture.shape[:2]) <= side:
        return picture
    from segment_anything.utils.transforms import ResizeLongestSide

    return ResizeLongestSide(side).apply_image(_wide_enough(picture, model))


def _wide_enough(picture: np.ndarray, model: Model) -> np.ndarray:
    """The picture, widened by its own border where it is so thin that nothing would be left in the model's copy."""
    import cv2

    least = -(-max(picture.shape[:2]) // model.sam.image_encoder.img_size)
    below, beside = (max(least - side, 0) for side in picture.shape[:2])
    if not below and not beside:
        return np.ascontiguousarray(picture)
    return cv2.copyMakeBorder(picture, 0, below, 0, beside, cv2.BORDER_REPLICATE)


def _predictor(model: Model, embeddings: Embeddings | None) -> Any:
    import torch
    from segment_anything import SamPredictor

    class Remembering(SamPredictor):
        """segment_anything's predictor, which looks for a picture's embedding on disk before it makes it."""

        def set_image(self, image: np.ndarray, image_format: str = "RGB") -> None:
            seen = self.transform.apply_image(image)
            key = Embeddings.key(seen, model.digest)
            kept = embeddings.read(key) if embeddings else None
            sides = self.model.prompt_encoder.image_embedding_size
            if kept is None or kept.shape != (1, self.model.prompt_encoder.embed_dim, *sides):
                pixels = torch.as_tensor(seen, device=self.device).permute(2, 0, 1).contiguous()[None]
                self.set_torch_image(pixels, image.shape[:2])
                if embeddings:
                    embeddings.write(key, self.get_image_embedding().cpu().numpy())
                return
            self.reset_image()
            self.original_size, self.input_size = image.shape[:2], seen.shape[:2]
            self.features = torch.from_numpy(kept).to(self.device)
            self.is_image_set = True

    return Remembering(model.sam)


def _best(predictor: Any, box: Box | None, points: list[Point], shape: tuple[int, ...]) -> Mask:
    masks, scores, _ = predictor.predict(
        point_coords=np.array([(point.x, point.y) for point in points], float) if points else None,
        point_labels=np.array([point.foreground for point in points], int) if points else None,
        box=None if box is None else np.array(box, float),
    )
    best = int(np.argmax(scores))
    return Mask(masks[best][: shape[0], : shape[1]], float(scores[best]))
