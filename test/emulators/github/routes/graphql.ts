/** `POST /graphql`: errors come with status 200, as GitHub sends them. */
import { z } from "zod";
import { DocumentRefused, execute } from "../graphql/execute.ts";
import { parseOperation, SyntaxProblem } from "../graphql/parse.ts";
import { INTERFACES, mutationRoot, queryRoot } from "../graphql/schema.ts";
import { answerCommit } from "../graphql-commit.ts";
import { requiresAuthentication } from "../problem.ts";
import { type Call, ok, type Reply, type Route, route } from "../router.ts";

const Body = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).nullish() });

/** It is not among the routes that octokit's REST methods know. */
export const graphqlRoute: Route = route("POST /graphql", answer);

async function answer(call: Call): Promise<Reply> {
  const { hub, actor } = call;
  if (actor.is === "anonymous") throw requiresAuthentication();
  const { query, variables } = Body.parse(call.body);
  const committed = await answerCommit(hub, actor, { query, variables: variables ?? {} });
  if (committed) return ok(committed);
  try {
    const operation = parseOperation(query);
    const root = operation.is === "query" ? queryRoot({ hub, actor }) : mutationRoot({ hub, actor });
    return ok(execute(operation, root, { given: variables ?? {}, interfaces: INTERFACES }));
  } catch (thrown) {
    if (!(thrown instanceof DocumentRefused) && !(thrown instanceof SyntaxProblem)) throw thrown;
    return ok({ errors: [{ message: thrown.message }] });
  }
}
