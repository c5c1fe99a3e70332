import type { Finding } from '../core/finding.ts';
import type { Status } from '../status/status.ts';
import { renderChanges } from './changes.ts';
import { commitLink, lineLink, link } from './links.ts';
import { changesOf, changesPart, systemMessageOf, systemMessagePart } from './markers.ts';
import type { ObjectChange, ReportOptions, Subject } from './state.ts';
import { code, sentence, shortSha, withoutMarkers } from './text.ts';
import { wholeItems } from './whole-items.ts';

export interface EngineersInput {
  readonly findings: readonly Finding[];
  /** Evidence of the images, one line each. */
  readonly evidence: readonly string[];
  readonly objects: readonly ObjectChange[];
  readonly isNew: boolean;
  /** Status of the preview; null if unknown. */
  readonly status: Status | null;
  readonly subject: Subject;
  readonly options: ReportOptions;
  /** The existing comment; its list of changes is kept if nothing changed since. */
  readonly previous: string | null;
  /** Limit in characters. */
  readonly room: number;
}

/** The collapsed part: findings with their rules, changes of the rendered objects, links. Empty if there are none. */
export function renderEngineers(input: EngineersInput): string[] {
  const { findings, evidence, objects, isNew, previous } = input;
  const head = ['', '<details><summary>For engineers</summary>', ''];
  const rules = [...seenRows(input), ...ruleRows(findings), ...evidenceRows(evidence)];
  const end = [...linkRows(input), '', '</details>'];
  const used = [...head, ...rules, ...end].join('\n').length;
  const kept = objects.length === 0 ? changesOf(previous) : null;
  const changes = kept ?? (objects.length === 0 ? '' : renderChanges(objects, isNew, input.room - used - 200));
  if (rules.length === 0 && changes === '') return [];
  const shown = changes === '' || changes.length > input.room - used ? [] : [changesPart(changes), ''];
  return [...head, ...rules, ...shown, ...end];
}

/** The system's own message and the last lines of the log, both untrusted text. They are kept until the status changes. */
function seenRows({ status, previous }: EngineersInput): string[] {
  if (status === null || status.since === null) return [];
  const { since, words, lines } = status;
  const text = [
    ...(words === null ? [] : [`Seen: ${code(words)}`]),
    ...(lines.length === 0
      ? []
      : ['Last lines of its log:', '', ...lines.map((line) => `    ${withoutMarkers(line)}`)]),
  ].join('\n');
  const part = text === '' ? systemMessageOf(previous, since) : text;
  return part === null ? [] : [systemMessagePart(since, part), ''];
}

function ruleRows(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  const rows = findings.map((f) => {
    const verdict = f.exception === undefined ? f.severity : `let pass by exception ${code(f.exception)}`;
    return `- ${code(f.rule)} ${verdict}: ${code(`${f.object.kind}/${f.object.name}`)} ${code(f.field)}`;
  });
  const { shown, left } = wholeItems(rows, { items: 40, characters: 16_000 });
  return [...shown, ...(left > 0 ? [`- and ${left} more, not listed here`] : []), ''];
}

function evidenceRows(evidence: readonly string[]): string[] {
  if (evidence.length === 0) return [];
  const rows = evidence.map((line) => `- ${sentence(line)}`);
  const { shown, left } = wholeItems(rows, { items: 20, characters: 8000 });
  return ['Shown of the images:', '', ...shown, ...(left > 0 ? [`- and ${left} more, not listed here`] : []), ''];
}

function linkRows({ subject, options }: EngineersInput): string[] {
  const file = lineLink(options, subject, 'preview.yaml');
  if (file === null) return [];
  const commit = link(shortSha(subject.headSha), commitLink(options, subject, subject.headSha));
  return [`${link('preview.yaml', file)} at ${commit}`];
}
