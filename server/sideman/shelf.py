"""Where memories are kept, and charts: files in one folder for each, of which none is ever half there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

SUFFIX: Final = ".memory"
#: A chart is a text, a saved page with a link of iReal Pro, or a song file of Djazz.
CHART_SUFFIXES: Final = (".chart", ".txt", ".html", ".json")
#: So many seconds older than the file, what was begun to write beside it belongs to nobody any more.
LEFT_S: Final = 60.0
#: The charts that are always there.
BUNDLED: Final = Path(__file__).parent / "charts"


class Shelf:
    """A folder of memories by name. It is made when first something is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or user_data_path("sideman", appauthor=False) / "memories"

    def path(self, name: str) -> Path:
        """The file of a name."""
        return self.folder / f"{name}{SUFFIX}"

    def names(self) -> list[str]:
        """What is kept."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"*{SUFFIX}"))

    def keep(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all; raises `OSError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=f".{name}.", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self.path(name))
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        self._sync_folder()
        self._tidy(name)

    def _tidy(self, name: str) -> None:
        """What a server that was killed while it saved this name has left goes; what is being written now stays."""
        since = self.path(name).stat().st_mtime - LEFT_S
        for left in self.folder.glob(f".{name}.*"):
            if left.stat().st_mtime < since:
                left.unlink(missing_ok=True)

    def _sync_folder(self) -> None:
        """The renaming itself is on the disk, where the system can say so of a folder."""
        try:
            handle = os.open(self.folder, os.O_RDONLY)
        except OSError:  # Windows opens no folders
            return
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def bring(self, name: str) -> bytes:
        """What a file holds; raises `OSError`."""
        return self.path(name).read_bytes()


class ChartShelf:
    """A folder of charts by name, before those that come with sideman. Nothing is ever written there."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or user_data_path("sideman", appauthor=False) / "charts"

    def names(self) -> list[str]:
        """What can be had."""
        paths = [path for folder in (self.folder, BUNDLED) if folder.is_dir() for path in folder.iterdir()]
        return sorted({path.stem for path in paths if path.suffix in CHART_SUFFIXES})

    def bring(self, name: str) -> bytes:
        """What a file holds; raises `OSError`."""
        for folder in (self.folder, BUNDLED):
            for suffix in CHART_SUFFIXES:
                if (path := folder / f"{name}{suffix}").is_file():
                    return path.read_bytes()
        raise FileNotFoundError(name)
