"""Reading the sources: files that are not text, names that clash."""

from conftest import HEAD

from guide.library import Library, slug


def test_slugs():
    assert [slug("cases/payment-fraud.md"), slug("framework/index.md"), slug("index.md")] == ["payment-fraud", "framework", "home"]


def test_files_that_cannot_be_read(docs):
    (docs / "a.md").write_bytes(HEAD.encode() + b"\nGood.\nBad: \xff\n")
    (docs / "b.md").write_bytes(b"  \n")
    (docs / "c.md").write_text("No head.\n")
    (docs / "d.md").write_text(HEAD + "x " * 2_500_000)
    assert [str(problem) for problem in Library.read(docs).problems] == [
        f"docs/a.md:{HEAD.count(chr(10)) + 3}: not UTF-8 (byte 0xff); save the file as UTF-8",
        "docs/b.md: the file is empty; write it or remove it",
        "docs/c.md:1: no front matter; begin the file with a block between --- lines (title, kind, description, …)",
        "docs/d.md: the file holds 5.0 MB, a chapter has at most 0.5 MB; remove what was pasted by accident",
    ]


def test_two_pages_of_one_name(docs):
    for folder in ("x", "y"):
        (docs / folder).mkdir()
        (docs / folder / "same.md").write_text(HEAD + "\nText.\n")
    assert "another page is called `same` too" in str(Library.read(docs).problems[0])


def test_windows_line_ends_and_byte_order_mark(docs):
    (docs / "a.md").write_bytes(b"\xef\xbb\xbf" + (HEAD + "\nText.\n").replace("\n", "\r\n").encode())
    library = Library.read(docs)
    assert library.problems == [] and library.sources["a.md"].text == "Text.\n"
