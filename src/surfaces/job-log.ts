/**
 * What of the log of a CI's job says why it failed. Logs are foreign text: whoever opens a pull request writes into them, with colours, with
 * letters that show nothing, and with whatever tokens the job came by. Pure.
 */
import { blankTokens } from "../wire/secrets.ts";

/** GitHub puts one in front of each line. */
const TIMESTAMP = /^\uFEFF?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?/;
/** Of the letters that show nothing a log needs the line's end and the tab. */
const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu;

/** Colours, and links in a terminal. Not Node's own pattern, which follows each link that has no end to the end of the log. */
const ESCAPES = new RegExp(
  [
    "\\u001B\\][^\\u0007\\u001B\\u009C\\n]*(?:\\u0007|\\u001B\\\\|\\u009C)",
    "(?:\\u001B\\[|\\u009B)[0-?]{0,50}[ -/]{0,5}[@-~]",
    "\\u001B[ -/]{0,5}[0-Z\\\\^-~]",
  ].join("|"),
  "g",
);

/** As a person would read it. */
export const plainLog = (text: string): string =>
  blankTokens(
    text
      .replace(ESCAPES, "")
      .split(/\r?\n/)
      // A progress bar writes its line again and again; the last time counts.
      .map((line) => line.replace(TIMESTAMP, "").split("\r").at(-1) ?? "")
      .join("\n")
      .replace(HIDDEN, ""),
  );

/** The step that failed, as GitHub Actions writes it: from its heading to the error that ended it; all of it, where it was written otherwise. */
export function failedStep(log: string): string {
  const lines = log.split("\n");
  const ended = lines.findIndex((line) =>
    /^##\[error\](?:Process completed with exit code|The operation was canceled)/.test(line),
  );
  const last = ended >= 0 ? ended : lines.findLastIndex((line) => line.startsWith("##[error]"));
  if (last < 0) return log.trim();
  const begun = lines.slice(0, last).findLastIndex((line) => line.startsWith("##[group]Run "));
  return lines
    .slice(Math.max(0, begun), last + 1)
    .filter((line) => line !== "##[endgroup]")
    .join("\n")
    .trim();
}
