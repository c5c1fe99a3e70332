import { App, Chart } from 'cdk8s';
import { EXPIRES_ANNOTATION, EXPIRES_LABEL } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { platformFence } from '../preview-namespace/platform-fence.ts';
import { PreviewNamespace } from '../preview-namespace/preview-namespace.ts';

/** Stand where the arguments belong; no text of a fence can be equal to them by accident. */
const NAME = 'pr-argument-0';
const NUMBER = Number.MAX_SAFE_INTEGER;
const EXPIRES = 8.64e12;

/**
 * The fence of any pull request of a repository, as a Jsonnet function of the preview's `name` and the pull request's
 * `number`: the same objects that a compiled preview has, but without an end of its own.
 *
 * @param repository `owner/name`
 * @param repositoryId the forge's numeric id of it
 */
export function fenceFunction(platform: PlatformSpec, repository: string, repositoryId: number): string {
  const chart = new Chart(new App(), 'fence', { disableResourceNameHashes: true });
  const { apiObjects } = new PreviewNamespace(chart, 'fence', {
    ...platformFence(platform),
    name: NAME,
    number: NUMBER,
    expires: EXPIRES,
    repository,
    repositoryId,
  });
  const objects = apiObjects.map((object) => {
    const { metadata, ...rest } = object.toJson();
    const labels = omit(metadata.labels, EXPIRES_LABEL);
    const annotations = omit(metadata.annotations, EXPIRES_ANNOTATION);
    return { ...rest, metadata: { ...metadata, labels, ...(annotations && { annotations }) } };
  });
  const json = JSON.stringify(objects, null, 2);
  return `function(name, number) ${json.replaceAll(`"${NAME}"`, 'name').replaceAll(`"${NUMBER}"`, 'number')}\n`;
}

function omit(map: Record<string, string> | undefined, key: string): Record<string, string> | undefined {
  return map && Object.fromEntries(Object.entries(map).filter(([k]) => k !== key));
}
