import { App, Chart } from 'cdk8s';
import { formatTime } from '../../core/clock.ts';
import { madeFrom } from '../../core/manifest-file.ts';
import { emitYaml } from '../../core/yaml.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { durationSeconds } from '../../model/scalars.ts';
import { platformFence } from '../preview-namespace/platform-fence.ts';
import { PreviewNamespace } from '../preview-namespace/preview-namespace.ts';

/** Stand where the values belong; no text of a fence can be equal to them by accident. */
const NAME = 'pr-argument-0';
const NUMBER = Number.MAX_SAFE_INTEGER;

/** The last second that ISO 8601 can name. */
const END = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/**
 * The fence of any pull request of a repository, as a Helm chart with the values `name` (the preview's) and `number`
 * (the pull request's): the same objects that a compiled preview has. Its end is `ttl.max` after the chart was rendered,
 * which Argo CD does at each refresh and once a day: an open pull request keeps its preview, and one that nothing looks
 * at any more ends. Helm, since a chart reads nothing outside its folder; Jsonnet would read any file of the repo-server.
 *
 * @param repository `owner/name`
 * @param repositoryId the forge's numeric id of it
 * @param partOf the repository's part of the previews' names
 * @returns text by path inside the chart's folder
 */
export function fenceChart(
  platform: PlatformSpec,
  repository: string,
  repositoryId: number,
  partOf: string,
): ReadonlyMap<string, string> {
  const chart = new Chart(new App(), 'fence', { disableResourceNameHashes: true });
  const { apiObjects } = new PreviewNamespace(chart, 'fence', {
    ...platformFence(platform),
    name: NAME,
    number: NUMBER,
    expires: END,
    repository,
    repositoryId,
    partOf,
  });
  const documents = apiObjects.map((object) => emitYaml(object.toJson())).join('---\n');
  const template = documents
    // What looks like a template in a platform's own texts is text.
    .replaceAll('{{', '{{ "{{" }}')
    .replaceAll(NAME, '{{ .Values.name }}')
    .replaceAll(String(NUMBER), '{{ .Values.number }}')
    .replaceAll(String(END), '{{ $end | unixEpoch }}')
    .replaceAll(formatTime(END), '{{ dateInZone "2006-01-02T15:04:05Z" $end "UTC" }}');
  const made = madeFrom(`greenroom.yaml for pull requests of ${repository}`);
  return new Map([
    ['Chart.yaml', `${made}\n${emitYaml({ apiVersion: 'v2', name: 'fence', version: '0.0.0' })}`],
    [
      'templates/fence.yaml',
      `${made}\n{{- $end := now | dateModify "+${durationSeconds(platform.ttl.max)}s" }}\n${template}`,
    ],
  ]);
}
