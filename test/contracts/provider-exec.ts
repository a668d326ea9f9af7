/** What every sandbox promises of the commands that somebody runs in it. Part of `providerContract`. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ThreadboxError } from "../../src/errors.ts";
import type { ExecOptions, Sandbox, SandboxProvider } from "../../src/sandboxes/provider.ts";

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export function execContract(of: () => SandboxProvider): void {
  describe("a command that somebody runs in a sandbox", () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await of().start("commands", { from: null });
      await sandbox.put(`${sandbox.workspace}/deep/notes.txt`, Buffer.from("hello\n"));
    });
    after(() => of().destroy("commands"));

    const shell = (script: string, options?: ExecOptions, input?: string | Uint8Array) =>
      runs(sandbox, ["sh", "-c", script], options, input);

    test("tells its two outputs apart, and its exit code is passed on", async () => {
      const outcome = await shell("echo out; echo err >&2; exit 7");
      assert.deepEqual(outcome, { code: 7, stdout: "out\n", stderr: "err\n" });
    });

    test("gets its words as they are", async () => {
      const words = ["two words", "it's", '"$HOME"', "", "*", "back\\slash", "new\nline", "é"];
      const { stdout } = await runs(sandbox, ["sh", "-c", 'printf "%s|" "$@"', "sh", ...words]);
      assert.equal(stdout, words.map((word) => `${word}|`).join(""));
    });

    test("reads its input to the end", async () => {
      assert.deepEqual(await shell("cat; echo done", {}, "what\nis typed"), {
        code: 0,
        stdout: "what\nis typeddone\n",
        stderr: "",
      });
    });

    test("can open its outputs by name", async () => {
      const outcome = await shell("echo twice | tee /dev/stderr >/dev/stdout");
      assert.deepEqual(outcome, { code: 0, stdout: "twice\n", stderr: "twice\n" });
    });

    test("three megabytes go through it as they are, there and back", async () => {
      const bytes = Buffer.alloc(3_000_000, "0123456789\0é\n");
      const execution = await sandbox.exec(["cat"]);
      const [back] = await Promise.all([bytesOf(execution.stdout), feed(execution.stdin, bytes)]);
      assert.equal(await execution.exitCode, 0);
      assert.ok(bytes.equals(back));
    });

    test("that is killed by a signal ends with 128 and its number", async () => {
      assert.equal((await shell("kill -TERM $$")).code, 143);
    });

    test("that does not exist ends with 127", async () => {
      const { code, stderr } = await runs(sandbox, ["no-such-command"]);
      assert.equal(code, 127);
      assert.match(stderr, /no-such-command/);
    });

    test("works in the folder for repositories, or where it is told", async () => {
      assert.equal((await shell("pwd")).stdout, `${sandbox.workspace}\n`);
      const cwd = `${sandbox.workspace}/deep`;
      assert.equal((await shell("pwd; cat notes.txt", { cwd })).stdout, `${cwd}\nhello\n`);
    });

    test("has the environment that it is given, and the programs of the sandbox", async () => {
      const { stdout } = await shell('echo "$GREETING"; command -v node', { env: { GREETING: "hi there" } });
      assert.match(stdout, /^hi there\n\/.*node\n$/);
    });

    test("asks a terminal of the wanted size when there is one, and none otherwise", async () => {
      const script = "test -t 0 && test -t 1 && stty size";
      const terminal = { rows: 33, columns: 111 };
      assert.deepEqual(await shell(script, { terminal }), { code: 0, stdout: "33 111\r\n", stderr: "" });
      assert.equal((await shell(script)).code, 1);
    });

    test("at a terminal it answers what is typed, and is interrupted by ^C", async () => {
      const execution = await sandbox.exec(["sh", "-c", "read line; echo got $line; read more"], {
        terminal: { rows: 24, columns: 80 },
      });
      // A shell that is just starting another program may miss a ^C, so this one starts none.
      const keys = execution.stdin.getWriter();
      const screen = watch(execution.stdout);
      await keys.write(Buffer.from("it's\r"));
      await screen.shows("got it's\r\n");
      await keys.write(Buffer.from("\x03"));
      assert.equal(await execution.exitCode, 130);
    });

    test("at a terminal its words and its exit code are the same", async () => {
      const { code, stdout } = await runs(sandbox, ["sh", "-c", 'printf "%s|" "$@"; exit 7', "sh", "it's", "$HOME"], {
        terminal: { rows: 24, columns: 80 },
      });
      assert.deepEqual([code, stdout], [7, "it's|$HOME|"]);
    });

    test("reaches what the sandbox serves, and its files are the sandbox's", async () => {
      await shell("echo by a command >deep/made.txt");
      assert.equal(await sandbox.tail(`${sandbox.workspace}/deep/made.txt`, 100), "by a command\n");
    });

    test("ends when the sandbox is put to sleep, and says why", async () => {
      await of().start("tired", { from: null });
      const tired = await of().find("tired");
      assert.ok(tired);
      const execution = await tired.exec(["sh", "-c", "echo begun; sleep 600"]);
      const lost = assert.rejects(execution.exitCode, isLost);
      await watch(execution.stdout).shows("begun\n");
      const token = await of().sleep("tired");
      await lost;
      await assert.rejects(tired.exec(["true"]), isLost);
      await of().destroy("tired");
      await of().forget(token);
    });
  });
}

export const isLost = (error: unknown): boolean => error instanceof ThreadboxError && error.code === "sandbox.lost";

/** Runs it to its end. */
export async function runs(
  sandbox: Sandbox,
  command: string[],
  options?: ExecOptions,
  input: string | Uint8Array = "",
): Promise<Outcome> {
  const execution = await sandbox.exec(command, options);
  const [stdout, stderr, code] = await Promise.all([
    bytesOf(execution.stdout),
    bytesOf(execution.stderr),
    execution.exitCode,
    feed(execution.stdin, Buffer.from(input)),
  ]);
  return { code, stdout: stdout.toString(), stderr: stderr.toString() };
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream));
}

async function feed(stdin: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    if (bytes.length > 0) await writer.write(bytes);
    await writer.close();
  } catch {
    // It ended without reading everything; its exit code tells.
  }
}

/** Everything that has appeared on a screen, and waiting for something of it. */
function watch(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let all = "";
  return {
    all: () => all,
    async shows(text: string): Promise<void> {
      while (!all.includes(text)) {
        const { done, value } = await reader.read();
        assert.ok(!done, `It ended, and showed only: ${all}`);
        all += decoder.decode(value, { stream: true });
      }
    },
  };
}
