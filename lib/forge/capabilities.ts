/** What a forge's comments can do; what is written for it keeps to this. */
export interface Capabilities {
  /** Longest comment that is written, in characters: some below what the forge takes. */
  readonly commentLength: number;
  /**
   * Whether its Markdown keeps HTML comments and shows nothing of them. Without them our comment is known by its
   * headline, remembers nothing, and has neither boxes nor suggestions.
   */
  readonly hiddenMarkers: boolean;
  /** Whether people can tick a box of a comment that is not theirs. Without them the comment names the command. */
  readonly checkBoxes: boolean;
  /** Whether a remark on lines can offer their replacement for one click. */
  readonly suggestions: boolean;
}

/** What has no limits of its own: kept short enough for people. */
export const EVERYTHING: Capabilities = {
  commentLength: 60_000,
  hiddenMarkers: true,
  checkBoxes: true,
  suggestions: true,
};
