#!/usr/bin/python3
"""docs/openapi.json against the server: it describes what there is, all of it and nothing else.

    test_openapi.py PROGRAM [--short] [unittest options]

The program may be one with the dashboard or one without.

Every operation has its examples in the class Examples, by its operationId. From them and from the
description come the bad requests: members left out or of another type, numbers out of range, keys
that are missing or may not. Every answer to any of them must be as described, and every status that
is described must have been seen: so a route, a member, a header or an error that is forgotten in
the description fails here, and so does one that is not there any more.
"""

import itertools
import json
import re
import socket
import sys
import tempfile
import unittest
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlencode

sys.path.append(str(Path(__file__).resolve().parents[1] / "webhooks"))
import suite  # noqa: E402
import sns  # noqa: E402
from openapi import FILE, Description, as_pattern, check_schema, walk
from routes import api_routes
from server import BOUNDARY, Client, Server, condition, filter_of, form, is_equal, wait_until
from suite import PRO, UNKNOWN

ROOT = FILE.parents[1]
TRACKED_PRO = condition(filter_of("data.plan", "equals", "pro"),
                        filter_of("email", "contains", "@example.com"))
FOREIGN_TYPE = {"Content-Type": "text/plain"}
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"

world = None
numbers = itertools.count(1)


def fresh(word):
    return f"{word} {next(numbers)}"


def fresh_email():
    return f"person{next(numbers)}@example.com"


@dataclass
class Request:
    """What to fill an operation with."""
    path: dict = field(default_factory=dict)
    query: dict = field(default_factory=dict)
    body: object = None         # sent as JSON
    raw: bytes = None           # or else as it is
    headers: dict = field(default_factory=dict)

    def target(self, op):
        path = re.sub(r"\{(\w+)\}", lambda m: quote(str(self.path[m[1]]), safe=""), op.path)
        return path + ("?" + urlencode(self.query) if self.query else "")


class World:
    """One server without a sweep, its project and a session; and what has been seen of it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.signer = sns.Signer(Path(self.folder.name), "sns")
        self.server = Server(suite.program, str(Path(self.folder.name) / "test.db"), "--sweep", "0",
                             "--rate", "0", "--sns-topics", sns.TOPIC, "--sns-certificate",
                             str(self.signer.certificate))
        self.project = self.server.create_project("Shop")
        self.other = self.server.create_project("Whose keys change")
        self.server.start()
        self.seen = set()
        self.client = Client(self.server.port)
        self.description = Description(FILE.read_text(encoding="utf-8"))
        self.session = self.log_in()
        self.has_dashboard = "text/html" in self.client.get("/").headers["Content-Type"]

    def log_in(self):
        token = self.server.login_link.partition("token=")[2]
        answer = self.call(self.description.by_id("logIn"), Request(query={"token": token}))
        return answer.headers["Set-Cookie"].partition(";")[0]

    def keys(self, op):
        """The headers of somebody who may call it."""
        if "secretKey" in op.security:
            return {"Authorization": f"Bearer {self.project['secretKey']}"}
        return self.session_keys() if "session" in op.security else {}

    def session_keys(self):
        return {"Cookie": self.session, "Origin": f"http://127.0.0.1:{self.server.port}"}

    def call(self, op, request, *, keys=None, target=None):
        """Calls an operation, and holds the answer against the description."""
        headers = {**(self.keys(op) if keys is None else keys), **request.headers}
        answer = self.client.send(op.method, target or request.target(op), request.body, headers,
                                  request.raw)
        self.check(op, answer)
        return answer

    def check(self, op, answer):
        self.seen.add((op.id, str(answer.status)))
        wrong = self.description.answer_mistakes(op, answer)
        if wrong:
            raise AssertionError(f"{op.method} {op.path} answered {answer.status}, "
                                 f"{answer.text[:500]}:\n  " + "\n  ".join(wrong))

    def ask(self, operation_id, status=200, **filled):
        """For examples: a call that must do what it is for."""
        answer = self.call(self.description.by_id(operation_id), Request(**filled))
        if answer.status != status:
            raise AssertionError(f"{operation_id}: {answer.status} {answer.text}")
        return answer.json

    def close(self):
        self.client.close()
        status = self.server.stop()
        self.folder.cleanup()
        return status


def setUpModule():
    global world
    world = World()


def tearDownModule():
    if world.close() != 0:
        raise AssertionError("the server did not end well")


class Examples:
    """Requests for each operation, by its id, with the status that each must be answered with. The
    first one is good, and may be sent again."""

    # What the examples stand on.

    def contact(self, **data):
        return world.ask("putContact", 201, body={"email": fresh_email(), "subscribed": True,
                                                  "data": data})

    def segment(self, given=PRO, **members):
        return world.ask("createSegment", 201,
                         body={"name": fresh("Pro"), "condition": given, **members})

    def static(self):
        return world.ask("createSegment", 201, body={"name": fresh("Beta"), "type": "STATIC"})

    # Segments

    def listSegments(self):
        self.segment()
        self.static()
        yield 200, Request()

    def createSegment(self):
        name = fresh("Pro")
        yield 201, Request(body={"name": fresh("Pro"), "description": "Paying", "type": "DYNAMIC",
                                 "trackMembership": True, "condition": PRO})
        yield 201, Request(body={"name": name, "type": "STATIC"})
        yield 409, Request(body={"name": name, "type": "STATIC"})
        yield 400, Request(body={"name": fresh("Pro"), "type": "STATIC", "condition": PRO})
        yield 400, Request(body={"name": fresh("Pro")})
        yield 400, Request(body={"name": fresh("Pro"), "condition": is_equal("colour", "red")})

    def previewSegment(self):
        self.contact(plan="pro")
        self.contact(plan="free")
        segment = self.segment(is_equal("data.plan", "free"), trackMembership=True)
        yield 200, Request(body={"condition": PRO, "sample": 5, "segmentId": segment["id"]})
        yield 200, Request(body={"condition": PRO})
        yield 404, Request(body={"condition": PRO, "segmentId": UNKNOWN})
        yield 400, Request(body={"condition": PRO, "segmentId": self.static()["id"]})
        yield 400, Request(body={"condition": {"logic": "AND", "groups": []}})

    def getSegment(self):
        yield 200, Request(path={"id": self.segment()["id"]})
        yield 200, Request(path={"id": self.static()["id"]})

    def updateSegment(self):
        there, taken = self.segment(), self.segment()
        yield 200, Request(path={"id": there["id"]},
                           body={"name": fresh("Plus"), "description": None,
                                 "trackMembership": True, "condition": TRACKED_PRO})
        yield 200, Request(path={"id": self.static()["id"]}, body={"description": "By hand"})
        yield 409, Request(path={"id": there["id"]}, body={"name": taken["name"]})
        yield 400, Request(path={"id": there["id"]}, body={"condition": is_equal("colour", 1)})

    def deleteSegment(self):
        yield 204, Request(path={"id": self.segment()["id"]})
        base = self.segment()
        self.segment(condition(filter_of(f"segment.{base['id']}", "memberOfSegment")))
        yield 409, Request(path={"id": base["id"]})

    def listSegmentContacts(self):
        self.contact(plan="pro")
        there = {"id": self.segment()["id"]}
        yield 200, Request(path=there)
        yield 200, Request(path=there, query={"page": 1, "pageSize": 1, "search": "PERSON"})

    def addMembers(self):
        email = self.contact()["email"]
        yield 200, Request(path={"id": self.static()["id"]}, body={
            "emails": [email, fresh_email(), "no address"], "createMissing": True,
            "subscribed": False})
        yield 200, Request(path={"id": self.static()["id"]},
                           body={"emails": [fresh_email(), "no address"]})
        yield 400, Request(path={"id": self.segment()["id"]}, body={"emails": [email]})

    def removeMembers(self):
        yield 200, Request(path={"id": self.static()["id"]}, body={"emails": [fresh_email()]})
        yield 400, Request(path={"id": self.segment()["id"]}, body={"emails": []})

    def explainCondition(self):
        contact = self.contact(plan="pro", seats=12, active=True, tags=["a"], since="2026-01-01",
                               address={"city": "Köln"}, note="x" * 2000)
        world.ask("track", body={"event": "visited", "email": contact["email"]})
        segment = self.segment()
        filters = [filter_of(f"data.{name}", "exists")
                   for name in ("plan", "seats", "active", "tags", "since", "address", "note",
                                "nothing")]
        filters += [filter_of("createdAt", "within", 1, "days"), filter_of("email", "contains", "@"),
                    filter_of("event.visited", "triggeredWithin", 1, "days"),
                    filter_of("event.ordered", "triggered"),
                    filter_of(f"segment.{segment['id']}", "memberOfSegment")]
        yield 200, Request(body={"condition": condition(*filters), "contactId": contact["id"]})
        yield 404, Request(body={"condition": PRO, "contactId": UNKNOWN})
        yield 400, Request(body={"condition": is_equal("colour", 1), "contactId": contact["id"]})

    def explainMember(self):
        contact = self.contact(plan="pro")
        yield 200, Request(path={"id": self.segment()["id"], "contactId": contact["id"]})
        yield 200, Request(path={"id": self.static()["id"], "contactId": contact["id"]})

    def changed(self):
        """A contact and a segment that it entered and left."""
        segment, contact = self.static(), self.contact()
        there = {"path": {"id": segment["id"]}, "body": {"emails": [contact["email"]]}}
        world.ask("addMembers", **there)
        world.ask("removeMembers", **there)
        return contact, segment

    def listSegmentChanges(self):
        there = {"id": self.changed()[1]["id"]}
        yield 200, Request(path=there)
        cursor = world.ask("listSegmentChanges", path=there, query={"limit": 1})["cursor"]
        yield 200, Request(path=there, query={"limit": 1, "cursor": cursor})

    def listSegmentSizes(self):
        yield 200, Request(path={"id": self.changed()[1]["id"]}, query={"days": 7})
        yield 200, Request(path={"id": self.segment()["id"]})

    def listSegmentUsers(self):
        there = {"id": self.segment()["id"]}
        self.segment(condition(filter_of(f"segment.{there['id']}", "memberOfSegment")))
        yield 200, Request(path=there)

    def refreshSegment(self):
        there = {"id": self.segment()["id"]}
        yield 200, Request(path=there, body={})
        yield 200, Request(path=there)

    def computeSegment(self):
        there = {"id": self.segment(trackMembership=True)["id"]}
        yield 200, Request(path=there, body={})
        yield 200, Request(path=there)
        yield 400, Request(path={"id": self.segment()["id"]}, body={})

    # Campaigns

    def campaign(self, **members):
        self.contact(plan="pro")
        return world.ask("createCampaign", 201, body={
            "name": fresh("News"), "subject": "New", "body": "<p>Hi</p>", "from": "a@example.com",
            "audienceType": "FILTERED", "audienceCondition": PRO, **members})["data"]

    def in_status(self, *deeds):
        there = {"id": self.campaign()["id"]}
        for deed in deeds:
            world.ask(deed, path=there)
        return there

    def listCampaigns(self):
        self.campaign()
        self.campaign(audienceType="SEGMENT", segmentId=self.segment()["id"])
        yield 200, Request()
        yield 200, Request(query={"page": 1, "pageSize": 1, "status": "DRAFT", "search": "news"})

    def createCampaign(self):
        body = {"name": fresh("News"), "subject": "New", "body": "<p>Hi</p>",
                "from": "a@example.com", "audienceType": "FILTERED", "audienceCondition": PRO}
        yield 201, Request(body=body)
        yield 201, Request(body={**body, "audienceType": "SEGMENT",
                                 "segmentId": self.segment()["id"]})
        yield 201, Request(body={**body, "audienceType": "ALL"})
        yield 404, Request(body={**body, "audienceType": "SEGMENT", "segmentId": UNKNOWN})
        yield 400, Request(body={**body, "audienceType": "SEGMENT"})
        yield 400, Request(body={**body, "audienceCondition": is_equal("colour", "red")})

    def getCampaign(self):
        yield 200, Request(path={"id": self.campaign()["id"]})
        there = {"id": self.campaign()["id"]}
        world.ask("sendCampaign", path=there, body={"scheduledFor": "2999-01-01"})
        yield 200, Request(path=there)

    def updateCampaign(self):
        yield 200, Request(path={"id": self.campaign()["id"]}, body={
            "name": fresh("News"), "subject": "Newer", "body": "<p>Hello</p>",
            "from": "b@example.com", "audienceType": "FILTERED", "audienceCondition": TRACKED_PRO})
        yield 400, Request(path={"id": self.campaign()["id"]},
                           body={"audienceCondition": is_equal("colour", 1)})
        yield 409, Request(path=self.in_status("sendCampaign"), body={"name": "Late"})

    def deleteCampaign(self):
        yield 200, Request(path={"id": self.campaign()["id"]})
        yield 409, Request(path=self.in_status("sendCampaign"))

    def sendCampaign(self):
        yield 200, Request(path={"id": self.campaign()["id"]}, body={})
        yield 200, Request(path={"id": self.campaign()["id"]})
        yield 200, Request(path={"id": self.campaign()["id"]},
                           body={"scheduledFor": "2999-01-01T00:00:00Z"})
        yield 400, Request(path={"id": self.campaign()["id"]},
                           body={"scheduledFor": "2001-01-01"})
        yield 409, Request(path=self.in_status("sendCampaign"))

    def cancelCampaign(self):
        yield 200, Request(path={"id": self.campaign()["id"]})
        yield 409, Request(path=self.in_status("cancelCampaign"))

    def reportCampaignSent(self):
        yield 200, Request(path=self.in_status("sendCampaign"))
        yield 409, Request(path={"id": self.campaign()["id"]})

    def listRecipients(self):
        there = self.in_status("sendCampaign")
        yield 200, Request(path=there)
        yield 200, Request(path=there, query={"format": "csv"})
        yield 200, Request(path=there, headers={"Accept": "text/csv"})
        recipient = self.contact(plan="pro")["id"]
        yield 200, Request(path={"id": self.campaign()["id"]},
                           query={"format": "ndjson", "after": recipient})
        yield 400, Request(path=there, query={"after": UNKNOWN})

    # Webhooks

    def clear_webhooks(self):
        """A project has 50 at most, and examples leave theirs."""
        for made in world.ask("listWebhooks"):
            world.ask("deleteWebhook", 204, path={"id": made["id"]})

    def webhook(self, **members):
        if len(world.ask("listWebhooks")) > 40:
            self.clear_webhooks()
        return world.ask("createWebhook", 201, body={"url": "https://example.com/hooks",
                                                     "events": ["never"], **members})

    def listWebhooks(self):
        self.webhook(name="Shop", headers={"X-Key": "secret"}, condition=PRO)
        yield 200, Request()

    def createWebhook(self):
        self.clear_webhooks()
        body = {"name": "Shop", "url": "https://example.com/hooks", "events": ["purchase"],
                "headers": {"X-Key": "secret"}, "condition": PRO, "enabled": False}
        least = {"url": body["url"], "events": ["segment.*.entry"]}
        yield 201, Request(body=body)
        yield 201, Request(body=least)
        yield 400, Request(body={**body, "url": "example.com"})
        yield 400, Request(body={**body, "condition": is_equal("colour", "red")})
        for _ in range(50 - len(world.ask("listWebhooks"))):
            world.ask("createWebhook", 201, body=least)
        yield 409, Request(body=body)
        self.clear_webhooks()

    def getWebhook(self):
        yield 200, Request(path={"id": self.webhook()["id"]})

    def updateWebhook(self):
        there = {"id": self.webhook()["id"]}
        yield 200, Request(path=there, body={
            "name": "Shop", "url": "https://example.com/", "events": ["a", "b"],
            "headers": {"X-Key": "secret"}, "condition": PRO, "enabled": True})
        yield 200, Request(path=there, body={"name": None, "headers": None, "condition": None})
        yield 400, Request(path=there, body={"condition": is_equal("colour", 1)})

    def deleteWebhook(self):
        yield 204, Request(path={"id": self.webhook()["id"]})

    def listDeliveries(self):
        there = {"id": self.webhook(events=["visited"])["id"]}
        for _ in range(2):
            world.ask("track", body={"event": "visited", "email": self.contact()["email"]})
        yield 200, Request(path=there)
        cursor = world.ask("listDeliveries", path=there, query={"limit": 1})["cursor"]
        yield 200, Request(path=there, query={"limit": 1, "cursor": cursor, "status": "PENDING"})

    def testWebhook(self):
        yield 201, Request(path={"id": self.webhook()["id"]}, body={})
        yield 201, Request(path={"id": self.webhook()["id"]})
        yield 409, Request(path={"id": self.webhook(enabled=False)["id"]})

    def rotateWebhookSecret(self):
        yield 200, Request(path={"id": self.webhook()["id"]}, body={})
        yield 200, Request(path={"id": self.webhook()["id"]})

    def replayDeliveries(self):
        there = {"id": self.webhook()["id"]}
        yield 200, Request(path=there, body={"from": "2026-01-01", "to": "2026-01-02",
                                             "status": "PARKED", "dryRun": True})
        yield 200, Request(path=there, body={"from": "2026-01-01", "to": "2026-01-02"})
        yield 400, Request(path=there, body={"from": "2026-01-02", "to": "2026-01-01"})

    def getDelivery(self):
        made = world.ask("testWebhook", 201, path={"id": self.webhook()["id"]})
        yield 200, Request(path={"id": made["id"]})

    def retryDelivery(self):
        made = world.ask("testWebhook", 201, path={"id": self.webhook()["id"]})
        yield 200, Request(path={"id": made["id"]}, body={})
        yield 200, Request(path={"id": made["id"]})

    # Contacts

    def listContacts(self):
        self.contact(plan="pro")
        self.contact()
        yield 200, Request()
        cursor = world.ask("listContacts", query={"limit": 1})["cursor"]
        yield 200, Request(query={"limit": 1, "cursor": cursor, "search": "example"})

    def putContact(self):
        email = fresh_email()
        body = {"email": email, "subscribed": True,
                "data": {"plan": "pro", "seats": 12, "tags": ["a"], "address": {"city": "Köln"},
                         "active": True, "since": "2026-01-01", "note": None}}
        yield 201, Request(body=body)
        yield 200, Request(body=body)
        yield 422, Request(body={"email": "no address"})

    def lookUpContacts(self):
        yield 200, Request(body={"emails": [self.contact()["email"], fresh_email()]})

    def upload(self, raw):
        return Request(raw=raw, headers={"Content-Type": FORM_TYPE})

    def importContacts(self):
        yield 202, self.upload(form(f"email,plan\n{fresh_email()},pro\nnonsense,free\n"))
        yield 400, self.upload(b"no form")
        yield 422, self.upload(form("plan\n"))

    def finished(self, operation_id, queued):
        """What names a job, once it has ended: with its errors."""
        there = {"jobId": queued.json["jobId"]}
        wait_until(lambda: world.ask(operation_id, path=there)["status"] == "COMPLETED")
        return there

    def getImport(self):
        op = world.description.by_id("importContacts")
        yield 200, Request(path=self.finished("getImport", world.call(op, good_request(op))))

    def bulkSubscribe(self):
        yield 202, Request(body={"contactIds": [self.contact()["id"], UNKNOWN], "mode": "ids"})

    bulkUnsubscribe = bulkDelete = bulkSubscribe

    def getBulk(self):
        op = world.description.by_id("bulkDelete")
        yield 200, Request(path=self.finished("getBulk", world.call(op, good_request(op))))

    def listFields(self):
        self.contact(plan="pro", seats=1, active=True, since="2026-01-01", tags=["a"],
                     address={"city": "Köln"})
        yield 200, Request()

    def listFieldValues(self):
        self.contact(plan="pro", seats=1, active=True)
        yield 200, Request(path={"field": "data.plan"}, query={"limit": 10})
        yield 200, Request(path={"field": "data.seats"})
        yield 200, Request(path={"field": "subscribed"})
        yield 400, Request(path={"field": "email"})

    def getFieldUsage(self):
        self.segment()
        self.campaign()
        yield 200, Request(path={"field": "data.plan"})
        yield 200, Request(path={"field": "email"})
        yield 400, Request(path={"field": "plan"})

    def deleteField(self):
        self.contact(colour="red")
        yield 200, Request(path={"field": "data.colour"})
        self.segment()
        yield 409, Request(path={"field": "data.plan"})
        yield 400, Request(path={"field": "email"})

    def getContact(self):
        yield 200, Request(path={"id": self.contact(plan="pro")["id"]})

    def updateContact(self):
        there, taken = self.contact(), self.contact()
        yield 200, Request(path={"id": there["id"]}, body={
            "email": fresh_email(), "subscribed": False, "data": {"plan": "pro", "gone": None}})
        yield 409, Request(path={"id": there["id"]}, body={"email": taken["email"]})
        yield 422, Request(path={"id": there["id"]}, body={"email": "no address"})

    def deleteContact(self):
        yield 204, Request(path={"id": self.contact()["id"]})

    def listContactChanges(self):
        there = {"id": self.changed()[0]["id"]}
        yield 200, Request(path=there)
        cursor = world.ask("listContactChanges", path=there, query={"limit": 1})["cursor"]
        yield 200, Request(path=there, query={"limit": 1, "cursor": cursor})

    def listContactSegments(self):
        contact = self.contact(plan="pro")
        self.segment()
        self.segment(trackMembership=True)
        yield 200, Request(path={"id": contact["id"]})

    def getSnapshot(self):
        self.contact(plan="pro")
        self.contact(plan="pro")
        fields = {"fields": "data.plan,subscribed,event.visited"}
        yield 200, Request(query=fields)
        yield 200, Request(query=fields, headers={"Accept-Encoding": "gzip"})
        answer = world.call(world.description.by_id("getSnapshot"), Request(query=fields))
        yield 304, Request(query=fields, headers={"If-None-Match": answer.headers["ETag"]})
        yield 409, Request(query={**fields, "limit": 1})
        yield 400, Request(query={"fields": "colour"})
        yield 404, Request(query={"fields": f"segment.{UNKNOWN}"})

    # Events

    def track(self):
        yield 200, Request(body={"event": "invoice.paid", "email": fresh_email(),
                                 "subscribed": True, "data": {"plan": "pro"}})
        yield 422, Request(body={"event": "segment.pro.entry", "email": fresh_email()})

    def trackBatch(self):
        yield 200, Request(body=[
            {"event": "invoice.paid", "email": fresh_email(), "subscribed": False,
             "data": {"plan": "pro"}, "timestamp": "2026-01-01T00:00:00Z"},
            {"event": "invoice.paid", "email": "no address"},
            {"event": "invoice.paid", "email": fresh_email(), "timestamp": "9999-01-01"}])
        yield 200, Request(body=[])

    def recordEmailActivity(self):
        item = {"email": self.contact()["email"], "activity": "opened",
                "at": "2026-01-01T00:00:00Z", "messageId": fresh("message")}
        yield 200, Request(body=[item, item, {**item, "email": fresh_email()}])

    def sesAddress(self):
        yield 200, Request()

    def sesMessage(self):
        path, _, key = world.ask("sesAddress")["path"].rpartition("?key=")

        def request(message):
            return Request(path={"project": path.rpartition("/")[2]}, query={"key": key},
                           raw=json.dumps(message).encode(), headers=FOREIGN_TYPE)

        mail = {"timestamp": "2026-01-01T00:00:00.000Z", "messageId": fresh("mail"),
                "destination": [self.contact()["email"], fresh_email()]}
        sent = world.signer.sign(sns.message_of({"eventType": "Send", "mail": mail}))
        yield 200, request(sent)
        yield 403, request({**sent, "TopicArn": "arn:aws:sns:x:1:other"})
        yield 422, request({})
        yield 400, replace(request({}), raw=b"no JSON")
        yield 403, replace(request(sent), query={"key": "in_other"})

    def listEvents(self):
        for email in (fresh_email(), fresh_email()):
            world.ask("track", body={"event": "invoice.paid", "email": email,
                                     "data": {"plan": "pro"}})
        world.ask("track", body={"event": "visited", "email": email})
        yield 200, Request()
        cursor = world.ask("listEvents", query={"limit": 1})["cursor"]
        yield 200, Request(query={"limit": 1, "cursor": cursor, "eventName": "invoice.paid"})

    def listEventNames(self):
        world.ask("track", body={"event": "visited", "email": fresh_email()})
        yield 200, Request()

    def countEvents(self):
        world.ask("track", body={"event": "visited", "email": fresh_email()})
        yield 200, Request(query={"startDate": "2026-01-01", "endDate": "2999-01-01T00:00:00Z"})
        yield 200, Request()
        yield 200, Request(query={"bounds": "2026-01-01,2026-01-02T00:00:00+02:00,2999-01-01"})
        yield 400, Request(query={"bounds": "2026-01-01"})

    def listEventsOfContact(self):
        contact = self.contact()
        for _ in range(2):
            world.ask("track", body={"event": "visited", "email": contact["email"]})
        there = {"id": contact["id"]}
        yield 200, Request(path=there)
        cursor = world.ask("listEventsOfContact", path=there, query={"limit": 1})["cursor"]
        yield 200, Request(path=there, query={"limit": 1, "cursor": cursor})

    def getEventUsage(self):
        world.ask("track", body={"event": "visited", "email": fresh_email()})
        self.segment(condition(filter_of("event.visited", "triggered")))
        yield 200, Request(path={"name": "visited"})
        yield 422, Request(path={"name": "x" * 251})

    def deleteEvent(self):
        world.ask("track", body={"event": "left", "email": fresh_email()})
        yield 200, Request(path={"name": "left"})
        yield 200, Request(path={"name": "stats"})
        self.segment(condition(filter_of("event.kept", "triggered")))
        yield 409, Request(path={"name": "kept"})
        yield 422, Request(path={"name": "segment.pro.entry"})

    # The dashboard

    def logIn(self):
        """The good one is how World comes to its session: a link works once."""
        yield 401, Request(query={"token": "of another day"})
        yield 401, Request()

    def logOut(self):
        """Of nobody's session: the world's own is still needed."""
        yield 401, Request(headers={"Cookie": "segmentry_session=of-another-day"})

    def getSession(self):
        yield 200, Request()

    def rotateKeys(self):
        yield 200, Request(path={"id": world.other["id"]})
        yield 200, Request(path={"id": world.other["id"]}, body={})

    def dashboardPage(self):
        yield 200, Request()

    def dashboardIcon(self):
        yield (200 if world.has_dashboard else 404), Request()

    def dashboardAsset(self):
        for name in re.findall(r'"/assets/([^"]+)"', world.client.get("/").text):
            yield 200, Request(path={"file": name}, headers={"Accept-Encoding": "gzip"})
        yield 404, Request(path={"file": "of-another-day.js"})

    # For operators

    def health(self):
        yield 200, Request()

    def ready(self):
        yield 200, Request()

    def metrics(self):
        yield 200, Request()

    def openapi(self):
        yield 200, Request()


def examples_of(op):
    return getattr(Examples(), op.id)()


def good_request(op):
    """A first example, made anew."""
    return next(iter(examples_of(op)))[1]


def request_of_nothing(op):
    return Request(path={p["name"]: UNKNOWN for p in op.parameters if p["in"] == "path"})


def violations(description, schema):
    """Values that are not as a schema says, each with a word for it. Null counts as absent, so it
    is no violation."""
    schema = description.resolve(schema)
    candidates = {"a number": 5, "a text": "§", "an object": {"a": 1}, "an array": [5],
                  "a truth value": True}
    if "minimum" in schema:
        candidates.update({"too small": schema["minimum"] - 1, "a fraction": 1.5})
    if "maximum" in schema:
        candidates["too large"] = schema["maximum"] + 1
    if "maxLength" in schema:
        candidates["too long"] = "x" * (schema["maxLength"] + 1)
    if schema.get("minLength"):
        candidates["empty"] = ""
    if "maxItems" in schema:
        candidates["too many"] = ["a"] * (schema["maxItems"] + 1)
    if schema.get("minItems"):
        candidates["none"] = []
    return {word: value for word, value in candidates.items()
            if description.mistakes(schema, value, is_strict=False)}


def bad_objects(description, schema, good):
    """Variations of an object that a schema forbids, each with a word for it."""
    schema = description.resolve(schema)
    for name in schema.get("required", []):
        yield f"without {name}", {n: v for n, v in good.items() if n != name}
    for name, member in schema.get("properties", {}).items():
        for word, value in violations(description, member).items():
            yield f"{name}: {word}", {**good, name: value}


class EveryOperation(unittest.TestCase):
    """What the examples and the description say of each operation, on the server."""

    def each(self, check, chosen=lambda op: True):
        for op in filter(chosen, world.description.operations):
            with self.subTest(operation=op.id):
                check(op)

    def expect(self, status, answer, about=""):
        statuses = status if isinstance(status, tuple) else (status,)
        self.assertIn(answer.status, statuses, f"{about} {answer.text[:500]}")

    def test_examples_are_answered_as_described(self):
        def check(op):
            for status, request in examples_of(op):
                self.expect(status, world.call(op, request))
                if request.body is not None and op.body is not None and status < 300:
                    self.assertEqual(world.description.mistakes(op.body, request.body), [])

        self.each(check)

    def test_a_session_may_do_the_same(self):
        def check(op):
            status, request = next(iter(examples_of(op)))
            self.expect(status, world.call(op, request, keys={
                **world.session_keys(), "Segmentry-Project": world.project["id"]}))

        self.each(check, lambda op: "session" in op.security and "secretKey" in op.security)

    def test_who_may_not(self):
        public = {"Authorization": f"Bearer {world.project['publicKey']}"}

        def check(op):
            request = request_of_nothing(op)
            self.expect(401, world.call(op, request, keys={}))
            unknown_key = {"Authorization": "Bearer sk_" + "A" * 43}
            self.expect((401, 403), world.call(op, request, keys=unknown_key))
            if "publicKey" not in op.security:
                self.expect(403, world.call(op, request, keys=public))
            if "session" in op.security and op.method != "GET":
                self.expect(403, world.call(op, request, keys={"Cookie": world.session}))
            if "session" not in op.security:
                self.expect(401, world.call(op, request, keys=world.session_keys()))
            if "secretKey" not in op.security:
                self.expect(403, world.call(op, request, keys={
                    "Authorization": f"Bearer {world.project['secretKey']}"}))

        self.each(check, lambda op: op.security)

    def test_a_session_of_no_such_project(self):
        def check(op):
            answer = world.call(op, request_of_nothing(op), keys={
                **world.session_keys(), "Segmentry-Project": UNKNOWN})
            self.expect(404, answer)
            self.assertIn("project", answer.error["message"])

        self.each(check, lambda op: op.parameter("header", "Segmentry-Project"))

    def test_ids_of_nothing(self):
        def check(op):
            request = good_request(op)
            request.path = {name: UNKNOWN for name in request.path}
            self.expect(404, world.call(op, request))

        self.each(check, lambda op: any(p["in"] == "path" and p["name"].lower().endswith("id")
                                           for p in op.parameters))

    def test_bad_queries(self):
        def check(op):
            request = good_request(op)
            request.query = {}
            target = request.target(op)
            self.expect(400, world.call(op, request, target=f"{target}?%zz"))
            for parameter in op.parameters:
                if parameter["in"] != "query":
                    continue
                name = parameter["name"]
                self.expect(400, world.call(op, request, target=f"{target}?{name}=1&{name}=1"),
                            name)
                for word, value in self.bad_values(parameter["schema"]):
                    answer = world.call(op, request, target=f"{target}?{name}={quote(value)}")
                    self.expect(400, answer, f"{name}: {word}")

        self.each(check)

    def bad_values(self, schema):
        """Texts of a query that a schema forbids. An empty one counts as absent."""
        schema = world.description.resolve(schema)
        for word, value in violations(world.description, schema).items():
            is_text = isinstance(value, str) and value
            is_number = not isinstance(value, bool) and isinstance(value, (int, float))
            if is_text or (is_number and schema.get("type") == "integer"):
                yield word, str(value)

    def test_bad_bodies(self):
        def check(op):
            request = good_request(op)
            filled = Request(path=request.path, query=request.query)
            schema = world.description.resolve(op.body)
            self.expect(400, world.call(op, replace(filled, raw=b'{"a": ')))
            if schema["type"] == "array":
                self.check_bad_items(op, schema, filled, request.body[0])
                return
            for word, body in bad_objects(world.description, schema, request.body or {}):
                filled.body = body
                self.expect((400, 422), world.call(op, filled), word)
            if "properties" in schema:
                filled.body = ["no object"]
                self.expect((400, 422), world.call(op, filled), "an array")

        self.each(check, lambda op: op.body is not None)

    def test_bodies_of_another_type_or_too_large(self):
        def check(op):
            request = replace(good_request(op), body=None)
            if FOREIGN_TYPE["Content-Type"] not in op.content_types:
                self.expect(415, world.call(op, replace(request, raw=b"{}", headers=FOREIGN_TYPE)))
            announced = {"Content-Type": op.content_types[0], "Content-Length": "2000000000"}
            self.expect(413, world.call(op, replace(request, raw=None, headers=announced)))

        self.each(check, lambda op: op.content_types)

    def check_bad_items(self, op, schema, filled, good):
        """Bad items are refused one by one; what is no array, or too long a one, as a whole."""
        bad = dict(bad_objects(world.description, schema["items"], good))
        filled.body = list(bad.values())
        answer = world.call(op, filled)
        self.expect(200, answer)
        accepted = [word for word, result in zip(bad, answer.json["data"]["results"])
                    if result["success"]]
        self.assertEqual(accepted, [])
        for body in ({}, [good] * (schema["maxItems"] + 1)):
            filled.body = body
            self.expect(422, world.call(op, filled))

    def test_idempotency_keys(self):
        used = fresh("used")
        world.call(world.description.by_id("putContact"),
                   Request(body={"email": fresh_email()}, headers={"Idempotency-Key": used}))

        def check(op):
            good = good_request(op)

            def with_key(key):
                return replace(good, headers={**good.headers, "Idempotency-Key": key})

            answer = world.call(op, with_key("x" * 256))
            self.assertEqual(answer.status == 400, op.is_idempotent_by_key, answer.text)
            if op.is_idempotent_by_key:
                self.expect(409, world.call(op, with_key(used)))
                request = with_key(fresh("key"))
                first, again = world.call(op, request), world.call(op, request)
                self.assertEqual((again.status, again.text), (first.status, first.text))
                self.assertIn("Idempotent-Replayed", again.headers)

        self.each(check, lambda op: op.method == "POST" and op.security != ("session",))

    def test_methods_that_are_not_there(self):
        described = {}
        for op in world.description.operations:
            described.setdefault(op.path, op)
        for path, op in described.items():
            with self.subTest(path=path):
                target = request_of_nothing(op).target(op)
                answer = world.client.send("PROPFIND", target)
                self.expect(405, answer)
                world.check(op, answer)
                self.assertIn(op.method, answer.headers["Allow"])

    def test_log_out(self):
        """With a session of its own: the second link comes from a second start."""
        with tempfile.TemporaryDirectory() as folder:
            server = Server(suite.program, str(Path(folder) / "test.db"))
            server.create_project("Shop")
            server.start()
            self.addCleanup(server.stop)
            client = Client(server.port)
            self.addCleanup(client.close)
            link = server.login_link.partition(str(server.port))[2]
            answer = client.get(link)
            world.check(world.description.by_id("logIn"), answer)
            keys = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0],
                    "Origin": f"http://127.0.0.1:{server.port}"}
            answer = client.send("POST", "/logout", headers=keys)
            self.expect(204, answer)
            world.check(world.description.by_id("logOut"), answer)


class Refusing(unittest.TestCase):
    """A server that refuses whatever comes."""

    def start(self, *options):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        server = Server(suite.program, str(Path(folder.name) / "test.db"), *options)
        project = server.create_project("Shop")
        server.start()
        client = Client(server.port)
        self.addCleanup(client.close)
        token = server.login_link.partition(str(server.port))[2]
        session = client.get(token).headers["Set-Cookie"].partition(";")[0]
        origin = {"Origin": f"http://127.0.0.1:{server.port}"}
        return server, client, {"secretKey": {"Authorization": f"Bearer {project['secretKey']}"},
                                "session": {"Cookie": session, **origin}}

    def refuse_all(self, client, keys, status, chosen):
        for op in filter(chosen, world.description.operations):
            with self.subTest(operation=op.id):
                request = request_of_nothing(op)
                used = keys.get((*op.security, None)[0], {})
                answer = client.send(op.method, request.target(op), headers=used)
                self.assertEqual(answer.status, status, answer.text)
                world.check(op, answer)

    def test_the_rate(self):
        server, client, keys = self.start("--rate", "1")
        self.addCleanup(server.stop)
        client.send("GET", "/segments", headers=keys["secretKey"])
        self.refuse_all(client, keys, 429, lambda op: op.security)

    def test_the_rate_of_what_sns_sends(self):
        """Of its own: as many in a second as others in a minute, and they have theirs."""
        server, client, keys = self.start("--rate", "1")
        self.addCleanup(server.stop)
        path = client.send("GET", "/v1/email-providers/ses", headers=keys["secretKey"]).json["path"]
        op = world.description.by_id("sesMessage")
        statuses = []
        for _ in range(70):
            answer = client.send("POST", path, raw=b"{}", headers=FOREIGN_TYPE)
            world.check(op, answer)
            statuses.append(answer.status)
        self.assertEqual(set(statuses), {422, 429})
        self.assertNotIn(429, statuses[:60])

    def test_stopping(self):
        """While a request is under way, the others are refused."""
        server, client, keys = self.start()
        slow = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(slow.close)
        slow.sendall(b"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n"
                     b"Content-Type: application/json\r\nAuthorization: "
                     + keys["secretKey"]["Authorization"].encode() + b"\r\n\r\n")
        wait_until(lambda: "segmentry_http_requests_in_flight 2" in client.get("/metrics").text)
        server.process.terminate()
        wait_until(lambda: client.get("/ready").status == 503)
        described = [op.id for op in world.description.operations if "503" in op.responses]
        self.refuse_all(client, keys, 503, lambda op: op.id in described)
        self.assertEqual(client.get("/health").status, 200)
        slow.close()
        self.assertEqual(server.end(), 0)


class Routes(unittest.TestCase):
    def test_every_route_is_described_and_nothing_else_is(self):
        """The table of routes is read, each of its paths asked for with every method, and the
        metrics say which of them are routes."""
        table = {(route.method, route.pattern) for route in api_routes()}
        described = {(op.method, as_pattern(op.path)) for op in world.description.operations}
        self.assertEqual(described, table)
        for pattern in {pattern for _, pattern in table}:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                world.client.send(method, re.sub(r":\w+", UNKNOWN, pattern))
        labels = re.findall(r'^segmentry_http_requests_total\{method="(\w+)",route="(.+?)",',
                            world.client.get("/metrics").text, re.MULTILINE)
        self.assertEqual(set(labels), described)

    def test_it_is_served_as_it_stands(self):
        answer = world.client.get("/openapi.json")
        self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")
        self.assertEqual(answer.text, FILE.read_text(encoding="utf-8"))


class Document(unittest.TestCase):
    def setUp(self):
        self.document = world.description.document

    def test_schemas_are_schemas(self):
        for name, schema in self.document["components"]["schemas"].items():
            with self.subTest(schema=name):
                check_schema(schema)
        for value in walk(self.document["paths"]):
            if isinstance(value.get("schema"), dict):
                check_schema(value["schema"])

    def test_references_lead_somewhere_and_components_are_used(self):
        used = {value["$ref"] for value in walk(self.document)
                if isinstance(value.get("$ref"), str)}
        for reference in used:
            world.description.resolve({"$ref": reference})
        used |= {f"#/components/securitySchemes/{name}"
                 for op in world.description.operations for name in op.security}
        for kind, members in self.document["components"].items():
            for name in members:
                self.assertIn(f"#/components/{kind}/{name}", used)

    def test_ids_are_unique_and_path_parameters_are_declared(self):
        ids = [op.id for op in world.description.operations]
        self.assertEqual(len(ids), len(set(ids)))
        for op in world.description.operations:
            declared = [p["name"] for p in op.parameters if p["in"] == "path"]
            self.assertEqual(re.findall(r"\{(\w+)\}", op.path), declared, op.path)
            self.assertTrue(all(p["required"] for p in op.parameters if p["in"] == "path"))

    def test_tags_are_declared(self):
        declared = {tag["name"] for tag in self.document["tags"]}
        used = {tag for item in self.document["paths"].values()
                for said in item.values() if isinstance(said, dict) for tag in said["tags"]}
        self.assertEqual(used, declared)

    def test_the_version_is_the_programs(self):
        version = re.search(r"VERSION ([\d.]+)",
                            (ROOT / "CMakeLists.txt").read_text(encoding="utf-8").split("project(")[1])
        self.assertEqual(self.document["info"]["version"], version[1])

    def test_the_codes_are_those_of_the_code(self):
        source = (ROOT / "native/src/http/response.c").read_text(encoding="utf-8")
        codes = set(re.findall(r'\] = \{\d{3}, "([A-Z_]+)"\}', source))
        described = self.document["components"]["schemas"]["Error"]["properties"]["error"]
        self.assertEqual(set(described["properties"]["code"]["enum"]), codes)


class Seen(unittest.TestCase):
    """Runs last: what is described, and was not seen."""

    def test_every_described_status_was_seen(self):
        described = {(op.id, status) for op in world.description.operations
                     for status in op.responses if status != "default"}
        not_here = {("dashboardIcon", "404")} if world.has_dashboard else \
            {("dashboardIcon", "200"), ("dashboardAsset", "200")}
        self.assertEqual(sorted(described - world.seen - not_here), [])


def load_tests(loader, _standard, _pattern):
    cases = (Document, Routes, EveryOperation, Refusing, Seen)
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)


if __name__ == "__main__":
    suite.main(__doc__)
