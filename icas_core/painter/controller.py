"""From a state and what the person does to the next state; nothing here knows of windows or files."""

from __future__ import annotations

from dataclasses import replace

from icas_core.painter.actions.brush import begin_stroke, end_stroke, stroke_on
from icas_core.painter.actions.cut import cut_to
from icas_core.painter.actions.fill import begin_sweep, end_sweep, filled, sweep_on
from icas_core.painter.events import Pointer
from icas_core.painter.state import Click, CutChain, State, Stroke, Sweep, committed, redone, undone
from icas_core.painter.strokes import Point

_SIZES = (1, 2, 4, 6, 9, 13, 20, 30, 45, 70, 100, 150, 220, 320)


def pointed(state: State, event: Pointer) -> State:
    """The state after something that the pointer did, in pixels of the picture."""
    at = (event.x, event.y)
    if event.kind == "move":
        return _moved(state, at)
    if event.kind == "up":
        return _released(state, event.button)
    if event.kind == "double":
        return _double_clicked(state, event.button, at)
    return _pressed(state, event.button, at) if event.kind == "down" else state


def settled(state: State) -> State:
    """The state with the gesture under way brought to its end: what was passed or brushed is a step."""
    gesture = state.gesture
    if isinstance(gesture, Sweep):
        state = end_sweep(state, gesture)
    elif isinstance(gesture, Stroke):
        state = end_stroke(state, gesture)
    return replace(state, gesture=None, click=None, awaiting=None, note="")


def key_pressed(state: State, key: str) -> State:
    """The state after a key that acts on the painting alone; the same for any other key."""
    if key.isdigit() and key != "0":
        return chosen(state, int(key))
    if key in (",", "."):
        return _brush_resized(state, larger=key == ".")
    if key == "z":
        return _undone_settled(state)
    if key == "y":
        return redone(settled(state))
    if key == "b":
        return replace(settled(state), tool="fill" if state.tool == "brush" else "brush")
    return settled(state) if key == "escape" else state


def chosen(state: State, class_id: int) -> State:
    """The state with another class to paint with."""
    return replace(state, chosen=class_id, note="")


def _undone_settled(state: State) -> State:
    """Take the last action back; a chain of cuts goes back to the point before."""
    chain = state.gesture
    if isinstance(chain, CutChain):
        if len(chain.points) == 1:
            return replace(state, gesture=None, note="cut ended")
        back = undone(state) if chain.cuts[-1] else state
        return replace(back, gesture=CutChain(chain.points[:-1], chain.cuts[:-1]), note="undone")
    return undone(settled(state))


def _pressed(state: State, button: str, at: Point) -> State:
    if state.awaiting == button:
        return state  # the press that follows a double click
    state = replace(state, awaiting=None)
    if button == "middle":
        return cut_to(state if isinstance(state.gesture, CutChain) else settled(state), at)
    if not state.painting.has(*at):
        # A stroke may come in from outside.
        return _button_down(state, button, at) if state.tool == "brush" else replace(state, click=None)
    segment, click = state.painting.segments.at(*at), state.click
    after = _button_down(state, button, at)
    # Some systems tell of a second press before the double click: what that takes back began with the first.
    again = click is not None and (click.button, click.segment) == (button, segment)
    if not again or after.painting is not state.painting:
        click = Click(button, segment, replace(state, click=None))
    return replace(after, click=click)


def _button_down(state: State, button: str, at: Point) -> State:
    if isinstance(state.gesture, Sweep):
        return state
    state = settled(state)
    class_id = state.chosen if button == "left" else 0
    if state.tool == "brush":
        return begin_stroke(state, at, class_id)
    return committed(state, filled(state.painting, at, class_id))


def _moved(state: State, at: Point) -> State:
    if isinstance(state.gesture, Sweep):
        return sweep_on(state, state.gesture, at if state.painting.has(*at) else None)
    if isinstance(state.gesture, Stroke) and at != state.gesture.last:
        return stroke_on(state, state.gesture, at)
    return state


def _released(state: State, button: str) -> State:
    if state.awaiting == button:
        return replace(state, awaiting=None)
    return end_stroke(state, state.gesture) if isinstance(state.gesture, Stroke) else state


def _double_clicked(state: State, button: str, at: Point) -> State:
    if button == "middle":
        return replace(settled(state), awaiting=button)
    if state.tool == "brush":
        return _pressed(state, button, at)
    if not state.painting.has(*at):
        return state
    running = state.gesture
    if isinstance(running, Sweep):
        state = replace(settled(state), awaiting=button)
        return state if running.filling == (button == "left") else begin_sweep(state, at, filling=not running.filling)
    if state.click is None or state.click.button != button:
        # Its first click was on another picture, or before something else: this is a click of its own.
        return replace(_pressed(state, button, at), awaiting=button)
    # Nothing remains of the first click.
    return begin_sweep(replace(settled(state.click.before), awaiting=button), at, filling=button == "left")


def _brush_resized(state: State, *, larger: bool) -> State:
    sizes = [size for size in _SIZES if (size > state.diameter if larger else size < state.diameter)]
    diameter = (sizes[0] if larger else sizes[-1]) if sizes else state.diameter
    return replace(state, diameter=diameter, note=f"brush {diameter} px")
