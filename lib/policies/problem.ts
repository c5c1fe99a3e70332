export type Path = readonly (string | number)[];

/** A field that every API server refuses. */
export interface ServerProblem {
  readonly path: Path;
  readonly message: string;
}
