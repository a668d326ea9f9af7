import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { documentOf, newFolder } from "./threadbox.ts";

const folder = newFolder();
after(() => folder.remove());

describe("with nothing there yet", () => {
  test("sessions says how to start one, and leaves no Postgres behind", async () => {
    const { code, stdout, stderr } = await folder.run(["sessions"]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'There are no sessions yet. Start one: threadbox say "..."\n');
    assert.equal(stderr, "");
    assert.equal(existsSync(join(folder.home, "postgres", "data", "PG_VERSION")), true);
    assert.equal(existsSync(join(folder.home, "postgres", "data", "postmaster.pid")), false);
  });

  test("sessions --json is an empty list", async () =>
    assert.deepEqual(documentOf(await folder.run(["sessions", "--json"])), { sessions: [] }));

  for (const name of ["logs", "stop"]) {
    for (const id of ["s1", "%"]) {
      test(`${name} ${id} says that there is no such session`, async () => {
        const { code, stdout, stderr } = await folder.run([name, id]);
        assert.equal(code, 1);
        assert.equal(stdout, "");
        assert.equal(stderr, `threadbox: There is no session ${id}. \`threadbox sessions\` lists them.\n`);
      });
    }
  }

  test("a refusal with --json is one document", async () => {
    const ran = await folder.run(["stop", "s1", "--json"]);
    const error = { code: "refused", detail: "There is no session s1.", remedy: "`threadbox sessions` lists them." };
    assert.deepEqual(documentOf(ran), { ok: false, error });
  });
});
