import type { JsonRecord } from '../../core/json.ts';
import type { NetworkPolicySpec } from '../../model/kube.ts';

/** An object of an operator that runs a service for the preview. */
export interface OperatedService {
  /** Name of the object: `pr-shop-7-db`. */
  readonly name: string;
  /** Its type in greenroom.yaml, after which the network policy of its pods is named. */
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: JsonRecord;
  /**
   * Name of the Secret that the operator writes.
   * @default - none
   */
  readonly secret?: string;
  /** What the operator's pods may reach, and who may reach them. */
  readonly network: {
    /** Key of a label that the pods carry, and no others. */
    readonly podLabel: string;
    readonly operatorNamespace: string;
    /** TCP ports that the operator may connect to. */
    readonly ports: readonly number[];
    /** The API server, if the pods call it. */
    readonly apiServer: readonly { readonly cidr: string; readonly ports: readonly number[] }[];
  };
}

/** Annotation of an operator's object: the Secret that the operator writes, which apps read. */
export const SERVICE_SECRET_ANNOTATION = 'greenroom.dev/secret';

/** Prefix of the names of network policies that only previews with such a service have. */
export const SERVICE_POLICY = 'allow-service-';

/** Policies of the pods of operators, by name: one for each type, since pods of one type are alike. */
export function operatedPolicies(services: readonly OperatedService[]): [string, NetworkPolicySpec][] {
  const byType = new Map(services.map((service) => [service.type, service.network]));
  return [...byType].flatMap(
    ([type, { podLabel, operatorNamespace, ports, apiServer }]): [string, NetworkPolicySpec][] => {
      const tcp = (list: readonly number[]) => list.map((port) => ({ protocol: 'TCP', port }));
      const operator = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': operatorNamespace } } };
      if (ports.length + apiServer.length === 0) return [];
      const spec: NetworkPolicySpec = {
        podSelector: { matchExpressions: [{ key: podLabel, operator: 'Exists' }] },
        policyTypes: [...(ports.length > 0 ? ['Ingress'] : []), ...(apiServer.length > 0 ? ['Egress'] : [])],
        ...(ports.length > 0 && { ingress: [{ from: [operator], ports: tcp(ports) }] }),
        ...(apiServer.length > 0 && {
          egress: apiServer.map(({ cidr, ports: own }) => ({ to: [{ ipBlock: { cidr } }], ports: tcp(own) })),
        }),
      };
      return [[`${SERVICE_POLICY}${type}`, spec]];
    },
  );
}
