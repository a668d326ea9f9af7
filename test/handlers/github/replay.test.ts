import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { githubEvents } from "../../../handlers/github/events.ts";
import { githubReplay, type ReplayBook } from "../../../handlers/github/replay.ts";
import type { Receipt } from "../../../src/core/incoming.ts";
import type { NewMention } from "../../../src/core/types.ts";
import { ThreadboxError } from "../../../src/errors.ts";
import { replayBook } from "../../../src/store/replay.ts";
import { type TestStore, testStore } from "../../database.ts";
import { quiet } from "../../quiet.ts";
import { inWorld, REPO, type World } from "../../surfaces/github-world.ts";

let store: TestStore;
before(async () => {
  store = await testStore();
});
after(() => store.close());

const MINUTE = 60_000;

interface Ground extends World {
  /** Whatever came out of the log, in order. */
  found: string[];
  /** The next ones are not stored. */
  refuse(times: number): void;
  /** GitHub lists what it sent, and does not say it: that many times. */
  mute(times: number): void;
  /** A bot starts, looks and stops. */
  look(): Promise<void>;
  away(): void;
  back(): void;
  comment(text: string): Promise<void>;
}

/** One bot, or the next one, on the same database. It has begun to listen a while ago. */
async function whileAway(check: (ground: Ground) => Promise<void>): Promise<void> {
  await store.db.deleteFrom("settings").execute();
  await inWorld({}, async (world) => {
    const { clock, github, app, access } = world;
    const found: string[] = [];
    let refused = 0;
    let muted = 0;
    const receive = async (mention: NewMention): Promise<Receipt> => {
      if (refused-- > 0) throw new Error("the database is away");
      found.push(mention.text);
      return { is: "accepted", session: "s1", mention: `m${found.length}` };
    };
    const inbox = { receive, link: async (): Promise<Receipt> => ({ is: "duplicate" }) };
    const handle = githubEvents({ inbox, name: "threadbox", self: access.self, log: quiet, clock });
    const look = async (): Promise<void> => {
      const { deliveries } = access;
      assert.ok(deliveries);
      const payload = async (id: number) => {
        if (muted-- > 0) throw new ThreadboxError("surface.unavailable", "GitHub is away");
        return deliveries.payload(id);
      };
      const replay = githubReplay({
        deliveries: { ...deliveries, payload },
        handle,
        book: replayBook(store.db),
        clock,
        log: quiet,
      });
      replay.start();
      await replay.stop();
      clock.advance(MINUTE);
    };
    await look();
    await check({
      ...{ ...world, found, look },
      refuse: (times) => {
        refused = times;
      },
      mute: (times) => {
        muted = times;
      },
      away: () => app.webhookTo("http://127.0.0.1:1/"),
      back: () => app.webhookTo(world.url),
      async comment(text) {
        await github.as("alice").comments(REPO, 1, `@threadbox ${text}`);
        clock.advance(MINUTE);
      },
    });
  });
}

describe("what GitHub could not deliver", () => {
  test("is taken out of the App's log, in order, and once", () =>
    whileAway(async ({ away, back, comment, look, found }) => {
      await comment("this arrives");
      away();
      await comment("one");
      await comment("two");
      back();
      await look();
      await look();
      assert.deepEqual(found, ["one", "two"]);
    }));

  test("is left alone when it was delivered again meanwhile", () =>
    whileAway(async ({ away, back, comment, look, found, github, heard }) => {
      away();
      await comment("one");
      back();
      const failed = github.deliveries.at(-1);
      assert.ok(failed);
      await github.redeliver(failed);
      await look();
      assert.deepEqual([found, heard.map(({ text }) => text)], [[], ["one"]]);
    }));

  test("is tried again when the inbox did not take it, and holds up nothing", () =>
    whileAway(async ({ away, comment, look, found, refuse }) => {
      away();
      await comment("one");
      await comment("two");
      refuse(1);
      await look();
      assert.deepEqual(found, ["two"]);
      await look();
      await look();
      assert.deepEqual(found, ["two", "one"]);
    }));

  test("is not given up because GitHub cannot say for a while what it was", () =>
    whileAway(async ({ away, comment, look, found, mute }) => {
      away();
      await comment("one");
      mute(7);
      for (let i = 0; i < 8; i++) await look();
      assert.deepEqual(found, ["one"]);
    }));

  test("is given up at last when the inbox never takes it", () =>
    whileAway(async ({ away, comment, look, found, refuse }) => {
      away();
      await comment("one");
      refuse(5);
      for (let i = 0; i < 8; i++) await look();
      assert.deepEqual(found, []);
    }));

  test("is found however many other deliveries there were", () =>
    whileAway(async ({ away, back, comment, look, found, github }) => {
      away();
      await comment("one");
      back();
      for (let i = 0; i < 120; i++) await github.as("mallory").comments(REPO, 1, `${i}`);
      await look();
      assert.deepEqual(found, ["one"]);
      assert.equal(github.calls()["GET /app/hook/deliveries"], 3);
    }));

  test("waits for the next look where GitHub's log cannot be read now", () =>
    whileAway(async ({ away, comment, look, found, github }) => {
      away();
      await comment("one");
      github.faults.next("GET /app/hook/deliveries", { kind: "status", status: 502 });
      await look();
      github.faults.next("GET /app/hook/deliveries/{delivery_id}", { kind: "reset" });
      await look();
      assert.deepEqual(found, []);
      await look();
      assert.deepEqual(found, ["one"]);
    }));
});

test("before the first start nobody had promised anything", () =>
  whileAway(async ({ away, comment, look, found }) => {
    away();
    await comment("one");
    await store.db.deleteFrom("settings").execute();
    await look();
    await look();
    assert.deepEqual(found, []);
  }));

test("with a person's token there is no such log", () =>
  inWorld({ as: "token" }, async ({ access }) => assert.equal(access.deliveries, null)));

describe("of many bots", () => {
  test("one looks at a time, and the next one goes on where it was", async () => {
    await store.db.deleteFrom("settings").execute();
    const book: ReplayBook = replayBook(store.db);
    const claims = await Promise.all(Array.from({ length: 8 }, () => book.claim(1_000_000, 60_000)));
    assert.deepEqual(
      claims.filter((one) => one !== null).map(({ until }) => until),
      [1_000_000],
    );
    await book.save({ until: 1_030_000, done: ["g1"], tries: { g2: 1 } });
    assert.equal(await book.claim(1_059_999, 60_000), null);
    const { until, done, tries } = (await book.claim(1_060_000, 60_000)) ?? {};
    assert.deepEqual({ until, done, tries }, { until: 1_030_000, done: ["g1"], tries: { g2: 1 } });
  });
});
