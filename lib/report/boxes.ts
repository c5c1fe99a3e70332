import { formatDuration } from '../model/scalars.ts';
import { box } from './markers.ts';
import type { ReportOptions } from './state.ts';
import { code, roughDuration } from './text.ts';

function canTick({ can }: ReportOptions): boolean {
  return can.checkBoxes && can.hiddenMarkers;
}

/** How to keep a preview that ends soon. */
export function keepWords(options: ReportOptions): string {
  if (canTick(options)) return box('keep', `Keep it ${roughDuration(options.max).replace(' ', ' more ')}`);
  return `To keep it longer, comment ${code(`/preview extend ${formatDuration(options.max)}`)}.`;
}

/** How to start one that ended. */
export function startWords(options: ReportOptions): string {
  return canTick(options) ? box('start', 'Start again') : `To start it again, comment ${code('/preview start')}.`;
}
