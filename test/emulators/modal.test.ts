/** The emulated Modal, driven by the real SDK: accounts, images, sandboxes and their ends. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { available } from "./modal/machine-host.ts";
import { all, clientOf, failure, outcome, setStage, streamInto } from "./modal/stage.ts";
import { modalEmulator } from "./modal.ts";

const skip = (await available()) ?? false;

describe("an account", { skip }, () => {
  test("without the right token gets nothing", async (t) => {
    const modal = await modalEmulator({ tokens: [{ id: "ak-1", secret: "as-1" }] });
    t.after(() => modal.close());
    const wrong = clientOf(t, modal, { tokenSecret: "as-2" });
    assert.equal(await failure(wrong.apps.fromName("bots", { createIfMissing: true })), 16);
    assert.deepEqual(modal.calls, ["AuthTokenGet"]);
    const right = clientOf(t, modal);
    assert.match((await right.apps.fromName("bots", { createIfMissing: true })).appId, /^ap-\w{22}$/);
  });

  test("finds apps, secrets and volumes by name, and those it does not have are not found", async (t) => {
    const { modal, client, app } = await setStage(t);
    modal.createSecret("keys", { TOKEN: "t1" });
    assert.equal((await client.apps.fromName("bots")).appId, app.appId);
    assert.equal((await client.secrets.fromName("keys", { requiredKeys: ["TOKEN"] })).name, "keys");
    const volume = await client.volumes.fromName("cache", { createIfMissing: true });
    assert.equal((await client.volumes.fromName("cache")).volumeId, volume.volumeId);
    assert.deepEqual(
      await Promise.all([
        failure(client.apps.fromName("none")),
        failure(client.secrets.fromName("none")),
        failure(client.secrets.fromName("keys", { requiredKeys: ["OTHER"] })),
        failure(client.volumes.fromName("none")),
        failure(client.volumes.fromName("cache", { environment: "other" })),
      ]),
      Array(5).fill("NotFoundError"),
    );
  });
});

describe("an image", { skip }, () => {
  test("is built once for the same base and commands", async (t) => {
    const { modal, client, app, image: base } = await setStage(t);
    const build = (line: string) => client.images.fromRegistry("debian:stable").dockerfileCommands([line]).build(app);
    const first = await build("RUN echo one > /made && echo making");
    assert.deepEqual(modal.calls, ["ImageGetOrCreate", "ImageGetOrCreate", "ImageJoinStreaming"]);
    modal.forgetCalls();
    assert.equal((await build("RUN echo one > /made && echo making")).imageId, first.imageId);
    assert.deepEqual(modal.calls, ["ImageGetOrCreate", "ImageGetOrCreate"]);
    assert.notEqual((await build("RUN echo two > /made")).imageId, first.imageId);
    const seen = modal.images();
    assert.deepEqual(
      seen.map(({ from, lines, state }) => ({ from, lines, state })),
      [
        { from: null, lines: ["FROM debian:stable"], state: "ready" },
        { from: base.imageId, lines: ["FROM base", "RUN echo one > /made && echo making"], state: "ready" },
        { from: base.imageId, lines: ["FROM base", "RUN echo two > /made"], state: "ready" },
      ],
    );
    assert.match(seen[1]?.log ?? "", /making/);
  });

  test("gives its files and its environment to a sandbox, and no secret that it was built with", async (t) => {
    const { client, app } = await setStage(t);
    const secret = await client.secrets.fromObject({ PASS: "p1" });
    const image = await client.images
      .fromRegistry("debian:stable")
      .dockerfileCommands(['RUN printf %s "$PASS" > /made', "ENV GREETING=hello"], { secrets: [secret] })
      .build(app);
    const sandbox = await client.sandboxes.create(app, image);
    const { stdout } = await outcome(sandbox, "sh", "-c", 'echo "$(cat /made) $GREETING [$PASS]"');
    assert.equal(stdout, "p1 hello []\n");
  });

  test("that cannot be built says why, and is built anew the next time", async (t) => {
    const { modal, client, app } = await setStage(t);
    const build = () => client.images.fromRegistry("debian:stable").dockerfileCommands(["RUN true"]).build(app);
    modal.faults.nextBuild({ exitcode: 100, exception: "no such package", log: "E: Unable to locate\n" });
    // The base is there already, so the order is met by the layer.
    await assert.rejects(build(), /failed with the exception:\nno such package/);
    assert.equal(modal.images().at(-1)?.log, "E: Unable to locate\n");
    await build();
    assert.deepEqual(
      modal.images().map(({ state }) => state),
      ["ready", "failed", "ready"],
    );
  });

  test("is not found when it was deleted or never was", async (t) => {
    const { client, image } = await setStage(t);
    assert.equal((await client.images.fromId(image.imageId)).imageId, image.imageId);
    await client.images.delete(image.imageId);
    assert.equal(await failure(client.images.fromId(image.imageId)), "NotFoundError");
    assert.equal(await failure(client.images.fromId("im-none")), "NotFoundError");
    assert.equal(await failure(client.images.delete(image.imageId)), "NotFoundError");
  });
});

describe("a sandbox", { skip }, () => {
  test("is made in one call, as it was asked for", async (t) => {
    const { modal, client, sandbox } = await setStage(t);
    modal.createSecret("keys", { TOKEN: "t1", BOTH: "from the secret" });
    const made = await sandbox({
      name: "one",
      tags: { owner: "us" },
      timeoutMs: 60_000,
      idleTimeoutMs: 30_000,
      cpu: 0.5,
      memoryMiB: 512,
      regions: ["eu"],
      secrets: [await client.secrets.fromName("keys"), await client.secrets.fromObject({ INLINE: "i1" })],
      env: { BOTH: "from env" },
      volumes: {
        "/cache": (await client.volumes.fromName("c", { createIfMissing: true })).withMountOptions({ readOnly: true }),
      },
      cloudBucketMounts: { "/bucket": client.cloudBucketMounts.create("logs", { readOnly: true, keyPrefix: "a/" }) },
      outboundCidrAllowlist: ["10.0.0.0/8"],
    });
    assert.deepEqual(modal.calls, ["SecretGetOrCreate", "VolumeGetOrCreate", "SandboxCreateV2"]);
    assert.match(made.sandboxId, /^sb-\w{26}$/);
    const [seen] = modal.sandboxes();
    assert.deepEqual(seen?.tags, { owner: "us" });
    assert.deepEqual(seen?.state, { is: "running" });
    assert.deepEqual(seen?.volumes, { "/cache": { name: "c", readOnly: true } });
    assert.deepEqual(seen?.buckets, { "/bucket": { bucket: "logs", readOnly: true, keyPrefix: "a/" } });
    const { TOKEN, INLINE, BOTH } = seen?.env ?? {};
    assert.deepEqual({ TOKEN, INLINE, BOTH }, { TOKEN: "t1", INLINE: "i1", BOTH: "from env" });
    const { resources, timeoutSecs, idleTimeoutSecs, networkAccess, schedulerPlacement } = seen?.definition ?? {};
    assert.deepEqual(resources, { memoryMb: 512, milliCpu: 500, memoryMbMax: 0, milliCpuMax: 0 });
    assert.deepEqual([timeoutSecs, idleTimeoutSecs, schedulerPlacement?.regions], [60, 30, ["eu"]]);
    assert.deepEqual(networkAccess?.allowedCidrs, ["10.0.0.0/8"]);
  });

  test("has its name alone among the running ones of its app", async (t) => {
    const { client, image, sandbox } = await setStage(t);
    const first = await sandbox({ name: "one" });
    assert.equal(await failure(sandbox({ name: "one" })), "AlreadyExistsError");
    const other = await client.apps.fromName("others", { createIfMissing: true });
    const foreign = await client.sandboxes.create(other, image, { name: "one" });
    const find = async (app: string) => (await client.sandboxes.fromName(app, "one")).sandboxId;
    assert.deepEqual([await find("bots"), await find("others")], [first.sandboxId, foreign.sandboxId]);
    await first.terminate();
    const second = await sandbox({ name: "one" });
    assert.equal(await find("bots"), second.sandboxId);
  });

  test("is found by its name after its end by who asks for that, tags and all", async (t) => {
    const { modal, client, sandbox } = await setStage(t);
    const made = await sandbox({ name: "one", tags: { owner: "us" } });
    await made.terminate();
    assert.equal(await failure(client.sandboxes.fromName("bots", "one")), "NotFoundError");
    modal.forgetCalls();
    const found = await client.sandboxes.fromName("bots", "one", { includeTerminated: true });
    await found.setTags({ owner: "us", snapshot: "im-1" });
    assert.deepEqual(await found.getTags(), { owner: "us", snapshot: "im-1" });
    assert.deepEqual(modal.calls, ["SandboxGetFromNameV2", "SandboxTagsSetV2", "SandboxTagsGetV2"]);
    assert.equal(
      await failure(client.sandboxes.fromName("bots", "none", { includeTerminated: true })),
      "NotFoundError",
    );
  });

  test("is listed with others of its app by all of the tags asked for, page by page", async (t) => {
    const { modal, client, app, image, sandbox } = await setStage(t, { listPageSize: 2 });
    const names = ["a", "b", "c", "d", "e"];
    // All at one moment of a clock that stands still: pages must lose none of them.
    for (const name of names) await sandbox({ name, tags: { owner: "us", kind: name < "c" ? "warm" : "own" } });
    const other = await client.apps.fromName("others", { createIfMissing: true });
    await client.sandboxes.create(other, image, { tags: { owner: "us" } });
    await (await client.sandboxes.fromName("bots", "e")).terminate();
    const listed = async (tags?: Record<string, string>): Promise<(string | null | undefined)[]> => {
      const ids = (await all(client.sandboxes.list({ appId: app.appId, ...(tags && { tags }) }))).map(
        (one) => one.sandboxId,
      );
      return ids.map((id) => modal.sandboxes().find((one) => one.id === id)?.name);
    };
    assert.deepEqual(await listed(), ["d", "c", "b", "a"]);
    assert.deepEqual(await listed({ owner: "us", kind: "warm" }), ["b", "a"]);
    assert.deepEqual(await listed({ owner: "them" }), []);
  });
});

describe("a sandbox ends", { skip }, () => {
  const life = { timeoutMs: 600_000, idleTimeoutMs: 20_000 };

  test("when it is terminated, however often", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox();
    assert.equal(await made.poll(), null);
    assert.equal(await made.terminate({ wait: true }), 137);
    await made.terminate();
    assert.equal(await made.poll(), 137);
    assert.deepEqual(modal.sandboxes()[0]?.state, { is: "finished", why: "terminated", exitcode: 137 });
  });

  test("when its time is over", async (t) => {
    const { clock, sandbox } = await setStage(t);
    const made = await sandbox({ timeoutMs: 60_000 });
    const ended = made.wait();
    clock.advance(59_999);
    assert.equal(await made.poll(), null);
    clock.advance(1);
    assert.equal(await ended, 124);
  });

  test("when it was idle for too long, which looks like a good end", async (t) => {
    const { modal, clock, sandbox } = await setStage(t);
    const made = await sandbox(life);
    clock.advance(20_000);
    assert.equal(await made.poll(), 0);
    assert.deepEqual(modal.sandboxes()[0]?.state, { is: "finished", why: "idle", exitcode: 0 });
  });

  test("not while a command runs in it, whose end begins the idle time anew", async (t) => {
    const { clock, sandbox } = await setStage(t);
    const made = await sandbox(life);
    const command = await made.exec(["sh", "-c", "read line"]);
    clock.advance(40_000);
    assert.equal(await made.poll(), null);
    await command.stdin.getWriter().write("go on\n");
    await command.wait();
    clock.advance(19_999);
    assert.equal(await made.poll(), null);
    clock.advance(1);
    assert.equal(await made.poll(), 0);
  });

  test("when its own command does, with that command's exit code, and what it said can be read until then", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const made = await sandbox({ command: ["sh", "-c", "echo ready; read line; echo got $line; exit 3"] });
    const reader = made.stdout.getReader();
    assert.equal((await reader.read()).value, "ready\n");
    await made.stdin.getWriter().write("word\n");
    assert.equal(await made.wait(), 3);
    assert.deepEqual(modal.sandboxes()[0]?.state, { is: "finished", why: "failure", exitcode: 3 });
    assert.equal(modal.sandboxes()[0]?.output, "ready\ngot word\n");
    await reader.cancel().catch(() => {});
  });

  test("when its machine dies or a test says that its time has come", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const [first, second] = [await sandbox({ name: "one" }), await sandbox({ name: "two" })];
    await modal.kill("one");
    await modal.reachLifetime("two");
    assert.deepEqual([await first.poll(), await second.poll()], [137, 124]);
  });

  test("and then takes no command any more", async (t) => {
    const { client, sandbox } = await setStage(t);
    const made = await sandbox();
    const waiting = failure((await made.exec(["sleep", "infinity"])).wait());
    await made.terminate();
    assert.equal(await waiting, 5);
    assert.equal(await failure(made.exec(["true"])), 5);
    const fresh = await client.sandboxes.fromId(made.sandboxId);
    assert.equal(await failure(fresh.exec(["true"])), "ConflictError");
  });
});

test("the SDK uses everything that is emulated", { skip }, async (t) => {
  const modal = await modalEmulator();
  t.after(() => modal.close());
  const client = clientOf(t, modal);
  const app = await client.apps.fromName("bots", { createIfMissing: true });
  const image = await client.images.fromRegistry("debian:stable").build(app);
  modal.createSecret("keys", {});
  const made = await client.sandboxes.create(app, image, {
    name: "one",
    encryptedPorts: [8787],
    secrets: [await client.secrets.fromName("keys")],
    volumes: { "/cache": await client.volumes.fromName("cache", { createIfMissing: true }) },
    command: ["sh", "-c", "echo up; read line; echo $line; sleep infinity"],
  });
  await failure(client.sandboxes.fromName("bots", "none"));
  const same = await client.sandboxes.fromName("bots", "one");
  await same.tunnels();
  await same.createConnectToken();
  await same.setTags({ owner: "us" });
  await same.getTags();
  assert.equal((await all(client.sandboxes.list({ appId: app.appId }))).length, 1);
  await same.stdin.getWriter().write("word\n");
  await same.stdout.getReader().read();
  modal.faults.next("TaskExecStdinWriteStream", { kind: "cut", when: "after" });
  const command = await same.exec(["cat"]);
  assert.equal(await streamInto(command, Buffer.from("typed")), 5);
  assert.equal(await command.stdout.readText(), "typed");
  await command._poll();
  await (await same.exec(["true"])).stdin.close().catch(() => {});
  await command.wait();
  const { imageId } = await made.snapshotFilesystem();
  await client.images.fromId(imageId);
  await client.images.delete(imageId);
  await made.terminate({ wait: true });
  assert.deepEqual(new Set(modal.calls), new Set(modal.routes));
});
