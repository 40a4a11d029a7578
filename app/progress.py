"""Progress on long work, for a person at a terminal."""

from datetime import date
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app.intake import Saved
from app.wording import say
from connectors.files.fec import Reading
from connectors.records import Stream

console = Console(stderr=True)


class DemoProgress:
    """Shows the demonstration company coming in."""

    def __init__(self, language: str) -> None:
        """Start without a line: if there is nothing to load, nothing is shown."""
        self._language = language
        self._progress = Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=console)
        self._task: TaskID | None = None
        self._rows = 0
        self._days = 0

    def __enter__(self) -> Self:
        """Open the display."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the display."""
        self._progress.stop()

    def _tell(self, code: str, **params: str) -> None:
        text = say(code, {"rows": self._rows, "days": self._days, **params}, self._language)
        if self._task is None:
            self._task = self._progress.add_task(text)
        self._progress.update(self._task, description=text)

    def saved(self, stream: Stream, saved: Saved) -> None:
        """Show rows coming in."""
        self._rows += saved.new + saved.changed
        self._tell("demo_rows", stream=stream.value)

    def looked_back(self, day: date) -> None:
        """Show past months being assessed."""
        self._days += 1
        self._tell("demo_looking_back", month=f"{day:%m/%Y}")


class FileProgress:
    """Shows a ledger file being read: share done, lines, rate, entries, refusals."""

    def __init__(self, name: str, size: int, language: str) -> None:
        """Take the file's name and size in bytes."""
        self._language = language
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[found]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task(name, total=max(size, 1), found="")

    def __enter__(self) -> Self:
        """Open the display."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the display."""
        self._progress.stop()

    def read(self, reading: Reading) -> None:
        """Show how far the file has been read."""
        elapsed = self._progress.tasks[0].elapsed or 0.0
        said = {
            "lines": reading.lines,
            "rate": round(reading.lines / elapsed) if elapsed else 0,
            "entries": reading.entries,
            "refused": reading.quarantined,
        }
        found = say("file_progress", said, self._language)
        self._progress.update(self._task, completed=reading.bytes_read, found=found)
