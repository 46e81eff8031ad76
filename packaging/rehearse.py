"""Rehearses a release: runs the steps of release.yml and pypi.yml as GitHub would, for a tag.

    python rehearse.py --tag v0.1.0

It clones what is committed, tags it, and runs each `run:` step with the shell, the variables and
the files of GitHub. Actions, and the commands that need GitHub, a registry or the rights of root,
are stand-ins that check what they are given: that a file is there, that a flag is one they know.
Then it reads the version of every file of the release. It needs helm for the chart.
"""

import argparse
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import rpmfile
import yaml
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = "dspy-metrics/dspy-metrics"
DIGEST = "sha256:" + "ab" * 32


class FailedError(RuntimeError):
    """The release would fail."""


def main() -> None:
    if stand_in := STAND_INS.get(Path(sys.argv[0]).name):
        stand_in(sys.argv[1:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tag", required=True, help="such as v0.1.0, or v0.2.0-rc.1")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dspy-metrics-release-") as folder:
        try:
            Rehearsal(args.tag, Path(folder)).run()
        except FailedError as error:
            sys.exit(f"rehearse: {error}")


class Rehearsal:
    """One release, in a folder that is gone afterwards."""

    def __init__(self, tag: str, folder: Path) -> None:
        self.tag = tag
        self.folder = folder
        self.origin = folder / "origin"
        self.stage = folder / "stage"  # what the stand-ins keep
        self.artifacts: dict[str, Path] = {}
        self.sha = ""

    def run(self) -> None:
        call("git", "clone", "--quiet", "--no-local", ROOT, self.origin)
        git = ("git", "-C", self.origin)
        for name in call(*git, "tag", "--list").split():
            call(*git, "tag", "--delete", name)
        for name in (f"cmd/{self.tag}", self.tag):
            call(*git, "tag", name)
        self.sha = call(*git, "rev-parse", "HEAD").strip()
        self.stage.mkdir()
        for name in STAND_INS:
            program = self.stage / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!{sys.executable}\n" + Path(__file__).read_text("utf-8"))
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        (self.stage / "root/var/lib/dpkg").mkdir(parents=True)
        (self.stage / "root/var/lib/dpkg/status").touch()
        event = {"ref": f"refs/tags/{self.tag}", "event": {"release": {"tag_name": self.tag}}}
        for workflow in ("release.yml", "pypi.yml"):
            path = self.origin / ".github/workflows" / workflow
            self.workflow(workflow, yaml.safe_load(path.read_text("utf-8")), event)
        check(self.tag, self.stage)

    def workflow(self, name: str, workflow: dict[str, Any], event: dict[str, Any]) -> None:
        done: set[str] = set()
        jobs = dict(workflow["jobs"])
        while jobs:
            ready = [job for job, what in jobs.items() if set(needs(what)) <= done]
            if not ready:
                raise FailedError(f"{name}: the jobs {', '.join(jobs)} need what never runs")
            for job in ready:
                self.job(f"{name}/{job}", jobs.pop(job), event)
                done.add(job)

    def job(self, name: str, job: dict[str, Any], event: dict[str, Any]) -> None:
        workspace = self.folder / name.replace("/", "-")
        workspace.mkdir()
        runner = self.folder / (workspace.name + "-runner")
        runner.mkdir()
        context: dict[str, Any] = {"steps": {}, "github": {**event, **self.github()}}
        variables = {
            **os.environ,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(runner),
            "REHEARSAL": str(self.stage),
            "PATH": f"{self.stage}/bin:{self.stage}/root/usr/bin:{os.environ['PATH']}",
            **{f"GITHUB_{k.upper()}": v for k, v in self.github().items() if k != "token"},
        }
        for variable in ("GOWORK", "GOFLAGS", "GOTOOLCHAIN", "MAKEFLAGS", "MAKELEVEL", "VERSION"):
            variables.pop(variable, None)
        for number, step in enumerate(job["steps"], 1):
            title = step.get("name") or step.get("uses", "").split("@")[0]
            title = title or step["run"].strip().splitlines()[0]
            print(f"==> {name} {number}: {title}", flush=True)
            own = {k: expand(str(v), context) for k, v in step.get("env", {}).items()}
            if "run" in step:
                script = expand(step["run"], context)
                outputs = self.command(script, workspace, runner, variables, own)
                context["steps"][step.get("id", number)] = {"outputs": outputs}
                continue
            action = step["uses"].split("@")[0]
            if action not in ACTIONS:
                raise FailedError(f"{name}: no rehearsal knows the action {action}")
            given = {k: expand(str(v), context) for k, v in step.get("with", {}).items()}
            ACTIONS[action](self, workspace, given, variables)

    def github(self) -> dict[str, str]:
        return {
            "ref_name": self.tag,
            "ref_type": "tag",
            "sha": self.sha,
            "repository": REPOSITORY,
            "actor": "maintainer",
            "token": "not a token",
        }

    @staticmethod
    def command(
        text: str,
        workspace: Path,
        runner: Path,
        variables: dict[str, str],
        own: dict[str, str],
    ) -> dict[str, str]:
        """Run a step as GitHub does, and return its outputs. It may add to the variables."""
        script, files = runner / "script.sh", {}
        script.write_text(text)
        for name in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY"):
            files[f"GITHUB_{name}"] = str(runner / name)
            (runner / name).write_text("")
        shell = ["bash", "-e", str(script)]  # GitHub's, where a step names no shell
        env = variables | own | files
        ended = subprocess.run(shell, cwd=workspace, env=env, check=False)  # noqa: S603 # ours
        if ended.returncode:
            raise FailedError(f"exit code {ended.returncode} of the step:\n{text}")
        for line in (runner / "ENV").read_text().splitlines():
            name, _, value = line.partition("=")
            variables[name] = value
        for line in (runner / "PATH").read_text().splitlines():
            variables["PATH"] = f"{line}:{variables['PATH']}"
        outputs = (runner / "OUTPUT").read_text().splitlines()
        return {line.partition("=")[0]: line.partition("=")[2] for line in outputs}

    def checkout(self, workspace: Path, given: dict[str, str], _: dict[str, str]) -> None:
        origin, tag = self.origin.as_uri(), self.tag
        depth = [] if given.get("fetch-depth") == "0" else ["--depth=1", "--no-tags"]
        call(
            "git",
            "-c",
            "advice.detachedHead=false",
            "clone",
            "--quiet",
            f"--branch={tag}",
            *depth,
            origin,
            workspace,
        )

    def setup_go(self, workspace: Path, given: dict[str, str], variables: dict[str, str]) -> None:
        module = (workspace / given["go-version-file"]).read_text("utf-8")
        toolchain = re.search(r"^toolchain (\S+)$", module, re.MULTILINE)
        if not toolchain:
            raise FailedError(f"{given['go-version-file']} names no toolchain")
        variables["GOTOOLCHAIN"] = toolchain[1]

    def upload(self, workspace: Path, given: dict[str, str], _: dict[str, str]) -> None:
        path, kept = workspace / given["path"], self.stage / "artifacts" / given["name"]
        kept.mkdir(parents=True)
        files = [path] if path.is_file() else [p for p in path.glob("*") if p.is_file()]
        if not files:
            raise FailedError(f"upload-artifact: there is nothing in {given['path']}")
        for file in files:
            shutil.copy(file, kept)
        self.artifacts[given["name"]] = kept

    def download(self, workspace: Path, given: dict[str, str], _: dict[str, str]) -> None:
        if given["name"] not in self.artifacts:
            raise FailedError(f"download-artifact: no job before has uploaded {given['name']}")
        shutil.copytree(self.artifacts[given["name"]], workspace / given["path"])

    def attest(self, workspace: Path, given: dict[str, str], _: dict[str, str]) -> None:
        if "subject-path" in given:
            if not list(workspace.glob(given["subject-path"])):
                raise FailedError(f"attest: there is no {given['subject-path']}")
        elif given["subject-digest"] != DIGEST or given["subject-name"] != f"ghcr.io/{REPOSITORY}":
            raise FailedError(f"attest: {given} is not the image that was pushed")

    def publish(self, workspace: Path, given: dict[str, str], _: dict[str, str]) -> None:
        wheels = sorted((workspace / given["packages-dir"]).iterdir())
        print(call(sys.executable, "-m", "twine", "check", "--strict", *wheels))
        (self.stage / "pypi.txt").write_text("\n".join(wheel.name for wheel in wheels))


ACTIONS: dict[str, Callable[[Rehearsal, Path, dict[str, str], dict[str, str]], None]] = {
    "actions/checkout": Rehearsal.checkout,
    "actions/setup-go": Rehearsal.setup_go,
    "actions/upload-artifact": Rehearsal.upload,
    "actions/download-artifact": Rehearsal.download,
    "actions/attest-build-provenance": Rehearsal.attest,
    "pypa/gh-action-pypi-publish": Rehearsal.publish,
}


def needs(job: dict[str, Any]) -> list[str]:
    needed = job.get("needs", [])
    return [needed] if isinstance(needed, str) else needed


def expand(text: str, context: dict[str, Any]) -> str:
    """Put in the values of expressions, of which only names are known."""

    def value(found: re.Match[str]) -> str:
        at: Any = context
        for key in found[1].split("."):
            if not isinstance(at, dict) or key not in at:
                raise FailedError(f"there is no value of the expression {found[0]}")
            at = at[key]
        return str(at)

    return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", value, text)


def call(*command: str | Path) -> str:
    words = [str(each) for each in command]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 # ours
    if ended.returncode:
        raise FailedError(f"{' '.join(map(str, command))}: {ended.stdout}{ended.stderr}")
    return ended.stdout


# The stand-ins: this file under the name of a command. They fail as a command does.


def gh(words: list[str]) -> None:
    parser = argparse.ArgumentParser("gh")
    kinds = parser.add_subparsers(dest="kind", required=True).add_parser("release")
    verbs = kinds.add_subparsers(dest="verb", required=True)
    create, download = verbs.add_parser("create"), verbs.add_parser("download")
    for verb in (create, download):
        verb.add_argument("tag")
        verb.add_argument("--repo", required=True, choices=[REPOSITORY])
    for flag in ("--verify-tag", "--draft", "--prerelease"):
        create.add_argument(flag, action="store_true")
    create.add_argument("--title", required=True)
    create.add_argument("--notes-file", required=True, type=Path)
    create.add_argument("files", nargs="+", type=Path)
    download.add_argument("--pattern", action="append", required=True)
    download.add_argument("--dir", required=True, type=Path)
    args = parser.parse_args(words)
    if not os.environ.get("GH_TOKEN"):
        sys.exit("gh: there is no GH_TOKEN")
    release = Path(os.environ["REHEARSAL"], "release")
    if args.verb == "create":
        release.mkdir()
        for file in args.files:
            shutil.copy(file, release)
        said = {"tag": args.tag, "draft": args.draft, "prerelease": args.prerelease}
        said["notes"] = args.notes_file.read_text("utf-8")
        (release.parent / "release.json").write_text(json.dumps(said))
        return
    args.dir.mkdir(parents=True, exist_ok=True)
    for pattern in args.pattern:
        found = list(release.glob(pattern))
        if not found:
            sys.exit(f"gh: no file of the release is like {pattern}")
        for file in found:
            shutil.copy(file, args.dir)


def docker(words: list[str]) -> None:
    if words[:1] == ["login"]:
        if not sys.stdin.read().strip():
            sys.exit("docker: there is no password")
        return
    if words == ["buildx", "create", "--use"]:
        return
    parser = argparse.ArgumentParser("docker")
    parser.add_argument("buildx", choices=["buildx"])
    parser.add_argument("build", choices=["build"])
    parser.add_argument("--push", action="store_true", required=True)
    for flag in ("--platform", "--sbom", "--provenance", "--build-arg", "--tag"):
        parser.add_argument(flag, required=True)
    parser.add_argument("--metadata-file", type=Path, required=True)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args(words)
    if not (args.folder / "Dockerfile").is_file():
        sys.exit("docker: there is no Dockerfile")
    args.metadata_file.write_text(json.dumps({"containerimage.digest": DIGEST}))
    Path(os.environ["REHEARSAL"], "image.json").write_text(
        json.dumps({"tag": args.tag, "version": args.build_arg})
    )


def dpkg(words: list[str]) -> None:
    root = Path(os.environ["REHEARSAL"], "root")
    program = next(p for p in ("/usr/bin/dpkg", "/bin/dpkg") if Path(p).exists())
    os.execv(program, [program, f"--root={root}", "--force-not-root", *words])  # noqa: S606 # no shell


def sudo(words: list[str]) -> None:
    os.execvp(words[0], words)  # noqa: S606 # the stand-ins are what runs


def apt(_: list[str]) -> None:
    """Installs nothing."""


STAND_INS = {"gh": gh, "docker": docker, "dpkg": dpkg, "sudo": sudo, "apt-get": apt}


def check(tag: str, stage: Path) -> None:
    """Read the version of all that the release has."""
    number = tag.removeprefix("v")
    final, _, rest = number.partition("-")
    debian = final + (f"~{rest}" if rest else "")
    release, said = stage / "release", json.loads((stage / "release.json").read_text())
    image = json.loads((stage / "image.json").read_text())
    found = dict(versions(release))
    wanted = {}
    for name in found:
        kind = name.rsplit(".", 1)[-1]
        wanted[name] = debian if kind in ("deb", "rpm") else number
        if kind == "whl":
            short = re.sub(r"^(alpha|beta)", lambda phase: phase[0][0], rest).replace(".", "")
            wanted[name] = final + short
    same("versions", found, wanted)
    kinds = sorted({name.rsplit(".", 1)[-1] for name in found})
    same("kinds of files", kinds, sorted({"deb", "rpm", "whl", "tgz", "gz", "zip"} & set(kinds)))
    for kind in ("deb", "rpm", "whl", "tgz", "gz"):
        same(f"whether there is a .{kind}", kind in kinds, True)
    if rest:
        same("PEP 440 before", Version(wanted[wheel(found)]) < Version(final), True)
        call("/usr/bin/dpkg", "--compare-versions", debian, "lt", final)
    same("image", image["tag"], f"ghcr.io/{REPOSITORY}:{number}")
    same("version of the image", image["version"].startswith(f"VERSION={tag}, commit "), True)
    same("pre-release", said["prerelease"], bool(rest))
    same("draft", said["draft"], True)
    same("notes", bool(said["notes"].strip()) and "\n## " not in said["notes"], True)
    chart = next(release.glob(f"dspy-metrics-{number}.tgz"))
    rendered = call("helm", "template", "tried", chart)
    images = set(re.findall(r'image: "?(\S*dspy-metrics:[^\s"]+)', rendered))
    same("image of the chart", images, {image["tag"]})
    for wheel_name in (stage / "pypi.txt").read_text().splitlines():
        same(f"{wheel_name} in the release", (release / wheel_name).is_file(), True)
    for name in sorted(found):
        print(f"{found[name]:12} {name}")
    print(f"{number:12} {image['tag']}")


def wheel(names: dict[str, str]) -> str:
    return next(name for name in names if name.endswith(".whl"))


def versions(release: Path) -> Iterator[tuple[str, str]]:
    """The version that each file says itself."""
    for path in sorted(release.iterdir()):
        name = path.name
        if name.endswith(".deb"):
            yield name, call("dpkg-deb", "--field", path, "Version").strip()
        elif name.endswith(".rpm"):
            with rpmfile.open(str(path)) as package:
                yield name, package.headers["version"].decode()
        elif name.endswith(".whl"):
            with zipfile.ZipFile(path) as archive:
                data = next(n for n in archive.namelist() if n.endswith("/METADATA"))
                text = archive.read(data).decode()
            yield name, re.findall(r"^Version: (.*)$", text, re.MULTILINE)[0]
        elif name.endswith(".tgz"):
            with tarfile.open(path) as archive:
                about = yaml.safe_load(archive.extractfile("dspy-metrics/Chart.yaml"))
            same("appVersion", about["appVersion"], about["version"])
            yield name, about["version"]
        elif name.endswith((".tar.gz", ".zip")):
            yield name, name.split("_")[1]


def same(what: str, got: object, want: object) -> None:
    if got != want:
        raise FailedError(f"{what}: got {got}, want {want}")


if __name__ == "__main__":
    main()
