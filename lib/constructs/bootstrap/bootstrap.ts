import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { invalidInput } from '../../core/errors.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import {
  CLEANER_ACCOUNT,
  CLEANER_NAMESPACE,
  FENCER_ACCOUNT,
  PLATFORM_LABELS,
  WATCH_ACCOUNT,
} from '../../model/labels.ts';
import { endsByKyverno, type PlatformSpec } from '../../model/platform.ts';
import { compileOptions, compilePolicies } from '../../policies/engines/index.ts';
import type { Rule } from '../../policies/rule.ts';
import { reconcilerNamespace, reconcilerOf } from '../../reconcilers/index.ts';
import type { BootstrapFolder, BootstrapInput, SharedPart } from '../../reconcilers/reconciler.ts';
import { accountsNamespace, clusterAccounts, ownerAccount } from './accounts.ts';
import { Cleaner } from './cleaner.ts';
import { domainGuard } from './domain-guard.ts';
import { KyvernoExpiry } from './expiry.ts';
import { fenceGuard } from './fence-guard.ts';
import { cleanerGuard, fencerGuard, Guard, reconcilerGuard } from './guards.ts';
import { previewGateway, wildcardCertificate } from './ingress.ts';
import { fenceKinds, NAMESPACE_KIND, policyKinds, workloadKinds } from './kinds.ts';
import { operatorGuards } from './operator-guards.ts';
import { Watch } from './watch.ts';

/** Props of {@link Bootstrap}. */
export interface BootstrapProps {
  readonly platform: PlatformSpec;
  /** Address from which the reconciler clones the apps repo. */
  readonly repoUrl: string;
  /**
   * Additional rules of the platform: the account for policies may also change the policies compiled from them.
   * @default - none
   */
  readonly extraRules?: readonly Rule[];
}

/**
 * Everything that a reconciler needs to run the previews of an apps repo, by folder of `bootstrap/`. An administrator
 * applies `install/`, once and at upgrades; the rest is applied from Git. The reconciler decides which folders there are.
 *
 * @throws GreenroomError `invalid-input` for settings that do not work with the reconciler
 *
 * @example
 * const bootstrap = new Bootstrap(chart, 'bootstrap', {
 *   platform: platform.spec,
 *   repoUrl: 'https://github.com/acme/previews.git',
 * });
 */
export class Bootstrap extends Construct {
  /** The construct of each folder below `bootstrap/`. */
  readonly folders: ReadonlyMap<string, Construct>;

  constructor(scope: Construct, id: string, props: BootstrapProps) {
    super(scope, id);
    const reconciler = reconcilerOf(props.platform);
    const problems = reconciler.refusedSettings(props.platform);
    if (problems.length > 0) throw invalidInput([...problems]);
    this.folders = new Map(
      reconciler.bootstrap(inputOf(props)).map((folder) => {
        const part = new Construct(this, folder.path.replaceAll('/', '-'));
        fill(part, folder, props);
        return [folder.path, part];
      }),
    );
  }

  /** The objects of a folder below `bootstrap/`. */
  objects(folder: string): ApiObject[] {
    const part = this.folders.get(folder);
    return part ? objectsIn(part) : [];
  }
}

function objectsIn(scope: Construct): ApiObject[] {
  return scope.node.findAll().filter((child): child is ApiObject => child instanceof ApiObject);
}

function inputOf({ platform, repoUrl }: BootstrapProps): BootstrapInput {
  return {
    platform,
    repoUrl,
    kinds: {
      namespace: NAMESPACE_KIND,
      fence: fenceKinds(platform),
      workload: workloadKinds(platform),
      policies: policyKinds(platform),
    },
  };
}

const SHARED: Readonly<Record<SharedPart, (scope: Construct, props: BootstrapProps, cluster?: string) => void>> = {
  accounts: (scope, { platform, extraRules = [] }) => clusterAccounts(scope, platform, extraRules),
  'accounts-namespace': (scope, { platform }) => {
    accountsNamespace(scope, reconcilerNamespace(platform));
  },
  'cleaner-namespace': (scope, { platform }) => {
    if (!endsByKyverno(platform)) accountsNamespace(scope, CLEANER_NAMESPACE);
    if (platform.status.watch) accountsNamespace(scope, WATCH_ACCOUNT);
  },
  cluster: (scope, { platform }, cluster) => {
    clusterObjects(scope, platform);
    if (cluster !== undefined) reporter(scope, platform, cluster);
  },
  pinned: (scope, { platform, repoUrl }) => {
    reconcilerGuard(scope, 'pinned', platform, repoUrl);
  },
};

function fill(scope: Construct, folder: BootstrapFolder, props: BootstrapProps): void {
  const { shared = [], accounts = [], guards = [], objects = [], additions = [] } = folder;
  const add = (object: KubeObject) => new ApiObject(scope, `${object.kind}-${object.metadata.name}`, object);
  for (const part of shared) SHARED[part](new Construct(scope, part), props, folder.cluster);
  for (const account of accounts) ownerAccount(scope, account);
  for (const guard of guards) new Guard(scope, `guard-${guard.name}`, guard);
  objects.forEach(add);
  for (const { metadata } of objectsIn(scope)) {
    for (const [key, value] of Object.entries(PLATFORM_LABELS)) metadata.addLabel(key, value);
  }
  additions.forEach(add);
}

function reporter(scope: Construct, { status }: PlatformSpec, cluster: string): void {
  const { watch, image, url, logs } = status;
  if (watch && image !== undefined && url !== undefined) new Watch(scope, 'watch', { cluster, image, url, logs });
}

function clusterObjects(scope: Construct, platform: PlatformSpec): void {
  const namespace = reconcilerNamespace(platform);
  fencerGuard(scope, 'fencer', namespace, FENCER_ACCOUNT, reconcilerOf(platform).accountsBeside);
  fenceGuard(scope, 'fence', platform);
  domainGuard(scope, 'domain', platform);
  for (const guard of operatorGuards(platform)) new Guard(scope, `guard-${guard.name}`, guard);
  for (const object of compilePolicies({
    ...compileOptions(platform, 'vap'),
    severities: {},
    onlyRules: [],
    guards: true,
  })) {
    new ApiObject(scope, `${object.kind}-${object.metadata.name}`, object);
  }
  if (endsByKyverno(platform)) {
    new KyvernoExpiry(scope, 'expiry', { schedule: platform.cleaner.schedule });
  } else {
    cleanerGuard(scope, 'cleaner-guard', CLEANER_NAMESPACE, CLEANER_ACCOUNT);
    new Cleaner(scope, 'cleaner', {
      name: CLEANER_ACCOUNT,
      namespace: CLEANER_NAMESPACE,
      serviceAccount: CLEANER_ACCOUNT,
      image: platform.cleaner.image,
      schedule: platform.cleaner.schedule,
    });
  }
  wildcardCertificate(scope, 'certificate', platform);
  if (platform.ingress.kind === 'gateway') previewGateway(scope, 'gateway', platform);
}
