/**
 * The rooms of `lib`, in the order of the data, and what each may import. `npm run layers` writes the linter's rules
 * (biome.json) and the table of docs/architecture.md from this table. A test checks that both are up to date and that every
 * permission is used.
 */
export interface Room {
  /** Folder below `lib`. */
  readonly name: string;
  /** For docs/architecture.md, Markdown. */
  readonly what: string;
  /** Other rooms that it may import from. `everything` is only for the command. */
  readonly from: readonly string[] | 'everything';
  /**
   * Folders inside it, and which of the others each may import; `.` stands for the files beside the folders.
   *
   * @default - it is one folder
   */
  readonly inner?: Readonly<Record<string, readonly string[]>>;
}

export const ROOMS: readonly Room[] = [
  {
    name: 'core',
    what: 'error codes, findings, file sets, the clock, the YAML writer, Git objects',
    from: [],
  },
  {
    name: 'model',
    what: 'Preview and Platform (one zod schema each: checks, defaults, types, JSON Schema), templates (one file each), safe loading, identity and names, the layout of the apps repo',
    from: ['core'],
  },
  {
    name: 'cluster',
    what: 'answers of a cluster and results of the checks of `doctor`: types and texts',
    from: ['core'],
  },
  {
    name: 'reconcilers',
    what: 'a folder for each program that applies an apps repo, behind one interface: what a preview needs besides its objects, bootstrap, accounts, pinned objects, checks, text of the README ([recipe](recipes/add-a-reconciler.md))',
    from: ['core', 'model', 'cluster'],
  },
  {
    name: 'policies',
    what: 'rules in CEL, the in-process check, compilers for admission engines, exceptions',
    from: ['core', 'model', 'reconcilers'],
  },
  {
    name: 'evidence',
    what: "evidence of images: `registry/` reads it, `signatures/` verifies who signed each piece, `evaluate/` compares the claims with the platform's demands",
    from: ['core', 'model'],
    inner: { registry: [], signatures: [], evaluate: ['signatures'], '.': ['registry', 'signatures', 'evaluate'] },
  },
  {
    name: 'gitops',
    what: 'the apps repo: read and commit by Git objects, plan, compare-and-swap loop, audit log',
    from: ['core'],
  },
  {
    name: 'forge',
    what: 'the interface of all forges: pull requests, files at a commit, comments, checks, deployments, commands, pages, capabilities, webhooks; and the local forge',
    from: ['core'],
  },
  {
    name: 'status',
    what: 'the status of a preview: observations -> state, sentence, who must act; reasons in a table; the one line that a forge stores; what the objects of a namespace say (`objects/`)',
    from: ['core', 'model'],
  },
  {
    name: 'probe',
    what: "sends a request to a preview's address: with limits, only to its host; tells error pages of the ingress from pages of the app",
    from: ['core', 'status'],
  },
  {
    name: 'report',
    what: 'comment, notice, suggested changes, check, texts: data in, strings out',
    from: ['core', 'model', 'forge', 'status'],
  },
  {
    name: 'constructs',
    what: 'cdk8s constructs for previews, bootstrap and policies',
    from: ['core', 'model', 'reconcilers', 'policies'],
  },
  {
    name: 'github',
    what: "the two interfaces of gitops and forge over GitHub's API; commits by GraphQL, or by Git's objects over REST ([0201](decisions/0201-commits-by-git-objects-on-github.md))",
    from: ['core', 'model', 'gitops', 'forge'],
    inner: {
      http: [],
      git: ['http'],
      repo: ['http', 'git'],
      pulls: ['http', 'git'],
      publish: ['http'],
      '.': ['http', 'pulls', 'publish'],
    },
  },
  {
    name: 'compile',
    what: 'spec + platform + identity + times -> files, findings, cost, url',
    from: ['core', 'model', 'reconcilers', 'policies', 'constructs'],
  },
  {
    name: 'sync',
    what: 'one pull request, all of them (`sweep/`), and commands by comment (`commands/`); `plan/` decides what a preview should be',
    from: [
      'core',
      'model',
      'reconcilers',
      'policies',
      'evidence',
      'gitops',
      'forge',
      'status',
      'probe',
      'report',
      'constructs',
      'compile',
    ],
    inner: { plan: [], commands: ['plan'], '.': ['plan', 'commands'], sweep: ['plan', '.'] },
  },
  {
    name: 'scaffold',
    what: 'the files that `greenroom init` writes and `upgrade` renews',
    from: ['core', 'model', 'reconcilers', 'policies', 'constructs', 'compile'],
  },
  {
    name: 'verify',
    what: 'compares a change of the apps repo with what greenroom itself would write: recorded previews compiled again, impact of other settings, shapes, the files of `init`',
    from: ['core', 'model', 'reconcilers', 'policies', 'gitops', 'forge', 'report', 'compile', 'sync', 'scaffold'],
  },
  {
    name: 'import',
    what: 'preview.yaml from what a project already has: compose, Score, Heroku',
    from: ['core', 'model', 'report'],
  },
  {
    name: 'create',
    what: 'new micro apps: templates and their questions, rendering, registration, what a Dockerfile says, pull requests in steps that can be repeated',
    from: ['core', 'model', 'forge', 'report'],
  },
  {
    name: 'secrets',
    what: 'secrets in Git: values sealed for one preview, and a scan of files for credentials',
    from: ['core', 'model', 'policies'],
  },
  {
    name: 'cost',
    what: 'what all previews cost, by owner or cost centre; example rates of clouds',
    from: ['core', 'model'],
  },
  {
    name: 'doctor',
    what: 'checks through kubectl what a cluster lacks to run, show and end previews, and whether the build of a micro app pushes the image that its previews expect (`build/`)',
    from: ['core', 'model', 'cluster', 'reconcilers', 'policies', 'constructs', 'compile', 'scaffold'],
  },
  {
    name: 'serve',
    what: 'the webhook receiver: signatures, a queue by pull request, calls of clusters, metrics',
    from: ['core', 'reconcilers', 'forge', 'status', 'sync'],
  },
  {
    name: 'watch',
    what: 'the reporter in a cluster: reads the objects of previews, tells `serve` what changed, stores nothing',
    from: ['core', 'model', 'status'],
  },
  {
    name: 'cli',
    what: 'one file for each command (`commands/`), shared code (`shared/`), the wizard (`new/`), secrets (`secrets/`); nothing imports it',
    from: 'everything',
    inner: {
      shared: [],
      new: ['shared'],
      secrets: ['shared', 'new'],
      commands: ['shared', 'new', 'secrets'],
      '.': ['shared', 'commands'],
    },
  },
];

/** Packages that only some rooms may import; all others are free. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  cdk8s: ['constructs', 'compile', 'scaffold'],
  // Only its types.
  'cdk8s-plus-28': ['model'],
  constructs: ['constructs', 'compile'],
  '@octokit/rest': ['github'],
  '@sigstore/bundle': ['evidence'],
  '@sigstore/core': ['evidence'],
  '@sigstore/protobuf-specs': ['evidence'],
  '@sigstore/verify': ['evidence'],
  '@secretlint/core': ['secrets'],
  '@secretlint/secretlint-rule-preset-recommend': ['secrets'],
  '@clack/prompts': ['cli'],
  commander: ['cli'],
  liquidjs: ['create'],
  'prom-client': ['serve'],
};
