"""Whatever a person does: undo leads back to the beginning, redo to the end, and nothing else is touched."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from icas_core.painter.actions.replace import carved, resegmented, reset
from icas_core.painter.controller import pointed, settled
from icas_core.painter.painting import boxes_of, classes_by_pixel
from icas_core.painter.state import committed
from icas_core.segmentation.labels import dense
from tests.unit.painter.paintings import check_sound, double_click, drag, event, keys, press, same, state_of

HEIGHT, WIDTH = 72, 56  # two bands of rows
X = st.integers(-4, WIDTH + 3) | st.sampled_from([-90, 150])
Y = st.integers(-4, HEIGHT + 3) | st.sampled_from([-90, 150])


def regions(seed: int, side: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    cells = random.integers(0, 3, (-(-HEIGHT // side), -(-WIDTH // side)))
    return dense(cells.repeat(side, axis=0).repeat(side, axis=1)[:HEIGHT, :WIDTH])


class AnyActions(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 50))
    def begin(self, seed):
        self.plain = regions(seed, 7)
        self.state = state_of(self.plain)
        self.first = self.state.painting

    @rule(button=st.sampled_from(["left", "right"]), x=X, y=Y)
    def click(self, button, x, y):
        before, self.state = settled(self.state), press(self.state, button, x, y)
        if self.state.tool == "fill" and before.painting.has(x, y) and self.state.mode == "fill":
            there = before.painting.segments.whole() == before.painting.segments.at(x, y)
            old, new = classes_by_pixel(before.painting), classes_by_pixel(self.state.painting)
            assert np.array_equal(old[~there], new[~there]), "only the segment clicked changes"
            assert (new[there] == (self.state.chosen if button == "left" else 0)).all()

    @rule(
        button=st.sampled_from(["left", "right", "middle"]), x=X, y=Y, order=st.sampled_from(["qt", "windows", "gtk"])
    )
    def twice(self, button, x, y, order):
        self.state = double_click(self.state, button, x, y, order)

    @rule(x=X, y=Y)
    def move(self, x, y):
        self.state = pointed(self.state, event("move", "", x, y))

    @rule(x=X, y=Y)
    def cut(self, x, y):
        before, self.state = settled(self.state), press(self.state, "middle", x, y)
        assert np.array_equal(classes_by_pixel(before.painting), classes_by_pixel(self.state.painting))

    @rule(button=st.sampled_from(["left", "right"]), points=st.lists(st.tuples(X, Y), min_size=2, max_size=4))
    def stroke(self, button, points):
        self.state = drag(self.state, button, *points)

    @rule(key=st.sampled_from([*"123b,.zy", "escape"]))
    def key(self, key):
        self.state = keys(self.state, key)

    @rule(seed=st.integers(0, 20), side=st.integers(3, 30))
    def other_level(self, seed, side):
        self.state = settled(self.state)
        before = classes_by_pixel(self.state.painting)
        self.state = committed(self.state, resegmented(self.state.painting, regions(seed, side), side))
        assert np.array_equal(classes_by_pixel(self.state.painting), before), "what is painted survives"

    @rule(seed=st.integers(0, 20))
    def masks(self, seed):
        self.state = settled(self.state)
        masks = np.where(regions(seed, 12) % 3 == 0, regions(seed, 12), 0)
        self.state = committed(self.state, carved(self.state.painting, masks))

    @rule()
    def all_anew(self):
        self.state = settled(self.state)
        self.state = committed(self.state, reset(self.state.painting, self.plain, boxes_of(self.plain)))

    @invariant()
    def sound(self):
        if hasattr(self, "state"):
            check_sound(self.state.painting)

    def teardown(self):
        if not hasattr(self, "state"):
            return
        self.state = settled(self.state)
        last, steps = self.state.painting, len(self.state.done)
        back = keys(self.state, *"z" * steps)
        assert not back.done
        assert same(back.painting, self.first)
        assert same(keys(back, *"y" * steps).painting, last)


TestAnyActions = AnyActions.TestCase
TestAnyActions.settings = settings(stateful_step_count=200, max_examples=12, deadline=None)
