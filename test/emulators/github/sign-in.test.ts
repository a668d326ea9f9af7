/** Signing in to an App on the emulated GitHub, as GitHub's documentation has it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../../src/clock.ts";
import { ThreadboxError } from "../../../src/errors.ts";
import { githubSignIn } from "../../../src/surfaces/github-sign-in.ts";
import { plainBrowser } from "../../journeys/plain-browser.ts";
import { quiet } from "../../quiet.ts";
import { startGitHub } from "../github.ts";

const redirectUrl = "http://127.0.0.1:9/callback";
const verifier = "a-word-that-only-one-browser-was-given-0123456789";
const challenge = createHash("sha256").update(verifier).digest("base64url");

async function signingIn(t: TestContext, change: { clientSecret?: string } = {}) {
  const github = await startGitHub();
  t.after(() => github.close());
  const { id } = github.createUser("ada");
  const { clientId, clientSecret } = await github.createApp({ slug: "threadbox", callbackUrl: redirectUrl });
  const { apiUrl, url } = github;
  const signIn = githubSignIn({ clientId, clientSecret, ...change, apiUrl, url, clock: systemClock, log: quiet });
  /** What the browser is sent back with. */
  const comesBack = async (address = signIn.authorizeUrl({ state: "s", challenge, redirectUrl })) => {
    const session = github.signedIn("ada");
    const agrees = new URLSearchParams(new URL(address).search);
    const way = { headers: { cookie: session }, redirect: "manual" } as const;
    const back = await fetch(`${url}/login/oauth/authorize`, { ...way, method: "POST", body: agrees });
    return new URL(back.headers.get("location") ?? "").searchParams;
  };
  const account = async (given: { code?: string; verifier?: string }) =>
    signIn.account({ code: (await comesBack()).get("code") ?? "", verifier, redirectUrl, ...given });
  return { github, id, signIn, comesBack, account };
}

test("the code tells who signed in, once, and its token is handed back", async (t) => {
  const { github, id, comesBack, account } = await signingIn(t);
  const back = await comesBack();
  assert.equal(back.get("state"), "s");
  const code = back.get("code") ?? "";
  assert.deepEqual(await account({ code }), { id, login: "ada" });
  assert.equal(github.userTokens(), 0);
  await assert.rejects(account({ code }), refusal("bad_verification_code"));
});

test("somebody is asked the first time, and sent back at once from then on", async (t) => {
  const { github, signIn, comesBack } = await signingIn(t);
  const browser = plainBrowser({ [github.url]: github.signedIn("ada") });
  const address = signIn.authorizeUrl({ state: "s", challenge, redirectUrl });
  assert.match((await browser.goes(address)).text, /Authorize threadbox/);
  await comesBack(address);
  await assert.rejects(browser.goes(address), /fetch failed/); // nobody listens there
});

test("a code is worth nothing to whoever lacks the word that its challenge was made of", async (t) => {
  const { account } = await signingIn(t);
  await assert.rejects(account({ verifier: "another" }), refusal("bad_verification_code"));
});

test("a wrong secret is refused", async (t) => {
  const { account } = await signingIn(t, { clientSecret: "wrong" });
  await assert.rejects(account({}), refusal("incorrect_client_credentials"));
});

test("nobody is sent to an address that is not the App's", async (t) => {
  const { signIn, comesBack } = await signingIn(t);
  const address = signIn.authorizeUrl({ state: "s", challenge, redirectUrl: "http://evil.test/" });
  assert.equal((await comesBack(address)).get("error"), "redirect_uri_mismatch");
});

const refusal = (word: string) => (thrown: unknown) =>
  thrown instanceof ThreadboxError && thrown.code === "surface.refused" && thrown.detail.includes(word);
