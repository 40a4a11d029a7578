"""One authority in the place of all there are: each HTTP client would read them anew, and no test asks the world."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import certifi

FILE, BEFORE = "SSL_CERT_FILE", "SEUIL_TEST_AUTHORITIES"
_END = "-----END CERTIFICATE-----\n"


def trust_one(at_the_end: Callable[[Callable[[], None]], object]) -> None:
    """Have clients made from now on read one certificate; a worker of these tests takes its master's."""
    if BEFORE in os.environ:
        return
    whole = Path(certifi.where()).read_text()
    first = whole[whole.index("-----BEGIN CERTIFICATE-----") :].partition(_END)[0] + _END
    folder = Path(tempfile.mkdtemp(prefix="seuil-authority-"))
    at_the_end(lambda: shutil.rmtree(folder, ignore_errors=True))
    (folder / "one.pem").write_text(first)
    os.environ |= {BEFORE: os.environ.get(FILE, ""), FILE: str(folder / "one.pem")}


def of_the_world() -> dict[str, str]:
    """Give the environment as it was: for who installs something."""
    before = os.environ.get(BEFORE, "")
    kept = {name: value for name, value in os.environ.items() if name not in {FILE, BEFORE}}
    return kept | ({FILE: before} if before else {})
