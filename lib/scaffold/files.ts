import { App, Chart } from 'cdk8s';
import { manifestFiles } from '../compile/files.ts';
import { Bootstrap } from '../constructs/bootstrap/index.ts';
import { sha256 } from '../core/digest.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import { madeFrom } from '../core/manifest-file.ts';
import type { Exception } from '../model/exception.ts';
import { COMMAND_FILE, NOTICES_FILE, PLATFORM_FILE } from '../model/layout.ts';
import { appsRepoUrl, type PlatformSpec } from '../model/platform.ts';
import { FILE_KINDS, schemaFile, schemaText } from '../model/schemas.ts';
import { createCelCompiler } from '../policies/cel.ts';
import { compileOptions, compilePolicies, policyFiles } from '../policies/engines/index.ts';
import type { Rule } from '../policies/rule.ts';
import { reconcilerOf } from '../reconcilers/index.ts';
import { fill } from './template.ts';

export interface ScaffoldInput {
  /** Text of greenroom.yaml. */
  readonly platformText: string;
  /** Its settings. */
  readonly platform: PlatformSpec;
  /** Exceptions that are valid now. */
  readonly exceptions: readonly Exception[];
  /** Version of greenroom. */
  readonly version: string;
  /** The static files, from `readScaffoldTemplate`. */
  readonly template: FileSet;
  /** The command as one file, from `shippedCommand`; the workflows run it. */
  readonly command: string;
  /** Licences of the packages in the command, from `shippedNotices`. @default - none are written */
  readonly notices?: string;
  /** Additional rules of the platform. @default - none */
  readonly extraRules?: readonly Rule[];
}

/** Files that are written once and then belong to the team: greenroom never changes them again. */
export const SEEDS: ReadonlySet<string> = new Set(['.github/CODEOWNERS', 'exceptions/README.md']);

/** For the metrics of `serve`: there where the platform asks for them. */
const MONITORING = 'monitoring/';

/** Schemas of the files that people write in an apps repo, for their editors. */
const SCHEMAS = ['platform', 'micro-app', 'exception'] as const satisfies (keyof typeof FILE_KINDS)[];

/** All files of an apps repo except the previews: a pure function of the platform and the version. */
export function scaffoldFiles(input: ScaffoldInput): FileSet {
  const { platform, template, platformText, command, notices } = input;
  const values = placeholderValues(input);
  return fileSet([
    ...[...template]
      .filter(([path]) => path !== PLATFORM_FILE && (platform.status.monitoring || !path.startsWith(MONITORING)))
      .map(([path, text]): [string, string] => [path, `${headOf(path)}${fill(path, text, values)}`]),
    [PLATFORM_FILE, platformText],
    [COMMAND_FILE, command],
    ...(notices === undefined ? [] : [[NOTICES_FILE, notices] as const]),
    ...SCHEMAS.map((name): [string, string] => [schemaFile(name), schemaText(name, FILE_KINDS[name])]),
    ...bootstrapFiles(platform, input.extraRules),
    ...policiesFiles(input),
  ]);
}

/** The first comment of a file; files that belong to the team have none. */
function headOf(path: string): string {
  // JSON has no comments.
  if (SEEDS.has(path) || path.endsWith('.json')) return '';
  const made = madeFrom(PLATFORM_FILE);
  return path.endsWith('.md') ? `<!-- ${made.slice('# '.length)} -->\n\n` : `${made}\n`;
}

function bootstrapFiles(platform: PlatformSpec, extraRules: readonly Rule[] = []): [string, string][] {
  const bootstrap = new Bootstrap(new Chart(new App(), 'apps-repo'), 'bootstrap', {
    platform,
    repoUrl: appsRepoUrl(platform),
    extraRules,
  });
  return [...bootstrap.folders.keys()].flatMap((folder) =>
    manifestFiles(
      `bootstrap/${folder}`,
      bootstrap.objects(folder).map((object) => object.toJson()),
      PLATFORM_FILE,
    ),
  );
}

/** One folder for each engine. The guards, and the policies for the reconciler's objects, are part of the bootstrap. */
function policiesFiles({ platform, exceptions, extraRules = [] }: ScaffoldInput): [string, string][] {
  const cel = createCelCompiler();
  return [...new Set(platform.policies.engines)].flatMap((engine) => {
    const options = {
      ...compileOptions(platform, engine),
      extraRules,
      exceptions,
      cel,
      place: 'preview',
      guards: false,
    } as const;
    return [...policyFiles(compilePolicies(options))].map(([name, text]): [string, string] => [
      `policies/${engine}/${name}`,
      text,
    ]);
  });
}

/** The GitHub team or user that reviews changes: the contact, if it is one. */
function owners(platform: PlatformSpec): string {
  const { contact } = platform.policies;
  return /^@[\w-]+(\/[\w.-]+)?$/.test(contact) ? contact : `@${platform.sources[0]?.owner}/platform`;
}

/** The tag rule in shell syntax. It needs no quoting, since characters of a tag have no meaning there. */
function shellTag(rule: string): string {
  return rule.replaceAll('{number}', '$NUMBER').replaceAll('{sha7}', '${SHA:0:7}').replaceAll('{sha}', '$SHA');
}

/** Requirements of previews with secrets in the cluster, as the end of a list. */
function secretsNeed(platform: PlatformSpec): string {
  const { secrets } = platform;
  const needs = {
    'external-secrets': `External Secrets with the ClusterSecretStore \`${secrets.store}\``,
    'sealed-secrets': 'Sealed Secrets',
    sops: reconcilerOf(platform).decrypts
      ? secrets.sops.key === null
        ? 'rights of its own to the key of sops'
        : `the Secret \`${secrets.sops.key}\` with the private key of sops in the same namespace`
      : 'its plugin for sops',
  }[secrets.mechanism];
  return `,\nand, for previews with secrets, ${needs}`;
}

function placeholderValues({ platform, version, command }: ScaffoldInput): Record<string, string> {
  const { ingress } = platform;
  const registry = platform.registries[0]!.replace(/\/$/, '');
  const gateway = ingress.kind === 'gateway';
  return {
    VERSION: version,
    COMMAND_HASH: sha256(command),
    REGISTRY: registry,
    REGISTRY_HOST: registry.split('/')[0]!,
    TAG: shellTag(platform.tag),
    DOMAIN: platform.domain,
    BRANCH: platform.appsRepo.branch,
    APPS_REPO: appsRepoUrl(platform),
    OWNERS: owners(platform),
    ISSUER: ingress.tls.issuer,
    TLS_SECRET: ingress.tls.secretName,
    CONTROLLER_NAMESPACE: ingress.controllerNamespace,
    INGRESS: gateway
      ? `a Gateway API controller with the GatewayClass \`${ingress.class}\``
      : `an ingress controller with the class \`${ingress.class}\``,
    SECRETS: secretsNeed(platform),
    INGRESS_SHORT: gateway ? `Gateway \`${ingress.gateway.name}\`` : 'ingress controller',
    DEFAULT_CERTIFICATE: gateway
      ? ''
      : ",\n   which must be the controller's default certificate (ingress-nginx: `--default-ssl-certificate`)",
    ...reconcilerOf(platform).readme(platform),
  };
}
