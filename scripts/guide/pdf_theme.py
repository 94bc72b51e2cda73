"""The theme handler that mkdocs-pdf-export-plugin loads by path, outside the package: it only forwards."""

from guide import pdf

pdf.configure()


def get_stylesheet() -> None:
    """No extra style: the print documents bring their own."""


def modify_html(html: str, href: str) -> str:
    """No link is added: the templates have placed it already."""
    return html
