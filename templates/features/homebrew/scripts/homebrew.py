# /// script
# requires-python = ">=3.11"
# dependencies = ["packaging>=25"]
# ///
"""Writes a Homebrew formula that installs the package with the wheels in requirements.lock.

uv build
uv run scripts/homebrew.py
"""

import hashlib
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename

#: The Python that Homebrew installs for the formula.
PYTHON = (3, 13)
#: PyPI serves a wheel by its name here, also before it knows the wheel.
FILES = "https://files.pythonhosted.org/packages"


@dataclass(frozen=True)
class Wheel:
    """A wheel with the address that it is downloaded from."""

    name: str
    url: str
    sha256: str

    @property
    def file(self) -> str:
        """The file name."""
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Platform:
    """A platform of Homebrew that MLX has wheels for."""

    #: The blocks of the formula for this platform.
    blocks: tuple[str, str]
    system: str
    machine: str

    def accepts(self, marker: str) -> bool:
        """Returns whether a requirement with this marker applies to the platform."""
        version = ".".join(map(str, PYTHON))
        environment = {
            "sys_platform": self.system,
            "platform_system": self.system.capitalize(),
            "platform_machine": self.machine,
            "python_version": version,
            "python_full_version": f"{version}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        return not marker or Marker(marker).evaluate(environment)

    def tags(self) -> list[Tag]:
        """Returns the tags of the wheels that the platform can install, the best one first."""
        if self.system == "darwin":
            names = list(mac_platforms((14, 0), self.machine))
        else:
            names = [f"manylinux_2_{minor}_{self.machine}" for minor in range(35, 4, -1)]
            names += [f"manylinux2014_{self.machine}", f"linux_{self.machine}"]
        return [
            *cpython_tags(PYTHON, platforms=names),
            *compatible_tags(PYTHON, f"cp{PYTHON[0]}{PYTHON[1]}", names),
        ]


PLATFORMS = (
    Platform(("on_macos", "on_arm"), "darwin", "arm64"),
    Platform(("on_linux", "on_arm"), "linux", "aarch64"),
    Platform(("on_linux", "on_intel"), "linux", "x86_64"),
)


@dataclass(frozen=True)
class Requirement:
    """A package in requirements.lock."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]


def requirements(lock: str) -> Iterator[Requirement]:
    """Reads the packages in the text of a lock in pip's format."""
    lines = (line for line in lock.splitlines() if not line.lstrip().startswith("#"))
    for entry in "\n".join(lines).replace("\\\n", " ").splitlines():
        words, *hashes = entry.split(" --hash=sha256:")
        requirement, _, marker = words.partition(";")
        if not requirement.strip():
            continue
        name, _, version = requirement.strip().partition("==")
        if name.endswith(".whl"):
            parsed, number, *_ = parse_wheel_filename(Path(name).name)
            name, version = parsed, str(number)
        yield Requirement(
            canonicalize_name(name), version, marker.strip(), frozenset(map(str.strip, hashes))
        )


def wheels_in(uv_lock: dict[str, Any]) -> list[Wheel]:
    """Reads all wheels in uv.lock with their addresses."""
    return [
        Wheel(
            name=package["name"],
            url=wheel.get("url") or address(package["name"], wheel["filename"]),
            sha256=wheel["hash"].removeprefix("sha256:"),
        )
        for package in uv_lock["package"]
        for wheel in package.get("wheels", [])
    ]


def address(name: str, file: str) -> str:
    """Returns the address of a wheel on PyPI."""
    python = file.removesuffix(".whl").split("-")[-3]
    return f"{FILES}/{python}/{name[0]}/{name}/{file}"


def wheel_for(requirement: Requirement, platform: Platform, wheels: list[Wheel]) -> Wheel:
    """Returns the best wheel of a package for a platform."""
    ranks = {tag: rank for rank, tag in reversed(list(enumerate(platform.tags())))}
    usable = [
        (min(ranks[tag] for tag in tags if tag in ranks), wheel)
        for wheel in wheels
        if wheel.name == requirement.name and wheel.sha256 in requirement.hashes
        for tags in [parse_wheel_filename(wheel.file)[3]]
        if not tags.isdisjoint(ranks)
    ]
    if not usable:
        raise SystemExit(
            f"uv.lock has no wheel of {requirement.name} {requirement.version} for "
            f"{platform.system} {platform.machine} with a hash in requirements.lock.\n"
            "Write both again with the commands in docs/dependencies.md."
        )
    return min(usable, key=lambda each: each[0])[1]


def resource(wheel: Wheel, indent: str) -> str:
    """Returns the block of the formula that downloads a wheel."""
    return (
        f'{indent}resource "{wheel.name}" do\n'
        f'{indent}  url "{wheel.url}", using: :nounzip\n'
        f'{indent}  sha256 "{wheel.sha256}"\n'
        f"{indent}end\n"
    )


def resources(locked: list[Requirement], wheels: list[Wheel]) -> str:
    """Returns the blocks of all wheels, with those that differ by platform in their own."""
    chosen = {
        platform: [
            wheel_for(requirement, platform, wheels)
            for requirement in locked
            if platform.accepts(requirement.marker)
        ]
        for platform in PLATFORMS
    }
    shared = [
        wheel for wheel in chosen[PLATFORMS[0]] if all(wheel in own for own in chosen.values())
    ]
    text = "\n".join(resource(wheel, "  ") for wheel in shared)
    for system in dict.fromkeys(platform.blocks[0] for platform in PLATFORMS):
        blocks = [
            f"    {platform.blocks[1]} do\n"
            + "\n".join(resource(wheel, "      ") for wheel in own if wheel not in shared)
            + "    end\n"
            for platform, own in chosen.items()
            if platform.blocks[0] == system
        ]
        text += f"\n  {system} do\n" + "\n".join(blocks) + "  end\n"
    return text


def formula(folder: Path) -> tuple[str, str]:
    """Returns the name of the formula's file and its text."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    name = canonicalize_name(project["name"])
    file = f"{name.replace('-', '_')}-{project['version']}-py3-none-any.whl"
    wheel = folder / "dist" / file
    if not wheel.exists():
        raise SystemExit(f"{wheel} does not exist. Build it with: uv build")
    locked = list(requirements((folder / "requirements.lock").read_text()))
    wheels = wheels_in(tomllib.loads((folder / "uv.lock").read_text()))
    python = f"python@{PYTHON[0]}.{PYTHON[1]}"
    program = next(iter(project["scripts"]))
    homepage = project.get("urls", {}).get("Homepage", f"https://pypi.org/project/{name}/")
    text = f"""\
# Written by scripts/homebrew.py from requirements.lock.
class {"".join(word.capitalize() for word in name.split("-"))} < Formula
  include Language::Python::Virtualenv

  desc "{project["description"]}"
  homepage "{homepage}"
  url "{address(name, file)}", using: :nounzip
  sha256 "{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
  license "{project["license"]}"

  depends_on "{python}"

  on_macos do
    depends_on arch: :arm64
    depends_on macos: :sonoma
  end

{resources(locked, wheels)}
  # MLX has no source distribution, so the wheels are installed as they are.
  def install
    virtualenv_create(libexec, "{python.replace("@", "")}")
    wheels = buildpath/"wheels"
    resources.each {{ |wheel| wheel.stage {{ wheels.install Dir["*.whl"] }} }}
    system "{python.replace("@", "")}", "-m", "pip", "--python=#{{libexec}}/bin/python", "install",
           "--no-deps", "--no-index", *Dir["#{{wheels}}/*.whl"], *Dir["#{{buildpath}}/*.whl"]
    bin.install_symlink libexec/"bin/{program}"
  end

  test do
    system bin/"{program}", "--help"
  end
end
"""
    return f"{name}.rb", text


def main() -> None:
    """Writes the formula to the folder Formula."""
    folder = Path(__file__).resolve().parent.parent
    file, text = formula(folder)
    target = folder / "Formula" / file
    target.parent.mkdir(exist_ok=True)
    target.write_text(text)
    sys.stdout.write(f"Wrote {target.relative_to(folder)}\n")


if __name__ == "__main__":
    main()
