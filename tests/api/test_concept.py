#!/usr/bin/python3
"""What segments are, sentence by sentence: each test quotes the statement that it holds us to.

    test_concept.py PROGRAM [--short] [unittest options]
"""

import datetime
import threading

from suite import PRO, ApiTest, OwnServerTest, main, setUpModule, tearDownModule
from server import condition, filter_of, in_segment, is_equal, wait_until

FREE = is_equal("data.plan", "free")


class ConceptTest(ApiTest):
    def compute(self, segment):
        return self.ok(self.api.post(f"/segments/{segment['id']}/compute"))

    def refresh(self, segment):
        return self.ok(self.api.post(f"/segments/{segment['id']}/refresh"))

    def change(self, segment, **members):
        return self.ok(self.api.patch(f"/segments/{segment['id']}", members))

    def read(self, segment):
        return self.ok(self.api.get(f"/segments/{segment['id']}"))

    def add(self, segment, *emails, **members):
        return self.ok(self.api.post(f"/segments/{segment['id']}/members",
                                     {"emails": list(emails), **members}))

    def remove(self, segment, *emails):
        return self.ok(self.api.delete(f"/segments/{segment['id']}/members",
                                       {"emails": list(emails)}))

    def members_of_preview(self, used):
        answer = self.ok(self.api.post("/segments/preview", {"condition": used, "sample": 100}))
        return sorted(row["email"] for row in answer["sample"])


class DynamicVersusStatic(ConceptTest):
    def test_there_are_two_types(self):
        """There are two types: Dynamic and Static."""
        self.assertEqual(self.segment()["type"], "DYNAMIC")
        self.assertEqual(self.static()["type"], "STATIC")
        self.refused(self.api.post("/segments", {"name": "A", "type": "dynamic",
                                                 "condition": PRO}), 400, "BAD_REQUEST", "type")

    def test_dynamic_membership_is_computed_in_real_time(self):
        """Membership: Computed from filter conditions in real time."""
        made = self.segment()
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(made), ["a@x.io"])
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual(self.emails_of(made), [])

    def test_static_membership_is_manually_curated(self):
        """Membership: Manually curated — you decide who is in."""
        made = self.static(emails=["a@x.io"])
        self.contact("b@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_condition_is_required_on_dynamic(self):
        """`condition` field: Required — describes the filters."""
        for body in ({"name": "A"}, {"name": "A", "type": "DYNAMIC", "condition": None}):
            self.refused(self.api.post("/segments", body), 400, "BAD_REQUEST", "condition")
        self.assertEqual(self.ok(self.api.get("/segments")), [])

    def test_condition_must_be_omitted_on_static(self):
        """`condition` field: Must be omitted."""
        body = {"name": "A", "type": "STATIC", "condition": PRO}
        self.refused(self.api.post("/segments", body), 400, "BAD_REQUEST", "condition")
        self.assertIsNone(self.static()["condition"])

    def test_members_of_a_dynamic_segment_cannot_be_added_or_removed(self):
        """Add/remove members via API: Not allowed (the filter decides)."""
        self.contact("a@x.io")
        self.contact("b@x.io", {"plan": "pro"})
        made = self.segment()
        path = f"/segments/{made['id']}/members"
        self.refused(self.api.post(path, {"emails": ["a@x.io", "new@x.io"], "createMissing": True}),
                     400, "BAD_REQUEST")
        self.refused(self.api.delete(path, {"emails": ["b@x.io"]}), 400, "BAD_REQUEST")
        self.assertEqual(self.emails_of(made), ["b@x.io"])
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 2)

    def test_static_membership_only_changes_by_the_api(self):
        """Membership recomputation: N/A — membership only changes when you call the API."""
        made = self.static(emails=["a@x.io"])
        self.change(made, trackMembership=True)
        self.assertEqual(self.compute(made), {"added": 0, "removed": 0, "total": 1})
        self.assertEqual(self.refresh(made), {"memberCount": 1})
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_entry_and_exit_events_are_fired_only_when_tracked(self):
        """Fired only when Track membership changes is enabled."""
        self.segment("Quiet")
        self.segment("Loud", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io"),
                                              ("segment.loud.exit", "a@x.io")])

    def test_adding_and_removing_members_fires_no_events(self):
        """Not fired by add/remove API calls."""
        made = self.static()
        self.change(made, trackMembership=True)
        self.add(made, "a@x.io", createMissing=True)
        self.remove(made, "a@x.io")
        self.assertEqual(self.event_names(), [])

    def test_updating_the_filter_recounts(self):
        """Updating the filter: Member count is recomputed."""
        for email, plan in (("a@x.io", "pro"), ("b@x.io", "free"), ("c@x.io", "free")):
            self.contact(email, {"plan": plan})
        made = self.segment()
        self.assertEqual(made["memberCount"], 1)
        self.assertEqual(self.change(made, condition=FREE)["memberCount"], 2)
        self.assertEqual(self.read(made)["memberCount"], 2)

    def test_on_static_a_condition_is_silently_ignored_on_update(self):
        """Updating the filter: `condition` is silently ignored on update."""
        made = self.static(emails=["a@x.io"])
        for given in (PRO, {"logic": "NEITHER"}, 5, condition(in_segment("nothing"))):
            changed = self.change(made, condition=given, name="Renamed")
            self.assertEqual((changed["condition"], changed["name"]), (None, "Renamed"))
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_a_curated_list_is_imported_from_elsewhere(self):
        """Static segments for … contacts imported from an external system."""
        made = self.static()
        emails = [f"c{i}@x.io" for i in range(50)]
        self.assertEqual(self.add(made, *emails, createMissing=True)["added"], 50)
        self.assertEqual(self.read(made)["memberCount"], 50)


class Filtering(ConceptTest):
    def setUp(self):
        super().setUp()
        self.contact("a@x.io", {"plan": "pro", "city": "Ghent"}, subscribed=True)
        self.contact("b@x.io", {"plan": "free", "city": "Ghent"})
        self.contact("c@x.io", {"plan": "pro", "city": "Rome"})

    def test_built_in_fields(self):
        """Built-in contact fields: `email`, `subscribed`, `createdAt`, `updatedAt`."""
        self.assertEqual(self.members_of_preview(condition(filter_of("email", "contains", "A@"))),
                         ["a@x.io"])
        self.assertEqual(self.members_of_preview(is_equal("subscribed", True)), ["a@x.io"])
        for field in ("createdAt", "updatedAt"):
            recent = condition(filter_of(field, "within", 1, "days"))
            self.assertEqual(len(self.members_of_preview(recent)), 3)

    def test_custom_fields(self):
        """Custom fields you've stored on contacts (anything under `data.*`)."""
        self.assertEqual(self.members_of_preview(FREE), ["b@x.io"])
        self.contact("d@x.io", {"profile": {"tier": 3}})
        deep = condition(filter_of("data.profile.tier", "greaterThan", 2))
        self.assertEqual(self.members_of_preview(deep), ["d@x.io"])

    def test_custom_events(self):
        """Custom events tracked via `/v1/track`."""
        self.ok(self.api.post("/v1/track", {"event": "signed_up", "email": "b@x.io"}))
        self.assertEqual(self.members_of_preview(
            condition(filter_of("event.signed_up", "triggered"))), ["b@x.io"])

    def test_email_engagement(self):
        """Email engagement (`email.opened`, `email.clicked`, `email.bounced`, etc.)."""
        for activity in ("sent", "delivered", "opened", "clicked", "bounced", "complained"):
            used = condition(filter_of(f"email.{activity}", "triggered"))
            self.assertEqual(self.members_of_preview(used), [])
            self.ok(self.api.post("/v1/email-activity", [
                {"email": "c@x.io", "activity": activity, "at": "2026-01-01"}]))
            self.assertEqual(self.members_of_preview(used), ["c@x.io"])

    def test_membership_of_another_segment(self):
        """Membership of another segment."""
        inner = self.static("Inner", ["a@x.io"])
        self.assertEqual(self.members_of_preview(condition(in_segment(inner["id"]))), ["a@x.io"])
        self.assertEqual(self.members_of_preview(
            condition(in_segment(inner["id"], "notMemberOfSegment"))), ["b@x.io", "c@x.io"])

    def test_filters_are_combined_and_nested(self):
        """Filters can be combined with `AND` or `OR` and nested into groups."""
        either = {"logic": "OR", "groups": [
            {"filters": [filter_of("data.city", "equals", "Rome")]},
            {"filters": [filter_of("data.plan", "equals", "free")]}]}
        self.assertEqual(self.members_of_preview(either), ["b@x.io", "c@x.io"])
        nested = {"logic": "AND", "groups": [{
            "filters": [filter_of("data.plan", "equals", "pro")], "conditions": either}]}
        self.assertEqual(self.members_of_preview(nested), ["c@x.io"])


class StaticSegments(ConceptTest):
    def test_membership_does_not_change_by_itself(self):
        """Membership doesn't change automatically — you decide exactly who is in."""
        made = self.static(emails=["a@x.io"])
        self.contact("a@x.io", {"plan": "free"}, subscribed=False)
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_members_are_added_by_email(self):
        """`POST /segments/:id/members` — add contacts by email."""
        self.contact("a@x.io")
        made = self.static()
        self.assertEqual(self.add(made, "a@x.io")["added"], 1)
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_without_create_missing_nobody_is_created(self):
        """Contacts already in your project: you can't add someone who doesn't exist."""
        made = self.static()
        self.assertEqual(self.add(made, "a@x.io"),
                         {"added": 0, "created": 0, "notFound": ["a@x.io"], "invalid": []})
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 0)

    def test_with_create_missing_contacts_are_created(self):
        """With `createMissing: true`, contacts that don't exist yet are created."""
        made = self.static()
        self.contact("old@x.io")
        self.assertEqual(self.add(made, "old@x.io", "new@x.io", createMissing=True),
                         {"added": 2, "created": 1, "notFound": [], "invalid": []})

    def test_created_contacts_start_subscribed_unless_told_otherwise(self):
        """… and start subscribed unless you pass `subscribed: false`."""
        made = self.static()
        self.contact("old@x.io", subscribed=False)
        self.add(made, "a@x.io", "old@x.io", createMissing=True)
        self.add(made, "b@x.io", createMissing=True, subscribed=False)
        rows = self.ok(self.api.get("/contacts"))["data"]
        self.assertEqual({row["email"]: row["subscribed"] for row in rows},
                         {"a@x.io": True, "b@x.io": False, "old@x.io": False})

    def test_the_answer_reports_added_created_not_found(self):
        """The response reports `{ added, created, notFound }`."""
        self.contact("a@x.io")
        answer = self.add(self.static(), "a@x.io", "b@x.io")
        self.assertEqual((answer["added"], answer["created"], answer["notFound"]),
                         (1, 0, ["b@x.io"]))

    def test_members_are_removed_by_email(self):
        """`DELETE /segments/:id/members` — remove contacts by email. Returns `{ removed }`."""
        made = self.static(emails=["a@x.io", "b@x.io"])
        self.assertEqual(self.remove(made, "A@x.io", "nobody@x.io"), {"removed": 1})
        self.assertEqual(self.emails_of(made), ["b@x.io"])
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 2)

    def test_changes_by_hand_are_immediate(self):
        """Membership changes via these API calls are immediate."""
        made = self.static()
        mirror = self.segment("Mirror", condition(in_segment(made["id"])))
        self.add(made, "a@x.io", createMissing=True)
        self.assertEqual((self.read(made)["memberCount"], self.emails_of(made),
                          self.emails_of(mirror)), (1, ["a@x.io"], ["a@x.io"]))
        self.remove(made, "a@x.io")
        self.assertEqual((self.read(made)["memberCount"], self.emails_of(made),
                          self.emails_of(mirror)), (0, [], []))

    def test_a_contact_that_is_deleted_is_no_member(self):
        """… immediate: also the count of a segment whose member is deleted."""
        made = self.static(emails=["a@x.io", "b@x.io"])
        loud = self.segment("Loud", condition(in_segment(made["id"])), trackMembership=True)
        self.compute(loud)
        gone = self.contact("a@x.io")
        self.assertEqual(self.api.delete(f"/contacts/{gone['id']}").status, 204)
        for segment in (made, loud):
            self.assertEqual(self.read(segment)["memberCount"], 1)
            self.assertEqual(self.emails_of(segment), ["b@x.io"])

    def test_a_tracked_dynamic_segment_follows_a_static_one(self):
        """… do not fire `entry`/`exit` events — those are reserved for dynamic, tracked ones."""
        made = self.static("Beta")
        self.segment("Loud", condition(in_segment(made["id"])), trackMembership=True)
        self.add(made, "a@x.io", createMissing=True)
        self.remove(made, "a@x.io")
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io"),
                                              ("segment.loud.exit", "a@x.io")])


class Tracking(ConceptTest):
    def test_events_are_fired_on_entry_and_exit(self):
        """`segment.<slug>.entry` — contact joined; `segment.<slug>.exit` — contact left."""
        made = self.segment("VIP Customers", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual([name for name, _ in self.event_names()],
                         ["segment.vip-customers.entry", "segment.vip-customers.exit"])
        for event in self.ok(self.api.get("/events"))["events"]:
            self.assertEqual(event["data"], {"segmentId": made["id"],
                                             "segmentName": "VIP Customers"})

    def test_the_slug_is_derived_from_the_name(self):
        """Lowercased, accents and punctuation stripped, whitespace to hyphens, hyphens collapsed."""
        for name, slug in (("VIP Customers", "vip-customers"), ("Été  à -- Paris!", "ete-a-paris")):
            self.assertEqual(self.segment(name)["slug"], slug)

    def test_renaming_a_segment_changes_the_event_name(self):
        """Renaming a segment changes the event name."""
        made = self.segment("First Name", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.change(made, name="Second Name")["slug"], "second-name")
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual([name for name, _ in self.event_names()],
                         ["segment.first-name.entry", "segment.second-name.exit"])

    def test_events_drive_workflows(self):
        """Use these events: an entry can be filtered on, and moves a contact itself."""
        self.segment("Loud", trackMembership=True)
        entered = condition(filter_of("event.segment.loud.entry", "triggered"))
        welcomed = self.segment("Welcomed", entered, trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(welcomed), ["a@x.io"])
        self.assertEqual([name for name, _ in self.event_names()],
                         ["segment.loud.entry", "segment.welcomed.entry"])

    def test_switching_on_fires_for_those_who_are_in(self):
        """Dynamic segments can opt into Track membership changes."""
        made = self.segment("Loud")
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.event_names(), [])
        self.assertIs(self.change(made, trackMembership=True)["trackMembership"], True)
        self.assertEqual(self.compute(made), {"added": 1, "removed": 0, "total": 1})
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io")])

    def test_switching_off_is_silent_and_ends_the_events(self):
        """When enabled, events are fired: when not, none."""
        made = self.segment("Loud", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.change(made, trackMembership=False)
        self.contact("b@x.io", {"plan": "pro"})
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io")])
        self.assertEqual(self.emails_of(made), ["b@x.io"])

    def test_switching_on_again_fires_what_changed_meanwhile(self):
        """Diffing current matches against the previous set: the one of when it was tracked."""
        made = self.segment("Loud", trackMembership=True)
        for name in ("a", "b"):
            self.contact(f"{name}@x.io", {"plan": "pro"})
        self.change(made, trackMembership=False)
        self.contact("a@x.io", {"plan": "free"})
        self.contact("c@x.io", {"plan": "pro"})
        self.change(made, trackMembership=True)
        self.assertEqual(self.compute(made), {"added": 1, "removed": 1, "total": 2})
        self.assertCountEqual(self.event_names()[2:], [("segment.loud.entry", "c@x.io"),
                                                  ("segment.loud.exit", "a@x.io")])


class HowTrackingWorks(ConceptTest):
    def test_the_count_is_there_at_once_on_creation(self):
        """The member count updates immediately when you create … a dynamic segment's filter."""
        self.contact("a@x.io", {"plan": "pro"})
        for tracked in (False, True):
            made = self.segment(f"Pro {tracked}", trackMembership=tracked)
            self.assertEqual(made["memberCount"], 1)

    def test_the_count_is_there_at_once_on_change(self):
        """The member count updates immediately when you … change a dynamic segment's filter."""
        self.contact("a@x.io", {"plan": "free"})
        for tracked in (False, True):
            made = self.segment(f"Pro {tracked}", trackMembership=tracked)
            self.assertEqual(self.change(made, condition=FREE)["memberCount"], 1)

    def test_a_change_of_the_filter_leaves_entries_to_the_next_computation(self):
        """After that, membership is recomputed in the background: recording entries and exits."""
        self.contact("a@x.io", {"plan": "pro"})
        made = self.segment("Loud", FREE, trackMembership=True)
        self.change(made, condition=PRO)
        self.assertEqual(self.event_names(), [])
        self.assertEqual(self.compute(made), {"added": 1, "removed": 0, "total": 1})
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io")])

    def test_refresh_forces_a_count_without_events(self):
        """`POST /segments/:id/refresh` — force a count refresh (cheap, no events)."""
        made = self.segment("Quiet")
        tracked = self.segment("Loud", FREE, trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.change(tracked, condition=PRO)
        self.assertEqual(self.read(made)["memberCount"], 0)
        for segment in (made, tracked):
            self.assertEqual(self.refresh(segment), {"memberCount": 1})
            self.assertEqual(self.read(segment)["memberCount"], 1)
        self.assertEqual(self.event_names(), [])
        self.assertEqual(self.compute(tracked)["added"], 1)  # refresh has not written members

    def test_compute_forces_what_is_pending_and_fires_it_once(self):
        """`POST /segments/:id/compute` — a full recomputation, which fires any pending events."""
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": "free"})
        made = self.segment("Loud", trackMembership=True)
        self.assertEqual(self.compute(made), {"added": 1, "removed": 0, "total": 1})
        self.assertEqual(self.compute(made), {"added": 0, "removed": 0, "total": 1})
        self.change(made, condition=FREE)
        self.assertEqual(self.compute(made), {"added": 1, "removed": 1, "total": 1})
        self.assertEqual(sorted(self.event_names()), [
            ("segment.loud.entry", "a@x.io"), ("segment.loud.entry", "b@x.io"),
            ("segment.loud.exit", "a@x.io")])

    def test_compute_is_for_tracked_segments(self):
        """`POST /segments/:id/compute`: 400 if the segment isn't tracked."""
        for made in (self.segment(), self.static()):
            self.refused(self.api.post(f"/segments/{made['id']}/compute"), 400, "BAD_REQUEST")

    def test_compute_brings_what_a_segment_refers_to_along(self):
        """A full membership recomputation: what it answers, reads say too."""
        self.contact("a@x.io", {"plan": "pro"})
        first = self.segment("First", trackMembership=True)
        second = self.segment("Second", condition(in_segment(first["id"])), trackMembership=True)
        self.assertEqual(self.compute(second), {"added": 1, "removed": 0, "total": 1})
        self.assertEqual(self.emails_of(second), ["a@x.io"])
        self.assertEqual([name for name, _ in self.event_names()],
                         ["segment.first.entry", "segment.second.entry"])
        self.assertEqual(self.compute(first), {"added": 0, "removed": 0, "total": 1})

    def test_what_refers_to_a_segment_can_be_computed_after_it(self):
        """A full membership recomputation: of this segment, one after the other."""
        self.contact("a@x.io", {"plan": "pro"})
        first = self.segment("First", trackMembership=True)
        second = self.segment("Second", condition(in_segment(first["id"])), trackMembership=True)
        for made in (first, second):
            self.assertEqual(self.compute(made), {"added": 1, "removed": 0, "total": 1})
        self.change(first, condition=FREE)
        for made in (first, second):
            self.assertEqual(self.compute(made), {"added": 0, "removed": 1, "total": 0})
        self.assertEqual([name for name, _ in self.event_names()], [
            f"segment.{name}.{what}" for what in ("entry", "exit")
            for name in ("first", "second")])

    def test_a_chain_of_tracked_segments_moves_in_one_go(self):
        """Tracked segments that refer to each other: one change moves a contact through all."""
        first = self.segment("First", trackMembership=True)
        second = self.segment("Second", condition(in_segment(first["id"])), trackMembership=True)
        third = self.segment("Third", condition(in_segment(second["id"])), trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(third), ["a@x.io"])
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual(self.emails_of(third), [])
        self.assertEqual([name for name, _ in self.event_names()], [
            f"segment.{name}.{what}" for what in ("entry", "exit")
            for name in ("first", "second", "third")])


class Sweeps(OwnServerTest):
    def test_membership_is_recomputed_in_the_background(self):
        """Plunk recomputes membership in the background on a regular cadence."""
        server = self.serve("--sweep", "100ms")
        client = self.client(server)
        client.post("/contacts", {"email": "a@x.io", "data": {"plan": "pro"}})
        quiet = client.post("/segments", {"name": "Quiet", "condition": PRO}).json
        loud = client.post("/segments", {"name": "Loud", "condition": PRO,
                                         "trackMembership": True}).json

        def names():
            return [event["name"] for event in client.get("/events").json["events"]]

        self.assertTrue(wait_until(lambda: names() == ["segment.loud.entry"]))
        client.post("/contacts", {"email": "b@x.io", "data": {"plan": "pro"}})
        for made in (quiet, loud):  # the shown count follows, with or without tracking
            self.assertTrue(wait_until(lambda: client.get(
                f"/segments/{made['id']}").json["memberCount"] == 2))
        client.patch(f"/segments/{loud['id']}", {"condition": FREE})
        self.assertTrue(wait_until(lambda: names().count("segment.loud.exit") == 2))
        self.assertEqual(names().count("segment.loud.entry"), 2)

    def test_without_a_sweep_the_count_lags_and_says_since_when(self):
        """The `memberCount` shown in the dashboard can lag the live state."""
        server = self.serve("--sweep", "0")
        client = self.client(server)
        made = client.post("/segments", {"name": "Quiet", "condition": PRO}).json
        client.post("/contacts", {"email": "a@x.io", "data": {"plan": "pro"}})
        shown = client.get(f"/segments/{made['id']}").json
        self.assertEqual((shown["memberCount"], shown["memberCountAt"]),
                         (0, made["memberCountAt"]))
        self.assertEqual(client.get(f"/segments/{made['id']}/contacts").json["total"], 1)


class Performance(ConceptTest):
    def test_dates_in_data_are_iso_8601_strings(self):
        """Date filters on `data.*` rely on ISO 8601 strings … rather than Unix timestamps."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self.contact("new@x.io", {"since": now.isoformat()})
        self.contact("old@x.io", {"since": (now - datetime.timedelta(days=9)).isoformat()})
        self.contact("unix@x.io", {"since": int(now.timestamp())})
        recent = condition(filter_of("data.since", "within", 7, "days"))
        older = condition(filter_of("data.since", "olderThan", 7, "days"))
        self.assertEqual(self.members_of_preview(recent), ["new@x.io"])
        self.assertEqual(self.members_of_preview(older), ["old@x.io"])

    def test_untracked_segments_are_recomputed_each_time(self):
        """Nesting many untracked dynamic segments inside one another: they are evaluated."""
        inner = self.segment("0")
        for i in range(1, 30):
            inner = self.segment(str(i), condition(in_segment(inner["id"])))
        without = self.segment("Without", condition(in_segment(inner["id"], "notMemberOfSegment")))
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": "free"})
        self.assertEqual(self.emails_of(inner), ["a@x.io"])
        self.assertEqual(self.emails_of(without), ["b@x.io"])

    def test_members_of_a_tracked_segment_are_looked_up(self):
        """Enable Track membership on it so its members are looked up directly."""
        self.contact("a@x.io", {"plan": "pro"})
        inner = self.segment("Inner", trackMembership=True)
        outer = self.segment("Outer", condition(in_segment(inner["id"])))
        self.compute(inner)
        self.assertEqual(self.emails_of(outer), ["a@x.io"])
        self.change(inner, condition=FREE)  # its members stay until they are computed
        self.assertEqual(self.emails_of(outer), ["a@x.io"])
        self.compute(inner)
        self.assertEqual(self.emails_of(outer), [])


class Deleting(ConceptTest):
    def test_a_segment_that_another_refers_to_cannot_be_deleted(self):
        """Deleting a segment that's referenced … returns `409 Conflict`."""
        inner = self.segment("Inner")
        fixed = self.static("Fixed")
        outer = self.segment("Outer", condition(in_segment(inner["id"]), in_segment(fixed["id"])))
        for made in (inner, fixed):
            error = self.refused(self.api.delete(f"/segments/{made['id']}"), 409, "CONFLICT")
            self.assertIn("Outer", error["message"])
        self.change(outer, condition=condition(in_segment(inner["id"])))
        self.assertEqual(self.api.delete(f"/segments/{fixed['id']}").status, 204)
        self.refused(self.api.delete(f"/segments/{inner['id']}"), 409, "CONFLICT")
        self.assertEqual(self.api.delete(f"/segments/{outer['id']}").status, 204)
        self.assertEqual(self.api.delete(f"/segments/{inner['id']}").status, 204)
        self.assertEqual(self.ok(self.api.get("/segments")), [])

    def test_a_reference_that_comes_at_the_same_time_is_never_dangling(self):
        """… 409: whichever of the two is first, no segment refers to one that is gone."""
        for i in range(10):
            inner = self.segment(f"Inner {i}")
            answers = {}

            def create():
                answers["create"] = self.client(self.project["secretKey"]).post("/segments", {
                    "name": f"Outer {i}", "condition": condition(in_segment(inner["id"]))}).status

            thread = threading.Thread(target=create)
            thread.start()
            deleted = self.api.delete(f"/segments/{inner['id']}").status
            thread.join()
            self.assertIn((answers["create"], deleted), ((201, 409), (400, 204)))


if __name__ == "__main__":
    main(__doc__)
