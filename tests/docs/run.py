#!/usr/bin/python3
"""Run the examples of the documentation.

    run.py [--native build/segmentry]

docs/FILTERS.md is run on the native program and on the oracle, example by example:

    ```jsonl contacts|events|emails   the table that every example asks
    ```json filter [NAME]             a condition, or one filter for a condition that holds it;
                                      a NAME makes it a segment that other examples refer to
      ```text matches                 whom it matches: ids, or `nobody`
      ```json errors                  or what is wrong with it: [{"field", "code"}]
    ```text slugs                     NAME -> SLUG, or a NAME alone that has none
    ```json diff                      previous, current, entered, left (the oracle alone)
    ```jsonl bad contacts|events      lines put behind those of the table (for contacts: alone)
      ```text report                  and what the program says of them
    | `code` | ... | `example` | `place` |     a row of the table of errors

In every document, a ```console block is run as it stands: each `$ ` line is a command, at the root
of the repository, and what follows is what it prints; `...` stands for anything. A ```json NAME.json
block is the file of that name, for those commands. A ```js server block is run by Node beside a
server on an empty project, with SEGMENTRY_URL and SECRET_KEY set; the ```text printed block behind it
is what it prints. The ```js receiver and ```python receiver blocks are programs that get a delivery
of a webhook, which they print, and a forged one. Links to files must lead somewhere. The
JavaScript of README.md must be that of the package's README, which the package's tests run, and its
condition that of the benchmark. OPERATIONS.md names the metrics that the server has, and no others. The C of STYLE.md must stand in a public header.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "api"))
from server import Client, Server, wait_until  # noqa: E402

NOW = "2026-05-06T12:00:00Z"
FILTERS = "docs/FILTERS.md"
OPERATIONS = "docs/OPERATIONS.md"
DOCUMENTS = ("README.md", "CHANGELOG.md", "docs/ARCHITECTURE.md", "docs/BENCHMARKS.md", FILTERS,
             "docs/STYLE.md", "docs/API.md", "docs/WEBHOOKS.md", OPERATIONS, "tests/corpus/README.md",
             "wasm/package/README.md")
PACKAGE_README = "wasm/package/README.md"
BENCH_FILTER = "tests/bench/readme_filter.json"
TABLES = ("contacts", "events", "emails")
TIMEOUT_S = 600

ERROR_ROW = re.compile(r"\| `(\w+)` \| .* \| `(\{.*\})` \| (?:`(.*)`)? ?\|$")
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass
class Block:
    line: int           # of the opening fence
    info: list          # the words behind it
    lines: list = field(default_factory=list)

    @property
    def text(self):
        return "\n".join(self.lines)


@dataclass
class Example:
    """Something to evaluate, and what the document says about it."""
    line: int
    name: str
    condition: str      # JSON text: what Python reads and writes again is not the same
    ids: list = None
    errors: list = None


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def expect(self, place, what, expected, found):
        if expected == found:
            self.passed += 1
            return
        self.failed += 1
        print(f"{place}: {what}\n  the document: {expected}\n  found:        {found}")


def blocks_of(text):
    """The fenced blocks, and the other lines as (number, line)."""
    blocks, prose, block = [], [], None
    for number, line in enumerate(text.split("\n"), 1):
        if block is None and line.startswith("```"):
            block = Block(number, line[3:].split())
        elif block is None:
            prose.append((number, line))
        elif line == "```":
            blocks.append(block)
            block = None
        else:
            block.lines.append(line)
    if block is not None:
        raise SystemExit(f"line {block.line}: this block does not end")
    return blocks, prose


def condition_of(text):
    """One filter becomes the condition that holds it; everything else stays, mistakes and all."""
    if re.match(r'\{\s*"field"', text):
        return f'{{"logic": "AND", "groups": [{{"filters": [{text}]}}]}}'
    return text


def errors_of(rows):
    return sorted(f"{row['code']} at {row['field']!r}" for row in rows)


def run(*command, **options):
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False,
                          cwd=ROOT, **options)


def examples_of(blocks, prose):
    examples = []
    for block, behind in zip(blocks, [*blocks[1:], Block(0, [])]):
        if block.info[:2] != ["json", "filter"]:
            continue
        name = block.info[2] if len(block.info) > 2 else f"line {block.line}"
        example = Example(block.line, name, condition_of(block.text))
        if behind.info == ["text", "matches"]:
            ids = behind.text.split()
            example.ids = [] if ids == ["nobody"] else ids
        elif behind.info == ["json", "errors"]:
            example.errors = json.loads(behind.text)
        else:
            raise SystemExit(f"{FILTERS}:{block.line}: nothing says what this example gives")
        examples.append(example)
    for number, line in prose:
        row = ERROR_ROW.match(line)
        if row:
            code, text, place = row.groups()
            examples.append(Example(number, f"line {number}", condition_of(text),
                                    errors=[{"field": place or "", "code": code}]))
    return examples


def write_table(folder, table):
    for name in TABLES:
        (folder / f"{name}.ndjson").write_text(table[name] + "\n", encoding="utf-8")


def evaluate(program, folder, examples):
    """Answers by name: [id] or [error]."""
    cases = ",\n".join(f'{{"name": {json.dumps(e.name)}, "condition": {e.condition}}}'
                       for e in examples)
    (folder / "cases.json").write_text(f"[\n{cases}\n]\n", encoding="utf-8")
    done = run(*program, "eval", "--data", folder, "--cases", folder / "cases.json", "--now", NOW,
               "--members")
    if done.returncode not in (0, 1):
        raise SystemExit(f"{program[-1]}: exit status {done.returncode}\n{done.stderr.decode()}")
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return {row["name"]: row for row in rows}


def check_examples(report, executors, table, examples):
    ids_by_email = {row["email"].strip().lower(): row["id"]
                    for row in map(json.loads, table["contacts"].splitlines())}
    is_text = {e.name: any(error["code"] == "invalid_json" for error in e.errors or [])
               for e in examples}
    for label, program in executors.items():
        with tempfile.TemporaryDirectory() as folder:
            write_table(Path(folder), table)
            answers = evaluate(program, Path(folder), [e for e in examples if not is_text[e.name]])
        for example in examples:
            place = f"{FILTERS}:{example.line}"
            if is_text[example.name]:
                check_text(report, label, program, place, example)
                continue
            answer = answers[example.name]
            if example.ids is not None:
                found = (sorted(ids_by_email[email] for email in answer["members"])
                         if "members" in answer else errors_of(answer["errors"]))
                report.expect(place, f"{label}: who matches", sorted(example.ids), found)
            else:
                found = errors_of(answer["errors"]) if "errors" in answer else answer["members"]
                report.expect(place, f"{label}: errors", errors_of(example.errors), found)


def check_text(report, label, program, place, example):
    """A text that is no JSON cannot stand in a file of cases; only `check` takes it."""
    if label != "native":
        return
    done = run(*program, "check", "--json", "-", input=example.condition.encode())
    report.expect(place, f"{label}: errors", errors_of(example.errors),
                  errors_of(json.loads(done.stdout)["errors"]))


def check_slugs(report, executors, block):
    for number, line in enumerate(block.lines, block.line + 1):
        name, _, slug = line.partition(" -> ")
        for label, program in executors.items():
            done = run(*program, "slug", "--", name)
            report.expect(f"{FILTERS}:{number}", f"{label}: the slug of {name!r}",
                          (slug + "\n" if slug else "", 0 if slug else 1),
                          (done.stdout.decode(), done.returncode))


def check_diff(report, block):
    said = json.loads(block.text)
    code = ("import json, sys; sys.path.insert(0, 'tests/oracle'); import oracle; "
            "print(json.dumps(oracle.diff(*json.load(sys.stdin))))")
    done = run(sys.executable, "-c", code,
               input=json.dumps([said["previous"], said["current"]]).encode())
    report.expect(f"{FILTERS}:{block.line}", "oracle: entered and left",
                  [said["entered"], said["left"]], json.loads(done.stdout))


def check_bad_lines(report, executors, table, block, behind):
    name = block.info[2]
    bad = {"contacts": "", "events": "", "emails": ""}
    if name != "contacts":
        bad["contacts"] = table["contacts"]
    bad[name] = block.text
    for label, program in executors.items():
        with tempfile.TemporaryDirectory() as folder:
            write_table(Path(folder), bad)
            (Path(folder) / "cases.json").write_text("[]")
            done = run(*program, "eval", "--data", folder, "--cases", f"{folder}/cases.json",
                       "--now", NOW)
        found, expected = done.stderr.decode().splitlines(), behind.lines
        if label != "native":       # the words are the program's own, the places are not
            found, expected = ([":".join(line.split(":")[:2]) for line in lines]
                               for lines in (found, expected))
        report.expect(f"{FILTERS}:{behind.line}", f"{label}: bad lines", expected, found)


def check_filters(report, executors):
    blocks, prose = blocks_of((ROOT / FILTERS).read_text(encoding="utf-8"))
    table = {block.info[1]: block.text for block in blocks
             if block.info[0] == "jsonl" and block.info[1] in TABLES}
    check_examples(report, executors, table, examples_of(blocks, prose))
    for block, behind in zip(blocks, [*blocks[1:], Block(0, [])]):
        if block.info == ["text", "slugs"]:
            check_slugs(report, executors, block)
        elif block.info == ["json", "diff"]:
            check_diff(report, block)
        elif block.info[:2] == ["jsonl", "bad"]:
            check_bad_lines(report, executors, table, block, behind)


def check_console(report, place, block, folder, files):
    """Each command, with what it prints up to the next one."""
    turns = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    for turn in turns:
        command, _, printed = turn.partition("\n")
        for name in files:
            command = re.sub(rf"(?<=\s){re.escape(name)}\b", f"{folder}/{name}", command)
        found = run("bash", "-c", command)
        text = (found.stdout + found.stderr).decode().rstrip()
        pattern = re.escape(printed.rstrip()).replace(r"\.\.\.", ".*")
        if not re.fullmatch(pattern, text, re.DOTALL):
            report.expect(place, command, printed.rstrip(), text)
        else:
            report.passed += 1


@contextmanager
def serving(program, *options):
    """A server, and the keys of its empty project."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(program, str(Path(folder) / "segmentry.db"), *options)
        keys = server.create_project("Examples")
        server.start()
        try:
            yield server, keys
        finally:
            server.stop()


def check_script(report, place, program, block, printed):
    """JavaScript that talks to a server."""
    with serving(program) as (server, keys):
        found = run("node", "--input-type=module", "--eval", block.text, env={
            **os.environ, "SEGMENTRY_URL": f"http://127.0.0.1:{server.port}",
            "SECRET_KEY": keys["secretKey"]})
    report.expect(place, "what the script prints", printed.text,
                  (found.stdout + found.stderr).decode().rstrip())


RECEIVERS = {"js": ["node", "--input-type=module", "--eval"], "python": [sys.executable, "-c"]}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_receiver(report, place, program, block):
    """A program that takes what a webhook sends, and refuses what another sends."""
    with serving(program, "--allow-private-webhooks") as (server, keys):
        api = Client(server.port, keys["secretKey"])
        port = free_port()
        made = api.post("/webhooks", {"url": f"http://127.0.0.1:{port}/", "events": ["purchase"]})
        with subprocess.Popen(
                [*RECEIVERS[block.info[0]], block.text], stdout=subprocess.PIPE, text=True,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PORT": str(port), "WEBHOOK_SECRET": made.json["secret"]}) as receiver:
            wait_until(lambda: can_connect(port))
            forged = Client(port).send("POST", "/", {"event": {"name": "forged"}}, {
                "webhook-id": "msg_1", "webhook-timestamp": str(int(time.time())),
                "webhook-signature": "v1," + "A" * 44})
            api.post("/v1/track", {"event": "purchase", "email": "ada@example.com"})
            printed = receiver.stdout.readline().rstrip()
            is_noted = wait_until(lambda: api.get("/webhooks").json[0]["pending"] == 0)
            receiver.kill()
    report.expect(place, "a delivery, and a forged one", ("msg_ purchase", 401, True),
                  (printed, forged.status, is_noted))


def can_connect(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def check_metrics(report, program):
    with serving(program) as (server, _):
        page = Client(server.port).get("/metrics").text
    text = (ROOT / OPERATIONS).read_text(encoding="utf-8")
    named = {name.removesuffix("_bucket") for name in re.findall(r"\bsegmentry_[a-z_]+", text)}
    report.expect(OPERATIONS, "its metrics", sorted(named),
                  sorted(re.findall(r"^# TYPE (\w+)", page, re.MULTILINE)))


def check_document(report, name, program):
    path = ROOT / name
    text = path.read_text(encoding="utf-8")
    blocks, prose = blocks_of(text)
    files = {block.info[1]: block.text for block in blocks
             if block.info[0:1] == ["json"] and block.info[1:] and block.info[1].endswith(".json")}
    if name == "README.md":
        condition = json.loads((ROOT / BENCH_FILTER).read_text(encoding="utf-8"))
        report.expect(name, f"its condition is that of {BENCH_FILTER}", condition,
                      json.loads(files["segments.json"])[0]["condition"])
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            (Path(folder) / file).write_text(content, encoding="utf-8")
        for block, behind in zip(blocks, [*blocks[1:], Block(0, [])]):
            if block.info == ["console"]:
                check_console(report, f"{name}:{block.line}", block, folder, files)
            elif block.info == ["js", "server"]:
                check_script(report, f"{name}:{block.line}", program, block, behind)
            elif block.info[1:] == ["receiver"]:
                check_receiver(report, f"{name}:{block.line}", program, block)
    quoted_from = {"README.md": ("js", [ROOT / PACKAGE_README]),
                   "docs/STYLE.md": ("c", (ROOT / "core/include/segmentry").glob("*.h"))}
    language, sources = quoted_from.get(name, (None, []))
    texts = [source.read_text(encoding="utf-8") for source in sources]
    for block in blocks:
        if block.info == [language]:
            report.expect(f"{name}:{block.line}", "stands in the source it is from", True,
                          any(block.text in text for text in texts))
    for number, line in prose:
        for target in LINK.findall(line):
            if re.match(r"https?:", target):
                continue
            linked, _, anchor = target.partition("#")
            there = path if linked == "" else path.parent / linked
            found = there.exists() and (not anchor or anchor in anchors_of(there))
            report.expect(f"{name}:{number}", f"{target} leads somewhere", True, found)


def anchors_of(path):
    _, prose = blocks_of(path.read_text(encoding="utf-8"))
    titles = [line.lstrip("#").strip() for _, line in prose if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(description="Run the examples of the documentation.")
    parser.add_argument("--native", default="build/segmentry", metavar="PROGRAM")
    options = parser.parse_args()
    executors = {"native": [str((ROOT / options.native).resolve())],
                 "oracle": [sys.executable, str(ROOT / "tests/oracle/oracle.py")]}
    report = Report()
    check_filters(report, executors)
    for name in DOCUMENTS:
        check_document(report, name, executors["native"][0])
    check_metrics(report, executors["native"][0])
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
