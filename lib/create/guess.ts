import { emitYaml } from '../core/yaml.ts';
import { loadPreview } from '../model/files.ts';
import { PREVIEW_FILE } from '../model/layout.ts';
import { API_VERSION } from '../model/scalars.ts';
import { readDockerfile } from './dockerfile.ts';

export interface Guess {
  /** preview.yaml. */
  readonly text: string;
  /** One sentence each: what was taken, and from where. */
  readonly notes: readonly string[];
}

const STATIC = /(^|\/)(nginx|nginx-unprivileged|caddy|httpd)(:|@|$)/;

/** A preview.yaml for an image that a Dockerfile makes, and what of it was guessed. */
export function guessFromDockerfile(dockerfile: string, image: string): Guess {
  const { port, user, health, base } = readDockerfile(dockerfile);
  const notes: string[] = [];
  const isStatic = base !== null && STATIC.test(base);
  notes.push(
    `template: ${isStatic ? 'static-site' : 'web-service'}, ${base === null ? 'by default' : `since it begins with ${base}`}`,
  );
  const usable = port !== null && port >= 1024 ? port : null;
  if (port === null) notes.push('port: 8080, the default; the Dockerfile has no EXPOSE');
  else if (usable === null)
    notes.push(`port: 8080; it says EXPOSE ${port}, and an app would have to be root to listen below 1024`);
  else notes.push(`port: ${usable}, by EXPOSE or ENV PORT`);
  notes.push(
    health === null ? 'health: /, since it has no HEALTHCHECK over HTTP' : `health: ${health}, by HEALTHCHECK`,
  );
  const isNumber = user !== null && /^[1-9]\d*$/.test(user);
  if (!isNumber) {
    const why =
      user === null || user === '0' || user === 'root'
        ? 'it would run as root, which previews may not'
        : `Kubernetes cannot tell whether ${user} is root`;
    notes.push(`user: 1000, since ${why}; "USER 1000" in the Dockerfile does the same`);
  }
  const spec = {
    template: isStatic ? 'static-site' : 'web-service',
    image,
    port: usable ?? 8080,
    ...(isNumber ? {} : { user: 1000 }),
    health: health ?? '/',
  };
  const text = emitYaml({ apiVersion: API_VERSION, kind: 'Preview', spec });
  loadPreview(text, PREVIEW_FILE);
  return { text, notes };
}
