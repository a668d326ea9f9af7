/** Refusals, in GitHub's words and with GitHub's status. Libraries read some of these sentences, so they are literal. */

export interface FieldProblem {
  resource: string;
  code: "missing" | "missing_field" | "invalid" | "already_exists" | "unprocessable" | "custom";
  field?: string;
  message?: string;
}

export class ApiProblem extends Error {
  readonly status: number;
  readonly errors: FieldProblem[] | undefined;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    message: string,
    more: { errors?: FieldProblem[]; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }

  body(): Record<string, unknown> {
    return {
      message: this.message,
      ...(this.errors ? { errors: this.errors } : {}),
      documentation_url: "https://docs.github.com/rest",
      status: String(this.status),
    };
  }
}

export const badCredentials = () => new ApiProblem(401, "Bad credentials");
export const requiresAuthentication = () => new ApiProblem(401, "Requires authentication");
export const notFound = () => new ApiProblem(404, "Not Found");
export const notForIntegration = () => new ApiProblem(403, "Resource not accessible by integration");
export const notForToken = () => new ApiProblem(403, "Resource not accessible by personal access token");
export const suspended = () => new ApiProblem(403, "This installation has been suspended");
export const validationFailed = (...errors: FieldProblem[]) => new ApiProblem(422, "Validation Failed", { errors });
/** 422 with a sentence and no list of fields. */
export const unprocessable = (message: string) => new ApiProblem(422, message);
