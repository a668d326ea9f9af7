/** The smoke test itself: nobody runs it for months, and on that day it has to work. Modal is an emulator here. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { available } from "../emulators/modal/machine-available.ts";
import { modalEmulator } from "../emulators/modal.ts";
import { openReport } from "./report.ts";

/** As `npm run smoke:modal` does it, in a folder without `.env`. */
function smoke(env: Record<string, string>, args: string[] = []): Promise<{ stdout: string }> {
  const file = join(import.meta.dirname, "modal.ts");
  return promisify(execFile)(process.execPath, [file, ...args], { cwd: tmpdir(), env });
}

describe("the smoke test of Modal", () => {
  let unavailable: string | null = null;
  before(async () => {
    unavailable = await available();
  });

  test("without tokens says so, and that is no failure", async () => {
    const { stdout } = await smoke({});
    assert.equal(stdout, "Skipped: MODAL_TOKEN_ID and MODAL_TOKEN_SECRET are not set. See docs/modal.md.\n");
  });

  test("refuses what it does not know, before anything is started", async () => {
    const tokens = { MODAL_TOKEN_ID: "ak-1", MODAL_TOKEN_SECRET: "as-1", MODAL_SERVER_URL: "http://127.0.0.1:1" };
    await assert.rejects(smoke(tokens, ["--idle", "--ilde"]), (error) => {
      const { code, stdout, stderr } = Object(error);
      const said = "Nothing is called --ilde here. There is --idle: npm run smoke:modal -- --idle\n";
      assert.deepEqual([code, stdout, stderr], [2, "", said]);
      return true;
    });
  });

  test("finds at the emulator what we believe of Modal, and leaves nothing behind", async (t) => {
    if (unavailable) return t.skip(unavailable);
    const modal = await modalEmulator();
    t.after(() => modal.close());
    const { stdout } = await smoke({ ...modal.environment, NODE_EXTRA_CA_CERTS: modal.caFile });
    assert.match(stdout, /\n20 held, 0 did not\n$/);
    const running = modal.sandboxes().filter(({ state }) => state.is === "running");
    const kept = modal.images().filter(({ sandboxId, usable }) => sandboxId !== null && usable);
    assert.deepEqual([running, kept], [[], []]);
  });

  test("tells what did not hold, and goes on", async () => {
    const lines: string[] = [];
    const report = openReport((line) => lines.push(line.replace(/\d\.\d s/, "0.0 s")));
    assert.equal(await report.check("the earth is flat", async () => assert.fail("it is not")), null);
    assert.equal(await report.check("it turns", async () => ({ seen: "once a day", value: 1 })), 1);
    assert.equal(report.end(), false);
    assert.deepEqual(lines, [
      "did not hold     0.0 s  the earth is flat: it is not",
      "held             0.0 s  it turns (once a day)",
      "\n1 held, 1 did not",
    ]);
  });
});
