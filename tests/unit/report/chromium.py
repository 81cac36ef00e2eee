"""A real Chromium without a screen, driven over its debugging pipe: no driver and no package needed."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# fmt: off
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--remote-debugging-pipe",
]
# fmt: on

# The browser reads commands from descriptor 3 and answers on 4, whatever ours are called.
_WIRING = """
import fcntl, os, sys
commands, answers = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(commands, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def installed() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Chromium:
    """One tab; requests and complaints collect what the page asked for and what its console said."""

    def __init__(self, profile: Path, width: int = 1280, height: int = 900) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        command = [installed(), *QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}", "about:blank"]
        wired = [sys.executable, "-c", _WIRING, str(theirs_in), str(theirs_out), *command]
        self._browser = subprocess.Popen(
            wired, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._pending, self._last_id, self._session = b"", 0, None
        self.events: list[dict[str, Any]] = []
        tabs = [tab for tab in self.ask("Target.getTargets")["targetInfos"] if tab["type"] == "page"]
        self._session = self.ask("Target.attachToTarget", targetId=tabs[0]["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last_id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, address: str) -> None:
        self.events.clear()
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def run(self, expression: str, in_frame: bool = False) -> Any:
        where = {"contextId": self._frame()} if in_frame else {}
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, **where)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def wait_for(self, condition: str, seconds: float = 60, in_frame: bool = False) -> None:
        until = time.monotonic() + seconds
        while not self._holds(condition, in_frame):
            if time.monotonic() > until:
                raise TimeoutError(condition)
            time.sleep(0.05)

    def _holds(self, condition: str, in_frame: bool = False) -> bool:
        try:
            return bool(self.run(condition, in_frame))
        except RuntimeError as error:
            # A click may be leading to another page at this very moment: then it is asked there.
            if "navigated" not in str(error) and "context" not in str(error):
                raise
            return False

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=_CODES[key])

    def click(self, selector: str) -> None:
        """Press the mouse where the element is, as a person would: once it is there and nothing lies over it."""
        place = f"(e => (e.scrollIntoView({{block: 'center'}}), e.getBoundingClientRect()))({_element(selector)})"
        middle = f"(r => [r.x + r.width / 2, r.y + r.height / 2])({place})"
        self.wait_for(f"{_element(selector)}.contains(document.elementFromPoint(...{middle}))")
        at = self.run(middle)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1)

    def type_into(self, selector: str, text: str) -> None:
        self.run(f"(e => {{ e.focus(); e.select(); }})({_element(selector)})")
        self.ask("Input.insertText", text=text)

    @property
    def requests(self) -> list[str]:
        self.ask("Page.getFrameTree")
        sent = [event["params"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in sent if not one["request"]["url"].startswith("data:")]

    @property
    def complaints(self) -> list[str]:
        self.ask("Page.getFrameTree")
        said = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
        return [json.dumps(event["params"]) for event in self.events if event.get("method") in said]

    def close(self) -> None:
        os.close(self._out)
        os.close(self._in)
        self._browser.terminate()
        self._browser.wait(20)

    def _frame(self) -> int:
        made = [
            one["params"]["context"] for one in self.events if one.get("method") == "Runtime.executionContextCreated"
        ]
        main = self.ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        frames = [context["id"] for context in made if context["auxData"]["frameId"] != main]
        if not frames:
            raise RuntimeError("no context of the frame yet")
        return frames[-1]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            if not select.select([self._in], [], [], 60)[0]:
                raise TimeoutError("the browser does not answer")
            more = os.read(self._in, 1 << 20)
            if not more:
                raise RuntimeError(f"the browser ended with code {self._browser.wait()}")
            self._pending += more
        message, self._pending = self._pending.split(b"\0", 1)
        return json.loads(message)


_CODES = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Escape": 27}


def _element(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"
