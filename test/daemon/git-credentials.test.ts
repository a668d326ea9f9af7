/** How a token gets to a host that asks for one, and nowhere else. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Checkout } from "../../src/daemon/checkout.ts";
import { runCommand } from "../../src/daemon/git-command.ts";
import { failureOf, type GitBench, git, makeGitBench, NOBODY, PATH } from "./git-bench.ts";
import { type GitHost, startGitHost } from "./git-host.ts";

const TOKEN = "ghs_TopSecretToken";
const LOGIN = { username: "x-access-token", password: TOKEN };

interface PrivateBench extends GitBench {
  host: GitHost;
  source: string;
}

function story(sentence: string, check: (bench: PrivateBench) => Promise<void>): void {
  test(sentence, async () => {
    const bench = makeGitBench();
    git(bench.bare, ["config", "http.receivepack", "true"]);
    const host = await startGitHost(bench.root, (login) => login === `${LOGIN.username}:${TOKEN}`);
    try {
      await check({ ...bench, host, source: `${host.origin}/remote.git` });
    } finally {
      await host.close();
      bench.close();
    }
  });
}

async function changeAndPublish(checkout: Checkout): Promise<void> {
  await checkout.begin([]);
  writeFileSync(join(checkout.spec.dir, "a.txt"), "two\n");
  await checkout.publish("Mine");
}

story("a private repository without a login, with a wrong one and with the right one", async (bench) => {
  let login: { username: string; password: string } | null = null;
  const asked: string[] = [];
  const credentials = {
    find(origin: string) {
      asked.push(origin);
      return login;
    },
  };
  const checkout = bench.checkout({ source: bench.source }, { credentials });
  assert.equal((await failureOf(checkout.prepare(NOBODY))).code, "git.unauthorized");
  login = { username: "x-access-token", password: "ghs_expired" };
  const refused = await failureOf(checkout.prepare(NOBODY));
  assert.equal(refused.code, "git.unauthorized");
  assert.doesNotMatch(refused.detail, /ghs_expired/);
  login = LOGIN;
  await checkout.prepare(NOBODY);
  await changeAndPublish(checkout);
  assert.equal(bench.onRemote("threadbox/fix", "a.txt"), "two");
  assert.deepEqual([...new Set(asked)], [bench.host.origin]);
});

story("a token stands in no argument, no environment, no config and no file that stays", async (bench) => {
  const shim = join(bench.root, "bin");
  mkdirSync(shim);
  const log = join(bench.root, "log");
  const script = `#!/bin/sh\n{ printf '%s ' "$@"; env; } >> ${log}\nPATH=${PATH} exec git "$@"\n`;
  writeFileSync(join(shim, "git"), script, { mode: 0o755 });
  const options = { credentials: { find: () => LOGIN }, env: { PATH: `${shim}:${PATH}` } };
  const checkout = bench.checkout({ source: bench.source }, options);
  await checkout.prepare(NOBODY);
  await changeAndPublish(checkout);
  assert.match(readFileSync(log, "utf8"), /push --porcelain/);
  assert.doesNotMatch(readFileSync(log, "utf8"), new RegExp(TOKEN));
  assert.deepEqual(readdirSync(bench.stateDir), ["git"]);
  for (const folder of [checkout.spec.dir, bench.stateDir]) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const file of files) {
      assert.equal(readFileSync(join(file.parentPath, file.name)).includes(TOKEN), false, file.name);
    }
  }
});

story("a token in the URL is used, and told to nobody", async (bench) => {
  const withToken = (token: string) => bench.source.replace("://", `://x-access-token:${token}@`);
  const wrong = await failureOf(bench.checkout({ source: withToken("ghs_wrongwrong") }).prepare(NOBODY));
  assert.equal(wrong.code, "git.unauthorized");
  assert.doesNotMatch(wrong.detail, /ghs_wrongwrong/);
  const checkout = bench.checkout({ source: withToken(TOKEN) });
  await checkout.prepare(NOBODY);
  await changeAndPublish(checkout);
  assert.equal(git(checkout.spec.dir, ["config", "remote.origin.url"]), bench.source);
  const gone = withToken(TOKEN).replace("remote.git", "gone.git");
  const missing = await failureOf(bench.checkout({ source: gone, dir: join(bench.root, "gone") }).prepare(NOBODY));
  assert.equal(missing.code, "git.clone-failed");
  assert.doesNotMatch(missing.detail, new RegExp(TOKEN));
});

story("a host that sends git on to another one does not get the token for it", async (bench) => {
  const decoy = createServer((request, response) => {
    response.writeHead(302, { location: `${bench.source}${request.url?.replace("/decoy.git", "")}` }).end();
  });
  await new Promise<void>((resolve) => decoy.listen(0, "127.0.0.1", resolve));
  const source = `http://127.0.0.1:${(decoy.address() as AddressInfo).port}/decoy.git`;
  const checkout = bench.checkout({ source }, { credentials: { find: () => LOGIN } });
  assert.equal((await failureOf(checkout.prepare(NOBODY))).code, "git.unauthorized");
  assert.deepEqual(bench.host.logins, []);
  decoy.closeAllConnections();
  await new Promise((resolve) => decoy.close(resolve));
});

story("the agent's own git has no login", async (bench) => {
  const checkout = bench.checkout({ source: bench.source }, { credentials: { find: () => LOGIN } });
  await checkout.prepare(NOBODY);
  await checkout.begin([]);
  const env = { PATH, GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
  const fetched = await runCommand("git", ["fetch", "origin"], { cwd: checkout.spec.dir, env });
  assert.match(fetched.stderr, /could not read Username/);
});
