/** Before and after the whole of `npm test`: one Postgres for all files, and what Node compiles is compiled once. */
import { COMPILED } from "./compiled.ts";
import { testPostgres } from "./database.ts";

export async function globalSetup(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= COMPILED;
  await testPostgres();
}

export async function globalTeardown(): Promise<void> {
  await (await testPostgres()).stop();
}
