"""The bar in Snakemake's own terminal, seen through a real pseudo-terminal."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from workflow.progress import State, States, progress_line

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
SNAKEFILE = Path(__file__).parent / "progress_fixture" / "Snakefile"
BAR = re.compile(r"\r\x1b\[J([^\r\n\x1b]+)\r|(?<=\n)([^\r\n\x1b]*[█░][^\r\n\x1b]*)\r(?!\n)")
DONE = re.compile(r"([\d,]+)/([\d,]+) pictures")


def _command(folder: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE), "--directory", str(folder)),
        *("--cores", "2", "--scheduler", "greedy", "--workflow-profile", "none", *more),
    ]


def _environment() -> dict[str, str]:
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": python_path, "TERM": "xterm", "PYTHONUTF8": "1"}


class Terminal:
    """Snakemake under a pseudo-terminal: all that it wrote, and what a person would see of it."""

    def __init__(self, folder: Path, *more: str, columns: int = 100) -> None:
        self.stream = ""
        self._bytes = b""
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            # A shell starts what it puts in the background deaf to Ctrl-C, and that is inherited.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execve(sys.executable, _command(folder, *more), _environment())
        self.resize(columns)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._file, keys)

    def read_until(self, seen=lambda stream: False) -> None:
        """Read until `seen(stream)` or the end of the program."""
        while not seen(self.stream):
            try:
                more = os.read(self._file, 65536)
            except OSError:  # Linux: the other side is closed
                more = b""
            if not more:
                return
            self._bytes += more
            self.stream = self._bytes.decode(errors="replace")

    def exit_code(self) -> int:
        self.read_until()
        os.close(self._file)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def bars(self) -> list[str]:
        return [first or second for first, second in BAR.findall(self.stream)]

    def lines(self) -> list[str]:
        """Emulate an unlimitedly wide terminal: carriage return, line feed, the two erasures, colours."""
        rows, row, column = [""], 0, 0
        for token in re.findall(r"\x1b\[[\d;?]*[A-Za-z]|.", self.stream, flags=re.DOTALL):
            if token == "\r":
                column = 0
            elif token == "\n":
                row += 1
                rows += [""] * (row + 1 - len(rows))
            elif token in ("\x1b[J", "\x1b[K"):
                rows[row] = rows[row][:column]
                del rows[row + 1 if token.endswith("J") else len(rows) :]
            elif token.startswith("\x1b"):
                assert re.fullmatch(r"\x1b\[\d*m", token), f"unexpected control sequence {token!r}"
            else:
                rows[row] = rows[row][:column].ljust(column) + token + rows[row][column + 1 :]
                column += 1
        return rows


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Terminal, Path]:
    folder = tmp_path_factory.mktemp("finished")
    terminal = Terminal(folder)
    assert terminal.exit_code() == 0, terminal.stream
    return terminal, folder


def test_a_bar_for_both_jobs_grows_in_snakemakes_terminal(finished):
    terminal, _ = finished
    both = [bar for bar in terminal.bars() if bar.startswith("count 2 jobs ")]
    done = [int(DONE.search(bar)[1].replace(",", "")) for bar in both]
    assert len(set(done)) >= 4
    assert done == sorted(done)
    assert {DONE.search(bar)[2] for bar in both} == {"3,000"}
    filled = [bar.count("█") for bar in both]
    assert filled[-1] > filled[0]
    assert all(re.search(r"\d+% \d\d:\d\d left$", bar) for bar in both if not bar.startswith("count 2 jobs ░"))


def test_snakemakes_own_lines_stay_whole_and_no_bar_stays_behind(finished):
    terminal, folder = finished
    (complete_log,) = (folder / ".snakemake" / "log").iterdir()
    wanted = [line for line in complete_log.read_text().splitlines() if line]
    assert "3 of 3 steps (100%) done" in wanted
    seen = [line for line in terminal.lines() if line]
    assert [line for line in seen if line in wanted] == wanted
    assert not [line for line in seen if "█" in line or "░" in line]


def test_logs_hold_plain_lines_only(finished):
    _, folder = finished
    log = (folder / "out/logs/count/0001.log").read_text()
    assert re.search(r"^\S+ \S+ count 0001: [\d,]+ of 1,500 pictures, \d+ s left$", log, flags=re.MULTILINE)
    assert re.search(r"count 0001: 1,500 pictures in \d+ s$", log, flags=re.MULTILINE)
    assert "an odd picture" in log
    assert "a library's own words\n" in log
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", log)


def test_what_jobs_print_stays_out_of_the_terminal(finished):
    terminal, _ = finished
    assert "a library's own words" not in terminal.stream
    assert "an odd picture" not in terminal.stream


def test_nothing_is_left_of_the_published_states(finished):
    _, folder = finished
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["count", "logs"]


def test_nothing_is_drawn_into_a_pipe(tmp_path):
    run = subprocess.run(_command(tmp_path, "--config", "steps=8"), env=_environment(), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert not re.search(r"[\r\x1b█░]|\d pictures", run.stdout + run.stderr)


def test_nothing_is_drawn_when_progress_is_not_wanted(tmp_path):
    terminal = Terminal(tmp_path, "--quiet", "progress", "--config", "steps=8")
    assert terminal.exit_code() == 0, terminal.stream
    assert terminal.bars() == []
    assert "█" not in terminal.stream


def test_the_bar_follows_the_width_of_the_terminal(tmp_path):
    terminal = Terminal(tmp_path, columns=100)
    terminal.read_until(lambda stream: "count 2 jobs" in stream)
    assert {len(bar) for bar in terminal.bars()} == {99}
    terminal.resize(60)
    assert terminal.exit_code() == 0
    assert len(terminal.bars()[-1]) == 59


def test_a_killed_job_leaves_the_line_while_the_other_goes_on(tmp_path):
    terminal = Terminal(tmp_path, "--keep-going", "--config", "steps=50", "killed=part 0001")
    assert terminal.exit_code() == 1
    bars = terminal.bars()
    assert [bar for bar in bars if bar.startswith("count 2 jobs ")]
    assert bars[-1].startswith("count 0002 ")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["count", "logs"]


def test_a_mistake_of_the_user_is_one_whole_line_in_terminal_and_log(tmp_path):
    terminal = Terminal(tmp_path, "--keep-going", "--config", "steps=20", "mistake=part 0002")
    assert terminal.exit_code() == 1
    line = "size: found [0, 0], accepted are two numbers from 1"
    assert terminal.lines().count(line) == 1
    assert "Traceback" not in terminal.stream
    log = (tmp_path / "out/logs/count/0002.log").read_text()
    assert log.endswith(f"ERROR {line}\n")
    assert "count 0002: stopped after 300 of 1,000 pictures" in log


def test_ctrl_c_takes_the_line_away(tmp_path):
    terminal = Terminal(tmp_path, "--config", "steps=600")
    terminal.read_until(lambda stream: "count 2 jobs" in stream)
    terminal.press(b"\x03")
    assert terminal.exit_code() != 0
    assert terminal.bars()
    assert not [line for line in terminal.lines() if "█" in line or "░" in line]
    assert not (tmp_path / "out/.progress").exists()


def _state(written: int) -> str:
    return f'{{"done": 1, "total": 2, "unit": "pictures", "left": null, "written": {written}}}'


def test_states_that_an_earlier_run_left_behind_are_not_shown(tmp_path):
    (tmp_path / "extract.0001.json").write_text(_state(1))
    states = States(tmp_path, stale_after=10)
    assert states.alive(now=100) == []
    (tmp_path / "extract.0001.json").write_text(_state(2))
    assert states.alive(now=101) == [State("extract", "0001", "pictures", 1, 2, None)]
    assert states.alive(now=112) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"done": "x", "total": 2, "unit": "", "written": 1}'])
def test_unreadable_states_are_passed_over(tmp_path, text):
    states = States(tmp_path, stale_after=10)
    (tmp_path / "extract.0001.json").write_text(text)
    assert states.alive(now=0) == []


@pytest.mark.parametrize("width", [*range(0, 130, 7), 200])
@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_line_never_exceeds_its_width(width, jobs):
    states = [State(f"rule{n // 2}", f"{n:04}", "pictures", 700 * n, 2000, 40.0) for n in range(jobs)]
    assert len(progress_line(states, width)) <= width


def test_jobs_of_one_rule_are_added_up_and_the_slowest_gives_the_time():
    states = [State("extract", f"000{n}", "pictures", 600 + n, 2000, 40.0 + n) for n in (1, 2)]
    line = progress_line(states, 90)
    assert re.fullmatch(r"extract 2 jobs █+.?░+ 1,203/4,000 pictures 30% 00:42 left", line)


def test_a_terminal_without_block_characters_gets_ascii():
    assert progress_line([State("merge", "", "pairs", 1, 2, None)], 40, ascii_only=True).isascii()
