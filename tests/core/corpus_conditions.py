#!/usr/bin/python3
"""Write every condition of the corpus, one a line, and all its contacts, for the tests in C.

    corpus_conditions.py CORPUS_DIR CONDITIONS_FILE CONTACTS_FILE
"""

import json
import sys
from pathlib import Path

corpus, conditions_path, contacts_path = map(Path, sys.argv[1:])
sys.dont_write_bytecode = True
sys.path.insert(0, str(corpus))
import run  # noqa: E402  (its place is known only now)

conditions, contacts = [], []
for path in sorted(corpus.glob("*.json")):
    source = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(source, dict) or "cases" not in source:
        continue
    for case in source["cases"]:
        if any(key in case for key in ("condition", "filter", "condition_text")):
            conditions.append(run.text_of(case).encode("utf-8", "surrogatepass"))
    contacts += run.tables_of({"contacts": source.get("contacts", [])})["contacts"]
conditions_path.write_bytes(b"\n".join(line.replace(b"\n", b" ") for line in conditions) + b"\n")
contacts_path.write_bytes(b"\n".join(contacts) + b"\n")
