"""The list of files that a reader keeps for reading without a network, each with the hash that its copy is checked against."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

LIST = "offline.json"
WORKER = "sw.js"
_NOT_KEPT = {".pdf", ".apkg", ".map", ".xml", ".gz"}  # editions of their own, and what only servers and search engines read


def write(site: Path) -> Path:
    """Writes `offline.json` into a finished site: {version, bytes, files: path -> integrity}. The version names the content: the same files, the same version."""
    files, size = {}, 0
    for path in sorted(site.rglob("*")):
        if path.is_file() and path.suffix not in _NOT_KEPT and path.name not in (LIST, WORKER):
            data = path.read_bytes()
            size += len(data)
            files[path.relative_to(site).as_posix()] = "sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode()
    version = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:12]
    out = site / LIST
    out.write_text(json.dumps({"version": version, "bytes": size, "files": files}, separators=(",", ":")), "utf-8")
    return out
