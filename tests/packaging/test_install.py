#!/usr/bin/python3
"""What `cmake --install` leaves behind, and what starts it: the systemd unit and the Dockerfile.

    test_install.py BUILD_FOLDER [unittest options]

The installed program is run. The unit is checked by systemd itself, and by reading it, since systemd
passes over a directive that it does not know. No image is built: the Dockerfile is read, and its
health check is run against the installed program.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "api"))
from server import Client, Server  # noqa: E402

BUILD = ""
TIMEOUT_S = 120

UNIT_DIRECTIVES = {
    "Unit": {"Description", "Documentation", "After", "Wants", "StartLimitIntervalSec"},
    "Service": {
        "Type", "User", "Group", "StateDirectory", "StateDirectoryMode", "UMask",
        "WorkingDirectory", "Environment", "EnvironmentFile", "ExecStart", "StandardOutput",
        "StandardError", "KillSignal", "TimeoutStopSec", "TimeoutStartSec", "Restart", "RestartSec",
        "RestartPreventExitStatus", "LimitNOFILE", "TasksMax", "NoNewPrivileges",
        "CapabilityBoundingSet", "AmbientCapabilities", "ProtectSystem", "ProtectHome",
        "PrivateTmp", "PrivateDevices", "PrivateUsers", "ProtectClock", "ProtectHostname",
        "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables",
        "ProtectControlGroups", "ProtectProc", "ProcSubset", "RestrictAddressFamilies",
        "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "RemoveIPC",
        "LockPersonality", "MemoryDenyWriteExecute", "SystemCallArchitectures",
        "SystemCallFilter", "SystemCallErrorNumber"},
    "Install": {"WantedBy"},
}
# Parts of the C library, which need no notice and are in every image.
C_LIBRARY = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}

prefix = None


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S,
                          **options).stdout


def setUpModule():
    global prefix
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    prefix = Path(folder.name) / "prefix"
    run("cmake", "--install", BUILD, "--prefix", str(prefix))


def program():
    return str(prefix / "bin" / "segmentry")


def linked_libraries():
    """Names such as libsqlite3.so.0, without the C library and what sanitizers bring."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", program()))
    return [name for name in needed if name not in C_LIBRARY
            and not re.match(r"lib(asan|ubsan|tsan|gcc_s|stdc\+\+)\.", name)]


class Serving(unittest.TestCase):
    """The installed program, on a database of its own."""

    def start(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        server = Server(program(), str(Path(folder.name) / "segmentry.db"))
        self.keys = server.create_project("Shop")
        server.start()
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server


class Installed(Serving):
    def test_it_says_its_version(self):
        version = re.search(r"project\(segmentry VERSION ([\d.]+)",
                            (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
        self.assertIn(version, run(program(), "--version"))

    def test_it_serves(self):
        server = self.start()
        client = Client(server.port, self.keys["secretKey"])
        self.addCleanup(client.close)
        self.assertEqual(client.get("/health").json, {"status": "ok"})
        tracked = client.post("/v1/track", {"event": "installed", "email": "ada@example.com"})
        self.assertEqual(tracked.status, 200, tracked.text)
        described = prefix / "share/doc/segmentry/docs/openapi.json"
        self.assertEqual(client.get("/openapi.json").text, described.read_text(encoding="utf-8"))
        self.assertEqual(server.stop(), 0)

    def test_documents_are_there(self):
        folder = prefix / "share/doc/segmentry"
        for name in ("LICENSE", "README.md", "CHANGELOG.md", "docs/API.md", "docs/FILTERS.md",
                     "docs/OPERATIONS.md"):
            self.assertEqual((folder / name).read_bytes(), (ROOT / name).read_bytes())

    def test_notices_are_there(self):
        text = (prefix / "share/doc/segmentry/THIRD-PARTY-NOTICES").read_text(encoding="utf-8")
        for words in ("Dave Gamble and cJSON contributors", "Public Software Group",
                      "Unicode, Inc.", "The CivetWeb developers"):
            self.assertIn(words, text)
        self.assertNotIn("Lua", text)
        cache = (Path(BUILD) / "CMakeCache.txt").read_text(encoding="utf-8")
        if re.search(r"(?m)^SEG_WEB_DIR:PATH=.", cache):
            package = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))
            for name in package["dependencies"]:
                self.assertRegex(text, rf"(?m)^{re.escape(name)}\n")
        linked = text[text.index("\nLinked\n"):]
        for name in linked_libraries():
            self.assertRegex(linked, rf"(?m)^{re.escape(name.partition('.')[0])} ")

    def test_nothing_else_is_there(self):
        top = sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*")
                     if path.is_file() and "share/doc/segmentry" not in str(path))
        self.assertEqual(top, ["bin/segmentry", "lib/systemd/system/segmentry.service",
                               "lib/sysusers.d/segmentry.conf"])


class Unit(unittest.TestCase):
    def setUp(self):
        self.path = prefix / "lib/systemd/system/segmentry.service"
        self.said = {}
        section = None
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            opened = re.fullmatch(r"\[(\w+)\]", line)
            if opened:
                section = opened[1]
                self.assertIn(section, UNIT_DIRECTIVES, f"line {number}")
                continue
            name, equals, value = line.partition("=")
            self.assertEqual(equals, "=", f"line {number}: {line}")
            self.assertIn(name, UNIT_DIRECTIVES[section], f"line {number}")
            self.said.setdefault(name, []).append(value)

    def test_systemd_takes_it(self):
        done = subprocess.run(["systemd-analyze", "verify", str(self.path)], capture_output=True,
                              text=True, timeout=TIMEOUT_S, check=False)
        own = [line for line in (done.stdout + done.stderr).splitlines() if self.path.name in line]
        self.assertEqual((done.returncode, own), (0, []))

    def test_it_starts_what_is_installed(self):
        command = shlex.split(self.said["ExecStart"][0])
        self.assertEqual(command, [program(), "serve"])
        self.assertTrue(os.access(command[0], os.X_OK))

    def test_it_sets_what_the_program_reads(self):
        help_text = run(program(), "serve", "--help")
        for setting in self.said["Environment"]:
            self.assertIn(setting.partition("=")[0], help_text)
        self.assertEqual(self.said["EnvironmentFile"], ["-/etc/segmentry.env"])
        state = f"/var/lib/{self.said['StateDirectory'][0]}/"
        self.assertIn(f"SEGMENTRY_DB={state}segmentry.db", self.said["Environment"])

    def test_secrets_stay_out_of_the_journal(self):
        self.assertEqual(self.said["StandardOutput"], ["null"])

    def test_a_stop_leaves_time_for_requests(self):
        header = (ROOT / "native/src/http/server.h").read_text(encoding="utf-8")
        drain_ms = int(re.search(r"SEG_HTTP_DRAIN_MS (\d+)", header)[1])
        stop_s = int(re.fullmatch(r"(\d+)s", self.said["TimeoutStopSec"][0])[1])
        self.assertGreater(stop_s * 1000, drain_ms)
        self.assertEqual(self.said["KillSignal"], ["SIGTERM"])

    def test_it_is_confined(self):
        for name, value in {"NoNewPrivileges": "yes", "ProtectSystem": "strict",
                            "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
                            "MemoryDenyWriteExecute": "yes", "CapabilityBoundingSet": "",
                            "UMask": "0077"}.items():
            self.assertEqual(self.said[name], [value], name)
        self.assertEqual(self.said["SystemCallFilter"][0], "@system-service")

    def test_it_may_look_names_up(self):
        """The C library asks the kernel for the machine's addresses, the resolver its daemon."""
        self.assertEqual(self.said["RestrictAddressFamilies"],
                         ["AF_INET AF_INET6 AF_UNIX AF_NETLINK"])

    def test_its_user_is_made(self):
        made = (prefix / "lib/sysusers.d/segmentry.conf").read_text(encoding="utf-8")
        users = [line.split()[1] for line in made.splitlines() if line.startswith("u ")]
        self.assertEqual(users, self.said["User"])


class Image(Serving):
    """The last stage of the Dockerfile."""

    def setUp(self):
        text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
        self.instructions = []
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                word, _, rest = line.partition(" ")
                if word == "FROM":
                    stage = []
                    self.instructions.append(stage)
                stage.append((word, " ".join(rest.split())))
        self.assertEqual(len(self.instructions), 2)
        self.build, self.last = self.instructions

    def only(self, word):
        found = [rest for name, rest in self.last if name == word]
        self.assertEqual(len(found), 1, word)
        return found[0]

    def test_both_stages_are_the_same_debian(self):
        bases = [stage[0][1].split()[0] for stage in self.instructions]
        self.assertEqual(bases, ["debian:bookworm-slim"] * 2)

    def test_it_builds_as_everybody_does(self):
        self.assertTrue(any(word == "RUN" and "make build" in rest for word, rest in self.build))

    def test_what_is_copied_is_installed(self):
        copied = [rest.split()[1] for word, rest in self.last if word == "COPY"]
        self.assertIn("/usr/local/bin/segmentry", copied)
        for path in copied:
            self.assertTrue((prefix / Path(path).relative_to("/usr/local")).exists(), path)

    def test_what_the_program_links_is_there(self):
        packages = re.search(r"--no-install-recommends ([^&]+)",
                             " ".join(rest for word, rest in self.last if word == "RUN"))[1].split()
        paths = dict(re.findall(r"(\S+) => (\S+)", run("ldd", program())))
        for name in linked_libraries():
            owner = run("dpkg-query", "-S", f"*/{Path(paths[name]).name}").partition(":")[0]
            self.assertIn(owner, packages, name)

    def test_it_does_not_run_as_root(self):
        self.assertGreater(int(self.only("USER")), 0)
        order = [word for word, _ in self.last]
        self.assertLess(order.index("USER"), order.index("ENTRYPOINT"))
        self.assertIn(f"--uid {self.only('USER')} ",
                      " ".join(rest for word, rest in self.last if word == "RUN"))

    def test_it_starts_the_server(self):
        self.assertEqual(json.loads(self.only("ENTRYPOINT")) + json.loads(self.only("CMD")),
                         ["segmentry", "serve"])
        settings = dict(pair.split("=", 1) for pair in self.only("ENV").split())
        help_text = run(program(), "serve", "--help")
        for name in settings:
            self.assertIn(name, help_text)
        self.assertEqual(settings["SEGMENTRY_LISTEN"].rpartition(":")[2], self.only("EXPOSE"))
        self.assertTrue(settings["SEGMENTRY_DB"].startswith(self.only("VOLUME")))

    def test_its_health_check_tells_a_server_from_none(self):
        command = json.loads(self.only("HEALTHCHECK").partition(" CMD ")[2])
        server = self.start()
        environment = {**os.environ, "SEGMENTRY_LISTEN": f"0.0.0.0:{server.port}"}

        def is_healthy():
            return subprocess.run(command, env=environment, capture_output=True, check=False,
                                  timeout=TIMEOUT_S).returncode == 0

        self.assertTrue(is_healthy())
        server.stop()
        self.assertFalse(is_healthy())


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
