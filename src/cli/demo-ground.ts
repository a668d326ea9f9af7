/** The folder of one demo: its repository, and a home for its bot. Everything that the demo leaves on this machine lies in it. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDemoRepository } from "./demo-repository.ts";

export interface DemoGround {
  folder: string;
  /** Root of the bare repositories, for `serveGit`. */
  repositories: string;
  /** THREADBOX_HOME of the demo's bot. */
  home: string;
  remove(): void;
}

/** A socket's path may have a hundred bytes, and `/threadbox-demo-XXXXXX/home/postgres/socket/.s.PGSQL.5432` has 57 of them. */
const MAX_ROOT_BYTES = 43;

export function openGround(): DemoGround {
  const root = Buffer.byteLength(realpathSync(tmpdir())) > MAX_ROOT_BYTES ? "/tmp" : tmpdir();
  const folder = realpathSync(mkdtempSync(join(root, "threadbox-demo-")));
  // Postgres refuses to run as root; the user that it runs as then has to pass through here.
  if (process.getuid?.() === 0) chmodSync(folder, 0o711);
  const repositories = join(folder, "git");
  const home = join(folder, "home");
  mkdirSync(home, { mode: 0o755 });
  makeDemoRepository(repositories);
  return {
    folder,
    repositories,
    home,
    remove() {
      const elsewhere = shelterOf(home);
      if (elsewhere) rmSync(elsewhere, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where the database went when its user may not enter the folder after all: the pointer that it leaves behind says so. */
function shelterOf(home: string): string | null {
  const pointer = join(home, "postgres", "WHERE");
  return existsSync(pointer) ? readFileSync(pointer, "utf8").trim() : null;
}
