import { type CheckResult, couldNotRead, fail, ok, warn } from '../../cluster/check-result.ts';
import { list, text } from '../../cluster/reader.ts';
import { certificateNamespace } from '../../constructs/bootstrap/ingress.ts';
import type { DoctorContext } from './context.ts';

/** Checks what serves previews' addresses: the class of ingress or gateway, and its controller. */
export async function entrance(context: DoctorContext): Promise<CheckResult[]> {
  if (!context.previews) return [];
  const gateway = context.platform.ingress.kind === 'gateway';
  return [
    ...(await (gateway ? gatewayClass(context) : ingressClass(context))),
    ...(gateway ? await liveGateway(context) : []),
    ...(await controller(context)),
  ];
}

async function ingressClass({ reader, platform }: DoctorContext): Promise<CheckResult[]> {
  const { class: name } = platform.ingress;
  const answer = await reader.get(`/apis/networking.k8s.io/v1/ingressclasses/${name}`);
  if (answer.kind === 'refused') return [couldNotRead('entrance', `IngressClass ${name}`, answer)];
  return answer.kind === 'found'
    ? [ok('entrance', `IngressClass ${name} is served by ${text(answer.value, 'spec', 'controller')}`)]
    : [
        fail(
          'entrance',
          `There is no IngressClass ${name}: no preview can be reached.`,
          'Install an ingress controller of that class, or set ingress.class to an existing class.',
        ),
      ];
}

async function gatewayClass({ reader, platform }: DoctorContext): Promise<CheckResult[]> {
  const { class: name } = platform.ingress;
  const answer = await reader.get(`/apis/gateway.networking.k8s.io/v1/gatewayclasses/${name}`);
  if (answer.kind === 'refused') return [couldNotRead('entrance', `GatewayClass ${name}`, answer)];
  const fix = 'Install a Gateway API controller with that class, or set ingress.class to an existing class.';
  if (answer.kind === 'missing') {
    return [fail('entrance', `There is no GatewayClass ${name}: no preview can be reached.`, fix)];
  }
  const accepted = condition(answer.value, 'Accepted');
  return accepted.status === 'True'
    ? [ok('entrance', `GatewayClass ${name} is served by ${text(answer.value, 'spec', 'controllerName')}`)]
    : [fail('entrance', `No controller has accepted GatewayClass ${name}${because(accepted.message)}.`, fix)];
}

async function liveGateway({ reader, platform }: DoctorContext): Promise<CheckResult[]> {
  const { name } = platform.ingress.gateway;
  const namespace = certificateNamespace(platform);
  const answer = await reader.get(`/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/gateways/${name}`);
  if (answer.kind === 'refused') return [couldNotRead('gateway', `Gateway ${name} in ${namespace}`, answer)];
  const programmed = answer.kind === 'found' ? condition(answer.value, 'Programmed') : undefined;
  if (programmed?.status === 'True') return [ok('gateway', `Gateway ${name} is programmed`)];
  return [
    fail(
      'gateway',
      programmed === undefined
        ? `There is no Gateway ${name} in ${namespace}.`
        : `Gateway ${name} is not programmed${because(programmed.message)}.`,
      'An administrator applies bootstrap/install again; look at the status of the Gateway.',
    ),
  ];
}

async function controller({ reader, platform }: DoctorContext): Promise<CheckResult[]> {
  const { controllerNamespace: namespace } = platform.ingress;
  const answer = await reader.get(`/api/v1/namespaces/${namespace}/pods`);
  if (answer.kind === 'refused') return [couldNotRead('controller', `pods in ${namespace}`, answer)];
  const pods = answer.kind === 'found' ? list(answer.value, 'items') : [];
  const ready = pods.filter((pod) => condition(pod, 'Ready').status === 'True');
  if (ready.length > 0) return [ok('controller', `${ready.length} of ${pods.length} pods in ${namespace} are ready`)];
  return [
    fail(
      'controller',
      `No pod in ${namespace} is ready, and previews only allow traffic from there.`,
      'Start the controller, or set ingress.controllerNamespace to its namespace.',
    ),
  ];
}

/** The certificate of all previews. */
export async function certificate({ reader, platform, previews }: DoctorContext): Promise<CheckResult[]> {
  if (!previews) return [];
  const { secretName } = platform.ingress.tls;
  const namespace = certificateNamespace(platform);
  const answer = await reader.get(`/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/${secretName}`);
  if (answer.kind === 'refused') return [couldNotRead('certificate', `Certificate ${secretName}`, answer)];
  if (answer.kind === 'missing') {
    return [
      fail(
        'certificate',
        `There is no Certificate ${secretName} in ${namespace}: browsers will warn about every preview.`,
        'An administrator applies bootstrap/install again.',
      ),
    ];
  }
  const ready = condition(answer.value, 'Ready');
  if (ready.status === 'True') return [ok('certificate', `*.${platform.domain} is certified`)];
  return [
    fail(
      'certificate',
      `The certificate of *.${platform.domain} is not ready${because(ready.message)}.`,
      `Look at the ClusterIssuer ${platform.ingress.tls.issuer}: a wildcard needs a DNS-01 solver for the domain.`,
    ),
  ];
}

/** The API does not tell whether network policies are enforced. */
export async function networkPolicies({ previews }: DoctorContext): Promise<CheckResult[]> {
  return previews
    ? [
        warn(
          'network-policies',
          'The API does not tell whether the cluster enforces NetworkPolicies; if it does not, previews can reach each other.',
          'Make sure that the network plugin enforces them (Calico and Cilium do, flannel alone does not).',
        ),
      ]
    : [];
}

function condition(object: unknown, type: string): { status: string; message: string } {
  const found = list(object, 'status', 'conditions').find((each) => text(each, 'type') === type);
  return { status: text(found, 'status'), message: text(found, 'message') };
}

const because = (message: string) => (message === '' ? '' : `: ${message.replace(/\.$/, '')}`);
