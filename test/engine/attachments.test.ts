/** #37: files of an ask on their way into a real local sandbox, from an emulated Slack. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Ask, Attachment, Session } from "../../src/core/types.ts";
import { handOver } from "../../src/engine/attachments.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import type { Surface } from "../../src/surfaces/surface.ts";
import { terminalSurface } from "../../src/surfaces/terminal.ts";
import { alice, NOW, ready, says, slackThread, tell, work } from "../core/story.ts";
import { quiet } from "../quiet.ts";
import { startWorld, type World } from "../surfaces/slack-world.ts";

const home = await mkdtemp(join(tmpdir(), "threadbox-attachments-"));
const provider = localProvider({ home, log: quiet, bubblewrap: "off" });
const NAME = "threadbox-s0001";
const session = tell(says("m1", "fix it"), ready).session;
let world: World;
let workspace = "";

before(async () => {
  world = await startWorld();
});
beforeEach(async () => {
  await provider.destroy(NAME);
  ({ workspace } = await provider.start(NAME, { from: null }));
});
after(async () => {
  await provider.destroy(NAME);
  await world.slack.close();
  await rm(home, { recursive: true, force: true });
});

function attach(name: string, content: string): Attachment {
  const { message } = world.slack.as("ada").says("#web", "look", { files: [{ name, content }] });
  return { name, mime: "text/plain", bytes: content.length, ref: { id: message.files[0] ?? "", url: null } };
}
const ask = (id: string, ...files: Attachment[]): Ask => ({
  ...{ id, thread: slackThread, author: alice, text: "fix it", message: id, at: NOW },
  ...(files.length > 0 ? { files } : {}),
});
const handed = async (asks: Ask[], of: Session = session, slack: Surface = world.surface) =>
  [...(await handOver({ provider, surfaces: { slack }, clock: world.clock, log: quiet }, of, asks)).entries()].map(
    ([id, files]) => [id, files.map((file) => ("path" in file ? file.path : file.problem))],
  );
const inside = (path: string) => readFile(join(workspace, "clone", path), "utf8");

describe("#37 files", () => {
  test("of several asks lie apart, under names that are different", async () => {
    const [first, second] = [attach("a.log", "one"), attach("a.log", "two")];
    assert.deepEqual(await handed([ask("m1", first, second), ask("m2"), ask("m3", first)]), [
      ["m1", ["../attachments/m1/1-a.log", "../attachments/m1/2-a.log"]],
      ["m3", ["../attachments/m3/1-a.log"]],
    ]);
    assert.deepEqual(
      [await inside("../attachments/m1/1-a.log"), await inside("../attachments/m1/2-a.log")],
      ["one", "two"],
    );
  });

  test("are handed over twice as once", async () => {
    const asks = [ask("m1", attach("a.log", "one"))];
    assert.deepEqual(await handed(asks), await handed(asks));
    assert.equal(await inside("../attachments/m1/1-a.log"), "one");
  });

  test("do not get into the clone of a repository that has their folder's name", async () => {
    const repository = { ...work.repository, name: "acme/attachments" };
    assert.deepEqual(await handed([ask("m1", attach("a.log", "one"))], { ...session, work: { ...work, repository } }), [
      ["m1", ["../attachments-of-asks/m1/1-a.log"]],
    ]);
  });

  test("that the disk does not take are named, and the turn goes on", async () => {
    await writeFile(join(workspace, "attachments"), "in the way");
    assert.deepEqual(await handed([ask("m1", attach("a.log", "one"))]), [
      ["m1", ["it could not be written into the sandbox"]],
    ]);
  });

  test("take a minute in all; what would take longer is named", async () => {
    const slow: Surface = {
      ...world.surface,
      async fetchFile() {
        world.clock.advance(40_000);
        return { name: "a.log", mime: "text/plain", content: Buffer.from("slow") };
      },
    };
    const file = attach("a.log", "one");
    assert.deepEqual(await handed([ask("m1", file, file, file)], session, slow), [
      ["m1", ["../attachments/m1/1-a.log", "../attachments/m1/2-a.log", "the others took too long"]],
    ]);
  });

  test("of a place where nothing can be fetched are named", async () => {
    const terminal = terminalSurface({ write: () => {} });
    assert.deepEqual(await handed([ask("m1", attach("a.log", "one"))], session, terminal), [
      ["m1", ["nothing can be fetched from there"]],
    ]);
  });

  test("have the turn start anew where the sandbox is gone", async () => {
    await provider.destroy(NAME);
    await assert.rejects(handed([ask("m1", attach("a.log", "one"))]), { code: "sandbox.lost" });
    assert.deepEqual(await handed([ask("m2")]), []);
  });
});
