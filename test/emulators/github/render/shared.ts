/** Accounts, apps, labels and repositories in GitHub's words, and the part that every payload has in common. */
import type {
  App as AppJson,
  AuthorAssociation,
  InstallationLite,
  Label as LabelJson,
  Organization,
  Reactions,
  Repository as RepositoryJson,
  User,
} from "@octokit/webhooks-types";
import { fullName, type Hub } from "../hub.ts";
import type { Account, App, By, Installation, Label, Reaction, ReactionContent, Repository } from "../state.ts";

export const nodeId = (kind: string, id: number) => `${kind}_${Buffer.from(String(id)).toString("base64url")}`;

export function repositoryUrl(hub: Hub, repository: Repository): string {
  return `${hub.apiUrl}/repos/${fullName(repository)}`;
}

export function htmlUrl(hub: Hub, repository: Repository): string {
  return `${hub.url}/${fullName(repository)}`;
}

export function noreplyEmail(account: Account): string {
  return `${account.id}+${account.login}@users.noreply.github.com`;
}

export function renderUser(hub: Hub, account: Account): User {
  const url = `${hub.apiUrl}/users/${encodeURIComponent(account.login)}`;
  const page = account.type === "Bot" ? `apps/${account.login.replace("[bot]", "")}` : account.login;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(account.type === "Bot" ? "BOT" : account.type === "User" ? "U" : "O", account.id),
    avatar_url: `${hub.url}/avatars/u/${account.id}?v=4`,
    gravatar_id: "",
    url,
    html_url: `${hub.url}/${page}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
  };
}

export function renderOrganization(hub: Hub, account: Account): Organization {
  const url = `${hub.apiUrl}/orgs/${account.login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId("O", account.id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${hub.url}/avatars/u/${account.id}?v=4`,
    description: null,
  };
}

export function renderApp(hub: Hub, app: App): AppJson & { client_id: string } {
  return {
    id: app.id,
    client_id: app.clientId,
    slug: app.slug,
    node_id: nodeId("A", app.id),
    owner: renderUser(hub, app.owner),
    name: app.name,
    description: null,
    external_url: "https://example.test/",
    html_url: `${hub.url}/apps/${app.slug}`,
    created_at: app.createdAt,
    updated_at: app.createdAt,
    permissions: app.permissions as NonNullable<AppJson["permissions"]>,
    events: app.hook.events as NonNullable<AppJson["events"]>,
  };
}

export function renderLabel(hub: Hub, repository: Repository, label: Label): LabelJson {
  return {
    id: label.id,
    node_id: nodeId("LA", label.id),
    url: `${repositoryUrl(hub, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

export function renderReactions(url: string, reactions: Reaction[]): Reactions {
  const count = (content: ReactionContent) => reactions.filter((one) => one.content === content).length;
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    "+1": count("+1"),
    "-1": count("-1"),
    laugh: count("laugh"),
    hooray: count("hooray"),
    confused: count("confused"),
    heart: count("heart"),
    rocket: count("rocket"),
    eyes: count("eyes"),
  };
}

/** As everybody sees it, not as the reader does: a member who keeps the membership private shows as nobody. */
export function associationOf(account: Account, repository: Repository): AuthorAssociation {
  if (repository.owner === account) return "OWNER";
  if (repository.owner.members.get(account.login.toLowerCase())?.isPublic) return "MEMBER";
  return repository.collaborators.has(account.login.toLowerCase()) ? "COLLABORATOR" : "NONE";
}

export interface SharedPart {
  repository: RepositoryJson;
  sender: User;
  installation?: InstallationLite;
  organization?: Organization;
}

export function renderSharedPart(
  hub: Hub,
  repository: Repository,
  by: By,
  installation: Installation | null,
): SharedPart {
  return {
    repository: renderRepository(hub, repository),
    sender: renderUser(hub, by.account),
    ...(repository.owner.type === "Organization" ? { organization: renderOrganization(hub, repository.owner) } : {}),
    ...(installation ? { installation: { id: installation.id, node_id: nodeId("MDIz", installation.id) } } : {}),
  };
}

export function renderRepository(hub: Hub, repository: Repository): RepositoryJson {
  const page = htmlUrl(hub, repository);
  const openIssues = [...repository.issues.values()].filter((issue) => issue.state === "open").length;
  const forks = hub.repositories.filter((one) => one.parent === repository).length;
  return {
    id: repository.id,
    node_id: nodeId("R", repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.isPrivate,
    owner: renderUser(hub, repository.owner),
    html_url: page,
    description: repository.description,
    fork: repository.parent !== null,
    ...repositoryLinks(repositoryUrl(hub, repository)),
    created_at: repository.createdAt,
    updated_at: repository.pushedAt,
    pushed_at: repository.pushedAt,
    git_url: `git:${page.slice(page.indexOf("//"))}.git`,
    ssh_url: `git@${new URL(hub.url).hostname}:${fullName(repository)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 1,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    ...FEATURES,
    forks_count: forks,
    mirror_url: null,
    license: null,
    forks,
    open_issues: openIssues,
    open_issues_count: openIssues,
    watchers: 0,
    default_branch: repository.defaultBranch,
    topics: [],
    visibility: repository.isPrivate ? "private" : "public",
    custom_properties: {},
  };
}

const FEATURES = {
  has_issues: true,
  has_projects: true,
  has_downloads: true,
  has_wiki: false,
  has_pages: false,
  has_discussions: false,
  archived: false,
  disabled: false,
  allow_forking: true,
  is_template: false,
  web_commit_signoff_required: false,
};

function repositoryLinks(url: string) {
  return {
    url,
    forks_url: `${url}/forks`,
    keys_url: `${url}/keys{/key_id}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    teams_url: `${url}/teams`,
    hooks_url: `${url}/hooks`,
    issue_events_url: `${url}/issues/events{/number}`,
    events_url: `${url}/events`,
    assignees_url: `${url}/assignees{/user}`,
    branches_url: `${url}/branches{/branch}`,
    tags_url: `${url}/tags`,
    blobs_url: `${url}/git/blobs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    trees_url: `${url}/git/trees{/sha}`,
    statuses_url: `${url}/statuses/{sha}`,
    languages_url: `${url}/languages`,
    stargazers_url: `${url}/stargazers`,
    contributors_url: `${url}/contributors`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    commits_url: `${url}/commits{/sha}`,
    git_commits_url: `${url}/git/commits{/sha}`,
    comments_url: `${url}/comments{/number}`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    contents_url: `${url}/contents/{+path}`,
    compare_url: `${url}/compare/{base}...{head}`,
    merges_url: `${url}/merges`,
    archive_url: `${url}/{archive_format}{/ref}`,
    downloads_url: `${url}/downloads`,
    issues_url: `${url}/issues{/number}`,
    pulls_url: `${url}/pulls{/number}`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    labels_url: `${url}/labels{/name}`,
    releases_url: `${url}/releases{/id}`,
    deployments_url: `${url}/deployments`,
  };
}
