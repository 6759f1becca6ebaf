#!/usr/bin/python3
"""Write the seeds of the fuzz targets anew, from the corpus and the few lines below.

    make_seeds.py build/dev/tests/fuzz/make_snapshot
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parent / "corpus"
CONDITIONS = 32
SEED_BYTES_MAX = 1500
sys.dont_write_bytecode = True
sys.path.insert(0, str(CORPUS))
import run  # noqa: E402  (its place is known only now)

CONTACTS = [
    {"id": "a", "email": "A@x.y", "subscribed": True, "createdAt": "2024-01-10",
     "updatedAt": "2024-02-29T12:00:00+02:00",
     "data": {"plan": "Pro", "n": 1, "list": ["x", "É", 1, None], "day": "2024-02-29"}},
    {"id": "b", "email": "é@x.y", "subscribed": False, "createdAt": "2023-01-10T00:00Z",
     "updatedAt": "2024-02-29", "data": {"plan": None, "n": -0.5, "deep": {"er": {"n": 1e300}}}},
    {"id": "c", "email": "c@x.y", "subscribed": True, "createdAt": "2024-01-10",
     "updatedAt": "2024-02-29", "data": {"deep.er": True, "deep": {"er": False}, "plan": ""}},
]
EVENTS = [
    {"contactId": "a", "name": "login", "createdAt": "2024-02-28"},
    {"contactId": "a", "name": "login", "createdAt": "2024-02-20"},
    {"contactId": "c", "name": "login", "createdAt": "2025-01-01T00:00:00.5Z"},
    {"contactId": "b", "name": "ünder way.x", "createdAt": "2024-02-28", "data": {}},
]
EMAILS = [
    {"contactId": "a", "sentAt": "2024-02-28", "deliveredAt": None, "openedAt": "2024-02-29"},
    {"contactId": "b", "sentAt": "2024-02-28", "bouncedAt": "2024-02-28"},
]
BAD_LINES = ['{"id":"a"', "{}", "[]", '"\\ud800"', '{"id":"d","email":"","subscribed":1}',
             '{"contactId":"nobody"}', '{"id":"a\\u0000"}', "1e400", ""]
TEXTS = ["[1,-0,1.5e-3,1e400,true,false,null]", '{"a":{"b":[{}, []]},"a":"\\ud83d\\ude00\\/"}',
         "[" * 40 + "]" * 40, '"\\u0000"', '["\\ud800"]', "01", "[1,]", '{"a" 1}', "\ufeff{}",
         '"é\\n"', '"tab\there"', ""]


def lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def sections(*parts):
    return "\n--\n".join(parts)


def write(target, number, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{number:02}").write_bytes(
        content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))


def conditions():
    """Conditions of the corpus, small ones from all over it."""
    found = []
    for path in sorted(CORPUS.glob("*.json")):
        source = json.loads(path.read_text(encoding="utf-8"))
        for case in source["cases"] if isinstance(source, dict) and "cases" in source else []:
            if any(key in case for key in ("condition", "filter", "condition_text")):
                found.append(run.text_of(case))
    found = [text for text in found if len(text) <= SEED_BYTES_MAX]
    return found[:: len(found) // CONDITIONS]


def field_of_rows(name, key):
    source = json.loads((CORPUS / name).read_text(encoding="utf-8"))
    rows = source["cases"] if isinstance(source, dict) else source
    return [run.expand(row[key]) for row in rows if key in row]


def main():
    shutil.rmtree(HERE / "corpus", ignore_errors=True)
    data = sections(lines(CONTACTS), lines(EVENTS), lines(EMAILS))
    bad = "\n".join(BAD_LINES)
    found = conditions()
    for number, text in enumerate(found):
        write("filter", number, text)
        write("eval", number, sections(data, text))
    for number, text in enumerate([data, sections(bad, bad, bad), sections(lines(CONTACTS), bad),
                                   lines(CONTACTS).replace("\n", "\r\n"), lines(CONTACTS)[:-9]]):
        write("ingest", number, text)
    for number, text in enumerate(TEXTS):
        write("json", number, text)
    for number, text in enumerate(field_of_rows("instants.json", "text")[::3]):
        write("instant", number, text)
    for number, text in enumerate(field_of_rows("slugs.json", "name")[::2]):
        if len(text) < SEED_BYTES_MAX:
            write("slug", number, text)
    for number, fields in enumerate([[], ["data.plan", "event.login"], ["email", "subscribed"],
                                     ["createdAt", "updatedAt", "email.opened", "data.no"]]):
        snapshot = subprocess.run([sys.argv[1], *fields], input=data.encode(), check=True,
                                  stdout=subprocess.PIPE).stdout
        write("snapshot", number, snapshot)


main()
