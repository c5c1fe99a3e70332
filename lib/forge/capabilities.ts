/** What a forge's comments support. */
export interface Capabilities {
  /** Longest comment that greenroom writes, in characters; a bit below the forge's limit. */
  readonly commentLength: number;
  /**
   * Whether its Markdown keeps HTML comments and hides them. Without them our comment is found by its headline, stores
   * no data, and has neither check boxes nor suggestions.
   */
  readonly hiddenMarkers: boolean;
  /** Whether people can tick a box in a comment of somebody else. If not, the comment names the command. */
  readonly checkBoxes: boolean;
  /** Whether a review comment can suggest a change that is applied with one click. */
  readonly suggestions: boolean;
}

/** For a target without limits of its own. The length stays readable for people. */
export const EVERYTHING: Capabilities = {
  commentLength: 60_000,
  hiddenMarkers: true,
  checkBoxes: true,
  suggestions: true,
};
