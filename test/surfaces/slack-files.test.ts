/** #37: what people attach is read from Slack and from nobody else, and what cannot be read is said. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { WebClient } from "@slack/web-api";
import { pino } from "pino";
import type { Attachment } from "../../src/core/types.ts";
import { slackSurface } from "../../src/surfaces/slack.ts";
import { attachedFiles, SlackFile } from "../../src/surfaces/slack-attached.ts";
import { atSlack, fetchSlackFile } from "../../src/surfaces/slack-download.ts";
import { handWoundClock } from "../clock.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";

let slack: SlackEmulator;
const lines: string[] = [];
const GET = "IN GET url_private";

before(async () => {
  slack = await startSlack({ channels: [{ name: "web", members: ["ada"] }], people: ["ada"] });
});
beforeEach(() => {
  slack.app.scopes.add("files:read");
  slack.requests.clear();
});
after(() => slack.close());

function surface() {
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const { apiUrl, app } = slack;
  const clock = handWoundClock();
  const options = { token: app.botToken, apiUrl, allow: {}, name: "threadbox", log, clock, paced: false };
  return slackSurface(options);
}

const fetchFile = (file: Attachment) =>
  surface().fetchFile(file, { surface: "slack", team: slack.team.id, channel: "C0WEB", threadTs: "1.000000" });

/** Ada attaches it in #web; gives back what a handler would make of it. */
function attach(name: string, content: string | Buffer, mimetype = "text/plain"): Attachment {
  const { message } = slack.as("ada").says("#web", "look", { files: [{ name, content, mimetype }] });
  const [id = ""] = message.files;
  const { origin } = new URL(slack.apiUrl);
  const url_private = `${origin}/files-pri/${slack.team.id}-${id}/${name}`;
  const size = Buffer.byteLength(content);
  const [file] = attachedFiles([SlackFile.parse({ id, name, mimetype, size, url_private })]).files;
  assert.ok(file);
  return file;
}

describe("#37 an attached file", () => {
  for (const [what, name, content, mime] of [
    ["an image", "shot.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255]), "image/png"],
    ["a snippet", "trace.txt", "Error: boom\n", "text/plain"],
    ["a PDF", "spec.pdf", Buffer.from("%PDF-1.7"), "application/pdf"],
    ["a voice message", "voice.m4a", Buffer.from("ftyp"), "audio/mp4"],
    ["a web page that is meant as one", "report.html", "<h1>3 failed</h1>", "text/html"],
    ["an empty file", "empty.log", "", "text/plain"],
  ] as const) {
    test(`is read as it is: ${what}`, async () => {
      const fetched = await fetchFile(attach(name, content, mime));
      assert.deepEqual([fetched.name, fetched.mime], [name, mime]);
      assert.deepEqual(Buffer.from(fetched.content), Buffer.from(content));
    });
  }

  test("of another workspace is asked for first", async () => {
    const { ref } = attach("shared.txt", "from afar");
    const fetched = await fetchFile({ name: ref.id, mime: "unknown type", bytes: null, ref: { ...ref, url: null } });
    assert.deepEqual(
      [fetched.name, fetched.mime, Buffer.from(fetched.content).toString()],
      ["shared.txt", "text/plain", "from afar"],
    );
    assert.equal(slack.requests.count("files.info"), 1);
  });

  test("is asked for once more when the connection breaks, or Slack stumbles", async () => {
    const file = attach("a.txt", "a");
    slack.faults.next("url_private", { reset: true });
    assert.equal(Buffer.from((await fetchFile(file)).content).toString(), "a");
    slack.faults.next("url_private", { status: 503 });
    assert.equal(Buffer.from((await fetchFile(file)).content).toString(), "a");
  });
});

test("#37 files that came earlier in the thread are known as well, also without a word", async () => {
  const [ada, files] = [slack.as("ada"), [{ name: "shot.png", content: "png", mimetype: "image/png" }]];
  const root = ada.says("#web", "", { files }).message;
  const { message } = ada.says("#web", "@threadbox fix it", { thread: root });
  const thread = { surface: "slack" as const, team: slack.team.id, channel: root.channel, threadTs: root.ts };
  const said = await surface().context({ thread, message: message.ts, at: 0 });
  assert.deepEqual(
    said.map(({ text, files = [] }) => [text, files.map(({ name, mime, bytes }) => [name, mime, bytes])]),
    [["", [["shot.png", "image/png", 3]]]],
  );
});

describe("#37 a file that cannot be read says why", () => {
  test("when Slack is away", async () => {
    slack.faults.next("url_private", { status: 503 }, 2);
    await assert.rejects(fetchFile(attach("a.txt", "a")), {
      code: "surface.unavailable",
      detail: "Slack answered with status 503",
    });
  });

  test("when the app lacks the scope, where Slack sends everybody to its login page", async () => {
    slack.app.scopes.delete("files:read");
    await assert.rejects(fetchFile(attach("a.png", "a", "image/png")), {
      code: "surface.unauthorized",
      detail: "Slack sent a web page instead: the app lacks the scope files:read (install it again), or may not see it",
    });
    assert.deepEqual(
      slack.requests.of(GET).map(({ status }) => status),
      [302],
    );
  });

  test("when a page comes instead of it", async () => {
    const page = attach("a.png", "<!DOCTYPE html><title>Sign in</title>", "text/html");
    await assert.rejects(fetchFile({ ...page, mime: "image/png" }), { code: "surface.unauthorized" });
  });

  test("when it was deleted meanwhile", async () => {
    const file = attach("a.txt", "a");
    const url = (file.ref.url ?? "").replace(file.ref.id, "F0NONE");
    await assert.rejects(fetchFile({ ...file, ref: { ...file.ref, url } }), {
      detail: "Slack answered with status 404",
    });
    await assert.rejects(fetchFile({ ...file, ref: { id: "F0NONE", url: null } }), {
      detail: "Slack answered file_not_found",
    });
  });

  test("when it is too large, before a byte of it is asked for", async () => {
    const file = attach("movie.mp4", "m", "video/mp4");
    await assert.rejects(fetchFile({ ...file, bytes: 26_214_401 }), {
      code: "surface.refused",
      detail: "it is larger than 25 MB",
    });
    assert.equal(slack.requests.count(GET), 0);
  });

  test("when it is larger than was said", async () => {
    const file = attach("movie.mp4", Buffer.alloc(26_214_401), "video/mp4");
    await assert.rejects(fetchFile({ ...file, bytes: 10 }), { detail: "it is larger than 25 MB" });
  });
});

describe("#37 the bot's token", () => {
  const allowed = [
    "https://files.slack.com/files-pri/T1-F1/a.png",
    "https://acme.slack.com/files-tmb/T1-F1/a_360.png",
    "https://slack.com/files-pri/T1-F1/download/a.png",
  ];
  const refused = [
    "http://files.slack.com/files-pri/a.png",
    "https://files.slack.com:8443/files-pri/a.png",
    "https://files.slack.com./files-pri/a.png",
    "https://files.slack.com.evil.example/files-pri/a.png",
    "https://evilslack.com/files-pri/a.png",
    "https://ada:pw@files.slack.com/files-pri/a.png",
    "https://127.0.0.1/files-pri/a.png",
    "https://slack.com/api/auth.revoke",
    "https://slack.com/files-pri/../api/conversations.history?channel=C1",
    "https://files.slack.com/files-pri/%2e%2e/api/auth.revoke",
    "https://acme.slack.com/archives/C1",
    "file:///etc/passwd",
    "data:text/plain,a",
    "",
  ];
  for (const url of allowed) test(`goes to ${url}`, () => assert.ok(atSlack(url, undefined)));
  for (const url of refused) test(`does not go to "${url}"`, () => assert.equal(atSlack(url, undefined), null));

  test("goes to the host that the Web API has, and to no other port of it", () => {
    assert.ok(atSlack("http://127.0.0.1:4711/files-pri/a", "http://127.0.0.1:4711/api/"));
    assert.ok(atSlack("https://files.slack-gov.com/files-pri/a", "https://slack-gov.com/api/"));
    assert.equal(atSlack("http://127.0.0.1:4711/api/auth.revoke", "http://127.0.0.1:4711/api/"), null);
    assert.equal(atSlack("http://127.0.0.1:4712/files-pri/a", "http://127.0.0.1:4711/api/"), null);
    assert.equal(atSlack("https://127.0.0.1:4711/files-pri/a", "http://127.0.0.1:4711/api/"), null);
  });

  test("goes to no file of another workspace that lies elsewhere, whatever address Slack has for it", async () => {
    const asked: (string | undefined)[] = [];
    const api = createServer((request, response) => {
      asked.push(request.url);
      const url_private = "https://slack.com/api/auth.revoke";
      const file = { id: "F9", name: "plan", is_external: true, mode: "external", url_private };
      response.setHeader("content-type", "application/json").end(JSON.stringify({ ok: true, file }));
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
    const { port } = api.address() as AddressInfo;
    const apiUrl = `http://127.0.0.1:${port}/api/`;
    const file = { name: "plan", mime: "unknown type", bytes: null, ref: { id: "F9", url: null } };
    await assert.rejects(
      fetchSlackFile({ token: "xoxb-1", apiUrl }, new WebClient("x", { slackApiUrl: apiUrl }), file),
      {
        detail: "it does not lie at Slack: https://slack.com/api/auth.revoke",
      },
    );
    api.close();
    assert.deepEqual(asked, ["/api/files.info"]);
  });

  test("is neither sent elsewhere nor logged, wherever a file is said to lie", async () => {
    const heard: (string | undefined)[] = [];
    const elsewhere = createServer((request, response) => {
      heard.push(request.headers.authorization);
      response.end("mine");
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const { port } = elsewhere.address() as AddressInfo;
    const file = { ...attach("a.txt", "a"), ref: { id: "F1", url: `http://127.0.0.1:${port}/a.txt` } };
    await assert.rejects(fetchFile(file), { detail: "its address is not one of Slack's" });
    elsewhere.close();
    assert.deepEqual(heard, []);
    assert.equal(lines.join("").includes(slack.app.botToken), false);
  });
});
