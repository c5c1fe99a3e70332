/** `deny` refuses the change; `warn` is only reported. */
export type Severity = 'deny' | 'warn';

/** Which object a finding is about. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** A replacement of whole lines that fixes the finding. */
export interface Fix {
  readonly file: string;
  /** First and last line to replace, counted from 1, both inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  readonly replacement: string;
}

/** What a rule says about one object. Comment, check run, SARIF and table all use this data. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** One sentence: what to change, where, and whom to ask. */
  readonly message: string;
  readonly fix?: Fix;
  /** For a generated object, the place in the maker's `preview.yaml` that caused it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly object: ObjectRef;
  /** Path inside the object (or inside `preview.yaml`), e.g. `spec.template.spec.containers[0].image`. */
  readonly field: string;
  /** Name of the exception that covers it; the finding is then only reported. */
  readonly exception?: string;
}

/** Whether it refuses the change: severity `deny`, and not covered by an exception. */
export function isDenial({ severity, exception }: Pick<Finding, 'severity' | 'exception'>): boolean {
  return severity === 'deny' && exception === undefined;
}
