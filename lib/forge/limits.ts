/** Why nothing is asked of a forge for a while. */
export interface Wait {
  /**
   * `limit`: the forge said that one is used up; `throttle`: we keep below one; `closed`: one is used up for longer than
   * anything waits, so that what is asked until then fails at once.
   */
  readonly reason: 'limit' | 'throttle' | 'closed';
  /** What has to wait, by the forge's own name for it. */
  readonly call: string;
  readonly seconds: number;
  /** Unix seconds. */
  readonly until: number;
}

/** A limit of the forge that held everything back. */
export interface Late {
  readonly seconds: number;
  /** Unix seconds. */
  readonly until: number;
}
