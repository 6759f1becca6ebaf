#!/usr/bin/python3
"""What webhooks are told reaches them: at least once, signed, in order per contact, whatever happens
to the receiver and to the server.

    test_sending.py PROGRAM [--short] [unittest options]

Pauses pass faster here, so nothing waits for minutes; what a pause is, the unit tests say.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "api"))
import suite  # noqa: E402
from receiver import Mischief, Receiver, verifies  # noqa: E402
from sending import WAIT_SECONDS, SendingTest  # noqa: E402
from server import Client  # noqa: E402

# Of one webhook under way at a time.
FLIGHTS_MAX = 16


class MessageTest(SendingTest):
    def test_what_is_sent(self):
        self.start_server()
        receiver = self.receiver()
        made = self.webhook(receiver.url("/in?x=1"), "purchase", name="Shop",
                            headers={"Authorization": "Bearer s3cret"})
        self.track("ada@example.com", total=7)
        self.wait(receiver.taken)
        arrival = receiver.seen()[0]
        self.assertEqual(arrival.path, "/in?x=1")
        self.assertTrue(verifies(made["secret"], arrival.headers, arrival.raw))
        self.assertEqual(arrival.headers["content-type"], "application/json")
        self.assertRegex(arrival.headers["user-agent"], r"^Segmentry/\d")
        self.assertEqual(arrival.headers["authorization"], "Bearer s3cret")
        self.assertLess(abs(int(arrival.headers["webhook-timestamp"]) - time.time()), 60)
        self.assertNotIn("expect", arrival.headers)
        self.assertEqual(arrival.body["contact"]["email"], "ada@example.com")
        self.assertEqual(arrival.body["workflow"], {"id": made["id"], "name": "Shop"})
        self.assertEqual(arrival.event, {"name": "purchase", "total": 7})
        self.wait_for_all(made)
        self.assertEqual(self.get_webhook(made)["health"]["state"], "OK")
        self.assertEqual(len(receiver.seen()), 1)
        attempt = self.deliveries(made)[0]["attempts"][0]
        lines = attempt["request"].splitlines()
        self.assertEqual(lines[0], "POST " + made["url"])
        self.assertIn("Authorization: ***", lines)
        self.assertIn("webhook-id: " + arrival.id, lines)
        self.assertNotIn("s3cret", json.dumps(self.deliveries(made)))

    def test_after_a_rotation_both_secrets_sign(self):
        self.start_server()
        receiver = self.receiver()
        old = self.webhook(receiver.url(), "purchase")
        new = self.ok(self.api.post(f"/webhooks/{old['id']}/rotate-secret"))
        self.track("ada@example.com")
        self.wait(receiver.taken)
        arrival = receiver.seen()[0]
        self.assertEqual(len(arrival.headers["webhook-signature"].split()), 2)
        for secret in (old["secret"], new["secret"]):
            self.assertTrue(verifies(secret, arrival.headers, arrival.raw))
        self.assertFalse(verifies("whsec_" + "A" * 43 + "=", arrival.headers, arrival.raw))

    def test_a_large_body_is_whole(self):
        self.start_server()
        receiver = self.receiver()
        made = self.webhook(receiver.url(), "purchase")
        notes = {f"note{i}": "x" * 60_000 for i in range(4)}
        self.track("ada@example.com", **notes)
        self.wait(receiver.taken)
        arrival = receiver.seen()[0]
        self.assertEqual(arrival.event, {"name": "purchase", **notes})
        self.assertTrue(verifies(made["secret"], arrival.headers, arrival.raw))

    def test_listen_shows_and_checks(self):
        self.start_server()
        made = self.webhook("http://127.0.0.1:1/x", "purchase")
        listener = subprocess.Popen(
            [suite.program, "listen", "--listen", "127.0.0.1:0", "--secret", made["secret"]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (listener.poll() is None and listener.kill(),
                                 listener.stdout.close(), listener.stderr.close()))
        port = int(listener.stderr.readline().split("port ")[1].split(";")[0])
        self.ok(self.api.patch(f"/webhooks/{made['id']}", {"url": f"http://127.0.0.1:{port}/in"}))
        self.track("ada@example.com", note="\u001b[31m\u009b")
        lines = [listener.stdout.readline() for _ in range(4)]
        self.assertRegex(lines[0], r"^\d{4}-\S+Z  /in  signature good\n$")
        self.assertIn("webhook-id: msg_", lines[1])
        self.assertIn('"email":"ada@example.com"', lines[3].replace(" ", ""))
        self.assertNotRegex("".join(lines), "[\x1b\x9b]")
        client = Client(port)
        self.addCleanup(client.close)
        forged = client.send("POST", "/", raw=b"{}", headers={
            "webhook-id": "msg_1", "webhook-timestamp": str(int(time.time())),
            "webhook-signature": "v1,AAAA"})
        self.assertEqual(forged.status, 200)
        rest = [listener.stdout.readline() for _ in range(2)]
        self.assertIn("SIGNATURE WRONG", "".join(rest))
        listener.send_signal(signal.SIGTERM)
        self.assertEqual(listener.wait(30), 0)


class FailureTest(SendingTest):
    def test_nothing_is_lost_by_a_receiver_that_fails_in_every_way(self):
        self.start_server(speed=500)
        mischief = Mischief(20260601, hang_seconds=1.5)
        receiver = self.receiver(mischief)
        made = self.webhook(receiver.url("/in"), "purchase")
        contacts, each = (6, 3) if suite.is_short else (20, 5)
        emails = [f"person{i}@example.com" for i in range(contacts)]
        self.track_many([(email, n) for n in range(each) for email in emails])
        self.wait_for_all(made)
        self.check_arrivals(receiver, {email: each for email in emails})
        self.assertEqual(self.get_webhook(made)["parked"], 0)

    def test_a_contact_that_fails_holds_up_no_other(self):
        self.start_server()
        closed = threading.Event()

        def behave(arrival, reply):
            is_bad = arrival.body["contact"]["email"] == "bad@example.com"
            reply(500 if is_bad and not closed.is_set() else 200)

        receiver = self.receiver(behave)
        made = self.webhook(receiver.url(), "purchase")
        emails = [f"person{i}@example.com" for i in range(5)]
        self.track_many([("bad@example.com", n) for n in range(3)]
                        + [(email, n) for n in range(20) for email in emails])
        self.wait(lambda: len(receiver.taken()) == 100)
        self.wait(lambda: self.get_webhook(made)["pending"] == 3)
        closed.set()
        self.wait_for_all(made)
        self.check_arrivals(receiver, {"bad@example.com": 3, **{email: 20 for email in emails}})

    def test_a_webhook_that_hangs_holds_up_no_other(self):
        self.start_server()
        ends = threading.Event()
        self.addCleanup(ends.set)
        hanging = self.receiver(lambda arrival, reply: ends.wait(60))
        receiver = self.receiver()
        bad = self.webhook(hanging.url(), "purchase")
        good = self.webhook(receiver.url(), "purchase")
        self.track_many([(f"person{i}@example.com", 0) for i in range(100)])
        self.wait_for_all(good)
        self.assertEqual(len(receiver.taken()), 100)
        self.assertEqual(self.get_webhook(bad)["pending"], 100)
        self.assertLessEqual(hanging.most_under_way, FLIGHTS_MAX)

    def check_nobody_has_waited(self, hanging, bad, good, receiver, count):
        """All of the good one's are through before an attempt of those that hang has ended."""
        self.wait_for_all(good)
        self.assertEqual(len(receiver.taken()), count)
        for made in bad:
            self.assertEqual(self.get_webhook(made)["health"]["failuresInARow"], 0)
        self.assertGreater(hanging.under_way, 0)

    def test_many_webhooks_that_hang_hold_up_no_other(self):
        self.start_server(speed=1)
        ends = threading.Event()
        self.addCleanup(ends.set)
        hanging = self.receiver(lambda arrival, reply: ends.wait(60))
        receiver = self.receiver()
        good = self.webhook(receiver.url(), "purchase")
        self.track("first@example.com")
        self.wait(receiver.taken)
        bad = [self.webhook(hanging.url(f"/{i}"), "purchase") for i in range(30)]
        new = self.webhook(receiver.url("/new"), "purchase")
        self.track_many([(f"person{i}@example.com", 0) for i in range(100)])
        self.wait_for_all(new)
        self.check_nobody_has_waited(hanging, bad, good, receiver, 201)
        self.assertLessEqual(hanging.under_way, 64)

    def test_large_messages_to_a_webhook_that_hangs_hold_up_no_other(self):
        self.start_server(speed=1)
        hangs = threading.Event()
        ends = threading.Event()
        self.addCleanup(ends.set)
        hanging = self.receiver(
            lambda arrival, reply: ends.wait(60) if hangs.is_set() else reply(200))
        receiver = self.receiver()
        bad = self.webhook(hanging.url(), "large")
        notes = {f"note{i}": "x" * 60_000 for i in range(4)}
        for i in range(180):  # more than is ever in memory
            self.track(f"person{i}@example.com", "large", **notes)
        self.wait_for_all(bad)
        good = self.webhook(receiver.url(), "purchase")
        hangs.set()
        # All at once, since an attempt is given up after a while.
        replayed = self.ok(self.api.post(f"/webhooks/{bad['id']}/replay", {
            "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}))
        self.assertEqual(replayed["replayed"], 180)
        self.wait(lambda: hanging.under_way > 0)
        self.track_many([(f"person{i}@example.com", 0) for i in range(20)])
        self.check_nobody_has_waited(hanging, [bad], good, receiver, 20)

    def test_a_receiver_that_is_down_for_a_while(self):
        self.start_server(speed=100)
        receiver = Receiver()
        made = self.webhook(receiver.url(), "purchase")
        receiver.stop()
        emails = [f"person{i}@example.com" for i in range(30)]
        self.track_many([(email, 0) for email in emails])
        self.wait(lambda: self.get_webhook(made)["health"]["state"] == "PAUSED")
        health = self.get_webhook(made)["health"]
        self.assertGreaterEqual(health["failuresInARow"], 10)
        self.assertIsNotNone(health["pausedUntil"])
        receiver.start()
        self.addCleanup(receiver.stop)
        self.wait_for_all(made)
        self.check_arrivals(receiver, {email: 1 for email in emails})
        self.assertEqual(self.get_webhook(made)["health"]["state"], "OK")

    def test_it_is_left_alone_while_it_is_paused(self):
        self.start_server(speed=1)
        receiver = self.receiver(lambda arrival, reply: reply(503))
        made = self.webhook(receiver.url(), "purchase")
        self.track_many([(f"person{i}@example.com", 0) for i in range(100)])
        self.wait(lambda: self.get_webhook(made)["health"]["state"] == "PAUSED")
        self.wait(lambda: receiver.under_way == 0)
        # Those that were under way when the tenth failed, and no more: the pause has 30 seconds.
        self.assertLess(len(receiver.seen()), 10 + FLIGHTS_MAX)
        self.assertEqual(self.get_webhook(made)["pending"], 100)

    def test_a_pause_ends_when_somebody_says_so(self):
        self.start_server(speed=1)  # the pause alone would have 30 seconds
        fails = threading.Event()
        fails.set()
        receiver = self.receiver(lambda arrival, reply: reply(503 if fails.is_set() else 200))
        made = self.webhook(receiver.url(), "purchase")
        self.track_many([(f"person{i}@example.com", 0) for i in range(10)])
        self.wait(lambda: self.get_webhook(made)["health"]["state"] == "PAUSED")
        fails.clear()
        resumed = self.ok(self.api.patch(f"/webhooks/{made['id']}", {"enabled": True}))
        self.assertEqual((resumed["health"]["state"], resumed["health"]["pausedUntil"]),
                         ("OK", None))
        self.track("late@example.com", n=0)
        self.wait(receiver.taken)

    def test_why_the_last_attempt_failed(self):
        self.start_server(speed=1)
        fails = threading.Event()
        fails.set()
        receiver = self.receiver(lambda arrival, reply: reply(503 if fails.is_set() else 200))
        made = self.webhook(receiver.url(), "purchase")
        self.track("ada@example.com", n=0)
        self.wait(lambda: self.get_webhook(made)["health"]["state"] == "FAILING")
        health = self.get_webhook(made)["health"]
        self.assertEqual(health["lastFailure"], {"status": 503, "error": None})
        fails.clear()
        self.track("bob@example.com", n=0)
        self.wait(lambda: self.get_webhook(made)["health"]["state"] == "OK")
        # As it was, and told of by every answer that has the webhook.
        for shown in (self.get_webhook(made), self.ok(self.api.get("/webhooks"))[0],
                      self.ok(self.api.patch(f"/webhooks/{made['id']}", {"name": "Shop"}))):
            self.assertEqual(shown["health"]["lastFailure"], {"status": 503, "error": None})
            self.assertGreaterEqual(shown["delivered"], 1)
        # Nobody listens there.
        self.ok(self.api.patch(f"/webhooks/{made['id']}", {"url": "http://127.0.0.1:1/"}))
        self.track("cid@example.com", n=0)
        self.wait(lambda: self.get_webhook(made)["health"]["state"] == "FAILING")
        last = self.get_webhook(made)["health"]["lastFailure"]
        self.assertIsNone(last["status"])
        self.assertIn("connect", last["error"].lower())
        self.restart_and_compare(made)

    def restart_and_compare(self, made):
        before = self.ok(self.api.patch(f"/webhooks/{made['id']}", {"enabled": False}))
        self.server.stop()
        self.restart()
        after = self.get_webhook(made)
        self.assertEqual(after["delivered"], before["delivered"])
        self.assertEqual(after["health"]["lastFailure"], before["health"]["lastFailure"])

    def test_a_replay_is_counted_before_it_is_made(self):
        self.start_server()
        receiver = self.receiver()
        made = self.webhook(receiver.url(), "purchase")
        self.track_many([(f"person{i}@example.com", 0) for i in range(7)])
        self.wait_for_all(made)
        path = f"/webhooks/{made['id']}/replay"
        ever = {"from": "2020-01-01", "to": "2999-01-01"}
        for status, matching in ((None, 7), ("DELIVERED", 7), ("PARKED", 0)):
            body = {**ever, "dryRun": True, **({"status": status} if status else {})}
            self.assertEqual(self.ok(self.api.post(path, body)),
                             {"matching": matching, "replayed": 0})
        self.assertEqual(self.get_webhook(made)["pending"], 0)
        self.assertEqual(self.ok(self.api.post(path, ever)), {"matching": 7, "replayed": 7})
        self.wait(lambda: len(receiver.taken()) == 14)
        self.wait(lambda: self.get_webhook(made)["delivered"] == 14)

    def test_what_waits_can_be_sent_now(self):
        self.start_server(speed=1)
        fails = threading.Event()
        fails.set()
        receiver = self.receiver(lambda arrival, reply: reply(500 if fails.is_set() else 200))
        made = self.webhook(receiver.url(), "purchase")
        self.track("ada@example.com", n=0)
        self.track("bob@example.com", n=0)
        self.wait(lambda: all(row["attempts"] for row in self.deliveries(made)))
        fails.clear()
        # As after many failures, or after the server was down: long before their time.
        self.server.stop()
        with sqlite3.connect(self.server.db) as db:
            changed = db.execute("UPDATE due_deliveries SET next_at_ms = next_at_ms + 1500000")
            self.assertEqual(changed.rowcount, 2)
        db.close()
        self.restart()
        self.assertEqual(self.get_webhook(made)["pending"], 2)
        answer = self.ok(self.api.post(f"/webhooks/{made['id']}/replay", {
            "from": "2020-01-01", "to": "2999-01-01", "status": "PENDING"}))
        self.assertEqual(answer, {"matching": 2, "replayed": 2})
        self.wait_for_all(made)
        self.assertEqual(len(receiver.taken()), 2)

    def test_what_fails_for_a_day_is_parked_and_can_be_sent_again(self):
        self.start_server(speed=100_000)
        fails = threading.Event()
        fails.set()
        receiver = self.receiver(lambda arrival, reply: reply(500 if fails.is_set() else 200))
        made = self.webhook(receiver.url(), "purchase")
        self.track_many([("ada@example.com", n) for n in range(3)])
        self.wait(lambda: self.get_webhook(made)["parked"] == 3)
        self.assertEqual(self.get_webhook(made)["pending"], 0)
        fails.clear()
        parked = self.deliveries(made)[0]
        again = self.api.post(f"/deliveries/{parked['id']}/retry")
        self.assertIn(again.status, (200, 202, 204), again.text)
        self.wait(receiver.taken)
        self.assertEqual(receiver.taken()[0].id, parked["id"])
        self.wait(lambda: self.get_webhook(made)["parked"] == 2)

    def test_gone_disables(self):
        self.start_server()
        receiver = self.receiver(lambda arrival, reply: reply(410))
        made = self.webhook(receiver.url(), "purchase")
        self.track("ada@example.com")
        self.wait(lambda: not self.get_webhook(made)["enabled"])
        self.track("ada@example.com")
        self.assertEqual(len(receiver.seen()), 1)

    def test_a_changed_url_counts_at_once(self):
        self.start_server(speed=1)  # the next attempt would be after five seconds, or after a pause
        refusing = self.receiver(lambda arrival, reply: reply(500))
        receiver = self.receiver()
        made = self.webhook(refusing.url(), "purchase")
        self.track("ada@example.com", n=0)
        self.wait(refusing.seen)
        self.ok(self.api.patch(f"/webhooks/{made['id']}", {"url": receiver.url()}))
        self.track("bob@example.com", n=0)
        self.wait_for_all(made)
        self.assertEqual(len(receiver.taken()), 2)

    def test_counts_are_in_the_metrics(self):
        self.start_server()
        refuses = threading.Event()
        refuses.set()
        receiver = self.receiver(lambda arrival, reply: reply(500 if refuses.is_set() else 200))
        made = self.webhook(receiver.url(), "purchase")
        self.track("ada@example.com")
        self.wait(receiver.seen)
        refuses.clear()
        self.wait_for_all(made)
        page = self.api.get("/metrics").text
        self.assertIn("\nsegmentry_webhook_deliveries_delivered_total 1\n", page)
        self.assertRegex(page, r"\nsegmentry_webhook_attempts_failed_total [1-9]")
        self.assertIn("\nsegmentry_webhook_deliveries_parked_total 0\n", page)
        self.assertIn("\nsegmentry_webhook_deliveries_pending 0\n", page)


class AddressTest(SendingTest):
    def test_no_private_address_is_reached_unless_allowed(self):
        self.start_server(private=False, speed=1)
        receiver = self.receiver()
        hosts = ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1", "[::1]",
                 "[::ffff:127.0.0.1]", "10.0.0.1", "192.168.0.1", "169.254.169.254", "[fe80::1]"]
        for host in hosts:
            answer = self.api.post("/webhooks", {"url": receiver.url("/", host), "events": ["*"]})
            if answer.status != 201:
                continue  # refused at once is as good
            made = answer.json
            self.track("ada@example.com")
            self.wait(lambda made=made: self.get_webhook(made)["health"]["failuresInARow"] > 0, host)
            shown = json.dumps(self.deliveries(made)) + "".join(
                self.api.get(f"/deliveries/{row['id']}").text for row in self.deliveries(made))
            self.assertIn("is not a public address", shown, host)
            self.ok(self.api.delete(f"/webhooks/{made['id']}"), 204)
        self.assertEqual(receiver.seen(), [])

    def test_the_environment_may_allow_it(self):
        server = self.serve("--sweep", "0",
                            environment={"SEGMENTRY_ALLOW_PRIVATE_WEBHOOKS": "true"})
        self.api = self.client(server)
        receiver = self.receiver()
        self.webhook(receiver.url(), "purchase")
        self.track("ada@example.com")
        self.wait(receiver.taken)

    def test_a_wrong_setting_is_refused(self):
        done = subprocess.run(
            [suite.program, "serve", "--db", self.db], capture_output=True, text=True, timeout=60,
            check=False, env={**os.environ, "SEGMENTRY_ALLOW_PRIVATE_WEBHOOKS": "yes"})
        self.assertEqual(done.returncode, 64)
        self.assertIn("SEGMENTRY_ALLOW_PRIVATE_WEBHOOKS", done.stderr)


class RestartTest(SendingTest):
    def test_a_stop_lets_what_is_under_way_end(self):
        self.start_server()
        came = threading.Event()

        def behave(arrival, reply):
            came.set()
            time.sleep(0.5)
            reply(200)

        receiver = self.receiver(behave)
        made = self.webhook(receiver.url(), "purchase")
        self.track("ada@example.com")
        self.assertTrue(came.wait(WAIT_SECONDS))
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(len(receiver.taken()), 1)
        self.restart()
        self.track("bob@example.com")
        self.wait_for_all(made)
        self.assertEqual([arrival.body["contact"]["email"] for arrival in receiver.seen()],
                         ["ada@example.com", "bob@example.com"])

    def test_a_stop_does_not_wait_for_a_receiver_that_hangs(self):
        self.start_server(speed=1)
        ends = threading.Event()
        self.addCleanup(ends.set)
        receiver = self.receiver(lambda arrival, reply: ends.wait(60) and reply(200))
        made = self.webhook(receiver.url(), "purchase")
        self.track("ada@example.com", n=0)
        self.wait(receiver.seen)
        self.assertEqual(self.server.stop(), 0)
        ends.set()
        self.restart()
        self.wait_for_all(made)
        self.assertEqual(len({arrival.id for arrival in receiver.seen()}), 1)

    def test_nothing_is_lost_when_the_server_is_killed_again_and_again(self):
        self.start_server(speed=500)
        mischief = Mischief(20260602, hang_seconds=1.2)
        receiver = self.receiver(mischief)
        made = self.webhook(receiver.url("/in"), "purchase")
        contacts, each, kills = (5, 8, 3) if suite.is_short else (16, 24, 12)
        emails = [f"person{i}@example.com" for i in range(contacts)]
        choice = random.Random(20260603)
        tracked = threading.Event()
        trouble = []

        def track_all():
            """Sends each event until it is known to be stored; the key tells it apart."""
            try:
                for n in range(each):
                    for email in emails:
                        self.track_until_stored(email, n)
            except Exception as error:  # pylint: disable=broad-except
                trouble.append(error)
            tracked.set()

        tracker = threading.Thread(target=track_all)
        tracker.start()
        for _ in range(kills):
            time.sleep(choice.uniform(0.05, 0.6))
            self.server.kill()
            if choice.random() < 0.3:
                receiver.stop()
                time.sleep(0.1)
                receiver.start()
            self.server.start()
        tracker.join()
        self.assertEqual(trouble, [])
        self.api = self.client(self.server)
        self.wait_for_all(made)
        self.check_arrivals(receiver, {email: each for email in emails})
        self.assertEqual(self.get_webhook(made)["parked"], 0)

    def track_until_stored(self, email, n):
        for _ in range(1000):
            client = Client(self.server.port, self.project["secretKey"])
            try:
                answer = client.send("POST", "/v1/track",
                                     {"event": "purchase", "email": email, "data": {"n": n}},
                                     {"Idempotency-Key": f"{email} {n}"})
                if answer.status == 200:
                    return
            except OSError:
                pass
            except Exception as error:  # an answer that was cut
                if type(error).__module__ != "http.client":
                    raise
            finally:
                client.close()
            time.sleep(0.02)
        raise AssertionError("the server does not come back")


if __name__ == "__main__":
    suite.main(__doc__)
