"""`seuil` as a person runs it, in a process of its own; the libraries are imported once for all of them.

A fresh interpreter spends most of its time on imports: a server that has done them forks the process of each command.
"""

import os
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
PRELOADED = ["app.cli", "app.imports_cli", "app.assessment", "app.digest", "app.doctor", "app.demo", "app.follow_cli"]
PRELOADED += ["app.schedule", "tests.killed_tick"]
SECONDS = 120


def run_seuil(words: tuple[str, ...], environment: Mapping[str, str], given: str = "") -> CompletedProcess[str]:
    """Run a command with nothing of Seuil in its environment but what is given."""
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").write_text(given, encoding="utf-8")
        process = context.Process(target=_run, args=(words, dict(environment), str(folder)))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"seuil {' '.join(words)} takes longer than {SECONDS} s")
        out, err = ((folder / stream).read_text(encoding="utf-8") for stream in ("out", "err"))
        return CompletedProcess(words, process.exitcode, out, err)


def plain_environment() -> dict[str, str]:
    """Give the environment without what speaks to Seuil, or of a language."""
    kept = (key for key in os.environ if not key.startswith("SEUIL_") and key not in {"LC_ALL", "LC_MESSAGES"})
    return {key: os.environ[key] for key in kept}


def _run(words: tuple[str, ...], environment: Mapping[str, str], folder: str) -> None:
    from app.cli import main  # noqa: PLC0415 - in the command's process

    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    for number, (stream, mode) in enumerate(
        (("in", os.O_RDONLY), ("out", os.O_WRONLY | os.O_CREAT), ("err", os.O_WRONLY | os.O_CREAT))
    ):
        os.dup2(os.open(Path(folder) / stream, mode), number)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["seuil", *words]
    main()
