/** A volume inside a folder of the agent's, and an agent that puts a link in its place. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { plainRepository } from "../../src/team-sandboxes.ts";
import { isCode, noMachines, openBench } from "./modal-bench.ts";

test("a link that the agent put in a volume's place gives it no folder of root's", {
  skip: noMachines ?? false,
}, async (t) => {
  const { bot, settings } = await openBench(t);
  const volumes = [{ name: "cache", path: "/workspace/cache", readOnly: false }];
  const wanted = settings({}, { repositories: { "acme/api": { ...plainRepository, volumes } } });
  const sandbox = await bot({ settings: wanted }).start("session", { from: null, repository: "acme/api" });
  const said = async (script: string) => {
    const { stdout, exitCode } = await sandbox.exec(["sh", "-c", script]);
    const text = await new Response(stdout).text();
    assert.equal(await exitCode, 0);
    return text;
  };
  assert.equal(await said("touch cache/file && stat -Lc %U cache"), "agent\n");
  await said("rm cache && ln -s /threadbox/state cache");
  // A bot that was restarted takes the one that runs.
  const again = bot({ settings: wanted }).start("session", { from: null, repository: "acme/api" });
  await assert.rejects(again, isCode("sandbox.unavailable", /\/workspace\/cache is no volume any more/));
  assert.equal(await said("stat -c %U /threadbox/state"), "root\n");
});
