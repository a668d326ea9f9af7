/** A turn that comes once more, because its machine was replaced or was believed lost: nothing is done twice, and it has its end. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { AgentEvent } from "../../src/wire/events.ts";
import { newFolder, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent, stopped } from "./scripted-agent.ts";

const endOf = (turn: string, attempt: number) => (event: AgentEvent) =>
  event.type === "turn.ended" && event.turn === turn && (event.attempt ?? 1) === attempt;

test("a turn that was done before its next attempt came tells its end again, and is not worked on twice", async (t) => {
  const agent = scriptedAgent(() => done("Fixed it."));
  const first = await startDaemon(t, { agents: { scripted: agent.factory } });
  await first.prompt("Fix it", { id: "p1" });
  await first.until(turnEnded("p1"));
  await first.close();

  const woken = await startDaemon(t, { agents: { scripted: agent.factory }, folder: first.folder });
  assert.equal((await woken.prompt("Fix it", { id: "p1", attempt: 2 })).body.disposition, "duplicate");
  assert.equal((await woken.prompt("Fix it", { id: "p1", attempt: 2 })).body.disposition, "duplicate");
  const told = (await woken.replay()).flatMap(({ event }) => (event.type.startsWith("turn.") ? [event] : []));
  assert.deepEqual(
    told.map((event) => [event.type, "attempt" in event ? event.attempt : 1, "again" in event]),
    [
      ["turn.started", 1, false],
      ["turn.ended", 1, false],
      ["turn.started", 2, true],
      ["turn.ended", 2, false],
    ],
  );
  const end = told.at(-1);
  assert.ok(end?.type === "turn.ended" && end.outcome === "done" && end.answer === "Fixed it.");
  assert.deepEqual(agent.messages, ["Fix it"]);
});

test("a turn that runs when its next attempt comes ends as that one, and is not begun again", async (t) => {
  const release = Promise.withResolvers<void>();
  const agent = scriptedAgent(async () => {
    await release.promise;
    return done();
  });
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  await daemon.prompt("Fix it", { id: "p1" });
  assert.equal((await daemon.prompt("Fix it", { id: "p1", attempt: 2 })).body.disposition, "duplicate");
  release.resolve();
  await daemon.until(endOf("p1", 2));
  assert.deepEqual(agent.messages, ["Fix it"]);
});

test("a turn that waits when its next attempt comes is begun as that one", async (t) => {
  const release = Promise.withResolvers<void>();
  const agent = scriptedAgent(async () => {
    await release.promise;
    return done();
  });
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  await daemon.prompt("By hand", { id: "p0" });
  await daemon.prompt("Fix it", { id: "p1", whileBusy: "queue" });
  assert.equal((await daemon.prompt("Fix it", { id: "p1", attempt: 2 })).body.disposition, "duplicate");
  release.resolve();
  await daemon.until(endOf("p1", 2));
  assert.equal(agent.messages.length, 2);
});

test("a later attempt may have other words: it is told what was lost since", async (t) => {
  const agent = scriptedAgent(async ({ stopped: told }) => {
    await told;
    return stopped();
  });
  const first = await startDaemon(t, { agents: { scripted: agent.factory } });
  await first.prompt("Fix it", { id: "p1" });
  await first.close();
  agent.script(async () => done());
  const woken = await startDaemon(t, { agents: { scripted: agent.factory }, folder: first.folder });
  assert.equal((await woken.prompt("Fix that", { id: "p1" })).body.code, "prompt-conflict");
  assert.equal((await woken.prompt("Fix it, again", { id: "p1", attempt: 2 })).body.disposition, "started");
  await woken.until(endOf("p1", 2));
  assert.match(agent.messages.at(-1) ?? "", /\n\nFix it, again$/);
});

test("what was passed on to a turn that was cut short is taken again for the next attempt", async (t) => {
  const agent = scriptedAgent(async ({ stopped: told }) => {
    await told;
    return stopped();
  });
  const first = await startDaemon(t, { agents: { scripted: agent.factory } });
  await first.prompt("Fix it", { id: "p1" });
  assert.equal((await first.prompt("With tabs", { id: "p2", into: "p1" })).body.disposition, "steered");
  await first.close();

  const release = Promise.withResolvers<void>();
  const heard: string[][] = [];
  agent.script(async ({ steered }) => {
    await release.promise;
    heard.push(steered);
    return done();
  });
  const woken = await startDaemon(t, { agents: { scripted: agent.factory }, folder: first.folder });
  await woken.prompt("Fix it", { id: "p1", attempt: 2 });
  assert.equal((await woken.prompt("With tabs", { id: "p2", into: "p1" })).body.disposition, "steered");
  assert.equal((await woken.prompt("With tabs", { id: "p2", into: "p1" })).body.disposition, "duplicate");
  release.resolve();
  await woken.until(endOf("p1", 2));
  const said = [...agent.messages.slice(1), ...heard.flat()].join("\n");
  assert.equal(said.split("With tabs").length - 1, 1);
});

test("files of before there were attempts are read, and what was asked then is still known", async (t) => {
  const folder = newFolder(t);
  mkdirSync(join(folder, "state"), { recursive: true });
  const db = new DatabaseSync(join(folder, "state", "journal.db"));
  db.exec(`
    create table facts (key text primary key, value text not null) strict;
    create table entries (cursor integer primary key autoincrement, at integer not null, event text not null) strict;
    create table prompts (
      id text primary key, turn text not null, digest text not null, request text, state text not null,
      accepted integer not null, started integer
    ) strict;
    insert into facts values ('wire', '1'), ('epoch', 'old'), ('session', 'the-conversation');
    insert into prompts values ('p1', 'p1', 'digest', null, 'ended', 1, 1);
  `);
  db.close();
  const agent = scriptedAgent();
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, folder });
  assert.equal((await daemon.prompt("Other words", { id: "p1" })).body.code, "prompt-conflict");
  await daemon.prompt("Fix it", { id: "p2" });
  await daemon.until(turnEnded("p2"));
  assert.deepEqual(
    agent.made.map(({ sessionId }) => sessionId),
    ["the-conversation"],
  );
});
