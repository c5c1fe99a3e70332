import type { Clock } from '../core/clock.ts';
import type { Observation } from '../status/observation.ts';
import { NO_PREVIEW, observe } from './observe.ts';
import type { Answer, Prober } from './probe.ts';

/** What is looked at. */
export interface Looked {
  readonly url: string;
  /** The commit that the apps repo holds. */
  readonly headSha: string;
  /** Of the platform: previews answer below it. */
  readonly domain: string;
  /** Whether addresses of private networks are asked. */
  readonly allowPrivate: boolean;
}

/** What the ingress itself answers stays the same for so many seconds. */
const CONTROL_SECONDS = 300;

/** Asks the addresses of previews, and from time to time what their ingress answers for none. */
export class Looker {
  readonly #probe: Prober;
  readonly #clock: Clock;
  readonly #controls = new Map<string, { readonly at: number; readonly answer: Promise<Answer> }>();

  constructor(probe: Prober, clock: Clock) {
    this.#probe = probe;
    this.#clock = clock;
  }

  /** Null where nothing can be said. */
  async look({ url, headSha, domain, allowPrivate }: Looked): Promise<Observation | null> {
    const at = this.#clock();
    const answer = await this.#probe(url, { allowPrivate });
    return observe(answer, { headSha, at, control: await this.#control(url, domain, allowPrivate) });
  }

  #control(url: string, domain: string, allowPrivate: boolean): Promise<Answer> {
    const { protocol, port } = new URL(url);
    const none = `${protocol}//${NO_PREVIEW}.${domain}${port === '' ? '' : `:${port}`}/`;
    const now = this.#clock();
    const known = this.#controls.get(none);
    if (known !== undefined && Math.abs(now - known.at) < CONTROL_SECONDS) return known.answer;
    const answer = this.#probe(none, { allowPrivate });
    this.#controls.set(none, { at: now, answer });
    return answer;
  }
}
