"""What README and the guides say is true: every command runs, every table is as the code has it."""

import re
import shutil
from pathlib import Path

import pytest

from crocs_cli.stages import guide, plan
from tests import guides
from tests.conftest import ROOT

TUTORIAL = guide.FOLDER / "tutorial.md"
README = ROOT / "README.md"
WITHOUT_RUN = (README, TUTORIAL)  # they begin with meter files only
LONGEST_SENTENCE = 80


@pytest.fixture(scope="session")
def meter_files(tmp_path_factory):
    """A folder with the reader's own files."""
    folder = tmp_path_factory.mktemp("meters")
    guides.readings(folder / "readings.csv", "2013-06-01", 20)
    guides.readings(folder / "new.csv", "2013-07-01", 14)
    guides.readings(folder / "later.csv", "2013-08-01", 20)
    (folder / "control.txt").write_text("\n".join(f"{number:013d}" for number in range(0, 24, 2)))
    return folder


@pytest.fixture(scope="session")
def after_tutorial(meter_files, tmp_path_factory):
    """A folder as the tutorial leaves it, with a settings file for the readings; made when first needed."""
    folder = tmp_path_factory.mktemp("tutorial") / "place"

    def made(crocs, monkeypatch):
        if not folder.exists():
            shutil.copytree(meter_files, folder)
            shutil.copy(ROOT / "configs" / "laptop.yaml", folder / "my.yaml")
            monkeypatch.chdir(folder)
            guides.follow(TUTORIAL, crocs)
        return folder

    return made


FOLLOWED = [page for page in guides.PAGES if any(block.runs for block in guides.blocks(page))]


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_a_page_can_be_followed(crocs, monkeypatch, tmp_path, meter_files, after_tutorial, page):
    monkeypatch.setattr(plan, "TRIAL_S", 0.05)
    begin = meter_files if page in WITHOUT_RUN else after_tutorial(crocs, monkeypatch)
    shutil.copytree(begin, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    assert guides.follow(page, crocs)
    described = (guide.FOLDER / "tables.md").read_text()
    for path in (
        path for kind in ("report*", "comparison") for path in Path("runs").glob(f"*/{kind}/*/*.csv")
    ):
        columns = path.read_text().splitlines()[0].replace('"', "").split(",")
        unknown = [name for name in columns if f"`{name}`" not in described]
        assert not unknown, f"{path}: describe {unknown} in the guide `tables`"


@pytest.mark.parametrize("page", guides.PAGES, ids=lambda page: page.stem)
def test_a_page_has_the_tables_of_the_code(page):
    assert guides.with_parts(page.read_text()) == page.read_text(), "run `make guides`"


@pytest.mark.parametrize("page", guides.PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[\w-]*)?\)", page.read_text())
    for target in (link for link in links if "://" not in link):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("topic", guide.topics())
def test_a_guide_begins_with_a_title_and_what_it_answers(topic):
    title, empty, sentence, *_ = guide.read(topic).splitlines()
    assert title.startswith("# ")
    assert not empty
    assert sentence.endswith(".")
    assert len(sentence) <= LONGEST_SENTENCE


def test_what_does_not_run_says_why():
    kept = {
        page.stem: [b for b in guides.blocks(page) if b.beside.startswith("not-run")] for page in guides.PAGES
    }
    for name, blocks in kept.items():
        assert all(len(block.beside.removeprefix(guides.NOT_RUN).split()) > 2 for block in blocks), name
    ran = sum(block.runs for page in guides.PAGES for block in guides.blocks(page))
    assert sum(map(len, kept.values())) < ran / 5


def test_guide_lists_its_topics_and_shows_a_page(crocs):
    listed = crocs("guide").out
    assert [line.split()[0] for line in listed.splitlines()] == guide.topics()
    shown = crocs("guide", "formats").out
    assert shown.startswith("# Read your meter files\n")
    assert "<!--" not in shown
    wrong = crocs("guide", "fromats")
    assert (wrong.code, wrong.err) == (2, "crocs: fromats: no such guide; did you mean formats?\n")
