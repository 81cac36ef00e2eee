"""The features of pictures under any method: the similarity methods' own, or a deep model's embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from icas_core.similarity.extraction import extract_features
from icas_core.similarity.features import Features


def features_of(
    root: Path | str,
    paths: Sequence[str],
    *,
    method: str,
    parameters: Mapping[str, Any] | None = None,
    deep: Mapping[str, Any] | None = None,
    **how: Any,
) -> tuple[Features, list[tuple[str, str]]]:
    """What `extract_features` gives for a method and its parameters; for embedding what `embed_pictures` gives.

    deep: what embed_pictures takes of a model: model, checkpoint, device. how: what both take.
    """
    if method.lower() != "embedding":
        return extract_features(root, paths, method=method, parameters=parameters, **how)
    from icas_core.deep.embedding import embed_pictures

    return embed_pictures(root, paths, **(deep or {}), **how)
