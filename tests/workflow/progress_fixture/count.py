"""Count pictures slowly; be killed or fail on the way where the config asks for it."""

import os
import signal
import time
import warnings
from pathlib import Path

from icas_core.errors import IcasError
from icas_core.logs import log_to, progress, reporting_errors


def main(job) -> None:
    """Count 50 pictures each tenth of a second."""
    log_to(job.log[0])
    warnings.warn("an odd picture", stacklevel=1)
    os.write(2, b"a library's own words\n")
    steps = int(job.params.steps)
    with progress(50 * steps, f"count {job.wildcards.part}") as counted:
        for step in range(steps):
            time.sleep(0.1)
            counted.advance(50)
            if step == 5 and job.params.killed == f"part {job.wildcards.part}":
                os.kill(os.getpid(), signal.SIGKILL)
            if step == 5 and job.params.mistake == f"part {job.wildcards.part}":
                raise IcasError("size: found [0, 0], accepted are two numbers from 1")
    Path(job.output[0]).write_text("counted\n")


if __name__ == "__main__":
    reporting_errors(main, snakemake)  # noqa: F821
