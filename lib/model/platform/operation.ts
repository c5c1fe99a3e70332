import * as z from 'zod';
import { IMAGE_PATTERN } from '../image.ts';
import { bounded, dnsLabel, httpUrl } from '../scalars.ts';
import { TEMPLATE_NAMES } from '../templates/index.ts';
import { section } from './section.ts';

// Where previews run, and how they are deployed.

export const cluster = z.strictObject({
  name: dnsLabel.meta({ description: "Folder of the cluster's previews in the apps repo.", examples: ['main'] }),
  server: httpUrl.meta({
    description: 'Address of the API server as Argo CD knows it.',
    examples: ['https://kubernetes.default.svc'],
  }),
  when: z
    .strictObject({
      sizes: z
        .array(z.string().max(63))
        .min(1)
        .optional()
        .meta({ description: 'Sizes that its apps may have. Default: all.', examples: [['small', 'medium', 'large']] }),
      templates: z
        .array(z.enum(TEMPLATE_NAMES))
        .min(1)
        .optional()
        .meta({ description: 'Templates that its apps may have. Default: all.', examples: [['function']] }),
      labels: z
        .array(z.string().max(50))
        .min(1)
        .optional()
        .meta({ description: 'Labels of the pull request, any of them. Default: all.', examples: [['on-large']] }),
    })
    .optional()
    .meta({ description: 'Which previews run here; the first cluster that matches wins. Default: all.' }),
  drain: z
    .boolean()
    .optional()
    .meta({
      description: 'Accepts no new previews; stays in the list until its previews have moved. Default: false.',
      examples: [false],
    }),
});

export const cleaner = section({
  image: bounded(300, new RegExp(IMAGE_PATTERN), 'must be an image reference such as docker.io/alpine/k8s:1.34.1')
    .default('docker.io/alpine/k8s:1.34.1')
    .meta({ description: 'Image with kubectl, sh and date; name it by digest, from your own registry.' }),
  schedule: bounded(100, /^[0-9*/, -]+$/, 'must be a cron schedule such as */5 * * * *')
    .default('*/5 * * * *')
    .meta({ description: 'When the job runs, in UTC.' }),
}).meta({ description: 'The job in each cluster that ends expired previews when the sweep cannot.' });

/**
 * `scheme://host/path`, `user@host:path`, or `file:///path` for a reconciler on the same machine as the repository. A
 * bare path is not allowed.
 */
const ADDRESS = /^([a-z][a-z0-9+.-]*:\/\/[^\s/][^\s]*|file:\/\/\/[^\s/][^\s]*|[^\s/:@]+@[^\s/:]+:[^\s]+)$/;

export const appsRepo = section({
  url: bounded(500, ADDRESS, 'must be an address that Git clones from, such as https://github.com/acme/previews.git')
    .optional()
    .meta({
      description: 'Address that the reconciler clones. Default: https://github.com/<first owner>/previews.git.',
      examples: ['https://github.com/acme/previews.git'],
    }),
  branch: bounded(100, /^[A-Za-z0-9._/-]+$/, 'must be a branch name')
    .default('main')
    .meta({ description: 'Branch that is deployed from.' }),
}).meta({ description: 'Where the apps repo is.' });

export const status = section({
  probe: z.boolean().default(true).meta({
    description: 'Let `serve` and `sweep` send requests to the addresses of previews.',
  }),
  private: z.boolean().default(false).meta({
    description: 'Also send requests to addresses of private networks, but never to those of cloud metadata services.',
  }),
  url: httpUrl.optional().meta({
    description: 'Address of `serve` that receives reports about clusters. Default: nothing is reported.',
    examples: ['https://greenroom.example.com/status'],
  }),
  notify: z.boolean().default(false).meta({
    description: 'Let the reconciler report to `serve` at `url` whether it could apply a preview; see docs/status.md.',
  }),
  commitStatuses: z
    .strictObject({
      appId: z
        .int()
        .positive()
        .meta({ description: 'Id of the GitHub App.', examples: [12345] }),
      installationId: z
        .int()
        .positive()
        .meta({ description: 'Id of its installation for the apps repo.', examples: [67890] }),
      api: httpUrl.optional().meta({
        description: 'Address of the API of a GitHub Enterprise Server. Default: GitHub itself.',
        examples: ['https://github.example.com/api/v3'],
      }),
    })
    .optional()
    .meta({
      description:
        'Without `serve`: let the reconciler write, as this GitHub App with *Commit statuses: write*, a commit status in the apps ' +
        'repo: Argo CD when the state of a preview changes, Flux when it cannot apply one. `sync` and `sweep` read it. Default: it writes none.',
    }),
  watch: z
    .boolean()
    .default(false)
    .meta({
      description:
        'Let `greenroom watch` in each cluster read the objects of previews: each fence binds its account to that.',
      examples: [true],
    }),
  image: bounded(300, new RegExp(IMAGE_PATTERN), 'must be an image reference such as ghcr.io/acme/greenroom@sha256:...')
    .optional()
    .meta({
      description:
        'Image of greenroom: with `watch`, `init` and `upgrade` write a Deployment of the reporter for each cluster. Name it by digest. Default: you run it yourself.',
      examples: ['ghcr.io/acme/greenroom:v0.1.0'],
    }),
  monitoring: z.boolean().default(false).meta({
    description:
      'Write `monitoring/` in the apps repo: a Grafana dashboard and Prometheus rules for the metrics of `serve`.',
  }),
  logs: z.boolean().default(false).meta({
    description:
      'With `watch`: show the last 20 lines of an app that exits, without lines that may contain a credential, and never on a public repository.',
  }),
  builds: z
    .array(bounded(100, /\S/, 'must be the name of a job, with * for any characters but /, and ** for any'))
    .min(1)
    .max(50)
    .optional()
    .meta({
      description:
        'Names of the jobs and statuses that build images, with `*` and `**`, as a pull request lists them: the comment then ' +
        'calls no other check a build. Default: the words of a name tell it, e.g. `image`, `docker`, `build`.',
      examples: [['image / *', 'ci/docker']],
    }),
  environments: z
    .enum(['each', 'shared'])
    .default('each')
    .meta({
      description:
        'Environment of a preview on the pages of its repository: one for each (`preview/<name>`), which is deleted with it ' +
        'if the permission exists, or the one environment `preview` for all.',
    }),
}).meta({ description: 'How the status of previews is observed.' });

export const commit = section({
  mode: z.enum(['direct', 'pull-request']).default('direct').meta({
    description: 'How previews get into the apps repo: committed on its branch, or each as a pull request for review.',
  }),
  autoMerge: z.boolean().default(false).meta({
    description: 'With `pull-request`: let GitHub merge each as soon as the rules of the apps repo allow it.',
  }),
}).meta({ description: 'How changes get into the apps repo.' });
