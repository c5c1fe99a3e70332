import { pullRequestText, type RepositoryRef } from '../core/repository.ts';
import { proposalMark } from '../model/proposal.ts';
import { itemLines } from './advice.ts';
import { costWords } from './running.ts';
import type { LivePreview, PreviewState } from './state.ts';
import { code, dayAndTime, sentence, shortSha } from './text.ts';

/** Data for the text of a proposal. */
export interface ProposalReport {
  readonly name: string;
  readonly effect: 'create' | 'update' | 'remove' | 'none';
  readonly state: PreviewState;
  /** What runs until the proposal is merged. */
  readonly live: LivePreview | null;
  readonly pull: {
    readonly repository: RepositoryRef;
    readonly number: number;
    readonly title: string;
    readonly author: string;
    readonly head: { readonly sha: string };
  };
}

/** The text of a pull request in the apps repo, for its reviewers. */
export function renderProposal({ name, effect, state, live, pull }: ProposalReport): string {
  const pullRequest = { path: pull.repository.path, number: pull.number };
  const head = code(shortSha(pull.head.sha));
  return [
    proposalMark({ preview: name, pullRequest }),
    // The forge turns this into a link, and mentions it in the maker's pull request.
    `${code(name)} is the preview of ${pullRequestText(pullRequest)} at ${head}: ${code(pull.title)} by ${code(pull.author)}.`,
    '',
    ...(effect === 'remove' ? removal(state, live) : start(effect, state, live)),
    '',
    '<sub>Its branch follows that pull request, and it is closed when there is nothing left to do. To decline this version, close it.</sub>',
    '',
  ].join('\n');
}

function start(effect: ProposalReport['effect'], state: PreviewState, live: LivePreview | null): string[] {
  if (state.state !== 'committed') return earlyEnd(state, live);
  const { url, expires } = state.preview;
  const what = effect === 'create' ? 'starts it at' : 'brings this version to';
  return [`Merging ${what} ${url}, until ${dayAndTime(expires)}. ${costWords(state.preview)}`];
}

function earlyEnd(state: PreviewState, live: LivePreview | null): string[] {
  const to = 'live' in state ? state.live : null;
  if (!to?.lost || live === null) return [];
  const lost = itemLines(to.lost.sentences.map((text) => sentence(text)));
  const ends = `Merging ends it ${dayAndTime(to.expires)} instead of ${dayAndTime(live.expires)}.`;
  return ['Its images no longer show what the platform requires:', '', ...lost, '', ends];
}

function removal(state: PreviewState, live: LivePreview | null): string[] {
  const why = 'sentence' in state ? `${sentence(state.sentence).replace(/\.?$/, '.')} ` : '';
  const until = live === null ? '' : ` Until then it runs on, at the latest until ${dayAndTime(live.expires)}.`;
  return [`${why}Merging ends it.${until}`];
}
