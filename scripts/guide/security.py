"""A Content-Security-Policy in every page: the guide runs its own scripts, by hash, and speaks to nobody else."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.S)
_CHARSET = '<meta charset="utf-8">'


def inline_scripts(html: str) -> list[str]:
    """The scripts that stand in a page itself; data blocks are none."""
    return [body for attributes, body in _SCRIPT.findall(html) if "src=" not in attributes and "json" not in attributes]


def policy(scripts: set[str]) -> str:
    """The policy that allows these inline scripts, and what the site itself serves."""
    hashes = sorted("'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'" for script in scripts)
    return "; ".join([
        "default-src 'none'",
        " ".join(["script-src 'self'", *hashes]),
        "style-src 'self' 'unsafe-inline'",  # the drawings and Material place their parts by style
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    ])


def add_policy(site: Path) -> None:
    """Writes one policy into every page: the same everywhere, as instant navigation keeps the first page's."""
    pages = {path: path.read_text("utf-8") for path in sorted(site.rglob("*.html"))}
    allowed = policy({script for html in pages.values() for script in inline_scripts(html)})
    meta = f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
    for path, html in pages.items():
        if _CHARSET not in html:
            raise RuntimeError(f"{path.relative_to(site)} has no {_CHARSET}; the theme has changed, revise guide.security")
        path.write_text(html.replace(_CHARSET, _CHARSET + meta, 1), "utf-8")
