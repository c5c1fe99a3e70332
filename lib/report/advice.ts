import type { Problem } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import { editLink, lineLink, link } from './links.ts';
import type { ProblemPlace, ReportOptions, Subject } from './state.ts';
import { code, sentence } from './text.ts';
import { wholeItems } from './whole-items.ts';

/** One item becomes a sentence, several become a list. If it is too long, the last line says how many are left out. */
export function itemLines(items: readonly string[]): string[] {
  if (items.length === 1) return [...items];
  const { shown, left } = wholeItems(
    items.map((item) => `- ${item}`),
    { items: 20, characters: 20_000 },
  );
  return left > 0 ? [...shown, `- and ${left} more; run \`greenroom check\` to see all`] : shown;
}

export function findingEntry(finding: Finding, options: ReportOptions, subject: Subject): string {
  const { file, line, message } = finding;
  if (line <= 0) return sentence(message);
  const place = link(`Line ${line}`, lineLink(options, subject, file, line));
  return `${place} of ${code(file)}: ${sentence(message)}`;
}

export function problemEntry(problem: Problem, options: ReportOptions, subject: Subject): string {
  const { file = 'preview.yaml', line, field, message } = problem;
  // A message that begins with the name of a setting needs no field.
  const what = field === undefined || message.startsWith('"') ? '' : `${code(field)} `;
  if (line === undefined) return `${what}${sentence(message)}`;
  const place = link(`Line ${line}`, lineLink(options, subject, file, line));
  const whole = file === 'preview.yaml' ? place : `${place} of ${code(file)}`;
  return `${whole}: ${what}${sentence(message)}`;
}

/** The text for a maker if the maker cannot fix the problem. */
export function problemWords(where: ProblemPlace, contact: string): string {
  switch (where) {
    case 'commit':
      return 'Your file is fine; we could not put the preview in place. Nothing to do: we try again by ourselves.';
    case 'settings':
      return `Nothing for you to change: the settings of this platform must be corrected first. We try again automatically; if it lasts, tell ${contact}.`;
    case 'apps-repo':
      return `Nothing for you to change: the place where previews are kept does not answer. We try again by ourselves; if it lasts, tell ${contact}.`;
    case 'registry':
      return 'Nothing for you to change: the registry did not say whether your image is there. We try again by ourselves.';
  }
}

/** What to click, and whom to ask for more. */
export function nextStep(denied: readonly Finding[], options: ReportOptions, subject: Subject): string[] {
  const first = denied.find(({ line }) => line > 0);
  const rules = [...new Set(denied.map(({ rule }) => rule))];
  const shown = rules.slice(0, 5).map((rule) => code(rule));
  const more = rules.length > shown.length ? ' and others' : '';
  const ask = `Need more? Ask ${sentence(options.contact)} for an exception to ${shown.join(', ')}${more}.`;
  const press = first === undefined ? '' : pressWords(first, options, subject);
  return ['', [press, ask].filter(Boolean).join(' ')];
}

/** Where to go and what to click; empty for a forge without pages. */
export function pressWords(
  { file = 'preview.yaml', line, fix }: Pick<Problem, 'file' | 'line' | 'fix'>,
  options: ReportOptions,
  subject: Subject,
): string {
  if (line === undefined) return '';
  const edit = editLink(options, subject, file);
  const go = lineLink(options, subject, file, line);
  // A suggestion is only possible on lines that the pull request changes.
  const isOffered = fix !== undefined && options.can.suggestions && options.can.hiddenMarkers;
  const change = !isOffered ? 'change it' : 'press "Commit suggestion" if it is offered there, or change it';
  if (edit !== null) return `Go to ${link(`line ${line}`, go)} and ${change}: ${link('edit the file', edit)}.`;
  return go === null ? '' : `Go to ${link(`line ${line}`, go)} and ${change}.`;
}

/** What to do about a preview file with the wrong name or folder. */
export function misnamedWords(file: string): string {
  return `${code(file)} is not read: move it to ${code('preview.yaml')} in the top folder of the repository.`;
}
