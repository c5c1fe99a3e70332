import type { FakeGitHub, FakeRequest } from './server.ts';
import type { FakeRepository } from './store.ts';

export interface RestAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type Handler = (
  fake: FakeGitHub,
  repo: FakeRepository,
  request: FakeRequest,
  rest: string[],
) => RestAnswer | Promise<RestAnswer>;

export const NOT_FOUND: RestAnswer = { status: 404, body: { message: 'Not Found' } };

export function refused(permissions: string): RestAnswer {
  return {
    status: 403,
    headers: { 'x-accepted-github-permissions': permissions },
    body: { message: 'Resource not accessible by integration' },
  };
}

export function keyOf(repo: FakeRepository): string {
  return `${repo.owner}/${repo.name}`;
}
