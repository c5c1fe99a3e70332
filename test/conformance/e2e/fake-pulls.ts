import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the fake answers to whatever it is asked. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A forge's API that lists pull requests, and fails as it is told. It listens on 127.0.0.1. */
export class FakePulls {
  answer: Answer = list([]);
  /** How often it was asked. */
  asked = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((_, response) => {
      this.asked++;
      response.writeHead(this.answer.status, { 'Content-Type': this.answer.type }).end(this.answer.body);
    });
  }

  static async start(): Promise<FakePulls> {
    const fake = new FakePulls();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.#server.close();
  }
}

export interface FakePull {
  readonly number: number;
  readonly sha: string;
  readonly labels: readonly string[];
}

/** GitHub's answer to a listing of open pull requests. */
export function list(pulls: readonly FakePull[]): Answer {
  const body = pulls.map(({ number, sha, labels }) => ({
    number,
    title: `Change ${number}`,
    state: 'open',
    head: { ref: `change-${number}`, sha },
    base: { ref: 'main' },
    labels: labels.map((name) => ({ name })),
    user: { login: 'maker' },
  }));
  return { status: 200, type: 'application/json', body: JSON.stringify(body) };
}
