import type { Construct } from 'constructs';
import { PreviewApp } from '../constructs/preview-app/preview-app.ts';
import { addResources } from '../constructs/preview-app/resources.ts';
import { PreviewNamespace } from '../constructs/preview-namespace/preview-namespace.ts';
import { COMMIT_ANNOTATION, SERVICE_SECRETS_ANNOTATION, VERSION_LABEL } from '../model/labels.ts';
import type { PreviewParts } from './preview-props.ts';

/** The constructs of a preview. */
export interface Built {
  readonly namespace: PreviewNamespace;
  /** The first app. */
  readonly preview: PreviewApp;
  /** All apps, by the name of their objects. */
  readonly apps: ReadonlyMap<string, PreviewApp>;
}

/**
 * Creates a preview's constructs: the fence in one scope, its apps in another. Both scopes may be the same.
 *
 * The namespace and the workloads are annotated with the repository, pull request, commit and author.
 */
export function build(fence: Construct, app: Construct, plan: PreviewParts): Built {
  const namespace = new PreviewNamespace(fence, 'fence', plan.namespace);
  const apps = new Map(
    plan.apps.map((props, i) => [props.name, new PreviewApp(app, i === 0 ? 'app' : props.name, props)]),
  );
  const preview = apps.get(plan.context.name)!;
  addResources(preview, plan.resources);
  // Without it, a reporter would blame the maker's secrets while an operator is not done yet.
  const secrets = plan.operated.flatMap(({ object }) => object.secret ?? []);
  if (secrets.length > 0) {
    for (const { podMetadata } of apps.values()) {
      podMetadata.annotations = { ...podMetadata.annotations, [SERVICE_SECRETS_ANNOTATION]: secrets.join(',') };
    }
  }
  const workloads = [...apps.values()].map(({ workload }) => workload);
  for (const { metadata } of [namespace.namespace, ...workloads]) {
    for (const [key, value] of Object.entries(plan.origin.annotations)) metadata.addAnnotation(key, value);
  }
  // Only the workload gets this label, not its pods: only a new image should restart them.
  for (const { metadata } of workloads) metadata.addLabel(VERSION_LABEL, plan.origin.version);
  // A tag that does not change with the commit may point to another image by now. Only a new pod pulls it again.
  for (const { name, image, namesCommit } of plan.resolved.apps) {
    const { podMetadata } = apps.get(name)!;
    if (image.digest !== undefined || namesCommit) continue;
    podMetadata.annotations = {
      ...podMetadata.annotations,
      [COMMIT_ANNOTATION]: plan.origin.annotations[COMMIT_ANNOTATION]!,
    };
  }
  return { namespace, preview, apps };
}
