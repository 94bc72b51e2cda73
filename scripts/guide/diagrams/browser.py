"""One Chromium page that holds Mermaid, owned by a thread of its own.

MkDocs builds in whatever thread its server likes, and some callers already run an event loop; Playwright objects
may be touched only by the thread that made them. So the page lives in a thread with its own loop, and any thread
may ask it for a drawing. The loop is also what gives a hanging diagram a time limit.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import os
import shutil
import threading
from pathlib import Path

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from guide.cache import ROOT
from guide.diagrams.palette import FONT, LIGHT
from guide.diagrams.settings import config
from guide.fonts import woff2

TIMEOUT_S = 20
ARGUMENTS = [
    "--no-sandbox",  # a container builds as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",  # widths must not depend on the machine
]
MERMAID = ROOT / "node_modules/mermaid/dist/mermaid.min.js"
FACES = {  # (weight, style): its name in the family; Mermaid's "bold" and "bolder" become the family's SemiBold
    ("400", "normal"): "Regular",
    ("600", "normal"): "SemiBold",
    ("400", "italic"): "Italic",
}
FLATTEN = Path(__file__).with_name("flatten.js")

# Lines of Mermaid 12.3 that must not run as they are; each must be found exactly once, or Mermaid has changed.
PATCHES = {
    # Drops ">" from labels: "score > 3" became "score 3".
    "match(/<[^>]+>|[^\\s<>]+/g)": "match(/\\S+/g)",
    # Measures text in the machine's own sans-serif too and takes the larger.
    '["sans-serif",s]': "[s,s]",
}

DRAW = """async ([source, behind]) => {
  let seed = 1                                   // some layouts throw dice
  Math.random = () => (seed = seed * 16807 % 2147483647) / 2147483647
  const holder = document.getElementById('holder')
  holder.replaceChildren()
  try {
    const {svg} = await mermaid.render('drawing', source, holder)
    holder.innerHTML = svg
    const root = holder.querySelector('svg')
    if (root.getAttribute('aria-roledescription') === 'error') throw Error('Mermaid drew its error picture')
    return {drawing: flatten(root, behind)}
  } catch (error) {
    return {error: String(error?.message ?? error), line: error?.hash?.loc?.first_line ?? null}
  }
}"""


class Failure(Exception):
    """Mermaid could not draw. `line` counts from 1 in the text given to `draw`; None if Mermaid did not say."""

    def __init__(self, message: str, line: int | None = None):
        super().__init__(message)
        self.line = line


class NoBrowserError(Exception):
    """There is no Chromium to draw with."""


def find_browser() -> str | None:
    """The path of this machine's Chromium: GUIDE_CHROMIUM, else the first known name; None if there is none."""
    names = (os.environ.get("GUIDE_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def mermaid() -> str:
    """Mermaid's code as it is run: npm's, with what is wrong in it mended."""
    code = MERMAID.read_text("utf8")
    for wrong, right in PATCHES.items():
        assert code.count(wrong) == 1, f"Mermaid has changed where it was patched: {wrong}"
        code = code.replace(wrong, right)
    return code


class Browser:
    """Draws with one page, started at the first drawing and again after one that hung."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._page = self._chromium = self._playwright = None

    def draw(self, source: str) -> dict:
        """What `flatten.js` returns for this Mermaid text. Raises Failure and NoBrowserError; any thread may call."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="diagrams", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            return asyncio.run_coroutine_threadsafe(self._draw(source), self._loop).result()

    def close(self) -> None:
        """Ends the browser and its thread; a later `draw` starts new ones."""
        with self._lock:
            if self._loop is None:
                return
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = None
            atexit.unregister(self.close)

    async def _draw(self, source: str) -> dict:
        if self._page is None:
            try:
                await self._start()
            except BaseException:
                await self._stop()
                raise
        try:
            answer = await asyncio.wait_for(self._page.evaluate(DRAW, [source, LIGHT["label"]]), TIMEOUT_S)
        except TimeoutError:
            await self._stop()
            raise Failure(f"Mermaid did not finish within {TIMEOUT_S} s") from None
        except PlaywrightError as error:
            await self._stop()
            raise Failure(f"the browser stopped: {error.message.splitlines()[0]}") from None
        if "error" in answer:
            raise Failure(answer["error"], answer["line"])
        return answer["drawing"]

    async def _start(self) -> None:
        chromium = find_browser()
        if chromium is None:
            raise NoBrowserError("no Chromium found: install it, or set GUIDE_CHROMIUM to its path")
        self._playwright = await async_playwright().start()
        self._chromium = await self._playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = await self._chromium.new_context(
            viewport={"width": 1200, "height": 900}, locale="en-US", timezone_id="UTC", offline=True
        )
        page = await context.new_page()
        await page.set_content(f"<!doctype html><meta charset=utf-8><style>{_faces()}</style><div id=holder></div>")
        loaded = await page.evaluate(
            "faces => Promise.all(faces.map(face => document.fonts.load(face))).then(all => all.flat().length)",
            [f'{style} {weight} 16px "{FONT}"' for weight, style in FACES],
        )
        assert loaded == len(FACES), "the diagrams' typeface did not load"
        await page.add_script_tag(content=mermaid())
        await page.evaluate("code => { window.flatten = eval(code) }", FLATTEN.read_text("utf8"))
        await page.evaluate("settings => mermaid.initialize(settings)", config())
        self._page = page

    async def _stop(self) -> None:
        chromium, playwright = self._chromium, self._playwright
        self._page = self._chromium = self._playwright = None
        if chromium:
            await chromium.close()
        if playwright:
            await playwright.stop()


def _faces() -> str:
    return "".join(
        f'@font-face{{font-family:"{FONT}";font-weight:{weight};font-style:{style};'
        f"src:url(data:font/woff2;base64,{base64.b64encode(woff2('sans', name).read_bytes()).decode()})}}"
        for (weight, style), name in FACES.items()
    )
