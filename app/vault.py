"""Secrets at rest: sealed with Fernet (AES-128-CBC with HMAC-SHA256) under keys that are not in the database.

The key is `SEUIL_SECRET_KEY`, or the file beside the database that is made at first need, readable by its owner only.
Several keys, separated by commas, are tried in turn; the first one seals.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.errors import Refused
from app.settings import Settings


class Vault:
    """Seals and opens texts."""

    def __init__(self, keys: str) -> None:
        """Take one or more keys, separated by commas."""
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
        except ValueError as error:
            raise Refused("bad_secret_key") from error

    def seal(self, secret: str) -> str:
        """Seal a text."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """Open a sealed text; Refused where none of our keys fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Refused("secret_cannot_be_opened") from error


def open_vault(settings: Settings) -> Vault:
    """Give the vault of the settings; a key file is made where there is neither key nor file."""
    if settings.secret_key is not None:
        return Vault(settings.secret_key.get_secret_value())
    path = settings.key_file
    if not path.exists():
        _make_key(path)
    return Vault(path.read_text(encoding="ascii"))


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name nobody else has, whatever was left behind by a process of our number; readable by us only.
    handle, beside = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(handle)  # what is sealed must not outlive its key
        with suppress(FileExistsError):
            os.link(beside, path)  # the first of two processes wins, and none reads half a key
    finally:
        Path(beside).unlink()
