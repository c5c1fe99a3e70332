import { valueAt } from '../../core/json.ts';
import { contains, parseNetwork } from '../ipv4.ts';
import { PREVIEW_PREFIX } from '../labels.ts';
import { quantity, quantityValue } from '../scalars.ts';
import type { Contradiction, Settings } from './contradiction.ts';
import { FORBIDDEN_GROUPS, fenceKindProblem, groupOf } from './kinds.ts';
import { METADATA_CIDRS } from './network.ts';
import { classKind, operatorNamespace, type ServiceClass, serviceClasses } from './service-class.ts';

/** Kinds that no operator writes into a preview: those of the fence and of the platform, and the ways in. */
const CLOSED_KINDS = ['LimitRange', 'Namespace', 'ResourceQuota'];
const CLOSED_GROUPS = [...FORBIDDEN_GROUPS, 'gateway.networking.k8s.io', 'networking.k8s.io'];
const OWN_ROLES = ['rbac.authorization.k8s.io/Role', 'rbac.authorization.k8s.io/RoleBinding'];

/** What one object of a class asks for. */
export interface ClassDemand {
  readonly instances: number;
  /** Volumes: one of each instance, or as many as the operator may claim. */
  readonly claims: number;
  /** Requests and limits of each instance. */
  readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<'cpu' | 'memory', string>>>>;
  /** Size of each volume; null for none. */
  readonly storage: string | null;
}

/** Reads it from a `spec` that {@link classProblems} accepted. */
export function demandOf({ spec, instances, resources, storage, kinds }: ServiceClass): ClassDemand {
  const at = (path: string) => valueAt(spec, path.split('.'));
  const text = (path: string) => String(at(path));
  const bounds = (bound: string) => ({
    cpu: text(`${resources}.${bound}.cpu`),
    memory: text(`${resources}.${bound}.memory`),
  });
  const count = Number(at(instances));
  return {
    instances: count,
    claims: storage === null ? 0 : Math.max(count, kinds['PersistentVolumeClaim'] ?? 0),
    resources: { requests: bounds('requests'), limits: bounds('limits') },
    storage: storage === null ? null : text(storage),
  };
}

/** Settings of classes that would open more than their objects, or with which no object could start. */
export function classProblems(settings: Settings): Contradiction[] {
  const classes = serviceClasses(settings.services);
  return [
    ...classes.flatMap(([type, chosen]) => {
      const inSpec = specProblems(chosen);
      const own = [
        ...kindsProblems(chosen, settings),
        ...accountProblems(chosen, settings),
        ...inSpec,
        ...(inSpec.length > 0 ? [] : boundsProblems(chosen, settings)),
        ...(chosen.callsApi && settings.network.apiServer.length === 0
          ? [{ path: ['callsApi'], message: 'needs network.apiServer, the addresses that the pods may reach' }]
          : []),
      ];
      return own.map(({ path, message }) => ({ path: ['services', type, 'class', ...path], message }));
    }),
    ...classes.flatMap(([type, chosen]) =>
      specProblems(chosen).length > 0 ? [] : claimProblems(type, demandOf(chosen), settings),
    ),
    ...(classes.length > 0 ? verifierProblems(settings) : []),
    ...settings.network.apiServer.flatMap(({ cidr }, i) => {
      const metadata = METADATA_CIDRS.find((range) => contains(parseNetwork(range), parseNetwork(cidr)));
      if (metadata === undefined) return [];
      const message = `is inside ${metadata}, where clouds provide the credentials of a node; found ${cidr}`;
      return [{ path: ['network', 'apiServer', i, 'cidr'], message }];
    }),
  ];
}

function kindsProblems(chosen: ServiceClass, { policies, fenceKinds, services }: Settings): Contradiction[] {
  const own = classKind(chosen);
  const allowed = policies.parameters.allowedKinds ?? {};
  const makers = Array.isArray(allowed) ? allowed : Object.keys(allowed).filter((text) => allowed[text] === true);
  const problem = makers.includes(own)
    ? 'is among allowedKinds, which previews write themselves'
    : fenceKindProblem(own);
  const objects = serviceClasses(services).map(([, other]) => classKind(other));
  const written = Object.keys(chosen.kinds).flatMap((text): Contradiction[] => {
    const { group, kind } = groupOf(text);
    const isClosed =
      (group === '' ? CLOSED_KINDS.includes(kind) : CLOSED_GROUPS.includes(group) && !OWN_ROLES.includes(text)) ||
      [...objects, ...fenceKinds].includes(text);
    return isClosed
      ? [
          {
            path: ['kinds', text],
            message: 'belongs to the fence or the platform, or leads into the preview; remove it',
          },
        ]
      : [];
  });
  return [
    ...(problem === undefined ? [] : [{ path: ['kind'], message: `cannot be ${own}, which ${problem}` }]),
    ...written,
  ];
}

/** The account must have no more than its class gives it. */
function accountProblems({ account }: ServiceClass, { policies }: Settings): Contradiction[] {
  const namespace = operatorNamespace({ account });
  const at = (message: string) => [{ path: ['account'], message }];
  if (namespace.startsWith(PREVIEW_PREFIX) || namespace === 'kube-system') {
    return at(`must be in its own namespace, not in kube-system or a preview's; found ${account}`);
  }
  const trusted = [account, `system:serviceaccounts:${namespace}`, 'system:serviceaccounts'].find((name) =>
    policies.trustedAccounts.includes(name),
  );
  if (trusted === undefined) return [];
  return at(`is in policies.trustedAccounts as ${trusted}, which lets it write anything; remove it there`);
}

function specProblems({ spec, instances, resources, storage, added }: ServiceClass): Contradiction[] {
  const missing = (path: string, what: string): Contradiction[] => {
    const value = valueAt(spec, path.split('.'));
    const found = value === undefined ? 'found nothing' : `found ${JSON.stringify(value)}`;
    return [
      { path: ['spec', ...path.split('.')], message: `must be ${what}: the price and the quota count it; ${found}` },
    ];
  };
  const count = valueAt(spec, instances.split('.'));
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= 9;
  const amounts = ['requests', 'limits'].flatMap((bound) =>
    ['cpu', 'memory'].map((resource) => `${resources}.${bound}.${resource}`),
  );
  const isQuantity = (path: string) => quantity.safeParse(valueAt(spec, path.split('.'))).success;
  return [
    ...(isCount ? [] : missing(instances, 'a whole number from 1 to 9')),
    ...[...amounts, ...(storage === null ? [] : [storage])].flatMap((path) =>
      isQuantity(path) ? [] : missing(path, 'a quantity such as 500m or 1Gi'),
    ),
    ...added.flatMap((path, i) =>
      valueAt(spec, path.split('.')) === undefined
        ? []
        : [{ path: ['added', i], message: `is already in spec, which contains its value; found ${path}` }],
    ),
  ];
}

/** A container that the LimitRange refuses would only show in the operator's log. */
function boundsProblems(chosen: ServiceClass, { namespace }: Settings): Contradiction[] {
  const { requests, limits } = demandOf(chosen).resources;
  const path = (bound: string, resource: string) => ['spec', ...chosen.resources.split('.'), bound, resource];
  return (['cpu', 'memory'] as const).flatMap((resource): Contradiction[] => {
    const most = namespace.limitRange.max[resource];
    if (quantityValue(limits[resource]) > quantityValue(most)) {
      const message = `must not be above namespace.limitRange.max.${resource}, which is ${most}; found ${limits[resource]}`;
      return [{ path: path('limits', resource), message }];
    }
    if (quantityValue(requests[resource]) <= quantityValue(limits[resource])) return [];
    const message = `must not be above the limit of ${limits[resource]}; found ${requests[resource]}`;
    return [{ path: path('requests', resource), message }];
  });
}

/** Claims are closed by default. They are opened by name, with a bound on their size. */
function claimProblems(
  type: string,
  { claims: count, storage }: ClassDemand,
  { namespace: { quota } }: Settings,
): Contradiction[] {
  if (storage === null) return [];
  const path = (resource: string) => ['namespace', 'quota', resource];
  const claims = quota['persistentvolumeclaims'];
  const size = quota['requests.storage'];
  const bytes = count * quantityValue(storage);
  const why = `each ${type} of services claims ${count} of ${storage}`;
  return [
    ...(claims !== undefined && quantityValue(claims) < count
      ? [{ path: path('persistentvolumeclaims'), message: `must be at least ${count}: ${why}; it is ${claims}` }]
      : []),
    ...(size === undefined
      ? [
          {
            path: ['namespace', 'quota'],
            message: `must have requests.storage, the largest claim of a preview: ${why}`,
          },
        ]
      : quantityValue(size) < bytes
        ? [{ path: path('requests.storage'), message: `is too little: ${why}; it is ${size}` }]
        : []),
  ];
}

/** policy-controller checks every pod of a preview, whoever wrote it. */
function verifierProblems({ evidence }: Settings): Contradiction[] {
  if (evidence.admission !== 'signatures' || evidence.verifier !== 'policy-controller') return [];
  const message =
    'cannot be policy-controller if services has a class: it refuses the pods of operators, whose images your keys did not sign; use kyverno, or evidence.admission: notes';
  return [{ path: ['evidence', 'verifier'], message }];
}
