/**
 * pi asks nobody before it uses a tool; this extension of ours asks before every one but our own `ask`. It takes pi's `input` as that one
 * does, and carries tool and subject in the placeholder, where `pi-dialog.ts` finds them. Whatever goes wrong in it is a no.
 */

/** As with `ASK_FILE`: Node runs this as it is. */
export const LEAVE_FILE = "leave.mjs";

export const LEAVE_EXTENSION = `// Its own tools take fields that they do not know, and heed the path alone.
const OF_FILES = ["read", "write", "edit", "grep", "find", "ls"];

const subjectOf = (tool, input) => {
  const { command, path, url, pattern } = input ?? {};
  const named = OF_FILES.includes(tool) ? [path] : [command, path, url, pattern];
  const subject = named.find((one) => typeof one === "string" && one !== "");
  return subject ?? JSON.stringify(input ?? {});
};

export default (pi) =>
  pi.on("tool_call", async ({ toolName: tool, input }, ctx) => {
    if (tool === "ask") return undefined;
    try {
      const leave = { tool, subject: subjectOf(tool, input) };
      const answer = await ctx.ui.input("Allow " + tool + "?", JSON.stringify({ leave }), { signal: ctx.signal });
      if (answer === "Allow") return undefined;
      const said = answer === undefined ? "Nobody gave leave for this in time." : answer;
      return { block: true, reason: said === "Deny" ? "The people you work for did not allow this." : said };
    } catch (error) {
      return { block: true, reason: "Nobody could be asked for leave: " + error };
    }
  });
`;
