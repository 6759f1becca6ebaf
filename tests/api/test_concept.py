#!/usr/bin/python3
"""The statements of the page on segments, in its order.

    test_concept.py PROGRAM [unittest options]
"""

import datetime

import suite
from suite import PRO, ApiTest, setUpModule, tearDownModule
from server import condition, filter_of, in_segment, is_equal


class Concept(ApiTest):
    """The statements of the page on segments, in its order."""

    def compute(self, segment):
        return self.ok(self.api.post(f"/segments/{segment['id']}/compute"))

    def test_dynamic_membership_is_computed_in_real_time(self):
        made = self.segment()
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(made), ["a@x.io"])
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual(self.emails_of(made), [])

    def test_static_membership_is_curated_by_hand(self):
        made = self.static(emails=["a@x.io"])
        self.contact("b@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_condition_is_required_on_dynamic(self):
        self.refused(self.api.post("/segments", {"name": "A"}), 400, "BAD_REQUEST", "condition")
        self.refused(self.api.post("/segments", {"name": "A", "type": "DYNAMIC",
                                                 "condition": None}), 400, "BAD_REQUEST")

    def test_condition_must_be_omitted_on_static(self):
        body = {"name": "A", "type": "STATIC", "condition": PRO}
        self.refused(self.api.post("/segments", body), 400, "BAD_REQUEST", "condition")

    def test_members_of_a_dynamic_segment_cannot_be_set(self):
        made = self.segment()
        body = {"emails": ["a@x.io"]}
        self.refused(self.api.post(f"/segments/{made['id']}/members", body), 400, "BAD_REQUEST")
        self.refused(self.api.delete(f"/segments/{made['id']}/members", body), 400, "BAD_REQUEST")

    def test_entry_and_exit_events_are_fired_only_when_tracked(self):
        self.segment("Quiet")
        self.segment("Loud", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io"),
                                              ("segment.loud.exit", "a@x.io")])

    def test_adding_and_removing_members_fires_no_events(self):
        made = self.static()
        self.ok(self.api.patch(f"/segments/{made['id']}", {"trackMembership": True}))
        path = f"/segments/{made['id']}/members"
        self.ok(self.api.post(path, {"emails": ["a@x.io"], "createMissing": True}))
        self.ok(self.api.delete(path, {"emails": ["a@x.io"]}))
        self.assertEqual(self.event_names(), [])

    def test_membership_changes_by_hand_are_immediate(self):
        made = self.static(emails=["a@x.io"])
        self.assertEqual(self.ok(self.api.get(f"/segments/{made['id']}"))["memberCount"], 1)
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_updating_the_filter_recounts_at_once(self):
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": "free"})
        self.contact("c@x.io", {"plan": "free"})
        made = self.segment()
        self.assertEqual(made["memberCount"], 1)
        changed = self.ok(self.api.patch(f"/segments/{made['id']}",
                                         {"condition": is_equal("data.plan", "free")}))
        self.assertEqual(changed["memberCount"], 2)

    def test_on_static_a_condition_is_silently_ignored_on_update(self):
        made = self.static(emails=["a@x.io"])
        changed = self.ok(self.api.patch(f"/segments/{made['id']}",
                                         {"condition": PRO, "name": "Renamed"}))
        self.assertEqual((changed["condition"], changed["name"]), (None, "Renamed"))
        self.assertEqual(self.emails_of(made), ["a@x.io"])

    def test_filters_on_everything_that_can_be_filtered_on(self):
        self.contact("a@x.io", {"plan": "pro"}, subscribed=True)
        self.contact("b@x.io", {"plan": "free"})
        self.ok(self.api.post("/v1/track", {"event": "bought", "email": "a@x.io"}))
        self.ok(self.api.post("/v1/email-activity", [
            {"email": "a@x.io", "activity": "opened", "at": "2026-01-01"}]))
        inner = self.static("Inner", ["a@x.io"])
        for used in (filter_of("email", "contains", "a@"), filter_of("subscribed", "equals", True),
                     filter_of("data.plan", "equals", "pro"),
                     filter_of("event.bought", "triggered"), filter_of("email.opened", "triggered"),
                     in_segment(inner['id'])):
            with self.subTest(used=used):
                answer = self.api.post("/segments/preview",
                                       {"condition": condition(used), "sample": 5})
                self.assertEqual([row["email"] for row in self.ok(answer)["sample"]], ["a@x.io"])
        dates = condition(filter_of("createdAt", "within", 1, "days"),
                          filter_of("updatedAt", "within", 1, "days"))
        self.assertEqual(self.ok(self.api.post("/segments/preview", {"condition": dates}))["count"],
                         2)

    def test_filters_are_combined_and_nested(self):
        self.contact("a@x.io", {"plan": "pro", "city": "Ghent"})
        self.contact("b@x.io", {"plan": "pro", "city": "Rome"})
        self.contact("c@x.io", {"plan": "free", "city": "Ghent"})
        nested = {"logic": "AND", "groups": [{
            "filters": [filter_of("data.plan", "equals", "pro")],
            "conditions": {"logic": "OR", "groups": [
                {"filters": [filter_of("data.city", "equals", "Ghent")]},
                {"filters": [filter_of("data.city", "equals", "Oslo")]}]}}]}
        self.assertEqual(self.emails_of(self.segment("Nested", nested)), ["a@x.io"])

    def test_missing_contacts_are_created_only_when_asked_and_start_subscribed(self):
        path = f"/segments/{self.static()['id']}/members"
        self.assertEqual(self.ok(self.api.post(path, {"emails": ["a@x.io"]}))["notFound"],
                         ["a@x.io"])
        self.assertEqual(self.ok(self.api.post(path, {"emails": ["a@x.io"],
                                                      "createMissing": True}))["created"], 1)
        self.ok(self.api.post(path, {"emails": ["b@x.io"], "createMissing": True,
                                     "subscribed": False}))
        rows = self.ok(self.api.get("/contacts"))["data"]
        self.assertEqual({row["email"]: row["subscribed"] for row in rows},
                         {"a@x.io": True, "b@x.io": False})

    def test_the_slug_is_derived_from_the_name(self):
        for name, slug in (("VIP Customers", "vip-customers"), ("Été  à -- Paris!", "ete-a-paris")):
            self.assertEqual(self.segment(name)["slug"], slug)

    def test_renaming_a_segment_changes_the_event_name(self):
        made = self.segment("First Name", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.ok(self.api.patch(f"/segments/{made['id']}", {"name": "Second Name"}))
        self.contact("a@x.io", {"plan": "free"})
        self.assertEqual([name for name, _ in self.event_names()],
                         ["segment.first-name.entry", "segment.second-name.exit"])

    def test_an_event_says_which_segment(self):
        made = self.segment("Loud", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        event = self.ok(self.api.get("/events"))["events"][0]
        self.assertEqual(event["data"], {"segmentId": made["id"], "segmentName": "Loud"})

    def test_refresh_counts_without_events(self):
        self.contact("a@x.io", {"plan": "pro"})
        made = self.segment(trackMembership=True)
        self.assertEqual(self.ok(self.api.post(f"/segments/{made['id']}/refresh")),
                         {"memberCount": 1})
        self.assertEqual(self.event_names(), [])

    def test_refresh_counts_an_untracked_segment_anew(self):
        made = self.segment()
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.ok(self.api.post(f"/segments/{made['id']}/refresh")),
                         {"memberCount": 1})
        self.assertEqual(self.ok(self.api.get(f"/segments/{made['id']}"))["memberCount"], 1)

    def test_compute_fires_what_is_pending_once(self):
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": "free"})
        made = self.segment("Loud", trackMembership=True)
        self.assertEqual(self.compute(made), {"added": 1, "removed": 0, "total": 1})
        self.assertEqual(self.compute(made), {"added": 0, "removed": 0, "total": 1})
        self.ok(self.api.patch(f"/segments/{made['id']}",
                               {"condition": is_equal("data.plan", "free")}))
        self.assertEqual(self.compute(made), {"added": 1, "removed": 1, "total": 1})
        self.assertEqual(sorted(self.event_names()), [
            ("segment.loud.entry", "a@x.io"), ("segment.loud.entry", "b@x.io"),
            ("segment.loud.exit", "a@x.io")])

    def test_compute_is_refused_when_not_tracked(self):
        for made in (self.segment(), self.static()):
            self.refused(self.api.post(f"/segments/{made['id']}/compute"), 400, "BAD_REQUEST")

    def test_compute_of_a_tracked_static_segment_changes_nothing(self):
        made = self.static(emails=["a@x.io"])
        self.ok(self.api.patch(f"/segments/{made['id']}", {"trackMembership": True}))
        self.assertEqual(self.compute(made), {"added": 0, "removed": 0, "total": 1})

    def test_tracking_can_be_switched_on_and_off(self):
        made = self.segment("Loud")
        self.contact("a@x.io", {"plan": "pro"})
        self.ok(self.api.patch(f"/segments/{made['id']}", {"trackMembership": True}))
        self.assertEqual(self.compute(made)["added"], 1)
        self.ok(self.api.patch(f"/segments/{made['id']}", {"trackMembership": False}))
        self.contact("b@x.io", {"plan": "pro"})
        self.assertEqual(self.event_names(), [("segment.loud.entry", "a@x.io")])

    def test_an_entry_event_can_be_filtered_on(self):
        self.segment("Loud", trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        entered = condition(filter_of("event.segment.loud.entry", "triggered"))
        self.assertEqual(self.emails_of(self.segment("Entered", entered)), ["a@x.io"])

    def test_a_chain_of_segments_moves_in_one_go(self):
        first = self.segment("First", trackMembership=True)
        second = self.segment("Second", condition(in_segment(first['id'])),
                              trackMembership=True)
        third = self.segment("Third", condition(in_segment(second['id'])),
                             trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        self.assertEqual(self.emails_of(third), ["a@x.io"])
        self.assertEqual(sorted(name for name, _ in self.event_names()),
                         ["segment.first.entry", "segment.second.entry", "segment.third.entry"])

    def test_untracked_segments_nest_too(self):
        inner = self.segment("Inner")
        outer = self.segment("Outer", condition(in_segment(inner['id'], "notMemberOfSegment")))
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": "free"})
        self.assertEqual(self.emails_of(outer), ["b@x.io"])

    def test_dates_in_data_are_iso_8601_strings(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.contact("new@x.io", {"since": now.isoformat()})
        self.contact("old@x.io", {"since": (now - datetime.timedelta(days=9)).isoformat()})
        self.contact("unix@x.io", {"since": int(now.timestamp())})
        recent = condition(filter_of("data.since", "within", 7, "days"))
        self.assertEqual(self.emails_of(self.segment("Recent", recent)), ["new@x.io"])


if __name__ == "__main__":
    suite.main(__doc__)
