/** What agents may do without asking (`permissions:` in threadbox.yml, for all repositories and for each), and how long they may be silent. */
import { z } from "zod";
import type { Ms, Repository } from "./core/types.ts";
import type { AgentRequest, Permissions } from "./wire/routes.ts";

const CLASSES = "run (commands), edit (files), read (files) or fetch (addresses)";
/** What people write for a class, and no agent calls a tool. */
const NO_TOOLS =
  /^(commands?|terminal|exec|execution|files?|edits|writes|reads|runs|web|network|http|internet|urls?)$/i;
/** More is a policy that nobody overlooks; the repository's and those of all go to the daemon together, which takes 100. */
const MAX_RULES = 50;

const Decide = z.enum(["ask", "allow", "deny"], { error: "has to be ask, allow or deny" });

const Rule = z
  .strictObject({
    decide: Decide.describe("ask (somebody in the thread says Allow or Deny), allow or deny."),
    tool: z
      .string()
      .regex(/^[\w.:*-]+$/, { error: `has to be ${CLASSES}, or an agent's own name of a tool, such as mcp__linear__*` })
      .refine((tool) => !NO_TOOLS.test(tool), { error: `is no tool; ${CLASSES} may be meant` })
      .optional()
      .describe(`${CLASSES}, or an agent's own name of a tool; any, when it is left out.`),
    pattern: z
      .string()
      .min(1)
      .max(500)
      .refine((pattern) => pattern === pattern.trim(), { error: "begins or ends with a blank, and fits nothing so" })
      .refine((pattern) => !/^\^|(?<!\\)\$$/.test(pattern), {
        error: "is no regular expression: * is anything, all else is itself, and it is about the whole command or path",
      })
      .optional()
      .describe(
        "The whole command, path (from the repository's folder) or address; * is anything. Any, when it is left out.",
      ),
  })
  .refine(
    ({ decide, tool, pattern = "" }) =>
      decide !== "allow" || isOnPaths(tool) || !/\*/.test(pattern) || !/[;&|]/.test(pattern),
    {
      path: ["pattern"],
      error: "allows nothing: no * allows a line of several commands; allow each of them by a rule of its own",
    },
  );

export const PermissionsSection = z.strictObject({
  rules: z
    .array(Rule)
    .max(MAX_RULES)
    .superRefine((rules, context) => {
      const all = rules.findIndex(({ tool, pattern = "*" }) => tool === undefined && pattern === "*");
      const message = `is never reached: rule ${all + 1} fits everything`;
      if (all >= 0 && all < rules.length - 1) context.addIssue({ code: "custom", path: [all + 1], message });
    })
    .default([])
    .describe("The first one that fits decides."),
  otherwise: Decide.optional().describe("Where no rule fits; allow, when it is left out."),
});
type Section = z.infer<typeof PermissionsSection>;

const isOnPaths = (tool = ""): boolean => ["edit", "read", "fetch"].includes(tool);

/** What holds for all, and by repository name. */
export interface TeamPermissions {
  all?: Section | undefined;
  of: Record<string, Section>;
}

export const toPermissions = (file: {
  permissions?: Section | undefined;
  repositories: { name: string; permissions?: Section | undefined }[];
}): TeamPermissions => ({
  all: file.permissions,
  of: Object.fromEntries(
    file.repositories.flatMap(({ name, permissions }) => (permissions ? [[name, permissions]] : [])),
  ),
});

/** What an agent is told of that when it is sent to work. */
export interface AgentGuard {
  permissions(repository: Pick<Repository, "name">): Permissions | undefined;
  silence?: AgentRequest["silence"];
}

/** A repository's own rules come before those of all, so that it can say otherwise. Undefined where nobody says anything. */
export const agentGuard = (team: {
  permissions?: TeamPermissions | undefined;
  silence?: AgentRequest["silence"];
}): AgentGuard => ({
  ...(team.silence ? { silence: team.silence } : {}),
  permissions({ name }) {
    const { all, of = {} } = team.permissions ?? {};
    const own = of[name];
    if (!all && !own) return undefined;
    const rules = [...(own?.rules ?? []), ...(all?.rules ?? [])].map(({ decide, tool, pattern }) => ({
      decide,
      ...(tool === undefined ? {} : { tool }),
      ...(pattern === undefined ? {} : { pattern }),
    }));
    return { rules, otherwise: own?.otherwise ?? all?.otherwise ?? "allow" };
  },
});

/** Twice the five minutes that pi itself waits for a provider that says nothing: what an agent notices by itself it mends by itself. */
export const SILENT_MINUTES = 10;
/** What a tool prints is told at its end, so a whole build or test suite is one silence. */
export const SILENT_TOOL_MINUTES = 30;

export const toSilence = ({
  silentMinutes = SILENT_MINUTES,
  silentToolMinutes = SILENT_TOOL_MINUTES,
}: {
  silentMinutes?: number | undefined;
  silentToolMinutes?: number | undefined;
}): { modelMs: Ms; toolMs: Ms } => ({
  modelMs: Math.round(silentMinutes * 60_000),
  toolMs: Math.round(silentToolMinutes * 60_000),
});
