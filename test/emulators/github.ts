/**
 * GitHub at its network boundary: the REST API for octokit, git over HTTP for git, signed webhooks for the bot, and people who act and look.
 * It keeps state, enforces tokens, permissions and limits, and fails on order. Written from GitHub's documentation and octokit's types.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createAppHandle, type AppHandle, type AppWish } from "./github/app-handle.ts";
import { addRun, completeSuite, suiteFor } from "./github/actions/checks.ts";
import { createApp } from "./github/apps.ts";
import { createFaults, type Faults } from "./github/faults.ts";
import { gitTemplates } from "./github/git-http.ts";
import { refs } from "./github/git.ts";
import { asUser, fullName, type Hub, idCounter } from "./github/hub.ts";
import { createLimits, type LimitOptions } from "./github/limits.ts";
import { type Done, type Person, personAt } from "./github/people.ts";
import { htmlUrl, renderSharedPart } from "./github/render/shared.ts";
import { restRoutes } from "./github/rest.ts";
import { listen, type RequestRecord } from "./github/server.ts";
import {
  accountNamed,
  createAccount,
  createPersonalToken,
  createRepository,
  forkRepository,
  type RepositoryDraft,
  renameRepository,
  repositoryNamed,
  writeHooks,
} from "./github/setup.ts";
import type { App, Conclusion, Repository, Role } from "./github/state.ts";
import { type IssueView, type PullView, viewBranches, viewCommits, viewFiles, viewIssue, viewPulls } from "./github/views.ts";
import { createWebhooks, type Delivery } from "./github/webhooks.ts";

export interface GitHubOptions extends LimitOptions {
  /** Times, token lifetimes and limits go by it. */
  clock?: Pick<Clock, "now">;
  /** App JWTs are made against the wall clock by the libraries that make them, so they are checked against it too. */
  jwtNow?: () => number;
  /** How long a webhook may take to be answered. GitHub waits ten seconds. */
  webhookTimeoutMs?: number;
}
