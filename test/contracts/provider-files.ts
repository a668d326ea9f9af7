/** What every provider promises of files that are kept: snapshots, tokens, programs. Part of `providerContract`. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, test } from "node:test";
import type { Sandbox, SandboxProvider } from "../../src/sandboxes/provider.ts";
import { isLost, runs } from "./provider-exec.ts";

export function filesContract(of: () => SandboxProvider): void {
  describe("a snapshot of a sandbox", () => {
    const copies: string[] = [];
    after(async () => {
      for (const name of ["original", ...copies]) await of().destroy(name);
    });
    const copy = (name: string, from: string): Promise<Sandbox> => {
      copies.push(name);
      return of().start(name, { from });
    };
    const read = (sandbox: Sandbox) => sandbox.tail(`${sandbox.workspace}/notes.txt`, 100);
    const write = (sandbox: Sandbox, text: string) =>
      sandbox.put(`${sandbox.workspace}/notes.txt`, Buffer.from(`${text}\n`));

    test("has its files of that moment, while it runs on", async () => {
      const original = await of().start("original", { from: null });
      await original.put(`${original.state}/facts`, Buffer.from("a fact\n"));
      await write(original, "then");
      const logFile = `${original.state}/ticks`;
      await original.launch(["sh", "-c", "while :; do echo tick; sleep 0.02; done"], { env: {}, logFile });
      const token = await of().snapshot("original");
      await write(original, "now");
      const made = await copy("copy", token);
      assert.equal(await read(made), "then\n");
      assert.equal(await made.tail(`${made.state}/facts`, 100), "a fact\n");
      const ticks = await countOf(original, logFile);
      while ((await countOf(original, logFile)) <= ticks); // it ticks on, or this test never ends
      assert.equal((await of().find("original"))?.url, original.url);
      await of().forget(token);
    });

    test("is another one each time, and serves as often as it is wanted", async () => {
      const original = await of().start("original", { from: null });
      await write(original, "one");
      const one = await of().snapshot("original");
      await write(original, "two");
      const two = await of().snapshot("original");
      assert.notEqual(one, two);
      assert.equal(await read(await copy("one", one)), "one\n");
      assert.equal(await read(await copy("two", two)), "two\n");
      assert.equal(await read(await copy("one-more", one)), "one\n");
      for (const token of [one, two]) await of().forget(token);
    });

    test("outlives its sandbox, until it is forgotten", async () => {
      const original = await of().start("original", { from: null });
      await write(original, "kept");
      const token = await of().snapshot("original");
      await of().destroy("original");
      assert.equal(await read(await copy("heir", token)), "kept\n");
      for (const _ of ["first", "again"]) await of().forget(token);
      await assert.rejects(of().start("too-late", { from: token }), isLost);
      assert.equal(await of().find("too-late"), null);
    });

    test("of a sandbox that does not exist is refused", async () => {
      await assert.rejects(of().snapshot("nobody"), isLost);
    });
  });

  describe("the program of what is launched", () => {
    after(() => of().destroy("programs"));

    test("is written when it is not there with this content, and only then", async () => {
      const sandbox = await of().start("programs", { from: null });
      const path = `${sandbox.state}/programs/hello.cjs`;
      const launch = async (text: string) => {
        const bytes = Buffer.from(`console.log(${JSON.stringify(text)}); setInterval(() => {}, 1000);\n`);
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        const logFile = `${sandbox.state}/programs.log`;
        const before = (await sandbox.tail(logFile, 1000)).length;
        await sandbox.launch(["node", path], { env: {}, logFile, program: { path, bytes, sha256 } });
        for (;;) {
          const log = await sandbox.tail(logFile, 1000);
          if (log.length > before) return log.slice(before);
        }
      };
      // Another file gets another number, and a program is never written over the one that may be running.
      const number = async () => (await runs(sandbox, ["ls", "-i", path])).stdout;
      assert.equal(await launch("one"), "one\n");
      const first = await number();
      assert.equal(await launch("one"), "one\n");
      assert.equal(await number(), first);
      assert.equal(await launch("two"), "two\n");
      await sandbox.put(path, Buffer.from("throw new Error('meddled with')"));
      assert.equal(await launch("two"), "two\n");
    });
  });
}

const countOf = async (sandbox: Sandbox, logFile: string) => (await sandbox.tail(logFile, 100_000)).length;
