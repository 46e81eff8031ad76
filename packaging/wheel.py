r"""Builds a wheel that carries the program dspy-metrics and the package dspy_metrics.

    python wheel.py --version 0.1.0 --platform linux/amd64 --program dspy-metrics \
        --licenses THIRD_PARTY_LICENSES --output dist

The format is that of the packaging guide: a zip of the files, with their digests. The same input
gives the same bytes.
"""

import argparse
import base64
import hashlib
import re
import stat
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "python"

# What pip calls the platforms. The program is static, so that it needs no libc of a version.
TAGS = {
    "linux/amd64": "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    "linux/arm64": "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    "darwin/amd64": "macosx_12_0_x86_64",
    "darwin/arm64": "macosx_12_0_arm64",
    "windows/amd64": "win_amd64",
    "windows/arm64": "win_arm64",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", required=True, help="such as 0.1.0, or v0.1.0-rc.1")
    parser.add_argument("--platform", required=True, choices=TAGS)
    parser.add_argument("--program", required=True, type=Path, help="the program for the platform")
    parser.add_argument(
        "--licenses", required=True, type=Path, help="what packaging/licenses prints of the program"
    )
    parser.add_argument("--output", required=True, type=Path, help="folder to write to")
    args = parser.parse_args()
    version = python_version(args.version)
    print(build(version, args.platform, args.program, args.licenses, args.output))


def python_version(version: str) -> str:
    """Spell a semantic version as Python does: 0.1.0-rc.1 is 0.1.0rc1."""
    found = re.fullmatch(r"v?(\d+\.\d+\.\d+)(?:-(alpha|beta|rc|dev)\.?(\d+))?", version)
    if not found:
        raise SystemExit(f"wheel: version {version!r} is not like 0.1.0 or 0.1.0-rc.1")
    release, phase, number = found.groups()
    short = {"alpha": "a", "beta": "b", "rc": "rc", "dev": ".dev"}
    return release + (short[phase] + number if phase else "")


def build(version: str, platform: str, program: Path, licenses: Path, output: Path) -> Path:
    """Write the wheel and return its path."""
    tags = TAGS[platform].split(".")
    wheel = ["Wheel-Version: 1.0", "Generator: dspy-metrics", "Root-Is-Purelib: false"]
    wheel += [f"Tag: py3-none-{tag}" for tag in tags]
    info = f"dspy_metrics-{version}.dist-info"
    suffix = ".exe" if platform.startswith("windows") else ""
    package = SOURCE / "src"
    names = sorted(p for p in package.rglob("*") if p.suffix in {".py", ".typed"})
    files = {name.relative_to(package).as_posix(): name.read_bytes() for name in names} | {
        f"dspy_metrics-{version}.data/scripts/dspy-metrics{suffix}": program.read_bytes(),
        f"{info}/licenses/LICENSE": (ROOT / "LICENSE").read_bytes(),
        f"{info}/licenses/THIRD_PARTY_LICENSES": licenses.read_bytes(),
        f"{info}/METADATA": metadata(version).encode(),
        f"{info}/WHEEL": ("\n".join(wheel) + "\n").encode(),
    }
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"dspy_metrics-{version}-py3-none-{'.'.join(tags)}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            mode = 0o755 if "/scripts/" in name else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return path


def metadata(version: str) -> str:
    """What pyproject.toml says of the package, in the form of a wheel."""
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text("utf-8"))["project"]
    fields = [
        ("Metadata-Version", "2.4"),
        ("Name", project["name"]),
        ("Version", version),
        ("Summary", project["description"]),
        ("Author", ", ".join(author["name"] for author in project["authors"])),
        ("Keywords", ",".join(project["keywords"])),
        *(("Project-URL", f"{name}, {url}") for name, url in project["urls"].items()),
        ("License-Expression", project["license"]),
        ("License-File", "LICENSE"),
        ("License-File", "THIRD_PARTY_LICENSES"),
        ("Requires-Python", project["requires-python"]),
        *(("Classifier", classifier) for classifier in project["classifiers"]),
    ]
    for extra, requirements in project["optional-dependencies"].items():
        fields.append(("Provides-Extra", extra))
        fields += [("Requires-Dist", f'{each}; extra == "{extra}"') for each in requirements]
    fields.append(("Description-Content-Type", "text/markdown"))
    readme = (SOURCE / project["readme"]).read_text("utf-8")
    return "".join(f"{name}: {value}\n" for name, value in fields) + "\n" + readme


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    main()
