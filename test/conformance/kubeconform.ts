import { join } from 'node:path';
import { judge } from './judges.ts';
import { tryRun } from './run.ts';
import { SCHEMA_TEMPLATE, schemaFolder } from './schemas.ts';

/** An object that is not what its kind's schema says, or whose kind has no schema. */
export interface InvalidObject {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  /** What kubeconform says, with the field's path. */
  readonly message: string;
}

interface Output {
  readonly resources: readonly {
    readonly filename: string;
    readonly kind: string;
    readonly name: string;
    readonly msg: string;
    readonly status: string;
    readonly validationErrors?: readonly { readonly path: string; readonly msg: string }[];
  }[];
  readonly summary: { readonly valid: number; readonly invalid: number; readonly errors: number };
}

/**
 * Holds every object in the given files and folders against the schemas of Kubernetes and of the known custom
 * resources; unknown and doubled fields are refused too.
 *
 * @returns the objects that are not valid
 * @throws Error when there is no object at all: nothing would have been checked
 */
export async function kubeconform(paths: readonly string[]): Promise<InvalidObject[]> {
  const program = await judge('kubeconform');
  const location = join(await schemaFolder(), SCHEMA_TEMPLATE);
  const args = ['-strict', '-summary', '-output=json', `-schema-location=${location}`, ...paths];
  const { stdout, stderr } = await tryRun(program, args);
  // A run that could not start says so in words.
  if (!stdout.trimStart().startsWith('{')) throw new Error(`kubeconform: ${stderr || stdout}`);
  const { resources, summary } = JSON.parse(stdout) as Output;
  if (summary.valid + summary.invalid + summary.errors === 0) {
    throw new Error(`kubeconform found no object in ${paths.join(', ')}`);
  }
  return resources
    .filter(({ status }) => status !== 'statusValid' && status !== 'statusSkipped')
    .map(({ filename, kind, name, msg, validationErrors = [] }) => ({
      file: filename,
      kind,
      name,
      message: [msg, ...validationErrors.map((error) => `${error.path}: ${error.msg}`)].join('\n'),
    }));
}
