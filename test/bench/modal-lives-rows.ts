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

export function rowsOfLives(lives: Lives): Row[] {
  const steps = Object.keys(WHAT) as Step[];
  return [
    ...steps.flatMap((step) => callsRows(step, lives)),
    ...steps.map((step) => timesRowOf(step, lives.running[step])),
  ];
}

/** Two, as a bot that was just started has more to ask. */
function callsRows(step: Step, { fresh, running }: Lives): Row[] {
  const known = sameEveryTime(
    running[step].map(({ calls }) => calls),
    step,
  );
  const { calls } = fresh[step];
  const note =
    `Just started: ${inWords(calls)}; ${withoutOnce(calls).length} without AuthTokenGet and AppGetOrCreate, which a bot asks once in its life. ` +
    `Later: ${inWords(known)}, the same every time.`;
  const aim = step === "golden" ? { aim: { says: "<= 8", below: 9 } } : {};
  return [
    callsRow({ what: `RPCs, ${WHAT[step]}, bot just started`, note, ...aim }, 1, calls),
    callsRow({ what: `RPCs, ${WHAT[step]}, later`, note, ...aim }, running[step].length, known),
  ];
}

const OURS =
  "By a bot that runs, at the emulator: no network, no machine to be found, no image to be loaded. Files were as they should be, every time.";

function timesRowOf(step: Step, taken: Taken[]): Row {
  const note = `${OURS} ${step === "sleep" ? ENDS : startNote(taken)}`;
  return timesRow(
    { what: `emulated Modal: ${WHAT[step]}`, note },
    taken.map(({ ms }) => ms),
  );
}

const ENDS =
  "Bound by the end of the daemon, which is asked for in steps of 100 ms, and by the emulator's copy of all files.";

function startNote(taken: Taken[]): string {
  const provider = inMs(median(taken.map(({ providerMs }) => providerMs)));
  const daemon = inMs(median(taken.map(({ ms, providerMs }) => ms - providerMs)));
  return (
    `At the median ${provider} until the provider had the sandbox, then ${daemon} until its daemon answered. Bound by processes that start: ` +
    "bubblewrap, the emulator's way in (a Node), the daemon (a Node)."
  );
}
