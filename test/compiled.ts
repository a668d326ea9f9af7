/** Where Node keeps what it compiled: hundreds of processes start here, and without it each would compile the whole bot anew. */
import { tmpdir } from "node:os";
import { join } from "node:path";

export const COMPILED = join(tmpdir(), "threadbox-test-compiled");
