import { type BuildStatus, buildStatus } from '../status/build.ts';
import { titleOf } from '../status/status.ts';
import { checksLink, link } from './links.ts';
import type { PreviewState, ReportOptions, Subject } from './state.ts';
import { code, sentence, shortSha } from './text.ts';

type Waiting = Extract<PreviewState, { state: 'waiting' }>;

/** State of the build; that it is unknown if the forge was not asked. */
export function buildOf({ build }: Waiting, { now, contact }: Pick<ReportOptions, 'now' | 'contact'>): BuildStatus {
  return build ?? buildStatus({ builds: null, now, changedAt: now, contact });
}

/** Headline: `waiting for your build`, `your build failed`. */
export function waitingTitle(state: Waiting, options: ReportOptions): string {
  return titleOf(buildOf(state, options));
}

/** The missing image, the state of its build, what to do, and a link. */
export function waitingWords(state: Waiting, options: ReportOptions, subject: Subject): string {
  const { sentence: words, todo, turn, state: name, url } = buildOf(state, options);
  const odd = state.note === undefined ? '' : `${sentence(state.note)}.`;
  const page = url ?? checksLink(options, subject);
  const see = name === 'build-failed' ? 'See why' : turn === 'maker' ? 'See the checks' : 'Watch the build';
  return [
    `The image ${code(state.image)} for ${code(shortSha(subject.headSha))} is not there yet.`,
    odd,
    sentence(words, 500),
    todo === null ? 'Nothing to do.' : sentence(todo, 500),
    page === null ? '' : link(see, page),
  ]
    .filter(Boolean)
    .join(' ');
}
