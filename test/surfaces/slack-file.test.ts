import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answer } from "../contracts/surface.ts";
import type { Fault } from "../emulators/slack.ts";
import { inThread, type World, withoutFiles } from "./slack-world.ts";

const once = (marker: string) => ({ marker, again: false });
const again = (marker: string) => ({ marker, again: true });
const UPLOADED = "files.completeUploadExternal";
/** 27,998 characters: more than two messages. */
const LONG = "A paragraph of the answer.\n\n".repeat(1_000).trim();

const replies = ({ slack, root }: World) => slack.thread("#web", root).replies();
const long = ({ slack }: World) => answer({ surface: "slack", id: slack.person("ada").id, name: "ada" }, LONG);
const files = (world: World) => replies(world).flatMap(({ message }) => message.files);

/** What a person reads who opens the file. */
async function opened({ slack }: World, file: string | undefined): Promise<string> {
  const address = new URL(`/files-pri/${slack.team.id}-${file}/answer.md`, slack.apiUrl);
  const response = await fetch(address, { headers: { authorization: `Bearer ${slack.app.botToken}` } });
  return response.text();
}

describe("an answer that is longer than two messages of Slack", () => {
  test("#31 is its beginning, which says so, and the whole as a file of the thread", () =>
    inThread(async (world) => {
      const ref = await world.surface.answer(world.thread, long(world), once("t1/answer"));
      const [file, message, ...more] = replies(world);
      assert.deepEqual([message?.ts, more], [ref, []]);
      assert.equal(file?.seen, "(file: answer.md)");
      assert.match(message?.seen ?? "", /^@ada ✓ Done: fix the login\nA paragraph of the answer\./);
      assert.match(
        message?.seen ?? "",
        /This is the beginning\. The whole answer, 27,998 characters, is the file answer\.md \(https:\S+\/F00000001\/answer\.md\) in this thread\./,
      );
      assert.equal(await opened(world, files(world)[0]), LONG);
      assert.equal(world.slack.pings().length, 1);
    }));

  test("#31 has no file as long as it fits into two", () =>
    inThread(async (world) => {
      const { surface, thread, slack } = world;
      const two = long(world);
      two.result.answer = LONG.slice(0, 20_000);
      await surface.answer(thread, two, once("t1/answer"));
      assert.deepEqual([replies(world).length, slack.requests.count("files.getUploadURLExternal")], [2, 0]);
    }));

  const losses: [string, string, Fault][] = [
    ["Slack took the file and its word was lost", UPLOADED, { status: 500, after: "commit" }],
    ["Slack did not take the file", UPLOADED, { status: 500 }],
    ["the message after the file was lost", "chat.postMessage", { reset: true }],
    ["Slack took the message and its word was lost", "chat.postMessage", { reset: true, after: "commit" }],
  ];
  for (const [name, method, fault] of losses) {
    test(`#31 is one file and one message, although ${name}`, () =>
      inThread(async (world) => {
        const { surface, thread, slack } = world;
        slack.faults.next(method, fault);
        await assert.rejects(surface.answer(thread, long(world), once("t1/answer")), { code: "surface.unavailable" });
        await surface.answer(thread, long(world), again("t1/answer"));
        await surface.answer(thread, long(world), again("t1/answer"));
        assert.deepEqual(
          replies(world).map(({ seen }) => seen.split("\n")[0]),
          ["(file: answer.md)", "@ada ✓ Done: fix the login"],
        );
        assert.match(replies(world)[1]?.seen ?? "", /answer\.md \(https:/);
        assert.equal(await opened(world, files(world)[0]), LONG);
      }));
  }

  test("#31 is a file of its own after each turn", () =>
    inThread(async (world) => {
      await world.surface.answer(world.thread, long(world), once("t1/answer"));
      await world.surface.answer(world.thread, long(world), again("t2/answer"));
      assert.equal(files(world).length, 2);
    }));

  test("#31 is several messages where the app may not upload, and Slack is asked once", () =>
    inThread(
      async (world) => {
        const { surface, thread, slack, lines } = world;
        await surface.answer(thread, long(world), once("t1/answer"));
        await surface.answer(thread, long(world), once("t2/answer"));
        assert.deepEqual([replies(world).length, files(world).length], [6, 0]);
        assert.equal(slack.requests.count("files.getUploadURLExternal"), 1);
        const told = lines.filter(({ msg }) => msg === "slack.feature-refused");
        assert.deepEqual(
          told.map(({ feature, slackSays }) => [feature, slackSays]),
          [["files", "missing_scope"]],
        );
      },
      {},
      withoutFiles,
    ));

  test("#31 is several messages where Slack does not take this file, and the next one is tried again", () =>
    inThread(async (world) => {
      const { surface, thread, slack } = world;
      slack.faults.next("files.getUploadURLExternal", { error: "file_uploads_disabled" });
      await surface.answer(thread, long(world), once("t1/answer"));
      assert.deepEqual([replies(world).length, files(world).length], [3, 0]);
      await surface.answer(thread, long(world), once("t2/answer"));
      assert.equal(files(world).length, 1);
    }));

  test("#14 is a direct message, whole, where its channel was archived", () =>
    inThread(async (world) => {
      const { surface, thread, slack } = world;
      slack.as("ada").archives("#web");
      await surface.answer(thread, long(world), once("t1/answer"));
      const { channel } = slack.as("ada").says("dm", "hello").message;
      const told = slack.timeline(channel).filter(({ author }) => author === "threadbox");
      assert.equal(told.flatMap(({ seen }) => seen.match(/A paragraph/g) ?? []).length, 1_000);
    }));
});
