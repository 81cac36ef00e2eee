"""Compare regions: covering, variation of information and undersegmentation of one segmentation by another.

All are functions of the overlaps of two label maps (`shares`): rows are the segments that were found, columns the
regions that a person marked, entries shares of the picture, which add up to 1.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import entropy
from skimage.metrics import contingency_table

_LEAK = 0.05  # Achanta's: an overlap below this share of a superpixel is an accident of the marking


def shares(found: np.ndarray, marked: np.ndarray) -> csr_array:
    """The overlaps of two label maps of one (height, width), integers of any value: float64, without empty rows."""
    return csr_array(contingency_table(_dense(found), _dense(marked), normalize=True))


def _dense(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)


def covering(overlap: csr_array) -> float:
    """The mean over the picture of the best IoU that the marked region of each pixel has with a segment (1 best).

    Arbeláez et al. 2011, section 3.1.2. Not symmetric.
    """
    both = overlap.toarray()
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    return float((both / either).max(axis=0) @ both.sum(axis=0))


def variation_of_information(overlap: csr_array) -> float:
    """What either label map leaves unknown of the other, in bits (Meilă 2007; 0 for equal partitions). Symmetric."""
    found, marked = overlap.sum(axis=1), overlap.sum(axis=0)
    return float(2 * entropy(overlap.data, base=2) - entropy(found, base=2) - entropy(marked, base=2))


def undersegmentation_achanta(overlap: csr_array) -> float:
    """The area of the superpixels that overlap each marked region by over 5% of their own, beyond the picture's.

    Achanta et al. 2012 (SLIC), section 4.2; 0 best. Superpixels that leak a little count whole.
    """
    both = overlap.toarray()
    area = both.sum(axis=1, keepdims=True)
    return float((area * (both > _LEAK * area)).sum() - 1)


def undersegmentation_corrected(overlap: csr_array) -> float:
    """The smaller part of each superpixel on either side of the border of each marked region, added up (0 best).

    Neubert and Protzel 2012: only the leak counts, on both sides of each border.
    """
    both = overlap.toarray()
    return float(np.minimum(both, both.sum(axis=1, keepdims=True) - both).sum())
