import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, makeOnce } from './cache.ts';
import { go } from './go.ts';
import { programOfWheel } from './python.ts';

interface GoRecipe {
  /** Folder under judges/ whose go.mod and go.sum pin everything that is built. */
  readonly module: string;
  readonly package: string;
  /** Values set while linking. @default - none */
  readonly set?: Readonly<Record<string, string>>;
  /** Added to the environment of the build. @default - nothing is added */
  readonly env?: Readonly<Record<string, string>>;
}

interface WheelRecipe {
  /** Folder under judges/ whose requirements.txt pins the wheel that carries the program. */
  readonly module: string;
  readonly package?: never;
}

type Recipe = GoRecipe | WheelRecipe;

const KUBERNETES = '1.36.3';
const [major, minor] = KUBERNETES.split('.') as [string, string];

/** Without these a client cannot parse the server's version. */
const kubernetesVersion = Object.fromEntries(
  Object.entries({ gitVersion: `v${KUBERNETES}`, gitMajor: major, gitMinor: minor }).map(([name, value]) => [
    `k8s.io/component-base/version.${name}`,
    value,
  ]),
);

function kubernetes(name: string): GoRecipe {
  return { module: 'kubernetes', package: `k8s.io/kubernetes/cmd/${name}`, set: kubernetesVersion };
}

const recipes = {
  kubeconform: { module: 'kubeconform', package: 'github.com/yannh/kubeconform/cmd/kubeconform' },
  yamlread: { module: 'yamlread', package: '.' },
  podsecurity: { module: 'podsecurity', package: '.' },
  podrun: { module: 'podrun', package: '.' },
  actionlint: { module: 'actionlint', package: 'github.com/rhysd/actionlint/cmd/actionlint' },
  gator: { module: 'gator', package: 'github.com/open-policy-agent/gatekeeper/v3/cmd/gator' },
  kyverno: { module: 'kyverno', package: 'github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno' },
  'kyverno-admission': { module: 'kyverno', package: 'github.com/kyverno/kyverno/cmd/kyverno' },
  'kyverno-cleanup': { module: 'kyverno', package: 'github.com/kyverno/kyverno/cmd/cleanup-controller' },
  'kustomize-controller': { module: 'flux', package: 'github.com/fluxcd/kustomize-controller' },
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kubectl: kubernetes('kubectl'),
  argocd: { module: 'argocd', package: 'github.com/argoproj/argo-cd/v3/cmd' },
  kustomize: { module: 'kustomize', package: 'sigs.k8s.io/kustomize/kustomize/v5' },
  helm: { module: 'helm', package: 'helm.sh/helm/v4/cmd/helm' },
  crane: { module: 'crane', package: 'github.com/google/go-containerregistry/cmd/crane' },
  registry: { module: 'crane', package: 'github.com/google/go-containerregistry/cmd/registry' },
  'registry-referrers': { module: 'crane', package: '.' },
  cosign: { module: 'cosign', package: 'github.com/sigstore/cosign/v3/cmd/cosign' },
  fulcio: { module: 'sigstore', package: 'github.com/sigstore/fulcio' },
  rekor: { module: 'sigstore', package: 'github.com/sigstore/rekor/cmd/rekor-server' },
  'rekor-tiles': { module: 'sigstore', package: 'github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix' },
  trillian: { module: 'sigstore', package: '.' },
  tesseract: { module: 'sigstore', package: 'github.com/transparency-dev/tesseract/cmd/tesseract/posix' },
  'timestamp-server': {
    module: 'sigstore',
    package: 'github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server',
  },
  'policy-tester': { module: 'policy-controller', package: 'github.com/sigstore/policy-controller/cmd/tester' },
  syft: { module: 'syft', package: 'github.com/anchore/syft/cmd/syft' },
  grype: { module: 'grype', package: 'github.com/anchore/grype/cmd/grype' },
  'grype-db': { module: 'grype', package: '.' },
  trivy: { module: 'trivy', package: 'github.com/aquasecurity/trivy/cmd/trivy', env: { GOEXPERIMENT: 'jsonv2' } },
  'trivy-db': { module: 'trivy', package: '.' },
  promtool: { module: 'promtool', package: 'github.com/prometheus/prometheus/cmd/promtool' },
  'notification-controller': { module: 'flux-notification', package: 'github.com/fluxcd/notification-controller' },
  kwok: { module: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok' },
  kubeseal: { module: 'kubeseal', package: 'github.com/bitnami-labs/sealed-secrets/cmd/kubeseal' },
  sops: { module: 'sops', package: 'github.com/getsops/sops/v3/cmd/sops' },
  'age-keygen': { module: 'sops', package: 'filippo.io/age/cmd/age-keygen' },
  shellcheck: { module: 'python' },
  zizmor: { module: 'python' },
} satisfies Record<string, Recipe>;

/** A real program that greenroom's output is held against. */
export type JudgeName = keyof typeof recipes;

/** The folder of a judge's Go module, or of the requirements of its wheel. */
export function judgeModule(module: string): string {
  return join(import.meta.dirname, 'judges', module);
}

/** A hash over every file of a judge's module: another pin or another source is another folder. */
export function moduleHash(module: string): string {
  const folder = judgeModule(module);
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The absolute path of a judge's program, built on first use from the Go module that pins it, or taken out of its wheel.
 *
 * The first build of a judge takes from seconds to minutes (README.md), so ask in `beforeAll`, whose time limit
 * allows for it. Processes that ask for the same judge at once wait for one build.
 *
 * @throws Error when Go (or Python) is missing or the build fails, with what it said
 */
export async function judge(name: JudgeName): Promise<string> {
  const recipe: Recipe = recipes[name];
  const folder = join(cacheFolder(), `${recipe.module}-${moduleHash(recipe.module)}`);
  const binary = join(folder, name);
  return makeOnce(binary, (draft) =>
    recipe.package === undefined
      ? programOfWheel(name, join(judgeModule(recipe.module), 'requirements.txt'), draft)
      : build(name, recipe, draft),
  );
}

async function build(name: JudgeName, recipe: GoRecipe, draft: string): Promise<void> {
  const started = Date.now();
  say(`building ${name} from ${recipe.package}`);
  const linking = ['-s', '-w', ...Object.entries(recipe.set ?? {}).map(([key, value]) => `-X ${key}=${value}`)];
  await go(
    ['build', '-mod=readonly', '-buildvcs=false', '-ldflags', linking.join(' '), '-o', draft, recipe.package],
    judgeModule(recipe.module),
    recipe.env,
  );
  say(`built ${name} in ${Math.round((Date.now() - started) / 1000)} s`);
}

function say(line: string): void {
  process.stderr.write(`conformance: ${line}\n`);
}
