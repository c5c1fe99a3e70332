import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { CLEANER_ACCOUNT, EXPIRES_LABEL, PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { type CompileOptions, compileOptions, compilePolicies } from '../../policies/engines/index.ts';
import { validatingAdmissionPolicy } from '../../policies/engines/vap.ts';
import type { GuardSpec } from '../../reconcilers/reconciler.ts';

/** A ValidatingAdmissionPolicy with its binding, both with the same name. It fails closed. */
export class Guard extends Construct {
  readonly apiObjects: readonly ApiObject[];

  constructor(scope: Construct, id: string, props: GuardSpec) {
    super(scope, id);
    const { name, rule, when, validations } = props;
    const [policy, binding] = validatingAdmissionPolicy({
      name,
      matchConstraints: { resourceRules: rule },
      matchConditions: [{ name: 'applies', expression: when }],
      validations,
    });
    this.apiObjects = [new ApiObject(this, 'policy', policy), new ApiObject(this, 'binding', binding)];
  }
}

/** Whether the request comes from this service account. */
export const username = (namespace: string, account: string) =>
  `request.userInfo.username == 'system:serviceaccount:${namespace}:${account}'`;

const labelOf = (object: string) => `${object}.metadata.?labels[?'${PREVIEW_LABEL}'].orValue('')`;

/**
 * RBAC cannot select namespaces by name or label, so an account that creates namespaces can write into all of them. This
 * guard limits it to namespaces of previews, by name and by the label that only greenroom's fences have. An existing
 * namespace whose name happens to start with `pr-` is not taken over.
 */
export function fencerGuard(
  scope: Construct,
  id: string,
  namespace: string,
  account: string,
  /** Shared namespace of the accounts of previews; null if each account is in its preview's namespace. */
  beside: string | null,
): Guard {
  const elsewhere =
    beside === null
      ? []
      : [
          `|| (request.namespace == '${beside}' && request.name.startsWith('${PREVIEW_PREFIX}')`,
          "&& request.resource.group == '' && request.resource.resource == 'serviceaccounts')",
        ];
  const isNamespace = "request.resource.group == '' && request.resource.resource == 'namespaces'";
  return new Guard(scope, id, {
    name: 'greenroom-fencer',
    rule: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*/*'] }],
    when: username(namespace, account),
    validations: [
      {
        expression: [
          `${isNamespace}`,
          `? request.name.startsWith('${PREVIEW_PREFIX}')`,
          `&& (request.operation == 'CREATE' || ${labelOf('oldObject')} == request.name)`,
          `&& (request.operation == 'DELETE' || ${labelOf('object')} == request.name)`,
          `: (request.namespace.startsWith('${PREVIEW_PREFIX}') && namespaceObject != null`,
          `&& ${labelOf('namespaceObject')} == request.namespace)`,
          ...elsewhere,
        ].join('\n'),
        message: `${account} may only change previews: namespaces named ${PREVIEW_PREFIX}* that have their name in the label ${PREVIEW_LABEL}`,
      },
    ],
  });
}

/** Name of a pod of the cleaner's CronJob. Kubernetes puts the minute at which the Job was due into it. */
const SCHEDULED_POD = `^${CLEANER_ACCOUNT}-[0-9]{1,10}-[a-z0-9]+$`;
const POD_NAME = "request.userInfo.?extra[?'authentication.kubernetes.io/pod-name'].orValue([])";

/**
 * Limits the cleaner, which may delete namespaces, to previews that have expired. CEL has no clock, and the clock of the
 * cleaner's node may be wrong. So "now" is the minute at which the cleaner's Job was due: it is in the name of the pod, which
 * the API server signs into the pod's token. If that clock stops, fewer deletions are allowed, never more.
 */
export function cleanerGuard(scope: Construct, id: string, namespace: string, account: string): Guard {
  const expires = `oldObject.metadata.?labels[?'${EXPIRES_LABEL}'].orValue('')`;
  const due = `int(pod.replace('${CLEANER_ACCOUNT}-', '').split('-')[0]) * 60`;
  return new Guard(scope, id, {
    name: 'greenroom-cleaner',
    rule: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*/*'] }],
    when: username(namespace, account),
    validations: [
      {
        expression: [
          "request.operation == 'DELETE' && request.resource.group == '' && request.resource.resource == 'namespaces'",
          `&& request.name.startsWith('${PREVIEW_PREFIX}') && ${labelOf('oldObject')} == request.name`,
        ].join('\n'),
        message: `${account} may only delete namespaces of previews`,
      },
      {
        expression: `${POD_NAME}.size() == 1 && ${POD_NAME}[0].matches('${SCHEDULED_POD}')`,
        message: `${account} deletes only in a scheduled run of the CronJob ${CLEANER_ACCOUNT}: the name of the pod tells the time`,
      },
      {
        expression: `${expires}.matches('^[0-9]{1,12}$') && ${POD_NAME}.all(pod, int(${expires}) <= ${due})`,
        message: `${account} may only delete previews that had expired when its run was due`,
      },
    ],
  });
}

/**
 * An Application or Kustomization of previews must be exactly as greenroom writes it. So anybody who may write those can
 * neither use a preview's permissions nor direct a preview elsewhere. The bootstrap relies on it, so the platform's
 * severities and exceptions do not apply.
 */
export function reconcilerGuard(scope: Construct, id: string, platform: PlatformSpec, repoUrl: string): ApiObject[] {
  const { params, ...compiled } = compileOptions(platform, 'vap');
  const options: CompileOptions = {
    ...compiled,
    params: { ...params, application: { ...params.application, repoURL: repoUrl } },
    severities: {},
    place: 'reconciler',
  };
  return compilePolicies(options).map(
    (object) => new ApiObject(scope, `${id}-${object.kind}-${object.metadata.name}`, object),
  );
}
