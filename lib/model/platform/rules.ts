import * as z from 'zod';
import { bounded, ownerName, quantity, repositoryName } from '../scalars.ts';
import { authorFilter, branchFilter, labelFilter } from './filters.ts';
import { resourcesOr, section } from './section.ts';

// Who gets previews, with which rules, at what price.

export const source = z.strictObject({
  owner: ownerName.meta({ description: 'Organization or user whose pull requests get previews.', examples: ['acme'] }),
  repos: z
    .array(repositoryName)
    .min(1)
    .optional()
    .meta({
      description: 'Only these repositories. Default: all.',
      examples: [['shop', 'handbook']],
    }),
  label: z
    .string()
    .max(50)
    .optional()
    .meta({
      description: 'Only pull requests that carry this label. Default: all.',
      examples: ['preview'],
    }),
  labels: labelFilter,
  branches: branchFilter,
  authors: authorFilter,
  drafts: z.boolean().default(false).meta({ description: 'Whether drafts get a preview.' }),
  forks: z.boolean().default(false).meta({
    description:
      'Whether pull requests from forks do: their code comes from people without write access. They get no secrets.',
  }),
  registered: z.boolean().default(false).meta({
    description:
      'Only repositories that apps/<owner>/<repo>.yaml of the apps repo registers. If no source has this, only `greenroom cost --all` reads registrations.',
  }),
});

export const ENGINES = ['vap', 'kyverno', 'kyverno-legacy', 'gatekeeper'] as const;
export type Engine = (typeof ENGINES)[number];

const groupKind = bounded(
  200,
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Z][A-Za-z0-9]*$/,
  'must be group/Kind, e.g. apps/StatefulSet, or Kind for the core group',
);

export const policies = section({
  engines: z
    .array(z.enum(ENGINES))
    .default(['vap'])
    .meta({ description: 'Admission engines to compile the rules for.' }),
  severities: z
    .record(z.string().max(63), z.enum(['deny', 'warn', 'off']))
    .default({})
    .meta({
      description: "Rule id: deny, warn or off. Default: the rule's own severity.",
      examples: [{ 'limit-request-ratio': 'warn' }],
    }),
  parameters: section({
    maxSize: resourcesOr('2', '2Gi').meta({ description: 'Largest limits of one container.' }),
    maxStorage: quantity.default('4Gi').meta({
      description: 'Largest node disk of one container or temporary volume.',
      examples: ['8Gi'],
    }),
    gracePeriodSeconds: z
      .int()
      .min(0)
      .max(3600)
      .default(120)
      .meta({ description: 'Longest time that a pod may take to stop, in seconds.', examples: [300] }),
    limitRequestRatio: section({
      cpu: z.int().min(1).max(1000).default(10).meta({ description: 'Of cpu.' }),
      memory: z.int().min(1).max(1000).default(4).meta({ description: 'Of memory.' }),
    }).meta({ description: 'Largest ratio of limit to request.' }),
    allowedKinds: z
      .union([z.array(groupKind), z.record(groupKind, z.literal(true).nullable())])
      .optional()
      .meta({
        description:
          "`group/Kind` that a maker's manifests may contain (`Service` for the core group). A list replaces the rule's list; what greenroom makes from preview.yaml is always allowed. A map is merged with it: true adds a kind, null removes one. Default: the rule's list.",
        examples: [['Service', 'ConfigMap', 'apps/Deployment']],
      }),
    keys: z
      .array(z.string().max(253))
      .default([])
      .meta({
        description:
          'More allowed keys of labels and annotations; a key that ends in `/` allows all keys with this prefix.',
        examples: [['acme.example/']],
      }),
  }).meta({ description: 'Parameters of rules.' }),
  contact: z
    .string()
    .max(100)
    .regex(/\S/, 'must name a contact, e.g. @platform')
    .default('the platform team')
    .meta({ description: 'The contact that every refusal names, e.g. @platform.' }),
  trustedAccounts: z
    .array(z.string().max(253))
    .default([])
    .meta({
      description:
        'User names of controllers that may write into preview namespaces, in addition to those of Kubernetes itself.',
      examples: [['system:serviceaccount:flagger:flagger']],
    }),
}).meta({ description: 'The rules: where they are enforced, and how strict they are.' });

export const cost = section({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD')
    .default('USD')
    .meta({ description: 'Currency of rates and budgets, ISO 4217.' }),
  rates: section({
    cpuHour: z
      .number()
      .min(0)
      .max(1000)
      .default(0.031611)
      .meta({ description: 'Price of one requested vCPU an hour.' }),
    memoryGiBHour: z
      .number()
      .min(0)
      .max(1000)
      .default(0.004237)
      .meta({ description: 'Price of one requested GiB of memory an hour.' }),
    storageGiBHour: z
      .number()
      .min(0)
      .max(1000)
      .default(0.000137)
      .meta({ description: 'Price of one GiB of a claimed disk an hour.' }),
    asOf: z
      .string()
      .regex(/^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$/, 'must be a date such as 2026-03')
      .default('2026-01')
      .meta({ description: 'Date of the rates, shown with every amount.' }),
  }).meta({ description: 'What the cost is computed from.' }),
  budgets: section({
    perPreviewDay: z
      .number()
      .min(0)
      .optional()
      .meta({ description: 'Highest cost of one preview per day. Default: no limit.', examples: [5] }),
    totalDay: z
      .number()
      .min(0)
      .optional()
      .meta({ description: 'Highest cost of all live previews per day. Default: no limit.', examples: [100] }),
  }).meta({ description: 'Budgets, in the currency above.' }),
}).meta({ description: 'Rates and budgets of previews.' });

export const slots = section({
  total: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Largest number of live previews. Default: no limit.', examples: [50] }),
  perRepo: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Largest number of live previews of one repository. Default: no limit.', examples: [10] }),
  perAuthor: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Largest number of live previews of one author. Default: no limit.', examples: [5] }),
}).meta({ description: 'Slots: how many previews may run at once; more wait in a queue.' });
