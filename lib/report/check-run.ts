import type { Annotation, CheckReport } from '../core/check-report.ts';
import type { Problem } from '../core/errors.ts';
import { type Finding, isDenial } from '../core/finding.ts';
import { type Status, type StatusState, titleOf } from '../status/status.ts';
import { findingEntry, itemLines, misnamedWords, nextStep, problemEntry, problemWords } from './advice.ts';
import { editLink, link, newFileLink } from './links.ts';
import { todoWords } from './running.ts';
import type { PreviewState, ReportOptions, Subject } from './state.ts';
import { count, dayAndTime, sentence, shortSha } from './text.ts';
import { buildOf, waitingTitle, waitingWords } from './waiting.ts';

/**
 * The check of a head commit; null if nothing is known for certain, or if the pull request has nothing to do with previews.
 *
 * @param status status of the committed preview; null if there is none
 */
export function renderCheck(
  state: PreviewState,
  status: Status | null,
  subject: Subject,
  options: ReportOptions,
): CheckReport | null {
  switch (state.state) {
    case 'committed':
      return running(state, status, subject, options);
    case 'denied': {
      const denied = state.findings.filter(isDenial);
      return {
        conclusion: 'failure',
        title: `${count(denied.length, 'thing')} to change`,
        summary: [
          ...itemLines(denied.map((f) => findingEntry(f, options, subject))),
          ...nextStep(denied, options, subject),
        ].join('\n'),
        annotations: state.findings.map(findingAnnotation),
      };
    }
    case 'invalid': {
      const edit = editLink(options, subject, state.problems[0]?.file ?? 'preview.yaml');
      return {
        conclusion: 'failure',
        title: `${count(state.problems.length, 'mistake')} in preview.yaml`,
        summary: [
          ...itemLines(state.problems.map((p) => problemEntry(p, options, subject))),
          ...(edit === null ? [] : ['', `Next: ${link('edit the file', edit)}.`]),
        ].join('\n'),
        annotations: state.problems.map(problemAnnotation),
      };
    }
    case 'queued':
      return neutral(state.reason === 'name' ? 'Waiting for its name' : 'In the queue', state.sentence);
    case 'waiting':
      return waiting(state, subject, options);
    case 'review':
      return neutral(state.decision === 'open' ? 'Waiting for review' : 'No preview', state.sentence);
    case 'problem':
      return neutral('Problem on our side', problemWords(state.where, options.contact));
    case 'no-file': {
      if (state.misnamed !== undefined) {
        const summary = misnamedWords(state.misnamed);
        return { conclusion: 'neutral', title: 'preview.yaml is somewhere else', summary, annotations: [] };
      }
      const add = link('add the file', newFileLink(options, subject, 'preview.yaml'));
      const summary = `There is no preview.yaml at this commit, so there is no preview. To get one, ${add}.`;
      return { conclusion: 'neutral', title: 'No preview.yaml', summary, annotations: [] };
    }
    case 'none':
      // A webhook of an organization sends events of all its repositories; those without previews get no check.
      if (state.reason === 'not-a-source' && state.removed === null) return null;
      return neutral('No preview', state.sentence);
    case 'unknown':
      return state.told === undefined
        ? null
        : renderCheck({ state: 'problem', ...state.told }, status, subject, options);
  }
}

/** A preview that is only committed passes: without a status nothing would ever complete a pending check. */
function running(
  { preview, findings }: Extract<PreviewState, { state: 'committed' }>,
  status: Status | null,
  subject: Subject,
  options: ReportOptions,
): CheckReport {
  const { state, sentence: seen, turn } = status ?? { state: 'committed', sentence: 'Committed.', turn: 'nobody' };
  const conclusion =
    state === 'not-working' ? (turn === 'maker' ? 'failure' : 'neutral') : PENDING.has(state) ? 'pending' : 'success';
  const todo = status === null ? '' : todoWords(status, options, subject);
  const until = `${preview.url ?? 'The preview'}: ${shortSha(preview.headSha)}, until ${dayAndTime(preview.expires)}.`;
  return {
    conclusion,
    title: status === null || state === 'committed' ? 'Preview committed' : `Preview ${titleOf(status)}`,
    summary: [state === 'committed' ? 'Committed.' : sentence(seen, 700), todo, until].filter(Boolean).join(' '),
    annotations: findings.map(findingAnnotation),
  };
}

/** Nobody waits for what does not go on by itself. */
function waiting(
  state: Extract<PreviewState, { state: 'waiting' }>,
  subject: Subject,
  options: ReportOptions,
): CheckReport {
  const build = buildOf(state, options);
  const ended = build.state === 'build-failed' ? 'failure' : 'neutral';
  const conclusion = build.turn === 'maker' ? ended : 'pending';
  const title = waitingTitle(state, options);
  return {
    conclusion,
    title: `${title[0]!.toUpperCase()}${title.slice(1)}`,
    summary: waitingWords(state, options, subject),
    annotations: [],
  };
}

const PENDING: ReadonlySet<StatusState> = new Set(['starting', 'ready-older']);

function neutral(title: string, summary: string): CheckReport {
  return { conclusion: 'neutral', title, summary: sentence(summary), annotations: [] };
}

function findingAnnotation(f: Finding): Annotation {
  const refused = isDenial(f);
  const line = Math.max(f.line, 1);
  return {
    path: f.file,
    startLine: line,
    endLine: line,
    level: refused ? 'failure' : 'warning',
    title: f.rule,
    message: f.message,
  };
}

function problemAnnotation(p: Problem): Annotation {
  const line = p.line ?? 1;
  return {
    path: p.file ?? 'preview.yaml',
    startLine: line,
    endLine: line,
    level: 'failure',
    title: p.field ?? 'preview.yaml',
    message: p.message,
  };
}
