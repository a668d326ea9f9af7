import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DeliveryWish, openDoor, requestFor, SECRET } from "./deliver.ts";
import { issueComment, opened, pullOpened, review, reviewComment } from "./payloads.ts";

const payload = issueComment("@threadbox fix this");

describe("a delivery is refused", () => {
  const rows: [name: string, status: number, error: string, wish: DeliveryWish][] = [
    ["without a signature", 401, "unsigned", { headers: { "x-hub-signature-256": null } }],
    [
      "with the old signature alone",
      401,
      "unsigned",
      { headers: { "x-hub-signature-256": null, "x-hub-signature": "sha1=0" } },
    ],
    ["signed with another secret", 401, "signature-wrong", { secret: "another" }],
    ["with a signature of another length", 401, "signature-wrong", { headers: { "x-hub-signature-256": "sha256=00" } }],
    ["with an empty body", 401, "signature-wrong", { raw: "" }],
    ["without the name of its event", 400, "headers-missing", { headers: { "x-github-event": null } }],
    ["without a number of its own", 400, "headers-missing", { headers: { "x-github-delivery": null } }],
    ["that is not JSON", 400, "not-json", { raw: "payload" }],
    ["that is no object", 400, "not-json", { raw: "[1]" }],
    [
      "that lacks what its event always has",
      400,
      "fields-missing",
      { raw: JSON.stringify({ ...payload, sender: null }) },
    ],
  ];
  for (const [name, status, error, wish] of rows) {
    test(name, async () => {
      const door = openDoor();
      assert.deepEqual(await door.deliver("issue_comment", payload, wish), [status, { error }]);
      assert.equal(door.mentions.length, 0);
      assert.deepEqual(
        door.lines.map(({ level, refused }) => [level, refused]),
        [[40, error]],
        "one line says why",
      );
    });
  }
});

describe("the name of the event is not signed, so it must fit the body", () => {
  const bodies: Record<string, unknown> = {
    issue_comment: payload,
    pull_request_review_comment: reviewComment("@threadbox x"),
    pull_request_review: review("@threadbox x"),
    issues: opened({ body: "@threadbox x" }),
    pull_request: pullOpened(),
  };
  for (const header of Object.keys(bodies)) {
    for (const [event, body] of Object.entries(bodies)) {
      test(`${event} that calls itself ${header}`, async () => {
        const door = openDoor();
        const [status] = await door.deliver(header, body);
        assert.equal(status, header === event ? 202 : 400);
        assert.equal(door.mentions.length + door.links.length, header === event ? 1 : 0);
      });
    }
  }
});

describe("a body of more than 25 MB is refused unread", () => {
  test("when it says so", async () => {
    const request = await requestFor("issue_comment", payload, { headers: { "content-length": "26214401" } });
    assert.deepEqual(await openDoor().send(request), [413, { error: "too-large" }]);
  });

  test("when it does not say so, at the first byte too many", async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const headers = { "x-hub-signature-256": "sha256=0", "x-github-event": "ping", "x-github-delivery": "1" };
    const request = new Request("http://bot/", { method: "POST", headers, body, duplex: "half" });
    assert.deepEqual(await openDoor().send(request), [413, { error: "too-large" }]);
    assert.ok(sent <= 28, `${sent} MB were taken`);
  });
});

test("a form is read like JSON, because that is what GitHub sends when nobody chooses", async () => {
  const door = openDoor();
  const raw = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  assert.deepEqual(await door.deliver("issue_comment", payload, { raw, headers }), [202, { accepted: "m1" }]);
});

test("letters beyond ASCII are signed as they were sent", async () => {
  const door = openDoor();
  await door.deliver("issue_comment", issueComment("@threadbox früh 请修复 🚀"));
  assert.equal(door.mentions[0]?.text, "früh 请修复 🚀");
});

test("an answer comes only when the inbox has committed", async () => {
  const committed = Promise.withResolvers<void>();
  const order: string[] = [];
  const door = openDoor({
    inbox: {
      receive: async () => {
        await committed.promise;
        order.push("committed");
        return { is: "accepted", session: "s1", mention: "m1" };
      },
      link: async () => ({ is: "duplicate" }),
    },
  });
  const answered = door.deliver("issue_comment", payload).then(([status]) => order.push(`${status}`));
  committed.resolve();
  await answered;
  assert.deepEqual(order, ["committed", "202"]);
});

test("an inbox that fails makes GitHub's list of deliveries show a failure, and tells nobody why", async () => {
  const door = openDoor({ receipt: new Error("the database is down") });
  assert.deepEqual(await door.deliver("issue_comment", payload), [500, { error: "internal" }]);
  assert.equal(door.lines.length, 1);
  assert.equal(door.lines[0]?.level, 50);
});

test("a sender that goes away in the middle is no crash", async () => {
  const door = openDoor();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error("gone"));
    },
  });
  const headers = { "x-hub-signature-256": "sha256=0" };
  const request = new Request("http://bot/", { method: "POST", headers, body, duplex: "half" });
  assert.deepEqual(await door.send(request), [500, { error: "internal" }]);
});

test("one line tells what became of a delivery, and nothing of what was said", async () => {
  const door = openDoor();
  await door.deliver("issue_comment", payload);
  const [line, ...others] = door.lines;
  assert.equal(others.length, 0);
  assert.deepEqual(
    [line?.msg, line?.event, line?.action, line?.outcome, line?.session, line?.mention, line?.dedupe],
    ["github.delivery-handled", "issue_comment", "created", "accepted", "s1", "m1", "github:comment:31"],
  );
  assert.doesNotMatch(JSON.stringify(door.lines), new RegExp(`fix this|${SECRET}`));
});
