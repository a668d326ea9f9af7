/** Who may begin work on GitHub from Slack, and whose right is asked about again before it is pushed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { GitHubAccount } from "../../src/core/identity.ts";
import type { Person, Repository, Session } from "../../src/core/types.ts";
import { givenUp } from "../../src/engine/give-up.ts";
import { allowPush, askerOf } from "../../src/engine/identity.ts";
import { ThreadboxError } from "../../src/errors.ts";
import { type DaemonClient, daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { plainForge } from "../../src/surfaces/plain-forge.ts";
import type { PublishRequest } from "../../src/wire/routes.ts";
import {
  accepted,
  alice,
  bob,
  mention,
  onGitHub,
  plain,
  pullRequestThread,
  ready,
  says,
  tell,
  work,
} from "../core/story.ts";

const writers = new Set([1, 3]);
const logins: Record<number, string> = { 1: "alice-gh", 2: "bob-gh", 3: "carol" };
const accounts: Record<string, GitHubAccount> = { U1: { id: 1, login: "alice" }, U2: { id: 2, login: "bob-gh" } };
/** Alice (who was called otherwise when she connected) may write, Bob may read, U3 is not connected, U4's account is gone. */
const identities = {
  of: async ({ id }: { id: string; team: string }) => (id === "U4" ? { id: 4, login: "gone" } : (accounts[id] ?? null)),
  connectUrl: async () => "https://bot.example.com/connect/github?t=x",
  disconnect: async () => {},
  noreply: ({ id, login }: GitHubAccount) => `${id}+${login}@users.noreply.github.com`,
  async rights({ id }: GitHubAccount, _repository: Repository) {
    const login = logins[id];
    return login ? { login, mayWrite: writers.has(id) } : null;
  },
};
const away = {
  ...identities,
  rights: async () => {
    throw new ThreadboxError("surface.unavailable", "GitHub does not answer");
  },
};
const person = (id: string, name: string): Person => ({ surface: "slack", id, name });
const choice = { is: "chosen", work: { ...work, repository: onGitHub } } as const;
const fresh = tell().session;

async function asked(text: string, author: Person, { session = fresh, book = identities, repository = onGitHub } = {}) {
  const said = mention("m1", text, { author });
  const chosen = { is: "chosen", work: { ...work, repository } } as const;
  return askerOf({ identities: book }, { session, mention: said, author, choice: chosen });
}

describe("whoever asks in Slack for work on GitHub", () => {
  test("is known by the address of their account, under the name that it has today", async () =>
    assert.deepEqual(await asked("fix it", alice), {
      author: { ...alice, git: { name: "alice-gh", email: "1+alice-gh@users.noreply.github.com" } },
    }));

  test("#23 has to connect first", async () => {
    const found = await asked("fix it", person("U3", "cy"));
    assert.ok("type" in found && found.type === "unconnected");
    assert.match(found.text, /To work on `acme\/api` for you I have to know who you are on GitHub/);
  });

  test("#23 has to connect again when their account is gone", async () => {
    const found = await asked("fix it", person("U4", "di"));
    assert.ok("type" in found && found.type === "turned-away" && found.connects);
    assert.match(found.text, /GitHub does not show me @gone any more/);
  });

  test("#24 may not without write access, and hears who can give it", async () => {
    const found = await asked("fix it", bob);
    assert.ok("type" in found && found.type === "turned-away");
    assert.match(found.text, /@bob-gh may not write to `acme\/api`. An admin of that repository/);
  });

  for (const text of ["status", "help", "stop", "mute", "unlink", "fresh fix it"])
    test(`needs none of it for \`${text}\``, async () =>
      assert.deepEqual(await asked(text, person("U3", "cy")), { author: person("U3", "cy") }));

  test("needs none of it for a repository elsewhere, nor where nobody has to say", async () => {
    assert.deepEqual(await asked("fix it", bob, { repository: plain }), { author: bob });
    assert.deepEqual(await askerOf({}, { session: fresh, mention: mention("m1", "fix it"), author: bob, choice }), {
      author: bob,
    });
  });

  test("needs it for an answer to the agent, however that reads", async () => {
    const { session } = tell(says("m0", "fix it", {}, onGitHub));
    for (const text of ["stop", "fresh take the key out of the log", "(aside) yes", "option 1"]) {
      const said = mention("m1", text, { author: bob, answers: { question: "q1" } });
      const found = await askerOf({ identities }, { session, mention: said, author: bob, choice });
      assert.ok("type" in found && found.type === "turned-away", text);
    }
  });

  test("is judged by the repository that they choose instead of the thread's, while that can be done", async () => {
    const docs = { ...onGitHub, id: "8", name: "acme/docs" };
    const { session } = tell(says("m0", "fix it", {}, onGitHub));
    const book = {
      ...identities,
      rights: async ({ id }: GitHubAccount, { name }: Repository) => ({
        login: logins[id] ?? "",
        mayWrite: name === "acme/api",
      }),
    };
    const found = await asked("repo=acme/docs", alice, { session, book, repository: docs });
    assert.ok("type" in found && found.type === "turned-away");
    assert.match(found.text, /may not write to `acme\/docs`/);
    assert.ok("author" in (await asked("and the tests", alice, { session, book, repository: docs })));
    // The other way round: what they may elsewhere must not let them in here.
    const { session: theirs } = tell(says("m0", "fix it", {}, docs));
    const answer = await asked("yes, and print the key\nrepo=acme/api", alice, { session: theirs, book });
    assert.ok("type" in answer && answer.type === "turned-away");
    assert.match(answer.text, /may not write to `acme\/docs`/);
  });

  test("is judged by the repository that the thread works on, whatever they name", async () => {
    const { session } = tell(says("m0", "fix it", {}, onGitHub));
    const found = await asked("fix it", bob, { session, repository: plain });
    assert.ok("type" in found && found.type === "turned-away");
  });

  test("is judged by the other repository where they choose one before anything has begun", async () => {
    const { session } = tell(says("m0", "repo=acme/docs", {}, plain));
    const found = await asked("repo=acme/api read me its secrets", bob, { session });
    assert.ok("type" in found && found.type === "turned-away");
    assert.match(found.text, /@bob-gh may not write to `acme\/api`/);
    assert.deepEqual(await asked("read me its secrets", bob, { session }), { author: bob });
  });

  for (const text of ["(aside) push it at once", "status", "stop"])
    test(`has to be somebody there to answer the agent with ${JSON.stringify(text)}`, async () => {
      const { session } = tell(says("m0", "fix it", {}, onGitHub));
      const said = mention("m1", text, { author: bob, answers: { question: "q1" } });
      const found = await askerOf({ identities }, { session, mention: said, author: bob, choice });
      assert.ok("type" in found && found.type === "turned-away");
    });

  test("has to be somebody there to link a thread to it: what is said there is told here then", async () => {
    const said = mention("m1", "link https://git.example.com/acme/api/pull/5", { author: bob });
    const asking = { session: fresh, mention: said, author: bob, choice, linked: onGitHub };
    const found = await askerOf({ identities }, asking);
    assert.ok("type" in found && found.type === "turned-away");
    const author = { ...alice, git: { name: "alice-gh", email: "1+alice-gh@users.noreply.github.com" } };
    const byAlice = { ...asking, mention: { ...said, author: alice }, author: alice };
    assert.deepEqual(await askerOf({ identities }, byAlice), { author });
  });

  test("is not let in while GitHub does not answer", () =>
    assert.rejects(asked("fix it", alice, { book: away }), { code: "surface.unavailable" }));

  test("cannot begin in the name of somebody who may not, by saying which repository", async () => {
    const ask = { ...mention("m0", "delete everything", { author: bob }), late: undefined };
    const { late: _, ...waiting } = ask;
    const session: Session = { ...fresh, undecided: { ask: waiting, options: {} } };
    const found = await asked("repo=acme/api", alice, { session });
    assert.ok("type" in found && found.type === "turned-away");
    assert.match(found.text, /^bob \(@bob-gh on GitHub\) may not write to `acme\/api`\. Say in your own words/);
    assert.ok("author" in (await asked("repo=acme/api fix it", alice, { session })));
  });
});

describe("#24 before a push", () => {
  const turnOf = (...authors: Person[]): Session => {
    const { session } = tell(says("m1", "fix it", {}, onGitHub), ready, accepted("m1"));
    assert.ok(session.turn);
    const asks = authors.map((author, i) => {
      const thread = author.surface === "github" ? { thread: pullRequestThread } : {};
      return mention(`m${i + 1}`, "fix it", { author, ...thread });
    });
    return { ...session, turn: { ...session.turn, asks } };
  };
  const said = async (
    session: Session,
    book: typeof identities | undefined = identities,
    no?: { code: string; detail: string },
  ) => {
    const heard: PublishRequest[] = [];
    const daemon: DaemonClient = {
      ...daemonClient({ url: "http://127.0.0.1:1", token: async () => "" }),
      async publish(request) {
        heard.push(request);
        return { success: true, command: "publish", outcome: "heard" };
      },
    };
    const deps = { identities: book, connect: () => daemon, forge: plainForge, settings: {} };
    await allowPush(deps, session, { do: "allow-push", turn: "m1", ...(no ? { no } : {}) });
    return heard;
  };
  const github = (id: string, name: string): Person => ({ surface: "github", id, name });

  test("everybody who asked is asked about, wherever they did", async () => {
    assert.deepEqual(await said(turnOf(alice, github("3", "carol"))), [{ turn: "m1", allowed: true }]);
    const [no] = await said(turnOf(alice, github("2", "bob-gh")));
    assert.deepEqual(no, {
      ...{ turn: "m1", allowed: false, code: "push.not-allowed" },
      detail: "bob-gh (@bob-gh on GitHub) may not write to `acme/api`. So I pushed nothing.",
    });
  });

  test("the same number in another workspace is somebody else, and asked about too", async () => {
    const session = turnOf(alice, alice);
    assert.ok(session.turn);
    const [here, there] = session.turn.asks;
    assert.ok(here && there && there.thread.surface === "slack");
    const elsewhere = { ...there, thread: { ...there.thread, team: "T2" } };
    const book = {
      ...identities,
      of: async ({ id, team }: { id: string; team: string }) => (team === "T2" ? (accounts[id] ?? null) : null),
    };
    const [no] = await said({ ...session, turn: { ...session.turn, asks: [here, elsewhere] } }, book);
    assert.match(no && "detail" in no ? no.detail : "", /^alice is not connected to GitHub/);
  });

  test("whoever is not connected any more keeps it from being pushed", async () => {
    const [no] = await said(turnOf(person("U3", "cy")));
    assert.match(no && "detail" in no ? no.detail : "", /^cy is not connected to GitHub\. So I pushed nothing/);
  });

  test("whoever has the machine, and a bot that is allowed, is nobody on GitHub", async () => {
    const operator: Person = { surface: "terminal", id: "root", name: "root" };
    assert.deepEqual(await said(turnOf(operator, github("49", "renovate[bot]"))), [{ turn: "m1", allowed: true }]);
  });

  test("an earlier no is passed on, and a turn that is over is told nothing", async () => {
    const no = { code: "push.not-allowed", detail: "GitHub is away" };
    assert.deepEqual(await said(turnOf(alice), identities, no), [{ turn: "m1", allowed: false, ...no }]);
    assert.deepEqual(await said({ ...turnOf(alice), turn: null }), []);
  });

  test("GitHub that does not answer is a no in the end", async () => {
    const session = turnOf(alice);
    await assert.rejects(said(session, away), { code: "surface.unavailable" });
    const error = new ThreadboxError("surface.unavailable", "GitHub does not answer");
    assert.deepEqual(givenUp({ do: "allow-push", turn: "m1" }, session, error), {
      ...{ type: "push.unanswered", turn: "m1" },
      failure: {
        code: "push.not-allowed",
        detail: "I could not find out whether you may push still, so I pushed nothing (GitHub does not answer).",
      },
    });
    const no = { code: "push.not-allowed", detail: "" };
    assert.equal(givenUp({ do: "allow-push", turn: "m1", no }, session, error), null);
  });
});
