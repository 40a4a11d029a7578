"""A new key for the vault: every secret is sealed anew, and the earlier key is given up only when none needs it."""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from app.accounts import reseal_all
from app.db import durable
from app.errors import Refused
from app.settings import Settings
from app.vault import Vault, open_vault


@dataclass(frozen=True, slots=True)
class Rotated:
    """What became of a rotation: a sentence's code, how many secrets were sealed anew, and a key to be set by hand."""

    code: str
    secrets: int = 0
    new_key: str = field(default="", repr=False)


def rotate_key(engine: Engine, settings: Settings) -> Rotated:
    """Put a new key in the place of the vault's, or, where a person sets the key, say what to do and do our part."""
    if settings.secret_key is not None:
        keys = [key for key in settings.secret_key.get_secret_value().split(",") if key.strip()]
        if len(keys) == 1:
            return Rotated("key_to_be_set", new_key=_new_key())
        return Rotated("key_sealed_under_first", _reseal(engine, open_vault(settings)))
    open_vault(settings)  # makes the file where there is none
    path = settings.key_file.resolve()  # the file itself, not what leads to it
    old, new = path.read_text(encoding="ascii").strip(), _new_key()
    _write(path, f"{new},{old}")  # from here on whoever opens the vault seals under the new key, and opens under both
    done = _reseal(engine, Vault(f"{new},{old}"))
    _write(path, new)
    return Rotated("key_rotated", done)


def _new_key() -> str:
    return Fernet.generate_key().decode()


def _reseal(engine: Engine, vault: Vault) -> int:
    with durable(engine) as conn:
        return reseal_all(conn, vault)


def _write(path: Path, text: str) -> None:
    """Write the key file whole or not at all, for the same owner and eyes as before."""
    was = path.stat()
    try:
        handle, beside = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    except OSError as error:
        raise Refused("key_file_not_writable", {"path": str(path), "error": type(error).__name__}) from error
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, was.st_mode & 0o777)
            if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(handle, was.st_uid, was.st_gid)  # who runs the command may not be who runs Seuil
            file.write(text.encode())
            file.flush()
            os.fsync(handle)
        Path(beside).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise Refused("key_file_not_writable", {"path": str(path), "error": type(error).__name__}) from error
    finally:
        with suppress(FileNotFoundError):
            Path(beside).unlink()


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk before anything relies on it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
