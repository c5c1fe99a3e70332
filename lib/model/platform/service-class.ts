import * as z from 'zod';
import { bounded, dnsLabel } from '../scalars.ts';
import { freeKey } from './objects.ts';

// A type of `services` that an operator of the cluster runs, such as CloudNativePG.

const path = bounded(
  200,
  /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
  'must be a path inside spec, such as storage.size: names of fields with dots between them',
);

const accountName = bounded(
  253,
  /^system:serviceaccount:[a-z0-9]([-a-z0-9]*[a-z0-9])?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  'must be system:serviceaccount:NAMESPACE:NAME',
);

const groupKind = bounded(
  253,
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Z][A-Za-z0-9]*$/,
  'must be group/Kind, e.g. batch/Job, or Kind for the core group',
);

const output = z.union([
  bounded(253, /^[A-Za-z0-9._-]+$/, 'must be a key of the Secret'),
  z.strictObject({
    value: z
      .string()
      .max(500)
      .meta({ description: 'A text that is not secret, with {name}.', examples: ['{name}-rw'] }),
  }),
]);

/** Score's outputs, and the URL. */
export const OUTPUTS = ['host', 'port', 'database', 'username', 'password', 'url'] as const;
export type Output = (typeof OUTPUTS)[number];

const KEY_OR_VALUE = 'the key of the Secret, or `{value: ...}`';

const outputOf = (what: string, example: string) =>
  output.optional().meta({ description: `${what}: ${KEY_OR_VALUE}. Default: none.`, examples: [example] });

export const serviceClass = z
  .strictObject({
    apiVersion: bounded(
      253,
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+\/v[0-9a-z]+$/,
      "must be the group and version of the operator's kind, such as postgresql.cnpg.io/v1",
    ).meta({ description: "Group and version of the operator's kind.", examples: ['postgresql.cnpg.io/v1'] }),
    kind: bounded(63, /^[A-Za-z][A-Za-z0-9]*$/, 'must be a kind such as Cluster').meta({
      description: 'The kind.',
      examples: ['Cluster'],
    }),
    plural: dnsLabel
      .optional()
      .meta({ description: 'Its name in API paths. Default: the usual plural of the kind.', examples: ['clusters'] }),
    spec: z.record(z.string().max(200), z.unknown()).meta({
      description:
        'The `spec` of the object, the same in every preview: it is written into the fence, and admission accepts no other.',
      examples: [{ instances: 1, storage: { size: '1Gi' } }],
    }),
    added: z
      .array(path)
      .max(100)
      .default([])
      .meta({
        description:
          "Paths inside `spec` that the operator's webhook or its CRD fills in. Admission takes any value there, and no other path.",
        examples: [['enablePDB', 'postgresql.parameters']],
      }),
    account: accountName.meta({
      description:
        'The account of the operator. In previews it may write the `kinds` only, each owned by the object; its namespace may open connections to `ports`.',
      examples: ['system:serviceaccount:cnpg-system:cnpg-manager'],
    }),
    kinds: z.record(groupKind, z.int().min(0).max(50)).meta({
      description:
        'What the operator writes for one object, `group/Kind` (`Secret` for the core group), and how many of each at most. They count for the quota.',
      examples: [{ Secret: 4, Service: 3, Pod: 1 }],
    }),
    instances: path
      .default('instances')
      .meta({ description: 'Path inside `spec` of the number of its pods, for the price.' }),
    resources: path
      .default('resources')
      .meta({ description: 'Path inside `spec` of the requests and limits of each of these pods.' }),
    storage: path.nullable().default('storage.size').meta({
      description: 'Path inside `spec` of the size of the volume that each of these pods claims; null for none.',
    }),
    podLabel: freeKey
      .refine((key) => key.includes('/'), 'must have a domain, such as cnpg.io/cluster')
      .meta({
        description:
          'Key of a label that all pods of the operator have. Makers cannot use it: the network policy selects these pods by it.',
        examples: ['cnpg.io/cluster'],
      }),
    ports: z
      .array(z.int().min(1).max(65_535))
      .max(20)
      .default([])
      .meta({ description: "Ports of these pods that the operator's namespace may connect to.", examples: [[8000]] }),
    callsApi: z.boolean().default(false).meta({
      description: 'Whether these pods call the API server: only they get egress to `network.apiServer`.',
    }),
    secret: bounded(253, /^[a-z0-9.{}-]+$/, 'must be the name of a Secret, of {name}')
      .optional()
      .meta({
        description: 'Name of the Secret that the operator writes; {name} is the name of the object. Default: none.',
        examples: ['{name}-app'],
      }),
    outputs: z
      .strictObject({
        host: outputOf('Where it listens', 'host'),
        port: outputOf('Its port', 'port'),
        database: outputOf('Its database', 'dbname'),
        username: outputOf('The account of apps', 'username'),
        password: outputOf('Its password', 'password'),
        url: output.meta({ description: `The whole address as a URL: ${KEY_OR_VALUE}.`, examples: ['uri'] }),
      })
      .meta({ description: 'Values for apps, each by reference: a password is never in Git.' }),
    finalizers: z
      .array(bounded(317, /^[a-z0-9.-]+\/[A-Za-z0-9._-]+$/, 'must be a finalizer such as example.com/clean-up'))
      .max(5)
      .default([])
      .meta({
        description:
          'Finalizers that the operator adds to the object and removes again. While the operator is down, they delay the end of a preview.',
        examples: [['example.com/clean-up']],
      }),
  })
  .superRefine(({ outputs, secret }, context) => {
    for (const [name, given] of Object.entries(outputs)) {
      if (typeof given !== 'string' || secret !== undefined) continue;
      const message = `is a key of a Secret, and secret names none; found ${given}`;
      context.addIssue({ code: 'custom', path: ['outputs', name], message });
    }
  });

/** A type of service that an operator runs. */
export type ServiceClass = z.output<typeof serviceClass>;

/** `group/Kind` of its object. */
export function classKind({ apiVersion, kind }: Pick<ServiceClass, 'apiVersion' | 'kind'>): string {
  return `${apiVersion.split('/')[0]}/${kind}`;
}

/** The classes of a catalogue, by type. */
export function serviceClasses(
  services: Readonly<Record<string, { readonly class?: ServiceClass | undefined }>>,
): [type: string, chosen: ServiceClass][] {
  return Object.entries(services).flatMap(([type, { class: chosen }]): [string, ServiceClass][] =>
    chosen === undefined ? [] : [[type, chosen]],
  );
}

/** Namespace of the operator. */
export function operatorNamespace({ account }: Pick<ServiceClass, 'account'>): string {
  return account.split(':')[2]!;
}
