"""Pages that are made are current, pages that are written name what is there, the example works."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typing_extensions import override

from scripts import configure
from tests.deploy.reading import DOCUMENT, PROJECT, VARIABLES, refusal

DOCS = PROJECT / "docs"
PAGES = [
    *(DOCS / f"{name}.md" for name in ("deploy", "operate", "configure", "security")),
    *(DOCS / f"{name}.md" for name in ("architecture", "api")),
    DOCS / "decisions" / "0029-deploying-and-backups.md",
]
EXAMPLE = PROJECT / "examples" / "upload"
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
# Commands that are there once their own files have landed beside these pages.
COMMAND = re.compile(r"^(?:[A-Z_]+=\S+ )*(intake [a-z].*?)(?:\s+#.*|\s+>.*)?$", re.MULTILINE)


def test_the_page_of_settings_is_current() -> None:
    assert configure.main(["--check"]) == 0, "run: .venv/bin/python -m scripts.configure"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    gone = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert gone == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_exist(page: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        joined = re.sub(r"\\\n\s*", " ", block).replace("$(git rev-parse HEAD)", "abcdef1")
        for command in COMMAND.findall(joined):
            assert refusal(command) == "", command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_settings_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", text))
    foreign = {"RAILWAY_GIT_COMMIT_SHA", "LCLM_PS_201", "LCLM_PS_203"}
    assert named - foreign <= VARIABLES


def test_every_item_of_security_names_tests_that_exist() -> None:
    rows = [
        line.split("|")
        for line in (DOCS / "security.md").read_text(encoding="utf-8").splitlines()
        if re.match(r"\| (V\d|API\d)", line)
    ]
    assert len(rows) > 40
    for row in rows:
        tests = re.findall(r"`(tests/[^`:]+)(?:::(\w+))?`", row[-2])
        assert tests, row[1]
        for path, _ in tests:
            assert (PROJECT / path).exists(), path


def test_the_picture_is_one() -> None:
    root = ElementTree.fromstring((DOCS / "architecture.svg").read_text(encoding="utf-8"))  # noqa: S314 - ours.
    assert root.find("{http://www.w3.org/2000/svg}title") is not None


class Page(HTMLParser):
    """The ids, names and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_example_asks_routes_that_exist() -> None:
    script = (EXAMPLE / "upload.js").read_text(encoding="utf-8")
    routes = re.findall(r'"(/api/v1/[^"]+)"', script)
    assert len(routes) == 7
    assert set(routes) <= DOCUMENT["paths"].keys()
    page = Page()
    page.feed((EXAMPLE / "index.html").read_text(encoding="utf-8"))
    ids = {facts["id"] for _, facts in page.found if "id" in facts}
    assert {"sign-in", "upload", "watch", "said"} <= ids
    fields = {facts["name"] for tag, facts in page.found if tag in ("input", "select")}
    assert fields == {"api", "username", "password", "kind", "file"}
    sources = [facts["src"] for tag, facts in page.found if tag == "script"]
    assert sources == ["upload.js"]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_the_example_reads_streams_in_pieces() -> None:
    program = """
import { events } from "./upload.js";
const text = ': hello\\r\\n\\r\\nretry: 2000\\n\\nid: 1\\nevent: progress\\ndata: {"a": "é"}\\n\\nid: 2\\nevent: done\\ndata: {}\\n\\n';
const bytes = new TextEncoder().encode(text);
async function* slow() { for (const byte of bytes) yield new Uint8Array([byte]); }
const found = [];
for await (const event of events(slow())) found.push(event);
console.log(JSON.stringify(found));
"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=True,
    )
    retry, progress, end = json.loads(done.stdout)
    assert retry["retry"] == "2000"
    assert (progress["id"], json.loads(progress["data"])) == ("1", {"a": "é"})
    assert end["event"] == "done"
