"""What a run's folder says of the build server that ran it."""

from __future__ import annotations

import pytest

from pytest_virtualpytest.about import executor

RUN = "4f6b0000000000000000000000000000"
GITHUB = {
    "GITHUB_ACTIONS": "true", "GITHUB_RUN_NUMBER": "17", "GITHUB_RUN_ID": "9001", "GITHUB_REF_NAME": "main",
    "GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "lab/zap",
}  # fmt: skip
GITLAB = {
    "GITLAB_CI": "true", "CI_PIPELINE_ID": "77", "CI_COMMIT_REF_NAME": "main", "CI_PIPELINE_URL": "https://ci.example/77"
}  # fmt: skip
JENKINS = {
    "JENKINS_URL": "https://ci.example", "BUILD_NUMBER": "3", "GIT_BRANCH": "origin/main",
    "BUILD_URL": "https://ci.example/job/zap/3/",
}  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "name", "build", "branch", "link"),
    [
        (GITHUB, "GitHub", "17", "main", "https://git.example/lab/zap/actions/runs/9001"),
        (GITHUB | {"GITHUB_HEAD_REF": "fix"}, "GitHub", "17", "fix", "https://git.example/lab/zap/actions/runs/9001"),
        (GITLAB, "GitLab", "77", "main", "https://ci.example/77"),
        (JENKINS, "Jenkins", "3", "origin/main", "https://ci.example/job/zap/3/"),
        (JENKINS | {"BRANCH_NAME": "main"}, "Jenkins", "3", "main", "https://ci.example/job/zap/3/"),
    ],
)
def test_build_server_is_told_with_build_branch_and_link(
    environ: dict[str, str], name: str, build: str, branch: str, link: str
) -> None:
    told = executor(RUN, environ)

    assert (told["name"], told["type"]) == (name, name.lower())
    assert (told["buildName"], told["buildOrder"]) == (f"{build} ({branch})", int(build))
    assert (told["branch"], told["buildUrl"], told["reportName"]) == (branch, link, "run 4f6b0000")


def test_build_server_that_tells_little_is_no_error() -> None:
    told = executor(RUN, {"JENKINS_URL": "x"})

    assert (told["buildName"], told["branch"], told["buildUrl"]) == ("4f6b0000", "", "")
    assert "buildOrder" not in told


def test_person_has_no_build() -> None:
    told = executor(RUN, {})

    assert (told["type"], told["buildName"]) == ("local", "4f6b0000")
    assert "branch" not in told
