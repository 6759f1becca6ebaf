#!/usr/bin/python3
"""Many connections at once.

    test_together.py PROGRAM [unittest options]
"""

import threading

import suite
from suite import PRO, ApiTest, setUpModule, tearDownModule
from server import Client


class Together(ApiTest):
    """Many connections at once."""

    def test_writers_and_readers_never_see_half_a_change(self):
        made = self.segment(trackMembership=True)
        path = f"/segments/{made['id']}"
        done = threading.Event()
        wrong = []

        def write(number):
            client = Client(suite.world.server.port, self.project["secretKey"])
            for i in range(20):
                answer = client.post("/v1/track", {"event": "bought", "data": {"plan": "pro"},
                                                   "email": f"c{number}-{i}@x.io"})
                if answer.status != 200:
                    wrong.append(answer.text)
            client.close()

        def read():
            client = Client(suite.world.server.port, self.project["secretKey"])
            last = 0
            while not done.is_set():
                answer = client.post("/segments/preview", {"condition": PRO})
                count, total = answer.json["count"], answer.json["total"]
                if answer.status != 200 or count != total or count < last:
                    wrong.append(answer.text)
                last = count
            client.close()

        writers = [threading.Thread(target=write, args=(i,)) for i in range(32)]
        readers = [threading.Thread(target=read) for _ in range(4)]
        for thread in writers + readers:
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        for thread in readers:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(self.ok(self.api.get(f"{path}/contacts"))["total"], 640)
        self.assertEqual(len(set(self.event_names())), 1000)
        self.assertEqual(self.ok(self.api.post(f"{path}/compute")),
                         {"added": 0, "removed": 0, "total": 640})
        self.assertEqual(self.ok(self.api.get(path))["memberCount"], 640)


if __name__ == "__main__":
    suite.main(__doc__)
