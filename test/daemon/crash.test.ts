/** The daemon's process dies in the middle of a turn. Nothing that was told or acknowledged is lost, and nobody waits for ever. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { clientOf, newFolder, sign, turnEnded } from "./running-daemon.ts";

async function start(t: TestContext, folder: string) {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "killable-daemon.ts"), folder], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  for await (const chunk of child.stdout ?? []) {
    said += chunk;
    if (said.includes("\n")) break;
  }
  return { child, daemon: clientOf(said.trim(), () => sign({ scope: "control" })) };
}

async function end(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
  const exited = once(child, "exit");
  child.kill(signal);
  const [code] = await exited;
  return code;
}

test("kill -9 during a turn: the log is intact, the turn is closed, what waited is run", async (t) => {
  const folder = newFolder(t);
  const first = await start(t, folder);
  await first.daemon.prompt("hang", { id: "p1" });
  await first.daemon.prompt("after that", { id: "p2", whileBusy: "queue" });
  await first.daemon.until((event) => event.type === "tool.started" && event.call === "c50");
  const before = await first.daemon.replay();
  const { epoch } = await first.daemon.status();
  await end(first.child, "SIGKILL");

  const { daemon, child } = await start(t, folder);
  const after = await daemon.replay();
  assert.deepEqual(after.slice(0, before.length), before);
  assert.deepEqual(
    after.slice(before.length).map(({ cursor, event }) => [cursor, event.type]),
    [
      [before.length + 1, "daemon.started"],
      [before.length + 2, "turn.ended"],
    ],
  );
  const ended = after.at(-1)?.event;
  assert.ok(ended?.type === "turn.ended" && ended.turn === "p1" && ended.outcome === "failed");
  assert.deepEqual(ended.failure, { code: "agent.exited", detail: "The daemon was restarted during the turn." });
  const status = await daemon.status();
  assert.deepEqual([status.epoch, status.turn, status.queued], [epoch, null, 1]);

  // What waited goes on when the bot has handed over the credentials again, which did not survive.
  assert.equal((await daemon.prompt("after that", { id: "p2" })).body.disposition, "duplicate");
  await daemon.post("/credentials", { version: "again" });
  const answer = (await daemon.until(turnEnded("p2"))).at(-1);
  assert.ok(answer?.type === "turn.ended" && answer.answer === "Did: after that");
  assert.equal(await end(child, "SIGTERM"), 0);
});

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  test(`${signal} while the agent waits for an answer: the question ends with its turn, once`, async (t) => {
    const folder = newFolder(t);
    const first = await start(t, folder);
    await first.daemon.prompt("ask", { id: "p1" });
    const asked = (await first.daemon.until((event) => event.type === "question.asked")).at(-1);
    assert.ok(asked?.type === "question.asked");
    await end(first.child, signal);
    await end((await start(t, folder)).child, "SIGKILL");

    const { daemon } = await start(t, folder);
    const { question } = asked;
    const events = (await daemon.replay()).map(({ event }) => event).filter(({ type }) => type !== "daemon.started");
    assert.deepEqual(
      events.map(({ type }) => type),
      ["turn.started", "question.asked", "question.answered", "turn.ended"],
    );
    assert.deepEqual(events[2], { type: "question.answered", turn: "p1", question, answer: null, by: "stop" });
    const late = await daemon.post("/answer", { question, answer: "The first" });
    assert.equal(late.body.outcome, "over");
  });
}

test("SIGTERM during a turn: it is told as failed, and the process ends by itself", async (t) => {
  const folder = newFolder(t);
  const { child, daemon } = await start(t, folder);
  await daemon.prompt("hang", { id: "p1" });
  const reading = daemon.until(turnEnded("p1"));
  await daemon.until((event) => event.type === "tool.started");
  assert.equal(await end(child, "SIGTERM"), 0);
  await reading;
  const next = await start(t, folder);
  const ends = (await next.daemon.replay()).filter(({ event }) => event.type === "turn.ended");
  assert.equal(ends.length, 1);
});

test("a turn that was cut short is begun anew when its next attempt comes, and only then", async (t) => {
  const folder = newFolder(t);
  const first = await start(t, folder);
  await first.daemon.prompt("hang", { id: "p1" });
  await first.daemon.until((event) => event.type === "tool.started");
  await end(first.child, "SIGTERM");

  const { daemon, child } = await start(t, folder);
  assert.equal((await daemon.prompt("hang", { id: "p1" })).body.disposition, "duplicate");
  assert.equal((await daemon.prompt("hang", { id: "p1", attempt: 2 })).body.disposition, "started");
  assert.equal((await daemon.prompt("hang", { id: "p1", attempt: 2 })).body.disposition, "duplicate");
  await end(child, "SIGKILL");

  const last = await start(t, folder);
  const turns = (await last.daemon.replay()).flatMap(({ event }) =>
    event.type === "turn.started" || event.type === "turn.ended" ? [[event.type, event.turn, event.attempt ?? 1]] : [],
  );
  assert.deepEqual(turns, [
    ["turn.started", "p1", 1],
    ["turn.ended", "p1", 1],
    ["turn.started", "p1", 2],
    ["turn.ended", "p1", 2],
  ]);
});
