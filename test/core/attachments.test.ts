import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { safeName } from "../../src/core/attachments.ts";
import { newSession } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { type Met, takeIn } from "../../src/core/intake.ts";
import type { Attachment, Mention, Session } from "../../src/core/types.ts";
import { accepted, ended, mention, NOW, names, ready, says, slackThread, tell } from "./story.ts";

const shot: Attachment = {
  ...{ name: "shot.png", mime: "image/png", bytes: 12 },
  ref: { id: "F1", url: "https://files.slack.com/F1" },
};
const log: Attachment = { ...shot, name: "log.txt", ref: { id: "F2", url: null } };

describe("#37 the name of a file in the sandbox", () => {
  const cases: [string, string, string][] = [
    ["stays as it is when it is plain", "shot.png", "3-shot.png"],
    ["keeps letters of all languages", "Übersicht 図.pdf", "3-Übersicht-図.pdf"],
    ["leads nowhere", "../../.ssh/authorized_keys", "3-authorized_keys"],
    ["leads nowhere on Windows either", "..\\..\\run.bat", "3-run.bat"],
    ["is not hidden", ".env", "3-env"],
    ["is no option of a command", "-rf", "3-rf"],
    ["means nothing to a shell", "a;rm -rf $HOME`x`'\".txt", "3-a-rm--rf-HOME-x-.txt"],
    ["has no control characters, and nothing that turns text around", "a\n\u0000\u202Egpj.exe", "3-a-gpj.exe"],
    ["is there when nothing is left", "///", "3-file"],
    ["is there when there was none", "", "3-file"],
    ["is not too long for a disk, and keeps its ending", `${"💥a".repeat(300)}.log`, `3-${"a-".repeat(25)}.log`],
  ];
  for (const [name, given, safe] of cases) test(name, () => assert.equal(safeName(given, 3), safe));
});

const running = [...says("m1", "fix it"), ready, accepted("m1")];
const attached: SessionEvent = { type: "attached", message: "m1", files: [shot] };

describe("#37 files", () => {
  test("go with what is asked", () =>
    assert.deepEqual(tell(says("m1", "fix it", { files: [shot] })).session.turn?.asks[0]?.files, [shot]));

  test("without a word are an order to look at them, and no call for help", () => {
    const { session } = tell(says("m1", "", { files: [shot] }));
    assert.equal(session.turn?.asks[0]?.text, "Look at the attached files.");
  });

  test("go along when it is tried again", () => {
    const first = says("m1", "fix it", { files: [shot] });
    const { session } = tell(first, ready, accepted("m1"), ended("m1"), says("m2", "retry", { files: [log] }));
    assert.deepEqual(session.turn?.asks[0]?.files, [shot, log]);
  });

  test("that arrive after their message join it while its author is checked", () => {
    const { session } = tell([{ type: "mentioned", mention: mention("m1", "fix it") }, attached]);
    assert.deepEqual(session.checking[0]?.files, [shot]);
  });

  test("that arrive after their message join it while it waits", () => {
    assert.deepEqual(tell(says("m1", "fix it"), attached).session.turn?.asks[0]?.files, [shot]);
    const queued = tell(running, says("m2", "queue this"), { ...attached, message: "m2" });
    assert.deepEqual(queued.session.queue[0]?.files, [shot]);
  });

  test("that arrive when the agent has read the message are passed on to it", () => {
    const { effects } = tell(running, attached);
    assert.deepEqual(
      effects.map((effect) => effect.do === "steer" && [effect.ask.id, effect.ask.text, effect.ask.files]),
      [["m1f", "These files belong to what I said last; they arrived after it.", [shot]]],
    );
  });

  test("that arrive when all is over change nothing", () => {
    const before = tell(running, ended("m1"));
    const after = tell(running, ended("m1"), attached);
    assert.deepEqual([after.session, names(after.effects)], [before.session, []]);
  });
});

describe("#37 of two deliveries of one message", () => {
  const KEY = "slack:thread:T1/C1/1.1";
  const deliver = (session: Session, change: Partial<Mention>) => {
    const met: Met = {
      inbox: new Map([["slack:T1/C1/m1", false]]),
      keys: new Map([[KEY, session.id]]),
      sessions: new Map([[session.id, session]]),
    };
    const arrival = { incoming: { mention: mention("again", "fix it", { message: "m1", ...change }) }, seq: null };
    arrival.incoming.mention.dedupe = "slack:T1/C1/m1";
    const { receipts, inbox, told } = takeIn([arrival], met, { now: NOW, newSessionId: () => "new" });
    return [receipts[0]?.is, inbox.length, told.map(({ event }) => event.type)];
  };
  const without = tell([{ type: "mentioned", mention: mention("m1", "fix it") }]).session;
  const withFiles = tell([{ type: "mentioned", mention: mention("m1", "fix it", { files: [shot] }) }]).session;

  test("the one that has the files counts, also when it comes second", () =>
    assert.deepEqual(deliver(without, { files: [shot] }), ["duplicate", 0, ["attached"]]));
  test("the second one is dropped when it brings none, or none that are new", () => {
    assert.deepEqual(deliver(without, {}), ["duplicate", 0, []]);
    assert.deepEqual(deliver(withFiles, { files: [shot] }), ["duplicate", 0, []]);
  });
  test("the second one is dropped when nobody waits for it any more", () => {
    const rests = newSession("s0001", slackThread, "Fix it", NOW);
    assert.deepEqual(deliver(rests, { files: [shot] }), ["duplicate", 0, []]);
  });
});
