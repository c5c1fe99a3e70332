import { ALL_RECONCILERS } from '../../reconcilers/index.ts';
import { type Condition, defineRule } from '../rule.ts';

const kinds = ALL_RECONCILERS.flatMap(({ pinned }) => pinned.kinds);
const [first, ...others] = ALL_RECONCILERS.flatMap(({ pinned }) => pinned.conditions) as [Condition, ...Condition[]];

/** Each reconciler defines what such an object must look like. */
export const ownApplication = defineRule({
  id: 'own-application',
  title: 'Only what greenroom itself deploys',
  message: `An ${kinds.map(({ kind }) => kind).join(' or ')} of a preview has another project, source, path or destination than greenroom gives it: remove it (previews are made from the apps repo), or ask {contact}.`,
  source: 'Argo CD documentation: projects and tenancy; Flux documentation: multi-tenancy lockdown',
  why: 'Anybody who can point an Application to another source or destination can run anything, wherever the reconciler has access.',
  place: 'reconciler',
  match: kinds,
  conditions: [first, ...others],
  examples: {
    good: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: pr-shop-7, namespace: argocd }
spec:
  project: previews
  source:
    repoURL: https://github.com/acme/previews.git
    targetRevision: main
    path: previews/main/shop/pr-shop-7/app
    directory: { include: '*.yaml' }
  destination: { server: https://kubernetes.default.svc, namespace: pr-shop-7 }
`,
    bad: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: pr-shop-7, namespace: argocd }
spec:
  project: default
  source:
    repoURL: https://github.com/mallory/anything.git
    targetRevision: main
    path: .
  destination: { server: https://kubernetes.default.svc, namespace: pr-shop-7 }
`,
  },
});
