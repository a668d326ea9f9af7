/**
 * The commit that a turn is about, against what stands on the remote now. Between somebody's words and the clone anybody who may push there
 * can have changed it ("Bot-Delegated TOCTOU"): so what is worked on is ruled here, before anything is checked out. Pure.
 */

export interface HeadFacts {
  /** Who pushes there: people who may write to the repository, or whoever has the fork. */
  from: "branch" | "fork";
  /** What the remote has there: that commit, more on top of it, something else, or nothing at all. */
  now: "same" | "grown" | "rewritten" | "gone";
}

export type HeadRuling =
  /** `remark`: what people have to be told of it. */
  { is: "begin"; at: "pin" | "now"; remark: string | null } | { is: "refuse"; detail: string };

export interface HeadNames {
  pin: string;
  now: string | null;
  branch: string;
}

export function ruleOnHead({ from, now }: HeadFacts, names: HeadNames): HeadRuling {
  const pin = short(names.pin);
  const isFork = from === "fork";
  const place = isFork ? "The pull request's branch" : `\`${names.branch}\``;
  switch (now) {
    case "same":
      return { is: "begin", at: isFork ? "pin" : "now", remark: null };
    case "grown":
      return isFork
        ? { is: "begin", at: "pin", remark: `Asked at ${pin}: what was pushed to the fork since is not in this.` }
        : {
            is: "begin",
            at: "now",
            remark: `Asked at ${pin}; ${place} has newer commits, so I began at ${shortOf(names.now)}.`,
          };
    case "rewritten":
      return {
        is: "refuse",
        detail: `${place} was force-pushed since that was asked: ${pin} is not part of it any more.`,
      };
    case "gone":
      return { is: "refuse", detail: `${place} is not there any more; that was asked at ${pin}.` };
    default:
      return now satisfies never;
  }
}

/** As people write it. */
const short = (sha: string): string => sha.slice(0, 10);
const shortOf = (sha: string | null): string => (sha ? short(sha) : "another commit");
