"""sam: Segment Anything (Kirillov et al. 2023), by prompts or for a whole picture; imports torch only when it runs."""

from icas_core.segmentation.sam.segmenter import SEGMENTER, embed, objects, objects_or_all, require_able

__all__ = ["SEGMENTER", "embed", "objects", "objects_or_all", "require_able"]
