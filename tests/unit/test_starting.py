"""What a run leaves behind does not keep its process."""

import threading

from workflow.starting import leave_promptly


def test_timers_that_snakemake_left_behind_are_not_waited_for() -> None:
    timer = threading.Timer(600, lambda: None)
    timer.start()
    leave_promptly()
    timer.join(60)
    assert not timer.is_alive()
