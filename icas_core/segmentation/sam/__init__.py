"""sam: Segment Anything (Kirillov et al. 2023), by prompts or for a whole picture; imports torch only when it runs."""

from icas_core.segmentation.sam.segmenter import SEGMENTER, objects

__all__ = ["SEGMENTER", "objects"]
