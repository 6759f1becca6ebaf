#!/usr/bin/python3
"""Random tables and random conditions, answered by the engine and by the oracle.

    differential.py [--native PATH] [--wasm COMMAND] [--seed N] [--rounds N] [--contacts N]
    differential.py --inject-fault [--seed N]

A round is one table with its cases; its generator is seeded by the seed and the number of the
round, so `--seed N --only-round K` repeats one round alone. The pools of values are small and
nasty on purpose: a condition says something about a table only if the same values, instants a
millisecond around the same cutoffs, and spellings of the same text turn up on both sides.

--inject-fault tests this tester: the executor is the oracle with one rule made wrong, once for
each of FAULTS, and a fault that no round notices is a failure.
"""

import argparse
import json
import random
import re
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import executors
from executors import Oracle, load_oracle, oracle

NOWS = ("2024-03-01T12:00:00.000Z", "2024-02-29T00:00:00.000Z", "2023-12-31T23:59:59.999Z",
        "1970-01-02T00:00:00.001Z", "2038-01-19T03:14:08.000Z")

SPANS = ((0, "days"), (1, "days"), (24, "hours"), (36, "hours"), (7, "days"), (30, "days"),
         (90, "minutes"), (0.5, "hours"), (1.5, "days"), (0.00001, "minutes"), (16068.3, "days"),
         (366, "days"), (1e6, "days"), (1e308, "days"))

# No character younger than Unicode 14, which is what Python 3.11 knows.
PIECES = ("a", "A", "b", "é", "e\u0301", "É", "ß", "ẞ", "ss", "SS", "İ", "i\u0307", "i", "I", "ı",
          "Σ", "σ", "ς", "ﬁ", "fi", "ſ", "K", "\u212a", "\u1fb3\u0300", "\u1fb2", "\u0345",
          "\u0301", "\u0323", "\u0327", "가", "\u1100\u1161", "🎉", "👩\u200d🚀", "%", "_", "\\",
          "\"", "'", " ", "\t", "\n", "\u00a0", "\u007f", "\u2028", "Ａ", "ａ", "\U00010400",
          "\U00010428", "0", "42", ".", "/", "\ufeff", "\uffff", "\U0010ffff")
TEXTS = ("", "pro", "Pro", "PRO ", "free", "Straße", "STRASSE", "strasse 5", "café", "cafe\u0301",
         "İstanbul", "istanbul", "ΣΊΣΥΦΟΣ", "σίσυφος", "50%", "50_", "a_b", "axb", "42", "1", "0",
         "true", "false", "null", "2024", "2024-02-30", "05/06/2026", "1709251200000")
# The spelling of a number matters to a parser, so these stay as they are written.
NUMBERS = ("0", "-0", "-0.0", "1", "1.0", "1e0", "10E-1", "42", "42.0", "4.2e1", "-1", "0.1",
           "0.1000000000000000055511151231257827", "9007199254740992", "9007199254740993", "1e308",
           "-1e308", "5e-324", "1e-400", "0.30000000000000004", "1" + "0" * 80)
KEYS = ("v", "w", "plan", "a", "a.b", "a.b.c", "b", "é", "e\u0301", "", ".", "A", "0", "__proto__")
# Most of what is stored and asked for meets in two places.
COMMON_KEYS = ("v", "a.b")
PATHS = KEYS + ("a.b.d", "v.w", "w.", "..", "nobody", "a.0")
EVENTS = ("buy", "Buy", "shop.paid", "shop", "email.opened", ".", "é", "login")
COLUMNS = tuple(oracle.ACTIVITY_COLUMNS)


class Spelling(str):
    """A JSON number to be written exactly so."""


def write_json(value, ascii_only):
    """JSON text in which each Spelling stands as it is."""
    if isinstance(value, Spelling):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=ascii_only)}:"
                              f"{write_json(member, ascii_only)}"
                              for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write_json(item, ascii_only) for item in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


class Generator:
    def __init__(self, seed, round_number, contact_count, case_count):
        self.random = random.Random(f"{seed}:{round_number}")
        self.now = self.random.choice(NOWS)
        self.now_ms = oracle.parse_instant(self.now).ms
        self.contact_count = contact_count
        self.case_count = case_count

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, items):
        return self.random.choice(items)

    # Values

    def text(self):
        if self.chance(0.5):
            return self.pick(TEXTS)
        return "".join(self.pick(PIECES) for _ in range(self.pick((1, 1, 1, 2, 3, 4))))

    def instant_ms(self):
        value, unit = self.pick(SPANS[:12])
        ms = self.now_ms - int(value * oracle.UNIT_MS[unit]) + self.pick((-1, 0, 0, 1))
        if self.chance(0.15):
            ms = self.now_ms + self.pick((1, 2, oracle.DAY_MS, 400 * oracle.DAY_MS))
        if self.chance(0.2):
            ms = ms // oracle.DAY_MS * oracle.DAY_MS + self.pick((-1, 0, 0, 1))
        return ms

    def instant(self):
        """The text of an instant, in one of its many spellings."""
        if self.chance(0.05):
            return self.pick(("0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31",
                              "9999-12-31T23:59:59.999-12:00", "2024-02-29", "2000-02-29T12:00"))
        ms = self.instant_ms()
        offset_minutes = self.pick((0, 0, 0, 60, -300, 345, 840, -1439))
        zone = "Z" if self.chance(0.5) else ""
        if offset_minutes:
            sign = "+" if offset_minutes > 0 else "-"
            zone = f"{sign}{abs(offset_minutes) // 60:02}:{abs(offset_minutes) % 60:02}"
        try:
            local = datetime(1970, 1, 1) + timedelta(milliseconds=ms + offset_minutes * 60_000)
        except OverflowError:
            return "1970-01-01"
        if self.chance(0.15):
            return local.strftime("%Y-%m-%d").zfill(10)
        seconds = local.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
        digits = f"{local.microsecond // 1000:03}"
        if self.chance(0.3):
            digits += "".join(self.pick("0599") for _ in range(self.random.randint(1, 6)))
        if digits == "000":
            if seconds.endswith(":00") and self.chance(0.5):
                seconds = seconds[:16]
            return seconds + zone
        return f"{seconds}.{digits if self.chance(0.5) else digits.rstrip('0') or '0'}{zone}"

    def scalar(self):
        kind = self.random.random()
        if kind < 0.35:
            return self.text()
        if kind < 0.6:
            return Spelling(self.pick(NUMBERS))
        if kind < 0.75:
            return self.instant()
        return self.pick((True, False, None))

    def stored(self, level=1):
        kind = self.random.random()
        if level > 3 or kind < 0.75:
            return self.scalar()
        if kind < 0.88:
            return [self.stored(level + 1) for _ in range(self.random.randint(0, 3))]
        return self.object(level + 1)

    def object(self, level):
        made = {self.key(): self.stored(level) for _ in range(self.random.randint(0, 5))}
        if self.chance(0.3):
            made["a"] = {"b": self.stored(level + 2)}
        if self.chance(0.1):
            made["a.b"] = None
        return made

    def key(self):
        return self.pick(COMMON_KEYS if self.chance(0.5) else KEYS)

    # Data lines

    def line(self, row):
        text = write_json(row, self.chance(0.2))
        if self.chance(0.03):
            text = self.broken(text)
        if self.chance(0.05):
            text = f" {text}\t\r"
        return text if isinstance(text, bytes) else text.encode("utf-8")

    def broken(self, text):
        """A line that is bad, most of the time."""
        cut = self.random.randrange(len(text))
        return self.pick((
            text[:cut], text + "}", text.replace(":", "", 1), text.replace("}", ",}", 1),
            text.replace("true", "1", 1), text.replace("{", '{"x":1e400,', 1),
            text.replace("{", '{"x":"\\u0000",', 1), text.replace("{", '{"x":"\\ud800",', 1),
            text.replace("20", "2", 1), text.replace('"', "'"), f"[{text}]", "", "null"))

    def email(self, index):
        if self.chance(0.05):
            return self.pick(("same@example.com", " Same@Example.COM\t", "STRASSE@x", "straße@x"))
        name = re.sub(r"[\x00-\x1f]", "", self.text()) if self.chance(0.4) else "User"
        space = self.pick(("", "", "", " ", "\t\n", "\u00a0"))
        return f"{space}{name}.{index}@{self.pick(('acme', 'ACME', 'else'))}.test{space}"

    def contact(self, index):
        contact_id = f"c{index}" if not self.chance(0.02) else "c0"
        row = {"id": contact_id, "email": self.email(index), "subscribed": self.chance(0.5),
               "createdAt": self.instant(), "updatedAt": self.instant()}
        if self.chance(0.95):
            row["data"] = self.object(1) if self.chance(0.95) else None
        if self.chance(0.05):
            row["extra"] = self.stored()
        return row

    def tables(self):
        ids = [f"c{index}" for index in range(self.contact_count)]
        contacts = [self.line(self.contact(index)) for index in range(self.contact_count)]
        events = []
        for _ in range(self.contact_count * 3):
            events.append(self.line({
                "contactId": self.pick(ids) if not self.chance(0.01) else "nobody",
                "name": self.pick(EVENTS), "createdAt": self.instant()}))
        emails = []
        for _ in range(self.contact_count):
            row = {"contactId": self.pick(ids)}
            for column in COLUMNS:
                if self.chance(0.6):
                    row[column] = self.instant() if self.chance(0.4) else None
            emails.append(self.line(row))
        tables = {"contacts": contacts}
        if self.chance(0.9):
            tables["events"] = events
        if self.chance(0.9):
            tables["emails"] = emails
        return tables

    # Conditions

    def field(self):
        kind = self.random.random()
        if kind < 0.1:
            return "email"
        if kind < 0.15:
            return "subscribed"
        if kind < 0.25:
            return self.pick(("createdAt", "updatedAt"))
        if kind < 0.65:
            return "data." + self.pick(
                COMMON_KEYS if self.chance(0.6) else [path for path in PATHS if path])
        if kind < 0.8:
            return "event." + self.pick(EVENTS + ("nobody",))
        return "email." + self.pick(sorted(oracle.ACTIVITIES))

    def filter(self, referable):
        """A valid filter."""
        if referable and self.chance(0.15):
            return {"field": f"segment.{self.pick(referable)}",
                    "operator": self.pick(oracle.OPERATORS["segment"])}
        field = self.field()
        kind, _ = oracle.field_kind(field)
        operator = self.pick(oracle.OPERATORS[kind])
        made = {"field": field, "operator": operator}
        if operator in oracle.WITHOUT_VALUE:
            if self.chance(0.2):
                made["value"] = self.pick((None, ""))
            return made
        if operator in oracle.RELATIVE:
            made["value"], made["unit"] = self.pick(SPANS)
            return made
        if kind == "email":
            made["value"] = self.email(self.random.randrange(self.contact_count))
            if operator in ("contains", "notContains") or self.chance(0.3):
                made["value"] = self.text()
        elif kind == "subscribed":
            made["value"] = self.chance(0.5)
        elif kind == "instant":
            made["value"] = self.instant()
        elif operator in ("contains", "notContains"):
            made["value"] = self.pick(PIECES) if self.chance(0.5) else self.text()
        elif operator in oracle.ORDERINGS:
            made["value"] = self.pick((
                self.text(), self.pick(PIECES), self.instant(), Spelling(self.pick(NUMBERS))))
        else:
            while made.get("value") is None:
                made["value"] = self.scalar()
        return made

    def condition(self, referable, level=1):
        groups = []
        for _ in range(self.pick((1, 1, 2, 3))):
            group = {"filters": [self.filter(referable) for _ in range(self.pick((0, 1, 1, 2, 3)))]}
            if not group["filters"] and level > 3:
                group["filters"].append(self.filter(referable))
            elif not group["filters"] or (level < 4 and self.chance(0.2)):
                group["conditions"] = self.condition(referable, level + 1)
            elif self.chance(0.1):
                group["conditions"] = None
            groups.append(group)
        return {"logic": self.pick(("AND", "OR")), "groups": groups}

    def junk(self):
        return self.pick((None, True, 0, -1, 1.5, "", "x", "days", "equals", "AND", [], {}, [1],
                          {"field": "email"}, "2024-01-01", "exists", "data.v"))

    def damage(self, node):
        """Make one or more random changes anywhere inside a condition."""
        places = []

        def collect(value):
            if isinstance(value, dict):
                places.append(value)
                for member in value.values():
                    collect(member)
            elif isinstance(value, list):
                for member in value:
                    collect(member)

        collect(node)
        for _ in range(self.pick((1, 1, 2, 4))):
            place = self.pick(places)
            change = self.random.random()
            names = list(place)
            if change < 0.3 and names:
                place[self.pick(names)] = self.junk()
            elif change < 0.5 and names:
                del place[self.pick(names)]
            elif change < 0.6:
                name = self.pick(("opertor", "x y", "é", "", "Field", "conditions"))
                place[name] = self.junk()
            elif change < 0.7:
                place["unit"] = self.junk()
            elif change < 0.8:
                place["operator"] = self.pick(sorted(oracle.ALL_OPERATORS) + ["is"])
            elif change < 0.9:
                place["field"] = self.pick((self.field(), "nonsense", "email.", "data", "Email"))
            else:
                place["value"] = self.junk()
        return node

    def cases(self):
        made, referable = [], []
        for index in range(self.case_count):
            name = self.pick((f"case {index}", f"Case.{index}", f"cäse-{index}"))
            condition = self.condition(referable)
            if self.chance(0.4):
                # One filter alone shows what several together may hide.
                condition = {"logic": "AND", "groups": [{"filters": [self.filter(referable)]}]}
            if self.chance(0.25):
                # A reference inside a damaged condition would tie two kinds of errors together.
                condition = self.damage(self.condition([]))
            elif self.chance(0.03):
                condition["groups"][0]["filters"].append(
                    {"field": "segment.nobody", "operator": "memberOfSegment"})
            else:
                referable.append(name)
            made.append((name, write_json(condition, False)))
        return made


# Each fault is an edit of the oracle's source. An edit that no longer applies is an error, so the
# list cannot fall silently behind the oracle.
FAULTS = (
    ("within lets the future through",
     "return cutoff <= t_ms <= now_ms", "return cutoff <= t_ms"),
    ("within leaves its own cutoff out",
     "return cutoff <= t_ms <= now_ms", "return cutoff < t_ms <= now_ms"),
    ("the cutoff is a millisecond late",
     "* float(UNIT_MS[unit])", "* float(UNIT_MS[unit]) + 1"),
    ("olderThan takes the cutoff in",
     "return t_ms < cutoff", "return t_ms <= cutoff"),
    ("notEquals matches contacts without the field",
     'return this.operator == "notExists"', 'return this.operator in ("notExists", "notEquals")'),
    ("contains is case-sensitive",
     "return this.folded in folded(stored)", "return this.value in stored"),
    ("folding is lower-casing",
     'unicodedata.normalize("NFD", text).casefold())', "text.lower())"),
    ("a literal key with null hides the nested one",
     "    if found is None:\n        found = data",
     "    if path not in data:\n        found = data"),
    ("a timestamp is stretched to its day",
     "return t_ms == wanted.ms", "return t_ms // DAY_MS == wanted.ms // DAY_MS"),
    ("triggeredOlderThan ignores later occurrences",
     "return len(times_ms) > 0 and not has_recent",
     "return any(t_ms < cutoff for t_ms in times_ms)"),
    ("notTriggeredWithin leaves out who never had it",
     "    return not has_recent", "    return len(times_ms) > 0 and not has_recent"),
    ("true equals 1",
     "return stored is this.value", "return stored == this.value"),
    ("notContains matches what is no text",
     "does_contain(this, stored) is False", "does_contain(this, stored) is not True"),
    ("an array contains parts of its texts",
     "folded(item) == this.folded", "this.folded in folded(item)"),
    ("OR is read as AND",
     "return any(match_group(", "return all(match_group("),
    ("a nested condition is not looked at",
     "return group.condition is None or evaluate(", "return True or evaluate("),
    ("zones are applied the wrong way round",
     'ms += -offset_ms if sign == "+" else offset_ms',
     'ms += offset_ms if sign == "+" else -offset_ms'),
    ("fractions of a second are rounded up",
     'ms += int(((fraction or "") + "000")[:3])',
     'ms += round(float("0." + (fraction or "0")) * 1000)'),
    ("notMemberOfSegment is memberOfSegment",
     'is_member(this.name, contact) == (this.operator == "memberOfSegment")',
     "is_member(this.name, contact)"),
    ("text is ordered by UTF-16",
     'stored.encode("utf-8"), this.value.encode("utf-8")',
     'stored.encode("utf-16-be"), this.value.encode("utf-16-be")'),
    ("more than ASCII white space is trimmed",
     "text.strip(ASCII_SPACE)", "text.strip()"),
    ("a duplicate id replaces the contact",
     "if contact.id in table:", "if False:"),
    ("an unexpected unit is let through",
     'self.unexpected(node, place, "unit")\n        if isinstance', "pass\n        if isinstance"),
    ("unknown members are let through",
     "if name not in known:", "if False:"),
    ("only the first error is reported",
     "errors = reader.errors + check_references", "errors = reader.errors[:1] + check_references"),
)


def faulty_oracle(name, old, new):
    def edit(source):
        if source.count(old) != 1:
            sys.exit(f"fault {name!r}: its place in the oracle is gone or not unique")
        return source.replace(old, new)
    return Oracle(load_oracle(edit), f"fault: {name}")


def differences(expected, given):
    """[(case name or None, what differs, addresses that differ)]"""
    found = [(None, problem, set()) for problem in given.problems]
    if expected.bad_lines != given.bad_lines:
        read = sorted(expected.bad_lines - given.bad_lines)
        refused = sorted(given.bad_lines - expected.bad_lines)
        found.append((None, f"bad lines that were read: {read}; good ones refused: {refused}",
                      set()))
    if [case.name for case in expected.cases] != [case.name for case in given.cases]:
        found.append((None, f"{len(given.cases)} answers to {len(expected.cases)} cases", set()))
        return found
    for want, have in zip(expected.cases, given.cases):
        if want.errors is not None or have.errors is not None:
            wanted = {(error["field"], error["code"]) for error in want.errors or ()}
            gotten = {(error["field"], error["code"]) for error in have.errors or ()}
            if wanted != gotten:
                found.append((want.name, f"errors not reported: {sorted(wanted - gotten)}; "
                              f"reported without reason: {sorted(gotten - wanted)}", set()))
        elif want.members != have.members:
            missing = set(want.members) - set(have.members)
            extra = set(have.members) - set(want.members)
            found.append((want.name, f"missing {sorted(missing)[:10]}, "
                          f"not expected {sorted(extra)[:10]}", missing | extra))
    return found


def print_difference(where, difference, cases, folder):
    name, problem, emails = difference
    print(f"{where}: {'' if name is None else name + ': '}{problem}")
    if name is not None:
        print(f"  condition: {dict(cases)[name]}")
    if not emails:
        return
    table, _ = oracle.load_table(folder)
    for contact in [contact for contact in table.values() if contact.email in emails][:3]:
        print(f"  {contact}")


def keep_reproduction(generator, tables, cases, out, seed, round_number, label):
    folder = Path(out) / f"{label}-{seed}-{round_number}"
    executors.write_folder(folder, tables, cases)
    arguments = f"eval --data {folder} --cases {folder}/cases.json --now {generator.now} --members"
    (folder / "README").write_text(
        f"seed {seed}, round {round_number}\n"
        f"{executors.ORACLE_PATH} {arguments}\n"
        f"the same with the program in question; compare the lines.\n", encoding="utf-8")
    print(f"  kept in {folder}")


def run_round(options, round_number, chosen):
    """The labels of the executors that differ from the oracle in this round."""
    generator = Generator(options.seed, round_number, options.contacts, options.cases)
    tables, cases = generator.tables(), generator.cases()
    differing = []
    with tempfile.TemporaryDirectory() as folder:
        executors.write_folder(folder, tables, cases)
        expected = Oracle().evaluate(folder, generator.now)
        for executor in chosen:
            found = differences(expected, executor.evaluate(folder, generator.now))
            if not found:
                continue
            differing.append(executor.label)
            if options.inject_fault:
                continue
            for difference in found[:5]:
                print_difference(f"{executor.label}: seed {options.seed}, round {round_number}",
                                 difference, cases, folder)
            keep_reproduction(generator, tables, cases, options.out, options.seed, round_number,
                              executor.label)
    return differing


def inject_faults(options):
    unnoticed = [faulty_oracle(*fault) for fault in FAULTS]
    for round_number in range(options.rounds):
        differing = run_round(options, round_number, unnoticed)
        for label in differing:
            print(f"noticed in round {round_number}: {label}")
        unnoticed = [executor for executor in unnoticed if executor.label not in differing]
        if not unnoticed:
            break
    for executor in unnoticed:
        print(f"NOT noticed: {executor.label}")
    print(f"{len(FAULTS) - len(unnoticed)} passed, {len(unnoticed)} failed")
    return 1 if unnoticed else 0


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    executors.add_arguments(parser)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only-round", type=int, metavar="K", help="this round alone")
    parser.add_argument("--contacts", type=int, default=200, help="contacts in a round")
    parser.add_argument("--cases", type=int, default=60, help="conditions in a round")
    parser.add_argument("--out", default="build/differential", help="where reproductions are kept")
    parser.add_argument("--inject-fault", action="store_true", help="test the tester")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    if options.inject_fault:
        return inject_faults(options)
    chosen = executors.chosen(options)
    if not chosen:
        parser.error("nothing to compare with the oracle: give --native, --wasm or --inject-fault")
    rounds = range(options.rounds) if options.only_round is None else [options.only_round]
    failed = sum(1 for number in rounds if run_round(options, number, chosen))
    print(f"{len(rounds) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
