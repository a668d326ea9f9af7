/** How much of one thing goes into the journal. The numbers are part of the wire: see the comments in `wire/events.ts`. */

export const MAX_PROMPT_CHARS = 20_000;
export const MAX_ANSWER_CHARS = 100_000;
export const MAX_TITLE_CHARS = 300;
/** As much as a person reads before a click, and what fits on a button of Slack's. */
export const MAX_QUESTION_CHARS = 2_000;
export const MAX_OPTION_CHARS = 75;
export const MAX_INPUT_CHARS = 4_000;
export const MAX_OUTPUT_CHARS = 16_000;
export const MAX_RAW_CHARS = 16_000;
export const MAX_STDERR_CHARS = 4_000;
export const MAX_PATCH_CHARS = 200_000;

/** At most `max` characters of it, from the front. */
export function cutEnd(text: string, max: number): string {
  return text.length <= max ? text : `${wellFormed(text.slice(0, max - 1))}…`;
}

/** At most `max` characters of it: the beginning says what it was, the end how it went out. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const mark = `\n… ${text.length - max} characters cut …\n`;
  const half = Math.floor((max - mark.length) / 2);
  return wellFormed(text.slice(0, half)) + mark + wellFormed(text.slice(-half));
}

/** A cut between the two halves of an emoji leaves half a character, which is not text any more and breaks parsers downstream. */
function wellFormed(text: string): string {
  return text.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, "");
}
