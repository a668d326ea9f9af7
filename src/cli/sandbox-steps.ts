/**
 * How far something has come that may take minutes, on stderr: on a terminal one line that changes, with the time that has passed;
 * elsewhere a line for each step and for each line that comes out of it.
 */
import { stripVTControlCharacters } from "node:util";
import { type Clock, every, systemClock } from "../clock.ts";
import { duration } from "../surfaces/figures.ts";
import { paint } from "./output.ts";

export interface Steps {
  /** What begins now. */
  step(text: string): void;
  /** A line that comes out of it, such as one of a build's log. */
  said(line: string): void;
  /** Words that stay, whatever comes after them. */
  note(text: string): void;
  /** Nothing but notes is shown from now on. Safe to repeat. */
  end(): void;
}

/** A stream as far as it is needed here: `process.stderr` is one. */
export interface Screen {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  hasColors?(): boolean;
  write(text: string): unknown;
}

export function openSteps(screen: Screen = process.stderr, clock: Clock = systemClock): Steps {
  return screen.isTTY === true ? oneLine(screen, clock) : plainLines(screen);
}

function plainLines(screen: Screen): Steps {
  let ended = false;
  const print = (line: string): void => {
    if (!ended) screen.write(`${line}\n`);
  };
  return {
    step: (text) => print(`· ${text}`),
    said: (line) => print(`  ${harmless(line)}`),
    note: (text) => void screen.write(`${text}\n`),
    end() {
      ended = true;
    },
  };
}

const REDRAW_EVERY_MS = 1_000;
const CLEAR = "\r\u001b[K";

function oneLine(screen: Screen, clock: Clock): Steps {
  const beganAt = clock.now();
  const colour = screen.hasColors?.() ?? false;
  let line: { step: string; said: string } | null = null;
  let ended = false;
  const clear = (): void => {
    if (line) screen.write(CLEAR);
  };
  const draw = (): void => {
    if (!line) return;
    const words = [`· ${line.step}`, duration(clock.now() - beganAt), line.said].filter(Boolean).join("  ");
    // A line as wide as the terminal would move to the next one, and could not be cleared any more.
    screen.write(CLEAR + paint(["dim"], words.slice(0, (screen.columns || 80) - 1), colour));
  };
  const show = (next: { step: string; said: string }): void => {
    if (ended) return;
    line = next;
    draw();
  };
  const stop = every(clock, REDRAW_EVERY_MS, async () => draw());
  return {
    step: (step) => show({ step, said: "" }),
    said: (said) => show({ step: line?.step ?? "", said: harmless(said) }),
    note(text) {
      clear();
      screen.write(`${text}\n`);
      draw();
    },
    end() {
      stop();
      clear();
      line = null;
      ended = true;
    },
  };
}

/** Foreign words must not move the cursor, or change the colour of ours. */
const harmless = (line: string): string =>
  stripVTControlCharacters(line)
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
