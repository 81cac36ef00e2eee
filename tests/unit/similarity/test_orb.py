from __future__ import annotations

import cv2
import numpy as np
import pytest

from icas_core.similarity.registry import METHODS

ORB = METHODS["orb"]


def crosscheck_by_cv2(first, second, ratio):
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(first, second)
    farthest = max(match.distance for match in matches)
    return 1.0 if farthest == 0 else sum(match.distance < ratio * farthest for match in matches) / len(matches)


def lowe_by_cv2(query, train, ratio):
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(query, train, k=2)
    same = [pair[0].distance == 0 for pair in pairs]
    passed = [len(pair) == 2 and pair[0].distance < ratio * pair[1].distance for pair in pairs]
    return float(np.mean(np.logical_or(same, passed)))


def sets_of_descriptors(few_values: bool) -> list[np.ndarray]:
    rng = np.random.default_rng(11)
    sets = []
    for count in (1, 2, 3, 17, 40, 90):
        # Descriptors of a few values only are often equally far from one another: the ties that cv2 must decide.
        high = 3 if few_values else 256
        sets.append(rng.integers(0, high, (count, 32), dtype=np.uint8))
    sets.append(np.vstack([sets[-1][:30], sets[-1][:10], sets[3]]))
    return sets


@pytest.mark.parametrize("few_values", [False, True])
@pytest.mark.parametrize("ratio", [0.5, 0.75, 0.95])
@pytest.mark.parametrize("match", ["lowe", "crosscheck"])
def test_matches_equal_those_of_opencv_with_ties_and_copies(few_values, ratio, match):
    sets = sets_of_descriptors(few_values)
    parameters = ORB.settled({"match": match, "ratio": ratio, "least": 1})
    found = ORB.similarities(sets, sets, **parameters)
    for i, first in enumerate(sets):
        for j, second in enumerate(sets):
            if match == "crosscheck":
                expected = crosscheck_by_cv2(first, second, ratio)
            else:
                expected = (lowe_by_cv2(first, second, ratio) + lowe_by_cv2(second, first, ratio)) / 2
            assert found[i, j] == pytest.approx(expected, abs=1e-7), (i, j)


def test_a_picture_with_few_descriptors_is_like_its_equal_alone():
    rng = np.random.default_rng(3)
    few, many = rng.integers(0, 256, (10, 32), dtype=np.uint8), rng.integers(0, 256, (50, 32), dtype=np.uint8)
    nearly = few.copy()
    nearly[0, 0] ^= 1
    none = np.empty((0, 32), np.uint8)
    found = ORB.similarities([few, none], [few, nearly, many, none], **ORB.settled({"least": 20}))
    np.testing.assert_array_equal(found, [[1, 0, 0, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize("match", ["lowe", "crosscheck"])
def test_a_picture_against_itself_is_one_even_with_twice_the_same_descriptor(match):
    rng = np.random.default_rng(4)
    own = rng.integers(0, 256, (30, 32), dtype=np.uint8)
    own[7] = own[8]
    parameters = ORB.settled({"match": match, "least": 1})
    assert ORB.similarities([own], [own], **parameters)[0, 0] == 1
    assert ORB.paired([own], [own], **parameters)[0] == 1


@pytest.mark.parametrize("match", ["lowe", "crosscheck"])
@pytest.mark.parametrize("ratio", [0.75, 0.9, 0.999])
def test_descriptors_that_differ_in_every_bit_are_told_from_those_that_nearly_do(match, ratio):
    rng = np.random.default_rng(12)
    one = rng.integers(0, 256, (4, 32), dtype=np.uint8)
    opposite = np.repeat(~one[:1], 3, axis=0)
    nearly = opposite.copy()
    nearly[:, 5] ^= 1
    sets = [one[:1], one, opposite, nearly, np.vstack([opposite, nearly]), np.repeat(one[:1], 2, axis=0)]
    parameters = ORB.settled({"match": match, "ratio": ratio, "least": 1})
    found = ORB.similarities(sets, sets, **parameters)
    for i, first in enumerate(sets):
        for j, second in enumerate(sets):
            if match == "crosscheck":
                expected = crosscheck_by_cv2(first, second, ratio)
            else:
                expected = (lowe_by_cv2(first, second, ratio) + lowe_by_cv2(second, first, ratio)) / 2
            assert found[i, j] == pytest.approx(expected, abs=1e-7), (i, j)


@pytest.mark.parametrize("match", ["lowe", "crosscheck"])
def test_pictures_with_more_descriptors_than_are_held_at_once_give_the_same_as_alone(match):
    rng = np.random.default_rng(13)
    common = rng.integers(0, 256, (400, 32), dtype=np.uint8)
    sets = [common[rng.permutation(400)[:count]] for count in (300, 1, 255, 256, 257, 32, 31, 33, 400)] * 2
    sets += [np.empty((0, 32), np.uint8), rng.integers(0, 256, (2500, 32), dtype=np.uint8), sets[0]]
    for row in sets[:9]:
        row[:, 0] ^= rng.integers(0, 8, len(row), dtype=np.uint8)
    parameters = ORB.settled({"match": match, "least": 1})
    found = ORB.similarities(sets, sets, **parameters)
    a, b = np.divmod(np.arange(found.size), len(sets))
    alone = ORB.paired([sets[i] for i in a], [sets[j] for j in b], **parameters)
    np.testing.assert_array_equal(alone, found.ravel())
    expected = (lowe_by_cv2(sets[0], sets[8], 0.7) + lowe_by_cv2(sets[8], sets[0], 0.7)) / 2
    assert match != "lowe" or found[0, 8] == pytest.approx(expected, abs=1e-7)
