"""What a job tells: its log, its published state, its failures."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from _pytest.logging import LogCaptureHandler

from icas_core import logs
from icas_core.errors import IcasError
from icas_core.logs import close_log, duration, log_to, progress, progress_file, reporting_errors


@pytest.fixture(autouse=True)
def _no_log_stays_open():
    yield
    close_log()


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "out" / "logs" / "extract" / "0003.log"


def _job(log: Path) -> SimpleNamespace:
    return SimpleNamespace(log=[str(log)])


def _wait_for(condition) -> None:
    while not condition():  # the time limit of the test run ends it
        time.sleep(0.02)


def test_lines_have_time_stamps_and_warnings_their_level(log):
    logger = log_to(log)
    logger.info("began")
    logging.getLogger("icas_core.images").warning("odd")
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(rf"{stamp} began\n{stamp} WARNING odd\n", log.read_text())


def test_pythons_warnings_go_to_the_log(log, capfd):
    log_to(log)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("deprecated thing", stacklevel=1)
    assert "deprecated thing" in log.read_text()
    assert capfd.readouterr().err == ""


def test_a_new_run_replaces_the_log_and_a_second_call_in_one_job_does_not(log):
    log_to(log).info("earlier run")
    close_log()
    log_to(log).info("first")
    log_to(str(log)).info("second")
    text = log.read_text()
    assert "earlier" not in text
    assert "first" in text
    assert "second" in text


def test_control_characters_of_names_are_spelt_out(log):
    log_to(log).info("rejected %s", "a\x1b[2Jb\rc.jpg")
    assert "rejected a\\x1b[2Jb\\x0dc.jpg\n" in log.read_text()


def test_a_name_that_is_not_utf8_can_be_logged(log):
    log_to(log).info("rejected %s", os.fsdecode(b"caf\xe9.jpg"))
    assert "rejected caf" in log.read_text()
    # What pytest kept of the line cannot be sent from one of its processes to another.
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogCaptureHandler):
            handler.reset()


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("out/logs/extract/0003.log", "out/.progress/extract.0003.json"),
        ("/o/logs/extract/ssim/0003.log", "/o/.progress/extract.ssim.0003.json"),
        ("logs/merge.log", ".progress/merge.json"),
        ("logs/photos/logs/merge.log", "logs/photos/.progress/merge.json"),
        ("out/merge.log", None),
        ("out/logs", None),
    ],
)
def test_the_state_lies_beside_the_folder_of_logs(path, file):
    assert progress_file(Path(path)) == (Path(file) if file else None)


def test_a_running_step_publishes_its_state_and_takes_it_back(log):
    log_to(log)
    file = progress_file(log)
    with progress(2000, "extract 0003") as counted:
        counted.advance(512)
        _wait_for(file.exists)
        state = json.loads(file.read_text())
        assert (state["done"], state["total"], state["unit"]) == (512, 2000, "pictures")
        assert state["left"] > 0
        counted.advance(88)
        _wait_for(lambda: json.loads(file.read_text())["done"] == 600)
    assert list(file.parent.iterdir()) == []


def test_a_slow_step_still_says_that_it_is_alive(log, monkeypatch):
    monkeypatch.setattr(logs, "_HEARTBEAT", 0.1)
    log_to(log)
    file = progress_file(log)
    with progress(10, "train"):
        _wait_for(file.exists)
        first = json.loads(file.read_text())["written"]
        _wait_for(lambda: json.loads(file.read_text())["written"] > first)


def test_of_steps_inside_one_another_the_outer_one_publishes(log):
    log_to(log)
    with progress(8, "cluster", unit="models") as outer, progress(100, "fit") as inner:
        outer.advance()
        inner.advance(50)
        _wait_for(progress_file(log).exists)
        assert json.loads(progress_file(log).read_text())["unit"] == "models"


def test_a_disk_that_refuses_the_state_does_not_fail_the_job(log):
    log_to(log)
    progress_file(log).parent.write_text("a file where the folder should be")
    with progress(10, "extract 0003") as counted:
        counted.advance(5)
        time.sleep(0.6)
        counted.advance(5)
    assert "extract 0003: 10 pictures in" in log.read_text()


def test_the_log_says_how_far_and_how_long(log, monkeypatch):
    monkeypatch.setattr(logs, "_LINE_GAP", 0.0)
    log_to(log)
    with progress(2000, "extract 0003") as counted:
        counted.advance(512)
        _wait_for(lambda: "left" in log.read_text())
        counted.advance(1488)
    first, last = (line.split(" ", 2)[2] for line in log.read_text().splitlines())
    assert re.fullmatch(r"extract 0003: 512 of 2,000 pictures, \d+ s left", first)
    assert re.fullmatch(r"extract 0003: 2,000 pictures in \d+ s", last)


def test_a_step_that_fails_says_where_it_stopped(log):
    log_to(log)
    with suppress(KeyError), progress(2000, "extract 0003") as counted:
        counted.advance(7)
        raise KeyError
    assert "extract 0003: stopped after 7 of 2,000 pictures" in log.read_text()


def test_many_threads_may_advance_one_count():
    with progress(80_000, "compare") as counted:
        threads = [threading.Thread(target=lambda: [counted.advance() for _ in range(10_000)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counted.done == 80_000


def test_nothing_to_do_is_no_error(log):
    log_to(log)
    with progress(0, "compare"):
        time.sleep(0.6)
    assert "compare: 0 pictures in" in log.read_text()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (43.4, "43 s"), (99, "99 s"), (100, "2 min"), (5999, "100 min"), (7800, "2 h 10 min")],
)
def test_durations_read_as_people_say_them(seconds, text):
    assert duration(seconds) == text.replace("100 min", "1 h 40 min")


def test_a_mistake_of_the_user_is_one_line_without_a_traceback(log, capfd):
    def main(job):
        raise IcasError("size: found\n[0, 0]")

    with pytest.raises(SystemExit) as ended:
        reporting_errors(main, _job(log))
    assert ended.value.code == 1
    assert capfd.readouterr().err == "size: found\\x0a[0, 0]\n"
    assert re.fullmatch(r"\S+ \S+ ERROR size: found\\x0a\[0, 0\]\n", log.read_text())


def test_any_other_error_leaves_its_traceback_in_the_log_and_names_the_log(log, capfd):
    def main(job):
        raise ZeroDivisionError("by nought")

    with pytest.raises(SystemExit) as ended:
        reporting_errors(main, _job(log))
    assert ended.value.code == 1
    assert capfd.readouterr().err == f"ZeroDivisionError: by nought; the traceback is in {log}\n"
    assert "Traceback (most recent call last)" in log.read_text()
    assert log.read_text().endswith("ZeroDivisionError: by nought\n")


PRINTING = """
import os, subprocess, sys
from types import SimpleNamespace
from icas_core.logs import log_to, reporting_errors

def main(job):
    log_to(job.log[0]).info("before")
    print("from print")
    os.write(2, b"from a library in C\\n")
    subprocess.run(["echo", "from a child"], check=True)

reporting_errors(main, SimpleNamespace(log=[sys.argv[1]]))
print("afterwards")
"""


def test_what_libraries_and_children_print_goes_to_the_log_and_only_while_the_job_runs(log):
    run = subprocess.run([sys.executable, "-c", PRINTING, str(log)], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("afterwards\n", "")
    for line in ("before", "from print", "from a library in C", "from a child"):
        assert f"{line}\n" in log.read_text()


def test_a_job_without_a_log_shows_its_traceback():
    def main(job):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reporting_errors(main, SimpleNamespace(log=[]))


def test_importing_logs_loads_no_heavy_library():
    heavy = "numpy pandas pyarrow cv2 torch tqdm snakemake"
    code = f"import sys, icas_core.logs; print([name for name in '{heavy}'.split() if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
