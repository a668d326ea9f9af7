/** The emulated Modal is only worth something if its machines behave as machines do: these are the promises of `modal/machine.ts`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ImageFiles, MachineSpec } from "./modal/machine.ts";
import { exitCodeOf, outputOf, shell, usualMachine } from "./modal/machine-fixture.ts";
import { available, type BubblewrapHost, machineHost } from "./modal/machine-host.ts";
import { lifeOf, processes } from "./modal/machine-proc.ts";

const skip = (await available()) ?? false;

describe("a machine of the emulated Modal", { skip, timeout: 240_000 }, () => {
  let host: BubblewrapHost;
  let base: ImageFiles;
  before(async () => {
    host = await machineHost();
    base = await host.base("node:22-bookworm-slim");
  });
  after(() => host.close());

  const start = (wish: Partial<MachineSpec> = {}) => host.start({ ...usualMachine(base), ...wish });

  describe("runs commands", () => {
    test("with their input, both outputs and their exit code", async () => {
      const machine = await start();
      const command = machine.exec(shell("cat; echo problem >&2; exit 3"));
      command.stdin.end("typed");
      assert.deepEqual(await Promise.all([text(command.stdout), text(command.stderr), command.exit]), [
        "typed",
        "problem\n",
        { code: 3 },
      ]);
    });

    test("in the folder and with the variables asked for, on top of its own", async () => {
      const machine = await start({ env: { OWN: "1", BOTH: "1" } });
      const spec = { ...shell("pwd; echo $OWN $BOTH $HOME"), cwd: "/var/tmp", env: { BOTH: "2" } };
      assert.equal(await text(machine.exec(spec).stdout), "/var/tmp\n1 2 /root\n");
    });

    test("and tells the signal that ended one", async () => {
      const machine = await start();
      assert.deepEqual(await machine.exec(shell("kill -TERM $$")).exit, { signal: 15 });
      assert.deepEqual(await machine.exec(shell("sh -c 'kill -TERM $$'; exit $?")).exit, { code: 143 });
    });

    test("which can be ended together with what they started", async () => {
      const machine = await start();
      const command = machine.exec(shell("sleep 1001 & echo up; wait"));
      await once(command.stdout, "data");
      command.kill("SIGKILL");
      assert.deepEqual(await command.exit, { signal: 9 });
      while (/sleep 1001/.test(await outputOf(machine, "ps -eo args")));
    });

    test("in a terminal of the size asked for, where control-C interrupts", async () => {
      const machine = await start();
      // No shell: one that is about to start a program may let an interrupt pass.
      const inner = `-t 0 && -t 2 or die; print STDERR "terminal\\n"; sleep`;
      const script = `trap : INT; stty size; perl -e '${inner}'; echo ended $?; exit 5`;
      const command = machine.exec({ ...shell(script), terminal: { rows: 33, columns: 101 } });
      let shown = "";
      command.stdout.setEncoding("utf8").on("data", (part) => {
        const wasReady = shown.includes("terminal");
        shown += part;
        if (!wasReady && shown.includes("terminal")) command.stdin.write("\x03");
      });
      assert.deepEqual(await command.exit, { code: 5 });
      if (!command.stdout.readableEnded) await once(command.stdout, "end");
      assert.equal(shown, "33 101\r\nterminal\r\n^Cended 130\r\n");
    });

    test("as root with few rights and no way to more", async () => {
      const machine = await start();
      assert.match(await outputOf(machine, "grep NoNewPrivs /proc/self/status"), /1$/m);
      const setUid = "cp /usr/bin/id /tmp/id && chmod u+s /tmp/id && runuser -u node -- /tmp/id -u";
      assert.equal(await outputOf(machine, setUid), "1000\n");
      assert.notEqual(await exitCodeOf(machine, "mount -t tmpfs none /mnt"), 0);
      assert.notEqual(await exitCodeOf(machine, "echo x > /proc/sys/kernel/hostname"), 0);
      assert.notEqual(await exitCodeOf(machine, "touch /usr/bin/mine"), 0);
    });

    test("beside an entrypoint that is not process 1", async () => {
      const machine = await start({ entrypoint: ["sh", "-c", "echo I am $$; sleep 1000"] });
      const [first] = await once(machine.entrypoint.stdout.setEncoding("utf8"), "data");
      assert.equal(first, "I am 2\n");
    });
  });

  describe("ends", () => {
    test("with everything inside when it is killed", async () => {
      const machine = await start();
      const command = machine.exec(shell("echo up; runuser -u node -- sleep 1002"));
      await once(command.stdout, "data");
      await machine.kill();
      assert.deepEqual([await command.exit, await machine.entrypoint.exit], [{ signal: 9 }, { code: 137 }]);
      assert.throws(() => machine.exec(shell("true")));
      await assert.rejects(machine.connect(80));
    });

    test("with everything inside when its entrypoint ends", async () => {
      const machine = await start({ entrypoint: ["sh", "-c", "read line; exit 4"] });
      const command = machine.exec(shell("echo up; exec sleep 1003"));
      await once(command.stdout, "data");
      machine.entrypoint.stdin.write("go\n");
      assert.deepEqual(await machine.entrypoint.exit, { code: 4 });
      await machine.ended;
      assert.deepEqual(await command.exit, { signal: 9 });
    });

    test("with the process of the tests, even if that is killed", async () => {
      const folder = await mkdtemp(join(tmpdir(), "modal-machine-test-"));
      const script = `
        import { machineHost } from "${import.meta.resolve("./modal/machine-host.ts")}";
        const host = await machineHost();
        const image = await host.base("node");
        const spec = { id: "sb-1", image, env: {}, workdir: "", volumes: [], network: "open" };
        await host.start({ ...spec, entrypoint: ["sleep", "1004"] });
        console.log("started");`;
      const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { env: { TMPDIR: folder } });
      await once(child.stdout, "data");
      const machine = descendantsOf(child.pid);
      assert.equal(machine.length, 3); // bubblewrap, its init, and the entrypoint
      child.kill("SIGKILL");
      await until(() => machine.every((pid) => lifeOf(pid) === undefined));
      await rm(folder, { recursive: true });
    });

    test("and without a start, when what it should run in does not exist", async () => {
      await assert.rejects(start({ workdir: "/no/such/folder" }));
      const machine = await start({ entrypoint: ["/no/such/program"] });
      assert.deepEqual(await machine.entrypoint.exit, { code: 127 });
    });
  });

  describe("has files", () => {
    for (const [how, isCopying] of [
      ["laid over those of its image", false],
      ["copied", true],
    ] as const)
      test(`${how}, of which a snapshot is a copy with owners`, async (t) => {
        const other = await machineHost({ isCopying });
        t.after(() => other.close());
        const image = await other.base("node:22-bookworm-slim");
        const first = await other.start(usualMachine(image));
        await outputOf(first, "cd /home/node && echo kept > file && chown node file && rm /etc/timezone");
        const copy = await first.snapshot();
        await outputOf(first, "echo changed > /home/node/file");
        await first.kill();
        const second = await other.start(usualMachine(copy));
        const look = "cat /home/node/file; stat -c %U /home/node/file; test -e /etc/timezone || echo gone";
        assert.equal(await outputOf(second, look), "kept\nnode\ngone\n");
        assert.equal(
          await outputOf(await other.start(usualMachine(image)), "ls /home/node; test -e /etc/timezone && echo there"),
          "there\n",
        );
      });

    test("that can be moved by the folder, those of the image too", async () => {
      const machine = await start();
      assert.equal(
        await outputOf(machine, `node -e "require('fs').renameSync('/home/node', '/home/moved')"; ls /home`),
        "moved\n",
      );
      assert.match(await outputOf(await start({ image: await machine.snapshot() }), "ls /home"), /^moved\n$/);
    });

    test("and volumes, which belong to root, stay, and are links at their paths", async () => {
      const volumes = [{ id: "vo-1", path: "/home/node/cache", readOnly: false }];
      const first = await start({ volumes });
      const look = "stat -c '%N %U' /home/node/cache; stat -c %U $(readlink -f /home/node/cache)";
      assert.equal(await outputOf(first, look), "'/home/node/cache' -> '/__modal/volumes/vo-1' root\nroot\n");
      await outputOf(first, "echo shared > /home/node/cache/file");
      const second = await start({
        image: await first.snapshot(),
        volumes: [{ id: "vo-1", path: "/data", readOnly: true }],
      });
      assert.equal(await outputOf(second, "cat /data/file; ls -a /home/node | grep cache"), "shared\n");
      assert.notEqual(await exitCodeOf(second, "touch /data/mine"), 0);
    });

    test("and processes that no other machine sees, nor the host's", async () => {
      const [first, second] = [await start(), await start()];
      await outputOf(first, "echo secret > /tmp/secret");
      assert.equal(await outputOf(second, `ls /tmp; ls -d ${process.cwd()} 2>/dev/null; ls /work 2>/dev/null`), "");
      assert.doesNotMatch(await outputOf(second, "ps -eo args"), new RegExp(process.execPath));
    });
  });
});

test("a host removes all its folders when it is closed, and ends what runs there", {
  skip,
  timeout: 240_000,
}, async () => {
  const host = await machineHost();
  const image = await host.base("node:22-bookworm-slim");
  const machines = await Promise.all(["a", "b", "c"].map((id) => host.start({ ...usualMachine(image), id })));
  const build = host.layer(image, ["RUN sleep 1000"], () => {});
  await host.close();
  await Promise.all(machines.map((machine) => machine.ended));
  assert.equal((await build).is, "failed");
  assert.equal(existsSync(image.folder), false);
  await assert.rejects(host.start(usualMachine(image)));
});

function descendantsOf(pid: number | undefined): number[] {
  const children = processes()
    .filter(({ parent }) => parent === pid)
    .map((child) => child.pid);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(5);
}
