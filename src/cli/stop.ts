/** `threadbox stop`: an operator's stop, in whatever thread the session has. It is stored like every mention, so any bot carries it out. */
import type { Command } from "commander";
import { systemClock } from "../clock.ts";
import { startJobs } from "../engine/jobs.ts";
import { createIngress } from "../engine/receive.ts";
import { openStore } from "../store/open.ts";
import { createStore } from "../store/store.ts";
import { command, run } from "./command.ts";
import type { Output } from "./output.ts";
import { readSettings } from "./settings.ts";
import { said } from "./spoken.ts";
import { findSession, isBotRunning } from "./stored.ts";

export function stopCommand(): Command {
  return command({
    name: "stop",
    summary: "Stop what a session works on, and drop what waits in it. What it did so far stays.",
    examples: [
      ["stop s1a2", "the session whose id begins with s1a2"],
      ["stop s1a2 --json", "print what became of it as JSON"],
    ],
  })
    .argument("<session>", "its id, or the beginning of it")
    .action((id: string, options: { json?: boolean }) => run(options, (output) => stop(id, output)));
}

async function stop(id: string, output: Output): Promise<number> {
  const { config, log } = readSettings();
  await using closing = new AsyncDisposableStack();
  const store = closing.adopt(await openStore({ ...config, log }), ({ close }) => close());
  const session = await findSession(store, id);
  const doing =
    session.turn !== null ||
    session.queue.length > 0 ||
    session.checking.length > 0 ||
    session.connecting !== undefined;
  // Without this look the thread would be told that nothing is running, by somebody whom nobody there has asked.
  if (!doing) {
    output.say(`Nothing is running in ${session.id}.`);
    output.result({ ok: true, session: session.id, stopped: false, botRunning: null });
    return 0;
  }
  const running = await isBotRunning(store);
  const jobs = closing.adopt(await startJobs({ connection: store.connection, log }), (started) => started.stop());
  const ingress = createIngress({ store: createStore(store.db), jobs, surfaces: {}, clock: systemClock, log });
  await ingress.receive(said(session.thread, "stop"));

  output.say(
    running
      ? `Told ${session.id} to stop.`
      : `${session.id} will stop when a bot runs again; none runs now. Start one: threadbox start`,
  );
  output.result({ ok: true, session: session.id, stopped: true, botRunning: running });
  return 0;
}
