import * as z from 'zod';
import type { KubeObject } from '../kube.ts';
import type { Runtime, WorkloadParts } from './runtime.ts';

/** Platform features for running apps. */
export interface Offers {
  /** Whether Knative Serving is installed. */
  readonly knative: boolean;
}

/**
 * A kind of app, with everything that is special about it. One file per template; docs/recipes/add-a-template.md says
 * how to add one.
 */
export interface Template<Name extends string = string> {
  /** Name in preview.yaml. */
  readonly name: Name;
  /** Its purpose in a few words, for editors and the docs. */
  readonly summary: string;
  /**
   * Values for fields that the file does not set. Null means that the template has no such field. Without a port there
   * is no route either.
   */
  readonly defaults: {
    /** The port on which it listens. */
    readonly port: number | null;
    /** Name of a platform size; null for the platform's default. */
    readonly size: string | null;
  };
  /** Whether the preview's URL leads to it. */
  readonly isRouted: boolean;
  /** Fields that only this template has, each with its check and its description. */
  readonly fields: z.ZodRawShape;
  /** How its pods run. */
  readonly runtime: (offers: Offers) => Runtime;
  /** Its workload, if it differs from its runtime's. `fields` are the template's own fields, checked. */
  readonly workload: ((parts: WorkloadParts, fields: Readonly<Record<string, unknown>>) => KubeObject) | null;
}

/** Definition of a template in its file. */
export interface TemplateSpec<Name extends string, Fields extends z.ZodRawShape> {
  readonly name: Name;
  readonly summary: string;
  /** @default port 8080, the platform's default size */
  readonly defaults?: Partial<Template['defaults']>;
  /** @default - whether it has a port */
  readonly isRouted?: boolean;
  /** @default - none */
  readonly fields?: Fields;
  readonly runtime: (offers: Offers) => Runtime;
  /** @default - the runtime's */
  readonly workload?: (parts: WorkloadParts, fields: z.output<z.ZodObject<Fields>>) => KubeObject;
}

/** A template with defaults filled in. Its own fields are checked before its workload reads them. */
export function defineTemplate<const Name extends string, Fields extends z.ZodRawShape = Record<never, never>>(
  spec: TemplateSpec<Name, Fields>,
): Template<Name> {
  const { name, summary, runtime, workload } = spec;
  const defaults = { port: 8080, size: null, ...spec.defaults };
  const fields = spec.fields ?? ({} as Fields);
  return {
    name,
    summary,
    defaults,
    isRouted: spec.isRouted ?? defaults.port !== null,
    fields,
    runtime,
    workload: workload ? (parts, own) => workload(parts, z.object(fields).parse(own)) : null,
  };
}
