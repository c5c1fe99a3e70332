import type { Clock } from '../core/clock.ts';
import type { Observation } from '../status/observation.ts';
import { NO_PREVIEW, observe } from './observe.ts';
import type { ProbeAnswer, Prober } from './probe.ts';

/** The preview to probe. */
export interface Looked {
  readonly url: string;
  /** The commit in the apps repo. */
  readonly headSha: string;
  /** The platform's domain. */
  readonly domain: string;
  /** Whether private addresses are allowed. */
  readonly allowPrivate: boolean;
}

/** How long the ingress's own answer is cached, in seconds. */
const CONTROL_SECONDS = 300;

/** Probes previews; compares with what the ingress answers for a name without a preview, which is cached. */
export class Looker {
  readonly #probe: Prober;
  readonly #clock: Clock;
  readonly #controls = new Map<string, { readonly at: number; readonly answer: Promise<ProbeAnswer> }>();

  constructor(probe: Prober, clock: Clock) {
    this.#probe = probe;
    this.#clock = clock;
  }

  /** Null if the answer says nothing about the preview. */
  async look({ url, headSha, domain, allowPrivate }: Looked): Promise<Observation | null> {
    const at = this.#clock();
    const answer = await this.#probe(url, { allowPrivate });
    return observe(answer, { headSha, at, control: await this.#control(url, domain, allowPrivate) });
  }

  #control(url: string, domain: string, allowPrivate: boolean): Promise<ProbeAnswer> {
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
