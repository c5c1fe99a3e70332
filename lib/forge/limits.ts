/** A pause in requests to a forge, and its reason. */
export interface RequestPause {
  /**
   * `limit`: a rate limit is used up; `throttle`: we wait to stay below one; `closed`: a rate limit is used up for
   * longer than the longest wait, so that requests fail at once until it ends.
   */
  readonly reason: 'limit' | 'throttle' | 'closed';
  /** The request that has to wait, by the forge's name for it. */
  readonly call: string;
  readonly seconds: number;
  /** Unix seconds. */
  readonly until: number;
}

/** A rate limit of the forge that delayed everything. */
export interface Late {
  readonly seconds: number;
  /** Unix seconds. */
  readonly until: number;
}
