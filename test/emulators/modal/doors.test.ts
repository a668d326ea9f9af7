/** Ways into an emulated sandbox from outside: tunnels and connect tokens. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import type { Sandbox } from "modal";
import { available } from "./machine-host.ts";
import { setStage } from "./stage.ts";

const skip = (await available()) ?? false;

/** Says what it was asked, streams what it is sent on `/echo`, and answers an upgrade with what comes next. */
const SERVER = `
const http = require("node:http");
const server = http.createServer((request, response) => {
  if (request.url === "/echo") return request.pipe(response);
  const { authorization, cookie, "x-verified-user-data": user } = request.headers;
  response.end(JSON.stringify({ method: request.method, url: request.url, authorization, cookie, user }));
});
server.on("upgrade", (request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nupgrade: echo\\r\\nconnection: upgrade\\r\\n\\r\\n" + request.headers["x-verified-user-data"]);
  socket.pipe(socket);
});
server.listen(8787, () => console.log("listening"));
`;

async function serve(sandbox: Sandbox): Promise<void> {
  const command = await sandbox.exec(["node", "-e", SERVER]);
  const reader = command.stdout.getReader();
  assert.equal((await reader.read()).value, "listening\n");
  reader.releaseLock();
}

async function urlOf(sandbox: Sandbox, port = 8787): Promise<string> {
  return (await sandbox.tunnels())[port]?.url ?? "";
}

describe("a tunnel", { skip }, () => {
  test("leads to its port by https, for this process and for children who are told of the authority", async (t) => {
    const { modal, client, sandbox } = await setStage(t);
    const made = await sandbox({ encryptedPorts: [8787] });
    modal.forgetCalls();
    const url = await urlOf(made);
    assert.deepEqual(modal.calls, []);
    assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
    await serve(made);
    const answer = await fetch(`${url}/hello`, { headers: { authorization: "Bearer mine" } });
    assert.deepEqual(await answer.json(), { method: "GET", url: "/hello", authorization: "Bearer mine" });
    const child = ["-e", `fetch("${url}/child").then((r) => r.json()).then((body) => console.log(body.url))`];
    const env = { NODE_EXTRA_CA_CERTS: modal.caFile };
    assert.equal((await promisify(execFile)(process.execPath, child, { env })).stdout, "/child\n");
    assert.equal(await urlOf(await client.sandboxes.fromId(made.sandboxId)), url);
    assert.equal(modal.calls.at(-1), "SandboxGetTunnelsV2");
  });

  test("lets in nobody when nobody listens, nor after the end", async (t) => {
    const { sandbox } = await setStage(t);
    const made = await sandbox({ encryptedPorts: [8787] });
    const url = await urlOf(made);
    await assert.rejects(fetch(url), TypeError);
    await made.terminate();
    await assert.rejects(fetch(url), TypeError);
  });

  test("keeps the sandbox from being idle as long as a connection is open", async (t) => {
    const { clock, sandbox } = await setStage(t);
    const made = await sandbox({ unencryptedPorts: [8787], idleTimeoutMs: 20_000, command: ["node", "-e", SERVER] });
    const reader = made.stdout.getReader();
    assert.equal((await reader.read()).value, "listening\n");
    const tunnel = (await made.tunnels())[8787];
    assert.ok(tunnel);
    const [host, port] = tunnel.tcpSocket;
    const socket = connect(port, host);
    socket.write("GET / HTTP/1.1\r\nhost: inside\r\n\r\n");
    await once(socket, "data");
    clock.advance(60_000);
    assert.equal(await made.poll(), null);
    socket.end();
    // Its end is known inside before it is known here.
    await once(socket, "close");
    clock.advance(19_999);
    assert.equal(await made.poll(), null);
    clock.advance(1);
    assert.equal(await made.poll(), 0);
    await reader.cancel().catch(() => {});
  });
});

describe("a connect token", { skip }, () => {
  test("opens the door as a bearer, in the query or as a cookie, and stays outside", async (t) => {
    const { sandbox } = await setStage(t);
    const made = await sandbox();
    await serve(made);
    const { url, token } = await made.createConnectToken({ port: 8787, userMetadata: "someone" });
    const get = async (path: string, headers: Record<string, string>) => (await fetch(url + path, { headers })).json();
    assert.deepEqual(await get("/a?b=c", { authorization: `Bearer ${token}` }), {
      method: "GET",
      url: "/a?b=c",
      user: "someone",
    });
    assert.deepEqual(await get(`/a?b=c&_modal_connect_token=${token}`, { "x-verified-user-data": "a lie" }), {
      method: "GET",
      url: "/a?b=c",
      user: "someone",
    });
    assert.deepEqual(await get("/a", { cookie: `x=y; _modal_connect_token=${token}`, authorization: "Bearer mine" }), {
      method: "GET",
      url: "/a",
      authorization: "Bearer mine",
      cookie: "x=y",
      user: "someone",
    });
  });

  test("is asked for, is of no use at another sandbox, and can be taken back", async (t) => {
    const { modal, sandbox } = await setStage(t);
    const [made, other] = [await sandbox({ name: "one" }), await sandbox()];
    await serve(made);
    const { url, token } = await made.createConnectToken({ port: 8787 });
    const foreign = await other.createConnectToken({ port: 8787 });
    const status = async (to: string, bearer: string) =>
      (await fetch(to, { headers: { authorization: `Bearer ${bearer}` } })).status;
    assert.deepEqual(
      [await status(url, token), await status(url, foreign.token), (await fetch(url)).status],
      [200, 401, 401],
    );
    // The other one has nobody who listens.
    assert.equal(await status(foreign.url, foreign.token), 502);
    modal.revokeConnectTokens("one");
    assert.equal(await status(url, token), 401);
  });

  test("lets streams through in both directions, and upgrades", async (t) => {
    const { sandbox } = await setStage(t);
    const made = await sandbox();
    await serve(made);
    const { url, token } = await made.createConnectToken({ port: 8787, userMetadata: "someone" });
    const upload = new TransformStream<Uint8Array, Uint8Array>();
    const writer = upload.writable.getWriter();
    const answer = await Promise.all([
      fetch(`${url}/echo`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: upload.readable,
        duplex: "half",
      }),
      writer.write(Buffer.from("first")),
    ]).then(([response]) => response.body?.getReader());
    assert.equal(Buffer.from((await answer?.read())?.value ?? "").toString(), "first");
    await writer.write(Buffer.from("second"));
    assert.equal(Buffer.from((await answer?.read())?.value ?? "").toString(), "second");
    await writer.close();
    assert.equal((await answer?.read())?.done, true);
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      `GET /ws?_modal_connect_token=${token} HTTP/1.1\r\nhost: x\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n`,
    );
    let seen = "";
    for await (const bytes of socket) {
      seen += bytes;
      if (seen.endsWith("someone")) socket.write("ping");
      if (seen.endsWith("ping")) break;
    }
    assert.match(seen, /^HTTP\/1\.1 101 .*\r\n\r\nsomeoneping$/s);
  });
});
