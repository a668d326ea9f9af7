/** Who may ask for what, and how the daemon says no. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { AgentEvent } from "../../src/wire/events.ts";
import { type HealthResponse, Problem, ROUTES, StatusResponse } from "../../src/wire/routes.ts";
import { type RunningDaemon, sign, startDaemon } from "./running-daemon.ts";
import { scriptedAgent } from "./scripted-agent.ts";

const agents = { scripted: scriptedAgent().factory };
const POSTS = ["/credentials", "/init", "/prompt", "/abort", "/answer", "/publish"];

test("health is open and tells nothing about the work", async (t) => {
  const daemon = await startDaemon(t, { agents });
  const response = await fetch(`${daemon.url}/health`);
  assert.deepEqual(await response.json(), { ok: true, wire: 5, sandbox: "box-1" } satisfies HealthResponse);
});

test("what is answered is what the wire says", async (t) => {
  const daemon = await startDaemon(t, { agents });
  StatusResponse.parse(await daemon.status());
  for (const { event } of await daemon.replay()) AgentEvent.parse(event);
});

describe("tokens", () => {
  const shut = async (daemon: RunningDaemon, path: string, token: string | null) => {
    const method = POSTS.includes(path) ? "POST" : "GET";
    const response = await fetch(daemon.url + path, {
      method,
      ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
    });
    assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
    return { status: response.status, problem: Problem.parse(await response.json()) };
  };

  test("every route but health needs one", async (t) => {
    const daemon = await startDaemon(t, { agents });
    for (const { path, scope } of Object.values(ROUTES)) {
      if (scope === "open") continue;
      for (const token of [null, "nonsense", `${await sign({ scope: "control" })}x`]) {
        const { status, problem } = await shut(daemon, path, token);
        assert.deepEqual([path, status, problem.code], [path, 401, "unauthorized"]);
      }
    }
  });

  test("an observer may look, and gets 403 on every POST", async (t) => {
    const daemon = await startDaemon(t, { agents });
    const observer = await sign({ scope: "observer" });
    assert.equal((await daemon.get("/status", observer)).status, 200);
    for (const path of POSTS) {
      const { status, problem } = await shut(daemon, path, observer);
      assert.deepEqual([path, status, problem.code], [path, 403, "forbidden"]);
    }
  });

  test("one that has expired, or has no end, or no known scope, is refused", async (t) => {
    const daemon = await startDaemon(t, { agents });
    const key = new TextEncoder().encode("a-secret-that-only-tests-know");
    const endless = await new SignJWT({ scope: "control" }).setProtectedHeader({ alg: "HS256" }).sign(key);
    const refused = [
      await sign({ scope: "control", expiresAt: Math.floor(Date.now() / 1000) - 1 }),
      await sign({ scope: "admin" }),
      endless,
      `${Buffer.from('{"alg":"none"}').toString("base64url")}.${endless.split(".")[1]}.`,
    ];
    for (const token of refused) assert.equal((await shut(daemon, "/status", token)).status, 401);
  });

  test("with a public key only the holder of the private one, for this sandbox, is believed", async (t) => {
    const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
    const stranger = await generateKeyPair("EdDSA");
    const { x } = await exportJWK(publicKey);
    const jwk = { kty: "OKP", crv: "Ed25519", x: x ?? "" } as const;
    const daemon = await startDaemon(t, { agents, config: { auth: { is: "on", secret: null, publicKey: jwk } } });
    const token = (audience: string | null, key = privateKey) => {
      const jwt = new SignJWT({ scope: "control" }).setProtectedHeader({ alg: "EdDSA" }).setExpirationTime("1h");
      return (audience === null ? jwt : jwt.setAudience(audience)).sign(key);
    };
    assert.equal((await daemon.get("/status", await token("box-1"))).status, 200);
    const bySecret = await new SignJWT({ scope: "control" })
      .setProtectedHeader({ alg: "HS256" })
      .setAudience("box-1")
      .setExpirationTime("1h")
      .sign(Buffer.from(x ?? "", "base64url"));
    for (const other of [
      await token("box-2"),
      await token(null),
      await token("box-1", stranger.privateKey),
      bySecret,
    ]) {
      assert.equal((await daemon.get("/status", other)).status, 401);
    }
  });

  test("without keys programs on this machine may ask, pages in a browser may not", async (t) => {
    const daemon = await startDaemon(t, { agents, config: { auth: { is: "off" } } });
    const { port } = new URL(daemon.url);
    const statusOf = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request({ host: "127.0.0.1", port, path: "/status", headers }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        });
        asked.on("error", reject).end();
      });
    assert.equal(await statusOf({ host: `localhost:${port}` }), 200);
    assert.equal(await statusOf({ host: `127.0.0.1:${port}`, origin: "https://evil.example" }), 403);
    assert.equal(await statusOf({ host: `rebound.example:${port}` }), 403);
  });
});

describe("bodies", () => {
  test("that are no JSON, or not what the route takes, are refused with the reason", async (t) => {
    const daemon = await startDaemon(t, { agents });
    const cases: [string, unknown, string][] = [
      ["/prompt", "{", "The body is not JSON."],
      ["/prompt", {}, "message: Invalid input: expected string, received undefined"],
      ["/prompt", { message: "x", mesage: "y" }, 'body: Unrecognized key: "mesage"'],
      [
        "/init",
        { workspace: { repos: [] }, agent: { kind: "hal" } },
        'agent.kind: there is no "hal"; choose one of scripted.',
      ],
      ["/stream?cursor=-1", undefined, "cursor: Too small: expected number to be >=0"],
    ];
    for (const [path, body, detail] of cases) {
      const answer = body === undefined ? await daemon.get(path) : await daemon.post(path, body);
      assert.deepEqual([answer.status, answer.body.code, answer.body.detail], [400, "invalid", detail]);
    }
  });

  test("that are too large are refused", async (t) => {
    const daemon = await startDaemon(t, { agents });
    const large = await daemon.post("/init", { workspace: { repos: [] }, filler: "x".repeat(1024 * 1024) });
    assert.deepEqual([large.status, large.body.code], [413, "too-large"]);
    const prompt = await daemon.post("/prompt", { message: "x".repeat(10 * 1024 * 1024) });
    assert.deepEqual([prompt.status, prompt.body.code], [413, "too-large"]);
    const fits = await daemon.post("/prompt", { message: "x".repeat(2 * 1024 * 1024) });
    assert.equal(fits.status, 202);
  });
});

test("an unknown route is a problem, too", async (t) => {
  const daemon = await startDaemon(t, { agents });
  const answer = await daemon.get("/nowhere");
  assert.deepEqual([answer.status, answer.body.code], [404, "not-found"]);
});
