/** An operator's sandboxes at an emulated Modal: what is shown while they are made, and of those at another provider than the one that is set. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { homeOf } from "../../src/cli/sandbox-find.ts";
import { listed } from "../../src/cli/sandbox-listed.ts";
import { newSession } from "../../src/core/decide.ts";
import type { SandboxState } from "../../src/core/types.ts";
import { available } from "../emulators/modal/machine-available.ts";
import { type ModalEmulator, modalEmulator } from "../emulators/modal.ts";
import { type ScriptedFolder, scriptedFolder } from "./scripted-folder.ts";
import { documentOf, type Env, type Ran } from "./threadbox.ts";

const skip = (await available()) ?? false;

describe("sandboxes at Modal", { skip, timeout: 240_000 }, () => {
  let world: ScriptedFolder;
  let modal: ModalEmulator;
  before(async () => {
    [world, modal] = await Promise.all([scriptedFolder(), modalEmulator()]);
  });
  after(async () => {
    await world.close();
    await modal.close();
  });

  const atModal = (): Env => ({
    ...{ ...world.env, ...modal.environment, THREADBOX_PROVIDER: "modal" },
    NODE_EXTRA_CA_CERTS: modal.caFile,
  });
  const create = (name: string, commands: string): Promise<Ran> => {
    writeFileSync(join(world.folder.path, "threadbox.yml"), `image: { commands: ${commands} }`);
    return world.folder.run(["create", "--name", name, "--no-daemon", "--json"], atModal());
  };

  test("are shown while their image is built: its layers, and what they say", async () => {
    const first = await create("there", '["echo made for the team"]');
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual([documentOf(first).name, documentOf(first).provider], ["there", "modal"]);
    const steps = first.stderr.split("\n").filter((line) => line.startsWith("· ") || line === "  made for the team");
    assert.deepEqual(steps, [
      "· looking for the image",
      "· building the image, 1 of 5: base: node:22-bookworm-slim, with what Threadbox needs there",
      "· building the image, 2 of 5: the agent's user",
      "· building the image, 3 of 5: commands 1 of 1: `echo made for the team`",
      "  made for the team",
      "· building the image, 4 of 5: the agent pi: @earendil-works/pi-coding-agent@0.87.1",
      "· building the image, 5 of 5: Threadbox's daemon",
      "· starting the sandbox",
    ]);
    const second = await create("there-too", '["echo made for the team"]');
    assert.match(second.stderr, /^· looking for the image\n· starting the sandbox\nthere-too is ready /);
  });

  test("whose image does not build are told by the step that failed, and are taken back", async () => {
    const { code, stdout, stderr } = await create("never", '["echo fine", "echo no such thing; exit 3"]');
    assert.equal(code, 1);
    const told = stderr.slice(stderr.indexOf("threadbox: ")).trimEnd().split("\n");
    assert.equal(told[0], "threadbox: The image fails at commands 2 of 2: `echo no such thing; exit 3`");
    assert.deepEqual(told.slice(-2), [
      "no such thing",
      "Fix `image:` in threadbox.yml; a bot has to be restarted then.",
    ]);
    assert.equal(Object(JSON.parse(stdout).error).code, "sandbox.image-failed");
    const running = modal.sandboxes().map(({ name }) => name);
    assert.deepEqual(running, ["threadbox-there", "threadbox-there-too"]);
  });

  test("are listed as what they are when another provider is set, and can be reached by saying so", async () => {
    const { stdout } = await world.folder.run(["list", "--sandboxes"], world.env);
    assert.match(stdout, /^there +person +at modal +- +now +in 24 h$/m);
    assert.match(stdout, /^What is at another provider was not asked: THREADBOX_PROVIDER is local\.$/m);
    const { sandboxes } = documentOf(await world.folder.run(["list", "--json"], world.env)) as {
      sandboxes: Record<string, unknown>[];
    };
    const { name, state, runs, provider } = sandboxes[0] ?? {};
    assert.deepEqual([name, state, runs, provider], ["there", "not-asked", null, "modal"]);
    const exec = await world.folder.run(["exec", "there", "--", "true"], world.env);
    assert.match(exec.stderr, /is one of the provider modal, and local is set\. Set THREADBOX_PROVIDER=modal\.$/m);
    const listing = await world.folder.run(["list", "--sandboxes"], atModal());
    assert.match(listing.stdout, /^there +person +running /m);
    assert.doesNotMatch(listing.stdout, /not asked/);
  });
});

describe("a session's sandbox", () => {
  const awake = { since: 1, from: null, name: "threadbox-s1", url: "http://127.0.0.1:1" };
  /** With `local` set, and nothing that runs. */
  const cases: [string, SandboxState, string | null, string][] = [
    ["awake here", { is: "ready", ...awake, endsAt: null }, "local", "gone"],
    ["awake at Modal", { is: "ready", ...awake, endsAt: 5 }, "modal", "not-asked"],
    ["falling asleep at Modal", { is: "falling-asleep", ...awake, endsAt: 5 }, "modal", "not-asked"],
    ["asleep here", { is: "asleep", since: 1, token: "threadbox-s1" }, "local", "asleep"],
    ["asleep at Modal", { is: "asleep", since: 1, token: "im-1" }, "modal", "asleep"],
    ["waking here from a snapshot", { is: "starting", since: 1, from: "snapshot:a" }, "local", "starting"],
    ["waking at Modal", { is: "starting", since: 1, from: "im-1" }, "modal", "not-asked"],
    ["starting for the first time, somewhere", { is: "starting", since: 1, from: null }, null, "starting"],
  ];
  for (const [name, sandbox, home, state] of cases)
    test(`that is ${name} is told as that`, () => {
      const session = { ...newSession("s1", { surface: "terminal", id: "t" }, "a title", 1), sandbox };
      const found = { is: "session", name: "threadbox-s1", session, row: null } as const;
      assert.equal(homeOf(found), home);
      const { runs, provider, ...row } = listed(found, null, "local");
      assert.deepEqual([row.state, provider, runs], [state, home ?? "local", home === "modal" ? null : false]);
    });
});
