import { App, Chart } from 'cdk8s';
import type { PlatformSpec } from '../../model/platform.ts';
import { platformFence } from '../preview-namespace/platform-fence.ts';
import { PreviewNamespace } from '../preview-namespace/preview-namespace.ts';

/** Stand where the arguments belong; no text of a fence can be equal to them by accident. */
const NAME = 'pr-argument-0';
const NUMBER = Number.MAX_SAFE_INTEGER;

/** The last second that ISO 8601 can name. Something has to be said: what ends previews refuses one without an end. */
const NO_END = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

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
    expires: NO_END,
    repository,
    repositoryId,
  });
  const objects = apiObjects.map((object) => object.toJson());
  const json = JSON.stringify(objects, null, 2);
  return `function(name, number) ${json.replaceAll(`"${NAME}"`, 'name').replaceAll(`"${NUMBER}"`, 'number')}\n`;
}
