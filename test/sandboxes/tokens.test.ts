/** Tokens, as a daemon sees them: with nothing but the public key. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importJWK, jwtVerify } from "jose";
import { createSigner, newSigningKey } from "../../src/sandboxes/tokens.ts";
import { TokenClaims } from "../../src/wire/routes.ts";
import { handWoundClock } from "../clock.ts";

const clock = handWoundClock(1_700_000_000_000);
const { privateJwk, publicJwk } = await newSigningKey();
const signer = await createSigner(privateJwk, clock);

async function claims(token: string, audience: string, atMs = clock.now()) {
  const key = await importJWK(publicJwk, "EdDSA");
  const options = { audience, algorithms: ["EdDSA"], currentDate: new Date(atMs) };
  return TokenClaims.parse((await jwtVerify(token, key, options)).payload);
}

test("a control token is for one sandbox and ten minutes", async () => {
  const token = await signer.control("sb-1");
  const expected = { sub: "threadbox", scope: "control", aud: "sb-1", exp: 1_700_000_600 };
  assert.deepEqual(await claims(token, "sb-1"), expected);
  await assert.rejects(claims(token, "sb-2"));
  await assert.rejects(claims(token, "sb-1", clock.now() + 601_000));
});

test("an observer's token lives as long as it is asked to", async () => {
  const { scope, exp } = await claims(await signer.observer("sb-1", 5_000), "sb-1");
  assert.deepEqual({ scope, exp }, { scope: "observer", exp: 1_700_000_005 });
});

test("the public key has no private part, and another bot's tokens are refused", async () => {
  assert.deepEqual(Object.keys(publicJwk).sort(), ["crv", "kty", "x"]);
  const stranger = await createSigner((await newSigningKey()).privateJwk, clock);
  await assert.rejects(claims(await stranger.control("sb-1"), "sb-1"));
});
