#!/usr/bin/python3
"""`make run`, after its build: the demo's project is made, served, and found again.

    test_demo.py PROGRAM [unittest options]

There is no terminal, and the folder is a temporary one.
"""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "api"))
from server import Client  # noqa: E402

PROGRAM = ""
SEGMENTS = 16
TIMEOUT_S = 120


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name) / "demo"

    def start(self):
        """Runs the demo up to the link; its output so far."""
        self.process = subprocess.Popen(
            [ROOT / "native/demo/run.sh", PROGRAM, self.folder], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(lambda: self.process.poll() is None and self.process.kill())
        printed = ""
        for line in self.process.stdout:
            printed += line
            if "/login?token=" in line:
                return printed
        raise AssertionError(f"it ended with {self.process.wait(TIMEOUT_S)}: {printed}")

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.process.wait(TIMEOUT_S), 0)

    def curl(self, printed):
        """What the printed command would ask, asked; and the server's port."""
        line = re.search(r"^ *(curl .*)$", printed, re.MULTILINE)[1]
        words = shlex.split(line)
        url = urlsplit(next(word for word in words if word.startswith("http")))
        headers = dict(words[i + 1].split(": ") for i, word in enumerate(words) if word == "-H")
        key = headers["Authorization"].removeprefix("Bearer ")
        self.client = Client(url.port, key)
        self.addCleanup(self.client.close)
        return self.client.post(url.path, json.loads(words[words.index("-d") + 1])), url.port

    def test_it_is_made_once_and_served_each_time(self):
        answer, port = self.curl(self.start())
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.json["total"], 20000)
        self.assertGreater(answer.json["count"], 0)
        self.check_segments()
        self.check_history()
        first_key = self.client.key
        self.check_link(port)
        self.interrupt()

        with socket.create_server(("127.0.0.1", port)):
            printed = self.start()
            self.assertNotIn("Making the demo", printed)
            answer, other_port = self.curl(printed)
            self.assertNotEqual(other_port, port)
            self.assertRegex(printed, rf"Port \d+ is taken; this is port {other_port}\.")
            self.assertEqual((answer.status, self.client.key), (200, first_key))
            self.check_one_server_alone()
            self.check_new_link(other_port)
            self.check_changed_keys()

    def check_segments(self):
        segments = self.client.get("/segments").json
        self.assertEqual(len(segments), SEGMENTS)
        self.assertEqual({segment["type"] for segment in segments}, {"DYNAMIC", "STATIC"})
        self.assertEqual({segment["trackMembership"] for segment in segments}, {True, False})
        empty = [segment["name"] for segment in segments if segment["memberCount"] == 0]
        self.assertEqual(empty, [])

    def check_history(self):
        """Curves that live, and end with who matches; entries and exits of many days, with causes."""
        for segment in self.client.get("/segments").json:
            if segment["type"] == "DYNAMIC" and not segment["trackMembership"]:
                continue
            with self.subTest(segment=segment["name"]):
                path = f"/segments/{segment['id']}"
                sizes = [row["count"] for row in self.client.get(f"{path}/sizes").json["data"]]
                self.assertEqual(len(sizes), 31)  # the midnights of 30 days, and now
                self.assertGreater(len(set(sizes)), 10, sizes)
                self.assertGreater(min(sizes), 0)
                self.assertEqual(sizes[-1], self.client.get(f"{path}/contacts").json["total"])
                self.check_feed(path)
                if segment["trackMembership"]:
                    self.check_membership(segment)

    def check_feed(self, path):
        feed, cursor = [], ""
        while cursor is not None and len(feed) < 1000:
            page = self.client.get(f"{path}/changes?limit=100" + (cursor and f"&cursor={cursor}")).json
            feed += page["data"]
            cursor = page["cursor"]
        instants = [row["at"] for row in feed]
        self.assertEqual(instants, sorted(instants, reverse=True))
        self.assertGreater(len({at[:10] for at in instants}), 10)

    def check_membership(self, segment):
        """The memberships are what an evaluation says, and stay so."""
        path = f"/segments/{segment['id']}"
        computed = self.client.post(f"{path}/compute").json
        members = self.client.get(f"{path}/contacts").json["total"]
        self.assertEqual(members, computed["total"])
        preview = self.client.post("/segments/preview", {"condition": segment["condition"]}).json
        self.assertEqual(members, preview["count"])
        # What the sweeps and this have moved is of seconds: the past ends where the present begins.
        self.assertLess(computed["added"] + computed["removed"], 10)
        stats = {row["name"]: row["count"] for row in self.client.get("/events/stats").json}
        entries = stats[f"segment.{segment['slug']}.entry"]
        exits = stats.get(f"segment.{segment['slug']}.exit", 0)
        self.assertLess(abs(members - (entries - exits)), 20)

    def check_link(self, port):
        """The log is in its file; what was printed has none of it."""
        self.assertIn('"server.listening"', (self.folder / "server.log").read_text("utf-8"))
        stranger = Client(port)
        self.addCleanup(stranger.close)
        self.assertEqual(stranger.get("/").status, 200)

    def check_new_link(self, port):
        """login.sh knows the port, and the link lets a browser in."""
        done = subprocess.run([ROOT / "native/demo/login.sh", PROGRAM, self.folder],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        start = f"http://127.0.0.1:{port}/login?token="
        self.assertTrue(done.stdout.startswith(start), done.stdout)
        browser = Client(port)
        self.addCleanup(browser.close)
        entered = browser.get(done.stdout.strip()[len(f"http://127.0.0.1:{port}"):])
        self.assertEqual(entered.status // 100, 3, entered.text)
        self.assertIn("Set-Cookie", entered.headers)

    def check_changed_keys(self):
        """Keys that were changed elsewhere are not printed; the printed command brings new ones."""
        keys = json.loads((self.folder / "keys.json").read_text("utf-8"))
        subprocess.run([PROGRAM, "project", "rotate-keys", keys["id"], "--db",
                        self.folder / "segmentry.db"], check=True, stdout=subprocess.DEVNULL)
        self.interrupt()
        printed = self.start()
        self.assertNotIn("curl", printed)
        self.assertNotIn(keys["secretKey"], printed)
        self.assertIn("keys have been changed", printed)
        command = re.search(r"^ *(\S+ project rotate-keys .*)$", printed, re.MULTILINE)[1]
        subprocess.run(["bash", "-c", command], check=True, cwd=ROOT)
        self.interrupt()
        answer, _ = self.curl(self.start())
        self.assertEqual(answer.status, 200, answer.text)
        self.interrupt()

    def check_one_server_alone(self):
        second = subprocess.run([ROOT / "native/demo/run.sh", PROGRAM, self.folder],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                check=False, timeout=TIMEOUT_S)
        self.assertEqual(second.returncode, 75)
        self.assertIn("segmentry serve:", second.stderr)


if __name__ == "__main__":
    PROGRAM = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
