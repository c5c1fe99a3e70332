/** Why nothing is asked of a forge for a while. */
export interface Wait {
  /** The forge said that a limit is used up, or we keep below one. */
  readonly reason: 'limit' | 'throttle';
  /** What has to wait, by the forge's own name for it. */
  readonly call: string;
  readonly seconds: number;
  /** Unix seconds. */
  readonly until: number;
}
