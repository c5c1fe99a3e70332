import { App, Chart } from 'cdk8s';
import { formatTime } from '../../core/clock.ts';
import { madeFrom } from '../../core/manifest-file.ts';
import { emitYaml } from '../../core/yaml.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { durationSeconds } from '../../model/scalars.ts';
import { platformFence } from '../preview-namespace/platform-fence.ts';
import { PreviewNamespace } from '../preview-namespace/preview-namespace.ts';

/** Dummy values that are replaced by template expressions; they do not occur in a fence by accident. */
const NAME = 'pr-argument-0';
const NUMBER = Number.MAX_SAFE_INTEGER;

/** The last second of the year 9999. */
const END = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/**
 * The fence of any pull request of a repository, as a Helm chart with the values `name` (of the preview) and `number` (of
 * the pull request). It has the same objects as the fence of a compiled preview. The end is `ttl.max` after rendering,
 * which Argo CD does at each refresh and once a day: an open pull request keeps its preview, and a preview without an
 * Application ends. It uses Helm because a chart reads nothing outside its folder; Jsonnet can read files of the
 * repo-server.
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
    // Braces in the platform's texts are escaped.
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
