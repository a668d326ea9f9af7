/** A daemon as a process of its own, so that a test can kill it. Its agent says something and hangs when it is told to hang, or to ask. */
import { createDaemon } from "../../src/daemon/daemon.ts";
import { testConfig } from "./running-daemon.ts";
import { done, scriptedAgent, stopped } from "./scripted-agent.ts";

const folder = process.argv[2] ?? "";
const agent = scriptedAgent(async ({ message, context, stopped: told, ask }) => {
  if (message === "ask") await Promise.race([told, ask({ text: "Which one?", options: [], otherwise: null })]);
  if (message === "ask") return stopped();
  if (message !== "hang") return done(`Did: ${message}`);
  for (let n = 1; n <= 50; n++) {
    context.report({ type: "tool.started", call: `c${n}`, tool: "bash", title: `step ${n}`, input: "" });
  }
  await told;
  return stopped();
});
const daemon = createDaemon({
  config: testConfig(folder),
  agents: { scripted: agent.factory },
  checkout: () => {
    throw new Error("This test has no repository.");
  },
});
process.once("SIGTERM", () => void daemon.close().then(() => process.exit(0)));
const { url } = await daemon.listen();
process.stdout.write(`${url}\n`);
