/**
 * A Slack workspace, or an organisation of many, that has installed the bot. The store keeps it, the surface speaks with its token, the
 * handlers make it and end it; this is what they agree on.
 */

/** Where people install it, and where Slack sends them back to; below PUBLIC_URL. */
export const INSTALL_PATH = "/slack/install";
export const REDIRECT_PATH = "/slack/oauth_redirect";

/** All of it that is no secret. */
export interface Installation {
  /** See `installationKey`. */
  key: string;
  /** Null where an organisation has installed it for all its workspaces. */
  team: string | null;
  enterprise: string | null;
  /** Of the workspace or the organisation, as it was called then. */
  name: string;
  app: string | null;
  botUser: string;
  scopes: string[];
  installedBy: string;
  installedAt: Date;
}

export interface Tokens {
  token: string;
  /** With Slack's token rotation: what the next token is had with, once. */
  refreshToken: string | null;
  /** Null: never. */
  expiresAt: Date | null;
}

/** To whose installation something in Slack belongs, as Slack says with it. */
export interface Where {
  teamId?: string | undefined;
  enterpriseId?: string | undefined;
  isEnterpriseInstall?: boolean | undefined;
}

export interface InstallationBook {
  /** In the place of what was there under the same key. */
  save(installation: Installation, tokens: Tokens): Promise<void>;
  list(): Promise<Installation[]>;
  find(key: string): Promise<Installation | null>;
  /** Notes that something of this workspace came by that installation; not where it has one of its own, and is of another organisation. */
  serves(key: string, team: string): Promise<void>;
  /** By the last that was noted, else the workspace's own. */
  forTeam(team: string): Promise<Installation | null>;
  /** Throws `secret.unreadable`. */
  tokens(key: string): Promise<Tokens | null>;
  /**
   * New tokens for old, one bot at a time: whoever comes second gets what the first one got. Null where there is no such installation, and,
   * unless it `waits`, where another bot is at it.
   */
  renew(key: string, due: Due, renewed: (refreshToken: string) => Promise<Tokens>): Promise<Tokens | null>;
  /** Gives back whether there was one. What was installed after `until` stays, and with `botUsers` what is of another bot user. */
  remove(key: string, told: { until: Date; botUsers?: string[] | undefined }): Promise<boolean>;
}

export interface Due {
  is(tokens: Tokens): boolean;
  waits: boolean;
}

/** Null where Slack names neither. An organisation's id stands in the place of a workspace's where there is none. */
export function installationKey({ teamId, enterpriseId, isEnterpriseInstall }: Where): string | null {
  const enterprise = enterpriseId ?? (teamId?.startsWith("E") ? teamId : undefined);
  if (enterprise && (isEnterpriseInstall || !teamId || teamId === enterprise)) return `enterprise:${enterprise}`;
  return teamId ? `team:${teamId}` : null;
}
