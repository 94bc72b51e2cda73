"""What is slow to make is kept by the hash of all it is made from."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(os.environ.get("GUIDE_ROOT", Path(__file__).resolve().parents[2]))
FOLDER = Path(os.environ.get("GUIDE_CACHE", ROOT / ".cache"))


def key(*parts: str | bytes) -> str:
    """A name for what the parts make; every part is told apart from its neighbours."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:32]


def write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all: a build that is cut off leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(data)
    part.replace(path)
