"""A rehearsal fails where the release would."""

import json
from pathlib import Path

import pytest
from packaging.version import Version

import rehearse
import wheel


@pytest.fixture
def rehearsal(tmp_path: Path) -> rehearse.Rehearsal:
    made = rehearse.Rehearsal("v0.2.0-rc.1", tmp_path)
    made.stage.mkdir()
    return made


def run(rehearsal: rehearse.Rehearsal, job: str, *steps: dict[str, object]) -> None:
    event = {"ref": "refs/tags/v0.2.0-rc.1"}
    rehearsal.job(job, {"steps": list(steps)}, event)


def test_steps_of_a_job(rehearsal: rehearse.Rehearsal) -> None:
    """Outputs, variables and the tag reach the steps that come after."""
    run(
        rehearsal,
        "build",
        {"id": "first", "run": 'echo "name=$GITHUB_REF_NAME" >>"$GITHUB_OUTPUT"'},
        {"run": 'echo "KIND=wheel" >>"$GITHUB_ENV"'},
        {"run": 'test "${{ steps.first.outputs.name }} $KIND" = "v0.2.0-rc.1 wheel"'},
    )


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"run": "false\ntrue"}, "exit code 1"),
        ({"run": "echo ${{ steps.none.outputs.digest }}"}, "no value of the expression"),
        ({"uses": "example/unknown@0"}, "example/unknown"),
        (
            {"uses": "actions/download-artifact@0", "with": {"name": "dist", "path": "dist"}},
            "no job before has uploaded dist",
        ),
        (
            {"uses": "actions/upload-artifact@0", "with": {"name": "dist", "path": "dist"}},
            "nothing in dist",
        ),
        ({"uses": "actions/attest-build-provenance@0", "with": {"subject-path": "*"}}, "no \\*"),
    ],
)
def test_what_fails(rehearsal: rehearse.Rehearsal, step: dict[str, object], message: str) -> None:
    with pytest.raises(rehearse.FailedError, match=message):
        run(rehearsal, "build", step)


def test_jobs_that_never_run(rehearsal: rehearse.Rehearsal) -> None:
    with pytest.raises(rehearse.FailedError, match="publish need what never runs"):
        rehearsal.workflow("release.yml", {"jobs": {"publish": {"needs": "build"}}}, {})


def test_release_of_files_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSAL", str(tmp_path))
    monkeypatch.setenv("GH_TOKEN", "none")
    notes, file = tmp_path / "notes.md", tmp_path / "a.whl"
    notes.write_text("### Added\n")
    create = ["release", "create", "v1.0.0", f"--repo={rehearse.REPOSITORY}", "--title=v1.0.0"]
    with pytest.raises(FileNotFoundError):
        rehearse.gh([*create, f"--notes-file={notes}", str(file)])
    (tmp_path / "release").rmdir()
    file.touch()
    rehearse.gh([*create, f"--notes-file={notes}", str(file)])
    assert json.loads((tmp_path / "release.json").read_text())["prerelease"] is False
    download = ["release", "download", "v1.0.0", f"--repo={rehearse.REPOSITORY}"]
    with pytest.raises(SystemExit):
        rehearse.gh([*download, "--pattern=*.deb", f"--dir={tmp_path / 'got'}"])
    rehearse.gh([*download, "--pattern=*.whl", f"--dir={tmp_path / 'got'}"])
    assert (tmp_path / "got" / "a.whl").is_file()


@pytest.mark.parametrize(
    ("version", "want"),
    [
        ("v0.1.0", "0.1.0"),
        ("v0.2.0-alpha.1", "0.2.0a1"),
        ("v0.2.0-beta.2", "0.2.0b2"),
        ("v0.2.0-rc.1", "0.2.0rc1"),
        ("v0.2.0-dev.3", "0.2.0.dev3"),
    ],
)
def test_versions_of_wheels(version: str, want: str) -> None:
    got = wheel.python_version(version)
    assert got == want
    assert str(Version(got)) == got, "it is not written as PEP 440 normalizes it"
    assert Version(got) <= Version(version[1:].partition("-")[0])


@pytest.mark.parametrize("version", ["", "main", "1.0", "v1.0.0-rc", "v1.0.0+build"])
def test_versions_that_no_wheel_has(version: str) -> None:
    with pytest.raises(SystemExit, match="is not like"):
        wheel.python_version(version)
