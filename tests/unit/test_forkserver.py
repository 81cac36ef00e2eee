"""A forked job is a process of its own that runs its script as Python would, and ends with those who want it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs are forked on Linux only")

# A process that makes a server and runs the scripts that it is told of, all at once.
WORKFLOW = """
import os, sys, threading
from contextlib import contextmanager, nullcontext
from workflow.forkserver import ForkServer, NotStarted

@contextmanager
def watched(pid):
    print("watched", pid, os.path.exists(f"/proc/{pid}"), flush=True)
    yield

def load():
    import decimal
    print("loads", flush=True)

server = ForkServer(load)
environment = {**os.environ, "OF_THE_JOB": "é"}
"""
WATCH = """
server.run("job.py", name="a job", environment=environment, watched=watched)
server.close()
"""
WATCHED_BY_NOBODY = """
sys.exit(server.run("job.py", name="a job", environment=environment, watched=nullcontext))
"""
RUN_ALL = """
def run(script):
    status = server.run(script, name="a job", environment=environment, watched=nullcontext)
    sys.stdout.write(f"{script} {status}\\n")
    sys.stdout.flush()

threads = [threading.Thread(target=run, args=(script,)) for script in sys.argv[1:]]
for thread in threads: thread.start()
for thread in threads: thread.join()
server.close()
"""


def run(folder: Path, code: str, *scripts: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WORKFLOW + code, *scripts]
    return subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=60, check=check
    )


def write(folder: Path, **scripts: str) -> None:
    for name, text in scripts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("script", "status", "said"),
    [
        ("pass", 0, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('in words')", 1, "in words"),
        ("raise ValueError('a mistake')", 1, "ValueError: a mistake"),
        ("1 +", 1, "SyntaxError"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
        ("import os; os._exit(7)", 7, ""),
        ("import sys; sys.stdout = open('/dev/full', 'w'); print('lost')", 120, ""),
    ],
)
def test_the_status_is_what_python_would_end_with(tmp_path: Path, script: str, status: int, said: str) -> None:
    write(tmp_path, job=script)
    done = run(tmp_path, RUN_ALL, "job.py")
    assert f"job.py {status}\n" in done.stdout
    assert said in done.stderr
    plainly = subprocess.run([sys.executable, "job.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert plainly.returncode == status
    assert said in plainly.stderr


def test_a_script_finds_what_python_gives_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        beside="NAME = 'a module beside the script'",
        job=(
            "import atexit, os, sys, threading, time, beside\n"
            "atexit.register(print, 'at the end')\n"
            "threading.Thread(target=lambda: (time.sleep(.1), print('in a thread'))).start()\n"
            "print(__name__, __file__ == sys.argv[0] == os.path.abspath('job.py'), len(sys.argv), beside.NAME)\n"
            "print(sys.modules['__main__'].__dict__ is globals(), os.environ['OF_THE_JOB'], end='')\n"
        ),
    )
    told = run(tmp_path, RUN_ALL, "job.py").stdout
    assert "__main__ True 1 a module beside the script\n" in told
    assert "True é" in told
    assert "in a thread\n" in told
    assert "at the end\n" in told


def test_libraries_are_loaded_once_and_nothing_else_is_shared(tmp_path: Path) -> None:
    job = (
        "import sys\nhad = [name in sys.modules for name in ('decimal', 'json.tool')]\n"
        "sys.stdout.write(f'had {had}\\n')\nimport json.tool"
    )
    write(tmp_path, first=job, second=job)
    told = run(tmp_path, RUN_ALL, "first.py", "second.py").stdout
    assert told.count("loads\n") == 1
    assert told.count("had [True, False]\n") == 2


def test_jobs_run_side_by_side(tmp_path: Path) -> None:
    """Each waits for the other's file: one after another they would never end."""
    job = "import pathlib, time\npathlib.Path('{}').touch()\nwhile not pathlib.Path('{}').exists(): time.sleep(.01)\n"
    write(tmp_path, first=job.format("a", "b"), second=job.format("b", "a"))
    told = run(tmp_path, RUN_ALL, "first.py", "second.py").stdout
    assert "first.py 0\n" in told
    assert "second.py 0\n" in told


def test_a_job_is_watched_from_before_its_script_begins(tmp_path: Path) -> None:
    write(tmp_path, job="import os; print('begins', os.getpid())")
    told = run(tmp_path, WATCH).stdout
    lines = [line.split() for line in told.splitlines() if line != "loads"]
    pid = lines[0][1]
    assert lines == [["watched", pid, "True"], ["begins", pid]]


def test_a_server_that_is_gone_starts_nothing(tmp_path: Path) -> None:
    write(tmp_path, job="print('begins')")
    code = """
import signal
os.kill(server._pid, signal.SIGKILL)
os.waitpid(server._pid, 0)
try:
    server.run("job.py", name="a job", environment=environment, watched=nullcontext)
except NotStarted:
    print("not started")
server.close()
"""
    assert run(tmp_path, code).stdout == "not started\n"


@pytest.mark.parametrize(("end", "status"), [("pass", 0), ("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 1)])
def test_where_the_server_is_killed_its_job_is_waited_for_and_tells_how_it_ended(
    tmp_path: Path, end: str, status: int
) -> None:
    job = "import os, sys, time; os.kill(os.getppid(), 9); time.sleep(.3); print('has ended', flush=True);" + end
    write(tmp_path, job=job)
    assert run(tmp_path, RUN_ALL, "job.py").stdout == f"loads\nhas ended\njob.py {status}\n"


def test_where_the_system_forks_no_more_nothing_starts_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path, first="import time; time.sleep(.3); print('went on')", second="print('begins')")
    code = """
import workflow.forkserver as module, types
def fork(forked=[]):
    if forked:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    forked.append(True)
    return os.fork()
server.close()
server = ForkServer(lambda: setattr(module, "os", types.SimpleNamespace(**{**vars(os), "fork": fork})))
def run(script):
    try:
        print(script, server.run(script, name="a job", environment=environment, watched=nullcontext), flush=True)
    except NotStarted:
        print("not started", flush=True)
first = threading.Thread(target=run, args=("first.py",))
first.start()
import time; time.sleep(.1)
run("second.py")
first.join()
"""
    assert run(tmp_path, code).stdout == "not started\nwent on\nfirst.py 0\n"


def test_more_than_a_request_can_hold_is_not_started(tmp_path: Path) -> None:
    write(tmp_path, job="print('begins')")
    code = """
for size in (250_000, 3_000_000):
    try:
        server.run("job.py", name="a job", environment={"LARGE": "x" * size}, watched=nullcontext)
    except NotStarted:
        print("not started", flush=True)
print(server.run("job.py", name="a job", environment=environment, watched=nullcontext))
"""
    told = run(tmp_path, code).stdout.splitlines()
    assert told[-1] == "0"
    assert "not started" in told


def test_a_load_that_fails_starts_nothing(tmp_path: Path) -> None:
    write(tmp_path, job="print('begins')")
    code = """
server = ForkServer(lambda: 1 / 0)
try:
    server.run("job.py", name="a job", environment=environment, watched=nullcontext)
except NotStarted:
    print("not started")
"""
    done = run(tmp_path, code)
    assert done.stdout == "not started\n"
    assert "ZeroDivisionError" in done.stderr


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A workflow that was killed while its job waits for it."""
    write(
        tmp_path,
        job=(
            "from icas_core.runner import end_with_runner\nimport os, time\nend_with_runner()\n"
            "print(os.getppid(), os.getpid(), flush=True)\ntime.sleep(600)\n"
        ),
    )
    code = "from icas_core.runner import announce_runner; announce_runner(environment)\n" + RUN_ALL
    process = subprocess.Popen(
        [sys.executable, "-c", WORKFLOW + code, "job.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def test_with_a_killed_workflow_end_its_server_and_its_jobs(killed: subprocess.Popen[str]) -> None:
    assert killed.stdout is not None
    assert killed.stdout.readline() == "loads\n"
    numbers = [int(number) for number in killed.stdout.readline().split()]
    killed.kill()
    killed.wait()
    assert killed.stdout.read() == ""  # comes once nobody holds the other end
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{number}").exists() for number in numbers):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ctrl_c_reaches_the_job_and_leaves_the_server(tmp_path: Path) -> None:
    write(tmp_path, first="import os, signal\nos.kill(os.getpid(), signal.SIGINT)", second="print('goes on')")
    code = """
import signal, time
os.kill(server._pid, signal.SIGINT)
time.sleep(.2)
print(server.run("first.py", name="a job", environment=environment, watched=nullcontext), flush=True)
print(server.run("second.py", name="a job", environment=environment, watched=nullcontext))
"""
    done = run(tmp_path, code)
    assert "KeyboardInterrupt" in done.stderr
    assert done.stdout.splitlines()[-2:] == ["goes on", "0"]


def test_the_system_knows_a_job_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, job="print(open('/proc/self/comm').read())")
    assert "a job\n" in run(tmp_path, RUN_ALL, "job.py").stdout


def test_ctrl_c_while_the_server_loads_is_for_the_job_that_waits(tmp_path: Path) -> None:
    write(tmp_path, job="import time; time.sleep(600)")
    code = """
import signal
server.close()
server = ForkServer(lambda: os.kill(os.getpid(), signal.SIGINT))
print(server.run("job.py", name="a job", environment=environment, watched=nullcontext))
"""
    done = run(tmp_path, code)
    assert done.stdout == "130\n"
    assert done.stderr == ""


def test_jobs_of_a_workflow_that_ignores_ctrl_c_ignore_it_too(tmp_path: Path) -> None:
    """As one that a shell script started with `&`."""
    write(tmp_path, job="import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nprint('goes on')")
    code = """
import signal
server.close()
signal.signal(signal.SIGINT, signal.SIG_IGN)
server = ForkServer(load)
print(server.run("job.py", name="a job", environment=environment, watched=nullcontext))
"""
    assert run(tmp_path, code).stdout == "loads\ngoes on\n0\n"


def test_temporary_files_go_where_the_jobs_environment_says_and_are_removed(tmp_path: Path) -> None:
    write(
        tmp_path,
        job="import tempfile\nkept = tempfile.TemporaryDirectory()\nprint(kept.name)",
    )
    (tmp_path / "elsewhere").mkdir()
    code = """
import tempfile
own = tempfile.TemporaryDirectory()
server.close()
server = ForkServer(tempfile.gettempdir)
environment["TMPDIR"] = os.path.abspath("elsewhere")
print(server.run("job.py", name="a job", environment=environment, watched=nullcontext), os.path.exists(own.name))
"""
    folder, told = run(tmp_path, code).stdout.splitlines()
    assert Path(folder).parent == tmp_path / "elsewhere"
    assert not Path(folder).exists()
    assert told == "0 True"


def test_a_closed_output_is_no_obstacle(tmp_path: Path) -> None:
    write(tmp_path, job="open('made', 'w').close()")
    command = [sys.executable, "-c", WORKFLOW.replace('print("loads", flush=True)', "pass") + WATCHED_BY_NOBODY]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    shell = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command]
    done = subprocess.run(shell, cwd=tmp_path, env=surroundings, timeout=60, check=False)
    assert done.returncode == 0
    assert (tmp_path / "made").exists()


def test_ctrl_c_between_the_request_and_the_fork_is_for_the_job(tmp_path: Path) -> None:
    write(tmp_path, job="import time; time.sleep(600)")
    code = """
import signal, time
os.kill(server._pid, signal.SIGSTOP)
def interrupt():
    time.sleep(.2)
    os.kill(server._pid, signal.SIGINT)
    os.kill(server._pid, signal.SIGCONT)
threading.Thread(target=interrupt).start()
print(server.run("job.py", name="a job", environment=environment, watched=nullcontext))
"""
    assert run(tmp_path, code).stdout == "loads\n130\n"


def test_what_a_script_left_open_is_closed(tmp_path: Path) -> None:
    job = "import tempfile\nfile = open('made', 'w')\nfile.write('all')\nkept = tempfile.NamedTemporaryFile(dir='.')"
    write(tmp_path, job=job)
    assert "job.py 0\n" in run(tmp_path, RUN_ALL, "job.py").stdout
    assert (tmp_path / "made").read_text() == "all"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job.py", "made"]


def test_a_process_that_loading_left_behind_is_no_job(tmp_path: Path) -> None:
    write(tmp_path, first="import time; time.sleep(.3)", second="pass")
    code = """
server.close()
server = ForkServer(lambda: os.spawnv(os.P_NOWAIT, "/bin/true", ["true"]))
for script in ("first.py", "second.py"):
    print(server.run(script, name="a job", environment=environment, watched=nullcontext))
"""
    assert run(tmp_path, code).stdout == "0\n0\n"


def test_a_failing_script_shows_its_own_lines_alone(tmp_path: Path) -> None:
    write(tmp_path, job="def f():\n    raise ValueError('a mistake')\nf()")
    told = run(tmp_path, RUN_ALL, "job.py").stderr
    plainly = subprocess.run([sys.executable, "job.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.replace(f"{tmp_path}/", "") == plainly.stderr.replace(f"{tmp_path}/", "")


def test_a_job_has_no_signal_blocked(tmp_path: Path) -> None:
    job = "print([line for line in open('/proc/self/status') if line[:3] == 'Sig' or line[:3] == 'Shd'][2:])"
    write(tmp_path, job=job)
    plainly = subprocess.run([sys.executable, "job.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert plainly.stdout in run(tmp_path, RUN_ALL, "job.py").stdout


def test_a_stopped_job_of_a_killed_workflow_does_nothing_more(tmp_path: Path) -> None:
    job = "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nopen('made', 'w').close()"
    write(tmp_path, job=job)
    code = """
import signal
@contextmanager
def watched(pid):
    print(pid, flush=True)
    yield
server.run("job.py", name="a job", environment=environment, watched=watched)
"""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WORKFLOW + code]
    with subprocess.Popen(command, cwd=tmp_path, env=surroundings, stdout=subprocess.PIPE, text=True) as workflow:
        assert workflow.stdout is not None
        assert workflow.stdout.readline() == "loads\n"
        pid = int(workflow.stdout.readline())
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.01)
        workflow.kill()
        time.sleep(0.3)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        assert workflow.stdout.read() == ""
    assert not (tmp_path / "made").exists()
