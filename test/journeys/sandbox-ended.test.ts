/** Somebody ends the machine of a session that has a past: in a console, by hand, with the power. The thread goes on. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { testBranch } from "../../src/cli/demo-repository.ts";
import { available } from "../emulators/modal/machine-host.ts";
import { type ModalEmulator, modalEmulator } from "../emulators/modal.ts";
import { fixesTheTest, takesForEver, writesTheReadme } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

const noModal = (await available()) ?? false;

const places: { place: string; skip: string | boolean; modal: () => Promise<ModalEmulator | undefined> }[] = [
  { place: "on this machine", skip: false, modal: async () => undefined },
  { place: "at Modal", skip: noModal, modal: () => modalEmulator() },
];

for (const { place, skip, modal: started } of places)
  describe(`a sandbox ${place} is ended from outside`, { skip }, () => {
    let modal: ModalEmulator | undefined;
    let channel: SlackChannel;
    let thread: string;
    const last = (): string => channel.ours(thread).at(-1)?.seen ?? "";

    before(async () => {
      modal = await started();
      channel = await startSlackChannel(["ada"], { modal, scripts: [takesForEver, writesTheReadme, fixesTheTest] });
      thread = channel.mentions("the test fails, please fix it");
      await channel.everything();
    });
    after(async () => {
      await channel.stop();
      await modal?.close();
    });

    test("while nobody asks: the next mention is worked on in a new one, from what was pushed", async () => {
      await channel.world.killSandbox();
      channel.slack.as("ada").says("#web", "now say so in the README", { thread });
      await channel.everything();
      assert.match(last(), /The README says so now/);
      const branch = /threadbox\/[\w-]+/.exec(last())?.[0] ?? "";
      assert.equal((await testBranch(channel.world.remote.url, branch)).passed, true);
    });

    test("while a later turn runs: it goes on in a new one, and can be stopped there", async () => {
      channel.slack.as("ada").says("#web", "take your time", { thread });
      await channel.isAt(/sleep 600/);
      const asked = () => channel.world.model.server.getRequests().length;
      const before = asked();
      await channel.world.killSandbox();
      await channel.world.until(async () => asked() > before);
      channel.slack.as("ada").says("#web", "stop", { thread });
      await channel.everything();
      assert.match(last(), /[Ss]topped by .*ada/);
    });

    test("and one session with one sandbox that runs is left", async () => {
      const [session, ...more] = await channel.world.sessions.list(10);
      assert.deepEqual([session?.sandbox.is, more], ["ready", []]);
      const running = modal?.sandboxes().filter(({ state }) => state.is === "running");
      if (running) assert.equal(running.length, 1);
    });
  });
