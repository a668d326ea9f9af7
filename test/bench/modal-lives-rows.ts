/** The rows of a sandbox's life at Modal: how many RPCs each step takes, and how long. */
import { inMs, median, type Row, timesRow } from "./measure.ts";
import { callsRow, inWords, sameEveryTime, withoutOnce } from "./modal-calls.ts";
import type { Lives, Step, Taken } from "./modal-lives.ts";

const WHAT: Record<Step, string> = {
  golden: "start from a golden snapshot to the daemon's first answer",
  cold: "cold start, image built, to the daemon's first answer",
  wake: "wake to the daemon's first answer",
  sleep: "sleep until nothing runs",
};

export function rowsOfLives({ fresh, running }: Lives): Row[] {
  const steps = Object.keys(WHAT) as Step[];
  return [
    ...steps.map((step) => {
      const known = sameEveryTime(
        running[step].map(({ calls }) => calls),
        step,
      );
      return callsRow(
        {
          what: `RPCs to Modal: ${WHAT[step]}`,
          note: callsNote(fresh[step].calls, known),
          ...(step === "golden" ? { aim: { says: "<= 8", below: 9 } } : {}),
        },
        running[step].length + 1,
        fresh[step].calls,
      );
    }),
    ...steps.map((step) =>
      timesRow(
        { what: `at Modal: ${WHAT[step]}`, note: timesNote(step, running[step]) },
        running[step].map(({ ms }) => ms),
      ),
    ),
  ];
}

const callsNote = (fresh: string[], known: string[]): string =>
  `By a bot that was just started: ${inWords(fresh)}; ${withoutOnce(fresh).length} without AuthTokenGet and AppGetOrCreate, which it asks once in ` +
  `its life. By a bot that runs, the same every time: ${known.length} (${inWords(known)}).`;

const OURS =
  "By a bot that runs, at the emulator: no network, no machine to be found, no image to be loaded. Files were as they should be, every time.";

function timesNote(step: Step, taken: Taken[]): string {
  if (step === "sleep")
    return `${OURS} Bound by the end of the daemon, which is asked for in steps of 100 ms, and by the emulator's copy of all files.`;
  const provider = inMs(median(taken.map(({ providerMs }) => providerMs)));
  const daemon = inMs(median(taken.map(({ ms, providerMs }) => ms - providerMs)));
  return (
    `${OURS} At the median ${provider} until the provider had the sandbox, then ${daemon} until its daemon answered. Bound by processes that ` +
    "start: bubblewrap, the emulator's way in (a Node), the daemon (a Node)."
  );
}
