import { emitYaml } from '../core/yaml.ts';
import { loadPreview } from '../model/files.ts';
import { parseImage } from '../model/image.ts';
import { looksLikeCredential } from '../model/load.ts';
import type { PreviewSpecInput } from '../model/preview.ts';
import { API_VERSION } from '../model/scalars.ts';
import { printable } from '../report/text.ts';

/** An app or the whole of a preview, as far as it is known. */
export type AppDraft = { -readonly [K in keyof PreviewSpecInput]?: PreviewSpecInput[K] };

export interface ImportOptions {
  /** Where CI pushes images that the file builds, e.g. `ghcr.io/acme`. @default - not known */
  readonly registry?: string;
}

/** What an import gives: a preview.yaml, and what it could not take over. */
export interface Imported {
  readonly text: string;
  /** One sentence each: what, and why. */
  readonly notes: readonly string[];
}

/** Gathers what is taken over and what is not. */
export class Draft {
  readonly apps = new Map<string, AppDraft>();
  readonly resources: Record<string, { type: string; seed?: string[] }> = {};
  readonly #notes: string[] = [];
  readonly #registry: string | undefined;

  constructor({ registry }: ImportOptions) {
    this.#registry = registry;
  }

  /** Something that is not taken over. Said once. */
  note(what: string, why: string): void {
    const sentence = printable(`${what}: ${why}`, 300);
    if (!this.#notes.includes(sentence)) this.#notes.push(sentence);
  }

  /** The image of an app: without its tag, so that the one of each commit is taken. */
  image(app: string, written: unknown): string {
    const text = typeof written === 'string' ? written : '';
    const parsed = parseImage(text);
    if (typeof parsed !== 'string') {
      if (parsed.digest !== undefined) return text;
      if (parsed.tag !== undefined)
        this.note(`${app}, the tag ${parsed.tag}`, 'the tag of each commit is taken instead');
      return parsed.repository;
    }
    const slug =
      app
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '') || 'app';
    const image = `${this.#registry ?? 'ghcr.io/your-organization'}/${slug}`;
    if (this.#registry === undefined) {
      this.note(
        `${app}, its image`,
        `the file does not say where it is pushed to; ${image} is a guess, give --registry`,
      );
    } else if (text !== '' && text !== '.')
      this.note(`${app}, the image ${text}`, `${image} is taken: previews run images of your registry`);
    return image;
  }

  /** A port, where it can be one. */
  port(app: string, value: unknown): number | undefined {
    const port = Number(value);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
    if (port >= 1024) return port;
    this.note(
      `${app}, port ${port}`,
      'an app would have to be root to listen below 1024; let it listen on PORT, which is 8080',
    );
    return undefined;
  }

  /** A variable; one that could be a secret, or that only the other tool fills in, is left out. */
  variable(app: string, env: Record<string, string>, name: string, value: unknown): void {
    if (name === 'PORT') return;
    const why = unfit(name, value);
    if (why === undefined) env[name] = String(value).replaceAll('${', '$${');
    else this.note(`${app}, the variable ${name}`, why);
  }

  /** The file, which `greenroom check` takes. The first app is the preview itself. */
  finish(first: string): Imported {
    const spec: Record<string, unknown> = { ...this.apps.get(first) };
    const others = [...this.apps].filter(([name]) => name !== first);
    if (others.length > 0) spec['apps'] = Object.fromEntries(others);
    if (Object.keys(this.resources).length > 0) spec['resources'] = this.resources;
    const body = emitYaml({ apiVersion: API_VERSION, kind: 'Preview', spec });
    const head = this.#notes.map((note) => `# not taken over: ${note}\n`).join('');
    const text = `${head}${body}`;
    loadPreview(text, 'preview.yaml');
    return { text, notes: this.#notes };
  }
}

/** Why a variable is not taken over. */
function unfit(name: string, value: unknown): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'a variable cannot have this name';
  if (value === null || value === undefined || value === '') return 'it has no value; add it under env or secrets';
  if (typeof value === 'object') return 'it is not text';
  const text = String(value);
  const isSecret = looksLikeCredential(text) || SECRET_NAME.test(name) || /:\/\/[^/?#@]*:[^/?#@]+@/.test(text);
  return isSecret ? 'it could be a secret; put it into the secret store and name it under secrets' : undefined;
}

const SECRET_NAME =
  /(^|[_-])(PASSWORD|PASSWD|PASS|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|SECRET|PRIVATE)_?-?KEY)$|SECRET_KEY/i;

/** The type of a backing service by the name of its image or add-on. */
export function serviceType(name: string): string | undefined {
  if (/postgres|postgis|timescale/i.test(name)) return 'postgres';
  if (/mysql|mariadb|jawsdb|cleardb/i.test(name)) return 'mysql';
  return /redis|valkey/i.test(name) ? 'redis' : undefined;
}

/** Words of a command line. What only a shell understands is given to one. */
export function commandWords(line: string): string[] {
  const plain = /^[A-Za-z0-9_./:=@%+, "'-]*$/.test(line) && !/=.*"/.test(line);
  if (!plain) return ['sh', '-c', line.replaceAll('${', '$${')];
  return (line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
}

/** A name that an app or a resource can have. */
export function appName(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 20)
    .replace(/-$/, '');
  return slug === '' || ['main', 'preview', 'app', 'release', 'database'].includes(slug)
    ? `the-${slug || 'app'}`
    : slug;
}
