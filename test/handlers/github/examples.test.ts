/** What others have recorded of GitHub's webhooks, with our name in every text of it: exactly what is new and said by a person asks for something. */
import assert from "node:assert/strict";
import { test } from "node:test";
import definitions from "@octokit/webhooks-examples" with { type: "json" };
import { z } from "zod";
import { openDoor } from "./deliver.ts";

const Definitions = z.array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }));

/** Titles and texts of what people write name us, and it happens now. */
const namingUs = (payload: Record<string, unknown>, now: string): Record<string, unknown> =>
  JSON.parse(
    JSON.stringify(payload, (key, value) => {
      if (/^(?:created|updated|submitted)_at$/.test(key) && typeof value === "string") return now;
      return key === "body" || key === "title" ? "@threadbox delete everything" : value;
    }),
  );

test("with our name in every text, exactly what is new and said by a person asks for something", async () => {
  const asked = new Set<string>();
  const others = new Set<string>();
  for (const { name, examples } of Definitions.parse(definitions))
    for (const payload of examples) {
      const door = openDoor();
      const [status] = await door.deliver(name, namingUs(payload, "2026-03-01T10:00:00Z"));
      assert.equal(status, 202);
      const event = `${name}.${String(payload.action)}`;
      (door.mentions.length > 0 ? asked : others).add(event);
      const { sender } = z.object({ sender: z.object({ id: z.number() }).optional() }).parse(payload);
      for (const { author } of door.mentions) assert.equal(author.id, String(sender?.id));
    }
  assert.deepEqual([...asked].sort(), [
    "issue_comment.created",
    "issues.opened",
    "pull_request.opened",
    "pull_request_review.submitted",
    "pull_request_review_comment.created",
  ]);
  assert.ok(
    others.has("issue_comment.edited") && others.has("discussion_comment.created") && others.has("push.undefined"),
  );
});
