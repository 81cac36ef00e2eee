"""The profiles for clusters: each rule that can be submitted asks for enough, and again for more."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CLUSTERS = ("slurm", "cluster-generic")
# Each rule's text, in the files of rules.
RULES = {
    name: body
    for file in sorted((ROOT / "workflow/rules").glob("*.smk"))
    for name, body in re.findall(r"^rule (\w+):\n((?:(?:    .*)?\n)+)", file.read_text(encoding="utf-8"), re.MULTILINE)
}
LOCAL = {"estimate", "segment"}
SUBMITTED = {name for name, body in RULES.items() if "script:" in body} - LOCAL


def profile(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text(encoding="utf-8"))


def asked(name: str, rule: str) -> dict[str, str]:
    """What a profile asks for a rule."""
    written = profile(name)
    return {**written["default-resources"], **written["set-resources"].get(rule, {})}


def test_the_rules_that_are_not_submitted_are_said_to_be_local():
    told = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "workflow/rules").glob("*.smk"))
    assert set(re.findall(r"^localrules:\n    (\w+),$", told, re.MULTILINE)) == LOCAL
    assert len(SUBMITTED) > 20


@pytest.mark.parametrize("name", CLUSTERS)
def test_no_key_stands_in_a_clusters_profile_and_in_the_default_one(name: str):
    assert profile(name).keys() & profile("default").keys() == set()


@pytest.mark.parametrize("name", CLUSTERS)
def test_what_a_profile_names_are_rules_that_can_be_submitted(name: str):
    written = profile(name)
    assert {*written["set-threads"], *written["set-resources"], *written["groups"]} <= SUBMITTED


def test_both_profiles_ask_for_the_same():
    keys = ("default-resources", "set-threads", "set-resources", "groups", "group-components", "retries", "jobs")
    slurm, generic = map(profile, CLUSTERS)
    assert {key: slurm[key] for key in keys} == {key: generic[key] for key in keys}


@pytest.mark.parametrize("name", CLUSTERS)
@pytest.mark.parametrize("rule", sorted(SUBMITTED))
def test_each_rule_asks_for_memory_and_time_and_at_each_attempt_for_more(rule: str, name: str):
    for key in ("mem_mb", "runtime"):
        assert re.fullmatch(r"attempt \* [1-9]\d*", asked(name, rule)[key])


@pytest.mark.parametrize("name", CLUSTERS)
def test_no_rule_leaves_its_threads_to_the_processors_of_the_login_node(name: str):
    threaded = {rule for rule in SUBMITTED if "    threads: share_of_cores" in RULES[rule]}
    assert len(threaded) > 5
    assert threaded == set(profile(name)["set-threads"])


@pytest.mark.parametrize("name", CLUSTERS)
def test_what_belongs_to_a_batch_is_one_submission(name: str):
    groups = profile(name)["groups"]
    of_a_batch = {rule for rule in SUBMITTED if re.search(r"output:\n.*\{batch\}", RULES[rule])}
    assert of_a_batch == {rule for rule, group in groups.items() if group == "batch"}


def test_each_rule_asks_for_more_than_was_measured():
    # Beside a job's own process, those of Snakemake, with 400 MB.
    page = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| [\d,]+ \| ([\d,]+) \| attempt \* (\d+) \| ([\d,.]+) \| attempt \* (\d+) \|", page, re.M
    )
    assert len(rows) > 14
    for rule, *numbers in rows:
        megabytes, mem_mb, seconds, runtime = (float(number.replace(",", "")) for number in numbers)
        assert asked("slurm", rule)["mem_mb"] == f"attempt * {mem_mb:.0f}"
        assert asked("slurm", rule)["runtime"] == f"attempt * {runtime:.0f}"
        assert megabytes + 400 < mem_mb, rule
        assert 2 * seconds < 60 * runtime, rule


def with_kubectl(folder: Path, does: str, *arguments: str) -> str:
    """What kubernetes.sh prints where `kubectl` is a stand-in that does this."""
    (folder / "kubectl").write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    (folder / "kubectl").chmod(0o755)
    command = [ROOT / "profiles/cluster-generic/kubernetes.sh", *arguments]
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_a_submission_to_kubernetes_is_a_job_that_runs_the_script_within_its_memory_and_time(tmp_path: Path):
    name = with_kubectl(
        tmp_path, "cat >manifest.yaml; echo job.batch/icas-x1", "submit", "4", "2000", "80", "/a b/s.sh"
    )
    assert name == "job.batch/icas-x1\n"
    job = yaml.safe_load((tmp_path / "manifest.yaml").read_text(encoding="utf-8"))
    assert (job["kind"], job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == ("Job", 0, 4800)
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["command"] == ["/bin/sh", "/a b/s.sh"]
    assert container["workingDir"] == str(tmp_path)
    assert container["resources"] == {"requests": {"cpu": 4, "memory": "2000M"}, "limits": {"memory": "2000M"}}
    assert container["volumeMounts"][0]["name"] == pod["volumes"][0]["name"]


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ("", "running"),
        ("SuccessCriteriaMet Complete", "success"),
        ("FailureTarget Failed", "failed"),
        ("Suspended", "running"),
    ],
)
def test_the_state_of_a_job_on_kubernetes_is_told(conditions: str, state: str, tmp_path: Path):
    assert with_kubectl(tmp_path, f"printf '%s' '{conditions}'", "status", "job.batch/icas-x1") == f"{state}\n"
    assert with_kubectl(tmp_path, "exit 1", "status", "job.batch/icas-x1") == "running\n"


def test_jobs_on_kubernetes_are_cancelled_by_their_names_alone(tmp_path: Path):
    names = ("job.batch/icas-x1", "job.batch/icas-x2")
    assert with_kubectl(tmp_path, 'echo "$@"', *names) == f"delete --wait=false {' '.join(names)}\n"
