import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Container, Mutable, PodSpec, Volume } from '../../model/kube.ts';
import { APP_LABEL, PREVIEW_LABEL, previewLabels } from '../../model/labels.ts';
import { templateOf } from '../../model/templates/index.ts';
import type { WorkloadParts } from '../../model/templates/runtime.ts';
import { PORT_NAME } from '../../model/templates/runtime.ts';
import { CoreObject, kubeObject } from '../kube-object.ts';
import type { StringMap } from '../metadata.ts';
import { checkProps } from './check-props.ts';
import { podSpec, restrictedSecurityContext } from './pod.ts';
import type { PreviewAppProps } from './props.ts';
import { domainMapping, route, SERVICE_PORT } from './route.ts';
import { externalSecret } from './secrets.ts';

/** A container that an extension adds; the restricted security context is the default. */
export type AddedContainer = Pick<Container, 'name'> & Partial<Mutable<Container>>;

/**
 * The app of one preview: Deployment, Service and Ingress or HTTPRoute; for a `function` on a cluster with Knative, a
 * Knative Service and a DomainMapping instead; and an ExternalSecret if it has secrets.
 *
 * The objects are public, so that they can be changed until synthesis; `pod` is the spec of the pod.
 */
export class PreviewApp extends Construct {
  /** Name of the workload, its Service and its route. */
  readonly name: string;
  /** Namespace of all objects. */
  readonly namespace: string;
  /** The Deployment, Knative Service, or another workload of the template. */
  readonly workload: ApiObject;
  /** The ClusterIP Service of a Deployment; undefined for a Knative Service and for an app without a port. */
  readonly service?: CoreObject<'Service'>;
  /** The Ingress, HTTPRoute or DomainMapping; a template without a port has none. */
  readonly route?: ApiObject;
  /** The ExternalSecret, if the app has secrets and the mechanism is `external-secrets`. */
  readonly externalSecret?: ApiObject;
  /** The spec of the pod; changes appear in the workload. */
  readonly pod: Mutable<PodSpec>;
  /** Labels and annotations of the pods; changes appear in the workload. */
  readonly podMetadata: { labels: Record<string, string>; annotations?: Record<string, string> };

  private readonly labels: StringMap;
  private readonly annotations: StringMap;

  /** @throws GreenroomError `invalid-input` with all invalid props */
  constructor(scope: Construct, id: string, props: PreviewAppProps) {
    super(scope, id);
    const own = appLabels(props);
    checkProps(this, props, own);
    this.name = props.name;
    this.namespace = props.namespace;
    this.labels = { ...props.labels, ...own };
    this.annotations = props.annotations ?? {};
    this.podMetadata = { labels: { ...this.labels } };
    for (const [key, value] of Object.entries(this.annotations)) this.addPodAnnotation(key, value);

    const template = templateOf(props.template);
    const runtime = template.runtime({ knative: props.knative ?? false });
    const replicas = props.replicas ?? 1;
    for (const [key, value] of Object.entries(runtime.podAnnotations(replicas))) this.addPodAnnotation(key, value);
    const given = { ...props, port: props.port ?? template.defaults.port ?? undefined };
    this.pod = podSpec(given, runtime);
    const parts: WorkloadParts = {
      metadata: this.metadata(),
      podMetadata: this.podMetadata,
      pod: this.pod,
      selector: this.selector,
      replicas,
    };
    const workload = template.workload?.(parts, props.templateFields ?? {}) ?? runtime.workload(parts);
    this.workload = new CoreObject(this, 'workload', workload);
    if (given.port !== undefined && runtime.needsService) this.service = this.clusterService();
    if (template.isRouted && props.path !== null) {
      const metadata = this.metadata();
      const annotations = { ...metadata.annotations, ...props.routeAnnotations };
      this.route = (runtime.needsService ? route : domainMapping)(this, props, { ...metadata, annotations });
    }
    if (props.secretStore?.mechanism === 'external-secrets' && Object.keys(props.secrets ?? {}).length > 0) {
      this.externalSecret = externalSecret(this, props, this.metadata());
    }
  }

  /** The workload if it is a Deployment, with a typed spec. */
  get deployment(): CoreObject<'Deployment'> | undefined {
    return this.workload.kind === 'Deployment' ? (this.workload as CoreObject<'Deployment'>) : undefined;
  }

  /** The route if it is an Ingress, with a typed spec. */
  get ingress(): CoreObject<'Ingress'> | undefined {
    return this.route?.kind === 'Ingress' ? (this.route as CoreObject<'Ingress'>) : undefined;
  }

  /** The app's objects, the workload first. */
  get apiObjects(): readonly ApiObject[] {
    return [this.workload, this.service, this.route, this.externalSecret].filter((object) => object !== undefined);
  }

  /** Adds a container to the pod, by default with the restricted security context. */
  addContainer(container: AddedContainer): void {
    this.pod.containers.push({ securityContext: restrictedSecurityContext(), ...container });
  }

  /** Adds a container that finishes before the app starts, or a sidecar with `restartPolicy: Always`. */
  addInitContainer(container: AddedContainer): void {
    this.pod.initContainers ??= [];
    this.pod.initContainers.push({ securityContext: restrictedSecurityContext(), ...container });
  }

  /** Adds a volume to the pod; mount it through `pod.containers` or an added container. */
  addVolume(volume: Volume): void {
    this.pod.volumes ??= [];
    this.pod.volumes.push(volume as Mutable<Volume>);
  }

  /** Adds a label to every object of the app and to its pods. */
  addLabel(key: string, value: string): void {
    for (const object of this.apiObjects) object.metadata.addLabel(key, value);
    this.podMetadata.labels[key] = value;
  }

  /** Adds an annotation to every object of the app and to its pods. */
  addAnnotation(key: string, value: string): void {
    for (const object of this.apiObjects) object.metadata.addAnnotation(key, value);
    this.addPodAnnotation(key, value);
  }

  private addPodAnnotation(key: string, value: string): void {
    this.podMetadata.annotations ??= {};
    this.podMetadata.annotations[key] = value;
  }

  /** @internal Labels and annotations of all its objects. */
  get objectMetadata(): { readonly labels: StringMap; readonly annotations: StringMap } {
    return { labels: this.labels, annotations: this.annotations };
  }

  private metadata() {
    return { name: this.name, namespace: this.namespace, labels: this.labels, annotations: this.annotations };
  }

  /** Labels that never change, since the selector of a Deployment cannot change. */
  get selector(): StringMap {
    return { [APP_LABEL]: this.name, [PREVIEW_LABEL]: this.namespace };
  }

  private clusterService(): CoreObject<'Service'> {
    return kubeObject(this, 'service', 'Service', {
      metadata: this.metadata(),
      spec: {
        type: 'ClusterIP',
        selector: this.selector,
        ports: [{ name: PORT_NAME, port: SERVICE_PORT, targetPort: PORT_NAME, protocol: 'TCP' }],
      },
    });
  }
}

function appLabels({ name, namespace, template, app = name, partOf = namespace }: PreviewAppProps): StringMap {
  return { ...previewLabels(namespace, app, partOf), [APP_LABEL]: name, 'app.kubernetes.io/component': template };
}
