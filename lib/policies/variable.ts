/**
 * A named part of CEL, read as `variables.<name>`. All engines have such variables and evaluate each at most once per
 * object. A variable may use those before it.
 */
export interface Variable {
  readonly name: string;
  readonly expression: string;
}
