import { formatDuration } from '../model/scalars.ts';
import { box } from './markers.ts';
import type { LivePreview, PreviewState, ReportOptions } from './state.ts';
import { code, roughDuration } from './text.ts';

/** An extension by fewer seconds is not offered. */
const WORTH_KEEPING = 15 * 60;

function canTick({ can }: ReportOptions): boolean {
  return can.checkBoxes && can.hiddenMarkers;
}

/** Whether the end can be moved. */
export function canKeep(
  { expires }: Pick<LivePreview, 'expires'>,
  { now, max }: Pick<ReportOptions, 'now' | 'max'>,
): boolean {
  return now + max - expires >= WORTH_KEEPING;
}

/** How to keep a preview longer; null if that is not possible. */
export function keepWords(preview: LivePreview, options: ReportOptions): string | null {
  if (!canKeep(preview, options)) return null;
  if (canTick(options)) return box('keep', `Keep it ${roughDuration(options.max).replace(' ', ' more ')}`);
  return `To keep it longer, comment ${code(`/preview extend ${formatDuration(options.max)}`)}.`;
}

/** How to start a preview that ended. */
export function startWords(options: ReportOptions): string {
  return canTick(options) ? box('start', 'Start again') : `To start it again, comment ${code('/preview start')}.`;
}

/** The commands that have an effect in a state. */
export function workingCommands(state: PreviewState, options: Pick<ReportOptions, 'now' | 'max'>): readonly string[] {
  switch (state.state) {
    case 'committed':
      return [...(canKeep(state.preview, options) ? ['/preview extend 4h'] : []), '/preview stop', '/preview help'];
    case 'none':
      return state.reason === 'expired' || state.reason === 'stopped' ? ['/preview start', '/preview help'] : [];
    case 'no-file':
    case 'unknown':
      return [];
    default:
      return ['/preview retry', '/preview stop', '/preview help'];
  }
}
