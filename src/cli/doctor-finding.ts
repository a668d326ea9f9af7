/** One line of the doctor. */
import { catalogEntry, toThreadboxError } from "../errors.ts";

export interface Finding {
  /** What was looked at, in a word or two. */
  what: string;
  /** `warn`: it works, and a person should know. `skip`: it was not looked at, because of something that has failed already. */
  state: "ok" | "warn" | "fail" | "skip";
  detail: string;
  remedy?: string;
}

export const ok = (what: string, detail: string): Finding => ({ what, state: "ok", detail });

export const skip = (what: string, detail: string): Finding => ({ what, state: "skip", detail });

export const warn = (what: string, detail: string, remedy: string): Finding => ({
  what,
  state: "warn",
  detail,
  remedy,
});

export const fail = (what: string, detail: string, remedy: string): Finding => ({
  what,
  state: "fail",
  detail,
  remedy,
});

/** A check that throws has found something as well. `ifSilent` is what helps when the other side does not answer: nobody tries again here. */
export async function tried(what: string, ifSilent: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (thrown) {
    const { code, detail, remedy } = toThreadboxError(thrown);
    return [fail(what, detail, catalogEntry(code).retry === "never" ? remedy : ifSilent)];
  }
}
