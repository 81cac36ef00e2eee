"""How alike pictures are by their stored embeddings, for the choice of representatives and for the gallery."""

from __future__ import annotations

from collections.abc import Sequence

from icas_core.similarity.stored import SimilarityOf


def cosine_of(files: Sequence[str]) -> SimilarityOf:
    """The cosine similarity of pictures whose embeddings lie in these files, one a batch."""
    return SimilarityOf.stored(
        [(file,) for file in files], {"embedding": 0.0}, operator="+", parameters={"embedding": {}}
    )
