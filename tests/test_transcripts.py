"""Transcripts of mock interviews: turns, clock, notes, and what a transcript must hold."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from conftest import ROOT

from guide import check, transcripts
from guide.frontmatter import Mock
from guide.library import Library

TURNS = '!!! interviewer "0:00"\n    Design it.\n\n!!! candidate "1:05"\n    Whose side?\n\n    !!! aside\n        First question of a staff answer.\n'


def test_a_turn_has_its_speaker_its_clock_and_its_note(render):
    html, problems = render(TURNS)
    soup = BeautifulSoup(html, "lxml")
    turns = soup.select(".turn")
    assert problems == [] and [turn.p.get_text() for turn in turns] == ["0:00 Interviewer", "1:05 Candidate"]
    assert turns[1].select_one(".aside .admonition-title").get_text() == transcripts.NOTE


def test_the_clock_is_read():
    assert list(transcripts.turns(TURNS)) == [(1, "interviewer", 0), (4, "candidate", 65)]
    assert [second for _, _, second in transcripts.turns('!!! candidate "soon"\n!!! candidate\n!!! candidate "1:75"')] == [None, None, None]


HEAD = '---\ntitle: A mock\nkind: mock\ndescription: A transcript that the tests made up.\nreviewed: 2026-01-02\ncase: {case}\nlevel: mid\nverdict: "no"\n---\n'
CARD = "".join(f"| {signal} | yes | 0:10 |\n" for signal in ("Problem understanding", "Data and features", "Modeling", "Evaluation", "Deployment and operations", "Communication"))


@pytest.mark.parametrize(
    ("body", "case", "says"),
    [
        ('!!! candidate "5:00"\n    A.\n\n!!! interviewer "4:59"\n    B.\n', "cases/a.md", "runs backwards"),
        ('!!! candidate "45:01"\n    A.\n', "cases/a.md", "after the 45 minutes"),
        ("!!! candidate\n    A.\n", "cases/a.md", "without its time"),
        ("", "cases/none.md", "is no case"),
    ],
)
def test_what_is_wrong_with_a_transcript_is_named(docs, body, case, says):
    for folder in ("practice", "cases"):
        (docs / folder).mkdir()
    (docs / "cases/a.md").write_text("---\ntitle: A case\nkind: case\ndescription: A case that the tests made up.\nreviewed: 2026-01-02\nprompt: P\nlesson: L\nfamily: ads\npatterns: [x]\n---\nText.\n")
    (docs / "practice/mock-a.md").write_text(HEAD.format(case=case) + f"## The room\n\n{body}\n{CARD}\nVote: no.\n")
    problems = [str(problem) for problem in check.transcripts_keep_time(Library.read(docs))]
    assert len(problems) == 1 and says in problems[0]


def test_a_signal_without_grade_and_another_vote_are_named(docs):
    (docs / "mock-a.md").write_text(HEAD.format(case="cases/none.md") + CARD.replace("| Modeling | yes", "| Modeling | fine") + "\nVote: yes.\n")
    problems = " ".join(str(problem) for problem in check.transcripts_keep_time(Library.read(docs)))
    assert "no grade for `Modeling`" in problems and "Vote: no" in problems and "`Communication`" not in problems


def test_prerequisites_exist_and_make_no_circle(docs):
    (docs / "deep-dives").mkdir()
    for name, needs in (("a", "deep-dives/b.md"), ("b", "deep-dives/a.md"), ("c", "deep-dives/none.md")):
        (docs / f"deep-dives/{name}.md").write_text(f"---\ntitle: Page {name}\nkind: deep-dive\ndescription: A page that the tests made up.\nreviewed: 2026-01-02\nneeds: [{needs}]\n---\nText.\n")
    problems = [str(problem) for problem in check.prerequisites_can_be_met(Library.read(docs))]
    assert len(problems) == 3 and "docs/deep-dives/c.md:6: `needs` names deep-dives/none.md" in problems[2]
    assert all("needs itself" in problem for problem in problems[:2])


def test_the_guides_transcripts_differ():
    """Four at least: three levels, another case each, one that fails and one that divides the debrief."""
    heads = [source.head for source in Library.read(ROOT / "docs").sources.values() if isinstance(source.head, Mock)]
    assert len(heads) >= 4 and len({head.case for head in heads}) == len(heads)
    assert {head.level for head in heads} == {"mid", "senior", "staff"}
    assert {"no", "borderline"} <= {head.verdict for head in heads}
