"""Another package brings a provider by an entry point, and none of ours is replaced by it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

MODULE = """
from connectors.base import Evidence, Provider
from connectors.demo import Demo
from connectors.records import Stream

PROVIDER = Provider("elsewhere", "Elsewhere", {Stream.INVOICES: Evidence.PROXY}, connect=lambda account: None)
IMPOSTOR = Provider("demo", "Not the demonstration", {}, connect=lambda account: None)
"""
POINTS = "[seuil.connectors]\nelsewhere = elsewhere_seuil:PROVIDER\ndemo = elsewhere_seuil:IMPOSTOR\n"
ASKED = "from connectors.providers import providers; print({name: one.title for name, one in providers().items()})"


def installed(folder: Path, points: str) -> Path:
    """Install a package as pip does, as far as Python looks."""
    about = folder / "elsewhere_seuil-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere-seuil\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(points)
    (folder / "elsewhere_seuil.py").write_text(MODULE)
    return folder


def asked(folder: Path) -> dict[str, str]:
    env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", ASKED]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603  # noqa: S603
    found: dict[str, str] = eval(done.stdout)  # noqa: S307 - our own words
    return found


def test_a_package_registers_a_provider_by_an_entry_point(tmp_path: Path) -> None:
    found = asked(installed(tmp_path, POINTS))

    assert found["elsewhere"] == "Elsewhere"
    assert found["demo"] == "Demonstration"
