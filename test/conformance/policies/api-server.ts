import { Agent, request } from 'node:https';

/** Where an API server listens and who asks. */
export interface Access {
  /** https://127.0.0.1:PORT */
  readonly server: string;
  /** Bearer token of an administrator. */
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever object the API server answers with
  readonly body: any;
  /** Texts of the `Warning` headers. */
  readonly warnings: readonly string[];
}

/** Speaks to an API server on loopback without a client program in between: thousands of requests in seconds. */
export class ApiServer {
  readonly #access: Access;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16, rejectUnauthorized: false });
  #resources = new Map<string, { path: string; namespaced: boolean }>();

  constructor(access: Access) {
    this.#access = access;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @param as user to impersonate. @default - the administrator */
  send(method: string, path: string, body?: unknown, as?: Impersonation): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string | string[]> = {
      authorization: `Bearer ${this.#access.token}`,
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      ...(as && { 'impersonate-user': as.user, 'impersonate-group': [...as.groups] }),
    };
    return new Promise((resolve, reject) => {
      const asked = request(`${this.#access.server}${path}`, { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            body: text.startsWith('{') ? JSON.parse(text) : text,
            warnings: warningTexts(response.headers['warning']),
          });
        });
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end(payload);
    });
  }

  /** Creates or replaces an object; fails loudly. */
  async apply(object: Manifest): Promise<void> {
    const answer = await this.#apply(await this.#pathOf(object), object);
    if (answer.status >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${JSON.stringify(answer.body)}`);
  }

  /** As `apply`, but nothing is kept, unknown and doubled fields are refused, and a refusal is an answer. */
  async tryApply(object: Manifest): Promise<Answer> {
    return this.#apply(`${await this.#pathOf(object)}&dryRun=All&fieldValidation=Strict`, object);
  }

  async #pathOf(object: Manifest): Promise<string> {
    return `${await this.path(object)}/${object.metadata.name}?fieldManager=test&force=true`;
  }

  #apply(path: string, object: Manifest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${this.#access.token}`,
        'content-type': 'application/apply-patch+yaml',
      };
      const asked = request(`${this.#access.server}${path}`, { method: 'PATCH', headers, agent: this.#agent }, (r) => {
        let text = '';
        r.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        r.on('end', () => {
          resolve({ status: r.statusCode ?? 0, body: text, warnings: warningTexts(r.headers['warning']) });
        });
      });
      asked.on('error', reject);
      asked.end(JSON.stringify(object));
    });
  }

  /** Path of the collection that an object of this kind is created in. */
  async path(object: Manifest): Promise<string> {
    const { path, namespaced } = await this.#resource(object);
    const namespace = object.metadata.namespace ?? 'default';
    return namespaced ? path.replace('{namespace}', `namespaces/${namespace}/`) : path.replace('{namespace}', '');
  }

  /** Whether the server knows the kind. */
  async serves(object: Manifest): Promise<boolean> {
    return this.#resource(object).then(
      () => true,
      () => false,
    );
  }

  async #resource({ apiVersion, kind }: Manifest): Promise<{ path: string; namespaced: boolean }> {
    const key = `${apiVersion} ${kind}`;
    const known = this.#resources.get(key);
    if (known) return known;
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { body } = await this.send('GET', root);
    // biome-ignore lint/suspicious/noExplicitAny: discovery
    const found = body.resources?.find((r: any) => r.kind === kind && !r.name.includes('/'));
    if (!found) throw new Error(`the API server serves no ${kind} of ${apiVersion}`);
    const resource = { path: `${root}/{namespace}${found.name}`, namespaced: found.namespaced as boolean };
    this.#resources.set(key, resource);
    return resource;
  }
}

export interface Impersonation {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** `299 - "text", 299 - "text"`; quotes and backslashes inside are escaped. */
function warningTexts(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...text.matchAll(/\d{3} \S+ "((?:\\.|[^"\\])*)"/g)].map(([, quoted]) => quoted!.replace(/\\(.)/g, '$1'));
}
