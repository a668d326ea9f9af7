/** Each machine of the emulated Modal has a network of its own, into which the tests reach, and which reaches what they let through. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import type { ImageFiles, Machine, MachineSpec } from "./modal/machine.ts";
import { outputOf, usualMachine } from "./modal/machine-fixture.ts";
import { available, type BubblewrapHost, machineHost } from "./modal/machine-host.ts";

const skip = (await available()) ?? false;

describe("a machine of the emulated Modal has a network of its own", { skip, timeout: 240_000 }, () => {
  let host: BubblewrapHost;
  let base: ImageFiles;
  before(async () => {
    host = await machineHost();
    base = await host.base("node:22-bookworm-slim");
  });
  after(() => host.close());

  const start = (wish: Partial<MachineSpec> = {}) => host.start({ ...usualMachine(base), ...wish });

  test("where two machines listen on the same port, each reached alone", async () => {
    const machines = [await start({ env: { NAME: "a" } }), await start({ env: { NAME: "b" } })];
    await Promise.all(machines.map((machine) => listening(machine, "socket.end(process.env.NAME)")));
    const answers = await Promise.all(machines.map(async (machine) => text(await machine.connect(8787))));
    assert.deepEqual(answers, ["a", "b"]);
  });

  test("where a connection is refused when nobody listens", async () => {
    const machine = await start();
    await assert.rejects(machine.connect(8787), { code: "ECONNREFUSED" });
  });

  test("where each side can end its half, and many can talk at once", async () => {
    const machine = await start();
    await listening(
      machine,
      "let all = ''; socket.on('data', (part) => all += part).on('end', () => socket.end(all.toUpperCase()))",
    );
    const talk = async (said: string) => {
      const socket = await machine.connect(8787);
      socket.end(said);
      return text(socket);
    };
    const words = Array.from({ length: 50 }, (_, number) => `word ${number}`);
    assert.deepEqual(
      await Promise.all(words.map(talk)),
      words.map((word) => word.toUpperCase()),
    );
  });

  test("whose connections end with the machine", async () => {
    const machine = await start();
    await listening(machine, "socket.write('hello')");
    const socket = await machine.connect(8787);
    socket.on("error", ignore);
    await once(socket, "data");
    await machine.kill();
    if (!socket.closed) await once(socket, "close");
  });

  test("that reaches the ports of the host which are let through, and no others", async () => {
    const server = createHttpServer((_request, response) => response.end("from outside"));
    const other = createHttpServer((_request, response) => response.end("not for you"));
    const [port, otherPort] = [await portOf(server), await portOf(other)];
    const [open, blocked] = [await start({ network: "open" }), await start({ network: "blocked" })];
    await host.allow(port);
    const later = await start({ network: "open" });
    assert.deepEqual(
      await Promise.all([open, later].map((machine) => answerTo(machine, port))),
      Array(2).fill("from outside"),
    );
    assert.equal(await answerTo(blocked, port), "ECONNREFUSED");
    assert.equal(await answerTo(open, otherPort), "ECONNREFUSED");
    server.close();
    other.close();
  });

  test("where a port that was let through resets when the host's has closed", async () => {
    const server = createServer();
    const port = await portOf(server);
    await host.allow(port);
    server.close();
    assert.match(await answerTo(await start({ network: "open" }), port), /ECONNRESET|UND_ERR_SOCKET/);
  });
});

const ignore = () => {};

/** A server inside that does this with every `socket`. */
async function listening(machine: Machine, perSocket: string): Promise<void> {
  const create = `require("node:net").createServer({ allowHalfOpen: true }, (socket) => { ${perSocket} })`;
  const argv = ["node", "-e", `${create}.listen(8787, "127.0.0.1", () => console.log("up"))`];
  await once(machine.exec({ argv, env: {}, cwd: "", terminal: null }).stdout, "data");
}

async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** What a request from inside gets. */
const answerTo = (machine: Machine, port: number) =>
  outputOf(
    machine,
    `node -e "fetch('http://127.0.0.1:${port}').then((a) => a.text()).catch((e) => e.cause.code).then((t) => process.stdout.write(t))"`,
  );
