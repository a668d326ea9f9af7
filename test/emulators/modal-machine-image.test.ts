/** Images of the emulated Modal are built from Dockerfile lines that really run. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ImageFiles, MachineSpec } from "./modal/machine.ts";
import { built, outputOf, usualMachine } from "./modal/machine-fixture.ts";
import { available, type BubblewrapHost, machineHost } from "./modal/machine-host.ts";

const skip = (await available()) ?? false;

describe("a machine of the emulated Modal has an image", { skip, timeout: 240_000 }, () => {
  let host: BubblewrapHost;
  let base: ImageFiles;
  before(async () => {
    host = await machineHost({ missingPackages: ["no-such-package"] });
    base = await host.base("node:22-bookworm-slim");
  });
  after(() => host.close());

  const start = (wish: Partial<MachineSpec> = {}) => host.start({ ...usualMachine(base), ...wish });

  test("whose lines are run one after the other, on a copy of the image below", async () => {
    const layer = built(await host.layer(base, ["RUN echo one > /opt/one", "RUN cat /opt/one > /opt/two"], ignore));
    const machine = await start({ image: layer });
    assert.equal(await outputOf(machine, "cat /opt/one /opt/two"), "one\none\n");
    assert.equal(await outputOf(await start(), "ls /opt"), "");
  });

  test("with environment and folder from its lines", async () => {
    const lines = [
      "ENV GREETING='hello there' NAME=world",
      "ENV PATH=/opt/bin:$PATH",
      "WORKDIR /workspace",
      "WORKDIR sub",
    ];
    const layer = built(await host.layer(base, [...lines, 'RUN echo "$GREETING $NAME" > greeting'], ignore));
    assert.equal(layer.workdir, "/workspace/sub");
    assert.match(layer.env.PATH ?? "", /^\/opt\/bin:\/usr\/local\/sbin:/);
    const machine = await start({ image: layer, env: { NAME: "you" } });
    assert.equal(
      await outputOf(machine, "pwd; cat greeting; echo $GREETING $NAME"),
      "/workspace/sub\nhello there world\nhello there you\n",
    );
  });

  test("that has Node 24, git, and the user node with the number 1000", async () => {
    const machine = await start();
    assert.equal(await outputOf(machine, "node --version; id -u node"), `${process.version}\n1000\n`);
    assert.match(await outputOf(machine, "git --version"), /^git version/);
  });

  test("whose user can be renamed, as agents want a name of their own", async () => {
    const renamed = ["RUN usermod --login agent --home /home/agent --move-home node && groupmod --new-name agent node"];
    const machine = await start({ image: built(await host.layer(base, renamed, ignore)) });
    const asAgent = "runuser -u agent -- sh -c 'id -un; id -u; echo $HOME; touch /tmp/mine'; stat -c %U /tmp/mine";
    assert.equal(await outputOf(machine, asAgent), "agent\n1000\n/home/agent\nagent\n");
  });

  test("for which packages of Debian and npm are taken from the host, as the log says", async () => {
    let log = "";
    const lines = [
      "RUN apt-get update && apt-get install -y --no-install-recommends git curl && rm -rf /var/lib/apt/lists/*",
      "RUN npm install -g pino@10.4.0 @biomejs/biome@2.5.15 && npm cache clean --force",
    ];
    const layer = built(await host.layer(base, lines, (part) => (log += part)));
    assert.match(log, /apt is emulated here/);
    assert.match(log, /npm is emulated here: @biomejs\/biome@2\.5\.15/);
    const machine = await start({ image: layer });
    assert.equal(await outputOf(machine, "biome --version"), "Version: 2.5.15\n\n");
  });

  const failing = [
    ["a command that fails", "RUN echo before && exit 7", 7, /before/],
    [
      "a package that Debian does not have",
      "RUN apt-get install -y git no-such-package",
      100,
      /Unable to locate package no-such-package/,
    ],
    ["a package that npm does not have", "RUN npm install -g no-such-package@1.0.0", 1, /404/],
    ["another version of a package", "RUN npm install -g pino@1.2.3", 1, /No matching version/],
    [
      "a download",
      `RUN node -e "fetch('https://example.com').catch((e) => console.log(e.cause.code) ?? process.exit(6))"`,
      6,
      /EAI_AGAIN|ENOTFOUND/,
    ],
    ["an instruction that the emulator does not know", "COPY --from=x /a /b", 1, /^$/],
  ] as const;
  for (const [what, line, exitcode, shown] of failing)
    test(`that is not built with ${what}`, async () => {
      let log = "";
      const result = await host.layer(base, [line], (part) => (log += part));
      assert.equal(result.is, "failed");
      assert.equal(result.is === "failed" && result.exitcode, exitcode);
      assert.match(log, shown);
    });
});

const ignore = () => {};
