/** One clone with one branch of ours, over the real `git`; the steps of its life are in `git-prepare.ts` and `git-publish.ts`. */
import { type Checkout, CheckoutError, type CheckoutSpec } from "./checkout.ts";
import { removeStaleLocks } from "./git-branch.ts";
import { runCommand } from "./git-command.ts";
import { hookScript, hooksFolder, INSTALL_HOOK } from "./git-hook.ts";
import { checkBranch, type Person, plainPerson } from "./git-names.ts";
import { type Prepared, prepareCheckout } from "./git-prepare.ts";
import { commitCheckout, publishCheckout } from "./git-publish.ts";
import { type GitOptions, openRepository } from "./git-repository.ts";

export type { GitOptions } from "./git-repository.ts";

/** Throws `CheckoutError` at once for a source or a branch that no git could use. */
export function createGitCheckout(spec: CheckoutSpec, options: GitOptions): Checkout {
  checkBranch(spec.branch);
  checkBranch(spec.base);
  const repository = openRepository(spec, options);
  let prepared: Prepared | null = null;
  let coAuthors: Person[] = [];

  return {
    spec,
    async prepare(report) {
      prepared = await prepareCheckout(spec, options, report);
    },
    remarks: () => prepared?.remarks ?? { agent: [], people: [] },
    async begin(people) {
      coAuthors = people;
      const { clone, must, dir, env, owner } = repository;
      const { name, email } = plainPerson(spec.identity);
      await removeStaleLocks(repository);
      await must(clone(["config", "user.name", name]));
      await must(clone(["config", "user.email", email]));
      const hook = { cwd: dir, env, owner, stdin: hookScript(people) };
      const installed = await runCommand("sh", ["-c", INSTALL_HOOK, "sh", await hooksFolder(repository)], hook);
      if (installed.code !== 0) throw repository.failure("git.clone-failed", `No hook: ${installed.stderr.trim()}`);
    },
    commit: async (subject) => commitCheckout(needed(prepared), subject, coAuthors),
    publish: async (subject, only, grant) => publishCheckout(needed(prepared), { subject, coAuthors, only, grant }),
  };
}

function needed(prepared: Prepared | null): Prepared {
  if (!prepared) throw new CheckoutError("git.clone-failed", "The clone was never prepared.");
  return prepared;
}
