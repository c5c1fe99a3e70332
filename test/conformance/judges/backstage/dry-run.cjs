// Backstage's own scaffolder: dry-run.cjs <folder with node_modules> < [{ template: <folder>, values: {} }, ...]
// Prints, for each: what its form has against the values, or the files and the input of every step that ran.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const from = createRequire(join(process.argv[2], 'package.json'));
const backend = (path) => from(join(process.argv[2], 'node_modules/@backstage/plugin-scaffolder-backend/dist', path));
const { createDryRunner } = backend('scaffolder/dryrun/createDryRunner.cjs.js');
const { createFetchTemplateAction } = backend('scaffolder/actions/builtin/fetch/template.cjs.js');
const { createCatalogRegisterAction } = backend('scaffolder/actions/builtin/catalog/register.cjs.js');
const { createTemplateAction, serializeDirectoryContents } = from('@backstage/plugin-scaffolder-node');
const { templateEntityV1beta3Validator } = from('@backstage/plugin-scaffolder-common');
const { createPublishGithubPullRequestAction } = from('@backstage/plugin-scaffolder-backend-module-github');
const { ScmIntegrations } = from('@backstage/integration');
const { ConfigReader } = from('@backstage/config');
const { validate } = from('jsonschema');
const { parse } = from('yaml');

const config = new ConfigReader({ integrations: { github: [{ host: 'github.com', token: 'none' }] } });
const integrations = ScmIntegrations.fromConfig(config);
const nothing = () => {};
const logger = { info: nothing, warn: nothing, error: nothing, debug: nothing, child: () => logger };
const metric = { add: nothing, record: nothing };
const metrics = { createCounter: () => metric, createHistogram: () => metric };

/** Inputs of the steps, as the actions get them. */
let inputs;
const seen = (action) => ({
  ...action,
  handler: (context) => {
    inputs.push({ action: action.id, input: context.input });
    return action.handler(context);
  },
});
const actions = new Map(
  [
    createFetchTemplateAction({ integrations, reader: {} }),
    // It has no dry run of its own; its outputs are what later steps read.
    createTemplateAction({
      id: 'publish:github',
      supportsDryRun: true,
      handler: async (context) => {
        context.output('remoteUrl', 'https://github.com/acme/shop');
        context.output('repoContentsUrl', 'https://github.com/acme/shop/blob/main');
      },
    }),
    createCatalogRegisterAction({ catalog: {}, integrations, auth: {} }),
    createPublishGithubPullRequestAction({
      integrations,
      config,
      githubCredentialsProvider: { getCredentials: async () => ({ token: 'none' }) },
    }),
  ].map((action) => [action.id, seen(action)]),
);
const actionRegistry = {
  get: async (id) => {
    if (!actions.has(id)) throw new Error(`no action ${id}`);
    return actions.get(id);
  },
  list: async () => actions,
  register: nothing,
};

/** What the form in a browser fills in before anybody types. */
function defaultsOf(pages) {
  const properties = pages.flatMap((page) => Object.entries(page.properties ?? {}));
  return Object.fromEntries(
    properties.filter(([, { default: value }]) => value !== undefined).map(([name, each]) => [name, each.default]),
  );
}

async function dryRun({ template, values: given }) {
  const entity = parse(readFileSync(join(template, 'template.yaml'), 'utf8'));
  if (!(await templateEntityV1beta3Validator.check(entity))) throw new Error(`${template}: is not a template`);
  const values = { ...defaultsOf(entity.spec.parameters), ...given };
  const problems = entity.spec.parameters.flatMap((page) => validate(values, page).errors.map(String));
  if (problems.length > 0) return { problems };
  inputs = [];
  const runner = createDryRunner({
    ...{ logger, integrations, actionRegistry, config, metrics, workingDirectory: process.cwd() },
    auditor: undefined,
    permissions: undefined,
  });
  const { directoryContents, output } = await runner({
    spec: { ...entity.spec, apiVersion: entity.apiVersion, parameters: values, output: entity.spec.output },
    templateInfo: {
      entityRef: 'template:default/test',
      entity: { metadata: entity.metadata },
      baseUrl: pathToFileURL(join(process.cwd(), `contents-${Date.now()}-${Math.random()}`, 'template.yaml')).href,
    },
    directoryContents: await serializeDirectoryContents(template),
    secrets: {},
    credentials: {},
  });
  const files = directoryContents.map(({ path, content }) => [path, content.toString('utf8')]);
  return { files: Object.fromEntries(files), inputs, output };
}

(async () => {
  const results = [];
  for (const request of JSON.parse(readFileSync(0, 'utf8'))) results.push(await dryRun(request));
  process.stdout.write(JSON.stringify(results));
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
