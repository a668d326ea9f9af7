/** Sandboxes at Modal, against its emulator: our own share of everything, never Modal's. */
import { available } from "../emulators/modal/machine-available.ts";
import type { Bench } from "./ground.ts";
import type { Row } from "./measure.ts";
import { type Cloud, openCloud } from "./modal-cloud.ts";
import { crowdRows } from "./modal-crowd.ts";
import { measureLives } from "./modal-lives.ts";
import { rowsOfLives } from "./modal-lives-rows.ts";
import { mentionRows } from "./modal-mention.ts";
import { reconcilerRows } from "./modal-reconcile.ts";

export async function modal(bench: Bench): Promise<Row[]> {
  const missing = await available();
  if (missing !== null) {
    bench.tell(`no rows: ${missing}`);
    return [];
  }
  const trueOnes = await openCloud("true");
  const still = await openCloud("still");
  try {
    return await measure(bench, { trueOnes, still });
  } finally {
    await Promise.all([trueOnes.stop(), still.stop()]);
  }
}

async function measure(bench: Bench, clouds: { trueOnes: Cloud; still: Cloud }): Promise<Row[]> {
  const { quick, tell } = bench;
  const lives = rowsOfLives(await measureLives(clouds.trueOnes, quick ? 1 : 12, tell));
  const crowd = await crowdRows(clouds, quick ? 20 : 100);
  tell("a crowd of sandboxes was started and destroyed");
  const herd = quick ? { known: 90, strays: 10 } : { known: 900, strays: 100 };
  const reconciler = await reconcilerRows(bench, clouds.still, herd);
  // Last: what lets sandboxes reach the model and git is one more process for each of them.
  const mention = await mentionRows(bench, clouds.trueOnes, quick ? 1 : 5);
  return [...lives, ...mention, ...crowd, ...reconciler];
}
