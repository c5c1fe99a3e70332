export type Path = readonly (string | number)[];

/** A place that no API server takes. */
export interface ServerProblem {
  readonly path: Path;
  readonly message: string;
}
