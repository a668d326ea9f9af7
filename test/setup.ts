/** Before and after the whole of `npm test`: one Postgres for all files. */
import { testPostgres } from "./database.ts";

export async function globalSetup(): Promise<void> {
  await testPostgres();
}

export async function globalTeardown(): Promise<void> {
  await (await testPostgres()).stop();
}
