"""The programs that answer the corpus and the random runs, behind one shape.

Each gets a folder (contacts.ndjson, perhaps events.ndjson and emails.ndjson, cases.json) and an
instant, and returns an Answer. The oracle runs in this process; the others are command lines.
"""

import json
import re
import shlex
import subprocess
import sys
import tempfile
import types
from dataclasses import dataclass
from pathlib import Path

ORACLE_PATH = Path(__file__).resolve().parent.parent / "oracle" / "oracle.py"
TIMEOUT_S = 600
NOT_RUN = 127
TABLES = ("contacts", "events", "emails")


def load_oracle(edit=lambda source: source):
    """The oracle as a module of its own, its source passed through edit first."""
    source = edit(ORACLE_PATH.read_text(encoding="utf-8"))
    module = types.ModuleType("oracle")
    sys.modules["oracle"] = module      # dataclasses look their module up there
    exec(compile(source, str(ORACLE_PATH), "exec"), module.__dict__)
    return module


oracle = load_oracle()


@dataclass
class CaseAnswer:
    name: str
    members: list       # addresses in the order given, or None for an invalid case
    errors: list        # [{ "field", "message", "code" }], or None for a valid one


@dataclass
class Answer:
    cases: list
    bad_lines: set      # "contacts.ndjson:17"
    problems: list      # ways in which the contract of the program itself was broken


def write_folder(folder, tables, cases):
    """tables maps "contacts" and so on to lists of lines (bytes); cases is [(name, JSON text)]."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        if name in tables:
            (folder / f"{name}.ndjson").write_bytes(
                b"".join(line + b"\n" for line in tables[name]))
    texts = [f'{{"name": {json.dumps(name, ensure_ascii=False)}, "condition": {text}}}'
             for name, text in cases]
    (folder / "cases.json").write_text("[\n" + ",\n".join(texts) + "\n]\n", encoding="utf-8")


class Oracle:
    reads_text = True       # sees the JSON text of a condition, not an object made from it
    label = "oracle"

    def __init__(self, module=oracle, label="oracle"):
        self.module = module
        self.label = label

    def evaluate(self, folder, now):
        table, bad_lines = self.module.load_table(folder)
        cases = self.module.read_cases((Path(folder) / "cases.json").read_bytes())
        answers = []
        for result in self.module.run_cases(cases, table, self.module.parse_instant(now).ms):
            if result.errors:
                answers.append(CaseAnswer(
                    result.name, None, [error._asdict() for error in result.errors]))
            else:
                emails = [table[contact_id].email for contact_id in result.members]
                answers.append(CaseAnswer(result.name, sorted(emails, key=str.encode), None))
        return Answer(answers, places_of_bad_lines("\n".join(bad_lines)), [])

    def slugs(self, names):
        return [self.module.slug(name) for name in names]

    def diffs(self, pairs):
        return [self.module.diff(previous, current) for previous, current in pairs]

    def is_valid(self, path):
        _, errors = self.module.parse_condition_text(path.read_bytes())
        return not errors


class Command:
    def __init__(self, label, prefix, reads_text):
        self.label = label
        self.prefix = shlex.split(prefix)
        self.reads_text = reads_text

    def run(self, *arguments):
        command = [*self.prefix, *map(str, arguments)]
        try:
            return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return subprocess.CompletedProcess(command, NOT_RUN, b"", str(error).encode())

    def evaluate(self, folder, now):
        folder = Path(folder)
        done = self.run("eval", "--data", folder, "--cases", folder / "cases.json",
                        "--now", now, "--members")
        stderr = done.stderr.decode("utf-8", "backslashreplace")
        answer = Answer([], places_of_bad_lines(stderr), [])
        expected_status = 2 if answer.bad_lines else 0
        for line in done.stdout.split(b"\n")[:-1]:
            try:
                row = json.loads(line)
                if "errors" in row:
                    expected_status |= 1
                    answer.cases.append(CaseAnswer(row["name"], None, row["errors"]))
                    continue
                members = row["members"]
                answer.cases.append(CaseAnswer(row["name"], members, None))
                if row["count"] != len(members):
                    answer.problems.append(f"{row['name']}: count {row['count']}, but "
                                           f"{len(members)} members")
                if members != sorted(members, key=str.encode):
                    answer.problems.append(f"{row['name']}: members are not in byte order")
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                answer.problems.append(f"not an answer: {line[:200]!r} ({error!r})")
        if done.returncode != expected_status:
            answer.problems.append(f"exit status {done.returncode}, expected {expected_status}; "
                                   f"stderr ends: {stderr[-1000:]}")
        return answer

    def slugs(self, names):
        """One process for all; a refused name gets a process of its own to be told apart."""
        done = self.run("slug", "--", *names)
        lines = done.stdout.decode("utf-8", "backslashreplace").split("\n")[:-1]
        if done.returncode == 0 or len(names) == 1:
            return lines if done.returncode == 0 else [None if done.returncode == 1 else "?"]
        return [self.slugs([name])[0] for name in names]


class Native(Command):
    def __init__(self, path):
        super().__init__("native", path, reads_text=True)

    def is_valid(self, path):
        return self.run("check", path).returncode == 0


class Wasm(Command):
    def __init__(self, command):
        super().__init__("wasm", command, reads_text=False)

    def diffs(self, pairs):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pairs.json"
            path.write_text(json.dumps(pairs), encoding="utf-8")
            done = self.run("diff", path)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode("utf-8", "backslashreplace")[-1000:])
        return [(row["entered"], row["left"]) for row in json.loads(done.stdout)]


def places_of_bad_lines(text):
    return set(re.findall(r"\b((?:contacts|events|emails)\.ndjson:\d+): ", text))


def add_arguments(parser):
    parser.add_argument("--native", metavar="PATH", help="the native program")
    parser.add_argument("--wasm", metavar="COMMAND",
                        help="the WASM package, such as 'node tests/corpus/wasm_eval.mjs'")


def chosen(options):
    executors = []
    if options.native:
        executors.append(Native(options.native))
    if options.wasm:
        executors.append(Wasm(options.wasm))
    return executors
