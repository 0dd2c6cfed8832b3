/** The HTTP half of the contract. */

import type { Access, History, TurnAnswer, WordsAnswer } from "./types.js";

const PATIENCE_MS = 30_000;

/** The server answered, but not with what was asked for. Network trouble is a TypeError. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfter: number | null,
  ) {
    super(`Expected success, but the server answered ${status} ${code}`);
  }

  /** The conversation or its token is no longer known. */
  get isLost(): boolean {
    return [401, 403, 404].includes(this.status) && !this.isBadIdentity;
  }

  get isBadIdentity(): boolean {
    return this.code === "bad_identity" || this.code === "other_customer";
  }

  /** The same request can never succeed. */
  get isFinal(): boolean {
    return [400, 409, 413, 422].includes(this.status);
  }
}

export class Api {
  private readonly root: string;

  constructor(base: string) {
    this.root = `${base}/api/v1`;
  }

  words(language: string): Promise<WordsAnswer> {
    return this.call("GET", `/widget/words?language=${encodeURIComponent(language)}`);
  }

  start(language: string, identity: string | null): Promise<Access> {
    return this.call("POST", "/conversations", {
      body: identity ? { language, identity } : { language },
    });
  }

  identify(access: Access, identity: string): Promise<unknown> {
    return this.call("POST", `${path(access)}/identity`, { access, body: { identity } });
  }

  say(access: Access, client_id: string, text: string): Promise<TurnAnswer> {
    return this.call("POST", `${path(access)}/messages`, { access, body: { client_id, text } });
  }

  history(access: Access, after: number): Promise<History> {
    return this.call("GET", `${path(access)}/messages?after=${after}`, { access });
  }

  rate(access: Access, score: number): Promise<unknown> {
    return this.call("POST", `${path(access)}/rating`, { access, body: { score } });
  }

  socket(access: Access, after: number): WebSocket {
    const url = this.root.replace(/^http/, "ws") + `${path(access)}/socket?after=${after}`;
    return new WebSocket(url, [`shopbell.${access.token}`]);
  }

  private async call<T>(
    method: string,
    route: string,
    { access, body }: { access?: Access; body?: unknown } = {},
  ): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (access) headers["Authorization"] = `Bearer ${access.token}`;
    if (body) headers["Content-Type"] = "application/json";
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
    try {
      const response = await fetch(this.root + route, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        credentials: "omit",
        cache: body || access ? "no-store" : "default",
        signal: abort.signal,
      });
      if (!response.ok) throw await asError(response);
      return (response.status === 204 ? null : await response.json()) as T;
    } finally {
      clearTimeout(timer);
    }
  }
}

function path(access: Access): string {
  return `/conversations/${encodeURIComponent(access.id)}`;
}

async function asError(response: Response): Promise<ApiError> {
  let code = "";
  try {
    code = String(((await response.json()) as { error: { code: string } }).error.code);
  } catch {
    // A proxy's page, not ours: the status says enough.
  }
  const after = Number(response.headers.get("Retry-After"));
  return new ApiError(response.status, code, after > 0 ? after : null);
}
