import type { Status } from '../status/status.ts';
import { startWords } from './boxes.ts';
import { endPart } from './markers.ts';
import type { LivePreview, ReportOptions } from './state.ts';
import { aboutMoney, dayAndTime, roughDuration, sentence } from './text.ts';

const DAY = 86_400;

export interface EndingInput {
  /** Start in unix seconds; null if it never ran. */
  readonly since: number | null;
  /** Latest status; null if unknown. */
  readonly status: Status | null;
  readonly options: ReportOptions;
}

/** The text for a preview that expired or was stopped: it can be started again. */
export function endedText(reason: string, why: string, ending: EndingInput): string[] {
  const { since, options, status } = ending;
  const ran = since === null ? '' : ` after ${roughDuration(options.now - since)}`;
  const over = since === null ? 'Its time is up' : `It ended${ran} to save money`;
  const lead = reason === 'expired' ? over : `${sentence(why).replace(/\.$/, '')}${ran}`;
  return [
    `### Preview: ${reason === 'expired' ? 'ended' : 'stopped'}`,
    `${lead}; your pull request is unchanged. A new push starts it again, too.`,
    ...(since === null ? [] : ['', endPart(leftWords(status, 'Data that was entered in it is deleted with it.'))]),
    '',
    startWords(options),
  ];
}

/** The text for a preview that its pull request no longer needs. */
export function removedText(why: string, removed: LivePreview | null, ending: EndingInput): string[] {
  const { since, options, status } = ending;
  const lead = sentence(why).replace(/\.$/, '');
  if (since === null) return ['### Preview: removed', `${lead}; its preview had not started.`];
  return [
    '### Preview: removed',
    `${lead}.${removed === null ? '' : ` ${spentWords(removed, Math.max(0, options.now - since))}`}`,
    '',
    endPart(leftWords(status)),
  ];
}

function spentWords({ cost: { currency, perDay } }: LivePreview, seconds: number): string {
  return `It ran ${roughDuration(seconds)}, ${aboutMoney((perDay * seconds) / DAY, currency)}.`;
}

/** What is left of an ended preview, by its status in the cluster. */
export function leftWords(status: Status | null, more = ''): string {
  switch (status?.state) {
    case 'gone':
      return `Everything of it was deleted${status.since === null ? '' : `, seen ${dayAndTime(status.since)}`}.`;
    case 'ending':
      return [sentence(status.sentence), status.todo === null ? more : sentence(status.todo)].filter(Boolean).join(' ');
    default:
      return ['It was taken out of the apps repo; the cluster deletes it within minutes.', more]
        .filter(Boolean)
        .join(' ');
  }
}
