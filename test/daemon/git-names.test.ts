/** Names from outside: what they may be, and what becomes of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CheckoutError } from "../../src/daemon/checkout.ts";
import { checkBranch, coAuthorTrailer, readRemote, withoutSecrets } from "../../src/daemon/git-names.ts";

for (const [source, url, origin] of [
  ["github:acme/api", "https://github.com/acme/api.git", "https://github.com"],
  ["github:acme/api.git", "https://github.com/acme/api.git", "https://github.com"],
  ["https://GitHub.com:443/acme/api", "https://github.com/acme/api", "https://github.com"],
  ["https://git.example.com:8443/a.git", "https://git.example.com:8443/a.git", "https://git.example.com:8443"],
  ["file:///srv/a.git", "file:///srv/a.git", null],
  ["/srv/a.git", "/srv/a.git", null],
  ["git@github.com:acme/api.git", "git@github.com:acme/api.git", null],
  ["ssh://git@host/a.git", "ssh://git@host/a.git", null],
] as const) {
  test(`${source} is ${url}`, () => assert.deepEqual(readRemote(source), { url, origin, embedded: null }));
}

test("user and password leave the URL", () => {
  const login = { username: "me", password: "p@ss" };
  assert.deepEqual(readRemote("https://me:p%40ss@host/a.git"), {
    url: "https://host/a.git",
    origin: "https://host",
    embedded: login,
  });
  assert.equal(readRemote("https://ghp_token@host/a.git").embedded?.password, "ghp_token");
});

for (const source of ["ext::sh", "-u", "relative/path", "git://host/a", "github:acme", "javascript:1", "a@b:-x"]) {
  test(`${source} is refused`, () => assert.throws(() => readRemote(source), CheckoutError));
}

for (const name of ["main", "threadbox/fix-login", "v1.2", "ümlaut", "a-b_c", "feature/x.y"]) {
  test(`${name} may be a branch`, () => checkBranch(name));
}

test("a person's name cannot write a second trailer", () => {
  const person = { name: "Eve\nCo-authored-by: Mallory <m@x>", email: "e@x>\n" };
  assert.equal(coAuthorTrailer(person), "Co-authored-by: Eve Co-authored-by: Mallory m@x <e@x>");
});

test("secrets leave a text wherever they stand", () => {
  const text = "fatal: unable to access 'https://bot:s3cret-token@host/a.git' with s3cret-token";
  assert.equal(withoutSecrets(text, ["s3cret-token"]), "fatal: unable to access 'https://host/a.git' with [secret]");
});
