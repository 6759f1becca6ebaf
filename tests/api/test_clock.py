#!/usr/bin/python3
"""What time alone changes: a server whose clock the test sets (libfaketime, Debian's faketime).

    test_clock.py PROGRAM [--short] [unittest options]

The library is loaded into the server, which asks the system for the time as ever; it cannot be
loaded into a program that is built with a sanitizer.
"""

import datetime
import glob
import os
import sys
import threading
from pathlib import Path

import suite
from suite import OwnServerTest
from server import condition, filter_of, in_segment, wait_until

sys.path.append(str(Path(__file__).resolve().parents[1] / "webhooks"))
from receiver import Receiver  # noqa: E402

LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"
START = datetime.datetime(2030, 1, 1, 12, 0, tzinfo=datetime.timezone.utc)


def iso(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class ClockTest(OwnServerTest):
    options = ()

    def setUp(self):
        super().setUp()
        libraries = glob.glob(LIBRARY)
        self.assertTrue(libraries, f"{LIBRARY} is missing; install the package faketime")
        self.clock = self.folder / "clock"
        self.set_clock(START)
        self.environment = {
            "LD_PRELOAD": libraries[0], "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        self.server = self.serve("--sweep", "100ms", *self.options, environment=self.environment)
        self.api = self.client(self.server)

    def set_clock(self, instant):
        """In one step, so that the server never reads half of it. It runs on from there."""
        new = self.folder / "clock.new"
        new.write_text(instant.strftime("@%Y-%m-%d %H:%M:%S\n"))
        os.replace(new, self.clock)


class Clock(ClockTest):
    def chain(self, given):
        """Three tracked segments, each referring to the one before; the third turns it round."""
        ids = []
        for name, reference in (("First", None), ("Second", "memberOfSegment"),
                                ("Third", "notMemberOfSegment")):
            used = condition(in_segment(ids[-1], reference)) if reference else given
            answer = self.api.post("/segments", {"name": name, "condition": used,
                                                 "trackMembership": True})
            self.assertEqual(answer.status, 201, answer.text)
            ids.append(answer.json["id"])
        return ids

    def moves(self):
        """The entries and exits, oldest first, as (when, event, contact)."""
        events = self.api.get("/events?limit=1000").json["events"][::-1]
        return [(event["createdAt"], event["name"].removeprefix("segment."),
                 event["contact"]["email"]) for event in events
                if event["name"].startswith("segment.")]

    def wait_for(self, count):
        """The moves of one contact, once there are so many in all."""
        self.assertTrue(wait_until(lambda: len(self.moves()) >= count, 60), self.moves())
        moves = self.moves()
        self.assertEqual(len(moves), count, moves)
        return moves

    def swept(self, segment_id):
        """Waits until a whole sweep has begun and ended."""
        def counted_at():
            return self.api.get(f"/segments/{segment_id}").json["memberCountAt"]

        for _ in range(2):
            before = counted_at()
            self.assertTrue(wait_until(lambda: counted_at() != before, 60))

    def in_one_go(self, moves, expected, email):
        """All of one sweep, in the order of the references, at one instant."""
        self.assertEqual([name for _, name, _ in moves], expected)
        self.assertEqual({who for _, _, who in moves}, {email})
        self.assertEqual(len({when for when, _, _ in moves}), 1, moves)

    IN = ["first.entry", "second.entry", "third.exit"]
    OUT = ["first.exit", "second.exit", "third.entry"]

    def test_a_chain_is_entered_and_left_by_time_alone(self):
        ids = self.chain(condition(filter_of("event.seen", "triggeredWithin", 7, "days")))
        # An event of a sender whose clock is ahead has not happened yet.
        ahead = START + datetime.timedelta(minutes=4)
        answer = self.api.post("/v1/track/batch", [
            {"event": "seen", "email": "a@x.io", "timestamp": iso(ahead)}])
        self.assertEqual(answer.json["data"]["accepted"], 1, answer.text)
        self.assertEqual([name for _, name, _ in self.wait_for(1)], ["third.entry"])
        self.swept(ids[0])
        self.assertEqual(len(self.moves()), 1)
        self.set_clock(START + datetime.timedelta(minutes=5))
        self.in_one_go(self.wait_for(4)[1:], self.IN, "a@x.io")
        self.set_clock(START + datetime.timedelta(days=6))
        self.swept(ids[0])
        self.assertEqual(len(self.moves()), 4)
        self.set_clock(START + datetime.timedelta(days=8))
        self.in_one_go(self.wait_for(7)[4:], self.OUT, "a@x.io")
        self.swept(ids[0])
        self.assertEqual(len(self.moves()), 7)
        for segment_id in ids:
            self.assertEqual(self.api.post(f"/segments/{segment_id}/compute").json["added"], 0)

    def test_dates_in_data_and_of_contacts_pass_too(self):
        self.chain(condition(filter_of("data.renewal", "within", 30, "days"),
                             filter_of("createdAt", "olderThan", 10, "days")))
        renewal = START + datetime.timedelta(days=20)
        self.api.post("/contacts", {"email": "a@x.io", "data": {"renewal": iso(renewal)}})
        self.api.post("/contacts", {"email": "b@x.io", "data": {"renewal": "soon"}})
        self.wait_for(2)
        self.set_clock(START + datetime.timedelta(days=21))
        self.in_one_go(self.wait_for(5)[2:], self.IN, "a@x.io")
        self.set_clock(START + datetime.timedelta(days=51))
        self.in_one_go(self.wait_for(8)[5:], self.OUT, "a@x.io")

    def test_what_passed_while_the_server_was_off_is_found_once(self):
        ids = self.chain(condition(filter_of("event.seen", "triggeredWithin", 7, "days")))
        self.api.post("/v1/track", {"event": "seen", "email": "a@x.io"})
        self.wait_for(2)
        for stop in (self.server.stop, self.server.kill):
            stop()
            self.set_clock(START + datetime.timedelta(days=8))
            self.server.start()
            self.api = self.client(self.server)
            self.in_one_go(self.wait_for(5)[2:], self.OUT, "a@x.io")
            self.swept(ids[0])
            self.assertEqual(len(self.moves()), 5)

    def test_sweeps_go_on_when_the_clock_is_set_back(self):
        ids = self.chain(condition(filter_of("event.seen", "triggeredWithin", 1, "hours")))
        self.set_clock(START + datetime.timedelta(days=1))
        self.swept(ids[0])
        self.set_clock(START)
        self.swept(ids[0])
        self.api.post("/v1/track", {"event": "seen", "email": "a@x.io"})
        self.wait_for(2)
        self.set_clock(START + datetime.timedelta(hours=2))
        self.in_one_go(self.wait_for(5)[2:], self.OUT, "a@x.io")


class WebhookClock(ClockTest):
    options = ("--allow-private-webhooks",)

    def test_a_clock_that_is_set_back_holds_no_delivery_up(self):
        """What failed is due again some seconds later, by a clock that was a year ahead."""
        is_well = threading.Event()
        receiver = Receiver(lambda arrival, reply: reply(200 if is_well.is_set() else 500))
        self.addCleanup(receiver.stop)
        made = self.api.post("/webhooks", {"url": receiver.url(), "events": ["purchase"]}).json
        for i in range(20):  # enough for a pause of the webhook
            self.api.post("/v1/track", {"event": "purchase", "email": f"p{i}@example.com"})

        def health():
            return self.api.get(f"/webhooks/{made['id']}").json["health"]

        self.assertTrue(wait_until(lambda: health()["pausedUntil"]))
        self.set_clock(START - datetime.timedelta(days=365))
        is_well.set()
        self.assertTrue(wait_until(lambda: len(receiver.taken()) == 20, 120))


if __name__ == "__main__":
    suite.main(__doc__)
