#!/usr/bin/python3
"""Run the corpus against the oracle and, if given, the native program and the WASM package.

    run.py [--native build/segmentry] [--wasm 'node tests/corpus/wasm_eval.mjs'] [--only FILE...]

The expectations are in the corpus, not in the oracle: the oracle is an executor like the others.
"""

import argparse
import json
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import executors
from executors import Oracle, oracle

CORPUS = Path(__file__).resolve().parent
SHOWN_MAX = 10

CONTACT_DEFAULTS = {
    "subscribed": True, "createdAt": "2024-01-01T00:00:00Z", "updatedAt": "2024-01-01T00:00:00Z"}


def expand(value):
    """Replace the builders that keep long values short in the corpus (see README.md)."""
    if isinstance(value, list):
        expanded = []
        for item in value:
            if isinstance(item, dict) and set(item) == {"$repeat"}:
                count, repeated = item["$repeat"]
                expanded += [expand(repeated)] * count
            else:
                expanded.append(expand(item))
        return expanded
    if not isinstance(value, dict):
        return value
    if set(value) == {"$fill"}:
        text, count = value["$fill"]
        return text * count
    if set(value) == {"$join"}:
        return "".join(expand(part) for part in value["$join"])
    if set(value) == {"$nest"}:
        count, inner = value["$nest"]
        inner = expand(inner)
        for _ in range(count):
            inner = {"logic": "AND", "groups": [{"filters": [], "conditions": inner}]}
        return inner
    return {key: expand(member) for key, member in value.items()}


def line_of(row, defaults=None):
    """The bytes of one data line: an object, a text as it is, or { "hex": bytes }."""
    row = expand(row)
    if isinstance(row, str):
        return row.encode("utf-8")
    if set(row) == {"hex"}:
        return bytes.fromhex(row["hex"])
    if defaults is not None:
        row = {"id": row["id"], "email": f"{row['id']}@example.com", **defaults, **row}
    return json.dumps(row, ensure_ascii=False).encode("utf-8")


def tables_of(source):
    tables = {"contacts": [line_of(row, CONTACT_DEFAULTS) for row in source["contacts"]]}
    for name in ("events", "emails"):
        if name in source:
            tables[name] = [line_of(row) for row in source[name]]
    return tables


def emails_of(contact_lines):
    rows = map(json.loads, contact_lines)
    return {row["id"]: oracle.stored_email(row["email"]) for row in rows}


def text_of(case):
    """The JSON text of a case's condition."""
    if "condition_text" in case:
        return expand(case["condition_text"])
    condition = case.get("condition")
    if "filter" in case:
        members = zip(("field", "operator", "value", "unit"), case["filter"])
        condition = {"logic": "AND", "groups": [{"filters": [dict(members)]}]}
    return json.dumps(expand(condition), ensure_ascii=False)


def field_of(error):
    """The place of an expected error; from "." on it is below the one filter of "filter"."""
    place = expand(error["field"])
    return "groups[0].filters[0]" + place if place.startswith(".") else place


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, where, problem):
        if problem is None:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{where}: {problem}")


def shorten(items):
    items = list(items)
    more = f" and {len(items) - SHOWN_MAX} more" if len(items) > SHOWN_MAX else ""
    return ", ".join(str(item)[:120] for item in items[:SHOWN_MAX]) + more


def compare_members(expected, found):
    """What differs between two lists of addresses, in which one may stand several times."""
    missing, extra = list(expected), []
    for email in found:
        if email in missing:
            missing.remove(email)
        else:
            extra.append(email)
    if not missing and not extra:
        return None
    parts = []
    if missing:
        parts.append(f"missing {shorten(missing)}")
    if extra:
        parts.append(f"not expected {shorten(extra)}")
    return "; ".join(parts)


def compare_errors(expected, found):
    wanted = {(field_of(error), error["code"]) for error in expected}
    given = {(error["field"], error["code"]) for error in found}
    parts = [f"missing error {code} at {place[-80:]!r}" for place, code in sorted(wanted - given)]
    parts += [f"not expected: error {code} at {place[-80:]!r}"
              for place, code in sorted(given - wanted)]
    for error in expected:
        messages = [message["message"] for message in found
                    if (message["field"], message["code"]) == (field_of(error), error["code"])]
        for words in error.get("says", ()):
            if messages and not any(words in message for message in messages):
                parts.append(f"the message at {error['field']!r} does not say {words!r}: "
                             f"{messages[0]!r}")
    return "; ".join(parts) or None


def compare_case(case, email_by_id, answer):
    if answer.errors is not None:
        if "errors" in case:
            return compare_errors(case["errors"], answer.errors)
        return "errors: " + shorten(f"{error['code']} at {error['field']!r} ({error['message']})"
                                    for error in answer.errors)
    if "errors" in case:
        return f"valid with {len(answer.members)} members, expected " + shorten(
            f"{error['code']} at {field_of(error)[-80:]!r}" for error in case["errors"])
    return compare_members([email_by_id[contact_id] for contact_id in case["ids"]], answer.members)


def takes(executor, case):
    if "condition_text" in case and not executor.reads_text:
        return False
    return executor.label in case.get("executors", (executor.label,))


def run_cases(name, source, executor, tally):
    if "table" in source:
        table = CORPUS / "tables" / f"{source['table']}.json"
        source = {**source, **json.loads(table.read_text(encoding="utf-8"))}
    cases = [case for case in source["cases"] if takes(executor, case)]
    tables = tables_of(source)
    email_by_id = emails_of(tables["contacts"])
    with tempfile.TemporaryDirectory() as folder:
        executors.write_folder(
            folder, tables, [(case["name"], text_of(case)) for case in cases])
        answer = executor.evaluate(folder, source["now"])
    where = f"{executor.label}: {name}"
    for problem in answer.problems:
        tally.check(where, problem)
    tally.check(where, f"bad lines: {shorten(sorted(answer.bad_lines))}"
                if answer.bad_lines else None)
    if [given.name for given in answer.cases] != [case["name"] for case in cases]:
        tally.check(where, f"{len(answer.cases)} answers to {len(cases)} cases, or not in order")
        return
    for case, given in zip(cases, answer.cases):
        tally.check(f"{where}: {case['name']}", compare_case(case, email_by_id, given))


def run_slugs(rows, executor, tally):
    slugs = executor.slugs([row["name"] for row in rows])
    for row, given in zip(rows, slugs):
        problem = None if given == row["slug"] else f"{given!r}, expected {row['slug']!r}"
        tally.check(f"{executor.label}: slugs: {row['name']!r}", problem)


def run_diffs(rows, executor, tally):
    if not hasattr(executor, "diffs"):
        return
    given = executor.diffs([(row["previous"], row["current"]) for row in rows])
    for row, (entered, left) in zip(rows, given):
        same = (entered, left) == (row["entered"], row["left"])
        tally.check(f"{executor.label}: diffs: {row}",
                    None if same else f"entered {entered}, left {left}")


def run_texts(rows, executor, tally):
    if not hasattr(executor, "is_valid"):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "condition.json"
        for row in rows:
            where = f"{executor.label}: texts: {row['text']!r}"
            path.write_text(row["text"], encoding="utf-8", newline="")
            valid = executor.is_valid(path)
            tally.check(where, None if valid != bool(row["codes"]) else f"valid: {valid}")
            if isinstance(executor, Oracle):
                _, errors = oracle.parse_condition_text(row["text"].encode("utf-8"))
                codes = sorted(error.code for error in errors)
                tally.check(where, None if codes == row["codes"] else f"{codes}")


def canonical(ms):
    """An instant as text; None outside the years that have one."""
    try:
        instant = datetime(1970, 1, 1) + timedelta(milliseconds=ms)
    except OverflowError:
        return None
    return instant.isoformat(timespec="milliseconds") + "Z"


def instants_as_cases(rows):
    """Each text once as a stored value and once as a filter's value.

    Only a stored date compares with a date, so "before or not before this" finds the dates; and
    equality with the canonical text of a millisecond finds those that were read as it.
    """
    middle = "2024-01-01T00:00:00Z"
    contacts = [{"id": f"t{index}", "data": {"t": row["text"]}} for index, row in enumerate(rows)]
    dates = {f"t{index}": row["ms"] for index, row in enumerate(rows) if row["ms"] is not None}
    cases = [{
        "name": "which are dates", "ids": list(dates),
        "condition": {"logic": "OR", "groups": [
            {"filters": [{"field": "data.t", "operator": operator, "value": middle}]}
            for operator in ("lessThan", "greaterThanOrEqual")]}}]
    for ms in sorted(set(dates.values())):
        if canonical(ms):
            cases.append({"name": f"which are {ms}", "filter": ["data.t", "equals", canonical(ms)],
                          "ids": [key for key in dates if dates[key] == ms]})
    for row in rows:
        case = {"name": f"as a value: {row['text']!r}",
                "filter": ["createdAt", "greaterThan", row["text"]]}
        if row["ms"] is None:
            case["errors"] = [{"field": ".value", "code": "invalid_value"}]
        else:
            # Every contact was created at the default instant.
            is_later = oracle.parse_instant(CONTACT_DEFAULTS["createdAt"]).ms > row["ms"]
            case["ids"] = [contact["id"] for contact in contacts] if is_later else []
        cases.append(case)
    return {"now": middle, "contacts": contacts, "cases": cases}


def run_instants(rows, executor, tally):
    run_cases("instants", instants_as_cases(rows), executor, tally)
    if not isinstance(executor, Oracle):
        return
    for row in rows:
        instant = oracle.parse_instant(row["text"])
        given = instant.ms if instant else None
        tally.check(f"oracle: instants: {row['text']!r}",
                    None if given == row["ms"] else f"{given}")


def line_number(place):
    file, _, number = place.partition(":")
    return file, int(number)


def run_bad_lines(rows, executor, tally):
    condition = {"logic": "AND", "groups": [
        {"filters": [{"field": "email", "operator": "contains", "value": ""}]}]}
    for row in rows:
        where = f"{executor.label}: bad_lines: {row['about']}"
        tables = {name: [line_of(line) for line in row[name]]
                  for name in executors.TABLES if name in row}
        with tempfile.TemporaryDirectory() as folder:
            executors.write_folder(folder, tables, [("all", json.dumps(condition))])
            answer = executor.evaluate(folder, "2024-03-01T00:00:00Z")
        for problem in answer.problems:
            tally.check(where, problem)
        left = answer.cases[0].members if answer.cases else None
        tally.check(where, compare_members(row["left"], left or []))
        bad = set(row["bad"])
        for place in sorted(bad | answer.bad_lines, key=line_number):
            problem = None
            if place not in answer.bad_lines:
                problem = f"{place} was read"
            elif place not in bad:
                problem = f"{place} was refused"
            tally.check(where, problem)


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    executors.add_arguments(parser)
    parser.add_argument("--no-oracle", action="store_true", help="leave the oracle out")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these corpus files only")
    options = parser.parse_args()
    chosen = ([] if options.no_oracle else [Oracle()]) + executors.chosen(options)
    tally = Tally()
    special = {"slugs": run_slugs, "diffs": run_diffs, "texts": run_texts,
               "bad_lines": run_bad_lines, "instants": run_instants}
    for path in sorted(CORPUS.glob("*.json")):
        name = path.stem
        if options.only and name not in options.only:
            continue
        source = json.loads(path.read_text(encoding="utf-8"))
        for executor in chosen:
            if name in special:
                special[name](source, executor, tally)
            else:
                run_cases(name, source, executor, tally)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
