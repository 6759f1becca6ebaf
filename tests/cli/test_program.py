#!/usr/bin/python3
"""Tests of the program segmentry as a user meets it: options, files, messages, exit statuses.

    test_program.py PROGRAM [unittest options]

What conditions mean is the corpus's business (tests/corpus).
"""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = ""
NOW = "2024-03-01T12:00:00Z"
LINE_BYTES_MAX = 1048576
COMMANDS = ("eval", "check", "slug")


def condition(*filters):
    return {"logic": "AND", "groups": [{"filters": list(filters)}]}


EVERYONE = condition({"field": "data.nowhere", "operator": "notExists"})
INVALID = condition({"field": "data.plan", "operator": "is", "value": 1})


def contact(name, **members):
    return {"id": name, "email": f"{name}@example.com", "subscribed": True,
            "createdAt": "2024-01-01", "updatedAt": "2024-01-01", **members}


def run(*arguments, stdin=b"", stdout=subprocess.PIPE):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, stdout=stdout,
                          stderr=subprocess.PIPE, timeout=120, check=False)


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.cases = self.folder / "cases.json"
        self.data = self.folder / "data"
        self.data.mkdir()
        self.write_contacts([contact("ada"), contact("bob")])
        self.write_cases([{"name": "all", "condition": EVERYONE}])

    def write_cases(self, cases):
        self.cases.write_text(cases if isinstance(cases, str) else json.dumps(cases))

    def write_contacts(self, rows, name="contacts.ndjson", end=b"\n"):
        """Rows are objects, or bytes as they are."""
        lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
        (self.data / name).write_bytes(b"".join(line + end for line in lines))

    def evaluate(self, *options, status=0, stdin=b"", cases=None):
        done = run("eval", "--data", self.data, "--cases", cases or self.cases, "--now", NOW,
                   *options, stdin=stdin)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done

    def counts(self, *options, **keywords):
        done = self.evaluate(*options, **keywords)
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def assert_fails(self, status, says, *arguments, stdin=b""):
        done = run(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, status, (arguments, done.stderr))
        self.assertIn(says, done.stderr.decode())
        self.assertEqual(done.stdout, b"")


class Usage(ProgramTest):
    def test_help_and_version_are_everywhere(self):
        for name in COMMANDS:
            for arguments in ([name, "--help"], [name, "x", "--nonsense", "--help"]):
                done = run(*arguments)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS"):
                    self.assertIn(heading, done.stdout.decode())
            self.assertRegex(run(name, "--version").stdout.decode(), r"^segmentry \d+\.\d+\.\d+\n$")
        self.assertRegex(run("--version").stdout.decode(), r"^segmentry \d+\.\d+\.\d+\n$")
        for arguments in (["--help"], ["help"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 0)
            for name in COMMANDS:
                self.assertIn(name, done.stdout.decode())

    def test_help_fits_a_terminal(self):
        for arguments in (["--help"], *([name, "--help"] for name in COMMANDS)):
            for line in run(*arguments).stdout.decode().splitlines():
                self.assertLessEqual(len(line), 80)

    def test_wrong_usage_is_64(self):
        self.assert_fails(64, "usage:")
        self.assert_fails(64, "no command 'evla'", "evla")
        self.assert_fails(64, "needs --data", "eval")
        self.assert_fails(64, "--dta", "eval", "--dta", "x")
        self.assert_fails(64, "--now needs a value", "eval", "--now")
        self.assert_fails(64, "--members takes no value", "eval", "--members=1")
        self.assert_fails(64, "a name is missing", "slug")
        self.assert_fails(64, "takes one file", "check")
        self.assert_fails(64, "takes one file", "check", "a", "b")
        files = ["--data", self.data, "--cases", self.cases]
        self.assert_fails(64, "yesterday", "eval", *files, "--now", "yesterday")
        self.assert_fails(64, "xml", "eval", *files, "--now", NOW, "--format", "xml")
        self.assert_fails(64, "nothing else", "eval", *files, "--now", NOW, "more")

    def test_options_take_both_forms(self):
        done = run("eval", f"--data={self.data}", f"--cases={self.cases}", f"--now={NOW}")
        self.assertEqual((done.returncode, json.loads(done.stdout)["count"]), (0, 2))
        self.assertEqual(run("slug", "--", "--help").stdout, b"help\n")


class Files(ProgramTest):
    def eval_of(self, data, cases):
        return ["eval", "--data", data, "--cases", cases, "--now", NOW]

    def test_missing_files_are_66(self):
        self.assert_fails(66, "none/contacts.ndjson",
                          *self.eval_of(self.folder / "none", self.cases))
        self.assert_fails(66, "none.json", *self.eval_of(self.data, self.folder / "none.json"))
        self.assert_fails(66, "none.json", "check", self.folder / "none.json")

    def test_folders_are_no_files(self):
        self.assert_fails(66, str(self.folder), *self.eval_of(self.data, self.folder))
        self.assert_fails(66, str(self.folder), "check", self.folder)
        (self.data / "events.ndjson").mkdir()
        self.assert_fails(66, "events.ndjson", *self.eval_of(self.data, self.cases))

    def test_cases_that_are_no_list_are_65(self):
        for text, says in (("", "JSON"), ("[", "JSON"), ("[] x", "JSON"), ("{}", "array"),
                           ("null", "array"), ('"x"', "array")):
            self.write_cases(text)
            self.assert_fails(65, says, *self.eval_of(self.data, self.cases))
            self.assert_fails(65, "cases.json", *self.eval_of(self.data, self.cases))

    def test_cases_of_the_wrong_shape_are_told_one_by_one(self):
        self.write_cases([7, {"condition": EVERYONE}, {"name": 5, "condition": EVERYONE},
                          {"name": "bare"}, {"name": "null", "condition": None},
                          {"name": "bad", "condition": INVALID},
                          {"name": "good", "condition": EVERYONE}])
        rows = self.counts(status=1)
        self.assertEqual([row["name"] for row in rows],
                         [None, None, None, "bare", "null", "bad", "good"])
        for row in rows[:-1]:
            self.assertTrue(row["errors"], row)
            for error in row["errors"]:
                self.assertEqual(set(error), {"field", "message", "code"})
        self.assertEqual(rows[-1], {"name": "good", "count": 2})

    def test_no_cases_are_no_lines(self):
        self.write_cases("[]")
        self.assertEqual(self.evaluate().stdout, b"")

    def test_standard_input(self):
        cases = json.dumps([{"name": "in", "condition": EVERYONE}]).encode()
        self.assertEqual(self.counts(cases="-", stdin=cases), [{"name": "in", "count": 2}])
        done = run("check", "-", stdin=json.dumps(EVERYONE).encode())
        self.assertEqual((done.returncode, done.stdout),
                         (0, b"-: valid: 1 filter in 1 group\n"))

    def test_output_that_cannot_be_written_is_74(self):
        valid = self.folder / "valid.json"
        valid.write_text(json.dumps(EVERYONE))
        for arguments in (self.eval_of(self.data, self.cases), ["--help"], ["--version"],
                          ["eval", "--help"], ["slug", "A"], ["check", valid],
                          ["check", "--json", valid]):
            with open("/dev/full", "wb") as full:
                done = run(*arguments, stdout=full)
            self.assertEqual(done.returncode, 74, arguments)
            self.assertIn("cannot write", done.stderr.decode())


class DataLines(ProgramTest):
    def test_bad_lines_are_named_and_the_rest_is_read(self):
        self.write_contacts([contact("ada"), b"{", b"", contact("ada"), contact("bob"), b"[]",
                             b'{"id":"\xff"}', b'{"id":"a\x00b"}'])
        self.write_contacts([{"contactId": "ada", "name": "e", "createdAt": "2024-01-01"},
                             {"contactId": "nobody", "name": "e", "createdAt": "2024-01-01"}],
                            name="events.ndjson")
        self.write_contacts([b"x", {"contactId": "ada", "sentAt": "2024-02-30"}],
                            name="emails.ndjson")
        done = self.evaluate(status=2)
        self.assertEqual(json.loads(done.stdout), {"name": "all", "count": 2})
        places = [line.split(": ")[0] for line in done.stderr.decode().splitlines()]
        self.assertEqual(places, ["contacts.ndjson:2", "contacts.ndjson:4", "contacts.ndjson:6",
                                  "contacts.ndjson:7", "contacts.ndjson:8", "events.ndjson:2",
                                  "emails.ndjson:1", "emails.ndjson:2"])

    def test_bad_lines_and_invalid_cases_are_3(self):
        self.write_contacts([contact("ada"), b"{"])
        self.write_cases([{"name": "bad", "condition": INVALID}])
        self.evaluate(status=3)

    def test_a_line_that_the_end_cuts_is_refused(self):
        (self.data / "contacts.ndjson").write_bytes(
            json.dumps(contact("ada")).encode() + b"\n" + json.dumps(contact("bob")).encode()[:-5])
        done = self.evaluate(status=2)
        self.assertEqual(json.loads(done.stdout)["count"], 1)
        self.assertTrue(done.stderr.startswith(b"contacts.ndjson:2: "))

    def test_the_last_newline_may_lack(self):
        (self.data / "contacts.ndjson").write_bytes(json.dumps(contact("ada")).encode())
        self.assertEqual(self.counts()[0]["count"], 1)

    def test_carriage_returns_byte_order_mark_and_blank_lines(self):
        self.write_contacts([b"\xef\xbb\xbf" + json.dumps(contact("ada")).encode(), b"", b"  \t",
                             contact("bob")], end=b"\r\n")
        self.assertEqual(self.counts()[0]["count"], 2)

    def test_an_empty_file_has_no_contacts(self):
        (self.data / "contacts.ndjson").write_bytes(b"")
        self.assertEqual(self.counts()[0]["count"], 0)

    def padded(self, name, size, before=b""):
        """A contact's line of exactly this many bytes, padded before or behind."""
        line = json.dumps(contact(name)).encode()
        padding = b" " * (size - len(line))
        return padding + line if before else line + padding

    def test_the_longest_line_goes_in_and_one_byte_more_does_not(self):
        for end in (b"\n", b""):
            for size, count in ((LINE_BYTES_MAX, 3), (LINE_BYTES_MAX + 1, 2)):
                lines = [json.dumps(contact("ada")).encode(), self.padded("long", size),
                         json.dumps(contact("bob")).encode()]
                if not end:
                    lines = [lines[0], lines[2], lines[1]]  # the long one last, without newline
                (self.data / "contacts.ndjson").write_bytes(b"\n".join(lines) + end)
                done = self.evaluate(status=0 if count == 3 else 2)
                self.assertEqual(json.loads(done.stdout)["count"], count)
                if count == 2:
                    self.assertRegex(done.stderr.decode(), r"^contacts.ndjson:\d: .*1048576")
                    self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_lines_of_many_megabytes_are_one_bad_line_each(self):
        for padding in (b"x", b" ", b"\t"):
            for megabytes in (1, 2, 3, 5):
                long_line = padding * (megabytes << 20) + json.dumps(contact("long")).encode()
                self.write_contacts([contact("ada"), long_line, contact("bob"), b"{"])
                done = self.evaluate(status=2)
                self.assertEqual(json.loads(done.stdout)["count"], 2)
                places = [line.split(": ")[0] for line in done.stderr.decode().splitlines()]
                self.assertEqual(places, ["contacts.ndjson:2", "contacts.ndjson:4"],
                                 (padding, megabytes))

    def test_long_strings_are_refused_with_their_place(self):
        self.write_contacts([contact("ada", data={"deep": {"text": "x" * 1000000}}),
                             contact("bob", data={"n": "y" * 65536})])
        done = self.evaluate(status=2)
        self.assertEqual(json.loads(done.stdout)["count"], 1)
        self.assertIn("data.deep.text", done.stderr.decode())

    def test_numbers_beyond_a_double_are_refused_with_their_place(self):
        line = json.dumps(contact("ada", data={"n": 7})).replace("7", "1e400").encode()
        self.write_contacts([line, contact("bob")])
        done = self.evaluate(status=2)
        self.assertEqual(json.loads(done.stdout)["count"], 1)
        self.assertIn("contacts.ndjson:1: data.n", done.stderr.decode())


class Output(ProgramTest):
    def test_members_stand_in_byte_order(self):
        emails = ["b@x", "a@x", "é@x", "Z@x", "a@x.y", "zz@x", '"q\\"@x']
        self.write_contacts([contact(f"c{i}", email=email) for i, email in enumerate(emails)])
        members = self.counts("--members")[0]["members"]
        self.assertEqual(members, sorted((email.lower() for email in emails), key=str.encode))

    def test_timings_come_last(self):
        row = self.counts("--members", "--timings")[0]
        self.assertEqual(list(row), ["name", "count", "members", "us"])
        self.assertGreaterEqual(row["us"], 0)

    def test_cases_come_in_order_with_their_names_whole(self):
        names = ['quote " and \\', "new\nline", "日本語", "", "\u007f", "dup", "dup"]
        self.write_cases([{"name": name, "condition": EVERYONE} for name in names])
        self.assertEqual([row["name"] for row in self.counts()], names)

    def test_the_table_is_for_reading(self):
        self.write_cases([{"name": "Été", "condition": EVERYONE},
                          {"name": "bad", "condition": INVALID}])
        lines = self.evaluate("--format", "table", "--timings", status=1).stdout.decode()
        self.assertIn("2 contacts", lines)
        self.assertRegex(lines, r"Été +2 +100\.0 % +\d+\.\d us\n")
        self.assertRegex(lines, r"bad: not valid: groups\[0\]\.filters\[0\]\.operator")
        self.write_contacts([])
        lines = self.evaluate("--format=table", status=1).stdout.decode()
        self.assertRegex(lines, r"Été +0 +0\.0 %\n")

    def test_segments_are_other_cases(self):
        inside = condition({"field": "segment.all", "operator": "memberOfSegment"})
        outside = condition({"field": "segment.gone", "operator": "memberOfSegment"})
        circle = condition({"field": "segment.circle", "operator": "notMemberOfSegment"})
        self.write_cases([{"name": "inside", "condition": inside},
                          {"name": "all", "condition": EVERYONE},
                          {"name": "outside", "condition": outside},
                          {"name": "circle", "condition": circle}])
        rows = self.counts(status=1)
        self.assertEqual([row.get("count") for row in rows], [2, 2, None, None])
        self.assertEqual([row["errors"][0]["code"] for row in rows[2:]],
                         ["unknown_segment", "segment_cycle"])

    def test_a_pipe_gets_no_progress(self):
        self.assertEqual(self.evaluate().stderr, b"")


class Check(ProgramTest):
    def check(self, text, *options):
        return run("check", *options, "-", stdin=text.encode())

    def test_valid_and_invalid(self):
        done = self.check(json.dumps(INVALID))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout.decode(),
                         r"^-: groups\[0\]\.filters\[0\]\.operator: .+ \(unknown_operator\)\n$")
        for text in ("", "nonsense", "[]", "null", "{}"):
            done = self.check(text)
            self.assertEqual(done.returncode, 1, text)
            self.assertTrue(done.stdout.startswith(b"-: "))

    def test_json(self):
        self.assertEqual(json.loads(self.check(json.dumps(EVERYONE), "--json").stdout),
                         {"valid": True, "errors": []})
        done = self.check(json.dumps(INVALID), "--json")
        answer = json.loads(done.stdout)
        self.assertEqual((done.returncode, answer["valid"]), (1, False))
        self.assertEqual(answer["errors"][0]["code"], "unknown_operator")

    def test_white_space_does_not_count_and_megabytes_are_65(self):
        self.assertEqual(self.check(" " * 100000 + json.dumps(EVERYONE)).returncode, 0)
        self.assertEqual(self.check(" " * (17 << 20)).returncode, 65)


class Slug(ProgramTest):
    def test_slugs(self):
        done = run("slug", "VIP Customers", "Été à Paris", "日本語")
        self.assertEqual((done.returncode, done.stdout.decode()),
                         (0, "vip-customers\nete-a-paris\n日本語\n"))

    def test_the_help_shows_what_the_program_prints(self):
        text = run("slug", "--help").stdout.decode()
        self.assertIn("'VIP Customers' 'Été à Paris'\n    vip-customers\n    ete-a-paris\n", text)

    def test_a_name_without_slug_is_1_and_the_others_are_printed(self):
        for name in ("!!!", "", b"\xff".decode("utf-8", "surrogateescape"), "x" * 201):
            done = run("slug", "First", name, "Last")
            self.assertEqual((done.returncode, done.stdout), (1, b"first\nlast\n"))
            self.assertTrue(re.match(r"segmentry slug: .+", done.stderr.decode()))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
