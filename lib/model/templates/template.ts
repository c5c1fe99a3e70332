import * as z from 'zod';
import type { KubeObject, Mutable, PodSpec } from '../kube.ts';
import type { Runtime } from './runtime.ts';

/** What a workload is wrapped around. It is handed on as it is: changes that an extension makes later show in it. */
export interface WorkloadParts {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly podMetadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  readonly pod: Mutable<PodSpec>;
  /** Labels that never change, since a Deployment's selector cannot. */
  readonly selector: Readonly<Record<string, string>>;
  /** Pods at a time. */
  readonly replicas: number;
}

/** What the platform offers to run apps with. */
export interface Offers {
  /** Whether Knative Serving is there. */
  readonly knative: boolean;
}

/** A kind of app: all that tells it from the others. One file each; docs/recipes/add-a-template.md says how to add one. */
export interface Template<Name extends string = string> {
  /** As makers write it. */
  readonly name: Name;
  /** What it is for, in a few words: shown by editors and in the docs. */
  readonly summary: string;
  /** What its fields are where the file says nothing. Null means that it has no such thing: without a port there is no route either. */
  readonly defaults: {
    /** The port that it listens on. */
    readonly port: number | null;
    /** A size that the platform names; null for the platform's default. */
    readonly size: string | null;
  };
  /** Whether the preview's URL leads to it. */
  readonly isRouted: boolean;
  /** Fields that only it has, each with its check and its words. */
  readonly fields: z.ZodRawShape;
  /** How its pods are run. */
  readonly runtime: (offers: Offers) => Runtime;
  /** Its workload, where it is another one than its runtime's. `fields` are its own, checked. */
  readonly workload: ((parts: WorkloadParts, fields: Readonly<Record<string, unknown>>) => KubeObject) | null;
}

/** A template as its file writes it. */
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

/** A template with its defaults filled in, and its own fields checked before its workload reads them. */
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
