/** Whose links are looked at, for whom, and what becomes of those that cannot be. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as breathe } from "node:timers/promises";
import type { TalkLink } from "../../src/core/linked.ts";
import type { Ask, Person, Repository, Said, Thread } from "../../src/core/types.ts";
import { linkedTo } from "../../src/engine/linked.ts";
import { ThreadboxError } from "../../src/errors.ts";
import { plainForge } from "../../src/surfaces/plain-forge.ts";
import { handWoundClock } from "../clock.ts";
import { alice, NOW, slackThread } from "../core/story.ts";
import { quiet } from "../quiet.ts";

const repository = (name: string, id: string): Repository => ({
  ...{ id, name: `acme/${name}`, url: `https://github.com/acme/${name}`, base: "main" },
  github: { owner: "acme", name, installation: null },
});
const [api, docs] = [repository("api", "7"), repository("docs", "8")];
const work = { repository: api, branch: "fix", own: true };
const issue = (name: string, number = 1): string => `https://github.com/acme/${name}/issues/${number}`;

const asks = (text: string, over: Partial<Ask> = {}): Ask => ({
  ...{ id: "m1", thread: slackThread, author: alice, text, message: "m1", at: NOW },
  ...over,
});
const said = (text: string): Said => ({ author: "grace", at: NOW, text, trusted: true });

/** Only account 1 may write, to anything. */
const identities = (account: number | null, rights?: () => Promise<null>) => ({
  of: async () => (account === null ? null : { id: account, login: "somebody" }),
  connectUrl: async () => "",
  disconnect: async () => {},
  noreply: () => "",
  rights: rights ?? (async ({ id }: { id: number }) => ({ login: "somebody", mayWrite: id === 1 })),
});

function ground(over: { identities?: ReturnType<typeof identities>; readLinked?: () => Promise<null> } = {}) {
  const looked: string[] = [];
  const clock = handWoundClock();
  const forge = {
    ...plainForge,
    readLinked: async (link: TalkLink) => {
      looked.push(link.url);
      return over.readLinked
        ? over.readLinked()
        : { title: "t", state: "open", author: "a", trusted: true, at: 0, text: link.url };
    },
  };
  const deps = { forge, repositories: [api, docs], identities: over.identities, clock, log: quiet };
  return { deps, looked, clock };
}

describe("#37 a link is looked at", () => {
  const onGitHub: Thread = {
    ...{ surface: "github", repo: { id: 7, owner: "acme", name: "api" }, number: 1, is: "issue", installation: null },
  };
  const dan: Person = { surface: "github", id: "5", name: "dan" };
  const owner: Person = { surface: "terminal", id: "operator", name: "ada" };
  const both = `${issue("api")} ${issue("docs")}`;
  const table: [when: string, ask: Ask, given: Parameters<typeof ground>[0], links: string[]][] = [
    [
      "of the session's own repository and of others, where nobody has to say who they are",
      asks(both),
      {},
      [issue("api"), issue("docs")],
    ],
    [
      "of others as well, for whoever may write there",
      asks(both),
      { identities: identities(1) },
      [issue("api"), issue("docs")],
    ],
    ["of its own alone, for whoever may not", asks(both), { identities: identities(2) }, [issue("api")]],
    ["of its own alone, for whoever is not connected", asks(both), { identities: identities(null) }, [issue("api")]],
    [
      "of its own alone, while nobody knows what somebody may do",
      asks(both),
      { identities: identities(1, () => Promise.reject(new ThreadboxError("surface.unavailable", "away"))) },
      [issue("api")],
    ],
    [
      "of its own alone, from GitHub",
      asks(`${both} ${issue("api", 2)}`, { thread: onGitHub, author: dan }),
      {},
      [issue("api", 2)],
    ],
    [
      "of all, for whoever has the machine",
      asks(both, { thread: { surface: "terminal", id: "t" }, author: owner }),
      { identities: identities(null) },
      [issue("api"), issue("docs")],
    ],
    ["of none that is not set up here", asks(issue("secret")), {}, []],
    ["of what the ask stands on, in its own", asks("fix", { about: both }), {}, [issue("api")]],
  ];
  for (const [when, ask, given, links] of table)
    test(when, async () => {
      const { deps, looked } = ground(given);
      await linkedTo(deps, work, [ask]);
      assert.deepEqual(looked, links);
    });

  test("from the thread only of its own repository: whoever wrote it there need not be somebody who may read the other", async () => {
    const { deps, looked } = ground();
    await linkedTo(deps, work, [asks("fix")], [said(both)]);
    assert.deepEqual(looked, [issue("api")]);
  });

  test("once, those of the ask first, then the newest, and five in all", async () => {
    const { deps, looked } = ground();
    const before = [1, 2, 3, 4, 5, 6].map((number) => said(issue("api", number)));
    await linkedTo(deps, work, [asks(`${issue("api", 2)} ${issue("api", 9)}`)], before);
    assert.deepEqual(
      looked,
      [2, 9, 6, 5, 4].map((number) => issue("api", number)),
    );
  });
});

describe("what cannot be read", () => {
  test("is named, and costs nothing else", async () => {
    const { deps } = ground({ readLinked: () => Promise.reject(new ThreadboxError("surface.unavailable", "away")) });
    const found = await linkedTo(deps, work, [asks(issue("api"))]);
    assert.deepEqual(
      found.map((one) => [one.link.url, one.found]),
      [[issue("api"), null]],
    );
  });

  test("because GitHub hangs is waited for 20 seconds", async () => {
    const { deps, clock } = ground({ readLinked: () => new Promise(() => {}) });
    const finding = linkedTo(deps, work, [asks(issue("api"))]);
    await breathe();
    clock.advance(20_000);
    assert.deepEqual(
      (await finding).map((one) => one.found),
      [null],
    );
  });

  test("a file is not fetched: the clone has it, and that of another repository is left out", async () => {
    const { deps, looked } = ground();
    const [file, ...others] = await linkedTo(deps, work, [
      asks("https://github.com/acme/api/blob/main/a.ts https://github.com/acme/docs/blob/main/b.ts"),
    ]);
    assert.equal(file?.link.is === "file" && file.link.path, "a.ts");
    assert.deepEqual([others, looked], [[], []]);
  });
});
