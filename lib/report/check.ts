import type { Annotation, CheckReport } from '../core/check.ts';
import type { Problem } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { PreviewState } from './state.ts';
import { code, count, dayAndTime, sentence, shortSha } from './text.ts';

/** The check of a head commit; null where nothing certain can be said. */
export function renderCheck(state: PreviewState): CheckReport | null {
  switch (state.state) {
    case 'ready':
      return {
        conclusion: 'success',
        title: 'Preview committed',
        summary: `${state.preview.url} shows ${shortSha(state.preview.headSha)} until ${dayAndTime(state.preview.expires)}.`,
        annotations: state.findings.map(findingAnnotation),
      };
    case 'denied': {
      const denied = state.findings.filter((f) => f.severity === 'deny' && f.exception === undefined);
      return {
        conclusion: 'failure',
        title: `${count(denied.length, 'thing')} to change`,
        summary: denied.map((f) => `- ${sentence(f.message)}`).join('\n'),
        annotations: state.findings.map(findingAnnotation),
      };
    }
    case 'invalid':
      return {
        conclusion: 'failure',
        title: `${count(state.problems.length, 'mistake')} in preview.yaml`,
        summary: state.problems.map((p) => `- ${sentence(p.message)}`).join('\n'),
        annotations: state.problems.map(problemAnnotation),
      };
    case 'queued':
      return neutral('In the queue', state.sentence);
    case 'waiting':
      return {
        conclusion: 'pending',
        title: 'Waiting for the image',
        summary: `The image ${code(state.image)} is not in its registry yet.`,
        annotations: [],
      };
    case 'review':
      return neutral(state.decision === 'open' ? 'Waiting for review' : 'No preview', state.sentence);
    case 'no-file':
      return neutral('No preview.yaml', 'There is no preview.yaml at this commit, so there is no preview.');
    case 'none':
      return neutral('No preview', state.sentence);
    case 'unknown':
      return null;
  }
}

function neutral(title: string, summary: string): CheckReport {
  return { conclusion: 'neutral', title, summary: sentence(summary), annotations: [] };
}

function findingAnnotation(f: Finding): Annotation {
  const refused = f.severity === 'deny' && f.exception === undefined;
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
