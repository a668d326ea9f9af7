/** A row of the table `sandboxes`, and what it says. */
import type { Selectable } from "kysely";
import type { Tables } from "./tables.ts";

export interface KnownSandbox {
  name: string;
  provider: string;
  kind: "warm" | "golden" | "person";
  /** Name of the repository that it is for. */
  repository: string | null;
  /** What it was prepared from. */
  prepared: string | null;
  /** Where its daemon answers; null until it does, and again when it is being ended. */
  url: string | null;
  endsAt: Date | null;
  /** The session that took it. */
  takenBy: string | null;
  /** When it was written down; while a bot is at work on it, when that bot last said so. */
  createdAt: Date;
}

/** As it is written down before it is started, so that a crash in between leaves something to find it by. */
export type NewSandbox = Pick<KnownSandbox, "name" | "provider" | "kind" | "repository" | "prepared"> & {
  /** Now, when it is left out. */
  createdAt?: Date;
};

export const freshRow = ({ createdAt, ...sandbox }: NewSandbox) => ({
  ...sandbox,
  url: null,
  ends_at: null,
  taken_by: null,
  ...(createdAt ? { created_at: createdAt } : {}),
});

type Row = Selectable<Tables["sandboxes"]>;

export const sandboxOf = ({ ends_at, taken_by, created_at, ...row }: Row): KnownSandbox => ({
  ...row,
  endsAt: ends_at,
  takenBy: taken_by,
  createdAt: created_at,
});
