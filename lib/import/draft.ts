import { loadPreview } from '../model/files.ts';
import { isInRegistries, parseImage } from '../model/image.ts';
import { looksLikeCredential } from '../model/load.ts';
import type { PreviewSpecInput } from '../model/preview.ts';
import { API_VERSION } from '../model/scalars.ts';
import { printable } from '../report/text.ts';
import { fitting } from './fitting.ts';

/** The known settings of an app, or of the whole preview. */
export type AppDraft = { -readonly [K in keyof PreviewSpecInput]?: PreviewSpecInput[K] };

export interface ImportOptions {
  /** Where CI pushes images that the file builds, e.g. `ghcr.io/acme`. @default - unknown */
  readonly registry?: string;
}

/** The result of an import. */
export interface Imported {
  readonly text: string;
  /** What was not imported and why, one sentence each. */
  readonly notes: readonly string[];
}

/** Collects imported settings, and notes about others. */
export class Draft {
  /** Beside the first. */
  readonly apps = new Map<string, AppDraft>();
  readonly resources: Record<string, { type: string; seed?: string[] }> = {};
  /** The resource that each backing service has become, by its written name. */
  readonly backing = new Map<string, string>();
  readonly #notes: string[] = [];
  readonly #registry: string | undefined;

  constructor({ registry }: ImportOptions) {
    this.#registry = registry;
  }

  /** Notes something that is not imported; the same note only once. */
  note(what: string, why: string): void {
    const sentence = printable(`${what}: ${why}`, 300);
    if (!this.#notes.includes(sentence)) this.#notes.push(sentence);
  }

  /** An app beside the first. It makes way for a resource of the same name. */
  app(written: string, app: AppDraft): void {
    const name = appName(written);
    const free = Object.hasOwn(this.resources, name) ? `the-${name}`.slice(0, 40) : name;
    if (this.apps.has(free)) this.note(written, `another app is already called ${free}; give it another name`);
    else this.apps.set(free, app);
  }

  /** A backing service. One of each type: they share the network of one pod, and one is enough. */
  resource(written: string, type: string): void {
    const [there] = Object.entries(this.resources).find(([, each]) => each.type === type) ?? [];
    // REDIS_URL is that of a redis.
    const name = resourceName(written);
    const wanted = name === 'redis' && type !== name ? `the-${name}` : name;
    if (there !== undefined) this.note(written, `one ${type} is enough for all: ${there} is it`);
    else this.resources[wanted] = { type };
    this.backing.set(written, there ?? wanted);
  }

  /**
   * The image of an app: without its tag, so that the one of each commit is taken. Where it is known where CI pushes,
   * another image can only be a base of what CI builds.
   */
  image(app: string, written: unknown): string {
    const text = typeof written === 'string' ? written : '';
    const parsed = parseImage(text);
    const registries = this.#registry === undefined ? [] : [this.#registry];
    if (typeof parsed !== 'string' && (registries.length === 0 || isInRegistries(parsed, registries))) {
      if (parsed.digest !== undefined) return text;
      if (parsed.tag !== undefined)
        this.note(`${app}, the tag ${parsed.tag}`, 'the tag of each commit is used instead');
      return parsed.repository;
    }
    const slug =
      app
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')
        .slice(0, 100)
        .replace(/-$/, '') || 'app';
    const image = `${this.#registry ?? 'ghcr.io/your-organization'}/${slug}`;
    if (this.#registry === undefined) {
      this.note(
        `${app}, its image`,
        `the file does not say where it is pushed to; ${image} is a guess, use --registry`,
      );
    } else if (text !== '' && text !== '.')
      this.note(`${app}, the image ${text}`, `${image} is used: previews run images of your registry`);
    return image;
  }

  /** A valid port, or undefined. */
  port(app: string, value: unknown): number | undefined {
    const port = Number(value);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
    if (port >= 1024) return port;
    this.note(`${app}, port ${port}`, 'only root may listen below 1024; let the app listen on PORT, which is 8080');
    return undefined;
  }

  /** A variable. It is left out if it could be a secret or needs the other tool. */
  variable(app: string, env: Record<string, string>, name: string, value: unknown): void {
    if (name === 'PORT') return;
    const why = unfit(name, value);
    if (why === undefined) env[name] = literal(String(value));
    else this.note(`${app}, the variable ${name}`, why);
  }

  /** The file, which `greenroom check` takes. @param first the app that is the preview itself */
  finish(first: AppDraft): Imported {
    const spec: Record<string, unknown> = { ...first };
    if (this.apps.size > 0) spec['apps'] = Object.fromEntries(this.apps);
    if (Object.keys(this.resources).length > 0) spec['resources'] = this.resources;
    const body = fitting({ apiVersion: API_VERSION, kind: 'Preview', spec }, (what, why) => this.note(what, why));
    const text = `${this.#notes.map((note) => `# not imported: ${note}\n`).join('')}${body}`;
    loadPreview(text, 'preview.yaml');
    return { text, notes: this.#notes };
  }
}

/** Why a variable is not imported; undefined if it is. */
function unfit(name: string, value: unknown): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) || name === '__proto__') return 'a variable cannot have this name';
  if (value === null || value === undefined || value === '') return 'it has no value; add it under env or secrets';
  if (typeof value === 'object') return 'it is not text';
  const text = String(value);
  const isSecret = looksLikeCredential(text) || SECRET_NAME.test(name) || /:\/\/[^/?#@]*:[^/?#@]+@/.test(text);
  return isSecret ? 'it could be a secret; put it into the secret store and name it under secrets' : undefined;
}

const SECRET_NAME =
  /(^|[_-])(PASSWORD|PASSWD|PASS|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|SECRET|PRIVATE)_?-?KEY)$|SECRET_KEY/i;

/** Programs around a service, which are no such service. */
const AROUND = /admin|backup|bouncer|client|commander|exporter|insight|migrat|operator|proxy|sentinel|web|-ui\b/i;

/** The type of a backing service by the last part of its image's name, or by its add-on. */
export function serviceType(name: string): string | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1).replace(/[:@].*$/, '');
  if (AROUND.test(last)) return undefined;
  if (/postgres|postgis|timescale/i.test(last)) return 'postgres';
  if (/mysql|mariadb|jawsdb|cleardb/i.test(last)) return 'mysql';
  return /redis|valkey/i.test(last) ? 'redis' : undefined;
}

/** A text in which nothing is read as a placeholder. */
export function literal(text: string): string {
  // By a function: `$$` in a replacement stands for one `$`.
  return text.replaceAll('${', () => '$${');
}

/** Words of a command line. If it needs a shell, it becomes `sh -c`. */
export function commandWords(line: string): string[] {
  const plain = /^[A-Za-z0-9_./:=@%+, "'-]*$/.test(line) && !/=.*"/.test(line);
  if (!plain) return ['sh', '-c', literal(line)];
  return (line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
}

/** Names that the containers and variables of every preview have. */
const RESERVED = ['main', 'preview', 'app', 'release', 'database'];

/** A name that a resource can have. */
const resourceName = (text: string) => named(text, RESERVED);

/** A name that an app can have: none whose `<NAME>_URL` is that of a usual service. */
export const appName = (text: string) => named(text, [...RESERVED, 'redis']);

function named(text: string, reserved: readonly string[]): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 20)
    .replace(/-$/, '');
  return slug === '' || reserved.includes(slug) ? `the-${slug || 'app'}` : slug;
}
