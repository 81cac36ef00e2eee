"""What the pointer and the keys do to the line, without a window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from icas_core.painter.events import Closed, Event, Key, Pointer, Resized
from icas_core.threshold.choosing import Choosing
from icas_core.threshold.curve import Curve
from icas_core.threshold.window import NAME


@pytest.fixture
def state(curve: Curve) -> Choosing:
    return Choosing(curve, "ssim", default=0.64, threshold=0.64)


def at(state: Choosing, threshold: float, kind: str = "move", button: str = "") -> Pointer:
    plot = state.layout.plot
    return Pointer(NAME, kind, button, (plot.left + plot.right) // 2, state.layout.row_of(threshold))


def after(state: Choosing, *events: Event) -> Choosing:
    for event in events:
        state = state.after(event)
    return state


def test_the_line_follows_the_pointer_to_the_pixel(state: Choosing) -> None:
    for threshold in (0.3, 0.5, 0.77, 1.0):
        moved = after(state, at(state, threshold))
        assert moved.threshold == pytest.approx(threshold, abs=0.002)
        assert moved.layout.row_of(moved.threshold) == moved.layout.row_of(threshold)
        assert not moved.outcome


def test_a_click_chooses_where_it_is(state: Choosing) -> None:
    chosen = after(state, at(state, 0.5, "down", "left"))
    assert chosen.outcome == "chosen"
    assert chosen.threshold == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize("button", ["right", "middle"])
def test_other_buttons_choose_nothing(state: Choosing, button: str) -> None:
    assert after(state, at(state, 0.5, "down", button)) is state


def test_beside_the_curve_nothing_moves_and_nothing_is_chosen(state: Choosing) -> None:
    plot = state.layout.plot
    for x, y in ((plot.left - 5, plot.top + 9), (plot.right, plot.top + 9), (300, plot.bottom + 60), (-4, 5000)):
        for kind, button in (("move", ""), ("down", "left")):
            assert after(state, Pointer(NAME, kind, button, x, y)) is state


def test_keys_move_the_line_by_a_thousandth_and_back_to_the_default(state: Choosing) -> None:
    assert after(state, Key("up"), Key("up"), Key("down")).threshold == 0.641
    assert after(state, at(state, 0.9), Key("d")).threshold == 0.64
    highest = replace(state, threshold=1.0)
    assert after(highest, Key("up")).threshold == 1.0


def test_enter_takes_the_line_and_escape_q_or_closing_leave_without(state: Choosing) -> None:
    taken = after(state, at(state, 0.8), Key("enter"))
    assert (taken.outcome, taken.threshold) == ("chosen", after(state, at(state, 0.8)).threshold)
    for event in (Key("escape"), Key("q"), Closed(NAME)):
        assert after(state, at(state, 0.8), event).outcome == "left"
    assert after(state, Key("x"), Key("space"), Key("1")) is state


@pytest.mark.parametrize("size", [(1180, 760), (1500, 900), (720, 520), (100, 80)])
def test_a_resized_window_keeps_every_threshold_reachable(state: Choosing, size: tuple[int, int]) -> None:
    sized = after(state, Resized(NAME, *size))
    plot = sized.layout.plot
    assert plot.height > 100
    assert plot.width > 100
    assert sized.layout.threshold_at(plot.top) == 1.0
    assert sized.layout.threshold_at(plot.bottom - 1) == sized.layout.low <= 0.59


def test_the_curve_starts_where_half_of_all_pairs_are_similar_but_below_the_default(curve: Curve) -> None:
    assert Choosing(curve, "ssim", 0.64, 0.64).layout.low == pytest.approx(max(0, curve.lowest), abs=0.011)
    assert Choosing(curve, "ssim", 0.02, 0.02).layout.low == 0.0
