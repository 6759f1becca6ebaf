#!/usr/bin/python3
"""Kill -9 under load: what was answered is there, once, and everything agrees with everything.

    test_crash.py PROGRAM [--short] [unittest options]

Some clients write at once, each to contacts, members and segments of its own, while all of them
move through the same tracked segments. Each keeps a model of what was answered. At a random moment
the server is killed. After the restart a client's part of the project must be what its model says,
or that with some of the one request that was not answered. If this had an Idempotency-Key it is
sent again, and must then have been carried out once.
"""

import collections
import copy
import http.client
import itertools
import random
import threading
import time

import suite
from suite import PRO, OwnServerTest, setUpModule, tearDownModule
from server import Client, condition, filter_of, in_segment, wait_until
from state import State, oracle

WORKERS = 10
EMAILS_PER_WORKER = 12
SEGMENTS_PER_WORKER = 3
EVENTS = ("seen", "bought", "ping")
PLANS = ("pro", "free", "trial")
# A blink was a minute ago, but for this: time alone ends its membership soon after.
BLINK_SECONDS = 0.3

Operation = collections.namedtuple("Operation", "method path body steps learn")


def iso(seconds):
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds * 1000) % 1000:03}Z"


def new_model():
    return {"contacts": {}, "events": {}, "members": set(), "segments": {}}


def save_contact(model, email, subscribed=None, data=None, if_new=False):
    """What saving a contact does."""
    contact = model["contacts"].get(email)
    if contact is None:
        contact = {"id": None, "subscribed": if_new if subscribed is None else subscribed,
                   "data": {}, "flips": []}
        model["contacts"][email] = contact
    elif subscribed is not None and subscribed != contact["subscribed"]:
        contact["subscribed"] = subscribed
        contact["flips"].append("contact.subscribed" if subscribed else "contact.unsubscribed")
    for name, value in (data or {}).items():
        if isinstance(value, dict):
            continue  # not persistent
        if value is None:
            contact["data"].pop(name, None)
        else:
            contact["data"][name] = value


def drop_contact(model, email):
    del model["contacts"][email]
    model["members"].discard(email)
    for token in [token for token, event in model["events"].items() if event["email"] == email]:
        del model["events"][token]


class Worker:
    """One client: what it does next, and what it knows."""

    def __init__(self, number, seed, base, static_id):
        self.random = random.Random(f"{seed}-{number}")
        self.prefix = f"w{number}-"
        self.emails = [f"{self.prefix}{i}@x.io" for i in range(EMAILS_PER_WORKER)]
        self.base = base
        self.static_id = static_id
        self.numbers = itertools.count()
        self.model = new_model()
        self.pending = None
        self.headers = {}
        self.wrong = []
        self.answered = 0

    # What it may ask for.

    def event_item(self):
        token = f"{self.prefix}{next(self.numbers)}"
        email = self.random.choice(self.emails)
        data = {"request": {"value": token, "persistent": False},
                "plan": self.random.choice(PLANS)}
        name = self.random.choice(EVENTS)

        def step(model):
            save_contact(model, email, data=data, if_new=True)
            model["events"][token] = {"email": email, "id": None, "name": name}

        return token, {"event": name, "email": email, "data": data}, step

    def learn_event(self, token, data):
        event = self.model["events"].get(token)
        event["id"] = data["event"]
        self.model["contacts"][event["email"]]["id"] = data["contact"]

    def track(self):
        token, item, step = self.event_item()
        return Operation("POST", "/v1/track", item, [step],
                         lambda answer: self.learn_event(token, answer["data"]))

    def track_batch(self):
        items = [self.event_item() for _ in range(5)]
        blinking = items[-1][1]
        blinking.update(event="blink", timestamp=iso(time.time() - 60 + BLINK_SECONDS))

        def last(model):
            items[-1][2](model)
            model["events"][items[-1][0]]["name"] = "blink"

        def learn(answer):
            for (token, _, _), result in zip(items, answer["data"]["results"]):
                self.learn_event(token, result["data"])

        steps = [step for _, _, step in items[:-1]] + [last]
        return Operation("POST", "/v1/track/batch", [item for _, item, _ in items], steps, learn)

    def contact_input(self):
        data = {"plan": self.random.choice((*PLANS, None)), "score": self.random.randrange(100)}
        subscribed = self.random.choice((True, False, None))
        body = {"data": data} if subscribed is None else {"data": data, "subscribed": subscribed}
        return body, subscribed, data

    def put(self):
        email = self.random.choice(self.emails)
        body, subscribed, data = self.contact_input()

        def learn(answer):
            self.model["contacts"][email]["id"] = answer["id"]

        return Operation("POST", "/contacts", {"email": email, **body},
                         [lambda model: save_contact(model, email, subscribed, data)], learn)

    def patch(self):
        email = self.random.choice(list(self.model["contacts"]) or [None])
        if email is None:
            return self.put()
        body, subscribed, data = self.contact_input()
        return Operation("PATCH", f"/contacts/{self.model['contacts'][email]['id']}", body,
                         [lambda model: save_contact(model, email, subscribed, data)], None)

    def move(self):
        """To another address: everything else goes along."""
        taken = self.model["contacts"]
        free = [email for email in self.emails if email not in taken]
        if not taken or not free:
            return self.patch()
        old, new = self.random.choice(list(taken)), self.random.choice(free)

        def step(model):
            model["contacts"][new] = model["contacts"].pop(old)
            for event in model["events"].values():
                event["email"] = new if event["email"] == old else event["email"]
            if old in model["members"]:
                model["members"].remove(old)
                model["members"].add(new)

        return Operation("PATCH", f"/contacts/{taken[old]['id']}", {"email": new}, [step], None)

    def delete(self):
        email = self.random.choice(list(self.model["contacts"]) or [None])
        if email is None:
            return self.put()
        return Operation("DELETE", f"/contacts/{self.model['contacts'][email]['id']}", None,
                         [lambda model: drop_contact(model, email)], None)

    def add_members(self):
        emails = self.random.sample(self.emails, 3)

        def step(model):
            for email in emails:
                if email not in model["contacts"]:
                    save_contact(model, email, subscribed=True)
                model["members"].add(email)

        # The answer does not say which ids were made: they are asked for.
        def learn(answer):
            for email in emails:
                self.model["contacts"][email]["id"] = self.model["contacts"][email]["id"] or (
                    self.client.get(f"/contacts?search={email}").json["data"][0]["id"])

        return Operation("POST", f"/segments/{self.static_id}/members",
                         {"emails": emails, "createMissing": True}, [step], learn)

    def remove_members(self):
        emails = self.random.sample(self.emails, 3)
        return Operation("DELETE", f"/segments/{self.static_id}/members", {"emails": emails},
                         [lambda model: model["members"].difference_update(emails)], None)

    def some_condition(self):
        return self.random.choice((
            condition(in_segment(self.random.choice(self.base))),
            condition(in_segment(self.static_id), filter_of("data.score", "lessThan", 50)),
            condition(in_segment(self.random.choice(self.base), "notMemberOfSegment"),
                      filter_of("subscribed", "equals", True)),
            condition(filter_of("event.bought", "triggered"), filter_of("data.plan", "exists"),
                      logic="OR")))

    def create_segment(self):
        if len(self.model["segments"]) >= SEGMENTS_PER_WORKER:
            return self.change_segment()
        name = f"{self.prefix}{next(self.numbers)}"
        given = self.some_condition()
        tracked = self.random.random() < 0.7

        def step(model):
            model["segments"][name] = {"id": None, "condition": given, "tracked": tracked}

        def learn(answer):
            self.model["segments"][name]["id"] = answer["id"]

        return Operation("POST", "/segments", {"name": name, "condition": given,
                                               "trackMembership": tracked}, [step], learn)

    def change_segment(self):
        name = self.random.choice(list(self.model["segments"]) or [None])
        if name is None:
            return self.create_segment()
        path = f"/segments/{self.model['segments'][name]['id']}"
        if self.random.random() < 0.2:
            return Operation("DELETE", path, None, [lambda model: model["segments"].pop(name)],
                             None)
        renamed = f"{self.prefix}{next(self.numbers)}" if self.random.random() < 0.3 else name
        given = self.some_condition()
        tracked = self.random.random() < 0.7

        def step(model):
            model["segments"][renamed] = {**model["segments"].pop(name), "condition": given,
                                          "tracked": tracked}

        return Operation("PATCH", path, {"name": renamed, "condition": given,
                                         "trackMembership": tracked}, [step], None)

    # Doing it.

    def run(self, port, key, until):
        self.client = Client(port, key)
        weights = {self.track: 35, self.track_batch: 10, self.put: 12, self.patch: 7,
                   self.move: 4, self.delete: 6, self.add_members: 5, self.remove_members: 4,
                   self.create_segment: 5, self.change_segment: 5}
        try:
            while not until.is_set() and not self.wrong:
                make = self.random.choices(list(weights), list(weights.values()))[0]
                self.do(make())
        except (OSError, http.client.HTTPException):
            pass  # the server was killed
        except Exception as error:  # a thread's own trace would be lost
            self.wrong.append(repr(error))
        finally:
            self.client.close()

    def do(self, operation):
        self.headers = {}
        # A batch is many changes: no key makes one of them.
        if operation.method == "POST" and len(operation.steps) == 1 and self.random.random() < 0.5:
            self.headers = {"Idempotency-Key": f"{self.prefix}{next(self.numbers)}"}
        self.send(operation)

    def send_again(self, client):
        if self.pending and self.headers:
            self.client = client
            self.send(self.pending)

    def send(self, operation):
        self.pending = operation
        answer = self.client.send(operation.method, operation.path, operation.body, self.headers)
        if answer.status not in (200, 201, 204):
            self.wrong.append(f"{operation.method} {operation.path}: {answer.text}")
            return
        for step in operation.steps:
            step(self.model)
        self.pending = None
        self.answered += 1
        if operation.learn is not None:
            operation.learn(answer.json)

    # Looking back.

    def view(self, state):
        """This client's part of what the server shows, in the form of a model."""
        found = new_model()
        doubled = []
        flips = collections.defaultdict(list)
        for event in state.events:
            email = event["contact"]["email"]
            if not email.startswith(self.prefix):
                continue
            if event["name"].startswith("contact."):
                flips[email].append(event["name"])
            elif not event["name"].startswith("segment."):
                token = event["data"]["request"]["value"]
                if token in found["events"]:
                    doubled.append(token)
                found["events"][token] = {"email": email, "id": event["id"],
                                          "name": event["name"]}
        for row in state.contacts.values():
            if row["email"].startswith(self.prefix):
                found["contacts"][row["email"]] = {
                    "id": row["id"], "subscribed": row["subscribed"], "data": row["data"],
                    "flips": flips[row["email"]]}
        found["members"] = {state.contacts[id]["email"] for id in state.members[self.static_id]}
        for row in state.segments.values():
            if row["name"].startswith(self.prefix):
                found["segments"][row["name"]] = {"id": row["id"], "condition": row["condition"],
                                                  "tracked": row["trackMembership"]}
        return found, doubled

    def check(self, test, state):
        """The model, or the model with the first steps of what was not answered."""
        found, doubled = self.view(state)
        test.assertEqual(self.wrong, [])
        test.assertEqual(doubled, [], "events that are there twice")
        expected = [copy.deepcopy(self.model)]
        for step in self.pending.steps if self.pending else ():
            expected.append(copy.deepcopy(expected[-1]))
            step(expected[-1])
        for model in expected:
            fill_ids(model, found)
        if found not in expected:
            test.assertEqual(found, expected[0], f"not answered was: {self.pending}")
        self.model = found
        self.pending = None


def fill_ids(model, found):
    """What was not answered has ids that nobody has been told."""
    for kind in ("contacts", "events", "segments"):
        for name, thing in model[kind].items():
            if thing["id"] is None and name in found[kind]:
                thing["id"] = found[kind][name]["id"]


class Crash(OwnServerTest):
    ROUNDS = 15
    ROUNDS_SHORT = 4

    def create(self, client, name, given):
        answer = client.post("/segments", {"name": name, "condition": given,
                                           "trackMembership": True})
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json["id"]

    def create_base(self, client):
        """Tracked segments that refer to each other, by members and by events."""
        pro = self.create(client, "Pro", PRO)
        active = self.create(client, "Active", condition(filter_of("event.seen", "triggered"),
                                                         in_segment(pro)))
        blink = self.create(client, "Blink", condition(
            filter_of("event.blink", "triggeredWithin", 1, "minutes")))
        chain = self.create(client, "Chain", {"logic": "OR", "groups": [
            {"filters": [in_segment(active)]}, {"filters": [in_segment(blink)]}]})
        outside = self.create(client, "Outside", condition(
            in_segment(chain, "notMemberOfSegment"), filter_of("subscribed", "equals", True)))
        entered = self.create(client, "Entered", condition(
            filter_of("event.segment.active.entry", "triggered")))
        return [pro, active, blink, chain, outside, entered]

    def run_round(self, server, workers, seconds):
        until = threading.Event()
        threads = [threading.Thread(target=worker.run, args=(
            server.port, self.project["secretKey"], until)) for worker in workers]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        server.kill()
        until.set()
        for thread in threads:
            thread.join()

    def swept_since(self, client, segment_id, instant):
        answer = client.get(f"/segments/{segment_id}").json
        return answer["memberCountAt"] > instant

    def test_what_was_answered_is_there_once_after_kill_9(self):
        seed = random.randrange(2**32)
        moments = random.Random(seed)
        server = self.serve("--sweep", "100ms")
        client = self.client(server)
        base = self.create_base(client)
        workers = []
        for number in range(WORKERS):
            fixed = client.post("/segments", {"name": f"Fixed {number}", "type": "STATIC"}).json
            workers.append(Worker(number, seed, base, fixed["id"]))
        for turn in range(self.ROUNDS_SHORT if suite.is_short else self.ROUNDS):
            with self.subTest(seed=seed, round=turn):
                self.run_round(server, workers, moments.uniform(0.2, 1.0))
                server.start()
                client = self.client(server)
                for worker in workers:
                    worker.send_again(client)
                gone = iso(time.time() + BLINK_SECONDS)
                self.assertTrue(wait_until(lambda: self.swept_since(client, base[0], gone), 60))
                state = State(client)
                for worker in workers:
                    worker.check(self, state)
                state.check(self, int(time.time() * 1000))
        self.assertGreater(sum(worker.answered for worker in workers), 0)
        self.assertEqual(server.stop(), 0)
        print(f"seed {seed}: {sum(worker.answered for worker in workers)} requests answered")


if __name__ == "__main__":
    suite.main(__doc__)
