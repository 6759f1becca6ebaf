#!/usr/bin/python3
"""Receivers that speak HTTPS: whose certificates are believed, and what the log says of the others.

    test_tls.py PROGRAM [--short] [unittest options]
"""

import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "api"))
import suite  # noqa: E402
from authority import Authority  # noqa: E402
from receiver import Receiver, verifies  # noqa: E402
from sending import PRIVATE, SendingTest  # noqa: E402

NAMES = "DNS:localhost,IP:127.0.0.1"


class TlsTest(SendingTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder)

    def secure_receiver(self, names=NAMES, days=1, authority=None, behave=None):
        signed = (authority or self.authority).sign(f"server{days}", names, days)
        made = Receiver(behave, signed)
        self.addCleanup(made.stop)
        return made

    def check_refused(self, receiver, words, host="localhost"):
        """Nothing of the delivery gets there, and the log says why."""
        made = self.webhook(receiver.url("/", host), "purchase")
        self.track("ada@example.com")
        attempt = self.wait(lambda: self.deliveries(made)[0]["attempts"])[-1]
        self.assertIsNone(attempt["status"])
        self.assertIn(words, attempt["error"])
        self.assertEqual(receiver.seen(), [])

    def test_an_authority_of_ones_own(self):
        self.start_server("--webhook-ca", str(self.authority.certificate), speed=1)
        receiver = self.secure_receiver()
        for host in ("localhost", "127.0.0.1"):
            made = self.webhook(receiver.url(f"/{host}", host), "purchase")
            self.track("ada@example.com")
            self.wait(lambda host=host: receiver.taken(f"/{host}"))
            arrival = receiver.seen(f"/{host}")[0]
            self.assertTrue(verifies(made["secret"], arrival.headers, arrival.raw))
            self.ok(self.api.delete(f"/webhooks/{made['id']}"), 204)

    def test_the_environment_may_name_it_and_it_may_be_one_of_many(self):
        others = [Authority(self.folder, f"other{i}").certificate.read_text() for i in range(2)]
        bundle = self.folder / "bundle.pem"
        bundle.write_text("\n".join(["# ours", others[0], self.authority.certificate.read_text(),
                                     others[1]]))
        server = self.serve("--sweep", "0", PRIVATE, environment={"SEGMENTRY_WEBHOOK_CA": str(bundle)})
        self.api = self.client(server)
        receiver = self.secure_receiver()
        self.webhook(receiver.url("/", "localhost"), "purchase")
        self.track("ada@example.com")
        self.wait(receiver.taken)

    def test_an_authority_that_nobody_named(self):
        self.start_server(speed=1)
        self.check_refused(self.secure_receiver(), "certificate")

    def test_another_authority(self):
        other = Authority(self.folder, "other")
        self.start_server("--webhook-ca", str(other.certificate), speed=1)
        self.check_refused(self.secure_receiver(), "certificate")

    def test_another_host(self):
        self.start_server("--webhook-ca", str(self.authority.certificate), speed=1)
        self.check_refused(self.secure_receiver("DNS:example.com"), "'localhost'")
        self.check_refused(self.secure_receiver("DNS:localhost"), "'127.0.0.1'", "127.0.0.1")

    def test_a_certificate_that_has_expired(self):
        self.start_server("--webhook-ca", str(self.authority.certificate), speed=1)
        self.check_refused(self.secure_receiver(days=-1), "certificate has expired")

    def test_no_redirect_leads_out_of_tls(self):
        self.start_server("--webhook-ca", str(self.authority.certificate), speed=1)
        plain = self.receiver()
        secure = self.secure_receiver(
            behave=lambda arrival, reply: reply(307, {"Location": plain.url()}))
        made = self.webhook(secure.url("/", "localhost"), "purchase")
        self.track("ada@example.com")
        attempt = self.wait(lambda: self.deliveries(made)[0]["attempts"])[-1]
        self.assertIn("not http after https", attempt["error"])
        self.assertEqual(plain.seen(), [])

    def test_a_redirect_into_tls_is_checked_as_well(self):
        self.start_server("--webhook-ca", str(self.authority.certificate), speed=1)
        secure = self.secure_receiver()
        plain = self.receiver(lambda arrival, reply: reply(
            308, {"Location": secure.url("/", arrival.path[1:])}))
        for host in ("localhost", "127.0.0.2"):
            self.webhook(plain.url(f"/{host}"), host)
            self.track("ada@example.com", host)
        self.wait(secure.taken)
        self.wait(lambda: plain.seen("/127.0.0.2"))
        self.assertEqual({arrival.event["name"] for arrival in secure.seen()}, {"localhost"})

    def test_files_that_are_none(self):
        empty = self.folder / "empty.pem"
        empty.write_text("")
        broken = self.folder / "broken.pem"
        broken.write_text(self.authority.certificate.read_text()
                          + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        for path in (empty, broken, self.folder / "nowhere.pem", self.folder):
            done = subprocess.run([suite.program, "serve", "--db", self.db, "--webhook-ca", path],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 64, path)
            self.assertIn("--webhook-ca: ", done.stderr)
            self.assertIn(str(path), done.stderr)


if __name__ == "__main__":
    suite.main(__doc__)
