/** Ends what runs in a local sandbox, and its files where nobody wants them any more. */
import { removeFolder } from "./local-folder.ts";
import { endTree, type ProcessId } from "./local-process.ts";
import { forgetExec, readExecs, readRecord, readRunning, writeRecord } from "./local-record.ts";

/** The daemon ends its turn and the agent's processes in this time; what is left then is killed. */
const END_WITHIN_MS = 10_000;
/** A shell at a terminal does not care for being asked, and nobody wants to wait for it. */
const EXECS_END_WITHIN_MS = 1_000;

/** False when there is no such sandbox. */
export async function putToSleep(folder: string): Promise<boolean> {
  if (!(await readRecord(folder))) return false;
  const running = await readRunning(folder);
  // Behind walls the recorded process is the first of its own process namespace: everything inside dies with it.
  const ask = running?.walled ? "its-children" : "itself";
  await Promise.all((running?.processes ?? []).map((id) => endTree(id, ask, END_WITHIN_MS)));
  // Before the commands of others are ended: one that is just being started finds it asleep, or is found here.
  await writeRecord(folder, { is: "asleep" });
  await endExecs(folder, ask);
  return true;
}

/** Those that a sandbox left behind when its machine or its first process was killed. */
export async function endLeftExecs(folder: string): Promise<void> {
  const record = await readRecord(folder);
  if (record && !(await readRunning(folder))) {
    await endExecs(folder, record.is === "running" && record.walled ? "its-children" : "itself");
  }
}

/** Without a record, too: that is what a crash leaves between the folder and its record. */
export async function destroyFolder(folder: string): Promise<void> {
  await putToSleep(folder);
  await removeFolder(folder);
}

async function endExecs(folder: string, ask: "itself" | "its-children"): Promise<void> {
  const end = async (id: ProcessId) => {
    await endTree(id, ask, EXECS_END_WITHIN_MS);
    await forgetExec(folder, id);
  };
  await Promise.all((await readExecs(folder)).map(end));
}
