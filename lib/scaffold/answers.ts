import { GreenroomError } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import { fill } from './template.ts';

/** Answers that only the team can give; everything else has a default in the template. */
export interface InitAnswers {
  /** Previews have the URL `https://<name>.<domain>`. */
  readonly domain: string;
  /** Organization or user whose pull requests get previews. */
  readonly owner: string;
  /** @default ghcr.io/<owner> */
  readonly registry?: string;
  /** Whom to ask, in every message about a denial, and who reviews changes. @default @<owner>/platform */
  readonly contact?: string;
  /** Address that the reconciler clones. @default https://github.com/<owner>/previews.git */
  readonly appsRepo?: string;
  /** `network.clusterCidrs`. @default - the private ranges */
  readonly clusterCidrs?: readonly string[];
}

/** Fills the template of greenroom.yaml. The result is not checked here: load it like any other file. */
export function platformText(template: FileSet, answers: InitAnswers): string {
  const { domain, owner } = answers;
  const text = template.get(PLATFORM_FILE);
  if (text === undefined) throw new GreenroomError('failed', `the template has no ${PLATFORM_FILE}`);
  const quoted = (value: string) => (/^[A-Za-z0-9][A-Za-z0-9._/:-]*$/.test(value) ? value : JSON.stringify(value));
  const filled = fill(PLATFORM_FILE, text, {
    DOMAIN: quoted(domain),
    OWNER: quoted(owner),
    REGISTRY: quoted(answers.registry ?? `ghcr.io/${owner.toLowerCase()}`),
    // Inside quotes in the template: a contact starts with @, which YAML reserves.
    CONTACT: JSON.stringify(answers.contact ?? `@${owner}/platform`).slice(1, -1),
    APPS_REPO: quoted(answers.appsRepo ?? `https://github.com/${owner}/previews.git`),
  });
  return answers.clusterCidrs === undefined ? filled : `${filled}\n${networkText(answers.clusterCidrs)}`;
}

function networkText(clusterCidrs: readonly string[]): string {
  return `  # Addresses of nodes, pods, Services and the API server: never reachable, whatever egress allows. Read from the cluster.
  network:
    clusterCidrs: [${clusterCidrs.join(', ')}]
`;
}
